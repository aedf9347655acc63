"""Schemas of a contract, made ready to judge requests.

Each schema is rewritten once to JSON Schema 2020-12 and kept as compact text; the text of all that
a body needs is compiled when the first such body comes. A thousand operations thus cost little
memory, and everything that can be wrong with a schema is found at load.

Unknown properties are refused by default (B-105): an object schema that names properties and does
not say what holds for others gets `additionalProperties: false`, or `unevaluatedProperties: false`
at the outermost schema where it is composed of parts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from vallum.openapi.dialect import Dialect, Schema, modernise
from vallum.openapi.document import Document, Node
from vallum.openapi.facts import Facts, Hiding, SchemaReader, only
from vallum.openapi.formats import assert_format
from vallum.openapi.keywords import (
    CHILD,
    CHILD_OPEN,
    COMPOSING,
    IN_PLACE,
    IN_PLACE_LISTS,
    IN_PLACE_OPEN,
    PLAIN,
)
from vallum.openapi.patterns import Patterns
from vallum.openapi.problems import Problems
from vallum.openapi.validator import SchemaTexts, SchemaValidator

_NONE: frozenset[str] = frozenset()
_MAX_NESTING = 100


class View(NamedTuple):
    """How a schema is looked at: the same component may be a whole, or a part of another."""

    is_closed: bool
    """Whether undeclared and hidden properties are refused."""
    is_part: bool = False
    """Whether it applies in place as a part of another schema, which then closes the whole."""
    frees: bool = False
    """Whether this part, when it says `type: object` and no more, lets any property through."""
    hidden: frozenset[str] = _NONE
    """What the whole declares read-only (in answers: write-only)."""
    shared: frozenset[str] = _NONE
    """Properties that several parts describe: the whole closes them."""


class SchemaBook:
    """Every schema that requests (or answers) are judged by, rewritten once."""

    def __init__(
        self, document: Document, dialect: Dialect, problems: Problems, hiding: Hiding = "readOnly"
    ) -> None:
        """
        Args:
            document: the contract.
            dialect: of its schemas.
            problems: collects what is wrong.
            hiding: `readOnly` where requests are judged, `writeOnly` where answers are.
        """
        self.reader = SchemaReader(document, dialect, problems, hiding)
        self._problems = problems
        self._patterns = Patterns(problems)
        self._names: dict[tuple[Any, View], str] = {}
        self._texts = SchemaTexts()
        self._validators: dict[bytes, SchemaValidator] = {}
        self._pending: deque[tuple[str, Node, View]] = deque()
        # Of the schema that is being rewritten:
        self._references: set[str] = set()
        self._takes_int64 = False
        self._depth = 0

    def validator(self, node: Node, *, is_closed: bool) -> SchemaValidator:
        """A validator of the schema at `node`, compiled at its first use."""
        name = self._register(node, View(is_closed))
        while self._pending:
            self._rewrite(*self._pending.popleft())
        # Contracts repeat themselves: a page size, a sort order. One validator does for all.
        text = self._texts.own(name)
        known = self._validators.get(text)
        if known is None:
            known = self._validators[text] = SchemaValidator(self._texts, name)
        return known

    def _register(self, node: Node, view: View) -> str:
        key = (node.address, view)
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"s{len(self._names)}"
            self._pending.append((name, node, view))
        return name

    def _rewrite(self, name: str, node: Node, view: View) -> None:
        self._references, self._takes_int64, self._depth = set(), False, 0
        rewritten = self._schema(node, view)
        try:
            # YAML dates in an enum become the strings that JSON has for them.
            # Copied: orjson's own buffer is several times as large as the text.
            text = bytes(memoryview(orjson.dumps(rewritten)))
        except (TypeError, orjson.JSONEncodeError) as error:
            self._problems.error(node.pointer, f"the schema holds what JSON cannot: {error}")
            text = b"true"
        self._texts.add(name, text, frozenset(self._references), int64=self._takes_int64)

    def _schema(self, node: Node, view: View) -> Schema | bool:
        if isinstance(node.value, bool):
            return node.value
        if not isinstance(node.value, dict):
            self._problems.error(node.pointer, "a schema must be an object")
            return True
        self._depth += 1
        if self._depth > _MAX_NESTING:
            self._problems.error(node.pointer, f"schemas nest deeper than {_MAX_NESTING}")
            rewritten: Schema | bool = True
        else:
            rewritten = self._object(self.reader.modern(node), node, view)
        self._depth -= 1
        return rewritten

    def _object(self, schema: Node, node: Node, view: View) -> Schema | bool:
        value: Schema = schema.value
        alone = only(value)
        if alone == "$ref":
            return self._reference(schema, view)
        if alone == "allOf" and isinstance(value["allOf"], list) and len(value["allOf"]) == 1:
            return self._schema(schema.child("allOf").child(0), view)
        if alone in ("anyOf", "oneOf"):
            parts = self._list(schema, alone)
            if sum(part.value != {"type": "null"} for part in parts) == 1:
                # `X or null`: there is nothing to compose, so X is looked at as the whole is.
                return {alone: self._branches(parts, view)}
        return self._composed(schema, view, self.reader.facts(node))

    def _composed(self, schema: Node, view: View, facts: Facts) -> Schema:
        inner = self._inner_view(view, facts)
        out: Schema = {}
        self._plain(schema, out)
        self._parts(schema, out, inner)
        self._children(schema, out, inner)
        if "required" in out:
            # OpenAPI 3.0.4 §4.7.24.2: a read-only property is required in responses only, and a
            # write-only one in requests only.
            out["required"] = [n for n in out["required"] if n not in inner.hidden]
        if view.is_closed:
            self._close(out, view, facts, inner)
        return out

    def _inner_view(self, view: View, facts: Facts) -> View:
        """How the in-place parts of a schema are looked at."""
        if not facts.declares:
            return view
        shared = view.shared
        if view.is_closed and not view.is_part:
            shared = frozenset(
                name
                for name, places in facts.properties.items()
                if len(places) > 1 and sum(self.reader.facts(p).declares for p in places) > 1
            )
        frees = view.frees if view.is_part else view.is_closed
        return view._replace(
            frees=frees and not facts.always_declares,
            hidden=view.hidden | facts.hidden,
            shared=shared,
        )

    def _reference(self, schema: Node, view: View) -> Schema | bool:
        target = self.reader.target(schema)
        if target is None:
            return True
        name = self._register(target, view)
        self._references.add(name)
        return {"$ref": f"#/$defs/{name}"}

    def _plain(self, schema: Node, out: Schema) -> None:
        value: Schema = schema.value
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            if isinstance(value.get(keyword), bool):
                rest = {name: value[name] for name in value if name != "$ref"}
                value = modernise(rest, Dialect.DRAFT_4)
                self._problems.warn(
                    schema.pointer,
                    f"a boolean `{keyword}` is read as in OpenAPI 3.0",
                    "write the bound itself",
                )
        for keyword, (is_valid, expected) in PLAIN.items():
            if keyword in value:
                if is_valid(value[keyword]):
                    out[keyword] = value[keyword]
                else:
                    at = schema.child(keyword).pointer
                    self._problems.error(at, f"`{keyword}` must be {expected}")
        if "pattern" in out and not self._patterns.check(out["pattern"], schema.pointer):
            del out["pattern"]
        if assert_format(out):
            self._takes_int64 = True
        self._unsupported(schema)

    def _unsupported(self, schema: Node) -> None:
        """Say what a schema holds that is read otherwise than its author may expect."""
        value: Schema = schema.value
        if "$dynamicRef" in value:
            self._problems.error(schema.pointer, "`$dynamicRef` is not supported", "use `$ref`")
        if "$recursiveRef" in value:
            # No keyword of 2020-12, and in an OpenAPI document its target is no schema.
            self._problems.warn(schema.pointer, "`$recursiveRef` is not enforced", "use `$ref`")
        if "$id" in value:
            self._problems.warn(
                schema.pointer, "`$id` is ignored: references are resolved against the document"
            )
        if "nullable" in value:
            self._problems.warn(
                schema.pointer,
                "`nullable` means nothing in OpenAPI 3.1",
                "write `type: [..., 'null']`",
            )

    def _parts(self, schema: Node, out: Schema, view: View) -> None:
        """The in-place subschemas."""
        value: Schema = schema.value
        always = view._replace(is_part=True)
        if "$ref" in value:
            reference = self._reference(schema, always._replace(frees=False))
            if isinstance(reference, dict):
                out.update(reference)
        for keyword in IN_PLACE_LISTS:
            parts = self._list(schema, keyword)
            if not parts:
                continue
            branch = always._replace(frees=False) if keyword == "allOf" else always
            out[keyword] = (
                [self._schema(part, branch) for part in parts]
                if keyword == "allOf"
                else self._branches(parts, branch)
            )
        for keyword in IN_PLACE:
            if keyword in value:
                out[keyword] = self._schema(schema.child(keyword), always._replace(frees=False))
        for keyword in IN_PLACE_OPEN:
            if keyword in value:
                out[keyword] = self._schema(schema.child(keyword), View(is_closed=False))
        if "dependentSchemas" in value:
            out["dependentSchemas"] = {
                name: self._schema(part, always._replace(frees=False))
                for name, part in self._map(schema, "dependentSchemas")
            }

    def _branches(self, parts: list[Node], view: View) -> list[Schema | bool]:
        """The alternatives of a value; one that does not belong into this message is none."""
        hidden = [view.is_closed and self.reader.is_hidden(part) for part in parts]
        rewritten = [self._schema(part, view) for part in parts]
        if all(hidden):
            return rewritten  # Then the property as a whole is hidden, where it is one.
        return [not gone and each for gone, each in zip(hidden, rewritten, strict=True)]

    def _children(self, schema: Node, out: Schema, view: View) -> None:
        """The subschemas of parts of the instance."""
        value: Schema = schema.value
        whole = View(view.is_closed)
        for keyword in CHILD:
            if keyword in value:
                out[keyword] = self._other(keyword, schema.child(keyword), whole)
        for keyword in CHILD_OPEN:
            if keyword in value:
                out[keyword] = self._schema(schema.child(keyword), View(is_closed=False))
        if "prefixItems" in value:
            parts = self._list(schema, "prefixItems")
            out["prefixItems"] = [self._schema(part, whole) for part in parts]
        if "properties" in value:
            out["properties"] = {
                name: self._property(name, child, view, whole)
                for name, child in self._map(schema, "properties")
            }
        if "patternProperties" in value:
            self._pattern_properties(schema, out, whole)

    def _property(self, name: str, node: Node, view: View, whole: View) -> Schema | bool:
        if view.is_closed and (name in view.hidden or self.reader.is_hidden(node)):
            self._schema(node, whole)  # so that what is wrong with it is reported
            return False
        if name in view.shared:
            return self._schema(node, View(view.is_closed, is_part=True))
        return self._schema(node, whole)

    def _other(self, keyword: str, node: Node, whole: View) -> Schema | bool:
        """The schema of items, or of properties that have no schema by their name."""
        rewritten = self._schema(node, whole)
        is_hidden = keyword.endswith("Properties") and self.reader.is_hidden(node)
        return False if whole.is_closed and is_hidden else rewritten

    def _pattern_properties(self, schema: Node, out: Schema, whole: View) -> None:
        children = self._map(schema, "patternProperties")
        usable = [
            (name, child) for name, child in children if self._patterns.check(name, child.pointer)
        ]
        out["patternProperties"] = {
            name: self._other("patternProperties", child, whole) for name, child in usable
        }
        if len(usable) < len(children):
            # What a dropped pattern would have matched must not be refused as unknown.
            out["additionalProperties"] = True

    def _close(self, out: Schema, view: View, facts: Facts, parts: View) -> None:
        if view.is_part:
            if view.frees and facts.is_free and not facts.is_explicit:
                out["additionalProperties"] = True
            return
        if not facts.declares or "additionalProperties" in out or "unevaluatedProperties" in out:
            return
        if not any(keyword in out for keyword in COMPOSING):
            out["additionalProperties"] = False
            return
        for name in sorted(parts.shared):
            pieces = [
                self._schema(piece, View(is_closed=True, is_part=True))
                for piece in facts.properties[name]
            ]
            joined = {"allOf": pieces, "unevaluatedProperties": False}
            out.setdefault("allOf", []).append({"properties": {name: joined}})
        out["unevaluatedProperties"] = False

    def _list(self, schema: Node, keyword: str) -> list[Node]:
        node = schema.get(keyword)
        if node is None:
            return []
        if not isinstance(node.value, list) or not node.value:
            self._problems.error(node.pointer, f"`{keyword}` must be a list of schemas")
            return []
        return list(node.items())

    def _map(self, schema: Node, keyword: str) -> list[tuple[str, Node]]:
        node = schema.child(keyword)
        if not isinstance(node.value, Mapping):
            self._problems.error(node.pointer, f"`{keyword}` must map names to schemas")
            return []
        members = list(node.members())
        if len(members) != len(node.value):
            self._problems.error(
                node.pointer,
                "a name is not a string",
                "YAML reads names such as `on`, `no` or `1` as other types: quote them",
            )
        return members
