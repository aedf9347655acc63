"""Signing keys by the calendar, and at once."""

from __future__ import annotations

import orjson
from tests.support.provider import Provider

from vallum.identity.signing_keys import SPREAD_SECONDS
from vallum.tokens.jwks import parse_jwks
from vallum.tokens.jws import read, verify_signature
from vallum.tokens.weak import WeakSecrets


def _verifies(provider: Provider, token: str) -> None:
    keys = parse_jwks(
        provider.services.keys.jwks, algorithms=("ES256",), weak_secrets=WeakSecrets()
    )
    verify_signature(read(token.encode()), keys, ("ES256",))


def _kids(provider: Provider) -> list[str]:
    return [key["kid"] for key in orjson.loads(provider.services.keys.jwks)["keys"]]


def test_the_first_start_makes_a_key_and_publishes_it(provider: Provider) -> None:
    signer = provider.services.keys.signer()
    assert _kids(provider) == [signer.kid]
    assert provider.data_plane.jwks == provider.services.keys.jwks
    assert b'"d"' not in provider.services.keys.jwks
    _verifies(provider, signer.sign({"a": 1}, "JWT"))


def test_the_next_key_is_announced_before_it_signs_and_the_last_stays_for_a_while(
    provider: Provider,
) -> None:
    keys = provider.services.keys
    first = keys.signer()
    settings = provider.services.settings
    provider.clock.now += settings.key_rotation - settings.key_announce + 1
    assert provider.run(keys.maintain)
    assert keys.signer() is first
    assert len(_kids(provider)) == 2
    provider.clock.now += settings.key_announce
    second = keys.signer()
    assert second.kid != first.kid
    _verifies(provider, first.sign({"a": 1}, "JWT"))
    provider.clock.now += settings.token_life + 301
    provider.run(keys.maintain)
    assert _kids(provider) == [second.kid]


def test_rotating_at_once_keeps_the_old_key_for_verifying(provider: Provider) -> None:
    keys = provider.services.keys
    old = keys.signer()
    new = provider.run(keys.rotate)
    # Everybody knows it before it signs.
    assert set(_kids(provider)) == {old.kid, new}
    assert keys.signer() is old
    provider.clock.now += SPREAD_SECONDS
    assert keys.signer().kid == new
    provider.run(keys.maintain)
    assert set(_kids(provider)) == {old.kid, new}


def test_a_revoked_key_is_gone_and_another_signs(provider: Provider) -> None:
    keys = provider.services.keys
    old = keys.signer().kid
    assert provider.run(keys.revoke, old)
    assert old not in _kids(provider)
    assert keys.signer().kid != old
    assert not provider.run(keys.revoke, old)


def test_the_announced_key_signs_at_once_where_the_present_one_is_withdrawn(
    provider: Provider,
) -> None:
    keys, settings = provider.services.keys, provider.services.settings
    old = keys.signer().kid
    provider.clock.now += settings.key_rotation - settings.key_announce + 1
    provider.run(keys.maintain)
    (announced,) = set(_kids(provider)) - {old}
    assert provider.run(keys.revoke, old)
    assert keys.signer().kid == announced
    assert _kids(provider) == [announced]
