"""What a control is, and what it attaches to an operation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from vallum.core.fields import FieldLine
from vallum.engine.exchange import Exchange
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation

Check = Callable[[Exchange], Awaitable[None] | None]
"""Refuses by raising `Denied`; anything else that it raises refuses too, as an internal error.

Returns None when it has decided, or an awaitable when it must wait (a key set to fetch, say).
"""

Explain = Callable[[Exchange], str]
"""Says what the check decided and why, after it passed; for `vallum explain`."""


@dataclass(slots=True)
class Answer:
    """The head of an upstream's answer, before it goes out. Screens may change it."""

    status: int
    fields: list[FieldLine]
    replace_with: str | None = None
    """A problem slug: the upstream's body is dropped and this problem is answered instead."""


Screen = Callable[[Exchange, Answer], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A control compiled for one operation."""

    summary: str
    """A few words for the start-up table, such as `60/minute per principal`."""
    check: Check | None = None
    screen: Screen | None = None
    screen_from: int = 0
    """The lowest status of an answer that `screen` wants to see; saves work on all others."""
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
