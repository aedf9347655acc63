"""What an operation may answer, compiled from the `responses` of its contract (IV-9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from vallum.core.problems import Violation
from vallum.openapi.pruner import Dropped, Pruner
from vallum.openapi.rights import Rights
from vallum.openapi.validator import SchemaValidator
from vallum.wire.media_type import MediaType, best_range

_PARTS: Final = frozenset({"object", "array"})


def has_parts(types: frozenset[str]) -> bool:
    """Whether what has one of these types is an object or an array, where it is anything."""
    return bool(types - {"null"}) and types - {"null"} <= _PARTS


class AnswerSchema:
    """Judges and prunes one kind of answer; compiled when the first of them comes."""

    __slots__ = ("_is_valid", "_pruner", "_schema", "record", "rights", "types")

    def __init__(
        self,
        schema: SchemaValidator,
        rights: Rights | None,
        types: frozenset[str],
        record: AnswerSchema | None = None,
    ) -> None:
        """
        Args:
            schema: closed, as answers are seen.
            rights: who may read what of it.
            types: that it takes, as JSON Schema names them.
            record: of a stream, what one record is; None where the contract does not say.
        """
        self.rights = rights
        self.types = types
        self.record = record
        self._schema = schema
        self._is_valid: Callable[[Any], bool] | None = None
        self._pruner: Pruner | None = None

    @property
    def has_parts(self) -> bool:
        """Whether it takes objects and arrays alone."""
        return has_parts(self.types)

    def fits(self, value: Any) -> bool:
        """Whether a value is exactly what is declared."""
        if self._is_valid is None:
            self._is_valid = self._schema.compile()
        return self._is_valid(value)

    def prune(self, value: Any) -> tuple[Any, list[Dropped]]:
        """What is left of a value without what is not declared, and what is gone."""
        if self._pruner is None:
            self._pruner = Pruner(self._schema.text)
        return self._pruner.prune(value)

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with a value that does not fit."""
        return self._schema.violations(value, "body", ())


Content = Mapping[str, AnswerSchema | None]
"""By media type or range in lower case; None: no schema, or neither JSON nor records of it and
nothing said of who may read what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerContract:
    """The answers that an operation declares."""

    by_status: Mapping[int, Content] = field(default_factory=dict)
    by_class: Mapping[int, Content] = field(default_factory=dict)
    """`2XX` under 2."""
    default: Content | None = None

    def of(self, status: int) -> Content | None:
        """What is declared for a status; None: nothing is (OpenAPI 3.1 §4.8.16)."""
        found = self.by_status.get(status)
        if found is None:
            found = self.by_class.get(status // 100)
        return self.default if found is None else found

    def success(self) -> Content | None:
        """What is declared for the first success that has content."""
        declared = [self.by_status[status] for status in sorted(self.by_status) if status < 300]
        declared += [self.by_class[2]] if 2 in self.by_class else []
        return next((content for content in declared if content), None)

    def contents(self) -> list[Content]:
        """Everything that is declared."""
        every = [*self.by_status.values(), *self.by_class.values()]
        return every if self.default is None else [*every, self.default]


def declared_type(content: Content, media_type: MediaType) -> str | None:
    """The key of `content` that covers a media type, or None."""
    return media_type.essence if media_type.essence in content else best_range(media_type, content)
