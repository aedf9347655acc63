"""What wakes the judge of shell commands."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from vallum.inspection.detectors.shell_commands import (
    DEVELOPMENT,
    NUMBERED,
    OPERANDS,
    PREFIXES,
    WEIGHTS,
)


def _any(words: Iterable[str]) -> str:
    return "(?:" + "|".join(re.escape(word).replace(r"\-", "-") for word in sorted(words)) + ")"


def _chunks(words: Iterable[str], size: int) -> list[str]:
    """Alternatives in several patterns: one of a thousand words is too large to compile."""
    ordered = sorted(words)
    return [_any(ordered[start : start + size]) for start in range(0, len(ordered), size)]


_TELLING: Final = {word for word, weight in WEIGHTS.items() if weight == 3}
# Texts are scanned joined by three line feeds: fewer or more are part of one of them.
_NAMES: Final = {*WEIGHTS, *PREFIXES}
_SHORT: Final = {word for word in _NAMES if len(word) < 3}
_LONG: Final = _NAMES - _SHORT
_LEAD: Final = r"[ \t\r\"'(!@{+]"
_PLACE: Final = rf"(?:[;|&`]|[$<>]\(|[^\n]\n\n?|\n\n\n\n|\A\n\n?){_LEAD}{{0,8}}"
_NEAR: Final = rf"[;|&`]{_LEAD}?"
_LINE: Final = r"(?:[^\n]\n?|\n\n\n|\A\n?)\n"
_END: Final = r"(?:[\s;|&<>)`\"'}$#,%\x00/@*{\\.+]|$)"
_END_OR_VERSION: Final = r"(?:[\s;|&<>)`\"'}$#,%\x00/@*{\\.+\d]|$)"
_MARK: Final = r"(?:[;|&<>)`\"}#%\x00/@*{\\+]|'(?:\W|$))"
_GIVEN: Final = (
    rf"(?:\s{{0,6}}$|[ \t]{{0,4}}{_MARK}|\s{{1,4}}(?:\w{{1,30}}\s{{1,4}}){{0,3}}"
    r"(?:[-/$~.\"<>|&;{*@\\`]|[\w.-]{1,30}[:=/\\`)]|[a-z][a-z.]{0,30}[-_\d]|passwd|shadow)|\s{1,4}')"
)
_ARGUMENTS: Final = (
    r"--?[a-z]",
    r"/[a-z?]",
    r"(?:~|\.\.?)/",
    r"[a-z]:(?:[/\\\"+|]|$)",
    r"\$[\w({]",
    r"\d{1,3}\.\d{1,3}\.\d",
    r"\*\.",
)
_IN_NAME: Final = r"[\w./\\$@{}?*^-]"
_BROKEN: Final = (
    # Quotes that are opened and closed inside of a word.
    rf"'{_IN_NAME}*'",
    rf'"{_IN_NAME}*"',
    r"(?:\\\w|\^\w|\$[@*!?_#\w{(]|\[[a-z]{1,2}\])",
)

TRIGGERS: Final[tuple[str, ...]] = (
    # A command right after a separator.
    *(rf"{_NEAR}{words}{_END_OR_VERSION}" for words in _chunks(_LONG - _TELLING, 45)),
    *(rf"{_NEAR}{words}{_END_OR_VERSION}" for words in _chunks(_SHORT - _TELLING, 24)),
    rf"{_NEAR}\.\s{{1,4}}[a-z]|{_NEAR}(?:get|head|post)\s{{1,4}}https?://",
    # A word elsewhere where a shell would run it, in a substitution, or behind a prefix there, that
    # ends the text or has before it what arguments begin with; sentences go on with words.
    rf"(?:[;|&`]{_LEAD}{{2,8}}|{_LINE}{_LEAD}{{0,8}})[a-z.][a-z0-9_.-]*{_GIVEN}",
    r"[$<>]\([ \t\"'(!@{]{0,4}[a-z.]",
    rf"{_PLACE}net1?\s{{1,4}}(?:users?|group|localgroup|share|view|start|stop|use|accounts)\b",
    rf"{_PLACE}(?:sc|reg|ps)\s{{1,4}}{_any(OPERANDS['sc'] | OPERANDS['reg'] | OPERANDS['ps'])}\b",
    rf"{_PLACE}(?:dig|host|ping|whois)\s{{1,4}}[\w-]+\.[a-z]",
    rf"{_PLACE}{_any(NUMBERED)}\s{{1,4}}\d",
    # A command that nobody speaks of, whatever follows. A pattern for each: the word is then found
    # as plain text, and only what stands before it is looked at.
    *(rf"{_PLACE}{re.escape(word)}{_END_OR_VERSION}" for word in sorted(_TELLING)),
    r"[;|&]\s*:?\s?\d?[<>]{1,2}\s*[^\s;|&<>]+(?:\s|$)|[;|&`(]\s*[\"'(]?(?:[~.]{0,2}/[a-z?*\[]|(?:usr/)?s?bin/|[a-z]:\\)",
    r"[;|&`][\s\"'(!@{+]*[a-z_]\w*=[^\s;|&]*(?:\s[^\s]|&&|;)",
    r"\b[a-z_]\w*=[^\s;|&]+(?:&&|;)\s{0,4}\$",
    # Names that quotes, backslashes, carets or variables break up.
    *(rf"[;|&`(][\s\"'(@{{]*[^\s;|&=,:\"'\\^$*?{{\[<>]*{broken}" for broken in _BROKEN),
    r"^[a-z]*(?:'[a-z]*'|\"[a-z]*\")[a-z]",
    r"^[a-z]*\\[a-z][a-z]|^[a-z]*\$(?:[@*!?_#$\d]|\{\w*\})[a-z]",
    r"^\$\{?\w+\}?[\"']?\s+[a-z]",
    r"^[a-z][\w.-]{0,40}\$[a-z_]",
    r"[a-z]\^[a-z]{1,6}\^[a-z]|[;|&][\s\"'(@]*[a-z]+\^|^[a-z]+\^[a-z]{2}",
    # A text that is a command line.
    *(
        rf"^[ +\"'(@]*[a-z][\w.-]*(?:[\s+]+\w+)?[\s+]*[\s+][\"']?{argument}"
        for argument in _ARGUMENTS
    ),
    *(rf"^[ \"'(@]*{words}{_END}" for words in _chunks(_TELLING - DEVELOPMENT, 180)),
    *(
        rf"^[ \"'(@]*{_any(PREFIXES)}(?:\s+-\S+)?\s*\s{words}[\s|;]"
        for words in (*_chunks(_LONG, 180), *_chunks(_SHORT, 60))
    ),
    r"^[ \"'(@]*(?:\S*/)?s?bin/[a-z]|^[a-z]{2,12}[;|&]+\s*$",
    # Expansions.
    r"\$\{?IFS|\{IFS\}|\$\{!?\w+(?::\s?-?\d|[#%/^,@])|\$\{!|\$'[^']*\\|\$\(\(|\$\[|\$\(\s*[a-z_]",
    r"(?:^|=|\s)[<>]\(\s?[a-z]",
    r"\{,|\{[\"'$]?[\w./$\\]+[\"']?,(?:-|/|[\"']?[^{}\s:\"=]*[/.~])|\w?\{\w+,-",
    r"\{[a-z0-9_-]{2,12},[^{}\s:\"=]*,?\}",
    r"^~[+-]\d?$|^!-\d|\balias\s+[^\n=]*=|\btrap\s+['\"]|^\$\{?(?:SHELL|BASH|0)\}?\s",
    # Wildcards in paths.
    r"/[a-z?*\[\]!/]{2,14}/[a-z]*[?*\[][a-z?*\]!/\[]*(?:[\s'\"|;&)]|$|[a-z])",
    r"/[?*\[][^\s]*/[^\s]*[?*\[]|/[a-z]*\[[a-z!/]+\][a-z/]",
    # Loops and conditions, files that are read in, commands of several variables.
    # A variable or else, the content of a file, a file of one's own.
    r"[;|&`]\s?\$\{\w+:?[-=+]|\$\(\s?<\s?[\w./~-]+\s?\)|`\s?<\s?[\w./~-]+\s?`|[a-z]``[a-z]",
    r"[;|&]\s?[\w-]{1,40}\.(?:sh|bash|bat|cmd|ps1|exe)[\s;|&#]{0,8}$",
    r";\s?(?:done|fi|esac)\b|[;|&]\s?\.\s+[/~.]|[`(\n]\s?\.\s+(?:~|\.{1,2})?/\w|[;|&]\s?\$\{?\w+\}?\$",
    # Functions, sockets, calls, directives.
    r"\(\)\s?\{|/dev/(?:tcp|udp)|\bmkfifo\s|\bmknod\s|-i\s*[<>\d&|]{1,3}|<!--\s?#\s?\w",
    r"\b(?:nc|ncat|netcat|socat)(?:\.\w+)?\s[^\n]*-{0,2}(?:e|c|exec|sh-exec|system)\b",
    r"\b(?:python[\d.]{0,4}|perl|ruby|php|lua|node)\s+-\w*[cer]\w*\s*['\"]",
    (
        r"\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|execsync|spawnsync|spawn|"
        r"check_output|getoutput|subprocess\.\w+|os\.\w+|eval)\s?\(\s?\[?[\"'`]"
    ),
    r"\|\s*(?:sudo\s+)?-?(?:ba|da|z|k|c|tc|a)?sh\b",
    r">\s?/(?:etc|root|tmp|dev|srv|usr|opt|var)/",
    # Options as values, and behind one.
    r"^--?[a-z]",
    r"-oproxycommand=|--checkpoint-action=|--to-command=|--(?:upload|receive)-pack=",
    # Windows.
    r"\bcmd(?:\.exe)?\s*/[ckvr]\b|%comspec%|%[a-z_()]{2,30}:~|%(?:systemroot|windir|programdata)%",
    r"\bfor(?:\s+/[dflr]\b[^%]*|\s+)[^\n]*%[^\n]+\sin\b|\bfor\s+/[dflr]\s",
    (
        r"\bif(?:\s*/i)?\s+(?:not\s+)?(?:exist\s|errorlevel\s|defined\s|cmdextversion\s|"
        r"[^\n]+(?:==|\s(?:equ|neq|lss|leq|gtr|geq)\s))"
    ),
    # PowerShell.
    r"\b(?:powershell|pwsh)(?:\.exe)?[\"']?\s+[-/\"'&]|\b(?:iex|invoke-expression)\b|\]::\w",
    r"\bnew-object\s|\.download(?:string|file|data)\s?\(|\$(?:env:|psversiontable|executioncontext)",
    r"[;&|]\s*&\s*[\"'{$]|(?:^|[;|&])\s*[&.]\s*\(\s*[\"'$\[(g]|;\s*[&.]\s?\{",
    r"[;|&]\s?(?:ii|sp|si|mi|cpi|gp|gi|gl|rp|sl|cli)\s+(?:[\"']?[a-z]{1,8}:\\|-(?:path|force|recurse|lit))",
    r"\[char\]\s?[\da-fx]+\s?\+|\d\}[^\n\"']*[\"']\s?-f\s?[\"'(]|\}\s?\)?\.invoke|;\s*\.\s?\$[a-z_]",
    r"[;&|]\s?function\s\w+\s?\{\s",
    r"\]\.(?:assembly|get(?:type|method|field|constructor|property)|invokemember|makegenerictype)",
    r"[a-z]`[a-z-]{1,6}`[a-z]|(?:^|[;|&(]\s?)[a-z]{1,12}`[a-z-]",
)
"""See `Detector.triggers`. Words of a language wake the judge where a command would stand only."""
