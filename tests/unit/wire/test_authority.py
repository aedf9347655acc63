"""Authorities in the form that routing compares, and whose address counts."""

from __future__ import annotations

import pytest

from vallum.wire.authority import (
    MAX_FORWARDED_ENTRIES,
    canonical_host,
    client_address,
    is_this_machine,
    parse_networks,
)


@pytest.mark.parametrize(
    ("value", "scheme", "expected"),
    [
        (b"public.example", "https", "public.example"),
        (b"PUBLIC.Example", "https", "public.example"),
        (b"public.example.", "https", "public.example"),
        (b"public.example..", "https", "public.example."),
        (b"public.example:443", "https", "public.example"),
        (b"public.example:0443", "https", "public.example"),
        (b"public.example.:443", "https", "public.example"),
        (b"public.example:443", "http", "public.example:443"),
        (b"public.example:80", "http", "public.example"),
        (b"public.example:80", "https", "public.example:80"),
        (b"public.example:08443", "https", "public.example:8443"),
        (b"127.0.0.1:8080", "http", "127.0.0.1:8080"),
        (b"[::1]", "http", "[::1]"),
        (b"[::1]:80", "http", "[::1]"),
        (b"[::1]:8080", "http", "[::1]:8080"),
        (b"[2001:DB8::1]", "https", "[2001:db8::1]"),
    ],
)
def test_b090_a_host_has_one_form(value: bytes, scheme: str, expected: str) -> None:
    assert canonical_host(value, scheme) == expected


@pytest.mark.parametrize("entry", ["10.0.0.0/33", "10.0.0.1/8", "x", "", "10.0.0.0/8 ", "::/129"])
def test_a_range_that_cannot_be_read_is_never_skipped(entry: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear to be|has host bits set"):
        parse_networks(["127.0.0.0/8", entry])


_TRUSTED = parse_networks(["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"])
_PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        (_PEER, (), _PEER),
        (_PEER, (b"203.0.113.9",), "203.0.113.9"),
        (_PEER, (b"127.0.0.1, 203.0.113.9",), "203.0.113.9"),
        (_PEER, (b"1.1.1.1, 203.0.113.9, 10.0.0.2",), "203.0.113.9"),
        (_PEER, (b"1.1.1.1", b"203.0.113.9", b"10.0.0.2\t"), "203.0.113.9"),
        (_PEER, (b"10.0.0.3, 10.0.0.2",), "10.0.0.3"),
        (_PEER, (b"2001:db8::9, 10.0.0.2",), "2001:db8::9"),
        (_PEER, (b"2001:DB9::0:9",), "2001:db9::9"),
        ("203.0.113.1", (b"127.0.0.1",), "203.0.113.1"),
        ("::ffff:10.0.0.1", (b"203.0.113.9",), "203.0.113.9"),
        ("2001:db8::1", (b"203.0.113.9",), "203.0.113.9"),
    ],
)
def test_b052_the_client_is_the_last_hop_that_ours_vouch_for(
    peer: str, forwarded: tuple[bytes, ...], expected: str
) -> None:
    assert client_address(peer, forwarded, _TRUSTED) == expected


@pytest.mark.parametrize(
    "bad",
    [
        b"unknown", b"", b" ", b"[::1]:80", b"1.2.3.4:80", b"evil\tstuff", b"_hidden", b"1.2.3",
        b"01.2.3.4", b"1.2.3.4\x00", b"\xd9\xa1.2.3.4", b"\xff", b"1.2.3.4/8", b"0x7f.1",
    ],
)  # fmt: skip
def test_b053_a_malformed_entry_ends_the_walk_at_the_last_good_hop(bad: bytes) -> None:
    assert client_address(_PEER, (b"6.6.6.6, " + bad,), _TRUSTED) == _PEER
    assert client_address(_PEER, (b"6.6.6.6, " + bad + b", 10.0.0.2",), _TRUSTED) == "10.0.0.2"


def test_b053_the_walk_is_bounded() -> None:
    hops = b"6.6.6.6, " + b", ".join([b"10.0.0.9"] * 5000)
    assert client_address(_PEER, (hops,), _TRUSTED) == "10.0.0.9"
    hops = b"6.6.6.6, " + b", ".join([b"10.0.0.9"] * (MAX_FORWARDED_ENTRIES - 1))
    assert client_address(_PEER, (hops,), _TRUSTED) == "6.6.6.6"


@pytest.mark.parametrize("entry", [b"127.0.0.1", b"::ffff:127.0.0.1", b"::1", b"203.0.113.9"])
def test_b056_without_trusted_proxies_nothing_is_believed(entry: bytes) -> None:
    assert client_address(_PEER, (entry,), ()) == _PEER


@pytest.mark.parametrize("mapped", [b"::ffff:10.0.0.2", b"::FFFF:0a00:0002"])
def test_b053_a_mapped_address_is_the_address_it_maps(mapped: bytes) -> None:
    assert client_address(_PEER, (b"203.0.113.9, " + mapped,), _TRUSTED) == "203.0.113.9"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("idp.localhost", False),
        ("localhost.example", False),
        ("10.0.0.1", False),
        ("0.0.0.0", False),
        ("", False),
    ],
)
def test_what_is_sent_to_these_stays_on_this_machine(host: str, expected: bool) -> None:
    assert is_this_machine(host) is expected
