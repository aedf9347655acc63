"""Credentials end to end: two workers, the command line beside them, a verifying upstream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.arena import Arena, request
from tests.support.everywhere import BOUND_SECONDS, seconds_until_no_entry
from tests.support.gateway import Gateway, PolicyText, create_key, run_vallum
from tests.support.minting import ISSUER, ISSUERS, Minter
from tests.support.upstream import RecordingUpstream
from vallum_client.identity import InvalidIdentity, verify_identity


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Two workers; `/token` takes tokens, `/private` takes keys."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "jwks.json").write_bytes(Minter("ES256").document)
    with RecordingUpstream() as upstream:
        PolicyText(
            upstream=upstream.url,
            more=ISSUERS,
            operations={
                "token": "authenticate: ['jwt:corp']",
                "private": "authenticate: [api_key, 'jwt:corp']",
            },
        ).write(folder)
        key = create_key(folder, "tester")
        with Gateway(folder, workers=2) as gateway:
            yield Arena(gateway, upstream, key)


def make_token(**claims: object) -> str:
    """A token that is good now."""
    return Minter("ES256").token_now(**claims).decode()


def statuses(arena: Arena, target: str, line: str) -> set[int]:
    """The answers on connections enough to meet every worker."""
    return {arena.send(request("GET", target, line)).status for _ in range(16)}


def test_a_revoked_key_ends_on_every_worker(both: Arena) -> None:
    line = f"X-API-Key: {create_key(both.gateway.folder, 'short-lived')}"
    assert statuses(both, "/private", line) == {200}
    done = run_vallum("keys", "revoke", "short-lived", folder=both.gateway.folder)
    assert done.returncode == 0, done.stderr
    assert seconds_until_no_entry(both, "/private", line) < BOUND_SECONDS
    assert statuses(both, "/private", f"X-API-Key: {both.key}") == {200}


def test_a_revoked_token_ends_on_every_worker(both: Arena) -> None:
    lines = {jti: f"Authorization: Bearer {make_token(jti=jti)}" for jti in ("one", "two")}
    for line in lines.values():
        assert statuses(both, "/token", line) == {200}
    done = run_vallum("tokens", "revoke", "corp", "--jti", "one", folder=both.gateway.folder)
    assert done.returncode == 0, done.stderr
    assert seconds_until_no_entry(both, "/token", lines["one"]) < BOUND_SECONDS
    assert statuses(both, "/token", lines["two"]) == {200}


def test_two_credentials_are_one_too_many(both: Arena) -> None:
    lines = (f"X-API-Key: {both.key}", f"Authorization: Bearer {make_token()}")
    both.refuse(
        request("GET", "/private", *lines), 400, closed=False, problem="ambiguous-credentials"
    )


def test_the_upstream_can_verify_who_is_calling(both: Arena) -> None:
    secret = Path(both.gateway.folder / "state.db.test.identity").read_text().strip()
    mark = both.upstream.mark()
    line = f"Authorization: Bearer {make_token(sub='alice')}"
    assert both.send(request("GET", "/private", line, "Vallum-Identity: forged")).status == 200
    (received,) = both.upstream.requests_since(mark)
    assert "authorization" not in received.names()
    statement = received.get("vallum-identity")
    caller = verify_identity(statement, key=secret, audience="test", method="GET", path="/private")
    assert (caller.kind, caller.subject) == ("user", "user:alice")
    assert caller.issuer == ISSUER
    assert caller.scopes == {"books:read", "orders:write"}
    for path, audience in (("/private/2", "test"), ("/private", "other")):
        with pytest.raises(InvalidIdentity):
            verify_identity(statement, key=secret, audience=audience, method="GET", path=path)


def test_records_name_the_credential_and_never_show_it(both: Arena) -> None:
    both.gateway.new_records()
    token = make_token(jti="shown")
    both.send(request("GET", "/token", f"Authorization: Bearer {token}"))
    both.send(request("GET", "/private", f"X-API-Key: {both.key}"))
    text = str(both.gateway.new_records())
    assert "shown" in text
    assert both.key.split("_")[1] in text
    assert both.key.split("_")[2] not in text
    assert token.split(".")[2] not in text
