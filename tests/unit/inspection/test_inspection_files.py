"""Uploaded files: the good pass, the disguised and the harmful do not."""

from __future__ import annotations

import gzip
import struct
import tarfile
from collections.abc import Callable

import pytest
from tests.support.files import (
    EICAR,
    GOOD_FILES,
    gif,
    jpeg,
    office,
    png,
    tarred,
    webp,
    zipped,
)

from vallum.inspection.files.archives import MAX_ENTRIES
from vallum.inspection.files.judge import check_file
from vallum.inspection.files.kinds import KINDS
from vallum.inspection.files.model import BadFile

PIXELS = 50_000_000
EVERY = frozenset(KINDS)


def code_of(
    filename: str | None,
    media_type: str,
    content: bytes,
    kinds: frozenset[str] | None = None,
) -> str:
    """Why a file is refused, or `ok`."""
    try:
        check_file(filename, media_type, content, kinds=kinds, pixels=PIXELS)
    except BadFile as error:
        return error.code
    return "ok"


@pytest.mark.parametrize(("filename", "media_type", "content"), GOOD_FILES)
def test_good_files(filename: str, media_type: str, content: bytes) -> None:
    assert code_of(filename, media_type, content) == "ok"
    if not filename.startswith("unknown"):
        assert code_of(filename, media_type, content, EVERY) == "ok"


@pytest.mark.parametrize(
    ("filename", "code"),
    [
        ("shell.php.jpg", "executable-name"),
        ("shell.php", "executable-name"),
        ("shell.PhP5.jpg", "executable-name"),
        ("shell.php;.jpg", "executable-name"),
        ("shell.php%00.jpg", "executable-name"),
        ("shell.asp::$DATA", "executable-name"),
        ("shell.php .jpg", "executable-name"),
        ("shell.php.", "executable-name"),
        ("shell.php. . .", "executable-name"),
        ("photo.jpg.exe", "executable-name"),
        ("macro.docm", "executable-name"),
        (".htaccess", "executable-name"),
        ("web.config", "name"),
        ("photo\u202egpj.exe", "name"),
        ("..\\x.jpg", "name"),
        (f"{'a' * 300}.jpg", "name"),
        ("photo.png", "extension"),
        ("photo.html", "extension"),
        ("photo", "ok"),
        ("photo.jpg", "ok"),
        ("my photo of www.example.com.jpg", "ok"),
        ("фото.jpg", "ok"),
    ],
)
def test_names(filename: str, code: str) -> None:
    assert code_of(filename, "image/jpeg", jpeg()) == code


