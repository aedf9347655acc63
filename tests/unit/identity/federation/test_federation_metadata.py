"""What a provider says of itself: what we take of it, and for how long."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.keyserver import KeyServer

from vallum.config.provider import UpstreamProvider
from vallum.identity.federation.metadata import (
    FRESH,
    PAUSE,
    STALE,
    MetadataRefused,
    MetadataSource,
    ProviderUnreachable,
    read_metadata,
    well_known,
)

# The members of Google's that we look at, as they are published.
GOOGLE: dict[str, Any] = {
    "issuer": "https://accounts.google.com",
    "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
    "token_endpoint": "https://oauth2.googleapis.com/token",
    "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
    "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
    "id_token_signing_alg_values_supported": ["RS256"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
}
PATH = "/.well-known/openid-configuration"


def upstream(issuer: str, **changes: Any) -> UpstreamProvider:
    """A provider as a policy names it."""
    return UpstreamProvider(
        name="as", label="AS", issuer=issuer, client_id="shop", client_secret_file=None, **changes
    )


def read(**changes: Any) -> Any:
    """Google's metadata with changes."""
    return read_metadata(json.dumps(GOOGLE | changes).encode(), upstream(GOOGLE["issuer"]))


def test_what_google_publishes_is_understood() -> None:
    found = read()
    assert found.authorization_origin == "https://accounts.google.com"
    assert found.algorithms == ("RS256",)
    assert not found.names_itself
    assert not found.tells_auth_time


def test_each_kind_of_key_has_one_algorithm_and_macs_have_none() -> None:
    names = ["HS256", "none", "PS256", "RS256", "ES256", "ES384", "Ed25519", "EdDSA", "XY1"]
    found = read(id_token_signing_alg_values_supported=names)
    assert found.algorithms == ("RS256", "ES256", "ES384", "EdDSA")


def test_what_is_left_out_has_the_default_of_the_standard() -> None:
    left = {name: value for name, value in GOOGLE.items() if not name.endswith("_supported")}
    found = read_metadata(json.dumps(left).encode(), upstream(GOOGLE["issuer"]))
    assert found.auth_methods == {"client_secret_basic"}
    assert found.algorithms == ("RS256",)


@pytest.mark.parametrize("document", [b"", b"[]", b'{"issuer": 1, "issuer": 2}', b"\xff", b"{" * 9])
def test_what_is_no_strict_json_object_is_refused(document: bytes) -> None:
    with pytest.raises(MetadataRefused):
        read_metadata(document, upstream(GOOGLE["issuer"]))


@pytest.mark.parametrize(
    ("issuer", "insecure"),
    [
        ("http://as.example", False),
        ("http://127.0.0.1:1", False),
        ("http://as.example", True),
        ("https://as.example?a=b", False),
        ("https://as.example#a", False),
        ("https://user@as.example", False),
        ("as.example", False),
    ],
)
def test_an_issuer_that_must_not_be_asked_is_an_error_at_the_start(
    issuer: str, insecure: bool
) -> None:
    with pytest.raises(ValueError, match=r"issuer|https"):
        MetadataSource(upstream(issuer, insecure_http=insecure), lambda: 0.0)


def test_the_path_of_a_tenant_stays_in_front_of_the_well_known_one() -> None:
    assert well_known(upstream("https://as.example/tenant/")) == (
        "https://as.example/tenant/.well-known/openid-configuration"
    )


class Asking:
    """A source whose time the test decides."""

    def __init__(self, server: KeyServer) -> None:
        self.now = 0.0
        self.server = server
        self.source = MetadataSource(
            upstream(server.url, insecure_http=True), monotonic=lambda: self.now
        )
        self.publish()

    def publish(self, status: int = 200, **changes: Any) -> None:
        """What the server says from now on."""
        found = {**GOOGLE, "issuer": self.server.url, **changes}
        self.server.paths[PATH] = (status, json.dumps(found).encode())


def test_metadata_is_asked_for_once_an_hour_by_one_request_at_a_time() -> None:
    async def run() -> None:
        async with KeyServer() as server:
            asking = Asking(server)
            first, second = await asyncio.gather(asking.source.get(), asking.source.get())
            assert first == second
            assert server.requests == 1
            asking.now += FRESH
            await asking.source.get()
            assert server.requests == 1
            asking.publish(token_endpoint="https://oauth2.googleapis.com/v2/token")
            asking.now += 1
            assert (await asking.source.get()).token_endpoint.endswith("/v2/token")
            assert server.requests == 2

    asyncio.run(run())


@pytest.mark.parametrize("bad", [{"status": 500}, {"issuer": "https://evil.example"}])
def test_the_last_good_metadata_is_believed_for_a_day_and_no_longer(bad: dict[str, Any]) -> None:
    async def run() -> None:
        async with KeyServer() as server:
            asking = Asking(server)
            known = await asking.source.get()
            asking.publish(**bad)
            asking.now += FRESH + 1
            assert await asking.source.get() == known
            assert await asking.source.get() == known
            assert server.requests == 2  # Not again for each sign-in.
            asking.now += PAUSE
            assert await asking.source.get() == known
            assert server.requests == 3
            asking.now = STALE + 1
            with pytest.raises(ProviderUnreachable):
                await asking.source.get()
            asking.publish()
            with pytest.raises(ProviderUnreachable):
                await asking.source.get()
            asking.now += PAUSE
            assert await asking.source.get() == known

    asyncio.run(run())
