"""A YAML or JSON document from a file: its data at once, a position when an error must be shown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import orjson

from vallum.config.jsonplace import json_duplicate, json_positions
from vallum.config.source import Node, SourceError, parse_yaml, plain
from vallum.wire.pointer import pointer_steps

MAX_BYTES = 64 * 1024 * 1024
"""Largest OpenAPI document."""


@dataclass(slots=True, eq=False)
class Document:
    """A file that was read."""

    path: Path
    data: Any
    """Plain dictionaries, lists and scalars; every key is a string."""
    text: str = field(repr=False)
    is_json: bool
    _tree: Node | None = field(default=None, repr=False)

    def position(self, pointer: str) -> tuple[int, int]:
        """Line and column (from 1) of what a JSON Pointer (RFC 6901) names, or of the nearest
        thing around it that the file has."""
        return self.positions([pointer])[pointer]

    def positions(self, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
        """The position of each pointer; the file is read again once for all of them."""
        if self.is_json:
            return json_positions(self.text, pointers)
        if self._tree is None:
            self._tree, _ = parse_yaml(self.text)
        return {pointer: _place(self._tree, pointer) for pointer in pointers}


def read_text(path: Path, max_bytes: int) -> str:
    """The text of a file.

    Raises:
        SourceError: missing, unreadable, not a regular file, larger than `max_bytes`, not UTF-8.
    """
    try:
        if not path.is_file():
            raise SourceError(
                "missing-file",
                f"the file `{path}` is {_other_kind(path)}",
                hint="check the path and its name",
            )
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as err:
        raise SourceError(
            "missing-file",
            f"the file `{path}` cannot be read: {err.strerror}",
            hint="check the file's permissions",
        ) from err
    if len(raw) > max_bytes:
        raise SourceError(
            "file-too-large", f"the file `{path}` is larger than {max_bytes // 1024**2} MiB"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        before = raw[: err.start]
        raise SourceError(
            "not-utf8",
            f"the file `{path}` is not UTF-8 text",
            line=before.count(b"\n") + 1,
            hint="save it with the encoding UTF-8",
        ) from None


def _other_kind(path: Path) -> str:
    """What is there in the place of a regular file."""
    if path.is_dir():
        return "a folder"
    return "no regular file" if path.exists() else "not there"


def read_document(path: Path, *, max_bytes: int = MAX_BYTES) -> Document:
    """Read a YAML or JSON file.

    Raises:
        SourceError: cannot be read, is no valid YAML or JSON, or has a duplicate key, which two
            readers would read differently.
    """
    text = read_text(path, max_bytes)
    if text.lstrip()[:1] == "{":
        try:
            return Document(path=path, data=_json(text), text=text, is_json=True)
        except SourceError:
            if path.suffix == ".json":
                raise
            # A flow mapping of YAML begins with a brace too.
    tree, duplicates = parse_yaml(text)
    if duplicates:
        key, first = duplicates[0].key, duplicates[0].first
        raise SourceError(
            "duplicate-key",
            f"`{key.value}` stands twice, first on line {first.line}",
            line=key.line,
            column=key.column,
            hint="remove one of them",
        )
    return Document(path=path, data=plain(tree), text=text, is_json=False)


class _DuplicateKeyError(ValueError):
    """A JSON object that has one name twice."""


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, None]:
    # The values are judged already (the innermost object comes first); only the names matter.
    names: dict[str, None] = {}
    for name, _ in pairs:
        if name in names:
            raise _DuplicateKeyError(name)
        names[name] = None
    return names


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"`{name}` is no JSON")


def _json(text: str) -> Any:
    try:
        data = orjson.loads(text)
        # Every JSON parser keeps one of two members of the same name in silence; a second reading
        # that sees the pairs finds them.
        json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_refuse_constant)
    except _DuplicateKeyError as err:
        line, column = json_duplicate(text, str(err))
        raise SourceError(
            "duplicate-key",
            f"`{err}` stands twice in one object",
            line=line,
            column=column,
            hint="remove one of them",
        ) from None
    except json.JSONDecodeError as err:
        raise SourceError("json-syntax", err.msg, line=err.lineno, column=err.colno) from None
    except RecursionError:
        raise SourceError("too-deep", "nested too deep") from None
    return data


def _place(node: Node, pointer: str) -> tuple[int, int]:
    place = (node.line, node.column)
    for name in pointer_steps(pointer):
        value = node.value
        if isinstance(value, dict) and name in value:
            key = node.keys[name]
            node, place = value[name], (key.line, key.column)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            node = value[int(name)]
            place = (node.line, node.column)
        else:
            break
    return place
