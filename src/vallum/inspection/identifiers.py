"""Names that are compared: one spelling each, so that no two people share one (B-121)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ASCII = re.compile(r"[!-~]+")
# Letters and marks that show nothing, or that a font may leave out.
_UNSEEN: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
    + "".join(chr(point) for point in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
# What is written together by those who write it at all: Unicode UTS #39 §5.2, highly restrictive.
_TOGETHER: Final = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
_MOST_MARKS: Final = 2


def is_canonical_identifier(text: str) -> bool:
    """Whether `text` is the only spelling of the name that it shows.

    It must be what Unicode normalisation (NFKC) makes of it, and name the same thing whichever way
    its case is folded; it holds letters, digits and marks of one script, or the marks of ASCII.
    Case itself is free: `Alice` is canonical if names are compared without regard to case.
    """
    if text.isascii():
        return bool(_ASCII.fullmatch(text))
    folded = unicodedata.normalize("NFKC", text.casefold())
    if unicodedata.normalize("NFKC", text) != text or folded.casefold() != folded:
        return False
    # `ß`, `ı`, `İ` and the long `s` are other letters in one direction than in the other.
    if text.lower() != folded or text.upper().casefold() != folded or len(folded) != len(text):
        return False
    return _is_plain(text) and _is_of_one_script(text)


def _is_plain(text: str) -> bool:
    marks = 0
    for position, letter in enumerate(text):
        category = unicodedata.category(letter)
        marks = marks + 1 if category[0] == "M" else 0
        if marks > _MOST_MARKS or (marks and position == 0) or letter in _UNSEEN:
            return False
        if not ("!" <= letter <= "~" or category[0] in "LM" or category == "Nd"):
            return False
    return True


def _is_of_one_script(text: str) -> bool:
    scripts = {_script(letter) for letter in text if letter.isalpha()}
    # Digits of two systems look alike and are worth different amounts.
    systems = {ord(digit) - unicodedata.decimal(digit) for digit in text if digit.isdecimal()}
    if len(systems) > 1:
        return False
    return len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)


def _script(letter: str) -> str:
    return unicodedata.name(letter, "UNNAMED").replace("-", " ").split(" ", 1)[0]
