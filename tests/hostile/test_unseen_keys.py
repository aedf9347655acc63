"""No key is active that nobody saw, and none is written into a file that somebody laid ready."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.commands import in_shell

from vallum.cli.keys import keys
from vallum.store.keys import KeyStore, StoredKey

NO_ROOM = "error: No space left on device\n"


def stored(folder: Path) -> list[StoredKey]:
    """All keys."""
    with closing(KeyStore(folder / "state.db")) as store:
        return list(store.all())


@pytest.mark.parametrize("option", ["", "--json", "--json -o webshop.key"])
def test_a_key_that_cannot_be_printed_is_not_made(tmp_path: Path, option: str) -> None:
    done = in_shell(
        f"vallum keys create webshop --state state.db {option} > /dev/full", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (1, NO_ROOM)
    assert stored(tmp_path) == []
    assert not (tmp_path / "webshop.key").exists()


@pytest.mark.parametrize("option", ["", "--json"])
def test_a_key_for_an_output_that_is_closed_is_not_made(tmp_path: Path, option: str) -> None:
    done = in_shell(f"vallum keys create webshop --state state.db {option} >&-", folder=tmp_path)
    assert done.returncode == 1
    assert "there is no output; the key was not made" in done.stderr
    assert stored(tmp_path) == []


def test_a_key_for_a_reader_that_is_gone_is_not_made(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-m", "vallum", "keys", "create", "webshop", "--state", "state.db"],
        cwd=tmp_path,
        stdout=writes,
        timeout=60,
        check=False,
    )
    os.close(writes)
    assert done.returncode == 1
    assert stored(tmp_path) == []


def test_a_rotation_that_cannot_be_printed_leaves_the_old_key_as_it_was(tmp_path: Path) -> None:
    CliRunner().invoke(keys, ["create", "webshop", "--state", str(tmp_path / "state.db")])
    before = stored(tmp_path)
    assert before
    done = in_shell(
        "vallum keys rotate webshop --overlap 0s --state state.db > /dev/full", folder=tmp_path
    )
    assert (done.returncode, done.stderr) == (1, NO_ROOM)
    assert stored(tmp_path) == before


def create(folder: Path, output: Path) -> Result:
    """A key into a file."""
    state = str(folder / "state.db")
    return CliRunner().invoke(keys, ["create", "webshop", "--state", state, "-o", str(output)])


@pytest.mark.parametrize("kind", ["file", "device", "pipe", "link", "dangling"])
def test_a_file_that_is_there_is_never_opened(tmp_path: Path, kind: str) -> None:
    target, output = tmp_path / "target", tmp_path / "webshop.key"
    match kind:
        case "file":
            output.write_text("mine")
        case "device":
            output = Path("/dev/full")
        case "pipe":
            os.mkfifo(output)
        case "link":
            target.write_text("mine")
            output.symlink_to(target)
        case _:
            output.symlink_to(target)
    done = create(tmp_path, output)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"error: `{output}` is there already\n")
    assert stored(tmp_path) == []
    assert target.exists() == (kind == "link")
    if kind in {"file", "link"}:
        assert output.read_text() == "mine"


def test_a_file_that_cannot_be_written_makes_no_key(tmp_path: Path) -> None:
    output = tmp_path / "nowhere/webshop.key"
    done = create(tmp_path, output)
    assert done.exit_code == 1
    assert done.stderr == f"error: `{output}` cannot be written: No such file or directory\n"
    assert stored(tmp_path) == []
