"""Kinds of files: how each is declared, named and begun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Begins = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file."""

    media_types: tuple[str, ...]
    extensions: tuple[str, ...]
    begins: Begins
    """Whether content may be of this kind, by its first bytes or, for text, by all of them."""
    is_text: bool = False


def _with(*starts: bytes) -> Begins:
    return lambda content: content.startswith(starts)


def _riff(form: bytes) -> Begins:
    return lambda content: content[:4] == b"RIFF" and content[8:12] == form


def _box(content: bytes) -> bool:
    return content[4:8] == b"ftyp"


def _brand(*brands: bytes) -> Begins:
    return lambda content: content[4:8] == b"ftyp" and content[8:12] in brands


def _mp3(content: bytes) -> bool:
    frame = content[:1] == b"\xff" and len(content) > 1 and content[1] & 0xE6 == 0xE2
    return frame or content[:3] == b"ID3"


def is_text(content: bytes) -> bool:
    """Whether content is text in UTF-8 without control characters."""
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _json(content: bytes) -> bool:
    return is_text(content) and content.lstrip(b" \t\r\n")[:1] in _JSON_STARTS


def _markup(content: bytes) -> bool:
    return is_text(content) and content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _tar(content: bytes) -> bool:
    return content[257:262] == b"ustar"


_JSON_STARTS: Final = frozenset(bytes([byte]) for byte in b'{["-0123456789tfn')
_ZIP: Final = _with(b"PK\x03\x04", b"PK\x05\x06")
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."

KINDS: Final[Mapping[str, Kind]] = {
    "png": Kind(
        media_types=("image/png",), extensions=("png",), begins=_with(b"\x89PNG\r\n\x1a\n")
    ),
    "jpeg": Kind(
        media_types=("image/jpeg", "image/jpg", "image/pjpeg"),
        extensions=("jpg", "jpeg", "jpe", "jfif"),
        begins=_with(b"\xff\xd8\xff"),
    ),
    "gif": Kind(
        media_types=("image/gif",), extensions=("gif",), begins=_with(b"GIF87a", b"GIF89a")
    ),
    "webp": Kind(media_types=("image/webp",), extensions=("webp",), begins=_riff(b"WEBP")),
    "bmp": Kind(
        media_types=("image/bmp", "image/x-ms-bmp"), extensions=("bmp",), begins=_with(b"BM")
    ),
    "tiff": Kind(
        media_types=("image/tiff",),
        extensions=("tif", "tiff"),
        begins=_with(b"II*\0", b"MM\0*"),
    ),
    "heif": Kind(
        media_types=("image/heic", "image/heif", "image/avif"),
        extensions=("heic", "heif", "avif"),
        begins=_brand(b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"avis"),
    ),
    "pdf": Kind(media_types=("application/pdf",), extensions=("pdf",), begins=_with(b"%PDF-")),
    "zip": Kind(
        media_types=("application/zip", "application/x-zip-compressed"),
        extensions=("zip",),
        begins=_ZIP,
    ),
    "docx": Kind(
        media_types=(f"{_OFFICE}wordprocessingml.document",), extensions=("docx",), begins=_ZIP
    ),
    "xlsx": Kind(media_types=(f"{_OFFICE}spreadsheetml.sheet",), extensions=("xlsx",), begins=_ZIP),
    "pptx": Kind(
        media_types=(f"{_OFFICE}presentationml.presentation",), extensions=("pptx",), begins=_ZIP
    ),
    "gzip": Kind(
        media_types=("application/gzip", "application/x-gzip"),
        extensions=("gz", "tgz"),
        begins=_with(b"\x1f\x8b\x08"),
    ),
    "tar": Kind(media_types=("application/x-tar",), extensions=("tar",), begins=_tar),
    "mp3": Kind(media_types=("audio/mpeg", "audio/mp3"), extensions=("mp3",), begins=_mp3),
    "wav": Kind(
        media_types=("audio/wav", "audio/x-wav", "audio/wave"),
        extensions=("wav",),
        begins=_riff(b"WAVE"),
    ),
    "ogg": Kind(
        media_types=("audio/ogg", "video/ogg", "application/ogg"),
        extensions=("ogg", "oga", "ogv", "opus"),
        begins=_with(b"OggS"),
    ),
    "mp4": Kind(
        media_types=("video/mp4", "audio/mp4", "audio/x-m4a", "video/quicktime"),
        extensions=("mp4", "m4a", "m4v", "mov"),
        begins=_box,
    ),
    "webm": Kind(
        media_types=("video/webm", "audio/webm", "video/x-matroska"),
        extensions=("webm", "mkv"),
        begins=_with(b"\x1a\x45\xdf\xa3"),
    ),
    "json": Kind(
        media_types=("application/json", "text/json"),
        extensions=("json", "geojson"),
        begins=_json,
        is_text=True,
    ),
    "csv": Kind(
        media_types=("text/csv", "text/tab-separated-values"),
        extensions=("csv", "tsv"),
        begins=is_text,
        is_text=True,
    ),
    "text": Kind(
        media_types=("text/plain", "text/markdown"),
        extensions=("txt", "md", "log", "text"),
        begins=is_text,
        is_text=True,
    ),
    "xml": Kind(
        media_types=("application/xml", "text/xml"),
        extensions=("xml",),
        begins=_markup,
        is_text=True,
    ),
    "svg": Kind(media_types=("image/svg+xml",), extensions=("svg",), begins=_markup, is_text=True),
    "html": Kind(
        media_types=("text/html", "application/xhtml+xml"),
        extensions=("html", "htm", "xhtml"),
        begins=_markup,
        is_text=True,
    ),
}
"""By the names that a policy uses."""

ACTIVE: Final = frozenset({"svg", "html"})
"""Kinds that run in a browser: taken only where a policy names them."""

OFFICE_FOLDERS: Final[Mapping[str, str]] = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}

OF_MEDIA_TYPE: Final[Mapping[str, str]] = {
    media_type: name for name, kind in KINDS.items() for media_type in kind.media_types
}
OF_EXTENSION: Final[Mapping[str, str]] = {
    extension: name for name, kind in KINDS.items() for extension in kind.extensions
}
