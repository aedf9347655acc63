"""What a run found: told apart by where it broke, made small, kept as a file."""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

CORPUS: Final = Path(__file__).parent / "corpus"
_MOST_TRIES: Final = 1_500
_ROOT: Final = str(Path(__file__).parents[2])


class Finding(NamedTuple):
    """An input that breaks something."""

    where: str
    """Kind of failure and the line that it came from: one finding each."""
    message: str
    data: bytes


def finding_of(error: BaseException, data: bytes) -> Finding:
    """What an exception says."""
    kind = type(error).__name__
    place = "?"
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(_ROOT) and "/target.py" not in frame.filename:
            place = f"{frame.filename.removeprefix(_ROOT)}:{frame.lineno}"
    what = str(error).partition(" | ")[0][:60] if isinstance(error, AssertionError) else ""
    return Finding(f"{kind} {place} {what}".strip(), str(error)[:1_000], data)


def minimised(data: bytes, still_breaks: Callable[[bytes], bool]) -> bytes:
    """The shortest input found by leaving pieces out that breaks in the same way."""
    tries = 0
    size = max(1, len(data) // 2)
    while size and tries < _MOST_TRIES:
        at = 0
        while at < len(data) and tries < _MOST_TRIES:
            shorter = data[:at] + data[at + size :]
            tries += 1
            if still_breaks(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    return data


def keep(target: str, data: bytes) -> Path:
    """Write an input to the corpus; its path."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}.bin"
    path.write_bytes(data)
    return path


def kept(target: str) -> Iterator[bytes]:
    """The inputs of a target that once broke something."""
    for path in sorted((CORPUS / target).glob("*.bin")):
        yield path.read_bytes()
