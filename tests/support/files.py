"""Small files of many kinds, good and bad, made here."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
_DATE = (2026, 1, 1, 0, 0, 0)


def png(width: int = 2, height: int = 2, extra: bytes = b"") -> bytes:
    """A PNG file; `extra` stands in a text chunk."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    text = chunk(b"tEXt", b"Comment\0" + extra) if extra else b""
    data = chunk(b"IDAT", zlib.compress(b"\0" * 14))
    return b"\x89PNG\r\n\x1a\n" + head + text + data + chunk(b"IEND", b"")


def jpeg(width: int = 2, height: int = 2) -> bytes:
    """The head and end of a JPEG file."""
    app = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0"
    return b"\xff\xd8" + app + frame + b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0\x7f\xff\xd9"


def gif(width: int = 2, height: int = 2) -> bytes:
    """A GIF file."""
    size = struct.pack("<HH", width, height)
    image = b",\0\0\0\0" + size + b"\0\x02\x02\x44\x01\0"
    return b"GIF89a" + size + b"\x80\0\0\0\0\0\xff\xff\xff" + image + b";"


def webp(width: int = 2, height: int = 2) -> bytes:
    """A lossless WebP file, as far as its head."""
    bits = (width - 1) | (height - 1) << 14
    data = b"\x2f" + struct.pack("<I", bits) + b"\0\0\0"
    chunk = b"VP8L" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def zipped(members: Mapping[str, bytes], *, mode: int = 0o644, stored: bool = False) -> bytes:
    """A ZIP file."""
    target = io.BytesIO()
    method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.external_attr = mode << 16
            info.compress_type = method
            archive.writestr(info, content)
    return target.getvalue()


def office(folder: str, more: Mapping[str, bytes] | None = None) -> bytes:
    """A small Office document: `word`, `xl` or `ppt`."""
    xml = b'<?xml version="1.0" encoding="UTF-8"?><x/>'
    return zipped({"[Content_Types].xml": xml, f"{folder}/document.xml": xml, **(more or {})})


def tarred(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    """A tar file."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            info.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(content))
    return target.getvalue()


_OFFICE = "application/vnd.openxmlformats-officedocument."
GOOD_FILES: tuple[tuple[str, str, bytes], ...] = (
    ("photo.png", "image/png", png()),
    ("photo.jpg", "image/jpeg", jpeg()),
    ("Photo.JPEG", "image/jpeg", jpeg(4000, 3000)),
    ("anim.gif", "image/gif", gif()),
    ("photo.webp", "image/webp", webp()),
    ("paper.pdf", "application/pdf", b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n"),
    ("all.zip", "application/zip", zipped({"a.txt": b"a", "b/c.txt": b"c" * 500})),
    ("all.zip", "application/octet-stream", zipped({})),
    ("letter.docx", f"{_OFFICE}wordprocessingml.document", office("word")),
    ("table.xlsx", f"{_OFFICE}spreadsheetml.sheet", office("xl")),
    ("talk.pptx", f"{_OFFICE}presentationml.presentation", office("ppt")),
    ("data.gz", "application/gzip", gzip.compress(b"data" * 100, mtime=0)),
    ("data.tar", "application/x-tar", tarred(("a.txt", b"a"), ("b/c.txt", b"c" * 600))),
    ("data.tgz", "application/gzip", gzip.compress(tarred(("a.txt", b"a")), mtime=0)),
    ("clip.mp4", "video/mp4", b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2"),
    ("song.mp3", "audio/mpeg", b"ID3\x04\0\0\0\0\0\0\xff\xfb\x90\0"),
    ("song.mp3", "audio/mpeg", b"\xff\xfb\x90\x64\0\0\0\0"),
    ("voice.wav", "audio/wav", b"RIFF\x04\0\0\0WAVE"),
    ("table.csv", "text/csv", "name;price\r\nÄpfel;1,20\r\n".encode()),
    ("table.csv", "application/vnd.ms-excel", b"a,b\r\n1,2\r\n"),
    ("notes.txt", "text/plain", b"<b>not a page</b> and <?php not run ?>"),
    ("readme.v1.2.md", "text/plain", b"# Title\n\n    #!/bin/sh\n"),
    ("data.json", "application/json", b' {"a": [1, 2]}\n'),
    ("feed.xml", "application/xml", b'<?xml version="1.0"?><feed><entry>1</entry></feed>'),
    ("unknown.dat", "application/octet-stream", b"\x01\x02\x03"),
    ("cv (final) - O'Brien, Zoë.pdf", "application/pdf", b"%PDF-1.4\n"),
    ("www.example.com.pdf", "application/pdf", b"%PDF-1.4\n"),
)
"""Name, declared type, content."""
