"""From a request target to the operation that answers it."""

from __future__ import annotations

import pytest
from tests.support.proxy import HOST, make_runtime
from tests.support.routes import make_route

from vallum.config.model import Caps
from vallum.core.problems import Denied
from vallum.core.request import Client, Request, Target
from vallum.gateway.routing import locate, match
from vallum.wire.http1 import parse_request_fields

_NO_TARGET = Target("", (), b"", (), b"")
_ROUTES = (
    make_route("GET", "/a/{id}"),
    make_route("GET", "/u/{id}", unicode_path=True),
)


def _request(method: str, *lines: bytes, host: str = HOST, scheme: str = "http") -> Request:
    fields = parse_request_fields(b"\r\n".join((b"Host: x", *lines)), 1)
    return Request(method, _NO_TARGET, fields, scheme, host, Client("1.2.3.4", "1.2.3.4", 5))


def _locate(
    target: bytes, method: str = "GET", *lines: bytes, host: str = HOST, scheme: str = "http"
) -> Request:
    runtime = make_runtime(_ROUTES, scheme=scheme, caps=Caps(query_parameters=2))
    return locate(runtime, _request(method, *lines, host=host, scheme=scheme), target)[0]


def _refusal(
    target: bytes, method: str = "GET", *lines: bytes, host: str = HOST, scheme: str = "http"
) -> Denied:
    with pytest.raises(Denied) as caught:
        _locate(target, method, *lines, host=host, scheme=scheme)
    return caught.value


def test_a_request_gets_its_canonical_target() -> None:
    request = _locate(b"/%61/1?q=%31")
    assert (request.target.path, request.target.query) == ("/a/1", (("q", "1"),))
    assert request.host == HOST


@pytest.mark.parametrize("authority", [b"api.example", b"API.EXAMPLE.", b"api.example:80"])
def test_b063_the_authority_of_the_target_counts_and_not_host(authority: bytes) -> None:
    assert _locate(b"http://" + authority + b"/a/1", host="other.example").host == HOST


@pytest.mark.parametrize(
    ("target", "host", "scheme", "reason"),
    [
        (b"/a/1", "other.example", "http", "route.unknown-host"),
        (b"/a/1", "", "http", "route.unknown-host"),
        (b"/a/1", "api.example:81", "http", "route.unknown-host"),
        (b"http://other.example/a/1", HOST, "http", "route.unknown-host"),
        (b"http://169.254.169.254/", HOST, "http", "route.unknown-host"),
        (b"https://api.example/a/1", HOST, "http", "route.other-scheme"),
        (b"http://api.example/a/1", HOST, "https", "route.other-scheme"),
    ],
)
def test_b047_b063_b090_another_authority_is_misdirected(
    target: bytes, host: str, scheme: str, reason: str
) -> None:
    denied = _refusal(target, host=host, scheme=scheme)
    assert (denied.status, denied.reason, denied.close) == (421, reason, True)


@pytest.mark.parametrize("authority", [b"a b", b"a:99999", b"[::1", b"a\x00"])
def test_b061_an_authority_that_is_none_is_refused(authority: bytes) -> None:
    assert _refusal(b"http://" + authority + b"/").status == 400


@pytest.mark.parametrize("target", [b"/a/1", b"api.example:443", b"*"])
def test_b067_connect_is_never_allowed(target: bytes) -> None:
    denied = _refusal(target, "CONNECT")
    assert (denied.status, denied.close) == (405, True)


def test_options_for_the_server_itself_is_not_there() -> None:
    assert _refusal(b"*", "OPTIONS").status == 404
    assert _refusal(b"*").status == 400


@pytest.mark.parametrize(
    "via", [b"1.1 vallum-test", b"1.1 a, 1.1 vallum-test", b"1.0 vallum-test (x)"]
)
def test_b067_what_came_through_here_before_is_a_loop(via: bytes) -> None:
    denied = _refusal(b"/a/1", "GET", b"Via: 1.1 other", b"Via: " + via)
    assert (denied.status, denied.reason) == (508, "route.loop")


def test_via_of_others_is_no_loop() -> None:
    assert _locate(b"/a/1", "GET", b"Via: 1.1 vallum-other").target.path == "/a/1"


def test_b091_the_policy_caps_query_parameters() -> None:
    assert _refusal(b"/a/1?a&b&c").reason == "target.too-many-parameters"


@pytest.mark.parametrize(
    ("target", "reason"),
    [(b"/a/%C3%A4", "target.path-not-ascii"), (b"/u/%C3%A4", None), (b"/u/a", None)],
)
def test_b085_a_path_beyond_ascii_is_for_operations_that_take_it(
    target: bytes, reason: str | None
) -> None:
    runtime = make_runtime(_ROUTES)
    request, router = locate(runtime, _request("GET"), target)
    if reason is None:
        assert match(router, request)[0].operation.path == "/u/{id}"
        return
    with pytest.raises(Denied) as caught:
        match(router, request)
    assert caught.value.reason == reason
