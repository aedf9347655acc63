"""The control `inspect` with the real detectors: where it looks, what the policy makes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import pytest
from tests.support.contracts import document

from vallum.app_inspection import make_inspector
from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.exchange import Exchange
from vallum.engine.pipeline import Route
from vallum.filters.inspect import InspectBody, InspectHead
from vallum.filters.inspect_ruling import Exclusion, Mode, Selector
from vallum.inspection.inspector import Inspector
from vallum.inspection.model import Sensitivity
from vallum.openapi.load import load_contract
from vallum.openapi.model import Operation
from vallum.wire.http1 import parse_request_fields
from vallum.wire.target import canonical_target, split_target

XSS = "<script>alert(1)</script>"
NOW = 1_800_000_000.0


@dataclass
class Settings:
    """What the control reads."""

    inspect: Mode = "block"
    validate: Mode = "block"
    codings: tuple[str, ...] = ()
    sensitivity: Sensitivity = "default"
    detectors: Mapping[str, Mode] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    exclude: tuple[Exclusion, ...] = ()
    graphql: object | None = None


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return make_inspector()


def operation(properties: Any = None) -> Operation:
    text = {"type": "string"}
    parameters = [
        {"name": "q", "in": "query", "schema": text},
        {"name": "n", "in": "query", "schema": {"type": "integer"}},
        {"name": "part", "in": "path", "required": True, "schema": text},
        {"name": "c", "in": "cookie", "schema": text},
        {"name": "x-id", "in": "header", "schema": {"type": "string", "format": "uuid"}},
    ]
    schema = {"type": "object", "properties": properties or {"note": text}}
    body = {"content": {"application/json": {"schema": schema}}}
    paths = {"/x/{part}": {"post": {"parameters": parameters, "requestBody": body}}}
    return load_contract(document(paths)).operations[0]


def exchange(
    of: Operation, *, query: bytes = b"", block: str = "", value: Any = None, part: str = "p"
) -> Exchange:
    target = canonical_target(split_target(b"/x/p?" + query))
    fields = parse_request_fields(
        ("host: api.example\r\ncontent-type: application/json\r\n" + block).strip().encode(), 1
    )
    client = Client("192.0.2.1", "192.0.2.1", 1)
    request = Request("POST", target, fields, "https", "api.example", client)
    made = Exchange(request, Route(api="a", operation=of), {"part": part})
    if value is not None:
        made.body, made.value = orjson.dumps(value), value
    return made


def judge(inspector: Inspector, made: Exchange, settings: Settings | None = None) -> str:
    """The refusal's reason, or `ok`."""
    settings = settings or Settings()
    for control in (InspectHead, InspectBody):
        attachment = control(inspector, lambda: NOW).attach(made.route.operation, settings)
        if attachment is None:
            continue
        assert attachment.check is not None
        try:
            attachment.check(made)
        except Denied as refusal:
            return refusal.reason
    return "ok"


@pytest.mark.parametrize(
    ("where", "at", "sent"),
    [
        ("query", "q", {"query": b"q=%3Cscript%3Ealert(1)%3C/script%3E"}),
        ("query", "q", {"query": b"q=%253Cscript%253Ealert(1)%253C/script%253E"}),
        ("path", "part", {"part": XSS}),
        ("header", "x-note", {"block": f"x-note: {XSS}"}),
        ("header", "user-agent", {"block": f"user-agent: {XSS}"}),
        ("cookie", "c", {"block": f"cookie: a=b; c={XSS}"}),
        ("cookie", "other", {"block": f"cookie: other={XSS}"}),
        ("body", "/note", {"value": {"note": XSS}}),
    ],
)
def test_every_place_of_free_text_is_inspected(
    inspector: Inspector, where: str, at: str, sent: dict[str, Any]
) -> None:
    made = exchange(operation(), **sent)

    assert judge(inspector, made) == "inspect.xss"
    finding = next(each for each in made.findings if each.family == "xss")
    assert (finding.location, finding.at) == (where, at)
    assert "script" in finding.evidence


def test_names_that_the_contract_lacks_are_inspected(inspector: Inspector) -> None:
    of = operation({"meta": {"type": "object"}})

    assert judge(inspector, exchange(of, query=b"%3Cscript%3Ealert(1)=1")) != "ok"
    made = exchange(of, value={"meta": {XSS: 1}})
    assert judge(inspector, made) == "inspect.xss"
    assert made.findings[0].is_name


def test_what_the_contract_pins_down_is_not_inspected_while_it_is_enforced(
    inspector: Inspector,
) -> None:
    made = exchange(operation(), query=f"n={XSS}".encode(), block=f"x-id: {XSS}")
    assert judge(inspector, made) == "ok"
    made = exchange(operation(), query=f"n={XSS}".encode())
    assert judge(inspector, made, Settings(validate="monitor")) == "inspect.xss"
    made = exchange(operation(), block=f"x-id: {XSS}")
    assert judge(inspector, made, Settings(validate="off")) == "inspect.xss"


