"""Forms and their heads: an independent reader finds the same fields, parts and parameters."""

from __future__ import annotations

from email.message import Message
from urllib.parse import parse_qsl

from tests.fuzz import seeds, tokens
from tests.fuzz.readers import read_mail_parts
from tests.fuzz.target import Target, require

from vallum.wire.form import MalformedForm, parse_form
from vallum.wire.media_type import MediaType, parse_media_type
from vallum.wire.multipart import MalformedMultipart, parse_multipart, write_multipart

_FORM = MediaType("multipart/form-data", (("boundary", "x"),))


def _form(body: bytes) -> None:
    try:
        fields = parse_form(body)
    except MalformedForm:
        return
    theirs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1_000
    )
    require(list(fields) == theirs, "other fields", fields, theirs)


def _multipart(body: bytes) -> None:
    try:
        parts = parse_multipart(body, _FORM)
    except MalformedMultipart:
        return
    written = write_multipart(parts, _FORM)
    require(parse_multipart(written, _FORM) == parts, "written anew it says something else", parts)
    require(write_multipart(parse_multipart(written, _FORM), _FORM) == written, "no fixed point")
    ours = [(part.name, part.filename, part.content) for part in parts]
    theirs = [part[:3] for part in read_mail_parts(written, b"multipart/form-data; boundary=x")]
    require(ours == theirs, "other parts", ours, theirs)


def _media_type(value: bytes) -> None:
    try:
        media_type = parse_media_type(value)
    except ValueError:
        return
    again = parse_media_type(str(media_type).encode("ascii"))
    require(again == media_type, "written anew it says something else", media_type, again)
    mail = Message()
    mail["content-type"] = value.decode("ascii")
    theirs = mail.get_content_type()
    # Mail knows top-level types only by their being a word; ours may have more marks.
    require(theirs in (media_type.essence, "text/plain"), "another type", media_type, theirs)
    charset = media_type.parameter("charset")
    if charset is not None and charset.isalnum():
        require(mail.get_param("charset") == charset, "another charset", value)


def _disposition(value: bytes) -> None:
    """The value of a part's Content-Disposition."""
    head = b"--x\r\nContent-Disposition: form-data" + value + b"\r\n\r\ncontent\r\n--x--\r\n"
    _multipart(head)


def make_form() -> Target:
    """Urlencoded forms."""
    return Target(name="form", run=_form, seeds=seeds.FORM, tokens=tokens.FORM)


def make_multipart() -> Target:
    """Multipart forms."""
    return Target(name="multipart", run=_multipart, seeds=seeds.MULTIPART, tokens=tokens.MULTIPART)


def make_media_type() -> Target:
    """Media types."""
    given = (b"application/json", b'multipart/form-data; boundary="a b"; charset=utf-8')
    return Target(name="media-type", run=_media_type, seeds=given, tokens=tokens.MEDIA, longest=300)


def make_disposition() -> Target:
    """The dispositions of parts."""
    given = (b'; name="a"', b'; name=a; filename="b c.txt"', b';name="\xc3\xa9"; filename=""')
    words = (*tokens.MULTIPART, *tokens.MEDIA)
    return Target(name="disposition", run=_disposition, seeds=given, tokens=words, longest=500)
