"""Kinds of values in the policy file: each reads a node, and describes itself as JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from vallum.config.diagnostics import Report, suggest
from vallum.config.source import Node
from vallum.config.values import Bad

Schema = dict[str, Any]


class _Invalid:
    """What a kind returns after it has reported why a value cannot be used."""

    __slots__ = ()


INVALID: Final = _Invalid()


@dataclass(frozen=True, slots=True)
class Context:
    """What a kind may need beside the node."""

    report: Report
    base: Path
    """Folder of the policy file: relative paths start here."""
    environ: Mapping[str, str]


class Kind(Protocol):
    """A kind of value."""

    def read(self, node: Node, context: Context) -> Any:
        """The value, or `INVALID` once the report knows why not."""
        ...

    def schema(self) -> Schema:
        """The kind as JSON Schema (draft 2020-12)."""
        ...


def _name_of(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    if isinstance(value, dict):
        return "a mapping"
    return f"`{value}`"


def wrong_type(node: Node, context: Context, expected: str) -> _Invalid:
    """Report a value of another kind."""
    context.report.add(
        "wrong-type", f"expected {expected}, found {_name_of(node.value)}", node, _type_hint(node)
    )
    return INVALID


def no_variables(node: Node, context: Context, hint: str) -> _Invalid:
    """Report `${NAME}`, which other tools replace and Vallum would take as it stands."""
    context.report.add("bad-value", f"`{node.value}` is not filled in", node, hint)
    return INVALID


def _type_hint(node: Node) -> str:
    value = node.value
    if isinstance(value, bool | int | float):
        return "quote the value if text is meant"
    if isinstance(value, str) and value.lower() in {"yes", "no", "on", "off"}:
        return f"write `{'true' if value.lower() in {'yes', 'on'} else 'false'}`"
    return "see docs/policy.md for what this key takes"


@dataclass(frozen=True, slots=True)
class Text:
    """A string that a function judges."""

    expected: str
    parse: Callable[[str], Any] = str
    pattern: str = ""
    numbers: bool = False
    """Whether a bare whole number is text too (`body: 4096`)."""
    is_exact: bool = False
    """Whether space around the text belongs to it: names that the contract chose."""

    def read(self, node: Node, context: Context) -> Any:
        value = node.value
        # Of a number that quotes would not mend (`keep: 30`) the parser knows what it lacks.
        text = str(value) if type(value) is int else value
        if not isinstance(text, str) or not text.strip():
            return wrong_type(node, context, self.expected)
        try:
            found = self.parse(text if self.is_exact else text.strip())
        except Bad as err:
            context.report.add(err.code, err.message, node, err.hint)
            return INVALID
        if type(value) is int and not (self.numbers and value >= 0):
            return wrong_type(node, context, self.expected)
        return found

    def schema(self) -> Schema:
        text: Schema = {"type": "string", "minLength": 1}
        if self.pattern:
            text["pattern"] = self.pattern
        if self.numbers:
            return {"anyOf": [text, {"type": "integer", "minimum": 0}]}
        return text


@dataclass(frozen=True, slots=True)
class Variable:
    """A string, or `{env: NAME}` for one that the environment holds."""

    inner: Text

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, dict):
            if isinstance(node.value, str) and "${" in node.value:
                hint = "write `{env: NAME}` in place of the whole value"
                return no_variables(node, context, hint)
            return self.inner.read(node, context)
        name = node.value.get("env")
        if set(node.value) != {"env"} or name is None or not isinstance(name.value, str):
            return wrong_type(node, context, f"{self.inner.expected}, or `{{env: NAME}}`")
        value = context.environ.get(name.value, "")
        if not value:
            context.report.add(
                "missing-variable",
                f"the environment variable `{name.value}` is not set",
                name,
                "set it before the gateway starts, or write the value here",
            )
            return INVALID
        found = Node(value, node.line, node.column)
        return self.inner.read(found, context)

    def schema(self) -> Schema:
        variable = {
            "type": "object",
            "properties": {"env": {"type": "string"}},
            "required": ["env"],
            "additionalProperties": False,
        }
        return {"anyOf": [self.inner.schema(), variable]}


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`."""

    def read(self, node: Node, context: Context) -> Any:
        if isinstance(node.value, bool):
            return node.value
        return wrong_type(node, context, "`true` or `false`")

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number in a range."""

    low: int
    high: int

    def read(self, node: Node, context: Context) -> Any:
        if type(node.value) is not int:
            return wrong_type(node, context, "a whole number")
        if not self.low <= node.value <= self.high:
            return out_of_range(node, context, f"{self.low:,}", f"{self.high:,}")
        return node.value

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


def out_of_range(node: Node, context: Context, low: str, high: str) -> _Invalid:
    """Report a quantity outside its range."""
    context.report.add(
        "out-of-range",
        f"`{node.value}` is out of range",
        node,
        f"write a value from {low} to {high}",
    )
    return INVALID


@dataclass(frozen=True, slots=True)
class Quantity:
    """A size or a time in a range."""

    text: Text
    low: float
    high: float
    shown: tuple[str, str]
    """The range in words."""

    def read(self, node: Node, context: Context) -> Any:
        value = self.text.read(node, context)
        if value is not INVALID and not self.low <= value <= self.high:
            return out_of_range(node, context, *self.shown)
        return value

    def schema(self) -> Schema:
        return self.text.schema()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, node: Node, context: Context) -> Any:
        if isinstance(node.value, str) and node.value in self.words:
            return node.value
        if not isinstance(node.value, str):
            return wrong_type(node, context, " or ".join(f"`{word}`" for word in self.words))
        context.report.add(
            "bad-value",
            f"`{node.value}` is none of the values of this key",
            node,
            suggest(node.value, self.words, what="value"),
        )
        return INVALID

    def schema(self) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Many:
    """A list, or one item that stands for a list of itself."""

    item: Kind
    can_be_empty: bool = True
    limit: int = 1000

    def read(self, node: Node, context: Context) -> Any:
        items = node.value if isinstance(node.value, list) else [node]
        if not items and not self.can_be_empty:
            return wrong_type(node, context, "at least one entry")
        if len(items) > self.limit:
            return out_of_range(node, context, "1", f"{self.limit} entries")
        values = [self.item.read(item, context) for item in items]
        if any(value is INVALID for value in values):
            return INVALID
        return tuple(dict.fromkeys(values))

    def schema(self) -> Schema:
        item = self.item.schema()
        many: Schema = {"type": "array", "items": item, "maxItems": self.limit}
        if not self.can_be_empty:
            many["minItems"] = 1
        return {"anyOf": [item, many]}


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping from names to values of one kind."""

    name: Text
    item: Kind
    what: str

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, dict):
            return wrong_type(node, context, f"a mapping of {self.what}s")
        result = Values(node)
        for key, item in node.value.items():
            key_node = node.keys[key]
            name = self.name.read(key_node, context)
            value = self.item.read(item, context)
            if name in result:
                first = result.places[name]
                context.report.add(
                    "duplicate-key",
                    f"`{key}` is `{first.value}`, which stands on line {first.line} already",
                    key_node,
                    "keep one of the two",
                )
            if name is not INVALID and value is not INVALID:
                result[name] = value
                result.places[name] = key_node
        return result

    def schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self.item.schema()}


