"""From the request to the upstream: what an independent reader finds in what goes on is exactly
what was inspected, or what the contract pins down.
"""

from __future__ import annotations

import re
from collections import Counter
from email.message import Message
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from tests.fuzz import seeds, tokens
from tests.fuzz.chain import Chain
from tests.fuzz.readers import (
    MailPart,
    read_mail_parts,
    texts_of_form,
    texts_of_json,
    texts_of_xml,
)
from tests.fuzz.target import Target, require
from tests.support.content import ORDER

from vallum.inspection.decoders.layers import peel
from vallum.openapi.bodies import read_undeclared
from vallum.openapi.texts import ANYTHING
from vallum.wire.media_type import parse_media_type

_TEXT = {"type": "string"}
_KIND = {"enum": ["book", "film"]}
_LIST = {"type": "array", "items": _TEXT}
_DECLARED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "note": _TEXT,
        "html": {"type": "string", "x-vallum": {"content": "sanitised-html"}},
        "kind": _KIND,
        "id": {"type": "integer"},
        "words": _LIST,
        "nested": {"type": "object", "properties": {"note": _TEXT}},
    },
}
_FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"note": _TEXT, "kind": _KIND, "id": {"type": "integer"}, "list": _LIST},
}
_PARTS: dict[str, Any] = {
    "type": "object",
    "properties": {**_FORM["properties"], "data": {"type": "object"}},
}
_PINNED = ("kind", "id")
_CONTENT = {
    "application/json": _DECLARED,
    "application/*+json": {},
    "application/x-www-form-urlencoded": _FORM,
    "multipart/form-data": _PARTS,
    "application/xml": ORDER,
    "text/xml": {},
    "text/plain": _TEXT,
}
_NOT_INSPECTED = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})
_SECRET = frozenset({"authorization", "proxy-authorization", "dpop"})
_GRAMMAR = frozenset({"traceparent", "tracestate", "accept-encoding", "content-encoding", "date"})


@cache
def _chain() -> Chain:
    return Chain(_CONTENT)


def _body(data: bytes) -> None:
    """The first line is the media type."""
    declared, _, body = data.partition(b"\n")
    passed = _chain().body(declared, body)
    if passed is None or not body:
        return
    exchange, inspected = passed
    mail = Message()
    mail["content-type"] = declared.decode("ascii")
    essence = mail.get_content_type()
    if essence == "application/json":
        _same(_of_declared(exchange.body), inspected)
    elif essence.endswith("+json"):
        _same([text for _, text, _ in texts_of_json(exchange.body)], inspected)
    elif essence == "application/x-www-form-urlencoded":
        _same(_of_form(exchange.body), inspected)
    elif essence == "multipart/form-data":
        found = [t for part in read_mail_parts(exchange.body, declared) for t in _of_part(part)]
        _same_set(found, inspected)
    elif essence == "application/xml":
        _of_order(exchange.body, inspected)
    elif essence == "text/xml":
        texts = [text for _, text, _ in texts_of_xml(exchange.body)]
        # Ours is the name of text beside elements.
        _same_set(_trimmed([*texts, "#text"]), _trimmed([*inspected, "#text"]))
    else:
        require(essence == "text/plain", "another type", essence)
        _same([exchange.body.decode("utf-8")], inspected)


def _same(found: list[str], inspected: list[str]) -> None:
    require(Counter(found) == Counter(inspected), "not what was inspected", found, inspected)


def _same_set(found: list[str], inspected: list[str]) -> None:
    require(_shown(found) == _shown(inspected), "not what was inspected", found, inspected)


def _shown(texts: list[str]) -> set[str]:
    """Texts whose letters beyond ASCII may be of any charset that has ASCII in it."""
    return {re.sub("[^\x00-\x7f]+", "?", text) for text in texts}


def _trimmed(texts: list[str]) -> list[str]:
    return [bare for text in texts if (bare := text.strip(" \t\r\n"))]


def _of_declared(body: bytes) -> list[str]:
    names = _DECLARED["properties"]
    found = []
    for path, text, is_name in texts_of_json(body):
        is_declared = path == ("nested", "note") or (len(path) == 1 and path[0] in names)
        if (is_name and is_declared) or (not is_name and path == ("kind",)):
            continue
        found.append(text)
    return found


def _of_form(body: bytes) -> list[str]:
    found = []
    for name, text in texts_of_form(body):
        if name not in _FORM["properties"]:
            found.append(name)
        if name not in _PINNED:
            found.append(text)
    return found


def _of_part(part: MailPart) -> list[str]:
    found = [] if part.name in _PARTS["properties"] else [part.name]
    if part.name in _PINNED:
        return found
    is_json = part.media_type == "application/json" or part.media_type.endswith("+json")
    is_object = part.name == "data" and (is_json or not part.media_type)
    if is_object or (is_json and part.filename is None and part.name not in ("note", "list")):
        return [*found, *(text for _, text, _ in texts_of_json(part.content))]
    if is_json and part.filename is None:
        return [*found, *(text for _, text, _ in texts_of_json(part.content))]
    if part.filename:
        found.append(part.filename)
    if not part.filename or part.media_type == "" or part.media_type.startswith("text/"):
        found.append(_decoded(part))
    return found


def _decoded(part: MailPart) -> str:
    try:
        return part.content.decode(part.charset, "replace")
    except LookupError:
        return part.content.decode("utf-8", "replace")


