"""Multipart forms, read strictly (B-096)."""

from __future__ import annotations

import pytest

from vallum.wire.media_type import MediaType, parse_media_type
from vallum.wire.multipart import MalformedMultipart, Part, parse_multipart

X = "multipart/form-data; boundary=x"
HEAD = b'--x\r\nContent-Disposition: form-data; name="a"'
GOOD = HEAD + b"\r\n\r\n1\r\n--x--\r\n"


def read(body: bytes, media_type: str = X) -> tuple[Part, ...]:
    """The parts of a body."""
    return parse_multipart(body, parse_media_type(media_type.encode()))


def refused(body: bytes, media_type: str = X) -> str:
    """The code with which a body is refused."""
    with pytest.raises(MalformedMultipart) as caught:
        read(body, media_type)
    return caught.value.code


def test_reads_parts() -> None:
    body = (
        GOOD.removesuffix(b"--x--\r\n")
        + b"--x\r\ncontent-type: image/png\r\n"
        + 'Content-Disposition: Form-Data ; name=f ; filename="é %22.png"'.encode()
        + b"\r\n\r\n\x00\r\n\r\n--y\r\n--x--"
    )
    assert read(body) == (
        Part("a", None, None, b"1"),
        Part("f", "é %22.png", MediaType("image/png"), b"\x00\r\n\r\n--y"),
    )
    assert read(GOOD, 'multipart/form-data; boundary="x"')[0].content == b"1"
    assert read(HEAD + b"\r\n\r\n\r\n--x--")[0].content == b""


@pytest.mark.parametrize(
    "media_type",
    [
        "multipart/form-data",
        'multipart/form-data; boundary=""',
        'multipart/form-data; boundary="x "',
        'multipart/form-data; boundary="x\\"y"',
        f"multipart/form-data; boundary={'x' * 71}",
    ],
)
def test_boundaries(media_type: str) -> None:
    assert refused(GOOD, media_type) == "boundary"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\r\n",
        b"--x--\r\n",
        b"--x--",
        GOOD.removesuffix(b"--\r\n"),
        GOOD + b"\r\n",
        GOOD + b"epilogue",
        b"\r\n" + GOOD,
        b"preamble\r\n" + GOOD,
        GOOD + GOOD,
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.replace(b"--x\r\n", b"--x \r\n"),
        GOOD.replace(b"\r\n--x--", b"\n--x--"),
        HEAD + b"\r\n\r\n1\n--x\n\r\n--x--",
        HEAD + b"\r\n\r\n1\r\n--xy\r\n--x--",
        HEAD + b"\r\n\r\n1\r\n--x \r\n--x--",
    ],
)
def test_frames(body: bytes) -> None:
    assert refused(body) == "frame"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\r\n",
        b"Content-Type: text/plain\r\n\r\n",
        b'Content-Disposition: attachment; name="a"\r\n\r\n',
        b"Content-Disposition: form-data\r\n\r\n",
        b'Content-Disposition: form-data; name="a"\r\n folded\r\n\r\n',
        b'Content-Disposition : form-data; name="a"\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\r\nContent-Disposition: form-data\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\n\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\r\nContent-Type: x\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\r\nX: \xff\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n',
        b'Content-Disposition: form-data; name="a"\r\nX: ' + b"x" * 5_000 + b"\r\n\r\n",
    ],
)
def test_part_heads(head: bytes) -> None:
    assert refused(b"--x\r\n" + head + b"1\r\n--x--") == "head"


@pytest.mark.parametrize(
    "parameters",
    [
        "; name*=utf-8''a",
        "; name=a; name*=utf-8''b",
        "; name=a; name=b",
        "; name=a; NAME=b",
        "; filename=a",
        '; name=""',
        "; name=a; filename=b; filename=c",
        "; name=a; filename*=utf-8''b",
        '; name="a\\"b"',
        '; name="a',
        "; name=a b",
        "; name=a;",
        '; name=a; filename="../../etc/passwd"',
        '; name=a; filename="C:\\x"',
        '; name=a; filename=".."',
        "; name=a; size=5",
    ],
)
def test_names(parameters: str) -> None:
    body = f"--x\r\nContent-Disposition: form-data{parameters}\r\n\r\n1\r\n--x--"
    assert refused(body.encode()) == "name"


def test_count() -> None:
    part = HEAD + b"\r\n\r\n1\r\n"
    assert len(read(part * 1_000 + b"--x--")) == 1_000
    assert refused(part * 1_001 + b"--x--") == "count"


def test_a_part_within_a_part_is_refused() -> None:
    """Some readers find the files in it (RFC 7578 §4.3), where nobody has judged them."""
    for kind in (
        "multipart/mixed; boundary=y",
        "multipart/form-data; boundary=y",
        "message/rfc822",
    ):
        body = HEAD + f"\r\nContent-Type: {kind}\r\n\r\n--y--\r\n--x--\r\n".encode()
        assert refused(body) == "head"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        ("Content-Type: text/plain; name=a.php", "name"),
        ('; filename="a.txt"\r\nContent-Type: text/plain; name=a.php', "name"),
        ('; filename="a.txt"\r\nContent-Type: text/plain; name="a.txt"', ""),
    ],
)
def test_a_second_name_of_a_file_is_that_of_the_first(head: str, code: str) -> None:
    """Readers of mail take the `name` of the type for that of the file."""
    head = head if head.startswith(";") else f"\r\n{head}"
    body = HEAD + f"{head}\r\n\r\n1\r\n--x--\r\n".encode()
    assert (refused(body) if code else read(body)[0].filename) == (code or "a.txt")


def test_delimiters_that_share_a_line_break_are_refused() -> None:
    """One reader has the boundary in the content, another one has a part without a head."""
    assert refused(HEAD + b"\r\n\r\n1\r\n--x\r\n--x--\r\n") == "frame"
    assert refused(b"--x\r\n--x\r\n--x--") == "frame"
