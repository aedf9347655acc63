"""What a schema says about an object through everything that applies in place.

`allOf`, `anyOf`, `$ref` and the like are all parts of one schema of one instance. Whether unknown
properties are refused, and which names may not be sent, can only be said of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from vallum.openapi.dialect import Dialect, Schema, dialect_of, modernise
from vallum.openapi.document import BadReferenceError, Document, Node
from vallum.openapi.keywords import COMPOSING, IN_PLACE, IN_PLACE_LISTS, JUDGING
from vallum.openapi.problems import Problems

_TELLING = frozenset(
    (
        *COMPOSING,
        "nullable",
        "properties",
        "patternProperties",
        "additionalProperties",
        "unevaluatedProperties",
    )
)
"""Keywords without which a schema says nothing about properties."""

_HIDING = frozenset(("readOnly", "writeOnly", "$ref", *IN_PLACE_LISTS))
Hiding = Literal["readOnly", "writeOnly"]
_Address = tuple[str, tuple[str, ...]]
_MAX_PARTS = 100
"""Schemas that are parts of each other, by `$ref` and `allOf`: nobody writes as many."""
_TOO_DEEP = f"schemas are parts of each other deeper than {_MAX_PARTS}"
_EXPLICIT = ("additionalProperties", "unevaluatedProperties")


@dataclass(slots=True)
class Facts:
    """About one schema with its in-place parts."""

    declares: bool = False
    """Some part names properties."""
    always_declares: bool = False
    """A part that always applies names properties."""
    is_explicit: bool = False
    """A part that always applies says itself what holds for other properties."""
    is_free: bool = False
    """Any object will do: `type: object`, and no part names properties."""
    properties: dict[str, list[Node]] = field(default_factory=dict)
    """Property → its schemas in the parts that always apply."""
    hidden: set[str] = field(default_factory=set)
    """Properties that do not belong into this message, by the parts that always apply."""


_PLAIN = Facts()
_FREE = Facts(is_free=True)


class SchemaReader:
    """Reads schema objects of a document in 2020-12 words, with their in-place facts."""

    def __init__(
        self, document: Document, dialect: Dialect, problems: Problems, hiding: Hiding = "readOnly"
    ) -> None:
        """
        Args:
            document: the contract.
            dialect: of its schemas.
            problems: collects what is wrong.
            hiding: the annotation of properties that do not belong into the messages that are
                judged: `readOnly` for requests, `writeOnly` for answers.
        """
        self._document = document
        self._hiding = hiding
        self._dialect = dialect
        self._problems = problems
        self._facts: dict[tuple[str, tuple[str, ...]], Facts] = {}
        self._hidden: dict[tuple[str, tuple[str, ...]], bool] = {}

    def modern(self, node: Node) -> Node:
        """The schema object at `node` in 2020-12 words; an empty one where it is no object."""
        value, file, path = node
        if not isinstance(value, dict):
            return Node({}, file, path)
        dialect = self._dialect
        named = value.get("$schema")
        if isinstance(named, str) and dialect is not Dialect.OPENAPI_30:
            found = dialect_of(named)
            if found is None:
                self._problems.error(node.pointer, f"`$schema` `{named}` is not known")
            dialect = found or dialect
        if dialect is Dialect.DRAFT_2020:
            return node
        return Node(modernise(value, dialect), file, path)

    def target(self, node: Node) -> Node | None:
        """What the `$ref` of a schema leads to; None after reporting a bad one."""
        try:
            target = self._document.target(node)
            self._document.follow(target)
        except BadReferenceError as error:
            self._problems.error(node.pointer, str(error), error.hint)
            return None
        return target

    def facts(self, node: Node) -> Facts:
        """The facts of the schema at `node`."""
        if isinstance(node.value, dict) and node.value.keys().isdisjoint(_TELLING):
            kind = node.value.get("type")
            return _FREE if kind == "object" else _PLAIN
        known = self._facts.get(node.address)
        if known is None:
            known = self._facts[node.address] = Facts()
            self._gather(node, known)
            known.is_free = known.is_free and not known.declares
        return known

    def is_hidden(self, node: Node) -> bool:
        """Whether a property's schema says `readOnly` (`writeOnly`), itself or by its parts."""
        if not isinstance(node.value, dict) or node.value.keys().isdisjoint(_HIDING):
            return False
        # As it is written: an annotation beside a `$ref` is meant in OpenAPI 3.0 as well.
        if node.value.get(self._hiding) is True:
            return True
        known = self._hidden.get(node.address)
        if known is None:
            self._hidden[node.address] = False  # For a schema that refers to itself.
            known = self._hidden[node.address] = self._parts_are_hidden(node)
        return known

    def _parts_are_hidden(self, node: Node) -> bool:
        if "$ref" in node.value:
            target = self.target(node)
            if target is not None and self.is_hidden(target):
                return True
        if any(self.is_hidden(part) for part in _list(node, "allOf")):
            return True
        for keyword in ("anyOf", "oneOf"):
            branches = [part for part in _list(node, keyword) if not _is_null(part)]
            if branches and all(self.is_hidden(part) for part in branches):
                return True
        return False

    def _gather(self, node: Node, facts: Facts) -> None:
        """Note what a schema says and all its parts, each once: a part may be one in many ways."""
        trail: dict[_Address, Iterator[tuple[Node, bool]]] = {}
        seen = {(node.address, True)}
        walk = [self._enter(node, facts, trail, always=True)]
        while walk:
            address, always = walk[-1]
            part, part_always = next(trail[address], (None, False))
            if part is None:
                del trail[address]
                walk.pop()
                continue
            key = (part.address, always and part_always)
            if part.address in trail:
                # An instance would be judged by the same schema forever.
                self._problems.error(part.pointer, "the schema refers to itself without an end")
            elif key not in seen and len(trail) == _MAX_PARTS:
                seen.add(key)
                self._problems.error(part.pointer, _TOO_DEEP)
            elif key not in seen:
                seen.add(key)
                walk.append(self._enter(part, facts, trail, always=key[1]))

    def _enter(
        self,
        node: Node,
        facts: Facts,
        trail: dict[_Address, Iterator[tuple[Node, bool]]],
        *,
        always: bool,
    ) -> tuple[_Address, bool]:
        schema = self.modern(node)
        self._note(schema, facts, always=always)
        trail[node.address] = self._parts(schema)
        return node.address, always

    def _note(self, schema: Node, facts: Facts, *, always: bool) -> None:
        value: Schema = schema.value
        names = value.get("properties") or value.get("patternProperties")
        if names:
            facts.declares = True
            facts.always_declares = facts.always_declares or always
        if always:
            facts.is_explicit = facts.is_explicit or any(key in value for key in _EXPLICIT)
            kind = value.get("type")
            facts.is_free = (
                facts.is_free or kind == "object" or (type(kind) is list and "object" in kind)
            )
        properties = schema.get("properties")
        for name, child in properties.members() if properties else ():
            if always:
                facts.properties.setdefault(name, []).append(child)
                if self.is_hidden(child):
                    facts.hidden.add(name)

    def _parts(self, schema: Node) -> Iterator[tuple[Node, bool]]:
        """The in-place subschemas, and whether each always applies."""
        if "$ref" in schema.value:
            target = self.target(schema)
            if target is not None:
                yield target, True
        yield from ((part, True) for part in _list(schema, "allOf"))
        for keyword in ("anyOf", "oneOf"):
            yield from ((part, False) for part in _list(schema, keyword))
        for keyword in ("if", *IN_PLACE):
            part = schema.get(keyword)
            if part is not None:
                yield part, False
        dependent = schema.get("dependentSchemas")
        if dependent is not None:
            yield from ((part, False) for _, part in dependent.members())


def only(schema: Schema) -> str | None:
    """The one keyword of a schema that judges, or None when there are none or several."""
    judging = [keyword for keyword in schema if keyword in JUDGING]
    return judging[0] if len(judging) == 1 else None


def _is_null(node: Node) -> bool:
    """Whether null is all that a schema takes: beside it, the other branch says what a value is."""
    value = node.value
    if not isinstance(value, dict):
        return False
    named = value.get("type") in ("null", ["null"]) or value.get("enum") == [None]
    return named or ("const" in value and value["const"] is None)


def _list(schema: Node, keyword: str) -> Iterator[Node]:
    node = schema.get(keyword)
    return node.items() if node is not None else iter(())
