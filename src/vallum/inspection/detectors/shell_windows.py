"""What only cmd and PowerShell read: their loops, conditions, variables and calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.shell_commands import POWERSHELL
from vallum.inspection.detectors.shell_pattern import mark, seen
from vallum.inspection.detectors.shell_words import known
from vallum.inspection.model import Judgement

_OPERAND: Final = (
    r"(?:\"[^\"\n]{0,80}\"|\([^()\n]{0,40}\)|\[[^\]\n]{0,40}\]|\{[^}\n]{0,40}\}|"
    r"[^\s\"()=<>;{}]{1,60})"
)
_FOR = re.compile(
    r"\bfor(?:\s++/[dflr]\b[^%]{0,60}|\s++)%{1,2}[^\s(]++\s++in\s{0,9}\([^\n]{0,200}\)\s*+(?:do\b|@)|"
    r"\bfor\s++/[dflr]\s++(?>(?:\"[^\"\n]{0,80}\"\s++|/[dflr]\s++)*)%{1,2}\S++\s++in\b|"
    r"\bfor(?:\s++/[dflr])?\s++[^\n]{0,60}%{1,2}\S{1,12}\s++in\s*+\("
)
_IF = re.compile(
    r"\bif(?=[\s/])(\s{0,40}/i)?(?:\s{1,40}(not))?\s{1,40}"
    rf"(?:(exist|defined|errorlevel|cmdextversion)\s{{1,40}}({_OPERAND})|(\(?{_OPERAND})"
    rf"(\s{{0,40}}==+\s{{0,40}}|\s{{1,40}}(?:equ|neq|lss|leq|gtr|geq)\s{{1,40}})({_OPERAND}))"
    # What is run stands on the same line; a colon before it is of another language.
    r"(?<!:)\)?[^\S\n]{1,40}(\S{1,60})"
)
_BEFORE = re.compile(r"(?:\A|[;|&\n)]|\bdo|\belse|/s)[\s@(\"']{0,12}\Z")


_CMD, _PS = "shell.windows", "shell.powershell"
_FLAGS: Final = r"(?:e\b|ec\b|en|nop|noni|noe|w\b|wi|c\b|co|ep\b|ex|f\b|file|sta\b|inp|v\b)"
_MARKS: Final = (
    mark(_CMD, 8, "cmd", r"\bcmd(?:\.exe)?[\"']?\s{0,9}/[ckvr]\b"),
    mark(_CMD, 7, "%comspec%", r"%comspec%"),
    mark(_CMD, 7, "%\\", r"%(?:systemroot|windir|programdata)%\\\S{1,60}"),
    mark(_PS, 8, "powershell", rf"\bpowershell(?:\.exe)?[\"']?\s[^\n]{{0,80}}?[-/]{_FLAGS}"),
    mark(_PS, 8, "pwsh", rf"\bpwsh(?:\.exe)?[\"']?\s[^\n]{{0,80}}?[-/]{_FLAGS}"),
    mark(_PS, 8, "iex", r"\biex\s{0,9}[\s($\"'&]\s{0,9}[($\"'[&]"),
    mark(
        _PS,
        8,
        "iex",
        r"\biex\s{0,9}\(\s{0,9}(?:iwr|irm|curl|wget|gc|cat|type|(?:invoke|get|new)-[a-z]{3,20})\s",
    ),
    mark(_PS, 8, "invoke-ex", r"\binvoke-expression\s{0,9}[\s($\"'&]\s{0,9}[($\"'[&]"),
    mark(_PS, 7, "iex", r"\|\s{0,9}iex\b"),
    mark(_PS, 7, "{", r"\|\s{0,9}(?:%|foreach-object)\s{0,9}\{\s{0,9}iex\b"),
    mark(_PS, 7, "invoke-ex", r"\|\s{0,9}invoke-expression\b"),
    mark(
        _PS,
        8,
        "new-object",
        r"\bnew-object\s{1,9}(?:system\.)?(?:net\.(?:webclient|sockets)|io\.|diagnostics\.)",
    ),
    mark(_PS, 8, ".download", r"\.download(?:string|file|data)\s?\("),
    mark(
        _PS,
        7,
        "]::",
        r"\[(?:system\.)?(?:convert|text\.encoding|reflection\.assembly|io\.\w{1,40}|"
        r"net\.[\w.]{1,60}|diagnostics\.process|runtime\.interopservices\.\w{1,40}|environment|"
        r"appdomain|scriptblock|activator)\]::\w{1,60}",
    ),
    mark(_PS, 7, "&", r"[;&|]\s{0,9}&\s{0,9}(?:[\"'][^\"'\n]{1,60}[\"']|\{|\$\w)"),
    mark(_PS, 7, "{", r";\s{0,9}[&.]\s?\{\s?(?:[a-z]{2}|[$(])"),
    # [Ref].Assembly.GetType(…): a type's own methods; behind a name it would be an index.
    mark(
        _PS,
        8,
        "].",
        r"(?<![\w)\]])\[[a-z][\w.]{1,60}\]\.(?:(?:assembly|module)\.[a-z]{3,30}|gettype|getmethods?|"
        r"getfields?|getconstructors?|getproperty|invokemember|makegenerictype)\s?\(",
    ),
    mark(_PS, 7, "]::", r"[;|&]\s{0,9}\[[a-z][\w.]{1,60}\]::\w{1,60}\s?\("),
    # ii C:\a.exe: an alias of two letters, and a path or a parameter of PowerShell.
    mark(
        _PS,
        7,
        ":\\ -path -force -recurse -literalpath",
        r"[;|&]\s?(?:ii|sp|si|mi|cpi|gp|gi|gl|rp|sl|cli)\s{1,3}(?:[\"']?[a-z]{1,8}:\\|"
        r"-(?:path|force|recurse|literalpath)\b)",
    ),
    mark(_PS, 7, "[char]", r"\[char\]\s?(?:0x)?[\da-f]{1,4}\s?\+\s?\[char\]"),
    mark(_PS, 6, "-f", r"\{\d\}[^\n\"']{0,40}[\"']\s?-f\s?[\"'(]"),
    mark(_PS, 6, "}.invoke })", r"\{[^{}\n]{1,60}\}\s?\)?\.invoke(?:returnasis)?\s?\("),
    mark(_PS, 6, ".$ . $", r";\s{0,3}\.\s?\$[a-z_]"),
    # &('ie'+'x'): what is put together is called.
    mark(
        _PS,
        7,
        "(",
        r"(?:(?:\A|[;|\n])\s{0,9}&|[;|&]\s{0,9}\.)\s{0,9}\(\s{0,9}(?:[\"'$\[(]|(?:gcm|gal|gv|get-command|get-alias|get-variable)\s)",
    ),
    mark(_PS, 7, "(", r"\A\s{0,9}\.\s?\(\s?([\"'])[^\"'\n]{0,40}\1\s?(?:\+|-f\b|-join\b)"),
    mark(_PS, 7, "$", r"\$(?:env:\w|psversiontable|executioncontext|pshome\b)"),
)
_CARETS = re.compile(r"(?<![\w^])([a-z]{1,12}(?:\^[a-z\d]{1,12}){1,12})")
_ESCAPED = re.compile(r"(?<![\w`])([a-z]{1,12}(?:`[a-z\d-]{1,12}){1,12})(?![\w`])")
_PLACED: Final = frozenset({"cmd", "%\\", "iex", "invoke-ex"})
_COMMON: Final = frozenset({"then", "and", "or", "return", "we", "you", "it", "the"})


def windows(text: str) -> Iterator[Judgement]:
    """The judgements on syntax of Windows' shells, in a text in lower case."""
    for each, match in seen(_MARKS, text):
        placed = _PLACED.isdisjoint(each.needs) or _placed(text, match.start())
        yield Judgement(each.rule, each.score if placed else 4, match[0].strip()[:120])
    if "%" in text:
        loop = _FOR.search(text)
        if loop is not None:
            yield Judgement("shell.windows", 8, loop[0][:120])
    if "if" in text:
        yield from _conditions(text)
    if "`" in text:
        for match in _ESCAPED.finditer(text):
            if match[1].replace("`", "") in POWERSHELL:
                yield Judgement("shell.powershell", 8, match[0])
    if "^" in text:
        for match in _CARETS.finditer(text):
            found = known(match[1].replace("^", ""))
            if found is not None and len(found[0]) > 2:
                yield Judgement("shell.windows", 8, match[0])


