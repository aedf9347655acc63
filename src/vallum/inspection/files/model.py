"""The vocabulary of file checks."""

from __future__ import annotations


class BadFile(Exception):  # noqa: N818  (a verdict on a file)
    """A file that is refused. `code` says why, for the record."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
