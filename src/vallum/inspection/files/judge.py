"""One uploaded file: whether it is what it is said to be, and harmless where it is opened."""

from __future__ import annotations

from typing import Final

from vallum.inspection.files.archives import (
    check_gzip,
    check_office,
    check_tar,
    has_zip_directory,
    zip_entries,
)
from vallum.inspection.files.images import IMAGES, pixels_of
from vallum.inspection.files.kinds import (
    ACTIVE,
    KINDS,
    OF_EXTENSION,
    OF_MEDIA_TYPE,
    OFFICE_FOLDERS,
)
from vallum.inspection.files.model import BadFile
from vallum.inspection.files.names import extension_of
from vallum.wire.xml import Element, MalformedXML, parse_xml

# The test file of the antivirus industry, in two pieces so that this file is none.
_EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"
_EXECUTABLES: Final = (
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"#!",
)
_SERVER_MARKS: Final = (b"<?php", b"__halt_compiler", b"<%@")
"""What a server runs when it stands anywhere in a file."""
_BROWSER_MARKS: Final = (b"<script", b"<html", b"<!doctype", b"<svg", b"<iframe")
"""What a browser runs that takes the file for a page. PDF has scripts of its own."""
_ARCHIVES: Final = frozenset({"zip", "gzip", "tar", *OFFICE_FOLDERS})
_TEXTS: Final = frozenset({"text", "csv", "json", "xml"})
_ONLY_LIMITS: Final = ("depth", "width", "text-length")
_SVG_ELEMENTS: Final = frozenset(
    {"script", "foreignobject", "iframe", "embed", "object", "handler", "listener", "set"}
)
_SVG_LINKS: Final = frozenset({"href", "src", "action", "formaction"})
_SPREADSHEET: Final = "application/vnd.ms-excel"


def check_file(
    filename: str | None,
    media_type: str,
    content: bytes,
    *,
    kinds: frozenset[str] | None,
    pixels: int,
) -> None:
    """Judge one file.

    Args:
        filename: what the sender calls it; None where it has no name.
        media_type: what the sender says it is, `type/subtype`, or the empty string.
        content: all of it.
        kinds: the names of `KINDS` that are taken; None: all that are not active, and files of
            other kinds too.
        pixels: of the largest image.

    Raises:
        BadFile: it is refused.
    """
    if _EICAR in content:
        raise BadFile("malware-test")
    extension = extension_of(filename) if filename else ""
    kind = _kind(media_type, extension)
    if (kinds is None and kind in ACTIVE) or (kinds is not None and kind not in kinds):
        raise BadFile("kind")
    if content.startswith(_EXECUTABLES) and kind not in _TEXTS:
        raise BadFile("executable")
    if kind is None or not content:
        return
    if not KINDS[kind].begins(content):
        raise BadFile("content")
    _check_inside(kind, content, pixels)


def _kind(media_type: str, extension: str) -> str | None:
    """What the file is by its type and its name, which must not contradict each other."""
    by_type = OF_MEDIA_TYPE.get(media_type)
    by_name = OF_EXTENSION.get(extension)
    if media_type == _SPREADSHEET and by_name == "csv":
        return "csv"  # What Windows says of CSV where Excel is installed.
    if by_type == by_name or by_name is None:
        return by_type
    if by_type is None:
        # Who does not know says so; any other type than the name's is a contradiction.
        if media_type not in ("", "application/octet-stream", "binary/octet-stream"):
            raise BadFile("extension")
        return by_name
    if by_type == "text" and by_name in _TEXTS:
        return by_name
    raise BadFile("extension")


def _check_inside(kind: str, content: bytes, pixels: int) -> None:
    if kind in IMAGES:
        size = pixels_of(kind, content)
        if size is None:
            raise BadFile("content")
        if size > pixels:
            raise BadFile("pixels")
    if kind in _ARCHIVES:
        _check_archive(kind, content)
    elif kind == "svg":
        _check_svg(content)
    elif kind == "xml":
        _check_xml(content)
    elif not KINDS[kind].is_text:
        # SECURITY: what is an image to one program and a script or archive to another (GIFAR).
        if has_zip_directory(content):
            raise BadFile("polyglot")
        lowered = content.lower()
        marks = _SERVER_MARKS if kind == "pdf" else (*_SERVER_MARKS, *_BROWSER_MARKS)
        if any(mark in lowered for mark in marks):
            raise BadFile("polyglot")


def _check_archive(kind: str, content: bytes) -> None:
    if kind == "gzip":
        check_gzip(content)
    elif kind == "tar":
        check_tar(content)
    else:
        entries = zip_entries(content)
        if kind in OFFICE_FOLDERS:
            check_office(content, entries, OFFICE_FOLDERS[kind])


def _check_xml(content: bytes) -> None:
    try:
        parse_xml(content)
    except MalformedXML as error:
        if error.code not in _ONLY_LIMITS:
            raise BadFile(f"xml-{error.code}") from None


def _check_svg(content: bytes) -> None:
    """Nothing that runs, and nothing that fetches."""
    try:
        root = parse_xml(content)
    except MalformedXML as error:
        raise BadFile(f"xml-{error.code}") from None
    if root.name.local != "svg":
        raise BadFile("content")
    waiting: list[Element] = [root]
    while waiting:
        element = waiting.pop()
        waiting += element.children
        if element.name.local.lower() in _SVG_ELEMENTS:
            raise BadFile("active-content")
        if element.name.local.lower() == "style" and _fetches(element.text):
            raise BadFile("active-content")
        for name, text in element.attributes.items():
            local = name.local.lower()
            if local.startswith("on") or (local in _SVG_LINKS and not text.startswith("#")):
                raise BadFile("active-content")
            if local not in _SVG_LINKS and _fetches(text):
                raise BadFile("active-content")


def _fetches(style: str) -> bool:
    """Whether a style refers to anything outside its own document, or hides that it does."""
    lowered = "".join(style.lower().split())
    return (
        "@import" in lowered
        or "\\" in lowered
        or "javascript:" in lowered
        or "expression(" in lowered
        or lowered.count("url(") != lowered.count("url(#")
    )
