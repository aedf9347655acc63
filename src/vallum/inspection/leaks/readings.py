"""What may be text in answers, and how else than as ASCII a reader could take its bytes."""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator
from typing import Final, Literal

from vallum.wire.media_type import MediaType

Kind = Literal["text", "opaque", "file"]

_TEXTS: Final = re.compile(
    r"text/.+"
    r"|application/(?:(?:x-)?(?:ndjson|jsonlines|yaml|toml|sh|sql|javascript|ecmascript|pem-file)"
    r"|jsonl|json-seq|json5|graphql|x-www-form-urlencoded|problem|http"
    r"|pem-certificate-chain|geo\+json-seq|rtf|x-httpd-php)"
)
_FILES: Final = re.compile(
    r"(?:image|audio|video|font|model)/.+"
    r"|application/(?:pdf|zip|gzip|x-gzip|x-tar|x-bzip2|x-xz|zstd|x-7z-compressed|vnd\.rar|wasm"
    r"|(?:vnd\.|x-)?(?:google\.)?protobuf|grpc.*|cbor|(?:vnd\.|x-)?msgpack|java-archive|msword"
    r"|vnd\.ms-(?:excel|powerpoint|fontobject)|vnd\.openxmlformats-officedocument\..+"
    r"|vnd\.oasis\.opendocument\..+|.+\+(?:zip|gzip|cbor|zstd))"
)
_NO_ASCII: Final = {
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "ucs-2": "utf-16-be",
    "iso-10646-ucs-2": "utf-16-be",
    "csunicode": "utf-16-be",
    "utf-32": "utf-32",
    "utf-32le": "utf-32-le",
    "utf-32be": "utf-32-be",
    "iso-10646-ucs-4": "utf-32-be",
    "utf-7": "utf-7",
    "unicode-1-1-utf-7": "utf-7",
    "ibm037": "cp037",
    "cp037": "cp037",
    "ebcdic-cp-us": "cp037",
    "ibm500": "cp500",
    "cp500": "cp500",
    "ibm1140": "cp1140",
    "ibm273": "cp273",
    "ibm1047": "cp037",
}
"""Character sets in which ASCII is not written as ASCII, and who reads them."""
_MARKS: Final = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_XML_SAYS: Final = re.compile(rb"<\?xml[^>]{0,100}encoding\s?=\s?[\"']([A-Za-z0-9._-]{1,40})[\"']")
_CONTROLS: Final = re.compile(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SHORT: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_LOOKED_AT: Final = 4096


def kind_of_answer(media_type: MediaType | None, declared: Collection[str]) -> Kind:
    """Whether answers of a type are texts, files that are none, or may be either.

    Args:
        media_type: None where there is none, or none that can be read: readers guess.
        declared: types by their full name that the contract lets an operation answer.
    """
    if media_type is None or media_type.is_json or media_type.is_xml:
        return "text"
    if _TEXTS.fullmatch(media_type.essence):
        return "text"
    if media_type.essence in declared or _FILES.fullmatch(media_type.essence):
        return "file"
    return "opaque"


def looks_like_text(content: bytes) -> bool:
    """Whether bytes of a type that says nothing may be a text."""
    beginning = content[:_LOOKED_AT]
    return _wide(beginning) is not None or _CONTROLS.search(beginning) is None


def other_readings(content: bytes, media_type: MediaType | None) -> Iterator[str]:
    """The texts that readers may find in bytes, besides the one that is there in ASCII."""
    codec = _charset(content, media_type)
    text = None
    if codec is not None:
        text = content.decode(codec, "replace")
        yield text
    is_json = media_type is None or media_type.is_json
    if is_json and (b"\\" in content or (text is not None and "\\" in text)):
        spelled = _ESCAPE.sub(_unescaped, text or content.decode("utf-8", "replace"))
        yield spelled.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if b"&" in content and not (media_type is not None and media_type.is_json):
        # RFC 7303, HTML: what a page of an error quotes is escaped.
        yield html.unescape(text or content.decode("utf-8", "replace"))


def _charset(content: bytes, media_type: MediaType | None) -> str | None:
    """The codec of a text whose ASCII is not written as ASCII, or None."""
    wide = _wide(content)
    if wide is not None:
        return wide
    named = None
    if media_type is not None and media_type.parameters:
        named = media_type.parameter("charset")
    if named is None and content[:5] == b"<?xml":
        said = _XML_SAYS.match(content)
        named = said[1].decode("ascii") if said is not None else None
    return None if named is None else _NO_ASCII.get(named.strip().lower().replace("_", "-"))


def _wide(content: bytes) -> str | None:
    """The codec of a text whose characters have two or four bytes, by how it begins."""
    if b"\0" not in content[:4] and content[:1] < b"\xfe":
        return None  # Nearly every answer: no such text begins so.
    for mark, codec in _MARKS:
        if content.startswith(mark):
            return codec
    # RFC 4627 §3: where the zeros stand, since the first two characters are ASCII.
    return _BY_ZEROS.get(tuple(byte == 0 for byte in content[:4]))


_BY_ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (True, True, True, False): "utf-32-be",
    (False, True, True, True): "utf-32-le",
    (True, False, True, False): "utf-16-be",
    (False, True, False, True): "utf-16-le",
}


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is not None:
        return chr(int(match[1], 16))
    return _SHORT.get(match[2], match[2])
