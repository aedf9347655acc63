"""Prototype pollution: names that lead from any JavaScript object to the one that all inherit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors.code_reading import judgement, site
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "prototype.name": "name that sets a property of the prototype of every object",
    "prototype.path": "path or document in a value that leads to the prototype of every object",
    "prototype.mention": "the name of the prototype, by itself or in a sentence",
}

_TRIGGERS: Final = (
    r"__proto__|__(?:define|lookup)[gs]etter__",
    r"constructor['\"`\s\]]{0,4}[.:\[\]]{1,2}\s{0,4}['\"`]?\s{0,4}(?:prototype|constructor)",
    r"constructor['\"]?\s*:\s*\{\s*['\"]?prototype|constructor>\s*<prototype",
    r"cons\w{0,12}constructor\w",
    r"constructor['\"]?\s*[/,]\s*['\"]?prototype\b",
    r"\bobject\s*\.\s*prototype\b|:module:prototype|\"\$\d{1,3}:\w",
    r"^(?:constructor|prototype)[.\[]|[.\[](?:constructor|prototype)(?:[.\[\]]|$)",
)
# One of the two names as a step of a path. Alone it is a word (who built the car), and so it is
# as what a list is narrowed by: `filter[constructor]=ferrari`.
_STEP = re.compile(
    r"(?:^|[.\[])(?:constructor|prototype)\]?[.\[]|[.\[](?:constructor|prototype)\]?$", re.I
)
_NARROWS = re.compile(
    r"(?:filters?|fields?|include|sort|order|where|search|facets?|columns?|group)"
    r"\[(?:constructor|prototype)\](?:\[\d{0,4}\])?",
    re.I,
)
_LINK = re.compile(
    r"(?P<proto>__proto__|__(?:define|lookup)[GS]etter__)|"
    r"constructor['\"`\s\]]{0,4}[.:\[/,]{1,2}\s{0,4}['\"`]?\s{0,4}(?:prototype|constructor)\b|"
    r"constructor['\"]?\s{0,40}+:\s{0,40}+\{\s{0,40}+['\"]?prototype|constructor>\s{0,40}+<prototype|"
    r"\bObject\s{0,40}+\.\s{0,40}+prototype\s{0,40}+"
    r"(?:[.\[]\s{0,40}+['\"]?\w+['\"]?\s{0,40}+\]?\s{0,40}+=)|"
    r"(?:defineProperty|assign|set)\s?\(\s{0,40}+Object\.prototype\s?,|"
    r":Module:prototype|\"\$\w{1,3}:(?:constructor|then|__)",
    re.I,
)
# Before and after the name in a path (`a[__proto__][b]`, `a.__proto__.b=1`, `{"__proto__":`).
_BEFORE = re.compile(r"(?:^|[.\[\"'`{,&?:/<>#]|\]\[|--)\s{0,40}+['\"`]?$")
_SET_FIRST = re.compile(r"\s{0,4}[\w.\[\]'\"-]{8,200}+\s?=")
# What becomes the name once a filter has cut the name out of it, as in `__pro__proto__to__`.
_CUT_OUT = re.compile(r"(__proto__|constructor|prototype)", re.I)
_AFTER = re.compile(r"^['\"`]?\s{0,40}+(?:[.\[\]:=/,;|(]|->|>\S|$)")


def judge(text: str, context: Context) -> Judgement | None:
    """A name in the place of a name is an attack; in a sentence it is a word."""
    match = _LINK.search(text)
    if _is_doubled(text):
        return judgement("prototype.path", 8, text, 0)
    if context.is_name and not match and _STEP.search(text):
        # Documents in JSON are flattened with points, and named by words.
        is_word = _NARROWS.fullmatch(text) or (context.location != "query" and "[" not in text)
        return judgement("prototype.name", 4 if is_word else 6, text, 0)
    if not match:
        return None
    if context.is_name:
        return judgement("prototype.name", 9, text, max(0, match.start() - 20))
    if match.end() - match.start() == len(text.strip()) and match["proto"]:
        # A path may be handed on in steps: `["a", "__proto__", "b"]`.
        is_step = context.location != "body" or context.name.isdecimal()
        # Whoever spells the name by escapes, or with characters that nobody sees, hides it.
        # Editors write blanks as references.
        is_told = not is_step and set(context.layers) <= {"html"}
        return judgement("prototype.mention", 4 if is_told else 5, text, 0)
    path = (
        bool(
            _BEFORE.search(text[max(0, match.start() - 4) : match.start()])
            and _AFTER.match(text[match.end() : match.end() + 4])
        )
        or not match["proto"]
    )
    # Any words may be what the property is set to.
    is_set = _SET_FIRST.match(text) is not None
    if path and (is_set or site(text, match.start(), match.end()) != "prose"):
        return judgement("prototype.path", 8, text, max(0, match.start() - 20))
    return judgement("prototype.mention", 4, text, match.start())


def _is_doubled(text: str) -> bool:
    rest, cut = _CUT_OUT.subn("", text)
    return cut > 0 and _CUT_OUT.search(rest) is not None


DETECTOR: Final = Detector(family="prototype", triggers=_TRIGGERS, judge=judge, rules=RULES)
