"""Header fields of one message, as they were received."""

from __future__ import annotations

from collections.abc import Callable

FieldLine = tuple[bytes, bytes]
"""A field name in lower case and its value without surrounding whitespace."""


class Fields:
    """An immutable, ordered multi-map of field lines.

    Names are lower-case bytes. The wire room has already refused anything that two parsers could
    read differently, so a reader never has to normalise again.
    """

    __slots__ = ("_first", "get", "items")

    items: tuple[FieldLine, ...]
    """Every field line in the order of arrival."""
    get: Callable[[bytes], bytes | None]
    """The first value of a name (lower case), or None. The dictionary's own method: several
    controls ask for fields on every request."""

    def __init__(self, items: tuple[FieldLine, ...] = ()) -> None:
        self.items = items
        self._first = dict(reversed(items))
        self.get = self._first.get

    def all(self, name: bytes) -> tuple[bytes, ...]:
        """Every value of `name` (lower case), in order."""
        if name not in self._first:
            return ()
        return tuple(value for field, value in self.items if field == name)

    def __contains__(self, name: bytes) -> bool:
        return name in self._first

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        # SECURITY: values may be credentials; only names are safe to print (B-326).
        return f"Fields({', '.join(name.decode('latin-1') for name, _ in self.items)})"
