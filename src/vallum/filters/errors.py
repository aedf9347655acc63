"""Safe errors: what an upstream says about its own failures never reaches a client (ER-1)."""

from __future__ import annotations

from typing import ClassVar

from vallum.engine.exchange import Exchange
from vallum.engine.filter import Answer, Attachment
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation

_PROBLEMS = {503: "upstream-unavailable", 504: "upstream-timeout"}
"""Two failures that a client can act on keep their status; all others are `upstream-error`."""


class SafeErrors:
    """Replaces the answer of an upstream that failed by a problem of the gateway (B-335)."""

    name: ClassVar[str] = "errors"
    phase: ClassVar[Phase] = Phase.SCREEN

    def attach(self, operation: Operation, settings: object) -> Attachment:
        """Always attached: there is no setting that lets a stack trace through."""
        return Attachment(summary="5xx replaced", screen=_replace, screen_from=500)


def _replace(exchange: Exchange, answer: Answer) -> None:
    if answer.status >= 500:
        answer.replace_with = _PROBLEMS.get(answer.status, "upstream-error")
