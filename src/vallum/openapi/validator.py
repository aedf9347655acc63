"""The one door to the schema library: values in, violations out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

from vallum.core.problems import Violation
from vallum.openapi.explaining import Fault, failed_choice, faults, refers_to_itself, stepwise
from vallum.openapi.patterns import LINEAR
from vallum.openapi.problems import MAX_VIOLATIONS
from vallum.wire.pointer import json_pointer

# SECURITY: the library builds every error before it returns the first, microseconds each. A value
# with more nodes than this is told its first error only.
_MAX_NODES = 200

_ALTERNATIVE: Final = ("alternative", "must match one of the declared alternatives")
_AMBIGUOUS: Final = ("ambiguous", "must match only one of the declared alternatives")

Kind = ValidationErrorKind


def compile_schema(text: str) -> Draft202012Validator:
    """Compile a schema: formats asserted, patterns in linear time, nothing fetched."""
    return Draft202012Validator(text, validate_formats=True, pattern_options=LINEAR, offline=True)


class SchemaTexts:
    """The rewritten schemas of a contract as compact JSON; all that is kept of the document."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}
        self._shared: dict[bytes, bytes] = {}
        self._references: dict[str, frozenset[str]] = {}
        self._int64: set[str] = set()

    def add(self, name: str, text: bytes, references: frozenset[str], *, int64: bool) -> None:
        """Keep the schema `name`, which refers to `references` as `#/$defs/…`."""
        self._texts[name] = self._shared.setdefault(text, text)
        self._references[name] = references
        if int64:
            self._int64.add(name)

    def own(self, name: str) -> bytes:
        """The schema `name` without what it refers to."""
        return self._texts[name]

    def whole(self, name: str) -> tuple[str, bool]:
        """The schema with all it refers to, and whether it takes 64-bit integers anywhere."""
        needed = self._needed(name)
        int64 = not needed.isdisjoint(self._int64)
        if not self._references[name]:
            return self._texts[name].decode(), int64
        definitions = b",".join(b'"%s":%s' % (n.encode(), self._texts[n]) for n in sorted(needed))
        root = b'{"$ref":"#/$defs/%s","$defs":{%s}}' % (name.encode(), definitions)
        return root.decode(), int64

    def stepwise(self, name: str) -> str | None:
        """What explains faults of the schema; None where the schema itself can."""
        needed = self._needed(name)
        texts = {each: self._texts[each] for each in needed}
        has_choices = any(b'"anyOf"' in text or b'"oneOf"' in text for text in texts.values())
        references = {each: self._references[each] for each in needed}
        return stepwise(texts) if has_choices or refers_to_itself(references) else None

    def _needed(self, name: str) -> set[str]:
        """The schema with all it refers to."""
        needed = {name}
        todo = [name]
        while todo:
            fresh = self._references[todo.pop()] - needed
            needed |= fresh
            todo.extend(fresh)
        return needed


class SchemaValidator:
    """A schema, compiled when it is first asked."""

    __slots__ = ("_compiled", "_explain", "_name", "_texts", "takes_int64")

    def __init__(self, texts: SchemaTexts, name: str) -> None:
        self._texts = texts
        self._name = name
        self._compiled: Draft202012Validator | None = None
        self._explain: Callable[[Any], list[Fault]] | None = None
        self.takes_int64 = False
        """Whether some integer of the schema has 64 bits; known once compiled."""

    @property
    def text(self) -> str:
        """The whole schema as JSON text."""
        return self._texts.whole(self._name)[0]

    @property
    def own_text(self) -> bytes:
        """The schema as JSON text, without what it refers to."""
        return self._texts.own(self._name)

    def compile(self) -> Callable[[Any], bool]:
        """The function that says whether a value is valid."""
        return self._validator().is_valid

    def violations(self, value: Any, location: str, prefix: tuple[str, ...]) -> list[Violation]:
        """What is wrong with an invalid `value`: one to `MAX_VIOLATIONS` violations."""
        found: list[Violation] = []
        explain = self._explain
        if explain is None:
            explain = self._explain = self._explainer()
        for fault in _without_echoes(explain(value)):
            found.extend(_violations(fault, location, prefix))
        if not found:
            found.append(Violation(location, json_pointer(prefix), "schema", "is not valid"))
        return found[:MAX_VIOLATIONS]

    def _explainer(self) -> Callable[[Any], list[Fault]]:
        text = self._texts.stepwise(self._name)
        if text is None:
            whole = self._validator()
            return lambda value: [
                Fault(tuple(each.instance_path), each.kind) for each in _errors(whole, value)
            ]
        # SECURITY: the library would describe a value of 28 levels of two alternatives that lead
        # back to themselves two to the power of 28 times, and 100 KB of items in five for seconds.
        steps = partial(_errors, compile_schema(text))
        return lambda value: faults(steps, self._name, value, _MAX_NODES)

    def _validator(self) -> Draft202012Validator:
        if self._compiled is None:
            text, self.takes_int64 = self._texts.whole(self._name)
            self._compiled = compile_schema(text)
        return self._compiled


