"""Secrets with which nothing starts, and those with which it does (B-244)."""

from __future__ import annotations

from pathlib import Path

import pytest

from vallum.config.provider import IdentitySettings, Mail, UpstreamProvider
from vallum.core.secret import Secret
from vallum.identity.default_secrets import DefaultSecret, require_own_secrets

GOOD_KEY = Secret(bytes.fromhex("8f1c5be0a97d2346e3b07f9a14c8d265f03b6e9a7c51d84220b9e6f7135a8cde"))
GOOD = "Zx8-Kq2_Vw9mPn4tRb7y"


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, bytes(range(32)), b"01234567" * 4])
def test_a_sealing_key_with_a_pattern_is_refused(key: bytes) -> None:
    with pytest.raises(DefaultSecret) as refusal:
        require_own_secrets(settings(), Secret(key))
    assert key.hex() not in str(refusal.value)


def test_good_secrets_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{GOOD}\n")
    require_own_secrets(with_secrets(file, database="postgresql://shop@db/identity"), GOOD_KEY)
    require_own_secrets(with_secrets(file, database=f"postgresql://shop:{GOOD}@db/i"), GOOD_KEY)


@pytest.mark.parametrize("place", ["database", "provider", "mail"])
def test_a_default_is_refused_wherever_it_stands(tmp_path: Path, place: str) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(GOOD)
    bad.write_text("changeme\n")
    found = {
        "database": with_secrets(good, database="postgresql://vallum:p%61ssword@db/identity"),
        "provider": settings(providers={"shop": upstream(bad)}, mail=Mail(password_file=good)),
        "mail": settings(providers={"shop": upstream(good)}, mail=Mail(password_file=bad)),
    }[place]
    with pytest.raises(DefaultSecret, match=place) as refusal:
        require_own_secrets(found, GOOD_KEY)
    assert "changeme" not in str(refusal.value)


def settings(database: str = "sqlite:////tmp/none.db", **more: object) -> IdentitySettings:
    return IdentitySettings(
        issuer="https://login.shop.example",
        database=database,
        **more,  # type: ignore[arg-type]
    )


def with_secrets(file: Path, database: str) -> IdentitySettings:
    return settings(database, providers={"shop": upstream(file)}, mail=Mail(password_file=file))


def upstream(file: Path) -> UpstreamProvider:
    return UpstreamProvider(
        name="shop",
        label="Shop",
        issuer="https://accounts.example",
        client_id="vallum",
        client_secret_file=file,
    )
