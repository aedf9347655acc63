"""What formulas, manuals, preferences and measures write with the marks and words of SQL.

SECURITY: what is spared here is no statement of any dialect: whoever writes an attack in its form
gets an error of the parser, and no row. `select` alone is put into another word, as a quote that
was taken out would turn strings inside out.
"""

from __future__ import annotations

import re
from typing import Final

# Click 'Save'; select 'OK' from the menu: no table is called `the`.
_PICKED: Final = re.compile(
    r"\bselect(?=\s{1,4}(?:the\s{1,4})?(?:'[^'\"`\\]{1,40}'|\"[^'\"`\\]{1,40}\")\s{1,4}"
    r"(?:from|in|on)\s{1,4}(?:the|an?|your|our|my|this|that|these|those|its|their)\s{1,4}[^\W\d_])"
)
# Screen under 10" and price < 77: the only quote there is, so nothing ends what it would begin.
_MEASURED: Final = re.compile(
    r"[^'\"`\\#;]{0,200}[^\W\d_]{2}\s{0,4}[<>=]{0,2}\s{0,4}\d{1,4}(?:[.,]\d{1,3})?(\")\s(?:and|or)\s"
    r"[^\W\d_]{3,20}\s?[<>]=?\s?[$\u20ac\u00a3]?\d[\d.,]{0,12}(?:\s?[^\W\d_]{1,8})?\s{0,8}"
).fullmatch
_FUNCTION: Final = re.compile(r"\s{0,8}(?:and|or)\s?\(").match
_CALLED: Final = re.compile(r"\b(?:and|or)(?=\s?\()")
_STRING: Final = re.compile(r"'[^']*+'|\"[^\"]*+\"")
_COMMENTED: Final = ("\\", "`", ";", "--", "/*", "#", "$$", "@@", "||")
_LONGEST: Final = 2000
# Prefer: odata.include-annotations="*"
_WILDCARD: Final = re.compile(r"(?<=[a-z])=\"\*\"(?=\s*(?:[,;]|\Z))")


def reworded(text: str) -> str:
    """`text`, in lower case, with other words for what people pick and measure."""
    if "select" in text:
        text = _PICKED.sub("choose", text)
    if text.count('"') == 1 and ("<" in text or ">" in text):
        measured = _MEASURED(text)
        if measured is not None:
            text = f"{text[: measured.start(1)]} inch{text[measured.end(1) :]}"
    return text


def without_wildcards(text: str) -> str:
    """A preference of a caller without parameters that are an asterisk."""
    return _WILDCARD.sub("=any", text)


def called(text: str) -> str:
    """`text` with functions of a sheet as such: `AND({Status}='Done',{Due}<TODAY())`.

    Meant for the place of a number alone: elsewhere a string may hold a condition.
    """
    return _CALLED.sub("every", text) if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    """Whether `text` begins with a function whose parentheses hold a list, up to its end.

    Several conditions between commas are what no database joins to another one.
    """
    if not _FUNCTION(text) or "," not in text or len(text) > _LONGEST:
        return False
    if any(mark in text for mark in _COMMENTED):
        return False
    rest = _STRING.sub("", text).strip()
    if "'" in rest or '"' in rest:
        return False
    depth = listed = 0
    for place, mark in enumerate(rest):
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
            if depth == 0:
                return listed > 0 and place == len(rest) - 1
        elif mark == "," and depth == 1:
            listed += 1
    return False
