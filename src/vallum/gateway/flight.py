"""One exchange on its way through the proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vallum.core.fields import Fields
from vallum.core.request import Client, Request, Target
from vallum.engine.exchange import NO_FIELDS, Exchange
from vallum.openapi.model import UNREAD

if TYPE_CHECKING:
    from vallum.engine.pipeline import Route
    from vallum.gateway.downstream import Downstream
    from vallum.gateway.runtime import Handle, Runtime
    from vallum.gateway.screening import HeldAnswer
    from vallum.gateway.streams import AnswerStream

_NO_TARGET = Target("", (), b"", (), b"")
WITHOUT_CONTENT = frozenset({204, 304})
"""Statuses of answers that end with their head (RFC 9110 §15.3.5, §15.4.5)."""


class Flight(Exchange):
    """An exchange with what the proxy and the record need to know of it."""

    __slots__ = (
        "answer_chunked",
        "answer_started",
        "answer_stream",
        "body_complete",
        "body_was_read",
        "decision",
        "downstream",
        "handle",
        "head_only",
        "held_answer",
        "held_bytes",
        "keep_alive",
        "method",
        "minor",
        "outgoing",
        "path",
        "query_names",
        "raw_target",
        "reason",
        "request_bytes",
        "response_bytes",
        "retried",
        "runtime",
        "started",
        "status",
        "trace_id",
        "upstream_ended",
        "upstream_started",
        "upstream_status",
    )

    def __init__(
        self, downstream: Downstream, runtime: Runtime, method: str, minor: int, started: float
    ) -> None:
        self.request = downstream.no_request
        self.route: Route = runtime.unmatched
        self.parameters = {}
        self.principal = None
        self.body = b""
        self.value = UNREAD
        self.files = ()
        self.notes = []
        self.findings = []
        self.reply_fields = b""
        self.once = None
        self.withheld = NO_FIELDS
        self.request_id = ""
        self.trace_parent = b""
        self.trace_id = ""
        self.downstream = downstream
        self.runtime = runtime
        """The policy that this exchange is judged by, also when a reload happens meanwhile."""
        self.method = method
        self.minor = minor
        self.started = started
        """Monotonic seconds, as are the other times."""
        self.path = ""
        self.query_names: tuple[str, ...] = ()
        self.raw_target = b""
        self.keep_alive = False
        self.head_only = method == "HEAD"
        self.outgoing: list[bytes] = []
        """What is to be sent upstream and has no connection yet."""
        self.body_complete = True
        """Whether `outgoing` holds the whole request; False while a body is being relayed."""
        self.body_was_read = False
        """Whether the request's body has been taken off the connection."""
        self.handle: Handle | None = None
        self.retried = False
        self.held_bytes = 0
        """Body bytes of this exchange that count against the worker's budget."""
        self.held_answer: HeldAnswer | None = None
        """An answer that waits for the rest of its body."""
        self.answer_stream: AnswerStream | None = None
        """An answer whose records are judged while they go on."""
        self.answer_started = False
        self.answer_chunked = False
        self.status = 0
        self.upstream_status = 0
        self.decision = "allow"
        self.reason = ""
        self.request_bytes = 0
        self.response_bytes = 0
        self.upstream_started = 0.0
        self.upstream_ended = 0.0

    def has_content(self, status: int) -> bool:
        """Whether an answer has a body that a client reads (RFC 9110 §6.4.1)."""
        return not (self.head_only or status in WITHOUT_CONTENT)


def no_request(client: Client, scheme: str) -> Request:
    """What stands for the request of a message that could not be read."""
    return Request("", _NO_TARGET, Fields(), scheme, "", client)
