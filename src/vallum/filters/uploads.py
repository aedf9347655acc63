"""Uploaded files (IV-8, B-124): each is what it is said to be, and does nothing when opened.

Files are judged in memory, where a validator has found them; nothing is unpacked to a disk, and
what passes goes on byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.inspection.files.judge import check_file
from vallum.inspection.files.model import BadFile
from vallum.openapi.bodies import OpaqueBody, kind_of
from vallum.openapi.model import UNREAD, Operation
from vallum.wire.media_type import MediaType, parse_media_type
from vallum.wire.multipart import MalformedMultipart, Part, parse_mixed, parse_multipart

_SVG = "image/svg+xml"
_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """What files an operation takes."""

    types: frozenset[str] | None = None
    """Kinds by name; None: all but those that run in a browser, and unknown ones too."""
    max_files: int = 20
    """Of one body."""
    pixels: int = 50_000_000
    """Of the largest image."""


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def uploads(self) -> Uploads | None:
        """None: files are not looked at."""
        ...


class CheckUploads:
    """Judges the files of forms, and bodies that are files."""

    name: ClassVar[str] = "uploads"
    phase: ClassVar[Phase] = Phase.READ

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """None where no file can come, or all of them are relayed without being held."""
        uploads = settings.uploads
        if uploads is None or not any(_may_hold_files(name) for name in operation.bodies):
            return None
        is_opaque = all(isinstance(body, OpaqueBody) for body in operation.bodies.values())
        if is_opaque and uploads.types is None:
            return None
        return Attachment(
            summary=", ".join(sorted(uploads.types)) if uploads.types else "checked",
            check=lambda exchange: _check(exchange, uploads),
            explain=lambda _: "every file is what it is said to be",
            needs_body=True,
        )


def _may_hold_files(essence: str) -> bool:
    if "*" in essence:
        return True
    return essence == _SVG or kind_of(MediaType(essence)) in ("multipart", "framed", "opaque")


def _check(exchange: Exchange, uploads: Uploads) -> None:
    files = [file for file in _files(exchange) if not _is_unchosen(file)]
    if len(files) > uploads.max_files:
        raise Denied("upload-refused", "upload.count")
    try:
        for file in files:
            check_file(
                file.filename,
                file.media_type.essence if file.media_type is not None else "",
                file.content,
                kinds=uploads.types,
                pixels=uploads.pixels,
            )
    except BadFile as error:
        raise Denied("upload-refused", f"upload.{error.code}") from None


def _is_unchosen(part: Part) -> bool:
    """Whether it is what a browser sends for a file input of a form where no file was chosen.

    HTML, "constructing the entry list": an empty file with an empty name, of the type
    `application/octet-stream`.
    """
    is_octets = part.media_type is not None and part.media_type.essence == _OCTETS
    return part.filename == "" and not part.content and is_octets


def _files(exchange: Exchange) -> Sequence[Part]:
    """The files of a form or another multipart body, or the body where it is one."""
    if exchange.files or not exchange.body:
        return exchange.files
    media_type = _media_type(exchange)
    if media_type is None:
        return ()
    kind, is_unread = kind_of(media_type), exchange.value is UNREAD
    # The contract reads the frame of what is no form, and not what is in it.
    if kind == "framed" or (kind == "multipart" and is_unread):
        return _files_in(exchange.body, media_type, kind)
    if media_type.essence == _SVG or (is_unread and kind == "opaque"):
        return [Part("", None, media_type, exchange.body)]
    return ()


def _files_in(body: bytes, media_type: MediaType, kind: str) -> list[Part]:
    """The files in parts that no validator has read.

    Raises:
        Denied: nobody can say which files are in it.
    """
    read = parse_mixed if kind == "framed" else parse_multipart
    try:
        return [part for part in read(body, media_type) if part.is_upload]
    except MalformedMultipart:
        raise Denied("upload-refused", "upload.form") from None


def _media_type(exchange: Exchange) -> MediaType | None:
    value = exchange.request.fields.get(b"content-type")
    try:
        return parse_media_type(value) if value is not None else None
    except ValueError:
        return None  # `validate` has said so, or was told not to mind.
