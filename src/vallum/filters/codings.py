"""Content codings (B-109, B-110): every later control, and the upstream, reads what was coded.

What the policy allows is undone whatever `validate` says: a body that cannot be decoded could be
neither inspected nor forwarded without its coding. What it does not allow, `validate` decides.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Protocol

from vallum.core.fields import Fields
from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation
from vallum.openapi.problems import ContractViolation
from vallum.wire.codings import CodingTooLarge, MalformedCoding, decode

_NONE = "identity"
_DETAILS = {
    "syntax": "must be in the content coding that it names",
    "truncated": "must be complete in its content coding",
    "trailing": "must be one stream in its content coding, with nothing behind it",
}


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def codings(self) -> tuple[str, ...]:
        """Those that are taken."""
        ...

    @property
    def body(self) -> int:
        """Bytes of the largest body."""
        ...

    @property
    def validate(self) -> Literal["block", "monitor", "off"]:
        """Whether a coding that is not taken is refused."""
        ...


class Codings:
    """Undoes the content coding of a body, or refuses it."""

    name: ClassVar[str] = "codings"
    phase: ClassVar[Phase] = Phase.READ

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """None where no body is declared, or nothing looks at bodies."""
        taken = frozenset(settings.codings)
        if taken:
            return _decoding(settings)
        if not operation.bodies or settings.validate == "off":
            return None
        is_blocking = settings.validate == "block"

        def check(exchange: Exchange) -> None:
            coding = _coding(exchange.request.fields)
            if coding != _NONE:
                refusal = _unsupported(())
                if is_blocking:
                    raise refusal
                exchange.notes.append(refusal.reason)

        return Attachment(
            summary="none", check=check, explain=lambda _: "the body has no content coding"
        )


def _decoding(settings: Settings) -> Attachment:
    taken, limit = settings.codings, settings.body

    def check(exchange: Exchange) -> None:
        coding = _coding(exchange.request.fields)
        if coding == _NONE or not exchange.body:
            return
        if coding not in taken:
            raise _unsupported(taken)
        try:
            exchange.body = decode(coding, exchange.body, limit)
        except CodingTooLarge:
            raise Denied("body-too-large", "body.coding-too-large") from None
        except MalformedCoding as error:
            detail = _DETAILS[error.code]
            raise ContractViolation(
                [Violation("body", "", f"coding-{error.code}", detail)]
            ) from None

    return Attachment(
        summary=", ".join(taken),
        check=check,
        explain=lambda _: "the body is decoded, or has no content coding",
        needs_body=True,
    )


def undone_fields(settings: Settings) -> frozenset[bytes]:
    """Request fields that no longer hold where a coding is undone."""
    if not settings.codings:
        return frozenset()
    # RFC 9530 §2, §3: digests of the coded bytes.
    return frozenset({b"content-encoding", b"content-digest", b"repr-digest"})


def _coding(fields: Fields) -> str:
    value = fields.get(b"content-encoding")
    # A list of codings is no coding that is taken: one at most (B-109, B-110).
    return _NONE if value is None else value.decode("latin-1").lower()


def _unsupported(taken: tuple[str, ...]) -> Denied:
    # RFC 9110 §15.5.16: a 415 for a coding should say which ones are taken.
    accepted = ", ".join(taken or (_NONE,))
    return Denied(
        "unsupported-media-type",
        "body.content-coding",
        fields=f"Accept-Encoding: {accepted}\r\n".encode("ascii"),
    )
