"""`multipart/form-data` (RFC 7578), read so that no second parser can find other parts (B-096).

Whatever parsers disagree about is refused: text around the parts, line feeds alone, padding after
a boundary, folded or repeated part headers, `name*` beside `name`, escapes in quoted names. What
goes on to the upstream is written anew from the parts that were read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
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
_TRANSFER_ENCODINGS: Final = ("7bit", "8bit", "binary")


class MalformedMultipart(Exception):  # noqa: N818  (named for what it says about the body)
    """A multipart body that is refused. `code`: `boundary`, `frame`, `count`, `head` or `name`."""

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


def _part(raw: bytes) -> Part:
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
    # RFC 7578 §4.7: deprecated; what it changes, only some readers undo.
    if fields.get("content-transfer-encoding", "binary").lower() not in _TRANSFER_ENCODINGS:
        raise MalformedMultipart("head")
    name, filename = _disposition(fields.get("content-disposition", ""))
    media_type = None
    if "content-type" in fields:
        try:
            media_type = parse_media_type(fields["content-type"].encode("utf-8"))
        except ValueError:
            raise MalformedMultipart("head") from None
        # SECURITY: RFC 7578 §4.3: readers that know the old way find other parts in such a part.
        if media_type.essence.startswith(("multipart/", "message/")):
            raise MalformedMultipart("head")
        # Mail's other place for a file's name, which some readers believe.
        if media_type.parameter("name") not in (None, filename):
            raise MalformedMultipart("name")
    return Part(name, filename, media_type, content)


def _disposition(value: str) -> tuple[str, str | None]:
    """Name and file name of a part."""
    match = _DISPOSITION.match(value)
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
    if not found.get("name") or (filename is not None and _is_path(filename)):
        raise MalformedMultipart("name")
    return found["name"], filename


def _is_path(filename: str) -> bool:
    return "/" in filename or filename in (".", "..")