@pytest.mark.parametrize("mode", ["block", "monitor", "off"])
def test_what_a_field_is_for_holds_whether_or_not_the_contract_is_enforced(
    inspector: Inspector, mode: Mode
) -> None:
    settings = Settings(validate=mode, fields={"/told": "code"})

    def annotated(content: str) -> dict[str, Any]:
        return {"type": "string", "x-vallum": {"content": content}}

    of = operation(
        {"code": annotated("code"), "told": {"type": "string"}, "bio": annotated("html")}
    )
    value = {"code": XSS, "told": XSS, "bio": "<p>I am <a href='https://example.com'>me</a></p>"}
    assert judge(inspector, exchange(of, value=value), settings) == "ok"
    made = exchange(of, value={**value, "other": XSS})
    assert judge(inspector, made, settings) == "inspect.xss"
    assert [finding.at for finding in made.findings] == ["/other"]

    of = operation({"name": annotated("identifier"), "bio": annotated("sanitised-html")})
    named = judge(inspector, exchange(of, value={"name": "adm\u0131n"}), settings)
    assert named.startswith("contract.")
    made = exchange(of, value={"bio": "<b>me</b><script>alert(1)</script>"})
    assert judge(inspector, made, settings) == "ok"
    assert orjson.loads(made.body) == {"bio": "<b>me</b>"}


def test_what_a_field_is_for_holds_in_what_nobody_read(inspector: Inspector) -> None:
    code = {"type": "string", "x-vallum": {"content": "code"}}
    of = operation({"code": code})
    settings = Settings(validate="off")
    made = exchange(of)
    made.body = orjson.dumps({"code": XSS})
    assert judge(inspector, made, settings) == "ok"
    # Only in bodies of the type that it was said of.
    made = exchange(of)
    made.body = orjson.dumps({"code": XSS})
    request = made.request
    fields = parse_request_fields(b"host: api.example\r\ncontent-type: text/plain", 1)
    made.request = request._replace(fields=fields)
    assert judge(inspector, made, settings) == "inspect.xss"


def test_a_body_that_breaks_the_contract_is_inspected_all_the_same(inspector: Inspector) -> None:
    made = exchange(operation())
    made.body = b'{"note": ' + XSS.encode()

    assert judge(inspector, made, Settings(validate="off")) == "inspect.xss"


def test_b110_a_coded_body_that_nobody_decoded_is_refused(inspector: Inspector) -> None:
    made = exchange(operation(), block="content-encoding: gzip")
    made.body = b"\x1f\x8b\x08"
    assert judge_slug(inspector, made, Settings(validate="off")) == "unsupported-media-type"


def judge_slug(inspector: Inspector, made: Exchange, settings: Settings) -> str:
    attachment = InspectBody(inspector, lambda: NOW).attach(made.route.operation, settings)
    assert attachment is not None
    assert attachment.check is not None
    with pytest.raises(Denied) as caught:
        attachment.check(made)
    return caught.value.problem.slug


@pytest.mark.parametrize(
    "settings",
    [
        Settings(inspect="monitor"),
        Settings(detectors={"xss": "monitor"}),
        Settings(fields={"/note": "monitor"}),
    ],
)
def test_monitored_findings_pass_and_are_recorded(inspector: Inspector, settings: Settings) -> None:
    made = exchange(operation(), value={"note": XSS})

    assert judge(inspector, made, settings) == "ok"
    assert "inspect.xss" in made.notes
    assert {finding.family for finding in made.findings} == {"xss"}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(inspect="off"),
        Settings(detectors={"xss": "off"}),
        Settings(fields={"/note": "off"}),
        Settings(fields={"/note": "code"}),
        Settings(fields={"/note": "secret"}),
        Settings(exclude=(Exclusion(reason="r", until=NOW + 1, rule="", field="/note"),)),
        Settings(exclude=(Exclusion(reason="r", until=NOW + 1, family="xss"),)),
    ],
)
def test_what_is_off_leaves_no_trace(inspector: Inspector, settings: Settings) -> None:
    made = exchange(operation(), value={"note": XSS})

    assert judge(inspector, made, settings) == "ok"
    assert (made.notes, made.findings) == ([], [])


