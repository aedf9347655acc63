"""Expressions of client-side templates (AngularJS, Vue, Alpine) that reach out of their sandbox."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.model import Judgement

_LONGEST: Final = 1_000
_MOST: Final = 16
_DANGEROUS: Final = re.compile(
    r"\bconstructor\b|__proto__|\bprototype\b|\$(?:eval|evalasync|apply|on|new|parse|watch|emit|el"
    r"|event|root|parent)\b\s?[.(\[]|\b_(?:self|vm|c|l|u|v|b|g|m)\s?\.\s?(?:constructor|\$)"
    r"|\b(?:ownerdocument|defaultview|getownpropertydescriptor|fromcharcode|composedpath)\b"
    r"|\b(?:alert|confirm|prompt|eval|settimeout|setinterval|execscript|fetch|import|function)"
    r"\s?(?:\(|`)|\b(?:window|document|globalthis|location)\s?[.\[=]|\borderby\s?:\s?[\"'\[]",
    re.IGNORECASE,
)
# Letters of the words above, spelled by escapes or glued from strings.
_GLUED: Final = re.compile(r"\\u00[4-7][0-9a-f]|\\x[4-7][0-9a-f]|\[\s?[\"'][^\"']{0,40}[\"']\s?\+")


def is_dangerous_expression(expression: str) -> bool:
    """Whether an expression of a template does what only an attack does."""
    expression = expression[:_LONGEST]
    return _DANGEROUS.search(expression) is not None or _GLUED.search(expression) is not None


def judge_templates(text: str) -> Judgement | None:
    """The first dangerous `{{…}}` in `text`."""
    start = text.find("{{")
    for _ in range(_MOST):
        if start < 0:
            return None
        end = text.find("}}", start + 2)
        expression = text[start + 2 : end if end >= 0 else len(text)]
        if is_dangerous_expression(expression):
            return Judgement("xss.template", 9 if end >= 0 else 7, text[start : start + 120])
        start = text.find("{{", end + 2) if end >= 0 else -1
    return None
