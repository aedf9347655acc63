"""Tags and attributes in a text, found as forgivingly as browsers find them (HTML §13.2.5).

Every `<` before a letter begins a tag, wherever it stands: what is a comment, an attribute's value
or the text of a `<style>` to one parser is markup to the next, and attacks live in the difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

MOST_TAGS: Final = 200
MOST_ATTRIBUTES: Final = 300

# Letters, then a separator: an element with attributes; the others only where they do something
# without any. A quote ends the name too, which old browsers did.
_TAG: Final = re.compile(
    r"<(?:((?:\w{0,32}:)?(?:script|style))(?=[\x00-\x20/>]|\Z)"
    r"|([?:]?[a-z][^\x00-\x20/<>\"'`=]*+)(?=[\x00-\x20/\"'`=]))",
    re.IGNORECASE,
)
# Markup begins anew even in the middle of a word, so that no two tags overlap.
_LETTERS: Final = r"(?:[^\x00-\x20/>=<]++|<(?![a-z!]))"
# Words without a value are skipped, unless they begin like a handler's name.
_WORDS: Final = rf"""[\x00-\x20/]*+
    (?>(?:(?!["'`]*+on[a-z]{{3}})(?>{_LETTERS}+)(?:[\x00-\x20]++(?!=)|/)[\x00-\x20/]*+)*)"""
_ATTRIBUTE: Final = re.compile(
    rf"""{_WORDS}
    (?!<[a-z!])([^\x00-\x20/>](?>{_LETTERS}*))
    (?:[\x00-\x20]*+(=)[\x00-\x20]*+
       (?:"([^"]*+)("?)|'([^']*+)('?)|`([^`\x00-\x20>]*+)`|([^\x00-\x20>]*+)))?""",
    re.IGNORECASE | re.VERBOSE,
)
_END: Final = re.compile(rf"{_WORDS}>?", re.IGNORECASE | re.VERBOSE)
# Names that HTML spells with capitals; receivers that are lax about case read them so too.
_LAX_REFERENCE: Final = re.compile(r"&(tab|newline|colon|lpar|rpar);?", re.IGNORECASE)
_LAX: Final = {"tab": "\t", "newline": "\n", "colon": ":", "lpar": "(", "rpar": ")"}


class Attribute(NamedTuple):
    """An attribute as written."""

    name: str
    """Lower case, without quotes before it."""
    value: str
    """As a browser reads it: its character references are undone."""
    raw: str
    """The value as written."""
    is_assigned: bool
    """Whether an equals sign follows the name."""
    is_open: bool
    """Whether the text ends before the value's closing quote."""
    position: int
    """Of the name in the text."""


class Tag(NamedTuple):
    """The start of an element."""

    name: str
    """Lower case, without the prefix of a namespace; `?import` for a processing instruction."""
    attributes: list[Attribute]
    start: int
    end: int
    """Where its content begins."""


class TooMuchMarkupError(Exception):
    """There are more tags or attributes than anybody writes in so little text."""


def dereferenced(text: str) -> str:
    """`text` with its character references undone."""
    if "&" not in text:
        return text
    return unescape(_LAX_REFERENCE.sub(lambda match: _LAX[match[1].lower()], text))


def tags_in(text: str) -> Iterator[Tag]:
    """The tags with attributes, and every script and style element.

    Raises:
        TooMuchMarkupError: there are more than may be looked at.
    """
    left = MOST_TAGS
    match = _TAG.search(text)
    while match is not None:
        left -= 1
        if left < 0:
            raise TooMuchMarkupError
        attributes, end = attributes_at(text, match.end())
        name = (match[1] or match[2]).lower()
        if ":" in name and name[0] != "?":
            name = name.rpartition(":")[2]
        yield Tag(name, attributes, match.start(), end)
        match = _TAG.search(text, end)


def attributes_at(text: str, position: int) -> tuple[list[Attribute], int]:
    """The attributes from `position` to the end of the tag, and where that is.

    Raises:
        TooMuchMarkupError: there are more than may be looked at.
    """
    found: list[Attribute] = []
    while match := _ATTRIBUTE.match(text, position):
        name, assigned, double, ended2, single, ended1, tick, bare = match.groups()
        raw = double or single or tick or bare or ""
        found.append(
            Attribute(
                name.lower().lstrip("\"'`"),
                dereferenced(raw),
                raw,
                assigned is not None,
                ended2 == "" or ended1 == "",
                match.start(1),
            )
        )
        if len(found) > MOST_ATTRIBUTES:
            raise TooMuchMarkupError
        position = match.end()
    end = _END.match(text, position)
    return found, end.end() if end else position


def body_of(text: str, tag: Tag) -> tuple[str, bool]:
    """What stands between a raw text element's tags, and whether it is closed."""
    lower = text.lower()
    close = lower.find(f"</{tag.name}", tag.end)
    if close < 0 and f":{tag.name}" in lower:
        prefixed = re.search(rf"</\w{{1,32}}:{re.escape(tag.name)}", text[tag.end :], re.IGNORECASE)
        close = tag.end + prefixed.start() if prefixed else -1
    return (text[tag.end :], False) if close < 0 else (text[tag.end : close], True)
