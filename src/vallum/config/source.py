"""YAML text to a tree of nodes that know where they stand.

The tree is built from the parser's events in a loop of our own: composing in C recurses once per
level and a file of brackets ends the whole process. Scalars follow the core schema of YAML 1.2
(§10.3.2), as OpenAPI asks: `off`, `no` and `2020-01-01` are strings.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import yaml

MAX_DEPTH = 128
MAX_NODES = 4_000_000
"""Nodes after every alias is expanded: a few lines of aliases can stand for billions (B-260)."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_INTEGER = re.compile(r"[-+]?[0-9]{1,400}|0o[0-7]{1,400}|0x[0-9a-fA-F]{1,400}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_STRING_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
_PLAIN_TAGS = frozenset({None, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class SourceError(Exception):
    """A file that cannot be read as YAML or JSON. Lines and columns count from 1."""

    def __init__(
        self, code: str, message: str, *, line: int = 1, column: int = 1, hint: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column
        self.hint = hint


class Node:
    """One value of the file with its place."""

    __slots__ = ("column", "keys", "line", "value")

    value: str | int | float | bool | list[Node] | dict[str, Node] | None
    keys: dict[str, Node]
    """Of a mapping: the node of each key; its value is the key's text."""

    def __init__(self, value: Any, line: int, column: int) -> None:
        self.value = value
        self.line = line
        self.column = column
        if type(value) is dict:
            self.keys = {}

    def __repr__(self) -> str:
        return f"Node({self.line}:{self.column})"


class Duplicate(Exception):  # noqa: N818  (data that travels with an error list, not an error)
    """A key that stands twice in one mapping."""

    def __init__(self, key: Node, first: Node) -> None:
        super().__init__(str(key.value))
        self.key = key
        self.first = first


def scalar(text: str) -> str | int | float | bool | None:
    """The value of a plain scalar by the core schema of YAML 1.2."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] in "-+.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text, 10 if text[:2] not in {"0o", "0x"} else 0)
        if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
            return number
    return text


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)


class _Frame:
    """A collection that is still open."""

    __slots__ = ("anchor", "key", "node", "size")

    def __init__(self, node: Node, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Node | None = None
        self.size = 1


class _Builder:
    def __init__(self, max_nodes: int) -> None:
        self.root: Node | None = None
        self.duplicates: list[Duplicate] = []
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._max_nodes = max_nodes

    def scalar(self, event: yaml.ScalarEvent) -> None:
        node = Node(event.value, *_place(event))
        is_key = bool(self._frames) and self._frames[-1].key is None
        is_key = is_key and type(self._frames[-1].node.value) is dict
        if event.tag is not None and event.tag not in _STRING_TAGS:
            raise _tag_error(event)
        if not is_key and event.implicit[0] and event.tag is None:
            node.value = scalar(event.value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1)
        self._add(node, 1)

    def open(self, event: yaml.CollectionStartEvent, value: list[Node] | dict[str, Node]) -> None:
        line, column = _place(event)
        if event.tag not in _PLAIN_TAGS:
            raise _tag_error(event)
        if len(self._frames) >= MAX_DEPTH:
            raise SourceError(
                "too-deep",
                f"nested more than {MAX_DEPTH} levels deep",
                line=line,
                column=column,
            )
        self._frames.append(_Frame(Node(value, line, column), event.anchor))

    def close(self) -> None:
        frame = self._frames.pop()
        # An anchor counts only once its value is complete, so that nothing can contain itself.
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.node, frame.size)
        self._add(frame.node, frame.size)

    def alias(self, event: yaml.AliasEvent) -> None:
        line, column = _place(event)
        if event.anchor not in self._anchors:
            raise SourceError(
                "unknown-anchor",
                f"no complete value with the anchor `&{event.anchor}` stands before this alias",
                line=line,
                column=column,
            )
        node, size = self._anchors[event.anchor]
        self._add(node, size)

    def _add(self, node: Node, size: int) -> None:
        if not self._frames:
            self.root = node
            return
        frame = self._frames[-1]
        frame.size += size
        if frame.size > self._max_nodes:
            raise SourceError(
                "too-many-values",
                f"more than {self._max_nodes:,} values once aliases are expanded",
                line=node.line,
                column=node.column,
                hint="write the repeated parts with `$ref` (OpenAPI) or shorten the file",
            )
        container = frame.node.value
        if isinstance(container, list):
            container.append(node)
        elif frame.key is None:
            frame.key = _checked_key(node)
        else:
            self._add_entry(frame, frame.key, node)

    def _add_entry(self, frame: _Frame, key: Node, node: Node) -> None:
        text = str(key.value)
        entries = frame.node.value
        assert isinstance(entries, dict)  # noqa: S101  (narrows the type; `_add` has looked)
        if text in entries:
            self.duplicates.append(Duplicate(key, frame.node.keys[text]))
        else:
            entries[text] = node
            frame.node.keys[text] = key
        frame.key = None


def _checked_key(node: Node) -> Node:
    if isinstance(node.value, list | dict):
        raise SourceError(
            "wrong-type", "a key must be a plain word", line=node.line, column=node.column
        )
    if not isinstance(node.value, str):  # An alias to a number: keys are text.
        return Node(str(node.value), node.line, node.column)
    return node


def _tag_error(event: yaml.NodeEvent) -> SourceError:
    line, column = _place(event)
    return SourceError(
        "yaml-tag",
        "tags such as `!name` are not allowed",
        line=line,
        column=column,
        hint="remove the tag; quote the value if it must begin with `!`",
    )


def parse_yaml(text: str, *, max_nodes: int = MAX_NODES) -> tuple[Node, list[Duplicate]]:
    """The tree of a YAML file of one document, and every duplicate key (the first one is kept).

    Raises:
        SourceError: no YAML, empty, more than one document, too deep, too large or tagged.
    """
    builder = _Builder(max_nodes)
    try:
        _build(builder, yaml.CSafeLoader(text))
    except yaml.reader.ReaderError as err:
        before = text[: err.position]
        raise SourceError(
            "yaml-syntax",
            "a character that YAML does not allow",
            line=before.count("\n") + 1,
            column=err.position - before.rfind("\n"),
        ) from None
    except yaml.MarkedYAMLError as err:
        mark = err.problem_mark or err.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        if _is_tab(text, line, column):
            words, hint = "a tab where YAML takes spaces only", "indent with spaces"
        else:
            words = " ".join(part for part in (err.problem, err.context) if part)
            hint = "check indentation, colons, quotes and brackets on this line and the one before"
        raise SourceError(
            "yaml-syntax", words, line=line + 1, column=column + 1, hint=hint
        ) from None
    if builder.root is None:
        raise SourceError("empty-file", "the file is empty")
    return builder.root, builder.duplicates


def _is_tab(text: str, line: int, column: int) -> bool:
    lines = text.splitlines()
    return line < len(lines) and lines[line][column : column + 1] == "\t"


def _build(builder: _Builder, events: yaml.CSafeLoader) -> None:
    begun = False
    handlers: dict[type, Callable[[Any], None]] = {
        yaml.ScalarEvent: builder.scalar,
        yaml.MappingStartEvent: lambda event: builder.open(event, {}),
        yaml.SequenceStartEvent: lambda event: builder.open(event, []),
        yaml.MappingEndEvent: lambda _: builder.close(),
        yaml.SequenceEndEvent: lambda _: builder.close(),
        yaml.AliasEvent: builder.alias,
    }
    while True:
        event = events.get_event()
        handler = handlers.get(type(event))
        if handler is not None:
            handler(event)
        elif isinstance(event, yaml.StreamEndEvent):
            return
        elif isinstance(event, yaml.DocumentStartEvent):
            if begun:
                raise SourceError(
                    "yaml-syntax",
                    "more than one YAML document in the file",
                    line=_place(event)[0],
                    hint="remove the `---` and what follows it",
                )
            begun = True


def plain(node: Node) -> Any:
    """The node as plain lists, dictionaries and scalars, with merge keys (`<<`) carried out."""
    value = node.value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        result = {key: plain(item) for key, item in value.items() if key != "<<"}
        if "<<" in value:
            merged = plain(value["<<"])
            for source in merged if isinstance(merged, list) else [merged]:
                if isinstance(source, dict):
                    result = source | result
        return result
    return value
