"""Passwords as they are kept, and which are taken."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event

import pytest
from tests.support.people import PASSWORD, add_user, sign_in
from tests.support.provider import Provider

from vallum.core.secret import Secret
from vallum.identity.errors import PageError
from vallum.identity.people import passwords as module
from vallum.identity.people.password_rules import why_refused
from vallum.identity.people.passwords import BadPassword, Passwords, is_outdated, normal

CONTEXT = ("Bookshop", "ann.miller@readers.example", "Ann Miller")


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    """With a pepper of its own."""
    found = Passwords(Secret(b"p" * 32))
    yield found
    found.close()


def test_a_hash_names_its_parameters_and_needs_the_pepper(passwords: Passwords) -> None:
    kept = asyncio.run(passwords.hash(PASSWORD))
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not is_outdated(kept)
    assert is_outdated(kept.replace("t=2", "t=1"))
    assert asyncio.run(passwords.verify(PASSWORD, kept))
    other = Passwords(Secret(b"q" * 32))
    assert not asyncio.run(other.verify(PASSWORD, kept))
    other.close()


def test_nothing_is_cut_off_or_trimmed_and_nfc_comes_first(passwords: Passwords) -> None:
    digests = {
        passwords._digest(text)
        for text in ("é" * 80, "é" * 80 + "x", " " + "é" * 80, "é" * 80 + " ", "É" * 80)
    }
    assert len(digests) == 5
    assert passwords._digest("é" * 80) == passwords._digest("e\u0301" * 80)
    assert all(len(digest) == 32 for digest in digests)


def test_a_password_has_1_to_1024_bytes() -> None:
    for text in ("x", "x" * 1024, "é" * 512, "🔑" * 256):
        assert normal(text) == text
    for text in ("", "x" * 1025, "é" * 513, "🔑" * 257, "x" * 10**7):
        with pytest.raises(BadPassword):
            normal(text)


def test_who_comes_when_too_many_wait_is_sent_away(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Event()
    monkeypatch.setattr(module, "_verify", lambda *_: gate.wait(30))

    async def crowd() -> None:
        waiting = [asyncio.create_task(passwords.verify("x", "y")) for _ in range(64)]
        await asyncio.sleep(0)
        with pytest.raises(PageError) as refusal:
            await passwords.verify("x", "y")
        assert refusal.value.status == 503
        assert refusal.value.headers == {"retry-after": "5"}
        gate.set()
        assert all(await asyncio.gather(*waiting))
        assert await passwords.verify("x", "y")

    asyncio.run(crowd())


def test_a_sign_in_renews_an_old_hash(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY_KIB", 8 * 1024)
    old = provider.run(provider.services.passwords.hash, PASSWORD)
    monkeypatch.undo()
    user = add_user(provider, password_hash=old)
    assert is_outdated(old)
    assert sign_in(provider.client).status_code == 303
    renewed = provider.run(provider.services.users.get, user.id)
    assert renewed is not None
    assert renewed.password_hash is not None
    assert not is_outdated(renewed.password_hash)
    assert "password.upgraded" in provider.kinds()
    assert provider.run(provider.services.passwords.verify, PASSWORD, renewed.password_hash)


@pytest.mark.parametrize(
    "password",
    [
        "Password123456!", "p@ssw0rdp@ssw0rd", "drowssapdrowssap1", "iloveyouforever1",
        "Liverpool19921992", "Winter2026Winter2026", "Monkey123Dragon456", "football baseball",
        "administrator2026", "letmeinletmein12", "summer summer summer", "Bookshop2026!!!!",
        "annmiller19841984", "readers.example1", "123456789012345", "098765432109876",
        "abcdefghijklmnop", "qwertyuiopasdfghjkl", "1qaz2wsx3edc4rfv", "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc", "!!!!!!!!!!!!!!!!", "20262026202620262",
    ],
)  # fmt: skip
def test_what_a_list_explains_is_refused(password: str) -> None:
    assert why_refused(password, minimum=15, context=CONTEXT) is not None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "purple monkey dishwasher", "gdlwmxzeoqyibfn",
        "my dog ate seven pies", "été à la plage bleue", "das blaue Rad quietscht",
        "онабылавчерадома", "千里之行始于足下不积跬步无以至千里", "kx7#pQ2v-mT9!wLz",
        "                a b c d e f g", "🔑🐢🌧🍎🚲🎷🪁🧭🌵🦉🧊🛶🪵🧶🥁",
    ],
)  # fmt: skip
def test_what_no_list_explains_is_taken_whatever_it_is_made_of(password: str) -> None:
    assert why_refused(password, minimum=15, context=CONTEXT) is None


def test_eight_characters_do_beside_a_second_factor() -> None:
    assert why_refused("x7Kp2mQz", minimum=8, context=CONTEXT) is None
    assert why_refused("x7Kp2mQz", minimum=15, context=CONTEXT) is not None
    for password in ("sunshine", "Summer26", "qwertyui", "bookshop", "P@ssw0rd"):
        assert why_refused(password, minimum=8, context=CONTEXT) is not None


def test_a_reason_is_plain_and_repeats_nothing_of_the_password() -> None:
    for password, word in (
        ("Password123456!", "common"),
        ("Bookshop2026!!!!", "service"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
    ):
        reason = why_refused(password, minimum=15, context=CONTEXT)
        assert reason is not None
        assert word in reason
        assert password not in reason
