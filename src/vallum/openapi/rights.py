"""Who may read and write which property, by annotations of the contract (AZ-6).

email: {type: string, x-vallum: {read: [admin], mask: email}}
role: {type: string, x-vallum: {write: [admin]}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final, Literal, NamedTuple, get_args

from vallum.openapi.document import Node
from vallum.openapi.facts import SchemaReader
from vallum.openapi.problems import Problems, did_you_mean

Mask = Literal["full", "last4", "email"]
MASKS: Final[tuple[Mask, ...]] = get_args(Mask)

_ANNOTATION: Final = "x-vallum"
_MAX_JOINED: Final = 20_000
"""Schemas that are put together for values of several; after them each stands by itself."""
_KEYS: Final = ("read", "write", "mask")
_IN_PLACE: Final = ("allOf", "anyOf", "oneOf")
_IN_PLACE_ONE: Final = ("if", "then", "else")
_OF_ANY_NAME: Final = ("additionalProperties", "unevaluatedProperties", "patternProperties")
_OTHERS: Final = ("items", "additionalProperties", "unevaluatedProperties", "unevaluatedItems")


class Right(NamedTuple):
    """What roles mean for one property."""

    read: frozenset[str] | None = None
    """Who sees it; None: everybody who gets the answer."""
    write: frozenset[str] | None = None
    """Who may send it; None: everybody who may send the request."""
    mask: Mask | None = None
    """What others see in its place; None: nothing."""


class Rights:
    """The rights within a value, as a graph: schemas may refer to themselves."""

    __slots__ = ("_writers", "folded", "is_map", "names", "others", "own")

    def __init__(self) -> None:
        self.own: list[Right] = []
        """About the value itself; all of them hold."""
        self.names: dict[str, list[Rights]] = {}
        self.folded: dict[str, list[Rights]] = {}
        """`names` without regard to case, in which two may be alike."""
        self.others: list[Rights] = []
        """About every item, and every property by whatever name."""
        self.is_map = False
        """Whether the value may have properties of any name, so that a number may be one."""
        self._writers: frozenset[frozenset[str]] | None = None

    def at(self, step: str) -> Iterator[Rights]:
        """What holds for a property (or item) of the value."""
        yield from self.names.get(step, ())
        yield from self.others

    def at_any_case(self, step: str) -> Iterator[Rights]:
        """As `at`, for those who do not mind case where a name is not declared: some readers do
        not."""
        named = self.names.get(step)
        yield from self.folded.get(_folded(step), ()) if named is None else named
        yield from self.others

    def add(self, step: str, below: list[Rights]) -> None:
        """Say what holds for a property."""
        self.names[step] = below
        self.folded.setdefault(_folded(step), []).extend(below)

    def every(self) -> list[Right]:
        """Every right that can be reached."""
        seen: dict[int, Rights] = {id(self): self}
        todo = [self]
        while todo:
            rights = todo.pop()
            for below in chain(*rights.names.values(), rights.others):
                if id(below) not in seen:
                    seen[id(below)] = below
                    todo.append(below)
        return [right for rights in seen.values() for right in rights.own]

    def writers(self) -> frozenset[frozenset[str]]:
        """Who may write, of every right that can be reached. Not to be asked while rights are read.

        Kept: a patch may ask for it with each of its operations.
        """
        if self._writers is None:
            every = self.every()
            self._writers = frozenset(each.write for each in every if each.write is not None)
        return self._writers


def below(rights: Iterable[Rights], step: str) -> list[Rights]:
    """What holds for a property (or item) of a value, each once."""
    return _each_once([found for each in rights for found in each.at(step)])


def below_any_case(rights: Iterable[Rights], *steps: str) -> list[Rights]:
    """As `below` for all that a property may be called, without regard to case."""
    return _each_once(
        [found for each in rights for step in steps for found in each.at_any_case(step)]
    )


def _each_once(found: list[Rights]) -> list[Rights]:
    # SECURITY: a schema may reach itself in two ways from one place, by a name and as what any
    # other property is: each level of a value would double what there is to look at.
    return found if len(found) < 2 else list({id(each): each for each in found}.values())


def _folded(name: str) -> str:
    """A name for readers who do not mind case."""
    if name.isascii():
        return name.lower()
    # Some compare capital letters, where `ı` is `I`, and some the small one of each, where `İ`
    # is `i`: without its dot, which the full mapping of Unicode keeps.
    return name.upper().casefold().replace("i\u0307", "i")


def rights_of_places(places: Iterable[tuple[tuple[str, ...], Right]]) -> Rights:
    """Rights by the steps of JSON Pointers; `*` stands for any name or index."""
    root = Rights()
    for steps, right in places:
        rights = root
        for step in steps:
            if step == "*":
                if not rights.others:
                    rights.others.append(Rights())
                rights = rights.others[0]
            else:
                if step not in rights.names:
                    rights.add(step, [Rights()])
                rights = rights.names[step][0]
        rights.own.append(right)
    return root


class RightsReader:
    """Reads the annotations of schemas; a contract without any costs one look for the word."""

    def __init__(self, root: Any, reader: SchemaReader, problems: Problems) -> None:
        """
        Args:
            root: the document.
            reader: of its schemas.
            problems: collects what is wrong.
        """
        self._reader = reader
        self._problems = problems
        self._known: dict[frozenset[Any], Rights] = {}
        self._joined = 0
        self._is_silent = not _says_rights(root)

    def read(self, schema: Node | None) -> Rights | None:
        """The rights within the values of a schema; None where it says nothing of them."""
        if schema is None or self._is_silent:
            return None
        todo: list[tuple[Rights, list[Node]]] = []
        rights = self._of([schema], todo)
        while todo:
            self._fill(*todo.pop(), todo)
        return rights if rights.every() else None

    def _all(self, schemas: list[Node], todo: list[tuple[Rights, list[Node]]]) -> list[Rights]:
        """What all these schemas say of one value, put together where that does not cost much."""
        schemas = list({each.address: each for each in schemas}.values())
        if len(schemas) > 1 and self._joined > _MAX_JOINED:
            return [self._of([each], todo) for each in schemas]
        return [self._of(schemas, todo)]

    def _of(self, schemas: list[Node], todo: list[tuple[Rights, list[Node]]]) -> Rights:
        """What these schemas say of one value; new rights are yet to be filled."""
        parts = list(self._in_place(schemas))
        if len(schemas) > 1:
            # Of n schemas there are two to the power of n sets, and a schema that leads to itself
            # in different company may lead to all of them.
            self._joined += len(parts)
        key = frozenset(part.address for part in parts)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Rights()
            todo.append((known, parts))
        return known

    def _fill(
        self, rights: Rights, parts: list[Node], todo: list[tuple[Rights, list[Node]]]
    ) -> None:
        named: dict[str, list[Node]] = {}
        others: list[Node] = []
        for part in parts:
            right = self._right(part)
            if right is not None:
                rights.own.append(right)
            _note_below(part, named, others)
            rights.is_map = rights.is_map or any(map(part.get, _OF_ANY_NAME))
        for name, children in named.items():
            rights.add(name, self._all(children, todo))
        if others:
            rights.others += self._all(others, todo)

    def _in_place(self, schemas: list[Node]) -> Iterator[Node]:
        """The schemas, and all that apply with them to the same value."""
        seen = set()
        todo = list(schemas)
        while todo:
            node = todo.pop()
            if node.address in seen or not isinstance(node.value, dict):
                continue
            seen.add(node.address)
            schema = self._reader.modern(node)
            yield node
            target = self._reader.target(schema) if "$ref" in schema.value else None
            if target is not None:
                todo.append(target)
            for keyword in _IN_PLACE:
                parts = node.get(keyword)
                todo.extend(parts.items() if parts is not None else ())
            todo.extend(part for part in map(node.get, _IN_PLACE_ONE) if part is not None)
            dependent = node.get("dependentSchemas")
            if dependent is not None:
                todo.extend(part for _, part in dependent.members())

    def _right(self, node: Node) -> Right | None:
        said = node.get(_ANNOTATION)
        if said is None or not isinstance(said.value, dict):
            return None
        value: dict[str, Any] = said.value
        if value.keys().isdisjoint(_KEYS):
            return None
        mask = value.get("mask")
        if mask is not None and mask not in MASKS:
            hint = did_you_mean(str(mask), MASKS)
            self._problems.error(said.pointer, f"`mask` cannot be `{mask}`", hint)
            mask = "full"
        return Right(self._roles(said, "read"), self._roles(said, "write"), mask)

    def _roles(self, said: Node, key: str) -> frozenset[str] | None:
        value = said.value.get(key)
        if value is None:
            return None
        roles = [value] if isinstance(value, str) else value
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            self._problems.error(said.pointer, f"`{key}` must be a list of roles")
            return frozenset()
        return frozenset(roles)


def _note_below(node: Node, named: dict[str, list[Node]], others: list[Node]) -> None:
    properties = node.get("properties")
    for name, child in properties.members() if properties is not None else ():
        named.setdefault(name, []).append(child)
    others.extend(child for child in map(node.get, _OTHERS) if child is not None)
    patterned = node.get("patternProperties")
    if patterned is not None:
        others.extend(child for _, child in patterned.members())
    prefix = node.get("prefixItems")
    others.extend(prefix.items() if prefix is not None else ())


def _says_rights(root: Any) -> bool:
    """Whether any annotation of a document speaks of rights, or one of another file may."""
    todo = [root]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            said = value.get(_ANNOTATION)
            if isinstance(said, dict) and not said.keys().isdisjoint(_KEYS):
                return True
            reference = value.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                return True
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
    return False
