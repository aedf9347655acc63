"""`multipart/form-data` (RFC 7578), read so that no second parser can find other parts (B-096).

Whatever parsers disagree about is refused: text around the parts, line feeds alone, padding after
a boundary, folded or repeated part headers, `name*` beside `name`, escapes in quoted names. What
goes on to the upstream is written anew from the parts that were read.
"""

from __future__ import annotations

import re
from binascii import Error as MalformedBase64
from binascii import a2b_base64
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from vallum.wire.media_type import MediaType, parse_media_type

MAX_PARTS: Final = 1_000
MAX_PART_HEAD: Final = 4 * 1024
"""Bytes of all header lines of one part."""

# RFC 2046 §5.1.1: 1 to 70 of these characters, and no space at the end.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_LINE: Final = re.compile(
    r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]*)"
)
# Browsers write `"` as %22 and never a backslash; readers disagree about what one escapes.
_PARAMETER: Final = re.compile(
    r';[ \t]*([A-Za-z]+)=(?:"([^"\\\x00-\x1f\x7f]*)"|([!#$%&\'*+.^_`|~0-9A-Za-z-]+))[ \t]*'
)
_DISPOSITION: Final = re.compile(r"form-data[ \t]*(?=;)", re.IGNORECASE)
_ANY_DISPOSITION: Final = re.compile(r"(?:form-data|attachment|inline)[ \t]*(?=;|$)", re.IGNORECASE)
_TRANSFER_ENCODINGS: Final = ("7bit", "8bit", "binary")
_MAX_NESTING: Final = 4
"""Multipart bodies within multipart bodies."""