def _placed(text: str, at: int) -> bool:
    """Whether cmd would take the word at `at` for a command; with its folder before it."""
    start = text.rfind(" ", max(0, at - 80), at) + 1 if text[at - 1 : at] in ("\\", "/") else at
    return _BEFORE.search(text[max(0, start - 16) : start]) is not None or start == 0


def _conditions(text: str) -> Iterator[Judgement]:
    for match in _IF.finditer(text):
        if not _placed(text, match.start()):
            continue
        insensitive, _, test, tested, left, _, right, follow = match.groups()
        score = _condition(insensitive, test, tested, (left or "") + (right or ""), follow)
        if score:
            yield Judgement("shell.windows", score, match[0].strip()[:120])


def _condition(
    insensitive: str | None, test: str | None, tested: str | None, sides: str, follow: str
) -> int:
    runs = follow[0] in "(@" or known(follow) is not None or follow in ("cmd", "...", "do")
    if follow in _COMMON or follow[0] in "{&|?:":
        return 0
    if test is not None:
        if test in ("exist", "defined") and not runs and follow != "if":
            return 4 if tested and not tested.isalpha() else 0
        if test in ("errorlevel", "cmdextversion") and not (tested or "").isdigit():
            return 0
        return 6
    if "%" in sides or insensitive:
        return 7 if runs else 6
    return 6 if runs else 4
