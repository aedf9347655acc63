"""Inspection of what comes in: free text, wherever the contract leaves room for it (IV-2 … IV-7).

Two attachments of one key of the policy file, `inspect`: the head is judged before the gateway
spends memory on a body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, cast

import orjson

from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.inspect_ruling import Ruling, Settings
from vallum.inspection.identifiers import is_canonical_identifier
from vallum.inspection.inspector import Inspector, Suspicion, TooSuspiciousError
from vallum.inspection.model import Content, Context, Finding, Location
from vallum.inspection.sanitise import sanitise_html
from vallum.openapi.bodies import OpaqueBody, read_undeclared
from vallum.openapi.model import UNREAD, Operation
from vallum.openapi.problems import ContractViolation
from vallum.openapi.texts import ANYTHING, TextPlan
from vallum.wire.http1 import RequestFields
from vallum.wire.media_type import MediaType, best_range, parse_media_type
from vallum.wire.pointer import json_pointer

_TOO_SHORT = 16
"""Letters and digits alone do no harm, unless there are enough of them to spell base64."""

_MOST_MARKS = 5_000
"""Tags of one body that are cleaned: reading a document with more of them costs too much."""

_NOT_INSPECTED = frozenset(
    {
        *(b"host", b"content-length", b"transfer-encoding", b"connection", b"expect"),
        *(b"authorization", b"proxy-authorization", b"cookie", b"dpop"),
        *(b"traceparent", b"tracestate", b"accept-encoding", b"content-encoding", b"date"),
    }
)
"""Fields that have been read by their own grammar already, never reach the upstream, or hold
secrets; cookies are looked at one by one."""


_GRAPHQL_PARAMETERS = ("query", "operationName", "variables", "extensions")

_LESS_JUDGED = frozenset({"", "secret", "code"})
"""Contents of which less is judged than of other text."""


_TOO_SUSPICIOUS = "inspect.too-suspicious"


class _Where(NamedTuple):
    location: Location
    steps: tuple[str, ...]
    """The parameter's name; in a body the steps of its JSON Pointer."""
    content: str
    is_name: bool


class InspectHead:
    """Judges path and query parameters, cookies and header fields."""

    name: ClassVar[str] = "inspect"
    phase: ClassVar[Phase] = Phase.READ

    def __init__(self, inspector: Inspector, clock: Callable[[], float]) -> None:
        self._inspector = inspector
        self._clock = clock

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Raises ValueError where a selector names no place."""
        if settings.inspect == "off":
            return None
        head = _Head(operation, settings, Ruling(settings, self._clock), self._inspector)
        return Attachment(
            summary=_summary(settings),
            check=head.check,
            explain=lambda exchange: _explain(exchange, "head"),
        )


class InspectBody:
    """Judges the free text of bodies; cleans what is declared to be HTML to clean."""

    name: ClassVar[str] = "inspect_body"
    phase: ClassVar[Phase] = Phase.READ

    def __init__(self, inspector: Inspector, clock: Callable[[], float]) -> None:
        self._inspector = inspector
        self._clock = clock

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Raises ValueError where a selector names no place."""
        if settings.inspect == "off":
            return None
        is_query = settings.graphql is not None and operation.method == "GET"
        bodies = operation.bodies.values()
        if bodies and all(isinstance(body, OpaqueBody) for body in bodies):
            return None  # Relayed as it comes: nobody can look into it.
        body = _Body(operation, settings, Ruling(settings, self._clock), self._inspector)
        return Attachment(
            summary=_summary(settings),
            check=body.check,
            explain=lambda exchange: _explain(exchange, "body"),
            needs_body=not is_query,
        )


def _summary(settings: Settings) -> str:
    words = [] if settings.inspect == "block" else ["monitor only"]
    if settings.sensitivity != "default":
        words.append(settings.sensitivity)
    return ", ".join(words) or "free text"


def _explain(exchange: Exchange, part: str) -> str:
    """What was decided about a request that goes on."""
    found = [each for each in exchange.findings if (each.location == "body") == (part == "body")]
    if found:
        return f"something in the {part} looks like an attack; it is only recorded"
    return f"nothing in the {part} looks like an attack"


