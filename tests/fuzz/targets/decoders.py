"""The decoders of inspection, one by one, and what peels them off one after another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import unescape
from urllib.parse import unquote_to_bytes

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require

from vallum.inspection.decoders import unicode
from vallum.inspection.decoders.layers import DECODERS, DEPTH, peel

_MOST_VIEWS = 10
_GROWTH = {"unicode": unicode.LONGEST}
"""What a decoder may make of one character; all others make texts shorter, or keep them."""


def _decoder(name: str, data: bytes) -> None:
    text = data.decode("utf-8", "surrogatepass" if _is_wide(data) else "replace")
    plain = DECODERS[name](text)
    require(type(plain) is str, "no text")
    longest = len(text) * _GROWTH.get(name, 2)
    require(len(plain) <= longest, "it grows", len(text), len(plain))
    check = _CHECKS.get(name)
    if check is not None:
        check(text, plain)


def _is_wide(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _check_url(text: str, plain: str) -> None:
    """Where the escapes are of plain UTF-8, the standard library finds the same."""
    if "%u" in text.lower() or not text.isascii():
        return
    # Lone halves of surrogate pairs are not what this is about.
    raw = unquote_to_bytes(text)
    try:
        theirs = raw.decode("utf-8")
    except UnicodeDecodeError:
        return
    require(plain == theirs, "another text", text, plain, theirs)


def _check_html(text: str, plain: str) -> None:
    require(plain == unescape(text), "another text", text, plain, unescape(text))


def _check_reveal(_: str, plain: str) -> None:
    require(DECODERS["invisible"](plain) == plain, "no fixed point", plain)


_CHECKS: dict[str, Callable[[str, str], None]] = {
    "url": _check_url,
    "html": _check_html,
    "invisible": _check_reveal,
}


def _peel(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    views = peel(text)
    require(len(views) <= _MOST_VIEWS, "too many views", len(views))
    found = [view.text for view in views]
    require(text not in found and len(set(found)) == len(found), "a view twice", found)
    for view in views:
        require(0 < len(view.layers) <= DEPTH, "layers", view.layers)
        require(
            len(view.text) <= unicode.LONGEST * len(text) + 64,
            "it grows",
            len(text),
            len(view.text),
        )
        step = text
        for layer in view.layers:
            step = DECODERS[layer](step)
        require(step == view.text, "the layers tell something else", view)


def make_decoder(name: str) -> Target:
    """One decoder."""
    return Target(
        name=f"decode-{name}",
        run=partial(_decoder, name),
        seeds=(*seeds.attacks(), *seeds.harmless()),
        tokens=tokens.ATTACKS,
        most_cpu=20,
    )


def make_peel() -> Target:
    """All of them together."""
    return Target(
        name="peel",
        run=_peel,
        seeds=(*seeds.attacks(), *seeds.harmless()),
        tokens=tokens.ATTACKS,
        most_cpu=50,
    )
