"""The control `codings`: what is undone, refused, noted or left alone."""

from __future__ import annotations

import gzip
from typing import Literal, NamedTuple

import pytest
from tests.support.contracts import body_operation, parameter_operation
from tests.support.exchanges import make_exchange

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.filters.codings import Codings, undone_fields

OPERATION = body_operation({"type": "integer"})


class Settings(NamedTuple):
    """What the control reads."""

    codings: tuple[str, ...] = ()
    body: int = 100_000
    validate: Literal["block", "monitor", "off"] = "block"


def run(settings: Settings, coding: bytes | None, body: bytes) -> tuple[str, Exchange]:
    """The reason of the refusal, or `ok`; and the exchange after it."""
    attachment = Codings().attach(OPERATION, settings)
    fields = [(b"content-encoding", coding)] if coding is not None else []
    exchange = make_exchange(*fields, method="POST")
    exchange.body = body
    if attachment is None:
        return "not attached", exchange
    assert attachment.check is not None
    assert attachment.needs_body == bool(settings.codings)
    try:
        assert attachment.check(exchange) is None
    except Denied as refusal:
        return f"{refusal.status} {refusal.reason} {refusal.fields.decode()}".strip(), exchange
    return "ok", exchange


@pytest.mark.parametrize("coding", [b"gzip", b"", b"br", b"identity, gzip", b"deflate"])
def test_no_coding_is_taken_unless_the_policy_says_so(coding: bytes) -> None:
    outcome, _ = run(Settings(), coding, b"1")
    assert outcome == "415 body.content-coding Accept-Encoding: identity"
    outcome, exchange = run(Settings(validate="monitor"), coding, b"1")
    assert (outcome, exchange.notes) == ("ok", ["body.content-coding"])
    assert run(Settings(validate="off"), coding, b"1")[0] == "not attached"


@pytest.mark.parametrize("coding", [None, b"identity", b"IDENTITY"])
def test_what_is_not_coded_stays_as_it_is(coding: bytes | None) -> None:
    for settings in (Settings(), Settings(("gzip",))):
        outcome, exchange = run(settings, coding, b"1")
        assert (outcome, exchange.body) == ("ok", b"1")


@pytest.mark.parametrize("validate", ["block", "monitor", "off"])
def test_what_is_taken_is_undone_whatever_validate_says(
    validate: Literal["block", "monitor", "off"],
) -> None:
    settings = Settings(("gzip",), validate=validate)
    outcome, exchange = run(settings, b"GZip", gzip.compress(b"12"))
    assert (outcome, exchange.body) == ("ok", b"12")
    assert run(settings, b"gzip", b"12")[0] == "400 contract.body.coding-syntax"
    assert run(settings, b"gzip", b"")[0] == "ok"
    assert run(settings, b"br", b"12")[0] == "415 body.content-coding Accept-Encoding: gzip"
    bomb = gzip.compress(bytes(200_000))
    assert run(settings, b"gzip", bomb)[0] == "413 body.coding-too-large"


def test_operations_without_a_body_need_no_check() -> None:
    assert Codings().attach(parameter_operation(), Settings()) is None


def test_fields_about_the_coded_bytes_do_not_go_on() -> None:
    assert undone_fields(Settings()) == frozenset()
    assert undone_fields(Settings(("br",))) >= {b"content-encoding", b"content-digest"}
