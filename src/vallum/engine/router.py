"""Matches method and path to an operation; what is not declared does not exist (GW-2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from vallum.core.problems import Denied
from vallum.engine.pipeline import Route

Methods = dict[str, Route]
_PARAMETER = re.compile(r"\{([^{}]+)\}")


class _Mixed:
    """A segment that is part text, part parameter, such as `{name}.json`."""

    __slots__ = ("child", "pieces")

    def __init__(self, pieces: tuple[str, ...]) -> None:
        self.pieces = pieces
        """The texts before, between and after the parameters; some may be empty."""
        self.child = _Node()

    def captures(self, segment: str) -> tuple[str, ...] | None:
        """The values of the parameters, each as short as can be; None where nothing fits.

        Looks at each character about once: a regular expression with several groups would try
        every way to divide a long segment.
        """
        first, *between, last = self.pieces
        end = len(segment) - len(last)
        if not segment.startswith(first) or not segment.endswith(last):
            return None
        captured = []
        start = len(first)
        for text in between:
            at = segment.find(text, start + 1, end)
            if at < 0:
                return None
            captured.append(segment[start:at])
            start = at + len(text)
        if start >= end:
            return None  # A parameter is never empty.
        captured.append(segment[start:end])
        return tuple(captured)


class _Node:
    """One level of the segment tree."""

    __slots__ = ("methods", "mixed", "names", "parameter", "static")

    def __init__(self) -> None:
        self.static: dict[str, _Node] = {}
        self.mixed: list[_Mixed] = []
        self.parameter: _Node | None = None
        self.methods: Methods = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """Parameter names by method, in the order in which the path captures them."""


class Router:
    """A tree of path segments. Matching is per segment, never by prefix (B-087)."""

    def __init__(self) -> None:
        self._root = _Node()
        self._static: dict[str, Methods] = {}

    def add(self, path: str, route: Route) -> None:
        """Add the operation of `route` under the full path template `path`.

        Raises:
            ValueError: the same method and path twice, or a template that cannot be read.
        """
        method = route.operation.method
        node = self._root
        names: list[str] = []
        segments = path[1:].split("/") if path != "/" else []
        for segment in segments:
            node = _descend(node, segment, names)
        if method in node.methods:
            raise ValueError(f"two operations for {method} {path}")
        if len(set(names)) != len(names):
            raise ValueError(f"a parameter appears twice in {path}")
        node.methods[method] = route
        node.names[method] = tuple(names)
        if not names:
            self._static[path] = node.methods

    def match(
        self, method: str, path: str, segments: tuple[str, ...]
    ) -> tuple[Route, dict[str, str]]:
        """The route of a canonical path, and its path parameters.

        HEAD is answered by the GET operation where the contract has no HEAD (B-092).

        Raises:
            Denied: `not-found`, or `method-not-allowed` with `Allow`.
        """
        methods = self._static.get(path)
        if methods is not None:
            route = methods.get(method) or (methods.get("GET") if method == "HEAD" else None)
            if route is not None:
                return route, {}
        direct = _follow(self._root, segments)
        found = [direct] if direct is not None else _find(self._root, segments, 0, ())
        if not found:
            raise Denied("not-found", "route.unknown-path")
        for node, captured in found:
            for candidate in (method, "GET") if method == "HEAD" else (method,):
                route = node.methods.get(candidate)
                if route is not None:
                    return route, dict(zip(node.names[candidate], captured, strict=True))
        allow = allowed_methods(node.methods for node, _ in found)
        raise Denied(
            "method-not-allowed",
            "route.unknown-method",
            fields=b"allow: " + ", ".join(allow).encode("ascii") + b"\r\n",
        )

    def methods_at(self, segments: tuple[str, ...]) -> Mapping[str, Route]:
        """Every operation at a path, by method; empty where there is none. For preflights."""
        methods: Methods = {}
        for node, _ in _find(self._root, segments, 0, ()):
            for method, route in node.methods.items():
                methods.setdefault(method, route)
        return methods


def allowed_methods(tables: Iterable[Iterable[str]]) -> list[str]:
    """The methods of several tables for an `Allow` field, HEAD included where GET is."""
    methods = {method for table in tables for method in table}
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)


def _descend(node: _Node, segment: str, names: list[str]) -> _Node:
    parameters = _PARAMETER.findall(segment)
    pieces = tuple(_PARAMETER.split(segment)[::2])
    if any("{" in piece or "}" in piece for piece in pieces):
        raise ValueError(f"unbalanced braces in path segment `{segment}`")
    if not parameters:
        return node.static.setdefault(segment, _Node())
    names.extend(parameters)
    if segment == f"{{{parameters[0]}}}":
        if node.parameter is None:
            node.parameter = _Node()
        return node.parameter
    for known in node.mixed:
        if known.pieces == pieces:
            return known.child
    mixed = _Mixed(pieces)
    node.mixed.append(mixed)
    return mixed.child


def _follow(root: _Node, segments: tuple[str, ...]) -> tuple[_Node, tuple[str, ...]] | None:
    """The one node that the path reaches, where no segment leaves a choice; else None."""
    node = root
    captured: list[str] = []
    for segment in segments:
        child = node.static.get(segment)
        if node.mixed or not segment:
            return None
        if child is None:
            child = node.parameter
            if child is None:
                return None
            captured.append(segment)
        elif node.parameter is not None:
            return None
        node = child
    return (node, tuple(captured)) if node.methods else None


def _find(
    node: _Node, segments: tuple[str, ...], depth: int, captured: tuple[str, ...]
) -> list[tuple[_Node, tuple[str, ...]]]:
    """Every node that the path reaches, the most literal first (OpenAPI §4.8.8)."""
    if depth == len(segments):
        return [(node, captured)] if node.methods else []
    segment = segments[depth]
    found = []
    child = node.static.get(segment)
    if child is not None:
        found += _find(child, segments, depth + 1, captured)
    for mixed in node.mixed:
        values = mixed.captures(segment)
        if values is not None:
            found += _find(mixed.child, segments, depth + 1, captured + values)
    # An empty segment is no value of a parameter: `/orders/` is not `/orders/{id}` (B-078).
    if node.parameter is not None and segment:
        found += _find(node.parameter, segments, depth + 1, (*captured, segment))
    return found
