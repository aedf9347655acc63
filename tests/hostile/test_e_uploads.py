"""Hostile cases B-096 (what goes on), B-112 and B-124: files, through real sockets."""

from __future__ import annotations

import base64
import gzip
import tarfile
from collections.abc import Iterator

import pytest
from tests.support.answering import Answering, answering, responses
from tests.support.arena import Arena, request
from tests.support.files import EICAR, GOOD_FILES, gif, jpeg, office, png, tarred, zipped
from tests.support.upstream import answer

REFUSED = "upload-refused"
PDF = b"%PDF-1.7\n"


def form(*files: tuple[str, str, bytes], note: str = "n") -> bytes:
    """A form with a note and files."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n{note}\r\n'.encode()]
    for filename, media_type, data in files:
        head = (
            f'--x\r\nContent-Disposition: form-data; name="files"; filename="{filename}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        parts.append(head.encode() + data + b"\r\n")
    return b"".join([*parts, b"--x--\r\n"])


def post(body: bytes) -> bytes:
    """An upload of a form."""
    return request("POST", "/files", "Content-Type: multipart/form-data; boundary=x", body=body)


def test_iv8_good_files_pass_byte_for_byte(content: Arena) -> None:
    assert len(GOOD_FILES) >= 20
    for file in GOOD_FILES:
        mark = content.upstream.mark()
        body = form(file)
        assert content.send(post(body)).status == 200, file
        (received,) = content.upstream.requests_since(mark)
        assert received.body == body
    mark = content.upstream.mark()
    body = form(*GOOD_FILES[:20])
    assert content.send(post(body)).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == body


def test_b096_what_goes_on_is_what_was_read(content: Arena) -> None:
    mark = content.upstream.mark()
    body = (
        b"--x\r\ncontent-DISPOSITION:form-data;name=note\r\nX-More: <x>\r\n"
        b"content-transfer-encoding: binary\r\n\r\nhello\r\n"
        b'--x\r\nContent-Type:  IMAGE/png ; a="b c"\r\n'
        b'Content-Disposition: form-data; filename=a.png; name="files"\r\n\r\n'
        + png()
        + b"\r\n--x--"
    )
    assert content.send(post(body)).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == (
        b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n'
        b'Content-Type: image/png; a="b c"\r\n\r\n' + png() + b"\r\n--x--\r\n"
    )
    assert received.get("content-length") == b"%d" % len(received.body)


@pytest.mark.parametrize(
    "body",
    [
        (
            b'--x\r\nContent-Disposition: form-data; name="note"\r\n'
            b"Content-Type: text/plain; charset=utf-16\r\n\r\na\r\n--x--\r\n"
        ),
        b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\nutf-16\r\n--x--\r\n',
        (
            b'--x\r\nContent-Disposition: form-data; name="note"\r\n'
            b"Content-Transfer-Encoding: base64\r\n\r\nYQ==\r\n--x--\r\n"
        ),
        '--x\r\nContent-Disposition: form-data; name="note\u2028"\r\n\r\na\r\n--x--\r\n'.encode(),
    ],
)
def test_b096_charsets_and_codings_of_parts(content: Arena, body: bytes) -> None:
    content.refuse(post(body), 400, closed=False)


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'


@pytest.mark.parametrize(
    ("filename", "media_type", "data"),
    [
        ("shell.php.jpg", "image/jpeg", jpeg()),
        ("shell.php", "image/jpeg", jpeg()),
        ("shell.phtml", "application/octet-stream", b"<?php"),
        ("shell.jpg.php;.jpg", "image/jpeg", jpeg()),
        ("photo.jpg", "image/jpeg", b"<?php system($_GET[0]);"),
        ("photo.jpg", "image/jpeg", jpeg() + b"<?php system($_GET[0]); ?>"),
        ("photo.png", "image/png", png(extra=b"<script>alert(1)</script>")),
        ("photo.gif", "image/gif", gif() + zipped({"A.class": b"x"})),
        ("photo.gif", "image/gif", b"GIF89a=/*" + b"\0" * 30 + b"*/;alert(1)//"),
        ("photo.png", "image/png", png(10_000, 10_000)),
        ("photo.svg", "image/svg+xml", b"<svg><script>alert(1)</script></svg>"),
        ("photo.svg", "image/svg+xml", _XXE),
        ("page.html", "text/html", b"<script>alert(1)</script>"),
        ("photo.jpg", "text/html", b"<script>alert(1)</script>"),
        ("page.html", "image/jpeg", jpeg()),
        ("eicar.com", "application/octet-stream", EICAR),
        ("eicar.txt", "text/plain", EICAR),
        ("eicar.zip", "application/zip", zipped({"eicar.com": EICAR}, stored=True)),
        ("bomb.zip", "application/zip", zipped({"a": bytes(50_000_000)})),
        ("bomb.gz", "application/gzip", gzip.compress(bytes(50_000_000), mtime=0)),
        ("slip.zip", "application/zip", zipped({"../../etc/cron.d/x": b"x"})),
        ("link.zip", "application/zip", zipped({"x": b"/etc/passwd"}, mode=0o120777)),
        ("link.tar", "application/x-tar", tarred(("x", b""), kind=tarfile.SYMTYPE)),
        (
            "link.tgz",
            "application/gzip",
            gzip.compress(tarred(("x", b""), kind=tarfile.SYMTYPE), mtime=0),
        ),
        ("letter.docx", _DOCX, office("word", {"word/x.xml": _XXE})),
        ("letter.docx", _DOCX, office("word", {"word/vbaProject.bin": b"x"})),
        ("paper.pdf", "application/pdf", b"MZ\x90\0" + PDF),
        ("paper.pdf", "application/pdf", PDF + zipped({"A.class": b"x"})),
        ("run.exe", "application/octet-stream", b"x"),
    ],
)
def test_b124_upload_polyglot(content: Arena, filename: str, media_type: str, data: bytes) -> None:
    body = form((filename, media_type, data))
    content.refuse(post(body), 422, closed=False, problem=REFUSED)


def test_b124_upload_polyglot_is_recorded(content: Arena) -> None:
    content.gateway.new_records()
    content.send(post(form(("a.txt", "text/plain", EICAR))))
    reasons = [record["reason"] for record in content.gateway.new_records()]
    assert reasons == ["upload.malware-test"]


def test_b124_upload_polyglot_too_many(content: Arena) -> None:
    body = form(*[("a.png", "image/png", png())] * 21)
    content.refuse(post(body), 422, closed=False, problem=REFUSED)


def test_b124_upload_polyglot_as_the_whole_body(content: Arena) -> None:
    def put(data: bytes) -> bytes:
        return request("PUT", "/picture", "Content-Type: image/png", body=data)

    mark = content.upstream.mark()
    assert content.send(put(png())).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == png()
    for data in (jpeg(), png(10_000, 10_000), png() + zipped({"a": b"x"}), png(extra=EICAR)):
        content.refuse(put(data), 422, closed=False, problem=REFUSED)


_NAMED = 'Content-Disposition: attachment; filename="{}"\r\nContent-Type: {}\r\n'


def mixed(*parts: tuple[str, bytes], boundary: str = "x") -> bytes:
    """A body of parts with these heads, which end their lines."""
    mark = f"--{boundary}".encode()
    pieces = [mark + b"\r\n" + head.encode() + b"\r\n" + data for head, data in parts]
    return b"\r\n".join([*pieces, mark + b"--\r\n"])


def post_parts(body: bytes, path: str = "/parts", kind: str = "mixed") -> bytes:
    """A post of parts that are no form."""
    return request("POST", path, f"Content-Type: multipart/{kind}; boundary=x", body=body)


_INNER = "Content-Type: multipart/mixed; boundary=y\r\n"
_BASE64 = "Content-Transfer-Encoding: base64\r\n"


@pytest.mark.parametrize(("path", "kind"), [("/parts", "mixed"), ("/anything", "related")])
@pytest.mark.parametrize(
    "parts",
    [
        [(_NAMED.format("shell.php.jpg", "image/jpeg"), jpeg())],
        [("Content-Type: image/jpeg; name=shell.php\r\n", jpeg())],
        [("Content-Type: image/png\r\n", jpeg())],
        [("Content-Disposition: inline; filename=run.exe\r\n", b"x")],
        [("Content-Type: text/html\r\n", b"<b>hello</b>")],
        [("Content-Disposition: attachment; filename=eicar.txt\r\n", EICAR)],
        [("", b"hello"), ("Content-Type: image/png\r\n" + _BASE64, base64.b64encode(jpeg()))],
        [("Content-Type: image/png\r\n" + _BASE64, base64.encodebytes(jpeg()))],
        [("Content-Type: image/png\r\nContent-Transfer-Encoding: quoted-printable\r\n", b"x")],
        [(_INNER, mixed(("Content-Type: image/png\r\n", jpeg()), boundary="y")[:-2])],
        [("Content-Type: message/rfc822\r\n", b"Content-Type: text/html\r\n\r\n<b>")],
        [("Content-Type: image/png\r\nContent-Type: text/html\r\n", b"x")],
    ],
)
def test_b124_files_in_parts_that_are_no_form(
    content: Arena, path: str, kind: str, parts: list[tuple[str, bytes]]
) -> None:
    body = post_parts(mixed(*parts), path, kind)
    content.refuse(body, 422, closed=False, problem=REFUSED)


def test_b124_good_parts_pass_byte_for_byte(content: Arena) -> None:
    mark = content.upstream.mark()
    inner = mixed(("Content-Type: image/gif\r\n", gif()), boundary="y")[:-2]
    body = mixed(
        ("", b"hello"),
        ("Content-Type: application/json; charset=utf-8\r\n", b'{"title": "two pictures"}'),
        (_NAMED.format("a.png", "image/png"), png()),
        ("Content-Type: image/jpeg\r\n" + _BASE64, base64.b64encode(jpeg())),
        ("Content-Type: application/vnd.example\r\n", b"of a kind that is not known"),
        (_INNER, inner),
    )
    assert content.send(post_parts(body)).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == body
    many = mixed(*[("Content-Type: image/png\r\n", png())] * 21)
    content.refuse(post_parts(many), 422, closed=False, problem=REFUSED)


def test_b124_a_file_that_is_read_as_an_object(content: Arena) -> None:
    def send(filename: str, data: bytes) -> bytes:
        head = f'Content-Disposition: form-data; name="about"{filename}\r\n'
        body = mixed((head + "Content-Type: application/json\r\n", data))
        return post_parts(body, "/described", "form-data")

    assert content.send(send("; filename=about.json", b'{"a": 1}')).status == 200
    assert content.send(send("", b'{"a": 1}')).status == 200
    for filename in ("shell.php", "about.html", "about.png"):
        bad = send(f"; filename={filename}", b'{"a": 1}')
        content.refuse(bad, 422, closed=False, problem=REFUSED)


@pytest.mark.parametrize(
    "head", ["Content-Type: application/octet-stream", "Content-Type: text/plain", ""]
)
@pytest.mark.parametrize("filename", ["", '; filename=""'])
def test_b124_a_field_is_no_file_because_it_says_so(
    content: Arena, filename: str, head: str
) -> None:
    def field(text: bytes) -> bytes:
        lines = f'--x\r\nContent-Disposition: form-data; name="note"{filename}\r\n'
        lines += f"{head}\r\n" if head else ""
        return post(lines.encode() + b"\r\n" + text + b"\r\n--x--\r\n")

    assert content.send(field(b"a note about the union of two sets")).status == 200
    attack = field(b"1' UNION SELECT password FROM users-- ")
    content.refuse(attack, 403, closed=False, problem="content-refused")


@pytest.fixture(scope="module", params=["monitor", "off"])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Answering]:
    """A gateway whose contract of requests is not enforced."""
    schema = {"type": "object", "properties": {"files": {"type": "string", "format": "binary"}}}
    form_body = {"content": {"multipart/form-data": {"schema": schema}}}
    operation = {
        "operationId": "send",
        "requestBody": form_body,
        "responses": responses(application_json={}),
    }
    parts = operation | {
        "operationId": "parts",
        "requestBody": {"content": {"multipart/mixed": {}}},
    }
    with answering(
        tmp_path_factory.mktemp("watched"),
        {"/files": {"post": operation}, "/parts": {"post": parts}},
        operations=dict.fromkeys(("send", "parts"), f"public: true, validate: {request.param}"),
    ) as found:
        yield found


def test_b124_files_are_judged_where_forms_are_not(watched: Answering) -> None:
    def send(body: bytes) -> int:
        lines = ("Content-Type: multipart/form-data; boundary=x",)
        return watched.ask("/files", answer(), method="POST", body=body, lines=lines).status

    mark = watched.upstream.mark()
    program = form(("run.exe", "application/octet-stream", b"x"))  # `note` is not declared
    assert send(program) == 422
    assert send(b"preamble\r\n" + program) == 422
    assert watched.upstream.requests_since(mark) == []
    assert send(form(("a.png", "image/png", png()))) == 200


@pytest.mark.parametrize("kind", ["", "text/plain", "application/http", "application/a+json; a=b"])
def test_b124_a_part_is_no_file_because_of_one_byte(watched: Answering, kind: str) -> None:
    def send(text: bytes, kind: str = kind) -> int:
        lines = ("Content-Type: multipart/mixed; boundary=x",)
        head = f"Content-Type: {kind}\r\n".encode() if kind else b""
        body = b"--x\r\n" + head + b"\r\n" + text + b"\r\n--x--\r\n"
        return watched.ask("/parts", answer(), method="POST", body=body, lines=lines).status

    assert send(b"1' UNION SELECT password FROM users-- ") == 403
    assert send(b"1' UNION SELECT password FROM users-- \xff") == 403
    assert send(b"caf\xe9") == 200
    assert send(png(), "image/png") == 200
