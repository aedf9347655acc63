"""Peels one coding after another off a text, as a chain of receivers might (B-116, B-117)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from vallum.inspection.decoders import base64, escapes, html, unicode, url

DEPTH: Final = 3
"""Codings on top of each other that are undone."""
_MOST_VIEWS: Final = 10
_MARGIN: Final = 64
"""Characters that a view may have more than any decoder makes of what was sent."""


class View(NamedTuple):
    """A text as some receiver may read it."""

    text: str
    layers: tuple[str, ...]


DECODERS: Final[Mapping[str, Callable[[str], str]]] = {
    "url": url.decode,
    "html": html.decode,
    "escapes": escapes.decode,
    "unicode": unicode.fold,
    "lookalikes": unicode.unmix,
    "invisible": unicode.reveal,
    "base64": base64.decode,
}

_ONCE: Final = frozenset({"unicode", "lookalikes", "invisible"})
"""Decoders that find nothing more in what they made."""

# In UTF-8: the characters that `unicode` turns into ASCII but those of `TYPOGRAPHY`, and some that
# honest texts have, and that no attack gains by: ideographic blanks, digits and letters of ordinals
# (`nº 2²`), fractions, digraphs, numbers in circles or parentheses.
_FOLDED: Final = (
    r"\xc2\xb4|\xc5\x89|\xca[\xb0-\xbf]|\xcb|\xcd[\xb4\xbe]|\xe1[\xb4-\xb6]|\xe1\xbf[\xaf\xbd]|"
    r"\xe2(?:\x80[\x80-\x8a\x90-\x92\x97\x9a\x9b\x9e\x9f\xa4\xa5\xb2-\xb7\xb9\xba\xbc\xbe]|"
    r"\x81[\x84-\x9f\xb0-\xbf]|\x82[\x80-\x9c\xa8]|\x84[\x80-\xa1\xa4-\xbb]|\x85|\x86\x89|"
    r"\x88[\x92\x95-\x97\xa3\xb6]|\x8c[\xa9\xaa]|[\x91-\x93]|\x95[\xb1\xb2]|\x9d[\xae\xaf]|"
    r"\x9f[\xa8\xa9]|\xa7[\xb5\xb8\xb9]|\xa9[\xb4-\xb6]|\xb1[\xbc\xbd])|"
    r"\xe3\x80[\x88\x89]|\xea\x9f[\xb2-\xb4]|"
    r"\xef(?:\xac[\x80-\x86\xa9]|\xb8[\x90-\xbf]|\xb9|\xbc|\xbd[\x80-\x9e]|\xbf\xa3)|"
    r"\xf0\x9d|\xf0\x9f[\x84-\x86]"
)
_UNSEEN: Final = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\xa0\x8e|"
    r"\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xf3\xa0"
)
_ALIKE: Final = r"[\xcd-\xd4][\x80-\xbf]"
_MIXED: Final = rf"[a-z]{_ALIKE}|{_ALIKE}[a-z]"

SIGNS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (r"%[0-9a-f]{2}|%u[0-9a-f]{4}", ("url",)),
    (r"&(?:#|[a-z]{2})", ("html",)),
    (r"\\[ux0-7nrtbf\"'/`]", ("escapes",)),
    (_UNSEEN, ("invisible",)),
    (_FOLDED, ("unicode",)),
    (_MIXED, ("lookalikes",)),
    # Text spelled in base64 changes its case all the time; words and identifiers rarely do.
    (r"(?-i:[a-z0-9+/][A-Z]{1,8}[a-z0-9+/]{1,8}[A-Z][A-Za-z0-9+/=_-]{3})", ("base64",)),
)
"""Patterns, as detectors have them, and the decoders that a text with a match is for.

They are looked for, and so is everything else, in texts with ASCII for their `TYPOGRAPHY`.
"""
TYPOGRAPHIC: Final = frozenset(
    index
    for index, (_, names) in enumerate(SIGNS)
    if not {"unicode", "invisible"}.isdisjoint(names)
)
"""The signs that a text with `TYPOGRAPHY` has where anything is found in it: most honest texts of
some languages have some, and would all be looked at twice."""


def is_typographic(text: str) -> bool:
    """Whether there is anything of `TYPOGRAPHY` in a text."""
    return not text.isascii() and not unicode.TYPOGRAPHY.keys().isdisjoint(text)


def _unbounded() -> None:
    """Nothing ends the peeling of a few texts."""


def _all_decoders(_: str) -> Iterable[str]:
    """Whoever has few texts can try everything."""
    return DECODERS


def first_views(text: str, decoders: Iterable[str]) -> list[View]:
    """What each of some decoders makes of `text`, where it makes anything of it."""
    longest = _longest(text)
    views = (View(DECODERS[name](text), (name,)) for name in decoders)
    return [view for view in views if view.text != text and len(view.text) <= longest]


def goes_on(view: View, decoders: Iterable[str]) -> bool:
    """Whether one of the decoders that a view has signs of may make more of it."""
    return any(name not in _ONCE or name not in view.layers[-1:] for name in decoders)


def _longest(text: str) -> int:
    return unicode.LONGEST * len(text) + _MARGIN


def peel(
    text: str,
    decoders_for: Callable[[str], Iterable[str]] = _all_decoders,
    check: Callable[[], None] = _unbounded,
) -> list[View]:
    """Every other reading of `text`, at most ten; empty where it hides nothing.

    Args:
        text: as it was sent.
        decoders_for: tells the decoders that a reading has a sign of.
        check: called now and then; what it raises ends the peeling.
    """
    known = {text}
    found: list[View] = []
    longest = _longest(text)
    readings = [View(text, ())]
    for view in readings:
        check()
        for name in decoders_for(view.text):
            if not goes_on(view, (name,)):
                continue
            plain = DECODERS[name](view.text)
            if plain in known or len(plain) > longest:
                continue
            known.add(plain)
            found.append(View(plain, (*view.layers, name)))
            if len(found) == _MOST_VIEWS:
                return found
            if len(found[-1].layers) < DEPTH:
                readings.append(found[-1])
    return found
