"""Compiled patterns on disk: theirs, whole, and written by nobody else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from vallum.store.pattern_cache import cache_directory, compiled_patterns


class Compiler:
    """Counts what it compiles."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, patterns: Sequence[str]) -> bytes:
        self.calls += 1
        return "|".join(patterns).encode()


def test_a_second_start_compiles_nothing(tmp_path: Path) -> None:
    compiler = Compiler()
    for _ in range(2):
        assert compiled_patterns(["a", "b"], tmp_path / "cache", "1", compiler) == b"a|b"
    assert compiler.calls == 1
    (file,) = (tmp_path / "cache").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("patterns", "version"), [(["a", "c"], "1"), (["a", "b"], "2")])
def test_other_patterns_or_another_version_are_compiled(
    tmp_path: Path, patterns: list[str], version: str
) -> None:
    compiler = Compiler()
    compiled_patterns(["a", "b"], tmp_path, "1", compiler)
    assert compiled_patterns(patterns, tmp_path, version, compiler) == "|".join(patterns).encode()
    assert compiler.calls == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "readable", "link"])
def test_what_others_may_have_written_is_not_loaded(tmp_path: Path, damage: str) -> None:
    compiler = Compiler()
    directory = tmp_path / "cache"
    compiled_patterns(["a"], directory, "1", compiler)
    (file,) = directory.iterdir()
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[:-1])
    elif damage == "changed":
        file.write_bytes(content[:-1] + b"!")
    elif damage == "readable":
        file.chmod(0o666)
    else:
        file.rename(tmp_path / "elsewhere")
        file.symlink_to(tmp_path / "elsewhere")

    assert compiled_patterns(["a"], directory, "1", compiler) == b"a"
    assert compiler.calls == 2
    assert compiled_patterns(["a"], directory, "1", compiler) == b"a"
    assert compiler.calls == 2, "the damaged file was replaced"


def test_files_of_other_patterns_do_not_pile_up(tmp_path: Path) -> None:
    compiler = Compiler()
    for number in range(8):
        compiled_patterns([f"old {number}"], tmp_path, "1", compiler)
    for age, path in enumerate(tmp_path.iterdir(), 1):
        os.utime(path, (age, age))
    (tmp_path / "notes.txt").write_text("not ours")
    compiled_patterns(["old 0"], tmp_path, "1", compiler)
    assert compiler.calls == 8, "what is in use is known by its file"

    for number in range(3):
        compiled_patterns([f"new {number}"], tmp_path, "1", compiler)

    assert len(list(tmp_path.glob("*.patterns"))) == 8
    assert (tmp_path / "notes.txt").exists()
    for pattern in ("old 0", "new 0", "new 1", "new 2"):
        compiled_patterns([pattern], tmp_path, "1", compiler)
    assert compiler.calls == 11, "those used last are kept"


def test_a_full_or_closed_disk_only_costs_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = tmp_path / "file"
    closed.write_text("")
    assert compiled_patterns(["a"], closed / "cache", "1", Compiler()) == b"a"
    assert "cannot keep compiled patterns" in capsys.readouterr().err


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "vallum"
    # XDG Base Directory: relative paths are invalid and ignored.
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_directory() == Path.home() / ".cache/vallum"
