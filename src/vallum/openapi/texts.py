"""Where a value holds free text: the contract's answer to what must be inspected.

A plan has the shape of the schema. It is followed with a value that the validator has accepted,
so what the schema pins down is passed over; what the schema says nothing about is looked at whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, NamedTuple, overload

from vallum.openapi.document import Node
from vallum.openapi.facts import SchemaReader
from vallum.openapi.pinned import is_pinned
from vallum.openapi.problems import Problems, did_you_mean
from vallum.wire.multipart import Part

ANNOTATION: Final = "x-vallum"
CONTENTS: Final = (
    "text",
    "prose",
    "html",
    "sanitised-html",
    "code",
    "markdown",
    "secret",
    "identifier",
)
"""What a field may be declared to hold: `{x-vallum: {content: prose}}`."""

_MAX_JOINED: Final = 100_000
"""Schemas and properties that are put together for values of several; all after them is free."""
_STRINGS: Final = ("minLength", "maxLength", "pattern", "format", "contentMediaType")


class Place(NamedTuple):
    """A free text within a value."""

    pointer: tuple[str, ...]
    """Steps from the root of the value."""
    text: str
    content: str
    is_name: bool


_TEXTLESS: Final = frozenset((type(None), bool, int, float))

_Path = tuple["_Path", str | int] | None
"""The path of what is above, and one step; None is the root. Only few are ever asked for."""
_Found = tuple[_Path, str, str, bool]


class Places(Sequence[Place]):
    """The free texts of a value, of which a place is only written out when it is asked for."""

    __slots__ = ("_found",)

    def __init__(self, found: Sequence[_Found]) -> None:
        self._found = found

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> Place: ...

    @overload
    def __getitem__(self, index: slice) -> Places: ...

    def __getitem__(self, index: int | slice) -> Place | Places:
        if isinstance(index, slice):
            return Places(self._found[index])
        path, text, content, is_name = self._found[index]
        steps: list[str] = []
        while path is not None:
            path, step = path
            steps.append(str(step))
        return Place((*reversed(steps),), text, content, is_name)


@dataclass(slots=True, eq=False)
class TextPlan:
    """Where values of one schema hold free text."""

    content: str = ""
    """What the value is where it is a string: one of `CONTENTS`, or empty for what is pinned."""
    properties: dict[str, TextPlan] = field(default_factory=dict)
    other: TextPlan | None = None
    """For undeclared properties, whose names are free text too."""
    items: TextPlan | None = None
    said: str = ""
    """What the value is for by the schema's own words, be it pinned or not."""
    _unpinned: TextPlan | None = None

    @property
    def unpinned(self) -> TextPlan:
        """For values that nobody has held against the schema: nothing is passed over.

        What the schema says of what a text is for holds all the same.
        """
        todo: list[TextPlan] = []
        found = self._copied(todo)
        while todo:
            plan = todo.pop()
            copy = plan._copied(todo)
            copy.properties = {name: p._copied(todo) for name, p in plan.properties.items()}
            copy.other = ANYTHING if plan.other is None else plan.other._copied(todo)
            copy.items = ANYTHING if plan.items is None else plan.items._copied(todo)
        return found

    def _copied(self, todo: list[TextPlan]) -> TextPlan:
        """What `unpinned` is; a new one is yet to be filled."""
        if self._unpinned is None:
            self._unpinned = TextPlan(self.content or self.said or "text")
            todo.append(self)
        return self._unpinned

    def has(self, steps: Sequence[str]) -> bool:
        """Whether the schema names a place, by properties and indexes; `*` is any of them.

        Where it names no properties at all, it may be anywhere.
        """
        plans = [self]
        for step in steps:
            found = [each for plan in plans for each in plan._at(step)]
            plans = list({id(each): each for each in found}.values())
        return bool(plans)

    def _at(self, step: str) -> Iterator[TextPlan]:
        if self.items is not None and (step == "*" or step.isdigit()):
            yield self.items
        if self.properties:
            yield from (plan for name, plan in self.properties.items() if step in ("*", name))
        elif self.other is not None:
            yield self.other

    def collect(self, value: object, texts: list[str]) -> None:
        """Append every free text in `value`, in the order of `places`."""
        kind = type(value)
        if kind is str:
            if self.content:
                texts.append(value)  # type: ignore[arg-type]
        elif kind is dict:
            self._collect_members(value, texts)  # type: ignore[arg-type]
        elif kind is list:
            plan = self.items
            if plan is not None:
                for item in value:  # type: ignore[attr-defined]
                    plan.collect(item, texts)
        elif kind is Part:
            parts = _texts_of_file(value, None, self.content)  # type: ignore[arg-type]
            texts.extend(text for _, text, _, _ in parts)

    def _collect_members(self, value: dict[str, Any], texts: list[str]) -> None:
        properties, other = self.properties, self.other
        for name, child in value.items():
            plan = properties.get(name)
            if plan is None:
                if other is None:
                    continue
                texts.append(name)
                plan = other
            if type(child) is str:
                if plan.content:
                    texts.append(child)
            elif type(child) not in _TEXTLESS:
                plan.collect(child, texts)

    def places(self, value: object) -> Places:
        """Every free text in `value` with where it is, in the order of `collect`."""
        found: list[_Found] = []
        self._find(value, None, found)
        return Places(found)

    def _find(self, value: object, path: _Path, found: list[_Found]) -> None:
        if isinstance(value, str):
            if self.content:
                found.append((path, value, self.content, False))
        elif isinstance(value, dict):
            properties, other = self.properties, self.other
            for name, child in value.items():
                plan = properties.get(name)
                if plan is None:
                    if other is None:
                        continue
                    found.append(((path, name), name, "text", True))
                    plan = other
                if type(child) is str:
                    if plan.content:
                        found.append(((path, name), child, plan.content, False))
                elif type(child) not in _TEXTLESS:
                    plan._find(child, (path, name), found)
        elif isinstance(value, list):
            plan = self.items
            if plan is not None:
                for index, item in enumerate(value):
                    plan._find(item, (path, index), found)
        elif isinstance(value, Part):
            found += _texts_of_file(value, path, self.content)

    @property
    def kinds(self) -> frozenset[str]:
        """Every content that occurs in the plan."""
        found: set[str] = set()
        todo, known = [self], {id(self)}
        for plan in todo:
            found.add(plan.content)
            for child in (*plan.properties.values(), plan.other, plan.items):
                if child is not None and id(child) not in known:
                    known.add(id(child))
                    todo.append(child)
        return frozenset(found - {""})


