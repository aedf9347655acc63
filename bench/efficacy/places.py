"""Texts put into requests, with the coding that each place demands and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, quote_plus

from efficacy.model import Sample, digest, half_of

BOUNDARY: Final = "----efficacy7MA4YWxkTrZu0gW"
_NOT_IN_PATHS = re.compile(r"[\x00-\x1f\x7f/\\]|%[0-9a-fA-F]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_FIELDS: Final = (("User-Agent", "okhttp/4.12.0"), ("Accept", "application/json"))


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a request that hold a text."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...] = _FIELDS
    body: bytes = b""


def placed(
    shape: Shape,
    place: str,
    text: str,
    *,
    is_attack: bool,
    corpus: str,
    family: str,
    encoding: str = "plain",
) -> Sample:
    """The sample of a text that stands in a place of a request."""
    return Sample(
        is_attack=is_attack,
        corpus=corpus,
        family=family,
        encoding=encoding,
        location=place,
        half=half_of(text),
        text=text,
        method=shape.method,
        target=shape.target,
        fields=shape.fields,
        body=shape.body,
    )


@dataclass(slots=True)
class _Form:
    type: str
    fields: tuple[tuple[str, str], ...] = field(default=_FIELDS)

    def post(self, target: str, body: bytes) -> Shape:
        return Shape("POST", target, (*self.fields, ("Content-Type", self.type)), body)


def json_bytes(value: Any, *, escaped: bool = False) -> bytes:
    """JSON; `escaped` writes every character of every string that is no letter as an escape."""
    text = json.dumps(value, ensure_ascii=False)
    if not escaped:
        return text.encode("utf-8", "surrogatepass")
    # Marks between strings are structure; within strings they may be written as escapes.
    pieces = re.split(r'("(?:[^"\\]|\\.)*")', text)
    return "".join(_escape_all(piece) if piece[:1] == '"' else piece for piece in pieces).encode()


def _escape_all(literal: str) -> str:
    inner = json.loads(literal)
    units = inner.encode("utf-16-be", "surrogatepass")
    codes = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    plain = [
        chr(code) if chr(code).isascii() and chr(code).isalnum() else f"\\u{code:04x}"
        for code in codes
    ]
    return f'"{"".join(plain)}"'


def post_json(value: Any, target: str = "/json", *, escaped: bool = False) -> Shape:
    """A POST of JSON."""
    return _Form("application/json").post(target, json_bytes(value, escaped=escaped))


def post_form(pairs: dict[str, str], target: str = "/form") -> Shape:
    """A POST of a form."""
    body = "&".join(f"{quote_plus(name)}={quote_plus(text)}" for name, text in pairs.items())
    return _Form("application/x-www-form-urlencoded").post(target, body.encode())


def post_multipart(
    pairs: dict[str, str], target: str = "/multipart", *, filename: str | None = None
) -> Shape:
    """A POST of a multipart form; `filename` adds an uploaded file of that name."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in pairs.items()
    ]
    if filename is not None:
        shown = filename.replace("\\", "\\\\").replace('"', "%22")
        parts.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{shown}"\r\n'
            "Content-Type: text/plain\r\n\r\nThree notes: a, b and c.\r\n"
        )
    body = "".join(parts) + f"--{BOUNDARY}--\r\n"
    return _Form(f"multipart/form-data; boundary={BOUNDARY}").post(target, body.encode("utf-8"))


def get(target: str, **fields: str) -> Shape:
    """A GET with more fields; `_` in their names stands for `-`."""
    more = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    names = {name.lower() for name, _ in more}
    return Shape("GET", target, (*(f for f in _FIELDS if f[0].lower() not in names), *more))


def query(pairs: dict[str, str], path: str = "/search") -> str:
    """A target with a query."""
    return f"{path}?" + "&".join(
        f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs.items()
    )


def _path(text: str) -> Shape | None:
    # These are refused by the shape of the path, whatever they mean: slashes, controls, and what
    # would still be percent-coded.
    if not text or text in (".", "..") or _NOT_IN_PATHS.search(text):
        return None
    return get("/" + quote(text, safe=""))


def _header(text: str) -> Shape | None:
    if _CONTROL.search(text) or not text.isascii() or text != text.strip():
        return None
    return get("/search", X_Note=text)


def _nested(text: str) -> Shape:
    line = {"sku": "A-17", "comment": {"lang": "en", "text": text}}
    return post_json({"order": {"lines": [{"sku": "B-1"}, line]}}, escaped=_is_escaped(text))


def _is_escaped(text: str) -> bool:
    return digest("escaped", text) % 3 == 0


PLACES: Final[dict[str, Callable[[str], Shape | None]]] = {
    "path segment": _path,
    "query": lambda text: get(query({"q": text})),
    "header": _header,
    "cookie": lambda text: get("/search", Cookie=f"lang=en; note={quote(text, safe='')}"),
    "form field": lambda text: post_form({"id": "7", "note": text}),
    "JSON value": lambda text: post_json({"id": 7, "note": text}, escaped=_is_escaped(text)),
    "JSON key": lambda text: post_json({"id": 7, text: "x"}, escaped=_is_escaped(text)),
    "JSON array item": lambda text: post_json({"tags": ["a", text]}, escaped=_is_escaped(text)),
    "nested JSON": _nested,
    "multipart field": lambda text: post_multipart({"id": "7", "note": text}),
}
"""A text → the request that carries it there, or None where it cannot stand there."""
