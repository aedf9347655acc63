"""The control `validate`: media types, missing and unexpected bodies, monitor mode."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from tests.support.contracts import document

from vallum.core.fields import Fields
from vallum.core.problems import Denied
from vallum.core.request import Client, Request
from vallum.engine.exchange import Exchange
from vallum.engine.phases import Phase
from vallum.engine.pipeline import Route
from vallum.filters.validate import Mode, ValidateBody, ValidateParameters
from vallum.openapi.load import load_contract
from vallum.openapi.model import Operation, Unknown
from vallum.wire.target import canonical_target, split_target


class Settings(NamedTuple):
    """What the control reads."""

    validate: Mode = "block"
    unknown: Unknown = "refuse"


def operation(content: Any = None, *, required: bool = True) -> Operation:
    """An operation with a body of these media types, or without any."""
    body = {"requestBody": {"required": required, "content": content}} if content else {}
    return load_contract(document({"/x": {"post": body}})).operations[0]


NUMBER = {"application/json": {"schema": {"type": "integer"}}}


def exchange(body: bytes, *fields: tuple[bytes, bytes], query: bytes = b"") -> Exchange:
    """An exchange whose body has been read."""
    target = canonical_target(split_target(b"/x?" + query))
    client = Client("192.0.2.1", "192.0.2.1", 1)
    request = Request("POST", target, Fields(fields), "https", "api.example", client)
    made = Exchange(request, Route(api="a", operation=operation()), {})
    made.body = body
    return made


def outcome(of: Operation, body: bytes, *fields: tuple[bytes, bytes]) -> str:
    """The reason of the refusal, or `ok`."""
    attachment = ValidateBody().attach(of, Settings())
    assert attachment is not None
    assert attachment.check is not None
    try:
        assert attachment.check(exchange(body, *fields)) is None
    except Denied as refusal:
        return f"{refusal.status} {refusal.reason}"
    return "ok"


JSON = (b"content-type", b"application/json")


@pytest.mark.parametrize(
    ("body", "fields", "expected"),
    [
        (b"1", (JSON,), "ok"),
        (b"1", ((b"content-type", b"application/json; charset=UTF-8"),), "ok"),
        (b"1", (JSON, (b"content-encoding", b"identity")), "ok"),
        (b"x", (JSON,), "400 contract.body.json-syntax"),
        (b'"1"', (JSON,), "400 contract.body.type"),
        (b"", (), "400 contract.body.required"),
        (b"1", (), "415 body.no-media-type"),
        (b"1", ((b"content-type", b"text/plain"),), "415 body.media-type"),
        (b"1", ((b"content-type", b"application/json/x"),), "415 body.media-type-syntax"),
        (b"1", ((b"content-type", b"application/json; charset=utf-7"),), "415 body.charset"),
    ],
)
def test_bodies(body: bytes, fields: tuple[tuple[bytes, bytes], ...], expected: str) -> None:
    assert outcome(operation(NUMBER), body, *fields) == expected


def test_a_body_that_is_not_required_may_be_missing() -> None:
    assert outcome(operation(NUMBER, required=False), b"") == "ok"


def test_a_body_where_none_is_declared() -> None:
    assert outcome(operation(), b"") == "ok"
    assert outcome(operation(), b"1", JSON) == "400 contract.body.unknown"


def test_a_range_covers_what_has_no_entry_of_its_own() -> None:
    ranges = operation({**NUMBER, "text/*": {"schema": {"type": "string"}}})
    assert outcome(ranges, b"x", (b"content-type", b"text/plain")) == "ok"
    assert outcome(ranges, b"x", JSON) == "400 contract.body.json-syntax"
    assert outcome(ranges, b"x", (b"content-type", b"image/png")) == "415 body.media-type"


def test_parameters_are_judged_before_the_body() -> None:
    attachment = ValidateParameters().attach(operation(), Settings())
    assert attachment is not None
    assert attachment.check is not None
    assert (ValidateParameters.phase, attachment.needs_body) == (Phase.READ, False)
    attachment.check(exchange(b""))
    with pytest.raises(Denied, match=r"contract\.query\.unknown"):
        attachment.check(exchange(b"", query=b"a=1"))


@pytest.mark.parametrize("control", [ValidateParameters(), ValidateBody()])
def test_modes(control: ValidateParameters | ValidateBody) -> None:
    assert control.attach(operation(NUMBER), Settings(validate="off")) is None
    attachment = control.attach(operation(NUMBER), Settings(validate="monitor"))
    assert attachment is not None
    assert attachment.check is not None
    seen = exchange(b"x", JSON, query=b"a=1")
    attachment.check(seen)
    assert seen.notes in (["contract.query.unknown"], ["contract.body.json-syntax"])


@pytest.mark.parametrize("control", [ValidateParameters(), ValidateBody()])
def test_settings_that_the_contract_was_not_compiled_for(
    control: ValidateParameters | ValidateBody,
) -> None:
    with pytest.raises(ValueError, match="compiled with `unknown: refuse`"):
        control.attach(operation(NUMBER), Settings(unknown="ignore"))