def _texts_of_file(file: Part, path: _Path, content: str) -> Iterator[_Found]:
    """What of an uploaded file is text: its name, and the content where its type says so."""
    if file.name and not file.filename and content:
        # SECURITY: most readers of forms know files by their names alone: to them this is the text
        # of a field, whatever type it has.
        yield path, file.content.decode("utf-8", "replace"), content, False
        return
    if file.filename:
        yield (path, "filename"), file.filename, "text", False
    media_type = file.media_type
    if media_type is None or media_type.essence.startswith("text/"):
        # A file is kept, not pasted into a query or a page; what runs by itself still counts.
        yield path, file.content.decode("utf-8", "replace"), "code", False


NOTHING: Final = TextPlan()
"""For values that hold no free text."""

ANYTHING: Final = TextPlan(content="text")
"""For values that nothing is known about."""
ANYTHING.other = ANYTHING.items = ANYTHING._unpinned = ANYTHING


_Nodes = dict[Any, Node]
"""Schemas by their addresses, so each once: parts that name a property alike would double what
there is to read at every level of a schema that refers to itself, without end."""


@dataclass(slots=True)
class _Facts:
    """About one schema with its in-place parts. None: nothing is said."""

    content: str | None = None
    said: str = ""
    is_object: bool = True
    is_array: bool = True
    properties: dict[str, _Nodes] = field(default_factory=dict)
    other: _Nodes | None = None
    items: _Nodes | None = None


