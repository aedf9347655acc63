"""Tokens that end early."""

from __future__ import annotations

from pathlib import Path

from vallum.store.revocations import Revocations

NOW = 1_800_000_000.0


def test_tokens_and_subjects(tmp_path: Path) -> None:
    writer, reader = (Revocations(tmp_path / "state.db") for _ in range(2))
    before = reader.generation()
    assert writer.generation() == before
    assert not reader.is_revoked("i", "user:a", "t", NOW)
    writer.revoke_token("i", "t", until=NOW + 60, now=NOW)
    assert reader.generation() == writer.generation() != before
    assert reader.is_revoked("i", "user:a", "t", NOW)
    assert not reader.is_revoked("other", "user:a", "t", NOW)
    assert not reader.is_revoked("i", "user:a", "", NOW)
    writer.revoke_subject("i", "user:a", at=NOW)
    assert reader.is_revoked("i", "user:a", "u", NOW)
    assert not reader.is_revoked("i", "user:a", "u", NOW + 0.1)
    assert not reader.is_revoked("i", "client:a", "u", NOW)
    writer.revoke_subject("i", "user:a", at=NOW + 9)
    writer.revoke_subject("i", "user:a", at=NOW + 3)
    assert reader.is_revoked("i", "user:a", "u", NOW + 9)
    assert not reader.is_revoked("i", "user:a", "u", NOW + 10)
    writer.close()
    reader.close()


def test_what_has_expired_is_forgotten(tmp_path: Path) -> None:
    revocations = Revocations(tmp_path / "state.db")
    revocations.revoke_token("i", "old", until=NOW, now=NOW - 60)
    revocations.revoke_token("i", "new", until=NOW + 60, now=NOW + 1)
    assert not revocations.is_revoked("i", "user:a", "old", NOW)
    assert revocations.is_revoked("i", "user:a", "new", NOW)
    revocations.close()
