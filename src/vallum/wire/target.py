"""Request targets: one canonical path and query, or a refusal (hostile cases D; RFC 3986).

Nothing is resolved or repaired: a dot segment, an encoded slash or a doubly encoded byte is
refused, because whoever resolves differently is bypassed. What is matched is what is forwarded.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from vallum.core.problems import Denied
from vallum.core.request import Target

# `pchar` without `%` and `;` (RFC 3986 §3.3); a segment never is `.` or `..`.
_PLAIN_PATH = re.compile(rb"(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~!$&'()*+,=:@-]+)+/?|/")
_RAW_PATH = re.compile(rb"(?:/[A-Za-z0-9._~!$&'()*+,=:@%\[\]|-]*)+")
_PLAIN_QUERY = re.compile(
    rb"[A-Za-z0-9._~!$'()*,:@/-]+=[A-Za-z0-9._~!$'()*,:@/-]*"
    rb"(?:&[A-Za-z0-9._~!$'()*,:@/-]+=[A-Za-z0-9._~!$'()*,:@/-]*)*"
)
_RAW_QUERY = re.compile(rb"[\x21\x22\x24-\x7e]*")
_VISIBLE = re.compile(rb"[\x21-\x7e]*")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_STILL_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_ABSOLUTE = re.compile(rb"(https?)://([^/?#]*)(.*)", re.IGNORECASE)

_PATH_SAFE = "!$&'()*+,=:@~"
_QUERY_SAFE = "!$'()*,:@/~"


class RawTarget(NamedTuple):
    """A request target taken apart, not yet canonical."""

    scheme: str | None
    """From absolute-form, as is `authority`, which takes precedence over Host (RFC 9112 §3.2.2)."""
    authority: bytes | None
    path: bytes
    query: bytes


def invalid(rule: str, *, close: bool = False) -> Denied:
    """The refusal of a target that breaks `rule`."""
    return Denied("invalid-target", f"target.{rule}", close=close)


def split_target(target: bytes) -> RawTarget:
    """Take origin-form or absolute-form apart.

    Raises:
        Denied: `#` or a byte that no URI may hold (B-081), another form, or userinfo.
    """
    scheme = authority = None
    if target[:1] != b"/":
        match = _ABSOLUTE.fullmatch(target)
        if match is None:
            raise invalid("form", close=True)
        scheme, authority, target = match[1].decode("ascii").lower(), match[2], match[3] or b"/"
        # RFC 9110 §4.2.4: userinfo in a received http reference is to be treated as an error.
        if not authority or b"@" in authority:
            raise invalid("authority", close=True)
        if target[:1] == b"?":
            target = b"/" + target
    if b"#" in target:
        raise invalid("fragment", close=True)
    path, mark, query = target.partition(b"?")
    return RawTarget(scheme, authority, path, query if mark else b"")


def canonical_target(raw: RawTarget, max_parameters: int = 256) -> Target:
    """The one reading of a path and query.

    Raises:
        Denied: the target is not canonical and cannot be made so without a guess.
    """
    path = raw.path
    if _PLAIN_PATH.fullmatch(path):
        text = path.decode("ascii")
        segments = tuple(text[1:].split("/")) if text != "/" else ()
        encoded_path = path
    else:
        segments = _decode_path(path)
        text = "/" + "/".join(segments)
        encoded_path = b"/" + b"/".join(
            quote_from_bytes(segment.encode("utf-8"), _PATH_SAFE).encode("ascii")
            for segment in segments
        )
    if not raw.query:
        return Target(text, segments, encoded_path, (), b"", path)
    query, encoded_query = _canonical_query(raw.query, max_parameters)
    return Target(text, segments, encoded_path, query, encoded_query, path, raw.query)


def _unescape(raw: bytes, where: str) -> str:
    if b"%" in raw:
        if _BAD_ESCAPE.search(raw):
            raise invalid(f"{where}-escape")
        raw = _ESCAPE.sub(lambda match: bytes((int(match[1], 16),)), raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # RFC 3629 §10: overlong forms and lone continuation bytes are not UTF-8 (B-084).
        raise invalid(f"{where}-utf8") from None


def _decode_path(path: bytes) -> tuple[str, ...]:
    if not _RAW_PATH.fullmatch(path):
        # Not in `pchar`: controls, `\`, `;`, raw non-ASCII (B-074, B-076, B-078, B-085).
        # A byte that no request line may hold could end the target for another reader (B-033).
        raise invalid("path-byte", close=not _VISIBLE.fullmatch(path))
    parts = path[1:].split(b"/")
    return tuple(
        _decode_segment(part, is_last=index == len(parts) - 1) for index, part in enumerate(parts)
    )


def _decode_segment(part: bytes, *, is_last: bool) -> str:
    if not part:
        if is_last:
            return ""
        raise invalid("empty-segment")  # B-075
    segment = _unescape(part, "path")
    if "/" in segment or "\\" in segment:
        raise invalid("encoded-slash")  # B-072
    if _CONTROL.search(segment):
        raise invalid("path-control")
    # Any dot segment after one decoding is refused, not resolved (B-071), also as `..;x`.
    if segment in (".", "..") or segment.split(";", 1)[0] in (".", ".."):
        raise invalid("dot-segment")
    if _STILL_ESCAPED.search(segment):
        raise invalid("double-encoding")  # B-073
    if not segment.isascii() and not unicodedata.is_normalized("NFC", segment):
        raise invalid("path-not-nfc")  # B-085
    return segment


def _canonical_query(
    query: bytes, max_parameters: int
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    if query.count(b"&") >= max_parameters:
        raise invalid("too-many-parameters")  # B-091
    if _PLAIN_QUERY.fullmatch(query):
        pairs = []
        for piece in query.decode("ascii").split("&"):
            name, _, value = piece.partition("=")
            pairs.append((name, value))
        return tuple(pairs), query
    if not _RAW_QUERY.fullmatch(query):
        raise invalid("query-byte", close=True)
    decoded = []
    for part in query.split(b"&"):
        if not part:
            continue
        raw_name, _, raw_value = part.partition(b"=")
        name = _unescape(raw_name.replace(b"+", b" "), "query")
        value = _unescape(raw_value.replace(b"+", b" "), "query")
        if "\x00" in name or "\x00" in value:
            raise invalid("query-nul")
        decoded.append((name, value))
    # The upstream gets the decoded reading encoded again, so that `%26` stays data (B-106).
    encoded = "&".join(
        f"{quote_from_bytes(name.encode('utf-8'), _QUERY_SAFE)}"
        f"={quote_from_bytes(value.encode('utf-8'), _QUERY_SAFE)}"
        for name, value in decoded
    )
    return tuple(decoded), encoded.encode("ascii")
