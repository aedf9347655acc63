"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vallum.core.secret import Secret
from vallum.store.authority import replace_file
from vallum.store.errors import StateUnusable
from vallum.store.secret_file import keep_secret
from vallum.store.whole_file import drafted


def test_a_draft_is_whole_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with drafted(path, b"content") as draft:
        assert draft.read_bytes() == b"content"
        assert draft.stat().st_mode & 0o777 == 0o600
        assert os.listdir(tmp_path) == [draft.name]
        draft.replace(path)
    assert os.listdir(tmp_path) == ["file"]
    assert path.read_bytes() == b"content"


def test_a_draft_that_nobody_takes_is_gone(tmp_path: Path) -> None:
    with drafted(tmp_path / "file", b"content"):
        pass
    assert os.listdir(tmp_path) == []


def test_of_a_key_that_cannot_be_put_in_its_place_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "server.key").mkdir()
    with pytest.raises(StateUnusable, match="Is a directory"):
        replace_file(tmp_path / "server.key", b"secret", private=True)
    assert os.listdir(tmp_path) == ["server.key"]


def test_of_a_secret_that_cannot_be_put_in_its_place_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(draft: Path, target: Path) -> Path:
        raise PermissionError(1, "Operation not permitted", str(target))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StateUnusable, match="not permitted"):
        keep_secret(tmp_path / "pepper", Secret(bytes(32)))
    assert os.listdir(tmp_path) == []
