"""Multipart forms, read strictly (B-096)."""

from __future__ import annotations

import pytest

from vallum.wire.media_type import MediaType, parse_media_type
from vallum.wire.multipart import MalformedMultipart, Part, parse_mixed, parse_multipart

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


def mixed(body: bytes, media_type: str = "multipart/mixed; boundary=x") -> tuple[Part, ...]:
    """The parts of a body that is no form."""
    return parse_mixed(body, parse_media_type(media_type.encode()))


def mixed_refused(body: bytes, media_type: str = "multipart/mixed; boundary=x") -> str:
    """The code of the refusal."""
    with pytest.raises(MalformedMultipart) as caught:
        mixed(body, media_type)
    return caught.value.code


def test_parts_that_are_no_form() -> None:
    body = (
        b"--x\r\n\r\nno head\r\n"
        b"--x\r\nContent-Type: image/png; name=a.png\r\n\r\n1\r\n"
        b"--x\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: BASE64\r\n\r\n"
        b"aGVs\r\nbG8=\r\n"
        b"--x\r\nContent-Type: multipart/form-data; boundary=y\r\n\r\n"
        b'--y\r\nContent-Disposition: form-data; name="f"; filename="b.gif"\r\n\r\n2\r\n--y--\r\n'
        b"--x--\r\n"
    )
    assert mixed(body) == (
        Part("", None, None, b"no head"),
        Part("", "a.png", MediaType("image/png", (("name", "a.png"),)), b"1"),
        Part("", None, None, b"hello"),
        Part("f", "b.gif", None, b"2"),
    )


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"Content-Type: message/rfc822\r\n", "head"),
        (b"Content-Type: nothing\r\n", "head"),
        (b"Content-Type: image/png\r\n x\r\n", "head"),
        (b"Content-Disposition: other; filename=a\r\n", "head"),
        (b"Content-Disposition: attachment; filename*=UTF-8''a\r\n", "name"),
        (b'Content-Disposition: attachment; filename="a/b"\r\n', "name"),
        (b'Content-Type: image/png; name="a/b"\r\n', "name"),
        (b"Content-Disposition: inline; filename=a\r\nContent-Type: a/b; name=b\r\n", "name"),
        (b"Content-Transfer-Encoding: base64\r\n", "coding"),
        (b"Content-Transfer-Encoding: x-uuencode\r\n", "coding"),
    ],
)
def test_heads_of_parts_that_are_no_form(head: bytes, code: str) -> None:
    assert mixed_refused(b"--x\r\n" + head + b"\r\nYQ=\r\n--x--") == code


def test_bounds_of_parts_that_are_no_form() -> None:
    def nested(levels: int) -> bytes:
        body = b"--%d\r\n\r\na\r\n--%d--" % (levels, levels)
        for level in range(levels - 1, 0, -1):
            head = b"--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n"
            body = head % (level, level + 1) + body + b"\r\n--%d--" % level
        return body

    kind = "multipart/mixed; boundary=1"
    assert mixed(nested(4), kind) == (Part("", None, None, b"a"),)
    assert mixed_refused(nested(5), kind) == "head"
    assert mixed_refused(nested(1), "multipart/digest; boundary=1") == "head"
    inner = b"--y\r\n" + b"\r\n--y\r\n".join([b"\r\na"] * 600) + b"\r\n--y--"
    one = b"Content-Type: multipart/mixed; boundary=y\r\n\r\n" + inner
    # The same boundary in two parts is fine: each is read by itself.
    assert mixed_refused(b"--x\r\n" + one + b"\r\n--x\r\n" + one + b"\r\n--x--") == "count"
