"""What the provider says about itself."""

from __future__ import annotations

import orjson
from tests.support.oauth import EXCHANGE_GRANT
from tests.support.provider import API, ISSUER, Provider, running_provider

from vallum.config.provider import ExchangeRule
from vallum.identity.protocol.metadata import metadata


def test_metadata_and_keys_may_be_remembered_by_everybody(provider: Provider) -> None:
    browser = provider.browser()
    documents = [
        browser.get("/.well-known/openid-configuration"),
        browser.get("/.well-known/oauth-authorization-server"),
        browser.get("/oauth/jwks"),
    ]
    assert [answer.status_code for answer in documents] == [200] * 3
    for answer in documents:
        assert answer.headers["cache-control"] == "public, max-age=300"
        assert "set-cookie" not in answer.headers
    assert documents[0].json() == documents[1].json() == metadata(provider.services)
    assert documents[2].content == provider.services.keys.jwks
    (key,) = documents[2].json()["keys"]
    assert "d" not in key


def test_metadata_promises_what_is_done_and_no_more(provider: Provider) -> None:
    said = metadata(provider.services)
    assert said["issuer"] == ISSUER
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert said["request_parameter_supported"] is False
    assert said["protected_resources"] == [API]
    assert "orders:write" in said["scopes_supported"]
    assert "registration_endpoint" not in said
    assert EXCHANGE_GRANT not in said["grant_types_supported"]
    assert "none" not in said["introspection_endpoint_auth_methods_supported"]
    assert orjson.loads(orjson.dumps(said)) == said


def test_what_the_policy_switches_on_is_announced(database: str) -> None:
    rule = ExchangeRule(client="a", audience_from=API, audience_to=API, scopes=frozenset())
    with running_provider(database, registration=True, exchanges=(rule,)) as provider:
        said = metadata(provider.services)
    assert said["registration_endpoint"] == f"{ISSUER}/oauth/register"
    assert EXCHANGE_GRANT in said["grant_types_supported"]
