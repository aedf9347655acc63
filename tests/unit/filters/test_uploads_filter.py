"""The control `uploads`: where it attaches, and which parts of a body are files."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from tests.support.contracts import body_operation, document
from tests.support.exchanges import make_exchange
from tests.support.files import jpeg, png

from vallum.core.problems import Denied
from vallum.filters.uploads import CheckUploads, Uploads
from vallum.openapi.load import load_contract
from vallum.openapi.model import UNREAD, Operation, Rewritten
from vallum.wire.media_type import MediaType
from vallum.wire.multipart import Part

FORM = "multipart/form-data"


class Settings(NamedTuple):
    """What the control reads."""

    uploads: Uploads | None = Uploads()


def taking(*media_types: str) -> Operation:
    """An operation with bodies of these types."""
    content: dict[str, Any] = {media_type: {} for media_type in media_types}
    return load_contract(
        document({"/x": {"post": {"requestBody": {"content": content}}}})
    ).operations[0]


@pytest.mark.parametrize(
    ("media_types", "types", "attached"),
    [
        (("application/json",), None, False),
        ((FORM,), None, True),
        (("*/*",), None, True),
        (("image/png",), None, False),
        (("image/png",), frozenset({"png"}), True),
        (("image/png", "application/json"), None, True),
        (("image/svg+xml",), None, True),
        (("application/xml",), None, False),
    ],
)
def test_where_it_attaches(
    media_types: tuple[str, ...], types: frozenset[str] | None, *, attached: bool
) -> None:
    operation = taking(*media_types)
    attachment = CheckUploads().attach(operation, Settings(Uploads(types=types)))
    assert (attachment is not None) == attached
    assert attachment is None or attachment.needs_body
    assert CheckUploads().attach(operation, Settings(None)) is None


def outcome(
    value: object,
    body: bytes = b"x",
    media_type: bytes = b"",
    files: tuple[Part, ...] = (),
    **more: Any,
) -> str:
    """The reason of the refusal, or `ok`."""
    attachment = CheckUploads().attach(taking(FORM, "*/*"), Settings(Uploads(**more)))
    assert attachment is not None
    assert attachment.check is not None
    exchange = make_exchange((b"content-type", media_type or FORM.encode()), method="POST")
    exchange.value, exchange.body, exchange.files = value, body, files
    try:
        assert attachment.check(exchange) is None
    except Denied as refusal:
        return f"{refusal.status} {refusal.reason}"
    return "ok"


def part(content: bytes) -> Part:
    """A file that is said to be a PNG."""
    return Part("f", "a.png", MediaType("image/png"), content)


def test_files_of_forms() -> None:
    assert outcome({}, files=(part(png()), part(png()))) == "ok"
    assert outcome({}, files=(part(jpeg()),)) == "422 upload.content"
    assert outcome({}, files=(part(png()), part(jpeg()))) == "422 upload.content"
    assert outcome({}, files=(part(png()),) * 3, max_files=2) == "422 upload.count"
    assert outcome({}, files=(part(png(9, 9)),), pixels=80) == "422 upload.pixels"
    assert outcome({"a": "text"}, types=frozenset({"gif"})) == "ok"


def test_an_input_where_no_file_was_chosen_is_no_file() -> None:
    """HTML, constructing the entry list: an empty file, without a name, of an unknown type."""
    octets = MediaType("application/octet-stream")
    empty = Part("f", "", octets, b"")
    only: dict[str, Any] = {"types": frozenset({"png"}), "max_files": 1}
    assert outcome({}, files=(empty,), **only) == "ok"
    assert outcome({}, files=(empty, part(png()), empty), **only) == "ok"
    assert outcome({}, files=(empty, part(jpeg())), **only) == "422 upload.content"
    for other in (
        Part("f", "", octets, b"x"),
        Part("f", "a.gif", octets, b""),
        Part("f", None, octets, b""),
        Part("f", "", MediaType("text/html"), b""),
    ):
        assert outcome({}, files=(other,), **only) == "422 upload.kind", other


def test_bodies_that_are_files() -> None:
    assert outcome(UNREAD, png(), b"image/png") == "ok"
    assert outcome(UNREAD, jpeg(), b"image/png") == "422 upload.content"
    assert outcome(UNREAD, b"", b"image/png") == "ok"
    assert outcome({"@x": "1"}, b"<svg><script/></svg>", b"image/svg+xml") == "422 upload.kind"
    svg: dict[str, Any] = {"types": frozenset({"svg"})}
    assert outcome({}, b"<svg><script/></svg>", b"image/svg+xml", **svg) == (
        "422 upload.active-content"
    )
    # What another reader has read, or refused, is no file.
    assert outcome({"a": 1}, b'{"a":1}', b"application/json") == "ok"
    assert outcome(UNREAD, b"{", b"application/json") == "ok"
    assert outcome(UNREAD, b"x", b"no type") == "ok"


def test_the_validator_of_a_form_gives_files_as_parts() -> None:
    operation = body_operation(
        {"type": "object", "properties": {"f": {"type": "string"}, "n": {"type": "integer"}}},
        media_type=FORM,
    )
    body = (
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n7\r\n'
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\xff\r\n--x--\r\n"
    )
    read = operation.bodies[FORM](body, MediaType(FORM, (("boundary", "x"),)))
    assert read == Rewritten({"n": 7, "f": part(b"\xff")}, body, (part(b"\xff"),))
