"""Section I, the cases of API keys: through the whole control, over a real state file."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.calling import Clock, Door, TokenDoor, bearer, make_sender, no_guard
from tests.support.minting import NOW, FixedKeys, Minter

from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.filters.api_key import APIKeyAuthenticator
from vallum.filters.jwt import JWTAuthenticator, TrustedIssuer
from vallum.store.keys import KeyDirectory, KeyStore, StoredKey
from vallum.store.revocations import Revocations
from vallum.store.usage import UsageWriter
from vallum.tokens.api_key import generate, key_hash

CHALLENGE = b'www-authenticate: ApiKey realm="vallum", header="x-api-key"\r\n'


class KeyDoor(Door):
    """The control of an operation that accepts API keys."""

    def __init__(self, state: Path, *, public: bool = False, field: bytes = b"x-api-key") -> None:
        self.clock = Clock()
        self.directory = KeyDirectory(state)
        self.noted: list[dict[str, float]] = []
        self.authenticator = APIKeyAuthenticator(
            self.directory,
            guard=no_guard,
            clock=self.clock,
            note_usage=self.noted.append,
            field=field,
        )
        super().__init__(self.authenticator, public=public)

    def reason(self, text: bytes) -> str:
        """Why a key is refused; checks that the answer is a 401 with the right challenge."""
        denied = self.refuse((b"x-api-key", text))
        assert denied.status == 401
        assert denied.fields == CHALLENGE
        return denied.reason


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def store(state: Path) -> Iterator[KeyStore]:
    store = KeyStore(state)
    yield store
    store.close()


def issue(
    store: KeyStore, name: str = "webshop", *, expires: float | None = None
) -> tuple[bytes, StoredKey]:
    """A new key and what is stored of it."""
    new = generate(secrets.token_bytes)
    text = new.text.reveal()
    key = StoredKey(
        id=new.id,
        name=name,
        hash=key_hash(text, store.pepper()),
        scopes=frozenset({"books:read"}),
        roles=frozenset({"reader"}),
        created=NOW,
        expires=expires,
    )
    store.add(key, now=NOW)
    return text, key


def test_b242_apikey_leak_a_query_is_never_read(store: KeyStore, state: Path) -> None:
    text, _ = issue(store)
    door = KeyDoor(state)
    for name in ("api_key", "x-api-key", "key", "access_token", "apikey"):
        denied = door.refuse(query=((name, text.decode()),))
        # The challenge is the advice: it says in which field a key belongs.
        assert (denied.status, denied.reason, denied.fields) == (401, "auth.none", CHALLENGE)


def test_b242_apikey_leak_nothing_at_rest_or_in_errors(store: KeyStore, state: Path) -> None:
    text, key = issue(store)
    door = KeyDoor(state)
    principal = door.enter((b"x-api-key", text))
    secret = text[len(b"vlm_") + len(key.id) + 1 :]
    for file in state.parent.iterdir():
        content = file.read_bytes()
        assert secret not in content, file
        assert secret[:12] not in content, file
        assert file.stat().st_mode & 0o077 == 0, file
    for shown in (repr(principal), repr(key), repr(generate(secrets.token_bytes))):
        assert secret.decode() not in shown
        assert not re.search(r"vlm_\w{17}_\w", shown)
    denied = door.refuse((b"x-api-key", text + b"x"))
    assert secret[:12].decode() not in f"{denied!r}{denied}{denied.fields!r}{denied.__cause__!r}"


def test_b242_apikey_leak_expiry_and_scopes(store: KeyStore, state: Path) -> None:
    text, key = issue(store, expires=NOW + 60)
    door = KeyDoor(state)
    principal = door.enter((b"x-api-key", text))
    assert principal.scopes == {"books:read"}
    assert principal.roles == {"reader"}
    assert principal.expires_at == NOW + 60
    assert principal.credential == key.id
    assert door.enter((b"x-api-key", text)) is principal
    door.clock.now = NOW + 60
    assert door.reason(text) == "api-key.expired"


def test_b242_apikey_leak_a_key_of_another_deployment(
    store: KeyStore, state: Path, tmp_path: Path
) -> None:
    (tmp_path / "test").mkdir()
    elsewhere = KeyStore(tmp_path / "test" / "state.db")
    text, key = issue(elsewhere)
    elsewhere.close()
    issue(store)
    door = KeyDoor(state)
    assert door.reason(text) == "api-key.unknown"
    # Not even with its row copied: the hash is under the other deployment's pepper.
    store.add(StoredKey(id=key.id, name="copied", hash=key.hash, created=NOW), now=NOW)
    door.clock.now += 1
    assert door.reason(text) == "api-key.unknown"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"",
        lambda text: b"x",
        lambda text: text[:-1],
        lambda text: text + b"0",
        lambda text: text + b"\n",
        lambda text: text.swapcase(),
        lambda text: text.upper(),
        lambda text: b"Bearer " + text,
        lambda text: text + b", " + text,
        lambda text: text.replace(b"vlm_", b"vlx_"),
        lambda text: text.replace(b"_", b"-"),
        lambda text: text[:30] + bytes([text[30] ^ 1]) + text[31:],
        lambda text: text[:5] + bytes([text[5] ^ 1]) + text[6:],
        lambda text: b"\xff" * len(text),
        lambda text: b"A" * 1_000_000,
    ],
)
def test_b242_a_typing_error_costs_no_look_up(store: KeyStore, state: Path, change: object) -> None:
    text, _ = issue(store)
    door = KeyDoor(state)
    door.directory.close()
    # With the state file closed a look-up would raise something else.
    assert callable(change)
    door.authenticator._poll = lambda now: None  # type: ignore[method-assign]
    assert door.reason(change(text)) == "api-key.malformed"


def test_b242_timing_of_unknown_ids(store: KeyStore, state: Path, compared: list[bytes]) -> None:
    """An unknown id and a wrong secret take the same way: one hash, one comparison."""
    issue(store)
    door = KeyDoor(state)
    unknown = generate(secrets.token_bytes).text.reveal()
    assert door.reason(unknown) == "api-key.unknown"
    assert [len(digest) for digest in compared] == [32]


def test_b153_a_wrong_secret_is_compared_whole(
    store: KeyStore, state: Path, compared: list[bytes]
) -> None:
    issue(store)
    other = generate(secrets.token_bytes)
    stored = StoredKey(id=other.id, name="other", hash=bytes(32), created=NOW)
    store.add(stored, now=NOW)
    door = KeyDoor(state)
    assert door.reason(other.text.reveal()) == "api-key.unknown"
    assert [len(digest) for digest in compared] == [32]
    assert other.text.reveal() not in compared


def test_b243_apikey_as_user(store: KeyStore, state: Path, tmp_path: Path) -> None:
    text, _ = issue(store, "alice")
    minter = Minter("ES256")
    token_door = TokenDoor(tmp_path, minter)
    client = KeyDoor(state).enter((b"x-api-key", text))
    user = token_door.enter(bearer(minter.token(sub="alice")))
    assert client.kind == "client"
    assert user.kind == "user"
    # Nothing that is keyed by the caller can confuse the two.
    assert client.id != user.id
    assert client.issuer == "vallum:keys"
    # A key is no bearer token, and a token is no key.
    assert token_door.reason(text) == "jwt.malformed"
    assert KeyDoor(state).reason(minter.token()) == "api-key.malformed"


def test_revocation_is_in_effect_on_every_worker(store: KeyStore, state: Path) -> None:
    text, key = issue(store)
    workers = [KeyDoor(state) for _ in range(3)]
    for worker in workers:
        worker.enter((b"x-api-key", text))
    store.revoke([key.id], now=NOW)
    for worker in workers:
        worker.clock.now += 1
        assert worker.reason(text) == "api-key.revoked"


def test_a_clock_that_is_set_back_delays_no_revocation(store: KeyStore, state: Path) -> None:
    text, key = issue(store)
    door = KeyDoor(state)
    door.enter((b"x-api-key", text))
    store.revoke([key.id], now=NOW)
    door.clock.now -= 3600
    assert door.reason(text) == "api-key.revoked"


def test_rotation_overlaps(store: KeyStore, state: Path) -> None:
    text, old = issue(store)
    new = generate(secrets.token_bytes)
    new_text = new.text.reveal()
    replacement = StoredKey(
        id=new.id, name=old.name, hash=key_hash(new_text, store.pepper()), created=NOW
    )
    store.replace(old, replacement, overlap_until=NOW + 60)
    door = KeyDoor(state)
    first, second = door.enter((b"x-api-key", text)), door.enter((b"x-api-key", new_text))
    # One client: its limits and its objects stay its own.
    assert first.id == second.id
    assert first.credential != second.credential
    door.clock.now += 60
    assert door.reason(text) == "api-key.expired"
    assert door.enter((b"x-api-key", new_text)).subject == "webshop"


def test_last_use_is_noted_when_asked_for(store: KeyStore, state: Path) -> None:
    text, key = issue(store)
    door = KeyDoor(state)
    principal = door.enter((b"x-api-key", text))
    assert door.noted == []
    door.clock.now += 30
    assert door.enter((b"x-api-key", text)) is principal
    # A change of other keys empties what is remembered, not what is to be noted.
    issue(store, "another")
    door.clock.now += 30
    assert door.enter((b"x-api-key", text)) is not principal
    door.authenticator.note_used()
    assert door.noted == [{key.id: NOW + 60}]
    # Nothing was used since, so there is nothing to note.
    assert door.reason(b"bad") == "api-key.malformed"
    door.authenticator.note_used()
    assert door.noted[1:] == []


def test_b064_two_credentials(store: KeyStore, state: Path, tmp_path: Path) -> None:
    text, _ = issue(store)
    minter = Minter("ES256")
    clock = Clock()
    tokens = JWTAuthenticator(
        [TrustedIssuer(name="test", expectations=minter.expectations, keys=FixedKeys(minter.keys))],
        revocations=Revocations(state),
        guard=no_guard,
        clock=clock,
        sender=make_sender(),
    )
    keys = APIKeyAuthenticator(KeyDirectory(state), guard=no_guard, clock=clock, note_usage=print)
    for public in (False, True):
        door = Door(keys, tokens, public=public)
        assert door.enter((b"x-api-key", text)).kind == "client"
        assert door.enter(bearer(minter.token())).kind == "user"
        for key in (text, b"bad"):
            for token in (minter.token(), b"bad"):
                denied = door.refuse((b"x-api-key", key), bearer(token))
                assert (denied.status, denied.reason) == (400, "auth.two-credentials")
    denied = Door(keys, tokens).refuse()
    assert denied.reason == "auth.none"
    # RFC 9110 §11.6.1: every way in is named; RFC 6750 §3.1: no error code without a credential.
    assert denied.fields == CHALLENGE + b'www-authenticate: Bearer realm="vallum"\r\n'


def test_b064_the_same_field_twice(store: KeyStore, state: Path) -> None:
    text, _ = issue(store)
    other, _ = issue(store, "other")
    denied = KeyDoor(state).refuse((b"x-api-key", text), (b"x-api-key", other))
    assert (denied.status, denied.reason) == (400, "auth.two-credentials")


def test_a_public_operation_refuses_a_bad_credential(store: KeyStore, state: Path) -> None:
    text, _ = issue(store)
    door = KeyDoor(state, public=True)
    assert door.exchange().principal is None
    assert door.enter((b"x-api-key", text)).subject == "webshop"
    assert door.reason(b"bad") == "api-key.malformed"


def test_the_field_is_the_contracts(store: KeyStore, state: Path) -> None:
    text, _ = issue(store)
    door = KeyDoor(state, field=b"X-Bookshop-Key")
    assert door.enter((b"x-bookshop-key", text)).subject == "webshop"
    assert door.refuse((b"x-api-key", text)).reason == "auth.none"
    for bad in (b"", b"a b", b"authorization", b"cookie", b"a:b", b"a\r\nb"):
        with pytest.raises(ValueError, match="cannot travel"):
            KeyDoor(state, field=bad)


def test_the_real_clock_will_do(store: KeyStore, state: Path) -> None:
    text, _ = issue(store)
    authenticator = APIKeyAuthenticator(
        KeyDirectory(state), guard=no_guard, clock=time.time, note_usage=UsageWriter(state)
    )
    assert Door(authenticator).enter((b"x-api-key", text)).subject == "webshop"


def test_what_raises_something_else_lets_nobody_in(state: Path, store: KeyStore) -> None:
    text, _ = issue(store)
    door = KeyDoor(state)
    door.directory.close()

    class Bad:
        """An authenticator that lies about its field."""

        name = "bad"
        field = b"x-bad"
        challenge = b""

        def authenticate(self, request: Request) -> None:
            raise Denied("unauthenticated", "bad")

    assert Door(Bad()).refuse((b"x-bad", b"1")).reason == "bad"
    with pytest.raises(Exception, match="closed"):
        door.exchange((b"x-api-key", text))
