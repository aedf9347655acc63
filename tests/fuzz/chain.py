"""A request's head or body through the real controls: what they let through, what they saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.contracts import document

from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.filters.inspect import InspectBody, InspectHead
from vallum.filters.inspect_ruling import Exclusion, Mode
from vallum.filters.validate import ValidateBody, ValidateParameters
from vallum.inspection.inspector import ContextOf, Inspector, Suspicion, compile_detectors
from vallum.inspection.model import Sensitivity
from vallum.openapi.load import load_contract
from vallum.openapi.model import Operation, Unknown
from vallum.wire.http1 import parse_request_fields
from vallum.wire.target import canonical_target, split_target

_HOST = b"host: api.example"
_TEXT = {"type": "string"}


@dataclass
class Settings:
    """What the controls read of a policy."""

    inspect: Mode = "block"
    validate: Literal["block", "monitor", "off"] = "block"
    unknown: Unknown = "ignore"
    codings: tuple[str, ...] = ()
    sensitivity: Sensitivity = "default"
    detectors: Mapping[str, Mode] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    graphql: object = None


class Witness(Inspector):
    """An inspector that finds nothing, and remembers what it was asked about."""

    def __init__(self) -> None:
        super().__init__((), compile_detectors(()), lambda: 0.0)
        self.texts: list[str] = []

    def inspect(self, texts: Sequence[str], context_of: ContextOf) -> Sequence[Suspicion]:
        """Remembers the texts, and asks for every context as a finding would."""
        self.texts += texts
        for index in range(len(texts)):
            context_of(index)
        return []


def _operation(content: Mapping[str, Any], unknown: Unknown) -> Operation:
    parameters: list[dict[str, Any]] = [
        {"name": "part", "in": "path", "required": True, "schema": _TEXT},
        {"name": "q", "in": "query", "schema": _TEXT},
        {"name": "c", "in": "cookie", "schema": _TEXT},
        {"name": "X-Note", "in": "header", "schema": _TEXT},
    ]
    bodies = {kind: {"schema": schema} for kind, schema in content.items()}
    operation = {"parameters": parameters, "requestBody": {"content": bodies}}
    paths = {"/x/{part}": {"post": operation}}
    return load_contract(document(paths), unknown=unknown).operations[0]


class Chain:
    """The controls of one operation, compiled from its contract."""

    def __init__(self, content: Mapping[str, Any], unknown: Unknown = "ignore") -> None:
        """
        Args:
            content: schemas of bodies by media type.
            unknown: what becomes of what they do not declare.
        """
        self._operation = _operation(content, unknown)
        self._witness = Witness()
        settings = Settings(unknown=unknown)
        heads = (
            ValidateParameters().attach(self._operation, settings),
            InspectHead(self._witness, lambda: 0.0).attach(self._operation, settings),
        )
        bodies = (
            ValidateBody().attach(self._operation, settings),
            InspectBody(self._witness, lambda: 0.0).attach(self._operation, settings),
        )
        self._heads = [each.check for each in heads if each is not None and each.check is not None]
        self._bodies = [
            each.check for each in bodies if each is not None and each.check is not None
        ]

    def head(self, target: bytes, block: bytes) -> tuple[Exchange, list[str]] | None:
        """What the upstream gets of a head, and what was inspected; None: refused."""
        self._witness.texts = []
        try:
            exchange = self._exchange(target, block)
            for check in self._heads:
                check(exchange)
        except Denied:
            return None
        return exchange, self._witness.texts

    def body(self, media_type: bytes, body: bytes) -> tuple[Exchange, list[str]] | None:
        """What the upstream gets of a body, and what was inspected; None: refused."""
        self._witness.texts = []
        try:
            exchange = self._exchange(b"/x/y", b"content-type: " + media_type)
            exchange.body = body
            for check in self._bodies:
                check(exchange)
        except Denied:
            return None
        return exchange, self._witness.texts

    def _exchange(self, target: bytes, block: bytes) -> Exchange:
        canonical = canonical_target(split_target(target))
        block = b"\r\n".join((_HOST, block)) if block else _HOST
        fields = parse_request_fields(block, 1, frozenset())
        client = Client("192.0.2.1", "192.0.2.1", 40_000)
        request = Request("POST", canonical, fields, "https", "api.example", client)
        part = canonical.segments[1] if len(canonical.segments) == 2 else ""
        route = Route(api="fuzz", operation=self._operation)
        return Exchange(request, route, {"part": part})
