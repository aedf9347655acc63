"""Signed requests end to end: two workers share what was used, a restart and a withdrawn key."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.arena import Arena, request
from tests.support.gateway import Gateway, PolicyText
from tests.support.message_signing import Signed, Signer
from tests.support.minting import jwks
from tests.support.raw import RawConnection
from tests.support.upstream import RecordingUpstream

FIRST, SECOND = Signer("EdDSA", "shop-1"), Signer("ES256", "shop-2")
BODY = b'{"name": "a thing"}'


@pytest.fixture(scope="module")
def upstream() -> Iterator[RecordingUpstream]:
    with RecordingUpstream() as recording:
        yield recording


def write(folder: Path, upstream: RecordingUpstream) -> None:
    """A policy with two signers."""
    (folder / "keys.json").write_bytes(jwks(FIRST.jwk, SECOND.jwk))
    PolicyText(
        upstream=upstream.url,
        operations={"createThing": "public: true, signature: {keys: keys.json, tag: shop}"},
    ).write(folder)


def signed_by(signer: Signer) -> Signed:
    """A request that is good once."""
    return signer.sign("POST", fields=[("content-type", "application/json")], body=BODY)


def everywhere(arena: Arena, signed: Signed) -> list[int]:
    """The answers to one request on connections enough to meet every worker."""
    found = []
    for number in range(16):
        with RawConnection(arena.gateway.port, source=f"127.9.0.{number + 1}") as connection:
            connection.send(request("POST", "/things", *signed.lines, body=BODY))
            found.append(connection.read_final("POST").status)
    return found


def test_b209_a_signature_is_used_once_by_all_workers_and_a_restart_forgets_nothing(
    tmp_path: Path, upstream: RecordingUpstream
) -> None:
    write(tmp_path, upstream)
    with Gateway(tmp_path, workers=2) as gateway:
        arena = Arena(gateway, upstream)
        signed = signed_by(FIRST)
        assert sorted(everywhere(arena, signed)) == [200] + [401] * 15
        assert everywhere(arena, signed_by(SECOND))[0] == 200
    with Gateway(tmp_path) as gateway:
        arena = Arena(gateway, upstream)
        assert set(everywhere(arena, signed)) == {401}
        assert everywhere(arena, signed_by(FIRST))[0] == 200


def test_b210_a_withdrawn_key_ends_without_a_restart(
    tmp_path: Path, upstream: RecordingUpstream
) -> None:
    write(tmp_path, upstream)
    with Gateway(tmp_path) as gateway:
        arena = Arena(gateway, upstream)
        assert everywhere(arena, signed_by(SECOND))[0] == 200
        draft = tmp_path / "keys.new"
        draft.write_bytes(jwks(FIRST.jwk))
        draft.replace(tmp_path / "keys.json")
        deadline = time.monotonic() + 20
        while everywhere(arena, signed_by(SECOND))[0] == 200:
            assert time.monotonic() < deadline, "the key still opens"
        assert everywhere(arena, signed_by(FIRST))[0] == 200
        gateway.assert_healthy()