class MalformedMultipart(Exception):  # noqa: N818  (named for what it says about the body)
    """A multipart body that is refused. `code`: `boundary`, `frame`, `count`, `head`, `name` or
    `coding`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Part(NamedTuple):
    """One part of a form."""

    name: str
    filename: str | None
    """None where the part is no file."""
    media_type: MediaType | None
    """None where the part does not say; text then (RFC 7578 §4.4)."""
    content: bytes

    @property
    def is_upload(self) -> bool:
        """Whether it is a file to whoever stores it: more than text, or JSON, of a field."""
        is_json = self.media_type is not None and self.media_type.is_json
        return self.is_file and not (is_json and self.filename is None)

    @property
    def is_file(self) -> bool:
        """Whether the content is more than the text of a field."""
        if self.filename is not None:
            return True
        essence = self.media_type.essence if self.media_type is not None else "text/plain"
        return essence != "text/plain"


def write_multipart(parts: Iterable[Part], media_type: MediaType) -> bytes:
    """The canonical spelling of parts that `parse_multipart` read, with their own boundary."""
    mark = b"--" + (media_type.parameter("boundary") or "").encode("ascii")
    pieces: list[bytes] = []
    for part in parts:
        pieces += (mark, _head(part).encode("utf-8"), part.content, b"\r\n")
    return b"".join([*pieces, mark, b"--\r\n"])


def _head(part: Part) -> str:
    # Names hold no quotes, backslashes and controls: `_disposition` let none through.
    lines = f'\r\nContent-Disposition: form-data; name="{part.name}"'
    if part.filename is not None:
        lines += f'; filename="{part.filename}"'
    if part.media_type is not None:
        lines += f"\r\nContent-Type: {part.media_type}"
    return lines + "\r\n\r\n"


def parse_multipart(body: bytes, media_type: MediaType) -> tuple[Part, ...]:
    """The parts of a form in order, repeated names kept for the contract to judge.

    Raises:
        MalformedMultipart: two readers could find other parts, or there are too many.
    """
    return tuple(_part(raw) for raw in split_parts(body, media_type))


def split_parts(body: bytes, media_type: MediaType) -> list[bytes]:
    """The parts of any `multipart/*` body, heads included.

    Raises:
        MalformedMultipart: the boundary or the frame is not exactly as RFC 2046 has it.
    """
    boundary = media_type.parameter("boundary")
    if boundary is None or _BOUNDARY.fullmatch(boundary) is None:
        raise MalformedMultipart("boundary")
    mark = b"--" + boundary.encode("ascii")
    delimiter = b"\r\n" + mark + b"\r\n"
    end = b"\r\n" + mark + b"--"
    # We are stricter than RFC 2046: no preamble and no epilogue, which readers skip differently.
    inner = body.removesuffix(b"\r\n")
    if not inner.startswith(delimiter[2:]) or not inner.endswith(end):
        raise MalformedMultipart("frame")
    count = body.count(delimiter) + 2
    if count > MAX_PARTS + 1:
        raise MalformedMultipart("count")
    # Every other occurrence of the boundary, as after a line feed alone, is a part to someone.
    if body.count(mark) != count:
        raise MalformedMultipart("frame")
    parts = inner[len(delimiter) - 2 : -len(end)].split(delimiter)
    # Delimiters that share a line break, as in `--x` right before `--x--`, end nothing for us.
    if len(parts) != count - 1:
        raise MalformedMultipart("frame")
    return parts


def parse_mixed(body: bytes, media_type: MediaType) -> tuple[Part, ...]:
    """The parts of any `multipart/*` body (RFC 2046), decoded; those of multipart parts too.

    Raises:
        MalformedMultipart: two readers could find other parts, or there are too many.
    """
    found: list[Part] = []
    waiting = [(body, media_type, 1)]
    while waiting:
        body, media_type, depth = waiting.pop()
        # RFC 2046 §5.1.5: there, parts that do not say what they are are messages.
        if depth > _MAX_NESTING or media_type.essence == "multipart/digest":
            raise MalformedMultipart("head")
        for raw in split_parts(body, media_type):
            part = _mixed_part(raw)
            if part.media_type is None or not part.media_type.essence.startswith("multipart/"):
                found.append(part)
            else:
                waiting.append((part.content, part.media_type, depth + 1))
        if len(found) + len(waiting) > MAX_PARTS:
            raise MalformedMultipart("count")
    return tuple(found)


def _part(raw: bytes) -> Part:
    fields, content = _take_apart(raw)
    # RFC 7578 §4.7: deprecated; what it changes, only some readers undo.
    if fields.get("content-transfer-encoding", "binary").lower() not in _TRANSFER_ENCODINGS:
        raise MalformedMultipart("head")
    name, filename = _disposition(fields.get("content-disposition", ""), _DISPOSITION)
    if not name:
        raise MalformedMultipart("name")
    media_type = _media_type(fields)
    if media_type is not None:
        # SECURITY: RFC 7578 §4.3: readers that know the old way find other parts in such a part.
        if media_type.essence.startswith(("multipart/", "message/")):
            raise MalformedMultipart("head")
        # Mail's other place for a file's name, which some readers believe.
        if media_type.parameter("name") not in (None, filename):
            raise MalformedMultipart("name")
    return Part(name, filename, media_type, content)


def _mixed_part(raw: bytes) -> Part:
    # RFC 2046 §5.1: a part may have no head at all.
    fields, content = ({}, raw[2:]) if raw.startswith(b"\r\n") else _take_apart(raw)
    name, filename = "", None
    if "content-disposition" in fields:
        name, filename = _disposition(fields["content-disposition"], _ANY_DISPOSITION)
    media_type = _media_type(fields)
    if media_type is not None:
        # SECURITY: a message has a head and parts of its own, which nobody has read.
        if media_type.essence.startswith("message/"):
            raise MalformedMultipart("head")
        named = media_type.parameter("name")
        if named is not None and (filename not in (None, named) or _is_path(named)):
            raise MalformedMultipart("name")
        filename = filename if named is None else named
    coding = fields.get("content-transfer-encoding", "binary").lower()
    if coding == "base64":
        try:
            content = a2b_base64(content.replace(b"\r\n", b""), strict_mode=True)
        except MalformedBase64:
            raise MalformedMultipart("coding") from None
    elif coding not in _TRANSFER_ENCODINGS:
        raise MalformedMultipart("coding")
    return Part(name, filename, media_type, content)


def _take_apart(raw: bytes) -> tuple[dict[str, str], bytes]:
    """The head of a part by names in lower case, and its content."""
    head, blank, content = raw.partition(b"\r\n\r\n")
    if not blank or len(head) > MAX_PART_HEAD:
        raise MalformedMultipart("head")
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise MalformedMultipart("head") from None
    fields: dict[str, str] = {}
    for line in lines:
        match = _LINE.fullmatch(line)
        if match is None or match[1].lower() in fields:
            raise MalformedMultipart("head")
        fields[match[1].lower()] = match[2].rstrip(" \t")
    return fields, content


def _media_type(fields: Mapping[str, str]) -> MediaType | None:
    if "content-type" not in fields:
        return None
    try:
        return parse_media_type(fields["content-type"].encode("utf-8"))
    except ValueError:
        raise MalformedMultipart("head") from None


def _disposition(value: str, kinds: re.Pattern[str]) -> tuple[str, str | None]:
    """Name, empty where it has none, and file name of a part."""
    match = kinds.match(value)
    if match is None:
        raise MalformedMultipart("head")
    position = match.end()
    found: dict[str, str] = {}
    while position < len(value):
        parameter = _PARAMETER.match(value, position)
        # RFC 7578 §4.2: `filename*` must not be used; `name*` never existed.
        if parameter is None or parameter[1].lower() not in ("name", "filename"):
            raise MalformedMultipart("name")
        if parameter[1].lower() in found:
            raise MalformedMultipart("name")
        found[parameter[1].lower()] = parameter[2] if parameter[2] is not None else parameter[3]
        position = parameter.end()
    filename = found.get("filename")
    # A file name is a name, never a path (B-124).
    if filename is not None and _is_path(filename):
        raise MalformedMultipart("name")
    return found.get("name", ""), filename


def _is_path(filename: str) -> bool:
    return "/" in filename or filename in (".", "..")
