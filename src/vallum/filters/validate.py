"""Contract validation (IV-1): parameters before the body is read, then the body.

Two attachments of one key of the policy file, `validate`: a request whose head breaks the contract
is refused before the gateway spends memory on its body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal, Protocol

from vallum.core.fields import Fields
from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment, Check
from vallum.engine.phases import Phase
from vallum.openapi.bodies import OpaqueBody
from vallum.openapi.model import BodyValidator, Operation, Rewritten, Unknown
from vallum.openapi.problems import ContractViolation
from vallum.openapi.xml import XMLBody
from vallum.wire.media_type import MediaType, best_range, parse_media_type
from vallum.wire.soap import SOAPMismatch, check_action, unquoted
from vallum.wire.xml import MalformedXML, parse_xml

Mode = Literal["block", "monitor", "off"]


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def validate(self) -> Mode:
        """Refuse, only note, or do nothing."""
        ...

    @property
    def unknown(self) -> Unknown:
        """Whether undeclared parameters and properties are refused."""
        ...


class ValidateParameters:
    """Judges path, query, header and cookie parameters."""

    name: ClassVar[str] = "validate"
    phase: ClassVar[Phase] = Phase.READ

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Raises ValueError where the contract was compiled for another `unknown`."""
        if settings.validate == "off":
            return None
        _require_same_unknown(operation, settings)
        judge = operation.check_parameters

        def check(exchange: Exchange) -> None:
            request = exchange.request
            judge(request.target, exchange.parameters, request.fields)

        mode = "monitor only" if settings.validate == "monitor" else "contract"
        return Attachment(
            summary=mode if settings.unknown == "refuse" else f"{mode}, unknown ignored",
            check=_in_mode(check, settings.validate),
            explain=lambda _: "every parameter fits the contract",
        )


class ValidateBody:
    """Judges media type and body; what was read is kept in `exchange.value`."""

    name: ClassVar[str] = "validate_body"
    phase: ClassVar[Phase] = Phase.READ

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Raises ValueError where the contract was compiled for another `unknown`."""
        if settings.validate == "off":
            return None
        _require_same_unknown(operation, settings)
        if operation.bodies and all(
            isinstance(body, OpaqueBody) for body in operation.bodies.values()
        ):
            return _streamed(operation, settings)
        check = _body_check(operation.bodies, is_required=operation.body_is_required)
        return Attachment(
            summary=", ".join(sorted(operation.bodies)) or "no body",
            check=_in_mode(check, settings.validate),
            explain=lambda _: "the body fits the contract",
            needs_body=True,
        )


def _streamed(operation: Operation, settings: Settings) -> Attachment:
    """A body that nothing looks into: judged by its head, and relayed as it comes."""
    bodies, is_required = operation.bodies, operation.body_is_required

    def check(exchange: Exchange) -> None:
        fields = exchange.request.fields
        has_body = b"transfer-encoding" in fields or (fields.get(b"content-length") or b"0") != b"0"
        if has_body:
            _validator_for(fields, bodies)
        elif is_required:
            raise ContractViolation([Violation("body", "", "required", "is required")])

    return Attachment(
        summary=", ".join(sorted(bodies)),
        check=_in_mode(check, settings.validate),
        explain=lambda _: "the body's type is declared; it is relayed as it comes",
    )


def _require_same_unknown(operation: Operation, settings: Settings) -> None:
    if operation.unknown != settings.unknown:
        raise ValueError(
            f"operation `{operation.id}` was compiled with `unknown: {operation.unknown}`"
        )


def _in_mode(check: Callable[[Exchange], None], mode: Mode) -> Check:
    if mode == "block":
        return check

    def monitor(exchange: Exchange) -> None:
        try:
            check(exchange)
        except Denied as refusal:
            exchange.notes.append(refusal.reason)

    return monitor


def _body_check(
    bodies: Mapping[str, BodyValidator], *, is_required: bool
) -> Callable[[Exchange], None]:
    def check(exchange: Exchange) -> None:
        body = exchange.body
        if not body:
            if is_required:
                raise ContractViolation([Violation("body", "", "required", "is required")])
            return
        if not bodies:
            raise ContractViolation([Violation("body", "", "unknown", "no body is declared")])
        validator, media_type = _validator_for(exchange.request.fields, bodies)
        if type(validator) is XMLBody:
            _check_soap(exchange.request.fields, media_type, body)
        value = validator(body, media_type)
        if type(value) is Rewritten:
            value, exchange.body, exchange.files = value
        exchange.value = value

    return check


def _validator_for(
    fields: Fields, bodies: Mapping[str, BodyValidator]
) -> tuple[BodyValidator, MediaType]:
    media_type = _media_type(fields.get(b"content-type"))
    validator = bodies.get(media_type.essence)
    if validator is None:
        covering = best_range(media_type, bodies)
        if covering is None:
            raise Denied("unsupported-media-type", "body.media-type")
        validator = bodies[covering]
    return validator, media_type


def _check_soap(fields: Fields, media_type: MediaType, body: bytes) -> None:
    """A message that says twice what is called must say the same (B-113)."""
    field, parameter = fields.all(b"soapaction"), media_type.parameter("action")
    if not field and parameter is None:
        return
    try:
        actions = [unquoted(value) for value in field]
        if parameter is not None:
            actions.append(parameter)
        root = parse_xml(body)
        for action in actions:
            check_action(root, action)
    except MalformedXML:
        return  # Its validator says why.
    except SOAPMismatch:
        detail = "must hold the operation that the SOAP action names"
        raise ContractViolation([Violation("body", "", "soap-action", detail)]) from None


def _media_type(value: bytes | None) -> MediaType:
    # RFC 9110 §8.3: without Content-Type a recipient may guess. We never do (B-094).
    if value is None:
        raise Denied("unsupported-media-type", "body.no-media-type")
    try:
        media_type = parse_media_type(value)
    except ValueError:
        raise Denied("unsupported-media-type", "body.media-type-syntax") from None
    charset = media_type.parameter("charset") if media_type.parameters else None
    # RFC 8259 §8.1 knows UTF-8 only; the other readers here read nothing else either (B-095).
    if charset is not None and charset.lower() not in ("utf-8", "utf8"):
        raise Denied("unsupported-media-type", "body.charset")
    return media_type