class TextReader:
    """Reads schemas to plans; what several operations refer to is read once."""

    def __init__(self, reader: SchemaReader, problems: Problems) -> None:
        self._reader = reader
        self._problems = problems
        self._known: dict[frozenset[Any], TextPlan] = {}
        self._read: dict[Any, _Facts] = {}
        self._joined = 0

    def plan(self, node: Node | None) -> TextPlan:
        """The plan for values of the schema at `node`; None: any value."""
        return ANYTHING if node is None else self._plan(_one(node))

    def content(self, node: Node | None, owner: Node) -> str:
        """What a parameter's text holds: by the annotation of `owner`, or by its schema.

        Empty where the schema pins down every text that may spell a value.
        """
        annotated = self._annotation(owner)
        if annotated is not None:
            return annotated
        return _spelled(self.plan(node), 2)

    def _plan(self, nodes: _Nodes) -> TextPlan:
        todo: list[tuple[TextPlan, _Facts]] = []
        found = self._planned(nodes, todo)
        while todo:
            plan, facts = todo.pop()
            if facts.is_object:
                for name, each in facts.properties.items():
                    plan.properties[name] = self._planned(each, todo)
                plan.other = ANYTHING if facts.other is None else self._planned(facts.other, todo)
            if facts.is_array:
                plan.items = ANYTHING if facts.items is None else self._planned(facts.items, todo)
        return found

    def _planned(self, nodes: _Nodes, todo: list[tuple[TextPlan, _Facts]]) -> TextPlan:
        """The plan for values of any of these schemas; a new one is yet to be filled."""
        key = frozenset(nodes)
        known = self._known.get(key)
        if known is not None:
            return known
        every = [self._facts(node) for node in nodes.values()]
        if len(every) > 1:
            # Of n schemas there are two to the power of n sets, and a schema that leads to itself
            # in different company may lead to all of them.
            self._joined += sum(len(each.properties) + 1 for each in every)
            if self._joined > _MAX_JOINED:
                return ANYTHING
        facts = _either(every)
        plan = TextPlan("text" if facts.content is None else facts.content, said=facts.said)
        if not (plan.content or plan.said or facts.is_object or facts.is_array):
            plan = NOTHING
        else:
            todo.append((plan, facts))
        self._known[key] = plan
        return plan

    def _facts(self, node: Node) -> _Facts:
        """What a schema and its parts say; each is read once, however many it is a part of."""
        known = self._read.get(node.address)
        if known is None:
            # Kept before it is known: nothing can be said of a schema that is a part of itself.
            self._read[node.address] = _Facts()
            known = self._read[node.address] = self._facts_of(node)
        return known

    def _facts_of(self, node: Node) -> _Facts:
        if not isinstance(node.value, dict):
            return _Facts()
        annotated = self._annotation(node)
        schema = self._reader.modern(node)
        found = _own(schema)
        target = self._reader.target(schema) if "$ref" in schema.value else None
        if target is not None:
            found = _both(found, self._facts(target))
        for keyword in ("allOf", "anyOf", "oneOf"):
            listed = schema.get(keyword)
            parts = [self._facts(part) for part in (listed.items() if listed else ())]
            if keyword == "allOf":
                for part in parts:
                    found = _both(found, part)
            elif parts:
                found = _both(found, _either(parts))
        if annotated is not None:
            found.said = annotated
            if found.content != "":
                found.content = annotated
        return found

    def _annotation(self, node: Node) -> str | None:
        said = node.get(ANNOTATION) if isinstance(node.value, dict) else None
        if said is None:
            return None
        content = said.value.get("content") if isinstance(said.value, dict) else None
        if content is None:
            return None
        if content not in CONTENTS:
            hint = did_you_mean(str(content), CONTENTS)
            self._problems.error(said.pointer, f"`content` cannot be `{content}`", hint)
            return None
        return str(content)


