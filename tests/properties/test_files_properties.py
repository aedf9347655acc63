"""Uploads and forms on arbitrary bytes: no crash, and what goes on is what was read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.files import GOOD_FILES

from vallum.inspection.files.judge import check_file
from vallum.inspection.files.kinds import KINDS
from vallum.inspection.files.model import BadFile
from vallum.wire.media_type import MediaType, parse_media_type
from vallum.wire.multipart import MalformedMultipart, parse_multipart, write_multipart

_SETTINGS = settings(max_examples=150, deadline=None)
_EVERY = frozenset(KINDS)
_FORM = MediaType("multipart/form-data", (("boundary", "x"),))
_PIECES = st.sampled_from(
    [
        *(b"--x", b"\r\n", b"--", b"\n", b" ", b'"', b";", b"\\", b"\0", b"a", "é".encode()),
        *(b"Content-Disposition: form-data", b'; name="n"', b"; name=m", b'; filename="f.png"'),
        *(b"Content-Type: text/plain", b"; charset=utf-8", b'; a="b \\" c"', b"X: y", b"--x--"),
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n',
    ]
)


def verdict(filename: str, media_type: str, content: bytes, kinds: frozenset[str] | None) -> str:
    """Why a file is refused, or `ok`."""
    try:
        check_file(filename, media_type, content, kinds=kinds, pixels=10_000)
    except BadFile as error:
        return error.code
    return "ok"


@given(data=st.data())
@_SETTINGS
def test_broken_files_are_judged_without_a_crash(data: st.DataObject) -> None:
    filename, media_type, good = data.draw(st.sampled_from(GOOD_FILES))
    content = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 8))
        content[place : place + cut] = data.draw(st.binary(max_size=8))
    for kinds in (None, _EVERY):
        assert verdict(filename, media_type, bytes(content), kinds)


@given(name=st.text(max_size=30), content=st.binary(max_size=60))
@_SETTINGS
def test_arbitrary_names_and_contents(name: str, content: bytes) -> None:
    for kind in KINDS.values():
        for extension in ("", f".{kind.extensions[0]}"):
            assert verdict(name + extension, kind.media_types[0], content, _EVERY)


@given(pieces=st.lists(_PIECES, max_size=14))
@_SETTINGS
def test_a_form_that_is_taken_says_the_same_when_it_is_written_anew(pieces: list[bytes]) -> None:
    for body in (b"".join(pieces), b"--x\r\n" + b"".join(pieces) + b"\r\n--x--\r\n"):
        try:
            parts = parse_multipart(body, _FORM)
        except MalformedMultipart:
            continue
        written = write_multipart(parts, _FORM)
        assert parse_multipart(written, _FORM) == parts
        assert write_multipart(parts, _FORM) == written


@pytest.mark.parametrize("body", [b"a", b"", b"\r\n--y", b"--x"])
def test_content_that_looks_like_a_frame_stays_content(body: bytes) -> None:
    raw = b'--x1\r\nContent-Disposition: form-data; name="n"\r\n\r\n' + body + b"\r\n--x1--\r\n"
    media_type = parse_media_type(b"multipart/form-data; boundary=x1")
    (part,) = parse_multipart(raw, media_type)
    assert part.content == body
    assert parse_multipart(write_multipart([part], media_type), media_type) == (part,)
