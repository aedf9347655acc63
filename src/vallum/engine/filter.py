"""What a control is, and what it attaches to an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from vallum.core.fields import FieldLine
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.phases import Phase
from vallum.openapi.model import UNREAD, Operation
from vallum.wire.media_type import MediaType

Check = Callable[[Exchange], Awaitable[None] | None]
"""Refuses by raising `Denied`; anything else that it raises refuses too, as an internal error.

Returns None when it has decided, or an awaitable when it must wait (a key set to fetch, say).
"""

Explain = Callable[[Exchange], str]
"""Says what the check decided and why, after it passed; for `vallum explain`."""


@dataclass(slots=True)
class Answer:
    """The head of an upstream's answer, before it goes out. Screens may change its fields."""

    status: int
    fields: list[FieldLine]
    replace_with: str | None = None
    """A problem slug: the upstream's body is dropped and this problem is answered instead."""


Screen = Callable[[Exchange, Answer], None]


class AnswerHead(NamedTuple):
    """What is known of an answer before its body comes."""

    status: int
    media_type: MediaType | None
    """None where the upstream names none, or none that can be read."""
    fields: Sequence[FieldLine] = ()
    """Those that would go on, names in lower case; without `Location`."""


class Ruling(NamedTuple):
    """What a body screen says on the head of an answer."""

    reads: bool = False
    """Whether it wants the body whole; of a stream, each record."""
    must_read: bool = False
    """Whether a body that cannot be read whole must not go out."""
    must_undo: bool = False
    """Whether a body whose content coding cannot be undone must not go out."""
    withhold: str = ""
    """A reason code: nothing of this answer goes out."""
    fields: bytes = b""
    """Field lines to add to the answer."""
    notes: tuple[str, ...] = ()
    """For the record."""
    without: frozenset[bytes] = frozenset()
    """Names of fields that do not go on, whether the answer has a body or not."""
    field_notes: tuple[str, ...] = ()
    """For the record, about the fields."""


@dataclass(slots=True)
class AnswerBody:
    """An answer's body before it goes out. Screens may change it."""

    status: int
    media_type: MediaType | None
    content: bytes
    is_whole: bool = True
    """False: the rest follows unseen."""
    is_record: bool = False
    """Whether it is one record of a stream of the media type: JSON, most likely."""
    value: Any = UNREAD
    """The content as JSON, once a screen has read it; a screen that changes one changes both."""

    @property
    def is_json(self) -> bool:
        """Whether it should be a JSON text."""
        return self.is_record or (self.media_type is not None and self.media_type.is_json)


class BodyScreen(Protocol):
    """A control that looks into answers."""

    def judge(self, head: AnswerHead) -> Ruling:
        """What is to be done with such an answer; remembered for the next one with this head."""
        ...

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Look into a body that was asked for, and change it.

        Raises:
            Denied: nothing of it goes out.
        """
        ...


def withheld(reason: str) -> Denied:
    """What a screen raises for an answer that must not go out."""
    return Denied("answer-withheld", reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A control compiled for one operation."""

    summary: str
    """A few words for the start-up table, such as `60/minute per principal`."""
    check: Check | None = None
    screen: Screen | None = None
    screen_from: int = 0
    """The lowest status of an answer that `screen` wants to see; saves work on all others."""
    body_screen: BodyScreen | None = None
    withholds: frozenset[bytes] = frozenset()
    """Request fields (lower case) that the upstream must not see because of this control."""
    explain: Explain | None = None
    reply_fields: bytes = b""
    """Field lines that every answer of the operation carries."""
    needs_body: bool = False
    """Whether `check` reads `exchange.body`; only allowed from the READ phase on."""


SettingsT = TypeVar("SettingsT", contravariant=True)


class Filter(Protocol[SettingsT]):
    """One control. `name` is its file's name and its column in the start-up table."""

    name: ClassVar[str]
    phase: ClassVar[Phase]

    def attach(self, operation: Operation, settings: SettingsT) -> Attachment | None:
        """Compile the control for one operation.

        Returns None where the settings switch the control off for this operation.

        Raises:
            ValueError: the settings make no sense for this operation; the message says what to
                change. The gateway then refuses to start.
        """
        ...


AnyFilter = Filter[Any]