@pytest.mark.parametrize(
    "exclusion",
    [
        Exclusion(reason="r", until=NOW, family="xss"),
        Exclusion(reason="r", until=NOW + 1, family="sql"),
        Exclusion(reason="r", until=NOW + 1, family="xss", field="/other"),
        Exclusion(reason="r", until=NOW + 1, family="xss", field="query:note"),
    ],
)
def test_an_exclusion_holds_until_its_date_and_where_it_says(
    inspector: Inspector, exclusion: Exclusion
) -> None:
    made = exchange(operation(), value={"note": XSS})
    assert judge(inspector, made, Settings(exclude=(exclusion,))) == "inspect.xss"


def test_a_field_can_be_stricter_than_its_operation(inspector: Inspector) -> None:
    settings = Settings(inspect="monitor", fields={"query:q": "block"})
    assert judge(inspector, exchange(operation(), value={"note": XSS}), settings) == "ok"
    made = exchange(operation(), query=f"q={XSS}".encode())
    assert judge(inspector, made, settings) == "inspect.xss"


def test_sensitivity_moves_the_line(inspector: Inspector) -> None:
    def outcome(sensitivity: Sensitivity) -> str:
        made = exchange(operation(), value={"note": "<form action=x> hello"})
        return judge(inspector, made, Settings(sensitivity=sensitivity))

    assert outcome("relaxed") == outcome("default") == "ok"
    assert outcome("strict") == "inspect.xss"


def test_declared_html_is_cleaned_and_the_upstream_gets_what_was_inspected(
    inspector: Inspector,
) -> None:
    of = operation({"bio": {"type": "string", "x-vallum": {"content": "sanitised-html"}}})
    made = exchange(of, value={"bio": "<b>me</b><script>alert(1)</script>"})

    assert judge(inspector, made) == "ok"
    assert orjson.loads(made.body) == {"bio": "<b>me</b>"}
    assert made.notes == ["inspect.sanitised"]


def test_html_of_more_tags_than_can_be_cleaned_quickly_is_refused(inspector: Inspector) -> None:
    of = operation({"bio": {"type": "string", "x-vallum": {"content": "sanitised-html"}}})
    assert judge(inspector, exchange(of, value={"bio": "<i>" * 5_001})) == "inspect.too-much-html"
    assert judge(inspector, exchange(of, value={"bio": "<i>a</i>" * 100})) == "ok"


def test_active_html_in_a_field_for_html_is_refused(inspector: Inspector) -> None:
    of = operation({"bio": {"type": "string", "x-vallum": {"content": "html"}}})
    good = "<p>I am <a href='https://example.com'>me</a></p>"
    assert judge(inspector, exchange(of, value={"bio": good})) == "ok"
    bad = exchange(of, value={"bio": "<p onclick=alert(1)>me</p>"})
    assert judge(inspector, bad) == "inspect.xss"


def test_b121_identifiers_are_written_plainly(inspector: Inspector) -> None:
    of = operation({"name": {"type": "string", "x-vallum": {"content": "identifier"}}})
    assert judge(inspector, exchange(of, value={"name": "admin"})) == "ok"
    for name in ("ａｄｍｉｎ", "adm\u0131n", "ﬁle", "ad\u200dmin", "\u202eadmin", "аdmin"):
        assert judge(inspector, exchange(of, value={"name": name})).startswith("contract."), name


def test_harmless_fields_of_a_connection_are_read_once(inspector: Inspector) -> None:
    of = operation()
    first = exchange(of, block="x-note: hello there, friend")
    assert judge(inspector, first) == "ok"
    again = exchange(of)
    again.request = again.request._replace(fields=first.request.fields)
    assert judge(inspector, again) == "ok"
    assert again.request.fields.inspected is not None  # type: ignore[attr-defined]


def test_fields_that_took_too_long_where_they_are_monitored_are_judged_where_they_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """B-122: who spends the budget in one request does not carry its fields into another."""
    ticks = count(0.0, 0.01)
    monkeypatch.setattr(time, "thread_time", lambda: next(ticks))
    hasty = make_inspector()
    of = operation()
    first = exchange(of, block="cookie: " + "; ".join(f"c{n}={XSS}" for n in range(20)))
    assert judge(hasty, first, Settings(inspect="monitor")) == "ok"
    assert first.notes == ["inspect.too-suspicious"]
    again = exchange(of)
    again.request = again.request._replace(fields=first.request.fields)
    assert judge(hasty, again) == "inspect.too-suspicious"


@pytest.mark.parametrize("text", ["note", "body:x", "query:", "header", ""])
def test_a_selector_that_names_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="names no place"):
        Selector(text)


def test_selectors() -> None:
    assert Selector("/a/*/b").covers("body", ("a", "0", "b"))
    assert Selector("/a").covers("body", ("a", "0", "b"))
    assert not Selector("/a/*/b").covers("body", ("a", "0"))
    assert not Selector("/a").covers("query", ("a",))
    assert Selector("header:X-Note").covers("header", ("x-note",))
    assert Selector("/a~1b").covers("body", ("a/b",))
