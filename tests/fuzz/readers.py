"""Readers that are not ours: what an upstream finds in a body, a target or a head."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from xml.dom import minidom

# As browsers write them, and as we do.
_PARAMETERS = re.compile('; (name|filename)="([^"]*)"')


class MailPart(NamedTuple):
    """A part of a form."""

    name: str
    filename: str | None
    content: bytes
    media_type: str
    """Empty where it does not say."""
    charset: str


def read_mail_parts(body: bytes, media_type: bytes) -> list[MailPart]:
    """The parts of a multipart form, as the standard library has them."""
    # One character for each byte, so that nothing is repaired on the way.
    text = (b"Content-Type: " + media_type + b"\r\n\r\n" + body).decode("latin-1")
    mail = message_from_string(text)
    parts = mail.get_payload()
    if not isinstance(parts, list):
        return []
    found = []
    for part in parts:
        if not isinstance(part, Message):
            continue
        payload = part.get_payload()
        content = payload.encode("latin-1") if isinstance(payload, str) else b"(parts)"
        disposition = _text(part["content-disposition"])
        kind = part.get_content_type() if "content-type" in part else ""
        charset = str(part.get_param("charset") or "utf-8")
        # Each after the one before: a name may read as if a file's name stood in it.
        said = dict(_PARAMETERS.findall(disposition))
        found.append(MailPart(said.get("name", ""), said.get("filename"), content, kind, charset))
    return found


def _text(value: object) -> str:
    return str(value).encode("latin-1", "replace").decode("utf-8", "replace")


def texts_of_json(body: bytes) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """Path, text, and whether it is a name: every string of a JSON text."""
    value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique)
    yield from _strings(value, ())


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise AssertionError("a name occurs twice in what the upstream gets")
    return found


def _strings(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    if isinstance(value, str):
        yield path, value, False
    elif isinstance(value, list):
        for child in value:
            yield from _strings(child, (*path, "*"))
    elif isinstance(value, dict):
        for name, child in value.items():
            yield (*path, name), name, True
            yield from _strings(child, (*path, name))


def texts_of_form(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form."""
    return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict")


def texts_of_xml(body: bytes) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """Path, text, and whether it is a name: all that a document says below its root."""
    document = minidom.parseString(body)  # noqa: S318  (only what the gateway has let through)
    if document.doctype is not None:
        raise AssertionError("a document type gets to the upstream")
    if document.documentElement is not None:
        yield from _element(document.documentElement, ())


def _element(
    element: minidom.Element, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str, bool]]:
    pieces = [
        child.data
        for child in element.childNodes
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE)
    ]
    yield path, "".join(pieces), False
    for attribute in element.attributes.values():
        if not (attribute.name == "xmlns" or attribute.name.startswith("xmlns:")):
            name = f"@{attribute.localName}"
            yield (*path, name), name, True
            yield (*path, name), attribute.value, False
    for child in element.childNodes:
        if child.nodeType == child.ELEMENT_NODE:
            name = str(child.localName)
            yield (*path, name), name, True
            yield from _element(child, (*path, name))
