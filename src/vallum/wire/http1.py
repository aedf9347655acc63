"""HTTP/1.1 message heads: bytes in, one reading out, or a refusal (GW-4; RFC 9110, RFC 9112).

Vallum reads heads itself because it must be stricter than a general parser: it accepts only what
every correct parser reads the same way, byte for byte. Property tests hold the accepted language
against llhttp and h11: whatever is accepted here, they accept with the same reading.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vallum.core.fields import FieldLine, Fields
from vallum.core.problems import Denied

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_METHOD = re.compile(_TOKEN)
_FIELD_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}")
_METHODS = {
    name.encode("ascii"): name
    for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
}
_UNDERSCORED = re.compile(rb"(?=[^:]*_)" + _TOKEN + rb":")
_VERSION = re.compile(rb"HTTP/[0-9]\.[0-9]")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?")
_HOST = re.compile(
    rb"(?:[A-Za-z0-9_][A-Za-z0-9._~-]{0,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?"
)

_SECOND_CREDENTIAL = re.compile(
    rb",[ \t]*(?:bearer|basic|dpop|apikey|negotiate)[ \t]", re.IGNORECASE
)

# RFC 9110 §5.5: field values are HTAB, SP, VCHAR and obs-text; CR LF only ends a line.
_FIELD_BYTES = b"\t\r\n" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))

_SINGLETONS = (
    b"host",
    b"content-length",
    b"transfer-encoding",
    b"authorization",
    b"proxy-authorization",
    b"content-type",
    b"content-encoding",
    b"origin",
    b"cookie",
    b"expect",
    b"x-api-key",
    b"dpop",
)
"""Fields that a request may carry once. Two readers could pick different ones (B-061, B-064)."""

_TRANSFER_CODINGS = frozenset(
    {b"gzip", b"x-gzip", b"deflate", b"compress", b"x-compress", b"identity"}
)

MAX_CONTENT_LENGTH_DIGITS = 15


class RequestFields(Fields):
    """The fields of a request with what they say about its framing, decided once."""

    __slots__ = (
        "chunked",
        "connection_options",
        "content_length",
        "expects_continue",
        "host",
        "inspected",
        "memo",
    )

    content_length: int
    """Declared length in bytes; -1 where none is declared."""
    chunked: bool
    host: bytes
    """The Host value, or empty for HTTP/1.0 without one."""
    connection_options: frozenset[bytes]
    expects_continue: bool
    inspected: object
    """By what these fields were found to be harmless; None until then."""
    memo: object
    """Derived once per distinct field block by the gateway; None until then."""


def malformed(rule: str) -> Denied:
    """The refusal of a message that breaks `rule`; the connection ends with it (X400)."""
    return Denied("malformed-request", f"http.{rule}", close=True)


def split_request_line(line: bytes) -> tuple[str, bytes, int]:
    """Method, target and minor version of a request line.

    Raises:
        Denied: the line is not exactly `method SP request-target SP HTTP-version`.
    """
    # RFC 9112 §3: recipients MAY split on whitespace; we are stricter, one SP and nothing else,
    # because a lenient second reader finds another target (B-033).
    parts = line.split(b" ")
    if len(parts) != 3:
        raise malformed("request-line")
    method, target, version = parts
    name = _METHODS.get(method)
    if name is None:
        if not _METHOD.fullmatch(method) or len(method) > 32:
            raise malformed("method")
        name = method.decode("ascii")
    if version == b"HTTP/1.1":
        minor = 1
    elif version == b"HTTP/1.0":
        minor = 0
    elif _VERSION.fullmatch(version):
        raise Denied("version-not-supported", "http.version", close=True)
    else:
        raise malformed("version")
    if not target:
        raise malformed("request-line")
    return name, target, minor


_known_names: dict[bytes, bytes] = {}
_MAX_KNOWN_NAMES = 1024


def _field_name(name: bytes, line: bytes) -> bytes:
    """The lower-case form of a field name, remembered for the next message.

    Raises:
        Denied: the name is not a token.
    """
    if line[:1] in (b" ", b"\t"):
        # RFC 9112 §5.2 and §2.2: obs-fold and whitespace before the first field are refused.
        raise malformed("obs-fold")
    if not _FIELD_NAME.fullmatch(name):
        # RFC 9112 §5.1: no whitespace between name and colon.
        raise malformed("field-name")
    lower = name.lower()
    if len(_known_names) >= _MAX_KNOWN_NAMES:
        _known_names.clear()  # Else whoever invents that many names slows everybody down for ever.
    _known_names[name] = lower
    return lower


def parse_field_lines(block: bytes) -> tuple[FieldLine, ...]:
    """Field lines of a head, without the empty line that ends it.

    Args:
        block: lines separated by CRLF, without a final CRLF; may be empty.

    Raises:
        Denied: the block can be read in more than one way.
    """
    if not block:
        return ()
    if block.translate(None, _FIELD_BYTES):
        # RFC 9110 §5.5: CR, LF and NUL are dangerous; we refuse every other control too (B-021).
        raise malformed("control-in-field")
    lines = block.split(b"\r\n")
    breaks = len(lines) - 1
    if block.count(b"\r") != breaks or block.count(b"\n") != breaks:
        # RFC 9112 §2.2: a bare CR is an error, and a bare LF only MAY be taken for a line end.
        raise malformed("bare-cr-or-lf")
    known = _known_names
    items = []
    for line in lines:
        name, colon, value = line.partition(b":")
        lower = known.get(name)
        if lower is None:
            lower = _field_name(name, line)
        if not colon:
            raise malformed("no-colon")
        items.append((lower, value.strip(b" \t")))
    return tuple(items)


def _content_length(value: bytes) -> int:
    # RFC 9110 §8.6: 1*DIGIT. Python's int() takes `+5`, `1_0` and full-width digits (B-010).
    if not value.isdigit() or not value.isascii():
        raise malformed("content-length")
    if value[:1] == b"0" and len(value) > 1:
        raise malformed("content-length-leading-zero")
    if len(value) > MAX_CONTENT_LENGTH_DIGITS:
        raise Denied("body-too-large", "http.content-length-overflow", close=True)
    return int(value)


def _check_transfer_encoding(value: bytes) -> None:
    """Only the one coding `chunked` is accepted (B-003 … B-006)."""
    codings = [coding.strip(b" \t").lower() for coding in value.split(b",")]
    if codings == [b"chunked"]:
        return
    if not all(_METHOD.fullmatch(coding) for coding in codings):
        raise malformed("transfer-encoding")
    # RFC 9112 §6.1: a sender MUST NOT apply the chunked coding more than once; §6.3: where chunked
    # is not final the length cannot be known.
    if b"chunked" in codings[:-1]:
        raise malformed("chunked-not-final")
    if codings[-1] != b"chunked" and codings[-1] in _TRANSFER_CODINGS:
        raise malformed("chunked-not-final")
    raise Denied("not-implemented", "http.transfer-coding", close=True)


def _connection_options(fields: Fields) -> frozenset[bytes]:
    options = set()
    for value in fields.all(b"connection"):
        for part in value.split(b","):
            option = part.strip(b" \t").lower()
            if not option:
                continue
            if not _METHOD.fullmatch(option):
                raise malformed("connection-option")
            options.add(option)
    return frozenset(options)


def check_host(value: bytes) -> bytes:
    """The value itself, when it is a host with an optional port.

    Raises:
        Denied: RFC 9112 §3.2: a server MUST respond 400 to an invalid Host (B-061, B-062).
    """
    if not _HOST.fullmatch(value):
        raise malformed("host")
    if value[-1:] != b"]":
        _, colon, port = value.rpartition(b":")
        if colon and int(port) > 65535:
            raise malformed("host")
    return value


def _check_underscores(fields: Fields, declared: frozenset[bytes]) -> None:
    # SECURITY: CGI-style upstreams fold `_` to `-` and would see a field that we did not strip
    # (B-026, B-058). Only names that a contract declares may have one, and not in both spellings.
    for name, _ in fields.items:
        if b"_" in name and (name not in declared or name.replace(b"_", b"-") in fields):
            raise malformed("underscore-in-name")


def parse_request_fields(
    block: bytes, minor: int, underscored: frozenset[bytes] = frozenset()
) -> RequestFields:
    """The fields of a request, judged.

    Args:
        block: field lines separated by CRLF, without a final one.
        minor: of HTTP/1.x.
        underscored: names with an underscore that may be used; all others are refused.

    Raises:
        Denied: anything that two parsers could read differently.
    """
    fields = RequestFields(parse_field_lines(block))
    first = fields._first
    if b"_" in block:
        _check_underscores(fields, underscored)
    if len(first) != len(fields.items):
        names = [name for name, _ in fields.items]
        for name in _SINGLETONS:
            if name in first and names.count(name) > 1:
                raise malformed(f"duplicate-{name.decode('ascii')}")
    authorization = first.get(b"authorization")
    if (
        authorization is not None
        and b"," in authorization
        and _SECOND_CREDENTIAL.search(authorization)
    ):
        raise malformed("two-credentials")  # B-064
    fields.memo = None
    fields.inspected = None
    host = first.get(b"host")
    if host is not None:
        fields.host = check_host(host)
    elif minor == 1:
        # RFC 9112 §3.2: MUST respond 400 to an HTTP/1.1 request that lacks Host.
        raise malformed("no-host")
    else:
        fields.host = b""
    _decide_framing(fields, minor)
    fields.connection_options = (
        _connection_options(fields) if b"connection" in first else _NO_OPTIONS
    )
    expect = first.get(b"expect")
    if expect is not None and expect.lower() != b"100-continue":
        raise Denied("expectation-failed", "http.expect", close=True)
    fields.expects_continue = expect is not None and minor == 1
    return fields


_NO_OPTIONS: frozenset[bytes] = frozenset()


def _decide_framing(fields: RequestFields, minor: int) -> None:
    length = fields.get(b"content-length")
    coding = fields.get(b"transfer-encoding")
    fields.content_length = -1 if length is None else _content_length(length)
    fields.chunked = coding is not None
    if coding is None:
        return
    if length is not None:
        # RFC 9112 §6.3: this might be an attempt at request smuggling; we always refuse.
        raise malformed("te-and-cl")
    if minor == 0:
        # RFC 9112 §6.1: Transfer-Encoding in HTTP/1.0 means that the framing is faulty.
        raise malformed("te-in-http10")
    _check_transfer_encoding(coding)


class ResponseHead(NamedTuple):
    """The status line and fields of an upstream's answer."""

    status: int
    minor: int
    fields: Fields
    content_length: int
    """-1 where none is declared."""
    chunked: bool
    close: bool


