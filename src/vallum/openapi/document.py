"""The document as a tree with addresses, and its references."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from vallum.openapi.problems import did_you_mean
from vallum.wire.pointer import escape_step, pointer_steps

Resolve = Callable[[str], Mapping[str, Any]]
"""Reads another file of the contract; the path is relative to the root document's folder.

Raises OSError or ValueError with a message for the user.
"""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
_MAX_CHAIN = 64


class BadReferenceError(ValueError):
    """A `$ref` that leads nowhere. `hint` says how to mend it."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Node(NamedTuple):
    """A value in a document, and where it is."""

    value: Any
    file: str
    """Empty for the root document."""
    path: tuple[str, ...]

    def child(self, key: str | int) -> Node:
        """The value under `key`, which must exist."""
        return Node(self.value[key], self.file, (*self.path, str(key)))

    def get(self, key: str) -> Node | None:
        """The value under `key` of a mapping, or None."""
        if isinstance(self.value, Mapping) and key in self.value:
            return self.child(key)
        return None

    def members(self) -> Iterator[tuple[str, Node]]:
        """The members of a mapping whose names are strings, in order."""
        if isinstance(self.value, Mapping):
            for key in self.value:
                if isinstance(key, str):
                    yield key, self.child(key)

    def items(self) -> Iterator[Node]:
        """The items of a list, in order."""
        if isinstance(self.value, list):
            for index in range(len(self.value)):
                yield self.child(index)

    @property
    def address(self) -> tuple[str, tuple[str, ...]]:
        """Unique among all files; what memory of a node is keyed by."""
        return (self.file, self.path)

    @property
    def pointer(self) -> str:
        """JSON Pointer (RFC 6901), behind `file#` outside the root document."""
        text = "".join("/" + escape_step(name) for name in self.path)
        return f"{self.file}#{text}" if self.file else text


class Document:
    """A root document and the files that it refers to."""

    def __init__(self, root: Mapping[str, Any], resolve: Resolve | None) -> None:
        self.root = Node(root, "", ())
        self._resolve = resolve
        self._files: dict[str, Mapping[str, Any]] = {"": root}
        self._anchors: dict[str, dict[str, tuple[str, ...]]] = {}

    def follow(self, node: Node) -> Node:
        """The node itself, or what its chain of `$ref`s leads to.

        Raises:
            BadReferenceError: the chain is broken or runs in a circle.
        """
        for _ in range(_MAX_CHAIN):
            if not isinstance(node.value, Mapping) or "$ref" not in node.value:
                return node
            node = self.target(node)
        raise BadReferenceError("the reference leads back to itself without an end")

    def target(self, node: Node) -> Node:
        """What the `$ref` of `node` points to.

        Raises:
            BadReferenceError: it points nowhere, or somewhere that is not read.
        """
        reference = node.value["$ref"]
        if not isinstance(reference, str):
            raise BadReferenceError("`$ref` must be a string")
        address, _, fragment = reference.partition("#")
        file = self._file(address, node.file) if address else node.file
        fragment = unquote(fragment)
        if fragment and not fragment.startswith("/"):
            return self._anchor(file, fragment)
        found = Node(self._files[file], file, ())
        for key in pointer_steps(fragment):
            found = self._step(found, key, reference)
        return found

    def _step(self, node: Node, key: str, reference: str) -> Node:
        value = node.value
        if isinstance(value, Mapping):
            if key in value:
                return node.child(key)
            hint = did_you_mean(key, [name for name in value if isinstance(name, str)])
            raise BadReferenceError(f"`{reference}` does not exist", hint)
        if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            return node.child(int(key))
        raise BadReferenceError(f"`{reference}` does not exist")

    def _file(self, address: str, base: str) -> str:
        if _SCHEME.match(address):
            # SECURITY: a contract never makes the gateway fetch anything (SSRF, moving targets).
            raise BadReferenceError(
                f"`{address}` is remote and is not fetched",
                "save it beside the document and refer to the file",
            )
        if address.startswith("/"):
            raise BadReferenceError(f"`{address}` is absolute", "refer to it by a relative path")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(address)))
        if file in self._files:
            return file
        if self._resolve is None:
            raise BadReferenceError(f"`{address}` is another file, and only one document was given")
        try:
            self._files[file] = self._resolve(file)
        except (OSError, ValueError) as error:
            raise BadReferenceError(f"`{address}` cannot be read: {error}") from error
        return file

    def _anchor(self, file: str, name: str) -> Node:
        if file not in self._anchors:
            self._anchors[file] = dict(_anchors(self._files[file]))
        path = self._anchors[file].get(name)
        if path is None:
            raise BadReferenceError(f"no schema has the `$anchor` `{name}`")
        node = Node(self._files[file], file, ())
        for key in path:
            node = node.child(int(key) if isinstance(node.value, list) else key)
        return node


def _anchors(root: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    stack: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    while stack:
        value, path = stack.pop()
        if isinstance(value, Mapping):
            anchor = value.get("$anchor")
            if isinstance(anchor, str):
                yield anchor, path
            stack.extend((child, (*path, key)) for key, child in value.items() if type(key) is str)
        elif isinstance(value, list):
            stack.extend((child, (*path, str(index))) for index, child in enumerate(value))