def _of_order(body: bytes, inspected: list[str]) -> None:
    known = set(_trimmed(inspected))
    for path, text, is_name in texts_of_xml(body):
        bare = text.strip(" \t\r\n")
        if is_name or not bare or path[-1:] in (("@id",), ("count",)):
            continue
        require(bare in known, "not inspected", path, text, inspected)


def _undeclared(data: bytes) -> None:
    """Where no contract says what a body is."""
    declared, _, body = data.partition(b"\n")
    try:
        media_type = parse_media_type(declared)
    except ValueError:
        return
    texts: list[str] = []
    ANYTHING.collect(read_undeclared(body, media_type), texts)
    places = [place.text for place in ANYTHING.places(read_undeclared(body, media_type))]
    require(places == texts, "places are not what is collected", places, texts)


def _head(data: bytes) -> None:
    """The first line is the target."""
    target, _, block = data.partition(b"\n")
    passed = _chain().head(target, block)
    if passed is None or len(passed[0].request.target.segments) != 2:
        return
    exchange, inspected = passed
    request = exchange.request
    path = unquote_to_bytes(request.target.encoded_path).decode("utf-8")
    require(path == request.target.path, "another path", path, request.target.path)
    require(path.split("/")[2] in inspected, "a segment was not inspected", path, inspected)
    query = request.target.encoded_query.decode("ascii")
    for name, text in parse_qsl(query, keep_blank_values=True, errors="strict"):
        if name != "q":
            require(name in inspected, "a name was not inspected", name, inspected)
        if not text.isalnum():
            require(text in inspected, "a value was not inspected", text, inspected)
    for raw_name, raw_value in request.fields.items:
        name = raw_name.decode("latin-1")
        if name == "cookie":
            _cookies(raw_value.decode("latin-1"), inspected)
        elif name not in _NOT_INSPECTED | _SECRET | _GRAMMAR:
            text = raw_value.decode("utf-8", "replace")
            require(text in inspected, "a field was not inspected", name, text, inspected)


def _cookies(value: str, inspected: list[str]) -> None:
    """Every visible piece of a cookie line is in what was inspected."""
    every = [text for each in inspected for text in (each, *(view.text for view in peel(each)))]
    for piece in value.split(";"):
        name, _, text = piece.partition("=")
        shown = () if name.strip() == "c" else (name.strip(" \t"),)
        for part in (*shown, text.strip(' \t"')):
            part = part.encode("latin-1").decode("utf-8", "replace").strip()
            require(any(part in each for each in every), "a cookie was not inspected", part, every)


def _with_type(media_type: bytes, bodies: tuple[bytes, ...]) -> tuple[bytes, ...]:
    return tuple(media_type + b"\n" + body for body in bodies)


_SEEDS: dict[str, tuple[tuple[bytes, ...], tuple[bytes, ...]]] = {
    "json": (
        (
            *_with_type(b"application/json", seeds.JSON),
            *_with_type(b"application/ld+json; charset=utf-8", seeds.JSON),
        ),
        (
            *tokens.JSON,
            *tokens.HTML[:10],
            b'"note":',
            b'"kind":',
            b'"html":',
            b'"nested":',
            b'"id":',
        ),
    ),
    "form": (_with_type(b"application/x-www-form-urlencoded", seeds.FORM), tokens.FORM),
    "multipart": (
        _with_type(b"multipart/form-data; boundary=x", seeds.MULTIPART),
        (*tokens.MULTIPART, b'"note"', b'"list"', b'"data"', b'{"a":"b"}', b"utf-16", b"text/html"),
    ),
    "xml": (
        (
            *_with_type(b"text/xml", seeds.XML),
            (
                b"application/xml\n<order id='1'><name>x</name><note xmlns='urn:notes'>y</note>"
                b"<lines><line><isbn>1</isbn><count>2</count></line></lines><tag>t</tag></order>"
            ),
        ),
        (*tokens.XML, b"<order>", b"<name>", b"</name>", b"<tag>t</tag>", b" xmlns='urn:notes'"),
    ),
    "text": (_with_type(b"text/plain", seeds.attacks()[:20]), tokens.ATTACKS),
}


def make_body(kind: str) -> Target:
    """Bodies of one kind, or of what mutation makes of their types."""
    given, words = _SEEDS[kind]
    _chain()
    return Target(name=f"chain-{kind}", run=_body, seeds=given, tokens=(*words, *tokens.MEDIA[:8]))


def make_head() -> Target:
    """Targets and field lines."""
    given = (
        b'/x/y?q=a%20b&other=1&r\nx-note: hello\r\nCookie: c=1; d="two"; e\r\nUser-Agent: curl',
        b"/x/%C3%A9?q=%3Cb%3E+c%26&=1\nAccept: */*\r\nReferer: https://a.example/?b=c",
        b"/x/a'b\nX-A: 1\r\nX-A: 2\r\nCookie: a=b\r\nCookie: c=d",
    )
    return Target(name="chain-head", run=_head, seeds=given, tokens=(*tokens.HEAD, *tokens.ATTACKS))


def make_undeclared() -> Target:
    """Bodies that no contract describes."""
    given = tuple(seed for kind in _SEEDS.values() for seed in kind[0])
    words = (*tokens.JSON, *tokens.MULTIPART, *tokens.XML, *tokens.MEDIA)
    return Target(name="undeclared", run=_undeclared, seeds=given, tokens=words)
