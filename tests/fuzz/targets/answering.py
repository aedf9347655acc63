"""Answers: what goes out is what the contract declares, and what is masked stays masked."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from typing import Any

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require
from tests.support.contracts import document
from tests.support.exchanges import make_exchange

from vallum.core.problems import Denied
from vallum.engine.filter import AnswerBody
from vallum.filters.answers import AnswerContractScreen
from vallum.filters.leaks import LeakScreen
from vallum.inspection.leaks.finder import LeakFinder, leak_patterns
from vallum.inspection.leaks.registry import LEAKS
from vallum.inspection.scan import compile_patterns, load_scan
from vallum.openapi.load import load_contract
from vallum.wire.json import MalformedJSON, read_grammar
from vallum.wire.media_type import MediaType

_JSON = MediaType("application/json")
_TEXT = MediaType("text/plain")
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "note": {"type": "string"},
        "list": {"type": "array", "items": {"type": "string"}},
        "nested": {"type": "object", "properties": {"note": {"type": "string"}}},
        "free": {"type": "object", "additionalProperties": {"type": "string"}},
        "password": {"type": "string", "writeOnly": True},
    },
}


@cache
def _contract() -> AnswerContractScreen:
    content = {"application/json": {"schema": _SCHEMA}}
    get = {"responses": {"200": {"description": "fine", "content": content}}}
    operation = load_contract(document({"/x": {"get": get}})).operations[0]
    return AnswerContractScreen(operation.answers, "drop")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    require(len(found) == len(pairs), "a name twice in what goes out", pairs)
    return found


def _declared(value: Any, schema: dict[str, Any]) -> Any:
    """What is left of a value: our own reading of a simple schema."""
    kind = schema.get("type")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        other = schema.get("additionalProperties")
        left = {}
        for name, child in value.items():
            inner = properties.get(name, other)
            if inner is None or inner.get("writeOnly"):
                continue
            kept = _declared(child, inner)
            if kept is not _GONE:
                left[name] = kept
        return left if kind == "object" else _GONE
    if isinstance(value, list):
        if kind != "array":
            return _GONE
        items = [_declared(child, schema["items"]) for child in value]
        return [item for item in items if item is not _GONE]
    return value


_GONE = object()
_SIZE = 100_000


def _prune(data: bytes) -> None:
    body = AnswerBody(200, _JSON, data)
    try:
        _contract().screen(make_exchange(), body)
    except Denied:
        return
    out = json.loads(body.content.decode("utf-8"), object_pairs_hook=_unique)
    wanted = _declared(json.loads(data.decode("utf-8")), _SCHEMA)
    require(wanted is not _GONE and _equal(out, wanted), "not what is declared", out, wanted)


def _equal(one: Any, two: Any) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)


@cache
def _screens() -> tuple[LeakScreen, LeakScreen]:
    finder = LeakFinder(LEAKS, load_scan(compile_patterns(leak_patterns(LEAKS))))
    return (
        LeakScreen(finder, {leak.kind: "mask" for leak in LEAKS}),
        LeakScreen(finder, {}),
    )


def _leaks(data: bytes) -> None:
    status = 500 if data[:1] == b"!" else 200
    data = data.removeprefix(b"!")
    for screen in _screens():
        for media_type in (_JSON, _TEXT):
            body = AnswerBody(status, media_type, data)
            try:
                screen.screen(make_exchange(), body)
            except Denied:
                continue
            if body.content != data and media_type is _JSON:
                _same_shape(data, body.content)


def _same_shape(before: bytes, after: bytes) -> None:
    """Masking changes texts and nothing else."""
    try:
        was = read_grammar(before)
    except MalformedJSON:
        return
    now = json.loads(after.decode("utf-8"))
    require(_shape(was) == _shape(now), "masking changed more than texts", before, after)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _shape(child) for name, child in value.items()}
    if isinstance(value, list):
        return [_shape(child) for child in value]
    # Numbers that are masked become texts.
    return None if isinstance(value, bool | None) else "leaf"


def make_pruner() -> Target:
    """Answers against their contract."""
    given = (
        *seeds.JSON,
        (
            b'{"id":1,"note":"a","list":["b",{"c":1}],"nested":{"note":"x","y":1},"free":{"a":"b"},'
            b'"password":"p","id2":12345678901234567890}'
        ),
    )
    words = (*tokens.JSON, *(f'"{name}":'.encode() for name in _SCHEMA["properties"]))
    return Target(name="pruner", run=_prune, seeds=given, tokens=words)


def make_leaks() -> Target:
    """Answers that hold what should not go out."""
    given = (
        *seeds.JSON,
        b'{"card":"4111 1111 1111 1111","n":4111111111111111,"iban":"DE89 3704 0044 0532 0130 00"}',
        b'!{"error":"Traceback (most recent call last):\\n  File \\"a.py\\", line 1, in <module>"}',
        (
            b'{"mail":"ann@example.test","key":"-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END '
            b'PRIVATE KEY-----","secret":"AKIAIOSFODNN7EXAMPLE","ip":"10.1.2.3"}'
        ),
    )
    words = (*tokens.LEAKS, *tokens.JSON)
    return Target(name="leaks", run=_leaks, seeds=given, tokens=words, most_cpu=50)


def _large(data: bytes) -> None:
    """One text of 100 KB: the piece again and again."""
    piece = data.decode("utf-8", "replace") or "a"
    text = (piece * (_SIZE // len(piece) + 1))[:_SIZE]
    body = AnswerBody(500, _JSON, json.dumps({"error": text}).encode())
    with suppress(Denied):
        _screens()[0].screen(make_exchange(), body)


def make_large_leaks() -> Target:
    """As much as an answer may hold of what should not go out."""
    given = (b"4111111111111111 ", b"10.0.0.1 ", b"a@b.example ", b"AKIA", b"078-05-1120 ")
    _screens()
    return Target(
        name="leaks-100kb", run=_large, seeds=given, tokens=tokens.LEAKS, longest=400, most_cpu=400
    )
