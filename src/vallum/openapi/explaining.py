"""What is wrong with a value of a schema that refers to itself or has alternatives, step by step.

The library describes all that is wrong by each alternative that a value fails, with all that is
wrong by each alternative of every value within it: each level of a value multiplies what it builds.
Here alternatives and references are only asked whether they hold, which the library remembers; what
fails behind a reference is looked at by itself, once for each value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import orjson
from jsonschema_rs import ValidationError, ValidationErrorKind

_MARK: Final = "\0"
"""Names what stands in for an error. No value has such a name, and no contract needs one."""
_ANY_OF: Final = "anyOf"
_ONE_OF: Final = "oneOf"
_DEFINITION: Final = "$"
_ONE: Final = ("items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties")
_IN_PLACE: Final = ("then", "else")
_LISTS: Final = ("allOf", "prefixItems")
_MAPS: Final = ("properties", "patternProperties", "dependentSchemas")

_Schema = Mapping[str, Any] | bool


class Fault(NamedTuple):
    """An error of the library, or what stands in for one."""

    path: tuple[str | int, ...]
    kind: ValidationErrorKind


def refers_to_itself(references: Mapping[str, frozenset[str]]) -> bool:
    """Whether any of these schemas leads back to itself by what it refers to."""
    left = dict(references)
    while ends := [name for name, others in left.items() if others.isdisjoint(left)]:
        for name in ends:
            del left[name]
    return bool(left)


def stepwise(texts: Mapping[str, bytes]) -> str:
    """A schema that judges `{name: value}` by the definition `name`, one step deep."""
    definitions: dict[str, _Schema] = {name: orjson.loads(text) for name, text in texts.items()}
    steps = {_DEFINITION + name: _step(schema) for name, schema in definitions.items()}
    roots = {name: {"$ref": f"#/$defs/{_DEFINITION}{name}"} for name in definitions}
    return orjson.dumps({"properties": roots, "$defs": {**definitions, **steps}}).decode()


def faults(
    errors: Callable[[Any], Iterable[ValidationError]], name: str, value: Any, most: int
) -> list[Fault]:
    """What is wrong with `value` by the definition `name`: about `most` faults.

    Args:
        errors: of a `stepwise` schema.
        name: of one of its definitions.
        value: an invalid one.
        most: after which no other step is taken.
    """
    found: list[Fault] = []
    todo: list[tuple[str, tuple[str | int, ...], Any]] = [(name, (), value)]
    seen: set[tuple[str, tuple[str | int, ...]]] = {(name, ())}
    while todo and len(found) < most:
        name, path, part = todo.pop()
        behind = []
        for error in errors({name: part}):
            inner = error.instance_path[1:]
            here = (*path, *inner)
            target = _mark(error.kind).removeprefix("#/$defs/")
            if target in ("", _ANY_OF, _ONE_OF):
                found.append(Fault(here, error.kind))
            elif (target, here) not in seen:
                seen.add((target, here))
                behind.append((target, here, _at(part, inner)))
        todo.extend(reversed(behind))
    return found


def failed_choice(kind: ValidationErrorKind) -> str:
    """`anyOf` where no alternative holds, `oneOf` where several do; empty for other errors."""
    return _mark(kind)


def _mark(kind: ValidationErrorKind) -> str:
    if isinstance(kind, ValidationErrorKind.Constant):
        expected = kind.expected_value
        if isinstance(expected, dict) and list(expected) == [_MARK]:
            return str(expected[_MARK])
    return ""


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value


def _step(schema: _Schema) -> _Schema:
    """`schema`, asking its references and alternatives only whether they hold."""
    if isinstance(schema, bool):
        return schema
    out = {name: value for name, value in schema.items() if name not in ("$ref", _ANY_OF, _ONE_OF)}
    for keyword in (*_ONE, *_IN_PLACE):
        if keyword in out:
            out[keyword] = _step(out[keyword])
    for keyword in _LISTS:
        if keyword in out:
            out[keyword] = [_step(part) for part in out[keyword]]
    for keyword in _MAPS:
        if keyword in out:
            out[keyword] = {name: _step(part) for name, part in out[keyword].items()}
    asked = []
    if "$ref" in schema:
        asked.append(_asked({"$ref": schema["$ref"]}, _failed(schema["$ref"])))
    if _ANY_OF in schema:
        asked.append(_asked({_ANY_OF: schema[_ANY_OF]}, _failed(_ANY_OF)))
    if _ONE_OF in schema:
        several = {"if": {_ANY_OF: schema[_ONE_OF]}, "then": _failed(_ONE_OF)}
        asked.append(_asked({_ONE_OF: schema[_ONE_OF]}, {**several, "else": _failed(_ANY_OF)}))
    if asked:
        out["allOf"] = [*out.get("allOf", ()), *asked]
    return out


def _asked(schema: _Schema, otherwise: _Schema) -> _Schema:
    return {"if": schema, "else": otherwise}


def _failed(what: str) -> _Schema:
    return {"const": {_MARK: what}}
