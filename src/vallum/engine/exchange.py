"""One exchange: a request, what was decided about it, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from vallum.core.ports import KeptAnswer
from vallum.core.principal import Principal
from vallum.core.request import Request
from vallum.inspection.model import Finding
from vallum.openapi.model import UNREAD
from vallum.wire.multipart import Part

if TYPE_CHECKING:
    from vallum.engine.pipeline import Route

NO_FIELDS: Final[frozenset[bytes]] = frozenset()
"""What is withheld of most requests."""


class Once(Protocol):
    """Lets one of several equal requests reach the upstream."""

    def begin(self) -> KeptAnswer | None:
        """Called when everything else has passed. None: the request is to be sent.

        Returns:
            What was answered the first time, to be answered again.

        Raises:
            Denied: it must not be sent, and there is nothing to be answered.
        """
        ...

    def answered(self, answer: KeptAnswer) -> None:
        """The upstream's answer, as it goes out."""
        ...

    def not_sent(self) -> None:
        """The upstream never heard of it."""
        ...


class Exchange:
    """The mutable state of one request in flight. The request itself never changes."""

    __slots__ = (
        "body",
        "files",
        "findings",
        "notes",
        "once",
        "parameters",
        "principal",
        "reply_fields",
        "request",
        "request_id",
        "route",
        "trace_parent",
        "value",
        "withheld",
    )

    def __init__(self, request: Request, route: Route, parameters: dict[str, str]) -> None:
        self.request = request
        self.route = route
        self.parameters = parameters
        """Path parameters by name, decoded."""
        self.principal: Principal | None = None
        """Set in the KNOW phase; None on public operations called without a credential."""
        self.body: bytes = b""
        """The decoded body once it was read; empty before the READ phase."""
        self.value: object = UNREAD
        """What the body was read as, by the contract or for inspection."""
        self.files: tuple[Part, ...] = ()
        """Those of a form that the contract has read."""
        self.reply_fields: bytes = b""
        """Complete field lines (`name: value\\r\\n`) that controls add to the answer."""
        self.notes: list[str] = []
        """What controls in monitor mode would have refused, as reason codes; for the record."""
        self.findings: list[Finding] = []
        """What inspection found, refused or not; for the record."""
        self.once: Once | None = None
        """Set where the request may run one time only."""
        self.withheld: frozenset[bytes] = NO_FIELDS
        """Fields of this request (lower case) that the upstream must not see. May depend on the
        fields alone: what is forwarded of them is remembered with them."""
        self.request_id: str = ""
        self.trace_parent: bytes = b""
