"""Archives by their tables of contents: nothing is unpacked but the beginnings of Office's XML."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterable
from typing import Final, NamedTuple

from vallum.inspection.files.model import BadFile

MAX_ENTRIES: Final = 1_000
MAX_UNPACKED: Final = 256 * 1024 * 1024
MAX_RATIO: Final = 100
RATIO_FLOOR: Final = 1024 * 1024
"""Unpacked bytes below which the ratio is of no interest."""
MAX_PATH_DEPTH: Final = 16
_MAX_GZIP: Final = 32 * 1024 * 1024
"""Bytes of a gzip file that are unpacked to find its size; a larger one is refused."""
_PEEK: Final = 16 * 1024
_MAX_PEEKS: Final = 500

_END: Final = struct.Struct("<4s4H2LH")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_COMMENT: Final = 65_535


class Entry(NamedTuple):
    """An entry of a ZIP file's central directory."""

    name: str
    method: int
    packed: int
    unpacked: int
    offset: int
    mode: int
    is_encrypted: bool


def has_zip_directory(content: bytes) -> bool:
    """Whether a ZIP reader finds an archive at the end, whatever stands before it (GIFAR)."""
    position = _end_of(content)
    if position < 0:
        return False
    end = _END.unpack_from(content, position)
    start = position - end[5]
    return bool(end[4]) and start >= 0 and content[start : start + 4] == b"PK\x01\x02"


def zip_entries(content: bytes) -> list[Entry]:
    """The entries of a ZIP file that every reader reads alike.

    Raises:
        BadFile: the file is broken or ambiguous, or its entries are too many, too large, or lie.
    """
    position = _end_of(content)
    if position < 0:
        raise BadFile("archive-structure")
    _, disk, first_disk, here, count, size, start, comment = _END.unpack_from(content, position)
    # One file, nothing before the first entry, nothing behind the end, no ZIP64.
    if disk or first_disk or here != count or position != start + size:
        raise BadFile("archive-structure")
    if position + _END.size + comment != len(content):
        raise BadFile("archive-structure")
    if count > MAX_ENTRIES:
        raise BadFile("archive-count")
    entries: list[Entry] = []
    at = start
    for _ in range(count):
        entry, at = _entry(content, at)
        entries.append(entry)
    if at != position:
        raise BadFile("archive-structure")
    _check_layout(content, entries, start)
    _check_entries(entries, len(content))
    return entries


def _end_of(content: bytes) -> int:
    """Where the end record stands, or -1."""
    oldest = max(0, len(content) - _COMMENT - _END.size)
    position = content.rfind(b"PK\x05\x06", oldest)
    return position if position >= 0 and position + _END.size <= len(content) else -1


def _entry(content: bytes, at: int) -> tuple[Entry, int]:
    try:
        fields = _ENTRY.unpack_from(content, at)
    except struct.error:
        raise BadFile("archive-structure") from None
    signature, _, _, flags, method, _, _, _, packed, unpacked, length, extra, comment = fields[:13]
    attributes, offset = fields[15], fields[16]
    raw = content[at + _ENTRY.size : at + _ENTRY.size + length]
    if signature != b"PK\x01\x02" or len(raw) != length or 0xFFFFFFFF in (packed, unpacked, offset):
        raise BadFile("archive-structure")
    name = raw.decode("utf-8", "surrogateescape")
    entry = Entry(name, method, packed, unpacked, offset, attributes >> 16, bool(flags & 1))
    return entry, at + _ENTRY.size + length + extra + comment


def _check_layout(content: bytes, entries: Iterable[Entry], end: int) -> None:
    """Every entry has its own bytes, under the name that the directory gives it."""
    ordered = sorted(entries, key=lambda entry: entry.offset)
    expected = 0
    for entry in ordered:
        # SECURITY: entries that share bytes unpack to more than any ratio tells.
        if entry.offset < expected or (expected == 0 and entry.offset != 0):
            raise BadFile("archive-structure")
        try:
            local = _LOCAL.unpack_from(content, entry.offset)
        except struct.error:
            raise BadFile("archive-structure") from None
        begin = entry.offset + _LOCAL.size
        raw = content[begin : begin + local[9]]
        if local[0] != b"PK\x03\x04" or raw.decode("utf-8", "surrogateescape") != entry.name:
            raise BadFile("archive-structure")
        expected = begin + local[9] + local[10] + entry.packed
        if expected > end:
            raise BadFile("archive-structure")