class _Head:
    __slots__ = ("_headers", "_inspector", "_path", "_query", "_ruling")

    def __init__(
        self, operation: Operation, settings: Settings, ruling: Ruling, inspector: Inspector
    ) -> None:
        trusts = settings.validate == "block"
        declared: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}, "cookie": {}}
        for parameter in operation.parameters:
            content = parameter.content if trusts else parameter.content or "text"
            declared[parameter.location][parameter.name] = content
        if settings.graphql is not None:
            # Their free text stands in `exchange.value`; the rest is grammar that was judged.
            declared["query"].update(dict.fromkeys(_GRAPHQL_PARAMETERS, ""))
        self._path = tuple((name, content) for name, content in declared["path"].items() if content)
        self._query = declared["query"]
        self._headers = _Headers(declared["header"], declared["cookie"], ruling)
        self._ruling = ruling
        self._inspector = inspector

    def check(self, exchange: Exchange) -> None:
        """Raises Denied."""
        request = exchange.request
        texts = [exchange.parameters[name] for name, _ in self._path]
        query = self._query
        for name, text in request.target.query:
            content = query.get(name)
            if content is None:
                texts.append(name)
            elif not content:
                continue
            if len(text) >= _TOO_SHORT or not text.isalnum():
                texts.append(text)
        if texts:
            suspicions = _suspicions(
                self._inspector,
                texts,
                lambda: [*self._places(exchange)].__getitem__,
                self._ruling,
                exchange,
            )
            if suspicions:
                _rule(suspicions, self._ruling, exchange)
        self._check_fields(exchange)

    def _places(self, exchange: Exchange) -> Iterator[_Where]:
        for name, content in self._path:
            yield _Where("path", (name,), content, False)
        for name, text in exchange.request.target.query:
            declared = self._query.get(name)
            if declared is None:
                yield _Where("query", (name,), "text", True)
            content = "text" if declared is None else declared
            if content and (len(text) >= _TOO_SHORT or not text.isalnum()):
                yield _Where("query", (name,), content, False)

    def _check_fields(self, exchange: Exchange) -> None:
        fields = exchange.request.fields
        headers = self._headers
        # Clients on a kept-alive connection send the same fields again and again.
        if isinstance(fields, RequestFields) and fields.inspected == headers.key:
            return
        found = list(headers.texts(fields))
        suspicions = _suspicions(
            self._inspector,
            [text for text, _ in found],
            lambda: lambda index: found[index][1],
            self._ruling,
            exchange,
        )
        if suspicions:
            _rule(suspicions, self._ruling, exchange)
        elif suspicions is not None and isinstance(fields, RequestFields):
            fields.inspected = headers.key


class _Headers:
    """Which header fields and cookies hold free text."""

    __slots__ = ("_cookies", "_declared", "key")

    def __init__(
        self, declared: Mapping[str, str], cookies: Mapping[str, str], ruling: Ruling
    ) -> None:
        named = {**{f"cookie:{name}": content for name, content in cookies.items()}, **declared}
        self.key: object = frozenset(each for each in named.items() if each[1] in _LESS_JUDGED)
        """Equal for operations that find the same fields harmless; None is nobody's."""
        if ruling.names("header") or ruling.names("cookie"):
            self.key = object()
        self._declared = {name.encode("latin-1"): content for name, content in declared.items()}
        self._cookies = cookies

    def texts(self, fields: Any) -> Iterator[tuple[str, _Where]]:
        for name, value in fields.items:
            if name in _NOT_INSPECTED:
                continue
            content = self._declared.get(name, "text")
            if content:
                where = _Where("header", (name.decode("latin-1"),), content, False)
                yield value.decode("utf-8", "replace"), where
        for value in fields.all(b"cookie"):
            for pair in value.decode("utf-8", "replace").split(";"):
                # SECURITY: spaces and tabs, as the contract's judge takes them off: of a name with
                # another blank before it that judge has read nothing.
                cookie, _, text = pair.strip(" \t").partition("=")
                content = self._cookies.get(cookie, "text")
                if content:
                    where = _Where("cookie", (cookie,), content, False)
                    yield text.strip('"'), where
                    if cookie not in self._cookies:
                        yield cookie, where._replace(is_name=True)


