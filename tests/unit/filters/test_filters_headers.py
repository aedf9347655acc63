"""Security headers, and what upstreams' answers must not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.exchanges import make_operation

from vallum.core.problems import Denied
from vallum.filters.headers import (
    REMOVED_FROM_ANSWERS,
    SecurityHeaders,
    harden_set_cookie,
    screen_location,
    security_lines,
)


@dataclass(frozen=True)
class Settings:
    headers: Mapping[str, str] | Literal["off"] = field(default_factory=dict)


def names(lines: bytes) -> list[bytes]:
    return [line.partition(b":")[0].lower() for line in lines.split(b"\r\n")[:-1]]


def test_the_default_set() -> None:
    attachment = SecurityHeaders(https=True).attach(make_operation(), Settings())
    assert attachment is not None
    assert attachment.summary == "default"
    lines = attachment.reply_fields
    assert b"X-Content-Type-Options: nosniff\r\n" in lines
    assert b"Content-Security-Policy: default-src 'none'; " in lines
    assert b"frame-ancestors 'none'" in lines
    assert b"Referrer-Policy: no-referrer\r\n" in lines
    assert b"Cross-Origin-Resource-Policy: same-origin\r\n" in lines
    assert b"Permissions-Policy: " in lines
    assert b"Strict-Transport-Security: max-age=63072000; includeSubDomains\r\n" in lines
    assert lines.endswith(b"\r\n")


def test_hsts_is_sent_over_https_only() -> None:
    for overrides in ({}, {"strict-transport-security": "max-age=60"}):
        lines = security_lines(overrides, https=False)
        assert b"strict-transport-security" not in names(lines)


def test_every_header_is_sent_once_and_taken_from_upstreams() -> None:
    sent = names(security_lines({}, https=True))
    assert len(set(sent)) == len(sent)
    assert set(sent) <= REMOVED_FROM_ANSWERS


def test_off_is_off() -> None:
    assert SecurityHeaders(https=True).attach(make_operation(), Settings("off")) is None


def test_overrides_change_add_and_remove() -> None:
    overrides = {
        "content-security-policy": "default-src 'self'",
        "x-frame-options": "",
        "cross-origin-opener-policy": "same-origin",
    }
    attachment = SecurityHeaders(https=True).attach(make_operation(), Settings(overrides))
    assert attachment is not None
    assert attachment.summary == "3 changed"
    assert b"Content-Security-Policy: default-src 'self'\r\n" in attachment.reply_fields
    assert b"Cross-Origin-Opener-Policy: same-origin\r\n" in attachment.reply_fields
    assert b"x-frame-options" not in names(attachment.reply_fields)
    assert b"x-content-type-options" in names(attachment.reply_fields)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Frame-Options", "DENY"),
        ("x frame", "1"),
        ("", "1"),
        ("x-a", "1\r\nset-cookie: a=b"),
        ("x-a", "ä"),
        ("content-length", "1"),
        ("transfer-encoding", "chunked"),
        ("set-cookie", "a=b"),
        ("access-control-allow-origin", "*"),
        ("vary", "Origin"),
    ],
)
def test_overrides_that_would_break_an_answer_are_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be set|no field name|no field may hold"):
        SecurityHeaders(https=True).attach(make_operation(), Settings({name: value}))


def test_what_upstreams_must_not_tell() -> None:
    assert {
        b"server",
        b"x-powered-by",
        b"x-aspnet-version",
        b"access-control-allow-origin",
        b"strict-transport-security",
        b"content-security-policy",
        b"ratelimit",
    } <= REMOVED_FROM_ANSWERS
    assert not {b"content-type", b"etag", b"cache-control", b"vary"} & REMOVED_FROM_ANSWERS
    assert all(name == name.lower() for name in REMOVED_FROM_ANSWERS)


@pytest.mark.parametrize(
    ("value", "hardened"),
    [
        (b"a=b", b"a=b; Secure; HttpOnly; SameSite=Lax"),
        (b"a=b; secure; HTTPONLY; samesite=strict", b"a=b; secure; HTTPONLY; samesite=strict"),
        (b"a=b; Path=/; SameSite=None", b"a=b; Path=/; SameSite=None; Secure; HttpOnly"),
        (b"a=b; SameSite=Nonsense", b"a=b; SameSite=Nonsense; Secure; HttpOnly; SameSite=Lax"),
        (b"a=; Max-Age=0", b"a=; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
        (b"a=secure; Path=/", b"a=secure; Path=/; Secure; HttpOnly; SameSite=Lax"),
    ],
)
def test_cookies_are_hardened(value: bytes, hardened: bytes) -> None:
    assert harden_set_cookie(value) == hardened


@given(st.binary(max_size=60))
def test_hardening_twice_is_hardening_once(tail: bytes) -> None:
    try:
        once = harden_set_cookie(b"a=" + tail)
    except Denied:
        return
    assert harden_set_cookie(once) == once


@pytest.mark.parametrize("value", [b"", b"a", b"=b", b"a b=c", b"a=b\r\nX: y", b"a=b\x00"])
def test_what_is_no_cookie_is_refused(value: bytes) -> None:
    with pytest.raises(Denied) as denied:
        harden_set_cookie(value)
    assert denied.value.problem.slug == "upstream-failed"


UPSTREAM = "127.0.0.1:8000"
PUBLIC = "https://api.example"


@pytest.mark.parametrize(
    ("value", "screened"),
    [
        (b"/books/1", b"/books/1"),
        (b"../books/1?x=1#y", b"../books/1?x=1#y"),
        (b"", None),
        (b"http://127.0.0.1:8000/books/1", b"https://api.example/books/1"),
        (b"http://127.0.0.1:8000", b"https://api.example/"),
        (b"HTTP://127.0.0.1:8000/a?b#c", b"https://api.example/a?b#c"),
        (b"//127.0.0.1:8000/a", b"https://api.example/a"),
        (b"https://api.example/x", b"https://api.example/x"),
        (b"https://login.example/authorize?a=b", b"https://login.example/authorize?a=b"),
        (b"//login.example/x", b"//login.example/x"),
        (b"http://127.0.0.1:9000/x", None),
        (b"http://10.0.0.5/x", None),
        # The same as addresses of IPv6, by translators and tunnels.
        (b"http://[64:ff9b::a00:5]/x", None),
        (b"http://[64:ff9b::10.0.0.5]/x", None),
        (b"http://[64:ff9b:1::a00:5]/x", None),
        (b"http://[2002:a00:5::1]/x", None),
        (b"http://[::10.0.0.5]/x", None),
        (b"http://[::ffff:0:10.0.0.5]/x", None),
        (b"http://[2606:4700::1111]/x", b"http://[2606:4700::1111]/x"),
        (b"http://[::1]:80/x", None),
        (b"http://[fd00::1]/x", None),
        (b"http://backend/x", None),
        (b"http://backend:8080/x", None),
        (b"http://db.internal/x", None),
        (b"http://db.internal./x", None),
        (b"http://db.cluster.local:80/x", None),
        (b"http://2130706433/x", None),
        (b"http://127.1/x", None),
        (b"http://127.0.0.0x1/x", None),
        (b"http://127.0.0.0X/x", None),
        (b"http://login%2eexample/x", None),
        ("https://m\u00fcnchen.example/x".encode(), None),
        (b"https://login.example:x/", None),
        (b"https://login.0x1f.example/x", b"https://login.0x1f.example/x"),
        (b"https://user:pass@login.example/", None),
        (b"javascript:alert(1)", None),
        (b"data:text/html,x", None),
        (b"http:/x", None),
        (b"https:///x", None),
        (b"/\\evil.example", None),
        (b"/a\r\nX: y", None),
        (b"/a b", None),
    ],
)
def test_locations(value: bytes, screened: bytes | None) -> None:
    assert screen_location(value, UPSTREAM, PUBLIC) == screened


@pytest.mark.parametrize(
    ("authority", "value"),
    [
        ("backend", b"http://backend/x"),
        ("backend", b"http://backend:80/x"),
        ("backend:80", b"http://backend/x"),
        ("Backend:443", b"https://backend/x"),
        ("[::1]:8000", b"http://[::1]:8000/x"),
    ],
)
def test_locations_at_the_upstream_are_the_gateways(authority: str, value: bytes) -> None:
    assert screen_location(value, authority, PUBLIC) == b"https://api.example/x"