def _errors(validator: Draft202012Validator, value: Any) -> list[ValidationError]:
    if _has_more_nodes(value, _MAX_NODES):
        try:
            validator.validate(value)
        except ValidationError as error:
            return [error]
        return []
    return list(islice(validator.iter_errors(value), _MAX_NODES))


def _without_echoes(found: list[Fault]) -> list[Fault]:
    """Without the properties that are unknown only because the part that declares them failed."""
    others = [
        fault.path for fault in found if not isinstance(fault.kind, Kind.UnevaluatedProperties)
    ]
    return [
        fault
        for fault in found
        if not isinstance(fault.kind, Kind.UnevaluatedProperties)
        or not any(path[: len(fault.path)] == fault.path for path in others)
    ]


def _has_more_nodes(value: Any, most: int) -> bool:
    nodes = [value]
    for node in nodes:
        if isinstance(node, dict):
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
        if len(nodes) > most:
            return True
    return False


def _violations(fault: Fault, location: str, prefix: tuple[str, ...]) -> Iterator[Violation]:
    path = (*prefix, *fault.path)
    kind = fault.kind
    match kind:
        case Kind.AdditionalProperties() | Kind.UnevaluatedProperties():
            for name in kind.unexpected:
                yield Violation(location, json_pointer((*path, name)), "unknown", "is not declared")
        case Kind.Required():
            at = json_pointer((*path, kind.property))
            yield Violation(location, at, "required", "is required")
        case Kind.FalseSchema():
            yield Violation(location, json_pointer(path), "not-allowed", "must not be sent")
        case _:
            code, detail = _describe(kind)
            yield Violation(location, json_pointer(path), code, detail)


def _describe(kind: ValidationErrorKind) -> tuple[str, str]:
    """The code of an error and what was expected; the contract's words, never the value's."""
    choice = failed_choice(kind)
    if choice:
        return _AMBIGUOUS if choice == "oneOf" else _ALTERNATIVE
    match kind:
        case Kind.Type():
            return "type", f"must be of type {' or '.join(kind.types)}"
        case Kind.Format():
            return "format", f"must be in the format {kind.format}"
        case Kind.Enum() | Kind.Constant():
            return "enum", "must be one of the declared values"
        case Kind.Pattern():
            return "pattern", "must match the declared pattern"
        case Kind.AnyOf() | Kind.OneOfNotValid():
            return _ALTERNATIVE
        case Kind.OneOfMultipleValid():
            return _AMBIGUOUS
        case Kind.UniqueItems():
            return "unique", "must not hold the same item twice"
    return _describe_bound(kind)


def _describe_bound(kind: ValidationErrorKind) -> tuple[str, str]:
    match kind:
        case Kind.MinLength():
            return "length", f"must have at least {kind.limit} characters"
        case Kind.MaxLength():
            return "length", f"must have at most {kind.limit} characters"
        case Kind.MinItems():
            return "items", f"must have at least {kind.limit} items"
        case Kind.MaxItems():
            return "items", f"must have at most {kind.limit} items"
        case Kind.Minimum():
            return "minimum", f"must be at least {kind.limit}"
        case Kind.ExclusiveMinimum():
            return "minimum", f"must be above {kind.limit}"
        case Kind.Maximum():
            return "maximum", f"must be at most {kind.limit}"
        case Kind.ExclusiveMaximum():
            return "maximum", f"must be below {kind.limit}"
        case Kind.MultipleOf():
            return "multiple", f"must be a multiple of {kind.multiple_of}"
    return "schema", f"must satisfy `{kind.name}`"