class _Body:
    __slots__ = (
        "_decodes",
        "_identifiers",
        "_inspector",
        "_plans",
        "_ruling",
        "_sanitises",
        "_trusts",
    )

    def __init__(
        self, operation: Operation, settings: Settings, ruling: Ruling, inspector: Inspector
    ) -> None:
        self._trusts = settings.validate == "block" or settings.graphql is not None
        self._decodes = bool(settings.codings)
        # What a GraphQL body says is free text wherever it is not grammar; the contract of the
        # operation knows neither.
        plans = operation.texts if settings.graphql is None else {}
        if not self._trusts:
            plans = {covered: plan.unpinned for covered, plan in plans.items()}
        self._plans = plans
        kinds = {kind for plan in self._plans.values() for kind in plan.kinds}
        self._sanitises = "sanitised-html" in kinds or ruling.holds("sanitised-html")
        if self._sanitises and settings.graphql is not None:
            raise ValueError("`sanitised-html` is for JSON bodies; GraphQL is not written anew")
        self._identifiers = "identifier" in kinds or ruling.holds("identifier")
        self._ruling = ruling
        self._inspector = inspector

    def check(self, exchange: Exchange) -> None:
        """Raises Denied."""
        value = exchange.value
        if value is UNREAD:
            if self._trusts or not exchange.body:
                return
            if not self._decodes and b"content-encoding" in exchange.request.fields:
                # Nobody has undone the coding: there is nothing to look into (B-110).
                self._refuse_coded(exchange)
                return
            value = read_undeclared(exchange.body, _media_type(exchange))
        plan = self._plan(exchange)
        if self._identifiers:
            self._check_identifiers(plan, value)
        if self._sanitises:
            self._sanitise(exchange, plan, value)
        texts: list[str] = []
        plan.collect(value, texts)
        if not texts:
            return
        suspicions = _suspicions(
            self._inspector, texts, lambda: _body_places(plan, value), self._ruling, exchange
        )
        if suspicions:
            _rule(suspicions, self._ruling, exchange)

    def _refuse_coded(self, exchange: Exchange) -> None:
        if self._ruling.blocks:
            raise Denied("unsupported-media-type", "body.content-coding")
        exchange.notes.append("body.content-coding")

    def _plan(self, exchange: Exchange) -> TextPlan:
        plans = self._plans
        if not plans:
            return ANYTHING
        if len(plans) == 1 and self._trusts:
            return next(iter(plans.values()))
        media_type = _media_type(exchange)
        covering: str | None = media_type.essence
        if covering not in plans:
            covering = best_range(media_type, plans)
        return plans[covering] if covering is not None else ANYTHING

    def _sanitise(self, exchange: Exchange, plan: TextPlan, value: object) -> None:
        """Clean declared HTML in place and write the body anew where that changed anything."""
        changed = False
        marks = 0
        for place in plan.places(value):
            if self._ruling.content("body", place.pointer, place.content) != "sanitised-html":
                continue
            marks += place.text.count("<")
            if marks > _MOST_MARKS:
                raise Denied("content-refused", "inspect.too-much-html")
            clean = sanitise_html(place.text)
            if clean != place.text and place.pointer:
                _put(value, place.pointer, clean)
                changed = True
        if changed:
            if not _media_type(exchange).is_json:
                # Only JSON is written anew; anything else must come clean.
                raise Denied("content-refused", "inspect.active-html")
            exchange.body = orjson.dumps(value)
            exchange.notes.append("inspect.sanitised")

    def _check_identifiers(self, plan: TextPlan, value: object) -> None:
        found = [
            Violation("body", json_pointer(place.pointer), "identifier", "must be written plainly")
            for place in plan.places(value)
            if self._ruling.content("body", place.pointer, place.content) == "identifier"
            and not is_canonical_identifier(place.text)
        ]
        if found:
            raise ContractViolation(found)


def _put(value: Any, pointer: tuple[str, ...], text: str) -> None:
    for step in pointer[:-1]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    value[int(pointer[-1]) if isinstance(value, list) else pointer[-1]] = text


def _body_places(plan: TextPlan, value: object) -> Callable[[int], _Where]:
    places = plan.places(value)

    def where(index: int) -> _Where:
        place = places[index]
        return _Where("body", place.pointer, place.content, place.is_name)

    return where


def _media_type(exchange: Exchange) -> MediaType:
    try:
        return parse_media_type(exchange.request.fields.get(b"content-type") or b"text/plain")
    except ValueError:
        return MediaType("text/plain")


_Found = list[tuple[Suspicion, _Where]]


def _suspicions(
    inspector: Inspector,
    texts: list[str],
    places: Callable[[], Callable[[int], _Where]],
    ruling: Ruling,
    exchange: Exchange,
) -> _Found | None:
    """What inspection has to say about texts; what `places` makes tells where each stands.

    None where that would take longer than it may, and the policy lets the request go on.
    """
    where_of: Callable[[int], _Where] | None = None

    def context_of(index: int) -> Context:
        nonlocal where_of
        where_of = where_of or places()
        where = where_of(index)
        content = ruling.content(where.location, where.steps, where.content)
        # What stands in a list is called as the list is.
        name = next((step for step in reversed(where.steps) if not step.isdigit()), "")
        return Context(where.location, name, cast("Content", content), where.is_name)

    try:
        found = inspector.inspect(texts, context_of)
    except TooSuspiciousError:
        # SECURITY: whoever asks for more judging than a request may have is not let through.
        if not ruling.blocks:
            exchange.notes.append(_TOO_SUSPICIOUS)
            return None
        raise Denied("content-refused", _TOO_SUSPICIOUS) from None
    return [(each, where_of(each.text)) for each in found] if where_of else []


def _rule(suspicions: _Found, ruling: Ruling, exchange: Exchange) -> None:
    """Record what counts and refuse where the policy says so.

    Raises:
        Denied: the policy refuses one of the findings.
    """
    refused = ""
    for suspicion, where in suspicions:
        finding = _finding(suspicion, where)
        mode = ruling.mode(finding, where.steps)
        if mode == "off":
            continue
        exchange.findings.append(finding)
        reason = f"inspect.{finding.family}"
        if mode == "block":
            refused = refused or reason
        elif reason not in exchange.notes:
            exchange.notes.append(reason)
    if refused:
        raise Denied("content-refused", refused)


def _finding(suspicion: Suspicion, where: _Where) -> Finding:
    at = json_pointer(where.steps) if where.location == "body" else where.steps[0]
    return suspicion.finding(where.location, at, is_name=where.is_name)
