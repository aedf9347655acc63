"""Media types (RFC 9110 §8.3.1), read strictly: one type, no repair (B-094, B-095)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

_TCHAR: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# RFC 6838 §4.2 is narrower than RFC 9110's token: a type is registered under a restricted name.
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_TYPE: Final = re.compile(rf"{_NAME}/{_NAME}")
_RANGE: Final = re.compile(rf"(?:{_NAME}|\*)/(?:{_NAME}|\*(?:\+{_NAME})?)")
# A quoted-string without obs-text; backslash escapes one visible character or space.
_PARAMETER: Final = re.compile(
    rf'[ \t]*;[ \t]*({_TCHAR})=(?:({_TCHAR})|"((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t \x21-\x7e])*)")'
)
_ESCAPED: Final = re.compile(r"\\(.)")
_TOKEN: Final = re.compile(_TCHAR)
_MAX_LENGTH: Final = 256


class MediaType(NamedTuple):
    """A media type; type, subtype and parameter names in lower case."""

    essence: str
    """`type/subtype`."""
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """As a field value."""
        written = [
            f"; {name}={value}" if _TOKEN.fullmatch(value) else f'; {name}="{_quoted(value)}"'
            for name, value in self.parameters
        ]
        return self.essence + "".join(written)

    def parameter(self, name: str) -> str | None:
        """The value of the parameter `name` (lower case), or None."""
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def is_json(self) -> bool:
        """Whether a body of this type is JSON text (RFC 8259, RFC 6839 §3.1)."""
        return self.essence in ("application/json", "text/json") or self.essence.endswith("+json")

    @property
    def is_xml(self) -> bool:
        """Whether a body of this type is XML (RFC 7303 §3)."""
        return self.essence in ("application/xml", "text/xml") or self.essence.endswith("+xml")


_JSON: Final = MediaType("application/json")


def parse_media_type(value: bytes) -> MediaType:
    """Read a Content-Type value.

    Raises:
        ValueError: it is not exactly one media type by the grammar, or a parameter occurs twice.
    """
    if value == b"application/json":
        return _JSON
    if len(value) > _MAX_LENGTH or not value.isascii():
        raise ValueError("not a media type")
    text = value.decode("ascii")
    match = _TYPE.match(text)
    if match is None:
        raise ValueError("not a media type")
    parameters: dict[str, str] = {}
    position = match.end()
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None:
            raise ValueError("not a media type parameter")
        name = found[1].lower()
        if name in parameters:
            raise ValueError("a media type parameter occurs twice")
        parameters[name] = found[2] if found[2] is not None else _ESCAPED.sub(r"\1", found[3])
        position = found.end()
    return MediaType(match[0].lower(), tuple(parameters.items()))


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')


def parse_range(text: str) -> str:
    """A media type or range of a contract in lower case, without its parameters.

    Raises:
        ValueError: it is neither.
    """
    essence = text.partition(";")[0].strip().lower()
    if _RANGE.fullmatch(essence) is None:
        raise ValueError("not a media type or range")
    return essence


def best_range(media_type: MediaType, ranges: Iterable[str]) -> str | None:
    """The most specific of `ranges` that covers `media_type`, or None.

    Ranges are lower case: `type/subtype`, `type/*+suffix`, `type/*` or `*/*`.
    """
    essence = media_type.essence
    kind, _, subtype = essence.partition("/")
    _, plus, suffix = subtype.rpartition("+")
    candidates = [essence, f"{kind}/*", "*/*"]
    if plus:
        candidates.insert(1, f"{kind}/*+{suffix}")
    known = set(ranges)
    return next((candidate for candidate in candidates if candidate in known), None)
