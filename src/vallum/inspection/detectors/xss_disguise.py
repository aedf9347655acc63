"""Markup and script in clothes that no general decoder undoes."""

from __future__ import annotations

import binascii
import re
from itertools import islice
from typing import Final

_UTF7: Final = re.compile(r"[+ &]([A-Za-z0-9/,]{2,2000}+)-?")
_SPELLED: Final = re.compile(r"A[CDFGH][A-Za-z0-9/,]")
_QUARTERS: Final = str.maketrans("¼¾¢", '<>"')
# What the first of two bytes looks like, where UTF-8 is read as Latin-1.
_MISREAD: Final = re.compile("[ÂÐ](?=[¼¾¢])")
_BEFORE: Final = 64
_AFTER: Final = 800
_MOST_RUNS: Final = 64
_MOST_ELEMENTS: Final = 16
# A text of brackets and coercions: code without a letter.
_BRACKETS: Final = re.compile(r"[\[\](){}!+~\-\s$_=;:,.\"'`|&<>/\\^?*0-9]*+")
_COERCION: Final = re.compile(
    r"[!+~]\s?[!+~]?\s?\[\s?\]|\(\s?!\s?\[|\[\s?\]\s?\[|\]\s?\[\s?[!+]|[~!+]\s?\{\s?\}|\$=~"
)
_SPACED_OUT: Final = re.compile(
    r"<\s?(?:s\s+c\s+r\s+i\s+p\s+t|i\s+f\s+r\s+a\s+m\s+e|f\s+o\s+r\s+m|s\s+t\s+y\s+l\s+e"
    r"|o\s+b\s+j\s+e\s+c\s+t|e\s+m\s+b\s+e\s+d|d\s+i\s+a\s+l\s+o\s+g|i\s+m\s+g|s\s+v\s+g"
    r"|b\s+o\s+d\s+y|m\s+e\s+t\s+a|l\s+i\s+n\s+k|b\s+a\s+s\s+e|i\s+n\s+p\s+u\s+t)\b",
    re.IGNORECASE,
)


_LOADER: Final = "(?:script|iframe|object|embed|applet)"
_AS_A_TAG: Final = r"\s{0,4}(?:[/>]|[\w-]{1,20}\s?=)"
# A blank between the bracket and the name, or around the colon of a prefix.
_APART: Final = re.compile(
    rf"<\s{{1,8}}{_LOADER}(?={_AS_A_TAG})"
    r"|<(?:\s{1,8}[a-z]{1,16}\s{0,4}:\s{0,4}|[a-z]{0,16}\s{0,4}:\s{1,4})"
    rf"{_LOADER}(?=\s{{0,4}}\Z|{_AS_A_TAG})",
    re.IGNORECASE,
)
_OPENED: Final = re.compile(r"<([a-z]\w{0,20}+)[^<>]{0,200}+>", re.IGNORECASE)


def undressed(text: str) -> list[str]:
    """Other readings of `text`: as UTF-7, and as ASCII whose eighth bit was dropped."""
    found = []
    run = _SPELLED.search(text)
    if run is not None:
        found.append(_from_utf7(_near(text, run.start())))
    if "¼" in text:
        found.append(_MISREAD.sub("", _near(text, text.index("¼"))).translate(_QUARTERS))
    return [each for each in found if each != text]


def _near(text: str, position: int) -> str:
    return text[max(0, position - _BEFORE) : position + _AFTER]


def _from_utf7(text: str) -> str:
    left = _MOST_RUNS

    def spelled(match: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        digits = match[1].replace(",", "/")
        digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
        if left < 0 or not _SPELLED.match(digits):
            return match[0]
        raw = binascii.a2b_base64(digits + "=" * (-len(digits) % 4))
        plain = raw[: len(raw) & ~1].decode("utf-16-be", "replace")
        return plain if plain.isascii() else match[0]

    return _UTF7.sub(spelled, text)


def is_bracket_code(text: str) -> bool:
    """Whether `text` is JavaScript written with brackets and signs only (JSFuck and its kin)."""
    head = text.strip()
    whole = _BRACKETS.match(head)
    pieces = len(_COERCION.findall(head[:400]))
    if whole is not None and whole.end() == len(head):
        return pieces >= 2 or (pieces == 1 and "!![]" in head.replace(" ", ""))
    return pieces >= 6


def spaced_out(text: str) -> str | None:
    """A tag spelled with blanks, for filters that drop them afterwards."""
    match = (_SPACED_OUT.search(text) or _APART.search(text)) if "<" in text else None
    return match[0] if match else None


def has_new_element(plain: str, text: str) -> bool:
    """Whether an element is opened and closed in `plain` that is none in `text` as it stands."""
    lower = plain.lower()
    before = text.lower()
    for match in islice(_OPENED.finditer(lower), _MOST_ELEMENTS):
        end = f"</{match[1]}"
        if end in lower and end not in before:
            return True
    return False