@pytest.mark.parametrize(
    ("filename", "media_type", "content", "code"),
    [
        ("a.png", "image/png", jpeg(), "content"),
        ("a.png", "application/octet-stream", b"<html>", "content"),
        ("a", "image/png", b"<script>", "content"),
        ("a.jpg", "", b"MZ\x90\0", "executable"),
        ("a", "application/octet-stream", b"\x7fELF\x02", "executable"),
        ("a.pdf", "application/pdf", b"#!/bin/sh", "executable"),
        ("a.csv", "text/csv", b"\xff\xfe\0a", "content"),
        ("a.json", "application/json", b"<x/>", "content"),
        ("a.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "content"),
        ("a.jpg", "image/jpeg", b"\xff\xd8\xff\xd9", "content"),
        ("a.gif", "image/gif", b"GIF89a=/*" + b"\0" * 20, "content"),
        ("a.webp", "image/webp", b"RIFF\0\0\0\0WEBPXXXX", "content"),
        ("a.svg", "image/svg+xml", b"<svg/>", "kind"),
        ("a.html", "text/html", b"<p>", "kind"),
        ("a.xml", "text/xml", b"<!DOCTYPE a><a/>", "xml-doctype"),
        ("a.txt", "text/plain", EICAR, "malware-test"),
        ("a.png", "image/png", png(extra=EICAR), "malware-test"),
        ("a.zip", "application/zip", zipped({"a": EICAR}, stored=True), "malware-test"),
    ],
)
def test_content(filename: str, media_type: str, content: bytes, code: str) -> None:
    assert code_of(filename, media_type, content) == code


def test_only_the_kinds_that_are_named() -> None:
    kinds = frozenset({"png"})
    assert code_of("a.png", "image/png", png(), kinds) == "ok"
    assert code_of("a.jpg", "image/jpeg", jpeg(), kinds) == "kind"
    assert code_of("a.dat", "application/octet-stream", b"x", kinds) == "kind"
    assert code_of("a", "", b"x", kinds) == "kind"


@pytest.mark.parametrize(
    ("kind", "image"), [("png", png), ("jpeg", jpeg), ("gif", gif), ("webp", webp)]
)
def test_pixels(kind: str, image: Callable[[int, int], bytes]) -> None:
    assert code_of(None, f"image/{kind}", image(7_000, 7_000)) == "ok"
    assert code_of(None, f"image/{kind}", image(10_000, 10_000)) == "pixels"


@pytest.mark.parametrize("carrier", [png(), gif(), jpeg(), b"%PDF-1.7\n"])
def test_polyglots(carrier: bytes) -> None:
    media_type = {b"\x89": "image/png", b"G": "image/gif", b"\xff": "image/jpeg"}.get(
        carrier[:1], "application/pdf"
    )
    assert code_of(None, media_type, carrier) == "ok"
    for more in (
        zipped({"a.class": b"x"}),
        b"<?php system($_GET[0]); ?>",
        b"<?PHP __HALT_COMPILER(); ?>",
    ):
        assert code_of(None, media_type, carrier + more) == "polyglot"
    if media_type != "application/pdf":
        for mark in (b"<ScRiPt>", b"<svg onload=x>", b"<html>"):
            assert code_of(None, media_type, carrier + mark) == "polyglot"
    assert code_of(None, "image/png", png(extra=b"<script>alert(1)</script>")) == "polyglot"
    assert code_of(None, media_type, carrier + b"PK\x05\x06 is no archive") == "ok"


def zip_code(content: bytes) -> str:
    """What becomes of a ZIP file."""
    return code_of("a.zip", "application/zip", content)


@pytest.mark.parametrize(
    "name",
    ["../x", "a/../../x", "/etc/x", "a\\..\\x", "C:/x", "/".join("a" * 17)],
)
def test_zip_paths(name: str) -> None:
    assert zip_code(zipped({name: b"x"})) == "archive-path"


def test_zip_bombs_and_links() -> None:
    assert zip_code(zipped({"a": bytes(20_000_000)})) == "archive-bomb"
    assert zip_code(zipped({f"{n}": b"" for n in range(MAX_ENTRIES + 1)})) == "archive-count"
    assert zip_code(zipped({"a": b"/etc/passwd"}, mode=0o120777)) == "archive-link"
    assert zip_code(zipped({"a": b"1", "A": b"2"})) == "archive-structure"


def test_zip_structure() -> None:
    good = zipped({"a.txt": b"x" * 100, "b.txt": b"y" * 100}, stored=True)
    assert zip_code(good) == "ok"
    assert zip_code(b"PK\x03\x04" + good) == "archive-structure"
    assert zip_code(good + b"x") == "archive-structure"
    assert zip_code(good[:-1]) == "archive-structure"
    assert zip_code(good[:50]) == "archive-structure"
    renamed = good.replace(b"a.txt", b"c.php", 1)
    assert zip_code(renamed) == "archive-structure"
    # Two entries that share their bytes.
    position = good.rfind(b"PK\x01\x02")
    shared = good[: position + 42] + struct.pack("<L", 0) + good[position + 46 :]
    assert zip_code(shared) == "archive-structure"


def test_office_documents() -> None:
    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    xxe = b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://h/"><x/>'
    for more, code in (
        ({"word/a.xml": b"<a/>"}, "ok"),
        ({"word/a.xml": xxe}, "document-type"),
        ({"word/_rels/a.rels": b"<!-- -->" * 100 + xxe}, "document-type"),
        ({"word/a.xml": "<a/>".encode("utf-16")}, "document-type"),
        ({"word/vbaProject.bin": b"x"}, "macros"),
    ):
        assert code_of("a.docx", media_type, office("word", more)) == code
    assert code_of("a.docx", media_type, office("xl")) == "content"
    assert code_of("a.docx", media_type, zipped({"a": b"x"})) == "content"


def test_tar_and_gzip() -> None:
    def tar_code(content: bytes) -> set[str]:
        packed = gzip.compress(content)
        return {
            code_of("a.tar", "application/x-tar", content),
            code_of("a.tgz", "application/gzip", packed),
        }

    assert tar_code(tarred(("a", b"x"))) == {"ok"}
    assert tar_code(tarred((f"{'d' * 60}/{'e' * 90}", b"x"))) == {"ok"}
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        assert tar_code(tarred(("a", b""), kind=kind)) == {"archive-link"}
    for name in ("../x", "/etc/x", f"../{'x' * 200}"):
        assert tar_code(tarred((name, b"x"))) == {"archive-path"}
    assert tar_code(tarred(("a", b"x"))[:700]) == {"archive-structure"}

    def gzip_code(content: bytes) -> str:
        return code_of("a.gz", "application/gzip", content)

    assert gzip_code(gzip.compress(bytes(40_000_000))) == "archive-bomb"
    assert gzip_code(gzip.compress(b"a")[:-1]) == "archive-structure"
    assert gzip_code(gzip.compress(b"a") + b"x") == "archive-structure"
    assert gzip_code(b"\x1f\x8b\x08") == "archive-structure"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<path d='M0 0'/><use href='#a'/><style>.a{fill:url(#b)}</style>", "ok"),
        ("<script>alert(1)</script>", "active-content"),
        ("<a href='javascript:alert(1)'/>", "active-content"),
        ("<use href='http://h/x#a'/>", "active-content"),
        ("<image href='data:image/svg+xml,x'/>", "active-content"),
        ("<g onload='x'/>", "active-content"),
        ("<g OnLoad='x'/>", "active-content"),
        ("<foreignObject/>", "active-content"),
        ("<set attributeName='onload'/>", "active-content"),
        ("<style>@import 'http://h/'</style>", "active-content"),
        ("<g style='fill: url( http://h/)'/>", "active-content"),
        ("<style>a{b:\\75rl(http://h/)}</style>", "active-content"),
        ("<!-- --><?php x ?>", "xml-instruction"),
    ],
)
def test_svg(inside: str, code: str) -> None:
    body = f"<svg xmlns='http://www.w3.org/2000/svg'>{inside}</svg>".encode()
    assert code_of("a.svg", "image/svg+xml", body, frozenset({"svg"})) == code


def test_an_svg_is_an_svg() -> None:
    kinds = frozenset({"svg"})
    assert code_of("a.svg", "image/svg+xml", b"<html/>", kinds) == "content"
    assert code_of("a.svg", "image/svg+xml", b"<!DOCTYPE svg><svg/>", kinds) == "xml-doctype"
