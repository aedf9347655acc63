"""A message of HTTP inside a value: smuggled requests and split responses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import reads_as_prose, verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "http.request": "the first line of a request, as RFC 9112 §3 writes it",
    "http.response": "the first line of a response, as RFC 9112 §4 writes it",
    "http.chunk": "the last chunk of a body and a request after it",
    "http.range": "a range of bytes that no content has, or the same bytes many times",
    "http.middleware": "a field that makes a framework leave its checks out (Next.js)",
    "http.cookie-version": "a cookie that switches its reader to an older grammar (RFC 2965)",
}

_METHOD = (
    r"(?:GET|POST|HEAD|PUT|DELETE|OPTIONS|PATCH|CONNECT|TRACE|TRACK|PRI|PROPFIND|PROPPATCH|MKCOL|"
    r"COPY|MOVE|LOCK|UNLOCK|SEARCH|REPORT|PURGE)"
)
# The four forms of a target (RFC 9112 §3.2): a path, a whole URI, an authority, and `*`.
_TARGET = r"(?:/|[a-z][a-z0-9+.-]{1,12}:/|\*$|[\w.-]{1,100}:\d)"
_VERSION = re.compile(r"[ \t]HTTP/\d", re.IGNORECASE)
_LAST_METHOD = re.compile(rf"{_METHOD}$", re.IGNORECASE)
_STARTS_AS_TARGET = re.compile(_TARGET, re.IGNORECASE)
_MOST_VERSIONS: Final = 16
_LONGEST_LINE: Final = 1600
_RESPONSE = re.compile(r"HTTP/\d\.\d[ \t]{1,4}\d{3}(?:[ \t\r\n]|$)", re.IGNORECASE)
_CHUNK = re.compile(
    rf"(?:^|[\r\n])0\r?\n\r?\n\s{{0,4}}{_METHOD}[ \t]{{1,4}}{_TARGET}", re.IGNORECASE
)
_FIELD = re.compile(r"\r?\n[ \t]{0,4}[A-Za-z][\w-]{1,40}[ \t]{0,2}:")
# The rest of a request line that the value stands in, so that a second request follows.
_REST = re.compile(r"[^\s]{0,100}\s{0,4}HTTP/\d(?:\.\d)?\r?\n", re.IGNORECASE)
# That line's end as the start of the value, behind one word at most, and a field or its end.
_REST_AT_START = re.compile(
    r"(?:[^\s:=,]{0,100}[ \t]{1,4})?HTTP/\d(?:\.\d)?(?P<end>\r?\n)"
    r"(?:[A-Za-z][\w-]{0,40}[ \t]?:|\r?\n|\Z)",
    re.IGNORECASE,
)
_RANGE = re.compile(
    r"\s?bytes\s?=(?:[\d, -]*?(?:\d{16}|(?:-\s?,[\d ]{0,20}){5})|\s?(?:0-\d{0,10}\s?,\s?){6})",
    re.IGNORECASE,
)
_SUBREQUEST: Final = "x-middleware-subrequest"
_QUOTING = frozenset("\"'`")


def judge(text: str, context: Context) -> Judgement | None:
    """Whether `text` would be read as a message where a line break or a length is lost."""
    if context.is_name and context.location == "cookie" and text.lower() == "$version":
        return verdict("http.cookie-version", 6, text)
    if context.location == "header" and context.name == _SUBREQUEST:
        return verdict("http.middleware", 9, text)
    many = _RANGE.match(text)
    if many:
        return verdict("http.range", 4, many[0])  # The gateway takes such a field away.
    chunk = _CHUNK.search(text)
    if chunk:
        return verdict("http.chunk", 9, chunk[0])
    request = _request_line(text)
    if request is not None:
        start, end = request
        return verdict("http.request", _score(text, start, end, context), text[start:end])
    rest = _REST_AT_START.match(text)
    if rest:
        is_line = context.location == "body" and rest["end"] == "\n"
        return verdict("http.request", 4 if is_line or reads_as_prose(text) else 7, rest[0])
    response = _RESPONSE.search(text)
    if response:
        score = _score(text, response.start(), response.end(), context)
        # The line alone is what a monitor expects to see.
        is_alone = not text[: response.start()].strip() and "\n" not in text.strip()
        return verdict("http.response", min(score, 4) if is_alone else score, response[0])
    return None


def _request_line(text: str) -> tuple[int, int] | None:
    """Where the first line of a request starts and ends, found backwards from its version."""
    for version in islice(_VERSION.finditer(text), _MOST_VERSIONS):
        before = text[max(0, version.start() - _LONGEST_LINE) : version.start()].replace("\t", " ")
        rest, _, target = before.rstrip(" ").rpartition(" ")
        method = _LAST_METHOD.search(rest.rstrip(" ")[-10:])
        if method and _STARTS_AS_TARGET.match(target):
            return text.rindex(method[0], 0, version.start() - len(target)), version.end()
    return None


def _score(text: str, start: int, end: int, context: Context) -> int:
    before = text[:start]
    at_start = not before.strip() or before[-1:] in "\r\n"
    is_text = context.location == "body" and not context.is_name
    if before[-1:] in _QUOTING or ((is_text or not at_start) and reads_as_prose(text)):
        # A line of an access log, or an example in a sentence.
        return 4
    if before[-1:] in (" ", "\t") and "\n" not in text and "\r" not in text:
        return 4  # Who cannot break the line starts no message: `Seen: GET /a HTTP/1.1 -> 400`.
    has_fields = _FIELD.match(text, text.find("\n", end) - 1) is not None
    if not is_text:
        return 9 if at_start else 7
    if not at_start:
        return 6 if has_fields else 4
    # In a body somebody may show what their client sent, in many lines and with a word about it.
    is_shown = before.count("\n") > 2 or "```" in before or before.rstrip().endswith(":")
    is_shown = is_shown and not _REST.match(text)
    return 4 if is_shown else 8


DETECTOR = Detector(
    family="http",
    rules=RULES,
    triggers=(
        rf"{_METHOD}[ \t]{{1,4}}\S+[ \t]{{1,4}}HTTP/\d",
        r"HTTP/\d\.\d[ \t]{1,4}\d{3}(?:[ \t\r\n]|$)",
        rf"(?:^|[\r\n])0\r?\n\r?\n\s{{0,4}}{_METHOD}[ \t]{{1,4}}{_TARGET}",
        r"HTTP/\d(?:\.\d)?\r?\n",
        r"^\s?bytes\s?=(?:[\d, -]*(?:\d{16}|-\s?,)|\s?(?:0-\d{1,10}\s?,\s?){6})",
        r"^\$version$",
        r"^(?:src/)?(?:middleware|pages/\S{0,80}_middleware)(?::|$)|:(?:src/)?middleware(?::|$)",
    ),
    judge=judge,
)
