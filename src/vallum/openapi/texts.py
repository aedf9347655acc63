"""Where a value holds free text: the contract's answer to what must be inspected.

A plan has the shape of the schema. It is followed with a value that the validator has accepted,
so what the schema pins down is passed over; what the schema says nothing about is looked at whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

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

_MAX_CHAIN: Final = 12
_STRINGS: Final = ("minLength", "maxLength", "pattern", "format", "contentMediaType")
_OBJECTS: Final = ("properties", "additionalProperties", "patternProperties", "required")


class Place(NamedTuple):
    """A free text within a value."""

    pointer: tuple[str, ...]
    """Steps from the root of the value."""
    text: str
    content: str
    is_name: bool


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
        known = self._unpinned
        if known is None:
            # Kept before it is filled, because plans may refer to themselves.
            known = self._unpinned = TextPlan(self.content or self.said or "text")
            known.properties = {name: each.unpinned for name, each in self.properties.items()}
            known.other = ANYTHING if self.other is None else self.other.unpinned
            known.items = ANYTHING if self.items is None else self.items.unpinned
        return known

    def has(self, steps: Sequence[str]) -> bool:
        """Whether the schema names a place, by properties and indexes; `*` is any of them.

        Where it names no properties at all, it may be anywhere.
        """
        if not steps:
            return True
        step, rest = steps[0], steps[1:]
        plans = [] if self.items is None or not (step == "*" or step.isdigit()) else [self.items]
        if self.properties:
            plans += [plan for name, plan in self.properties.items() if step in ("*", name)]
        elif self.other is not None:
            plans.append(self.other)
        return any(plan.has(rest) for plan in plans)

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
            places = _file_places(value, (), self.content)  # type: ignore[arg-type]
            texts.extend(place.text for place in places)

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
            elif child is not None:
                plan.collect(child, texts)

    def places(self, value: object, pointer: tuple[str, ...] = ()) -> Iterator[Place]:
        """Every free text in `value` with where it is."""
        if isinstance(value, str):
            if self.content:
                yield Place(pointer, value, self.content, False)
        elif isinstance(value, dict):
            for name, child in value.items():
                plan = self.properties.get(name)
                if plan is None:
                    if self.other is None:
                        continue
                    yield Place((*pointer, name), name, "text", True)
                    plan = self.other
                yield from plan.places(child, (*pointer, name))
        elif isinstance(value, list):
            if self.items is not None:
                for index, item in enumerate(value):
                    yield from self.items.places(item, (*pointer, str(index)))
        elif isinstance(value, Part):
            yield from _file_places(value, pointer, self.content)

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


def _file_places(file: Part, pointer: tuple[str, ...], content: str) -> Iterator[Place]:
    """What of an uploaded file is text: its name, and the content where its type says so."""
    if file.name and not file.filename and content:
        # SECURITY: most readers of forms know files by their names alone: to them this is the text
        # of a field, whatever type it has.
        yield Place(pointer, file.content.decode("utf-8", "replace"), content, False)
        return
    if file.filename:
        yield Place((*pointer, "filename"), file.filename, "text", False)
    media_type = file.media_type
    if media_type is None or media_type.essence.startswith("text/"):
        # A file is kept, not pasted into a query or a page; what runs by itself still counts.
        yield Place(pointer, file.content.decode("utf-8", "replace"), "code", False)


NOTHING: Final = TextPlan()
"""For values that hold no free text."""

ANYTHING: Final = TextPlan(content="text")
"""For values that nothing is known about."""
ANYTHING.other = ANYTHING.items = ANYTHING._unpinned = ANYTHING


@dataclass(slots=True)
class _Facts:
    """About one schema with its in-place parts. None: nothing is said."""

    content: str | None = None
    said: str = ""
    is_object: bool = True
    is_array: bool = True
    properties: dict[str, tuple[Node, ...]] = field(default_factory=dict)
    other: tuple[Node, ...] | None = None
    items: tuple[Node, ...] | None = None


class TextReader:
    """Reads schemas to plans; what several operations refer to is read once."""

    def __init__(self, reader: SchemaReader, problems: Problems) -> None:
        self._reader = reader
        self._problems = problems
        self._known: dict[frozenset[Any], TextPlan] = {}

    def plan(self, node: Node | None) -> TextPlan:
        """The plan for values of the schema at `node`; None: any value."""
        return ANYTHING if node is None else self._plan((node,))

    def content(self, node: Node | None, owner: Node) -> str:
        """What a parameter's text holds: by the annotation of `owner`, or by its schema.

        Empty where the schema pins down every text that may spell a value.
        """
        annotated = self._annotation(owner)
        if annotated is not None:
            return annotated
        return _spelled(self.plan(node), 2)

    def _plan(self, nodes: tuple[Node, ...]) -> TextPlan:
        # Each once: parts that name a property alike would double what there is to read at every
        # level of a schema that refers to itself, without end.
        unique = {node.address: node for node in nodes}
        key = frozenset(unique)
        known = self._known.get(key)
        if known is not None:
            return known
        # Kept before it is filled, because schemas may refer to themselves.
        plan = self._known[key] = TextPlan()
        facts = _either([self._facts(node, 0) for node in unique.values()])
        plan.content = "text" if facts.content is None else facts.content
        plan.said = facts.said
        if facts.is_object:
            plan.properties = {name: self._plan(each) for name, each in facts.properties.items()}
            plan.other = ANYTHING if facts.other is None else self._plan(facts.other)
        if facts.is_array:
            plan.items = ANYTHING if facts.items is None else self._plan(facts.items)
        if not (plan.content or plan.said or plan.other or plan.items or plan.properties):
            self._known[key] = NOTHING
            return NOTHING
        return plan

    def _facts(self, node: Node, chain: int) -> _Facts:
        if chain > _MAX_CHAIN or not isinstance(node.value, dict):
            return _Facts()
        annotated = self._annotation(node)
        schema = self._reader.modern(node)
        found = _own(schema)
        target = self._reader.target(schema) if "$ref" in schema.value else None
        if target is not None:
            found = _both(found, self._facts(target, chain + 1))
        for keyword in ("allOf", "anyOf", "oneOf"):
            listed = schema.get(keyword)
            parts = [self._facts(part, chain + 1) for part in (listed.items() if listed else ())]
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
            name: (child,)
            for name, child in (value.get("properties") and schema.child("properties").members())
            or ()
        },
        other=(other,) if other and isinstance(other.value, dict) and not patterned else None,
        items=(items,) if items and "prefixItems" not in value else None,
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
            name: (*one.properties.get(name, ()), *two.properties.get(name, ()))
            for name in {**one.properties, **two.properties}
        },
        other=_joined(one.other, two.other),
        items=_joined(one.items, two.items),
    )


def _joined(one: tuple[Node, ...] | None, two: tuple[Node, ...] | None) -> tuple[Node, ...] | None:
    if one is None or two is None:
        return one if two is None else two
    return (*one, *two)


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
            name: tuple(node for part in objects for node in part.properties.get(name, _free(part)))
            for name in names
        },
        other=_all(part.other for part in objects),
        items=_all(part.items for part in arrays),
    )


def _free(part: _Facts) -> tuple[Node, ...]:
    """The schemas of a property that `part` does not name."""
    return (Node(True, "", ("anything",)),) if part.other is None else part.other


def _all(each: Iterator[tuple[Node, ...] | None]) -> tuple[Node, ...] | None:
    nodes: list[Node] = []
    for some in each:
        if some is None:
            return None
        nodes += some
    return tuple(nodes)


def _spelled(plan: TextPlan, levels: int) -> str:
    """The content of texts that spell values of `plan`: what is free in any part is free."""
    if plan.content or not levels:
        return plan.content
    children = [plan.items, *plan.properties.values()]
    if plan.other is not None and not plan.properties:
        children.append(plan.other)
    found = [_spelled(child, levels - 1) for child in children if child is not None]
    return next((content for content in found if content), "")
