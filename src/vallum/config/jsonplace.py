"""Where something stands in a JSON text: read only when an error must be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from vallum.wire.pointer import pointer_steps

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def json_positions(text: str, pointers: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Line and column (from 1) of what each JSON Pointer names in a valid JSON text.

    Where a pointer leads nowhere, the place of the last part that exists. One pass for all.
    """
    wanted = {pointer: pointer_steps(pointer) for pointer in pointers}
    prefixes = {path[:length] for path in wanted.values() for length in range(len(path) + 1)}
    found: dict[tuple[str, ...], int] = {(): 0}
    for offset, path, _ in _places(text):
        key = tuple(path)
        if key in prefixes:
            found.setdefault(key, offset)
            if len(found) == len(prefixes):
                break
    places = {}
    for pointer, path_of in wanted.items():
        known = next(path_of[:n] for n in range(len(path_of), -1, -1) if path_of[:n] in found)
        places[pointer] = _line_and_column(text, found[known])
    return places


def json_duplicate(text: str, name: str) -> tuple[int, int]:
    """Line and column of the second member `name` in the first object that has it twice."""
    for offset, path, is_repeated in _places(text):
        if is_repeated and path[-1] == name:
            return _line_and_column(text, offset)
    return 1, 1


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _places(text: str) -> Iterator[tuple[int, list[str], bool]]:
    """Each member's name and each element, with its path and whether its name came before."""
    stack: list[set[str] | int] = []
    path: list[str] = []
    expects_name = False
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word == ",":
            path.pop()
            expects_name = isinstance(stack[-1], set)
            continue
        if word == ":":
            continue
        if word in "}]":
            opened = stack.pop()
            if opened:  # Something was in it, so its last name or index is still on the path.
                path.pop()
            expects_name = False
            continue
        if expects_name:
            name = json.loads(word)
            names = stack[-1]
            assert isinstance(names, set)  # noqa: S101  (narrows the type)
            path.append(name)
            yield token.start(), path, name in names
            names.add(name)
            expects_name = False
            continue
        if stack and isinstance(stack[-1], int):
            path.append(str(stack[-1]))
            stack[-1] += 1
            yield token.start(), path, False
        if word in "{[":
            stack.append(set() if word == "{" else 0)
            expects_name = word == "{"
