"""Takes out of an answer what its schema does not declare (IV-9, B-251).

A validator says whether an answer fits; this says what is left of one that does not. It reads the
closed schemas that `SchemaBook` writes for answers, and asks for every object which names the parts
that apply to it declare. Plans are made when a value first needs them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson
from jsonschema_rs import Draft202012Validator

from vallum.openapi.validator import compile_schema
from vallum.wire.pointer import json_pointer

MOST_TOLD: Final = 20
"""Places of one answer that are told; what is beyond them is dropped as well."""
_MOST_PLANS: Final = 4096
_MOST_CHOICES: Final = 16
"""Choices within choices of one schema."""

_Schema = dict[str, Any] | bool


class Dropped(NamedTuple):
    """Something that was taken out of an answer."""

    pointer: str
    code: str
    """`undeclared-property`, `write-only-property`, `undeclared-value` (an object or array where
    none is declared) or `too-many-items`."""


class _Gone:
    """Stands for a value that goes out of the answer."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code


_UNDECLARED: Final = _Gone("undeclared-property")
_HIDDEN: Final = _Gone("write-only-property")
_MISPLACED: Final = _Gone("undeclared-value")


class _Plan:
    """All that the schemas which apply to one value say about its parts."""

    __slots__ = (
        "_known",
        "choices",
        "is_closed",
        "is_forbidden",
        "items",
        "kinds",
        "max_items",
        "merged",
        "others",
        "patterns",
        "prefix",
        "properties",
    )

    def __init__(self) -> None:
        self.kinds: frozenset[str] | None = None
        """The types that all agree on; None: any."""
        self.properties: dict[str, list[_Schema]] = {}
        self.patterns: list[tuple[Draft202012Validator, _Schema]] = []
        self.others: list[_Schema] = []
        """Schemas of properties that no part names."""
        self.is_closed = False
        self.is_forbidden = False
        self.items: list[_Schema] = []
        self.prefix: list[list[_Schema]] = []
        self.max_items = -1
        self.choices: list[tuple[_Schema, ...]] = []
        """Each an `anyOf` or `oneOf`."""
        self.merged: dict[tuple[tuple[int, ...], ...], _Plan] = {}
        """With the branches that apply, by their indexes."""
        self._known: dict[str, tuple[_Schema, ...] | _Gone] = {}

    @property
    def is_free(self) -> bool:
        """Whether it lets every value through as it is."""
        return not (
            self.properties
            or self.patterns
            or self.others
            or self.is_closed
            or self.is_forbidden
            or self.items
            or self.prefix
            or self.choices
            or self.max_items >= 0
            or self.kinds is not None
        )

    def takes(self, kind: str) -> bool:
        """Whether a value of this type may stand here."""
        return not self.is_forbidden and (self.kinds is None or kind in self.kinds)

    def schemas_of(self, name: str) -> tuple[_Schema, ...] | _Gone:
        """The schemas of the property `name`, or why it goes."""
        known = self._known.get(name)
        if known is not None:
            return known
        schemas = [
            *self.properties.get(name, ()),
            *(schema for pattern, schema in self.patterns if pattern.is_valid(name)),
        ]
        found: tuple[_Schema, ...] | _Gone
        if any(schema is False for schema in schemas):
            found = _HIDDEN
        elif schemas or self.others:
            found = tuple(schemas or self.others)
        else:
            found = _UNDECLARED if self.is_closed else ()
        if name in self.properties:
            self._known[name] = found
        return found

    def schemas_at(self, index: int) -> tuple[_Schema, ...]:
        """The schemas of an item."""
        return tuple(self.prefix[index] if index < len(self.prefix) else self.items)


