"""One parameter of an operation: how its text is read, and whether it is valid."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from vallum.core.problems import Violation
from vallum.openapi.primitives import NotOfTypeError
from vallum.openapi.shapes import Shape
from vallum.openapi.styles import Decode, fields, repeated
from vallum.openapi.validator import SchemaValidator
from vallum.wire.pointer import json_pointer

_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,18})").fullmatch
_ANY_STRING: Final = (b'{"type":"string"}', b"{}", b"true")


class TextParameter:
    """A parameter that one text spells."""

    __slots__ = (
        "_decode",
        "_may_be_empty",
        "_schema",
        "_shape",
        "accepts",
        "is_required",
        "location",
        "name",
    )

    def __init__(
        self,
        name: str,
        location: str,
        *,
        is_required: bool,
        shape: Shape,
        decode: Decode,
        schema: SchemaValidator | None,
        may_be_empty: bool = False,
    ) -> None:
        """
        Args:
            name: as the contract has it; lower case for headers.
            location: `path`, `query`, `header` or `cookie`.
            is_required: whether a request without it breaks the contract.
            shape: the types of its value.
            decode: reads the value from its text.
            schema: judges the value; None: any text is valid.
            may_be_empty: whether the empty text is valid whatever the schema says.
        """
        self.name = name
        self.location = location
        self.is_required = is_required
        self._shape = shape
        self._decode = decode
        self._schema = schema
        self._may_be_empty = may_be_empty
        self.accepts: Callable[[str], bool] = self._first
        """Whether a text spells a valid value."""

    def _first(self, text: str) -> bool:
        # Compiled at first use: most parameters of a large contract are never sent.
        accepts = self._compile()
        self.accepts = (lambda text: not text or accepts(text)) if self._may_be_empty else accepts
        return self.accepts(text)

    def _compile(self) -> Callable[[str], bool]:
        schema, types, decode = self._schema, self._shape.types, self._decode
        if schema is None:
            return _anything
        if types <= {"string"} and decode is _as_is:
            return _anything if schema.own_text in _ANY_STRING else schema.compile()
        is_valid = schema.compile()
        if types == {"integer"}:
            return lambda text: _INTEGER(text) is not None and is_valid(int(text))

        def accepts(text: str) -> bool:
            try:
                if is_valid(decode(text)):
                    return True
            except NotOfTypeError:
                pass
            # A text that could be a number may be meant as the string that it is.
            return "string" in types and is_valid(text)

        return accepts

    def explain(self, text: str) -> list[Violation]:
        """What is wrong with a text that `accepts` refuses."""
        try:
            value = self._decode(text)
        except NotOfTypeError as error:
            return [self.violation("type", f"must be {error}")]
        if self._schema is None:
            return [self.violation("type", "is not valid")]
        return self._schema.violations(value, self.location, (self.name,))

    def violation(self, code: str, detail: str) -> Violation:
        """A violation of this parameter as a whole."""
        return Violation(self.location, json_pointer((self.name,)), code, detail)


def plain_text(name: str, location: str) -> TextParameter:
    """A parameter that may hold any text once, such as an API key that another room judges."""
    return TextParameter(
        name, location, is_required=False, shape=Shape(), decode=_as_is, schema=None
    )


def text_decoder(shape: Shape, decode: Decode) -> Decode:
    """`decode`, or the shortcut for what is a string anyway."""
    return _as_is if shape.types <= {"string"} else decode


class GroupParameter:
    """A query parameter that several name-value pairs spell: an exploded array or object."""

    __slots__ = ("_schema", "_shape", "is_required", "name")

    def __init__(
        self, name: str, *, is_required: bool, shape: Shape, schema: SchemaValidator
    ) -> None:
        self.name = name
        self.is_required = is_required
        self._shape = shape
        self._schema = schema

    def judge(self, pairs: Sequence[tuple[str, str]]) -> list[Violation]:
        """What is wrong with its pairs; for an object, the names are those of properties."""
        try:
            if self._shape.kind == "array":
                value: Any = repeated([text for _, text in pairs], self._shape)
            else:
                value = fields(pairs, self._shape)
        except NotOfTypeError as error:
            return [self.violation("type", f"must be {error}")]
        if self._schema.compile()(value):
            return []
        return self._schema.violations(value, "query", (self.name,))

    def violation(self, code: str, detail: str) -> Violation:
        """A violation of this parameter as a whole."""
        return Violation("query", json_pointer((self.name,)), code, detail)


def _as_is(text: str) -> str:
    return text


def _anything(_: str) -> bool:
    return True