def _own(schema: Node) -> _Facts:
    """What the keywords of a schema say by themselves."""
    value: dict[str, Any] = schema.value
    types = value.get("type")
    declared = {types} if isinstance(types, str) else set(types) if types else None
    other = schema.get("additionalProperties")
    patterned = schema.get("patternProperties")
    items = schema.get("items")
    is_password = value.get("format") == "password"
    content: str | None = None
    if is_pinned(value) or (declared is not None and "string" not in declared):
        content = ""
    elif is_password:
        content = "secret"
    elif declared is not None or any(keyword in value for keyword in _STRINGS):
        content = "text"
    return _Facts(
        content=content,
        said="secret" if is_password else "",
        is_object=_may_be("object", declared, value),
        is_array=_may_be("array", declared, value),
        properties={
            name: _one(child)
            for name, child in (value.get("properties") and schema.child("properties").members())
            or ()
        },
        other=_one(other) if other and isinstance(other.value, dict) and not patterned else None,
        items=_one(items) if items and "prefixItems" not in value else None,
    )


def _may_be(kind: str, declared: set[str] | None, value: dict[str, Any]) -> bool:
    if "enum" in value or "const" in value:
        return False
    return declared is None or kind in declared


def _both(one: _Facts, two: _Facts) -> _Facts:
    """What holds for values of which both are true."""
    if "" in (one.content, two.content):
        content: str | None = ""
    else:
        # An annotation says more than that the value is a text.
        known = [each for each in (one.content, two.content) if each is not None]
        content = next((each for each in known if each != "text"), known[0] if known else None)
    return _Facts(
        content=content,
        said=one.said or two.said,
        is_object=one.is_object and two.is_object,
        is_array=one.is_array and two.is_array,
        properties={
            name: {**one.properties.get(name, {}), **two.properties.get(name, {})}
            for name in {**one.properties, **two.properties}
        },
        other=_joined(one.other, two.other),
        items=_joined(one.items, two.items),
    )


def _joined(one: _Nodes | None, two: _Nodes | None) -> _Nodes | None:
    if one is None or two is None:
        return one if two is None else two
    return {**one, **two}


def _either(parts: list[_Facts]) -> _Facts:
    """What holds for values of which one is true: whatever one leaves free is free."""
    if len(parts) == 1:
        return parts[0]
    free = [part.content for part in parts if part.content != ""]
    content: str | None = ""
    if free:
        content = free[0] if len(set(free)) == 1 else "text"
    said = {part.said for part in parts if part.said}
    objects = [part for part in parts if part.is_object]
    arrays = [part for part in parts if part.is_array]
    names = {name: None for part in objects for name in part.properties}
    return _Facts(
        content=content,
        said=said.pop() if len(said) == 1 else "",
        is_object=bool(objects),
        is_array=bool(arrays),
        properties={
            name: dict(
                chain.from_iterable(
                    part.properties.get(name, _free(part)).items() for part in objects
                )
            )
            for name in names
        },
        other=_all(part.other for part in objects),
        items=_all(part.items for part in arrays),
    )


def _one(node: Node) -> _Nodes:
    return {node.address: node}


_UNSAID: Final = _one(Node(True, "", ("anything",)))


def _free(part: _Facts) -> _Nodes:
    """The schemas of a property that `part` does not name."""
    return _UNSAID if part.other is None else part.other


def _all(each: Iterator[_Nodes | None]) -> _Nodes | None:
    nodes: _Nodes = {}
    for some in each:
        if some is None:
            return None
        nodes.update(some)
    return nodes


def _spelled(plan: TextPlan, levels: int) -> str:
    """The content of texts that spell values of `plan`: what is free in any part is free."""
    if plan.content or not levels:
        return plan.content
    children = [plan.items, *plan.properties.values()]
    if plan.other is not None and not plan.properties:
        children.append(plan.other)
    found = [_spelled(child, levels - 1) for child in children if child is not None]
    return next((content for content in found if content), "")
