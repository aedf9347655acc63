"""Which lines of the product an input reaches: inputs that reach new ones are worth keeping."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import vallum

_ROOT = str(Path(vallum.__file__).parent)


class Reached:
    """The lines that all runs so far have reached."""

    def __init__(self) -> None:
        self._known: set[tuple[CodeType, int]] = set()
        self._ours: dict[CodeType, bool] = {}

    def __len__(self) -> int:
        return len(self._known)

    def run(self, call: Callable[[], None]) -> bool:
        """Whether `call` reaches a line that none before has reached; what it raises is raised."""
        before = len(self._known)
        other = sys.gettrace()
        sys.settrace(self._enter)
        try:
            call()
        finally:
            sys.settrace(other)
        return len(self._known) > before

    def _enter(self, frame: FrameType, _: str, __: Any) -> Any:
        code = frame.f_code
        ours = self._ours.get(code)
        if ours is None:
            ours = self._ours[code] = code.co_filename.startswith(_ROOT)
        return self._line if ours else None

    def _line(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            self._known.add((frame.f_code, frame.f_lineno))
        return self._line
