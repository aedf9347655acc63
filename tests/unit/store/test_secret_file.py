"""Generated secrets beside the state file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vallum.core.secret import Secret
from vallum.store.errors import StateUnusable
from vallum.store.secret_file import keep_secret, load_secret


def test_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.pepper"
    first = load_secret(path)
    assert len(first.reveal()) == 32
    assert load_secret(path) == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == ["state.pepper"]
    assert load_secret(tmp_path / "other") != first


def test_the_first_of_many_wins(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    with ThreadPoolExecutor(8) as pool:
        made = {secret.reveal() for secret in pool.map(load_secret, [path] * 32)}
    assert len(made) == 1
    assert os.listdir(tmp_path) == ["pepper"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o660, 0o777])
def test_readable_by_others(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "pepper"
    load_secret(path)
    path.chmod(mode)
    with pytest.raises(StateUnusable, match="chmod 600"):
        load_secret(path)


@pytest.mark.parametrize("content", [b"", b"00", b"00" * 31, b"00" * 33, b"zz" * 32, b"\xff" * 64])
def test_damaged(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pepper"
    path.touch(mode=0o600)
    path.write_bytes(content)
    with pytest.raises(StateUnusable, match="damaged"):
        load_secret(path)


def test_missing_where_it_must_not_be_made(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable, match="put back both"):
        load_secret(tmp_path / "pepper", create=False)
    assert os.listdir(tmp_path) == []


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    load_secret(tmp_path / "real")
    (tmp_path / "pepper").symlink_to("real")
    with pytest.raises(StateUnusable):
        load_secret(tmp_path / "pepper")


def test_a_secret_of_somebody_else_is_kept_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "state.db.nonces"
    for value in (b"a" * 32, b"a" * 32, b"b" * 32):
        keep_secret(path, Secret(value))
        assert load_secret(path).reveal() == value
        assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    path.chmod(0o644)
    with pytest.raises(StateUnusable, match="readable by others"):
        keep_secret(path, Secret(b"c" * 32))