class Pruner:
    """Prunes values by one schema."""

    def __init__(self, text: str) -> None:
        """
        Args:
            text: a closed schema of JSON Schema 2020-12 with its `$defs`.
        """
        root: _Schema = orjson.loads(text)
        self._root = root
        self._definitions: dict[str, _Schema] = (
            {} if isinstance(root, bool) else root.pop("$defs", {})
        )
        self._plans: dict[tuple[int, ...], _Plan] = {}
        self._judges: dict[int, Draft202012Validator] = {}
        self._patterns: dict[str, Draft202012Validator] = {}

    def prune(self, value: Any) -> tuple[Any, list[Dropped]]:
        """What is left of `value`, and what is gone; `value` itself is not changed.

        The pair `(None, [...])` with a pointer to the whole says that nothing is left.
        """
        walk = _Walk(self)
        left = walk.value((self._root,), value)
        if isinstance(left, _Gone):
            walk.tell(left.code)
            left = None
        return left, walk.dropped

    def plan(self, schemas: tuple[_Schema, ...]) -> _Plan:
        """The plan of schemas that all apply to one value."""
        key = tuple(map(id, schemas))
        plan = self._plans.get(key)
        if plan is None:
            plan = _Plan()
            seen: set[int] = set()
            for schema in schemas:
                self._gather(schema, plan, seen)
            if len(self._plans) < _MOST_PLANS:
                self._plans[key] = plan
        return plan

    def resolved(self, plan: _Plan, value: Any, kind: str) -> _Plan:
        """`plan` with the branches of its choices that apply to `value`."""
        for _ in range(_MOST_CHOICES):
            if not plan.choices:
                return plan
            key = tuple(self._chosen(plan, branches, value, kind) for branches in plan.choices)
            merged = plan.merged.get(key)
            if merged is None:
                merged = self._merge(plan, key)
                if len(plan.merged) < _MOST_CHOICES:
                    plan.merged[key] = merged
            plan = merged
        return plan

    def _chosen(
        self, plan: _Plan, branches: tuple[_Schema, ...], value: Any, kind: str
    ) -> tuple[int, ...]:
        """The branches that describe `value`; where none does, all that take such a value."""
        every = [i for i, branch in enumerate(branches) if self.plan((branch,)).takes(kind)]
        if len(every) > 1:
            fitting = [i for i in every if self._judge(branches[i]).is_valid(value)]
            if not fitting and kind == "object":
                # What is undeclared may be all that speaks against a branch.
                fitting = [i for i in every if self._fits_without_others(plan, branches[i], value)]
            return tuple(fitting or every)
        return tuple(every)

    def _fits_without_others(self, plan: _Plan, branch: _Schema, value: Any) -> bool:
        declared = self.plan((branch,)).properties
        known = {
            name: child
            for name, child in value.items()
            if name in declared or name in plan.properties
        }
        return self._judge(branch).is_valid(known)

    def _judge(self, schema: _Schema) -> Draft202012Validator:
        known = self._judges.get(id(schema))
        if known is None:
            whole = {"$defs": self._definitions, "allOf": [schema]}
            known = self._judges[id(schema)] = compile_schema(orjson.dumps(whole).decode())
        return known

    def _pattern(self, pattern: str) -> Draft202012Validator:
        known = self._patterns.get(pattern)
        if known is None:
            # The library matches in linear time; `re` would not.
            text = orjson.dumps({"pattern": pattern}).decode()
            known = self._patterns[pattern] = compile_schema(text)
        return known

    def _merge(self, plan: _Plan, key: tuple[tuple[int, ...], ...]) -> _Plan:
        merged = _Plan()
        merged.kinds, merged.max_items = plan.kinds, plan.max_items
        merged.is_closed, merged.is_forbidden = plan.is_closed, plan.is_forbidden
        merged.properties = {name: list(schemas) for name, schemas in plan.properties.items()}
        merged.patterns, merged.others = list(plan.patterns), list(plan.others)
        merged.items, merged.prefix = list(plan.items), [list(part) for part in plan.prefix]
        for branches, chosen in zip(plan.choices, key, strict=True):
            if not chosen:
                merged.is_forbidden = True
            for index in chosen:
                self._gather(branches[index], merged, set())
        return merged

    def _gather(self, schema: _Schema, plan: _Plan, seen: set[int]) -> None:
        """Add what `schema` says, through everything that applies in place."""
        if schema is False:
            plan.is_forbidden = True
        if isinstance(schema, bool) or id(schema) in seen:
            return
        seen.add(id(schema))
        reference = schema.get("$ref")
        if isinstance(reference, str):
            target = self._definitions[reference.removeprefix("#/$defs/")]
            self._gather(target, plan, seen)
        self._note_object(schema, plan)
        _note_array(schema, plan)
        declared = schema.get("type")
        if declared is not None:
            kinds = frozenset([declared] if isinstance(declared, str) else declared)
            plan.kinds = kinds if plan.kinds is None else plan.kinds & kinds
        for part in _parts(schema):
            self._gather(part, plan, seen)
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                plan.choices.append(tuple(schema[keyword]))

    def _note_object(self, schema: dict[str, Any], plan: _Plan) -> None:
        for name, child in schema.get("properties", {}).items():
            plan.properties.setdefault(name, []).append(child)
        for pattern, child in schema.get("patternProperties", {}).items():
            plan.patterns.append((self._pattern(pattern), child))
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            other = schema.get(keyword)
            if other is False:
                plan.is_closed = True
            elif other is not None:
                plan.others.append(other)


