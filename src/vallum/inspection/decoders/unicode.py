"""Characters that a later step may turn into ASCII: compatibility forms and look-alikes (B-121)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

# Marks that conversions to an 8-bit character set, or people, take for the ASCII mark.
_MARKS: Final = {
    **dict.fromkeys("\u02b9\u02bb\u02bc\u02c8\u2018\u2019\u201a\u201b\u2032\u2035\u00b4", "'"),
    **dict.fromkeys("\u02ba\u201c\u201d\u201e\u201f\u2033\u2036", '"'),
    **dict.fromkeys("\u02c2\u2039\u2329\u27e8\u3008\u276e", "<"),
    **dict.fromkeys("\u02c3\u203a\u232a\u27e9\u3009\u276f", ">"),
    **dict.fromkeys("\u2215\u2044\u29f8\u2571", "/"),
    **dict.fromkeys("\u2216\u29f5\u29f9\u2572", "\\"),
    **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
    "\u037e": ";",
    "\u2223": "|",
    "\u2217": "*",
    "\u2236": ":",
    "\u02cb": "`",
}
# Letters of other alphabets that look like Latin ones; only undone inside words that mix both.
_LETTERS: Final = dict(
    zip(
        "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0501\u051b\u04bb"
        "\u03bf\u03b1\u03c1\u03bd\u03b9\u0131\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420"
        "\u0421\u0422\u0425\u0405\u0406\u0408\u0391\u0392\u0395\u0397\u0399\u039a\u039c\u039d"
        "\u039f\u03a1\u03a4\u03a7\u03a5\u0396\u017f",
        "aeopcxyijsdqhoapviiABEKMHOPCTXSIJABEHIKMNOPTXYZs",
        strict=True,
    )
)
_MIXED = re.compile(
    r"[A-Za-z][\u0131\u017f\u0370-\u03ff\u0400-\u052f]|[\u0131\u017f\u0370-\u03ff\u0400-\u052f][A-Za-z]"
)
TYPOGRAPHY: Final[Mapping[str, str]] = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u0131": "i",
    "\u017f": "s",
    "\uff01": "!",
    "\uff08": "(",
    "\uff09": ")",
    "\uff0c": ",",
    "\uff1a": ":",
    "\uff1b": ";",
    "\uff1f": "?",
    "\u2026": "...",
    "\u2122": "TM",
    "\u202f": " ",
    "\u200c": "",
    "\u200d": "",
    "\ufe0f": "",
}
"""What honest texts are full of, and what `fold` or `reveal` makes of each: quotes, letters of
Turkish, marks of full width, what joins or colours letters and emoji."""
LONGEST: Final = 4
"""Characters that one may stand for. The few that stand for whole words or phrases, of Arabic and
Katakana, hide nothing, and would make a text too long to look at."""
_PHRASE = re.compile(
    "["
    + "".join(
        chr(point)
        for point in (*range(0x3200, 0x3400), *range(0xFDF0, 0xFE00), *range(0x1F100, 0x1F300))
        if len(unicodedata.normalize("NFKC", chr(point))) > LONGEST
    )
    + "]"
)
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u034f\u061c\u115f\u1160\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)


def fold(text: str) -> str:
    """`text` as it may read after normalisation (Unicode NFKC) or conversion to another set."""
    if text.isascii():
        return text
    # All of this is slow; most texts in other alphabets need none of it.
    if not unicodedata.is_normalized("NFKC", text):
        text = unicodedata.normalize("NFKC", _PHRASE.sub("\ufffd", text))
    text = _plainly(text, _MARKS)
    return _plainly(text, _LETTERS) if _MIXED.search(text) else text


def unmix(text: str) -> str:
    """`text` with Latin letters for those of other alphabets that look like them."""
    return text if text.isascii() else _plainly(text, _LETTERS)


def _plainly(text: str, ascii_of: Mapping[str, str]) -> str:
    """`text` with ASCII in place of what looks like it; much faster than `str.translate`."""
    for character, plain in ascii_of.items():
        text = text.replace(character, plain)
    return text


def reveal(text: str) -> str:
    """`text` without characters that nobody sees and many receivers drop."""
    return text if text.isascii() and text.isprintable() else _INVISIBLE.sub("", text)
