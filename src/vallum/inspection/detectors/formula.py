"""Formulas that run when a table with the value is opened in a spreadsheet (B-123)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors._text import verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "formula.dde": "asks another program over dynamic data exchange, such as `=cmd|'/C calc'!A0`",
    "formula.fetch": "a formula that fetches from or sends to somewhere else",
    "formula.function": "a formula that calls a function",
    "formula.file": "a formula that reads another file",
}

# RFC 4180 has no types: a spreadsheet decides by the first mark of a cell.
_START = re.compile(
    r"(?:^|[\r\n]|[,;\t]\"?|\"[,;]\"?)[\s\"']{0,4}(?P<formula>[=+@-][^\r\n]{2,500})"
)
_DDE = re.compile(
    r"\b[A-Za-z][\w.]{1,30}\|\s?(?:'[^'\r\n]{0,300}'?|\"[^\"\r\n]{0,300}\"?|[\w\\/ .-]{1,200})!"
)
_DDE_OPEN = re.compile(
    r"(?:=\s?|[+@-])(?:cmd|powershell|rundll32|mshta|regsvr32|msexcel|wscript|cscript)(?:\.exe)?\|",
    re.IGNORECASE,
)
_REACHING = (
    r"(?:HYPERLINK|IMPORT(?:XML|HTML|DATA|FEED|RANGE)|WEBSERVICE|FILTERXML|IMAGE|RTD|DDE|CALL|"
    r"REGISTER(?:\.ID)?|EXEC|GOOGLEFINANCE|GOOGLETRANSLATE|QUERY)"
)
_COMMON = (
    r"(?:SUM(?:IFS?|PRODUCT)?|AVERAGE|COUNT(?:A|IFS?)?|MIN|MAX|IF(?:S|ERROR)?|CONCAT(?:ENATE)?|"
    r"TEXTJOIN|CHAR|CODE|INDIRECT|OFFSET|ADDRESS|CELL|INFO|[VHX]?LOOKUP|INDEX|MATCH|ENCODEURL|"
    r"SUBSTITUTE|REPLACE|LEFT|RIGHT|MID|LEN|ROUND|ABS|RAND|NOW|TODAY|TEXT|VALUE|CHOOSE|"
    r"ARRAYFORMULA|LAMBDA|LET|EVALUATE)"
)
_ARGUMENT = r"\s?\(\s?(?:[\"'(&\d)]|[A-Za-z]{1,3}\d|[A-Z]{2,20}\()"
# People write `-sum(x)` and `@max (that is me)`; a cell is `=` in any case, or in capitals.
_FETCH = re.compile(rf"\b{_REACHING}{_ARGUMENT}")
_FETCH_ANY_CASE = re.compile(rf"\b{_REACHING}{_ARGUMENT}", re.IGNORECASE)
_FUNCTION = re.compile(rf"^[=+@(\s-]{{1,8}}{_COMMON}{_ARGUMENT}")
_FUNCTION_ANY_CASE = re.compile(rf"^=[+@(\s-]{{0,8}}{_COMMON}{_ARGUMENT}", re.IGNORECASE)
_FILE = re.compile(
    r"^[=+@-]\s?'?(?:file:///|\\\\[\w.-]{1,60}\\|https?://)[^'\r\n]{1,300}'?[#!]", re.IGNORECASE
)


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would do as a cell."""
    for start in _START.finditer(text[:2048]):
        formula = start["formula"]
        if _DDE_OPEN.match(formula) or _DDE.search(formula):
            return verdict("formula.dde", 9, formula)
        if _FILE.match(formula):
            return verdict("formula.file", 8, formula)
        is_equation = formula[0] == "="
        if (_FETCH_ANY_CASE if is_equation else _FETCH).search(formula) and _leads(formula):
            return verdict("formula.fetch", 8, formula)
        if (_FUNCTION_ANY_CASE if is_equation else _FUNCTION).match(formula):
            return verdict("formula.function", 6 if start.start("formula") < 5 else 4, formula)
    return None


def _leads(formula: str) -> bool:
    """Whether an expression, and not a word or a mention, stands before the call."""
    head = formula.split("(", 1)[0][1:].strip()
    return " " not in head or '"' in head or "&" in head


DETECTOR = Detector(
    family="formula",
    rules=RULES,
    triggers=(
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-][^\r\n]*\w\|[^\r\n]+!",
        (
            r"(?:^|[,;\t\"'])\s{0,4}[=+@-]\s?(?:cmd|powershell|rundll32|mshta|regsvr32|msexcel|wscript|"
            r"cscript)(?:\.exe)?\s?\|"
        ),
        (
            r"(?:^|[,;\t\"'])\s{0,4}[=+@-][^\r\n]*\b(?:HYPERLINK|IMPORT[A-Z]{3,5}|WEBSERVICE|"
            r"FILTERXML|IMAGE|RTD|DDE|CALL|REGISTER(?:\.ID)?|EXEC|GOOGLE[A-Z]{7,9}|QUERY)\s?\("
        ),
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-][=+@( \t-]{0,8}[A-Z]{2,16}\s?\(",
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-]\s?'?(?:file:///|\\\\[\w.-]{1,60}\\|https?://)",
    ),
    judge=judge,
)