def _check_entries(entries: Iterable[Entry], size: int) -> None:
    total = 0
    names: set[str] = set()
    for entry in entries:
        total += entry.unpacked
        check_path(entry.name)
        if stat.S_ISLNK(entry.mode):
            raise BadFile("archive-link")
        folded = entry.name.casefold()
        if folded in names:
            raise BadFile("archive-structure")
        names.add(folded)
    if total > MAX_UNPACKED or total > max(RATIO_FLOOR, MAX_RATIO * size):
        raise BadFile("archive-bomb")


def check_path(path: str) -> None:
    """Raises BadFile where unpacking would leave the folder (zip slip), or dig too deep."""
    steps = path.split("/")
    if (
        not path
        or path.startswith("/")
        or ".." in steps
        or "\\" in path
        or "\0" in path
        or path[1:2] == ":"
        or len(steps) > MAX_PATH_DEPTH
    ):
        raise BadFile("archive-path")


def check_office(content: bytes, entries: list[Entry], folder: str) -> None:
    """Raises BadFile where an Office document is none, has macros, or XML with a document type."""
    names = {entry.name for entry in entries}
    if "[Content_Types].xml" not in names or not any(name.startswith(folder) for name in names):
        raise BadFile("content")
    documents = [entry for entry in entries if entry.name.endswith((".xml", ".rels"))]
    if any("vbaproject" in name.lower() for name in names):
        raise BadFile("macros")
    if len(documents) > _MAX_PEEKS:
        raise BadFile("archive-count")
    for entry in documents:
        head = _beginning(content, entry).removeprefix(b"\xef\xbb\xbf").lstrip()
        # SECURITY: XXE in a document that is opened on a server (B-112). Nothing but UTF-8.
        if head and (head[:1] != b"<" or b"<!DOCTYPE" in head or b"<!ENTITY" in head):
            raise BadFile("document-type")


def _beginning(content: bytes, entry: Entry) -> bytes:
    local = _LOCAL.unpack_from(content, entry.offset)
    begin = entry.offset + _LOCAL.size + local[9] + local[10]
    data = content[begin : begin + entry.packed]
    if entry.is_encrypted:
        raise BadFile("archive-structure")
    if entry.method == 0:
        return data[:_PEEK]
    if entry.method != 8:
        raise BadFile("archive-structure")
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, _PEEK)
    except zlib.error:
        raise BadFile("archive-structure") from None


def check_gzip(content: bytes) -> None:
    """Raises BadFile where a gzip file is broken, grows too large, or holds a harmful tar."""
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    most = min(_MAX_GZIP, max(RATIO_FLOOR, MAX_RATIO * len(content)))
    try:
        inside = decoder.decompress(content, most + 1)
    except zlib.error:
        raise BadFile("archive-structure") from None
    if len(inside) > most:
        raise BadFile("archive-bomb")
    if not decoder.eof or decoder.unused_data:
        raise BadFile("archive-structure")
    if is_tar(inside):
        check_tar(inside)


def is_tar(content: bytes) -> bool:
    """Whether it is a tar file (POSIX or GNU)."""
    return content[257:262] == b"ustar"


def check_tar(content: bytes) -> None:
    """Raises BadFile for links, devices, and paths that lead out."""
    at = count = 0
    while at + 512 <= len(content):
        block = content[at : at + 512]
        if block == bytes(512):
            return
        count += 1
        if count > MAX_ENTRIES:
            raise BadFile("archive-count")
        kind = block[156:157]
        size = _octal(block[124:136])
        if kind in b"123456" and kind != b"5":
            raise BadFile("archive-link")
        if kind not in (b"0", b"\0", b"5", b"g", b"x", b"L"):
            raise BadFile("archive-structure")
        # Long names stand in blocks of their own, with the rules of short ones.
        if kind in (b"x", b"g", b"L"):
            _check_long_names(content[at + 512 : at + 512 + size], kind)
        else:
            name = block[:100].partition(b"\0")[0]
            prefix = block[345:500].partition(b"\0")[0] if block[257:263] == b"ustar\0" else b""
            path = prefix + b"/" + name if prefix else name
            check_path(path.decode("utf-8", "surrogateescape"))
        at += 512 + -(-size // 512) * 512
    if at != len(content):
        raise BadFile("archive-structure")


def _check_long_names(data: bytes, kind: bytes) -> None:
    if kind == b"L":
        check_path(data.partition(b"\0")[0].decode("utf-8", "surrogateescape"))
        return
    for line in data.split(b"\n"):
        _, _, record = line.partition(b" ")
        key, _, value = record.partition(b"=")
        if key == b"path":
            check_path(value.decode("utf-8", "surrogateescape"))
        elif key in (b"linkpath", b"size"):
            raise BadFile("archive-structure")


def _octal(field: bytes) -> int:
    text = field.strip(b" \0")
    if not text or text.translate(None, b"01234567"):
        raise BadFile("archive-structure")
    return int(text, 8)
