"""Peels one coding after another off a text, as a chain of receivers might (B-116, B-117)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from vallum.inspection.decoders import base64, escapes, html, unicode, url

DEPTH: Final = 3
"""Codings on top of each other that are undone."""
_MOST_VIEWS: Final = 10
_GROWTH: Final = 2
"""A view may be this many times as long as what was sent, so that none is a bomb."""


class View(NamedTuple):
    """A text as some receiver may read it."""

    text: str
    layers: tuple[str, ...]


DECODERS: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    ("url", url.decode),
    ("html", html.decode),
    ("escapes", escapes.decode),
    ("unicode", unicode.fold),
    ("invisible", unicode.reveal),
    ("base64", base64.decode),
)


def peel(text: str) -> list[View]:
    """Every other reading of `text`, at most ten; empty where it hides nothing."""
    known = {text}
    found: list[View] = []
    todo = [View(text, ())]
    longest = _GROWTH * len(text) + 64
    for view in todo:
        if len(view.layers) == DEPTH:
            break
        for name, decode in DECODERS:
            plain = decode(view.text)
            if plain in known or len(plain) > longest:
                continue
            known.add(plain)
            fresh = View(plain, (*view.layers, name))
            found.append(fresh)
            todo.append(fresh)
            if len(found) == _MOST_VIEWS:
                return found
    return found