class Values(dict[str, Any]):
    """What a section says, with the place of each key. Only valid values are in it."""

    __slots__ = ("node", "places")

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.node = node
        self.places: dict[str, Node] = {}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a section."""

    kind: Kind
    summary: str
    is_needed: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys."""

    name: str
    keys: Mapping[str, Key]
    misplaced: Callable[[str], str] = field(default=lambda _: "")
    """A hint for a key that belongs elsewhere; empty when it belongs nowhere."""

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, dict):
            return wrong_type(node, context, f"a mapping of the keys of {self.name}")
        result = Values(node)
        for name, item in node.value.items():
            key = self.keys.get(name)
            if key is None:
                self._unknown(name, node.keys[name], context)
                continue
            value = key.kind.read(item, context)
            result.places[name] = node.keys[name]
            if value is not INVALID:
                result[name] = value
        for name, key in self.keys.items():
            if key.is_needed and name not in node.value:
                context.report.add(
                    "missing-key",
                    f"{self.name} needs `{name}`",
                    node,
                    f"add `{name}:`, {key.summary}",
                )
        return result

    def _unknown(self, name: str, at: Node, context: Context) -> None:
        hint = self.misplaced(name) or suggest(name, self.keys, what="key")
        context.report.add("unknown-key", f"{self.name} has no key `{name}`", at, hint)

    def schema(self) -> Schema:
        properties = {
            name: {"description": key.summary, **key.kind.schema()}
            for name, key in self.keys.items()
        }
        schema: Schema = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        needed = [name for name, key in self.keys.items() if key.is_needed]
        return schema | ({"required": needed} if needed else {})


@dataclass(frozen=True, slots=True)
class Either:
    """A kind for each form that a value may take: a word, text, a list or a mapping."""

    expected: str
    words: Mapping[str, Any] = field(default_factory=dict)
    text: Kind | None = None
    items: Kind | None = None
    mapping: Kind | None = None

    def read(self, node: Node, context: Context) -> Any:
        value = node.value
        if isinstance(value, dict):
            is_variable = _takes_variable(self.text) and set(value) == {"env"}
            kind = self.text if is_variable else self.mapping
        elif isinstance(value, list):
            kind = self.items
        elif isinstance(value, str) and value in self.words:
            return self.words[value]
        else:
            kind = self.text
        if kind is not None:
            return kind.read(node, context)
        if isinstance(value, str):
            return Choice(tuple(self.words)).read(node, context)
        return wrong_type(node, context, self.expected)

    def schema(self) -> Schema:
        forms: list[Schema] = [{"enum": list(self.words)}] if self.words else []
        forms += [
            kind.schema() for kind in (self.text, self.items, self.mapping) if kind is not None
        ]
        return {"anyOf": forms}


def _takes_variable(kind: Kind | None) -> bool:
    return isinstance(kind.inner if isinstance(kind, Made) else kind, Variable)


@dataclass(frozen=True, slots=True)
class Made:
    """A value of another kind, made into the policy's own type."""

    inner: Kind
    make: Callable[[Any, Context], Any]
    """Returns `INVALID` once it has reported why it cannot."""

    def read(self, node: Node, context: Context) -> Any:
        value = self.inner.read(node, context)
        return value if value is INVALID else self.make(value, context)

    def schema(self) -> Schema:
        return self.inner.schema()