def parse_response_head(head: bytes) -> ResponseHead:
    """An upstream's answer up to, not including, the empty line.

    Raises:
        Denied: any message whose framing is not beyond doubt (B-031); the gateway turns it into
            502.
    """
    line, _, block = head.partition(b"\r\n")
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise malformed("status-line")
    minor = int(match[1])
    fields = Fields(_response_lines(block))
    lengths = fields.all(b"content-length")
    codings = fields.all(b"transfer-encoding")
    if len(lengths) > 1 or len(codings) > 1:
        raise malformed("duplicate-framing")
    if lengths and codings:
        raise malformed("te-and-cl")
    if codings and (minor == 0 or codings[0].lower() != b"chunked"):
        raise malformed("transfer-encoding")
    options = _connection_options(fields)
    if options:
        # RFC 9110 §7.6.1: what Connection names is for this hop alone.
        fields = Fields(tuple(line for line in fields.items if line[0] not in options))
    return ResponseHead(
        status=int(match[2]),
        minor=minor,
        fields=fields,
        content_length=_content_length(lengths[0]) if lengths else -1,
        chunked=bool(codings),
        close=b"close" in options or (minor == 0 and b"keep-alive" not in options),
    )


def _response_lines(block: bytes) -> tuple[FieldLine, ...]:
    if b"_" not in block:
        return parse_field_lines(block)
    # An upstream may name a field with an underscore; clients do not fold names, so it is only
    # dropped, not refused.
    kept = [line for line in block.split(b"\r\n") if not _UNDERSCORED.match(line)]
    return parse_field_lines(b"\r\n".join(kept))