def _note_array(schema: dict[str, Any], plan: _Plan) -> None:
    if "items" in schema:
        plan.items.append(schema["items"])
    for index, child in enumerate(schema.get("prefixItems", ())):
        while len(plan.prefix) <= index:
            plan.prefix.append([])
        plan.prefix[index].append(child)
    most = schema.get("maxItems")
    if most is not None and (plan.max_items < 0 or most < plan.max_items):
        plan.max_items = int(most)


def _parts(schema: dict[str, Any]) -> Iterator[_Schema]:
    """In-place subschemas that apply, or may apply and then declare what they name."""
    yield from schema.get("allOf", ())
    for keyword in ("then", "else"):
        if keyword in schema:
            yield schema[keyword]
    yield from schema.get("dependentSchemas", {}).values()


class _Walk:
    """One pruning of one value."""

    __slots__ = ("_path", "_pruner", "dropped")

    def __init__(self, pruner: Pruner) -> None:
        self._pruner = pruner
        self._path: list[str | int] = []
        self.dropped: list[Dropped] = []

    def tell(self, code: str) -> None:
        """Note that what stands here is gone."""
        if len(self.dropped) < MOST_TOLD:
            self.dropped.append(Dropped(json_pointer(self._path), code))

    def value(self, schemas: Sequence[_Schema], value: Any) -> Any:
        """What is left of `value`: itself where nothing is gone, or a `_Gone`."""
        kind = "object" if type(value) is dict else "array" if type(value) is list else ""
        if not kind or not schemas:
            return value
        plan = self._pruner.plan(tuple(schemas))
        if plan.is_free:
            return value
        if not plan.takes(kind):
            return _MISPLACED
        plan = self._pruner.resolved(plan, value, kind)
        if not plan.takes(kind):
            return _MISPLACED
        return self._object(plan, value) if kind == "object" else self._array(plan, value)

    def _object(self, plan: _Plan, value: dict[str, Any]) -> dict[str, Any]:
        left: dict[str, Any] = {}
        is_same = True
        for name, child in value.items():
            kept = schemas = plan.schemas_of(name)
            if type(schemas) is tuple:
                if type(child) is not dict and type(child) is not list:
                    left[name] = child
                    continue
                self._path.append(name)
                kept = self.value(schemas, child)
                self._path.pop()
            if type(kept) is _Gone:
                self._path.append(name)
                self.tell(kept.code)
                self._path.pop()
                is_same = False
            else:
                left[name] = kept
                is_same = is_same and kept is child
        return value if is_same else left

    def _array(self, plan: _Plan, value: list[Any]) -> list[Any]:
        left: list[Any] = []
        is_same = True
        for index, child in enumerate(value):
            self._path.append(index)
            if 0 <= plan.max_items <= index:
                self.tell("too-many-items")
                self._path.pop()
                return left
            schemas = plan.schemas_at(index)
            kept = _UNDECLARED if False in schemas else self.value(schemas, child)
            if isinstance(kept, _Gone):
                self.tell(kept.code)
                is_same = False
            else:
                left.append(kept)
                is_same = is_same and kept is child
            self._path.pop()
        return value if is_same else left
