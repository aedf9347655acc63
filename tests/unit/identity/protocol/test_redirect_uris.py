"""Redirect URIs: what can be registered, and what a request may name."""

from __future__ import annotations

import pytest

from vallum.identity.protocol.redirect_uris import BadRedirectURI, check_redirect_uri, matches
from vallum.identity.storage.clients import Client, ClientKind


def _client(kind: ClientKind, *uris: str) -> Client:
    return Client(
        id="c", name="C", kind=kind, auth_method="none", grants=(), redirect_uris=tuple(uris)
    )


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("https://shop.example/cb", "web"),
        ("https://shop.example:8443/cb?tenant=a", "browser"),
        ("https://[2001:db8::1]/cb", "web"),
        ("http://127.0.0.1/cb", "native"),
        ("http://127.0.0.1:8080/cb", "native"),
        ("http://[::1]:8080/cb", "native"),
        ("com.example.app:/cb", "native"),
        ("https://app.example/cb", "native"),
    ],
)
def test_good_redirect_uris_can_be_registered(uri: str, kind: ClientKind) -> None:
    check_redirect_uri(uri, kind)


@pytest.mark.parametrize("kind", ["web", "native", "browser"])
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "myapp:/cb",
        "myapp://cb",
        "Com.Example.App:/cb",
        "about:blank",
        "http://shop.example/cb",
        "http://localhost/cb",
        "http://127.0.0.1.evil/cb",
        "http://127.1/cb",
        "http://0x7f.1/cb",
        "http://127.0.0.1@evil/cb",
        "https://user@shop.example/cb",
        "https://shop.example/cb#fragment",
        "https://shop.example/cb#",
        "https://*.shop.example/cb",
        "https://shop.example/*",
        "https://shop.example/../cb",
        "https://shop.example/a/%2e%2E/cb",
        "https://shop.example/a%2F..%2fcb",
        "https://SHOP.example/cb",
        "https://shop.example:0/cb",
        "https://shop.example:99999/cb",
        "https://shop.example:/cb",
        "https://shop.example\\@evil/cb",
        "https://shop.example/ cb",
        "https://shop.example/c\nb",
        "https://shöp.example/cb",
        "https:///cb",
        "//shop.example/cb",
        "/cb",
        "https://shop.example/" + "a" * 2000,
    ],
)
def test_bad_redirect_uris_cannot_be_registered(uri: str, kind: ClientKind) -> None:
    with pytest.raises(BadRedirectURI):
        check_redirect_uri(uri, kind)


def test_schemes_and_loopback_are_for_native_applications_only() -> None:
    for uri in ("http://127.0.0.1:8080/cb", "http://[::1]/cb", "com.example.app:/cb"):
        kinds: tuple[ClientKind, ...] = ("web", "browser", "service")
        for kind in kinds:
            with pytest.raises(BadRedirectURI):
                check_redirect_uri(uri, kind)


def test_a_request_names_a_registered_uri_exactly() -> None:
    client = _client("web", "https://shop.example/cb")
    assert matches(client, "https://shop.example/cb")
    for other in (
        "https://shop.example/cb/",
        "https://shop.example/cb?x",
        "https://shop.example/cb/../evil",
        "https://shop.example/cb%2f..",
        "https://shop.example.evil/cb",
        "https://SHOP.example/cb",
        "http://shop.example/cb",
        "https://shop.example:443/cb",
    ):
        assert not matches(client, other)


def test_only_the_port_of_a_native_loopback_uri_may_vary() -> None:
    client = _client("native", "http://127.0.0.1/cb", "http://[::1]:7000/cb")
    for uri in ("http://127.0.0.1:50123/cb", "http://127.0.0.1/cb", "http://[::1]:1/cb"):
        assert matches(client, uri)
    for uri in (
        "http://localhost:50123/cb",
        "http://127.0.0.1.evil:50123/cb",
        "http://127.0.0.1:50123@evil/cb",
        "http://127.0.0.1:50123/cb/x",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:+5/cb",
        "https://127.0.0.1:50123/cb",
        "http://127.1:50123/cb",
    ):
        assert not matches(client, uri)
    assert not matches(_client("web", "http://127.0.0.1/cb"), "http://127.0.0.1:50123/cb")
