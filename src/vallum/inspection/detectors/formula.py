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
    "formula.macro": "a function of the macro language of Excel 4",
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
_GAPS = re.compile(r"[\x00-\x20\x7f\xa0\u200b\ufeff]+")
_DDE_OPEN = re.compile(
    r"(?:=\s?|[+@-])(?:cmd|powershell|rundll32|mshta|regsvr32|msexcel|wscript|cscript)(?:\.exe)?\|",
    re.IGNORECASE,
)
# A field of a word processor that does the same: `{ DDEAUTO c:\\\\a.exe "b" }`.
_DDE_FIELD = re.compile(
    r"\{?\s?DDE(?:AUTO)?\s{1,4}(?:[A-Za-z]:|\"|\w{2,40}\s{1,4}[\"'/])|"
    # The function, where a program puts the sign of a formula before it.
    r"(?P<call>DDE\s{0,4}\(\s{0,4}(?:\"[^\"]{0,80}\"|'[^']{0,80}')\s{0,4}[;,])",
    re.IGNORECASE,
)
_REACHING = (
    r"(?:HYPERLINK|IMPORT(?:XML|HTML|DATA|FEED|RANGE|JSON)|WEBSERVICE|FILTERXML|IMAGE|RTD|DDE|CALL|"
    r"REGISTER(?:\.ID)?|EXEC(?:UTE)?|GOOGLEFINANCE|GOOGLETRANSLATE|QUERY|STOCKHISTORY|PY|"
    r"CUBE(?:VALUE|MEMBER|SET)|SQL\.REQUEST)"
)
# The macro language of Excel 4: functions that open, write, run and send keys.
_MACRO = (
    r"(?:FORMULA|RUN|OPEN|INITIATE|REQUEST|POKE|TERMINATE|EXECUTE|EXEC|CALL|FOPEN|FCLOSE|FREAD(?:LN)?|"
    r"FWRITE(?:LN)?|FSIZE|FILES|DIRECTORY|ALERT|INPUT|HALT|GOTO|ERROR|"
    r"(?:GET|SET|SEND|SAVE|FILE|APP|WORKBOOK|ON|CREATE|DELETE|ENTER|UNREGISTER|VBA|NEW|OPEN|"
    r"INSERT|WINDOW|FORMULA|DEFINE|PROTECT|ADD|SHOW)\.[A-Z]{2,16})"
)
_COMMON = (
    r"(?:SUM(?:IFS?|PRODUCT)?|AVERAGE|COUNT(?:A|IFS?)?|MIN|MAX|IF(?:S|ERROR)?|CONCAT(?:ENATE)?|"
    r"TEXTJOIN|CHAR|CODE|INDIRECT|OFFSET|ADDRESS|CELL|INFO|[VHX]?LOOKUP|INDEX|MATCH|ENCODEURL|"
    r"SUBSTITUTE|REPLACE|LEFT|RIGHT|MID|LEN|ROUND|ABS|RAND|NOW|TODAY|TEXT|VALUE|CHOOSE|"
    r"ARRAYFORMULA|LAMBDA|LET|EVALUATE)"
)
_ARGUMENT = r"\s?\(\s?(?:[\"'(&\d)]|[A-Za-z]{1,3}\d|[A-Z]{2,20}\()"
# The two ways to separate what a function is given: DDE takes words, which some programs quote.
_WORDS = r"\s?\(\s?\w{1,60}\s?;\s?[\w.]{1,60}\s?;"
# People write `-sum(x)` and `@max (that is me)`; a cell is `=` in any case, or in capitals.
_FETCH = re.compile(rf"\b(?:{_REACHING}{_ARGUMENT}|DDE{_WORDS})")
# Nobody has a word of these, in any case, with an address behind it.
_FETCH_ADDRESS = re.compile(
    r"^[+@-]{1,3}\s?(?:HYPERLINK|IMPORT(?:XML|HTML|DATA|FEED|RANGE)|WEBSERVICE|FILTERXML|RTD|CUBEVALUE)"
    r"\s?\(\s?[\"']",
    re.IGNORECASE,
)
# Numbers, cells and signs before the name of the function.
_OPERANDS = re.compile(
    r"(?>(?:[\s\d.+*/^&=<>%$@;,{-]|[A-Za-z]{1,3}\$?\d{1,7}(?!\w)|(?:TRUE|FALSE)(?!\w)){1,200})[A-Za-z.]{2,20}\Z"
)
_FETCH_ANY_CASE = re.compile(rf"\b(?:{_REACHING}{_ARGUMENT}|DDE{_WORDS})", re.IGNORECASE)
_MACRO_CALL = re.compile(rf"^[=+@(\s-]{{1,8}}{_MACRO}{_ARGUMENT}")
_FUNCTION = re.compile(rf"^[=+@(\s-]{{1,8}}{_COMMON}{_ARGUMENT}")
# Behind `=` anything in capitals that is given a cell, a number or a string is a function.
_ANY_FUNCTION = re.compile(
    rf"^=[+@(-]{{0,8}}[A-Z][A-Z\d]{{1,20}}(?:\.[A-Z]{{1,12}}){{0,2}}(?! ){_ARGUMENT}"
)
_FUNCTION_ANY_CASE = re.compile(rf"^=[+@(\s-]{{0,8}}{_COMMON}{_ARGUMENT}", re.IGNORECASE)
_FILE = re.compile(
    r"^[=+@-]\s?'?(?:file:///|\\\\[\w.-]{1,60}\\|https?://)[^'\r\n]{1,300}'?[#!]|"
    # A cell of another book: `='C:\\a\\[b.xls]c'!A1`.
    r"^[=+@-]\s?'?[^'\r\n\[\]]{0,200}\[[^\]\r\n]{1,100}\.(?:xl\w{1,3}|ods|csv|numbers)\]"
    r"[^'\r\n!]{1,60}'?!\$?[A-Z]",
    re.IGNORECASE,
)
_OWN_FIELDS: Final = frozenset({"formula", "expression", "calculation", "fx"})
"""Names of fields that hold formulas on purpose: a function alone says nothing there."""


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would do as a cell."""
    field = _DDE_FIELD.match(text.lstrip())
    if field and (field["call"] or text.lstrip()[0] == "{" or "AUTO" in field[0].upper()):
        return verdict("formula.dde", 8, text)
    for start in _START.finditer(text[:2048]):
        formula = start["formula"]
        if _DDE_OPEN.match(formula) or _DDE.search(formula) or _is_spelled_out(formula):
            return verdict("formula.dde", 9, formula)
        if _FILE.match(formula):
            return verdict("formula.file", 8, formula)
        is_equation = formula[0] == "="
        fetches = (_FETCH_ANY_CASE if is_equation else _FETCH).search(formula)
        if (fetches and _leads(formula)) or _FETCH_ADDRESS.match(formula):
            return verdict("formula.fetch", 8, formula)
        macro = _MACRO_CALL.match(formula)
        if macro and (is_equation or "." in macro[0]):
            return verdict("formula.macro", 8, formula)
        function = (_FUNCTION_ANY_CASE if is_equation else _FUNCTION).match(formula)
        if function or _ANY_FUNCTION.match(formula):
            is_meant = context.name in _OWN_FIELDS or start.start("formula") > 4
            return verdict("formula.function", 4 if is_meant else 6, formula)
    return None


def _is_spelled_out(formula: str) -> bool:
    """Whether blanks and controls are all that keeps a formula from asking another program."""
    if formula[0] != "=" or "|" not in formula or "!" not in formula:
        return False
    return _DDE_OPEN.match(_GAPS.sub("", formula)) is not None


def _leads(formula: str) -> bool:
    """Whether an expression, and not a word or a mention, stands before the call."""
    head = formula.split("(", 1)[0][1:].strip()
    return " " not in head or '"' in head or "&" in head or _OPERANDS.match(head) is not None


DETECTOR = Detector(
    family="formula",
    rules=RULES,
    triggers=(
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-][^\r\n]*\w\s*\|[^\r\n]+!",
        (
            r"(?:^|[,;\t\"'])\s{0,4}[=+@-]\s?(?:cmd|powershell|rundll32|mshta|regsvr32|msexcel|wscript|"
            r"cscript)(?:\.exe)?\s?\|"
        ),
        (
            r"(?:^|[,;\t\"'])\s{0,4}[=+@-][^\r\n]*\b(?:HYPERLINK|IMPORT[A-Z]{3,5}|WEBSERVICE|"
            r"FILTERXML|IMAGE|RTD|DDE|CALL|REGISTER(?:\.ID)?|EXEC|GOOGLE[A-Z]{7,9}|QUERY|EXECUTE|STOCKHISTORY|PY|CUBE[A-Z]{3,6}|"
            r"SQL\.REQUEST)\s?\("
        ),
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-][=+@( \t-]{0,8}[A-Z][A-Z\d.]{1,30}\s?\(",
        r"\.(?:xl[a-z]{1,3}|ods|csv|numbers)\][^'\r\n!]{1,60}'?!|^\s{0,4}(?:\{\s?DDE|DDEAUTO|DDE\s{0,4}\()",
        r"(?:^|[,;\t\"'])\s{0,4}[=+@-]\s?'?(?:file:///|\\\\[\w.-]{1,60}\\|https?://)",
    ),
    judge=judge,
)
