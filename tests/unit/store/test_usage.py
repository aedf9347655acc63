"""Times of last use, written in a thread."""

from __future__ import annotations

from pathlib import Path

import pytest

from vallum.store.keys import KeyStore, StoredKey
from vallum.store.usage import UsageWriter

NOW = 1_800_000_000.0


def test_written_to_the_minute(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "state.db")
    store.add(StoredKey(id="a", name="webshop", hash=b"", created=NOW), now=NOW)
    UsageWriter(tmp_path / "state.db")({"a": NOW + 65, "unknown": NOW}).join()
    assert [key.last_used for key in store.all()] == [NOW + 60]
    store.close()


def test_a_failure_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    UsageWriter(tmp_path)({"a": NOW}).join()
    assert "last use of 1 keys are lost" in caplog.text
