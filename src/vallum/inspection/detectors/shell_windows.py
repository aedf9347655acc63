"""What only cmd and PowerShell read: their loops, conditions, variables and calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.shell_words import known
from vallum.inspection.model import Judgement

_PLACE: Final = r"(?:\A|[;|&\n(]|&&|\bdo|\belse|\))[\s@(]*+"
_OPERAND: Final = r"(?:\"[^\"\n]{0,80}\"|\([^()\n]{0,40}\)|\[[^\]\n]{0,40}\]|[^\s\"()=<>;{}]{1,60})"
_FOR = re.compile(
    (
        r"\bfor(?:\s++/[dflr]\b[^%]{0,60}|\s++)%{1,2}[^\s(]++\s++in\s{0,9}\([^\n]{0,200}\)\s*+(?:do\b|@)|"
        r"\bfor\s++/[dflr]\s++(?:\"[^\"\n]{0,80}\"\s++|/[dflr]\s++)*+%{1,2}\S++\s++in\b|"
        r"\bfor(?:\s++/[dflr])?\s++[^\n]{0,60}%{1,2}\S{1,12}\s++in\s*+\("
    ),
    re.IGNORECASE,
)
_IF = re.compile(
    rf"{_PLACE}if(?=[\s/])(\s*+/i)?(?:\s++(not))?\s++(?:(exist|defined|errorlevel|cmdextversion)\s++"
    rf"({_OPERAND})|(\(?{_OPERAND})(\s*==+\s*|\s+(?:equ|neq|lss|leq|gtr|geq)\s+)({_OPERAND}))"
    r"\)?\s++(\S++)",
    re.IGNORECASE,
)
_PATTERNS: Final = tuple(
    (rule, score, re.compile(pattern, re.IGNORECASE))
    for rule, score, pattern in (
        ("shell.windows", 8, rf"{_PLACE}(?:\S{{0,60}}\\)?cmd(?:\.exe)?\s*+/[ckvr]\b"),
        ("shell.windows", 7, r"%comspec%"),
        ("shell.windows", 7, rf"{_PLACE}(?:%(?:systemroot|windir|programdata)%\\\S)"),
        (
            "shell.powershell",
            8,
            (
                r"\b(?:powershell|pwsh)(?:\.exe)?[\"']?\s[^\n]{0,80}?[-/](?:e\b|ec\b|en|nop|noni|noe|w\b|wi|c\b|co|ep\b|ex|"
                r"f\b|file|sta\b|inp|v\b)"
            ),
        ),
        (
            "shell.powershell",
            8,
            r"(?:\A|[;|&\n({=]\s{0,9})(?:iex|invoke-expression)\s{0,9}[\s($\"'&]\s{0,9}[($\"'[&]",
        ),
        ("shell.powershell", 7, r"\|\s{0,9}(?:iex|invoke-expression)\b"),
        (
            "shell.powershell",
            8,
            r"\bnew-object\s+(?:system\.)?(?:net\.(?:webclient|sockets)|io\.|diagnostics\.)",
        ),
        ("shell.powershell", 8, r"\.(?:downloadstring|downloadfile|downloaddata|getstream)\s?\("),
        (
            "shell.powershell",
            7,
            (
                r"\[(?:system\.)?(?:convert|text\.encoding|reflection\.assembly|io\.\w+|net\.[\w.]+|"
                r"diagnostics\.process|runtime\.interopservices\.\w+|environment|appdomain)\]::\w+"
            ),
        ),
        ("shell.powershell", 7, r"[;&|]\s{0,9}&\s{0,9}(?:[\"'][^\"'\n]{1,60}[\"']|\{|\$\w)"),
        ("shell.powershell", 7, r"\$(?:env:\w|psversiontable|executioncontext|pshome\b)"),
    )
)
_CARETS = re.compile(r"(?<![\w^])([a-z]{1,12}(?:\^[a-z\d]{1,12}){1,12})", re.IGNORECASE)
_COMMON: Final = frozenset({"then", "and", "or", "return", "we", "you", "it", "the"})


def windows(text: str) -> Iterator[tuple[Judgement, int]]:
    """The judgements on syntax of Windows' shells, with where it stands."""
    for rule, score, pattern in _PATTERNS:
        match = pattern.search(text)
        if match is not None:
            yield Judgement(rule, score, match[0].strip()[:120]), match.start()
    if "%" in text:
        loop = _FOR.search(text)
        if loop is not None:
            yield Judgement("shell.windows", 8, loop[0][:120]), loop.start()
    yield from _conditions(text)
    if "^" in text:
        for match in _CARETS.finditer(text):
            found = known(match[1].replace("^", ""))
            if found is not None and len(found[0]) > 2:
                yield Judgement("shell.windows", 8, match[0]), match.start()


def _conditions(text: str) -> Iterator[tuple[Judgement, int]]:
    for match in _IF.finditer(text):
        insensitive, _, test, tested, left, _, right, follow = match.groups()
        score = _condition(insensitive, test, tested, (left or "") + (right or ""), follow)
        if score:
            yield Judgement("shell.windows", score, match[0].strip()[:120]), match.start()


def _condition(
    insensitive: str | None, test: str | None, tested: str | None, sides: str, follow: str
) -> int:
    runs = follow[0] in "(@" or known(follow) is not None or follow.lower() in ("cmd", "...", "do")
    if follow.lower() in _COMMON or follow[0] in "{&|?:":
        return 0
    if test is not None:
        if test.lower() in ("exist", "defined") and not runs and follow.lower() != "if":
            return 4 if tested and not tested.isalpha() else 0
        if test.lower() in ("errorlevel", "cmdextversion") and not (tested or "").isdigit():
            return 0
        return 6
    if "%" in sides or insensitive:
        return 7 if runs else 6
    return 6 if runs else 4
