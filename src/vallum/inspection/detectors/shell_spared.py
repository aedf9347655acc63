"""What Markdown, tables, databases and templates write with the marks of a shell.

SECURITY: a shell knows none of it, so nothing is spared here but what it would gain nothing by: a
name alone, or words told to a command that reaches nobody.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.detectors.shell_commands import (
    ENDING,
    NUMBERED,
    REACHING,
    TEMPLATE_FILTERS,
    WEIGHTS,
    WINDOWS_NAMES,
)
from vallum.inspection.detectors.shell_words import Command, known

# The words before or behind code in a sentence; and `fix(cli): `, with which a commit begins.
_BEFORE = re.compile(
    r"(?:(?:\A|[\s(])(?:a|adds?|after|allow|an|and|avec|avoid|before|bitte|but|by|call(?:ing|s)?|con|"
    r"drop|enter|fix|for|from|if|in|instead of|like|mit|never|not|nutze|of|on|or|prefer|remove|"
    r"replace|run(?:ning|s)?|see|siehe|support|than|that|the|then|this|to|try|type|typing|usa|use[ds]?|"
    r"using|verwende|via|voir|when|with|without)"
    r"|\A\w{1,20}(?:\([\w./, -]{1,40}\))?!?:|\A[-*+]|\A\d{1,2}[.)])\s{1,3}\Z",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"\s(?:after|again|and|as|before|command|does|fails|first|for|from|hangs|if|in|instead|is|it|on|"
    r"or|script|shows|then|to|when|which|will|with|works)\b",
    re.IGNORECASE,
)
# A command and words: no path from the root, no address, no variable, no other command.
_PLAIN_CODE = re.compile(
    r"[a-z][\w.-]{0,30}(?:\s(?!\.\.)[\w.@*+-](?:[\w.@:=,+*-]|(?<![/:.])/(?!/)){0,60}){0,12}",
    re.IGNORECASE,
)
_COLUMN = re.compile(r"`\w{1,40}`")
_LINK: Final = r"(?:[./]|\s?(?:,|[-=]>|\u2192)\s{0,3})"
_JOINED = re.compile(
    rf"`{_LINK}\Z|(?<![\w.])(?:count|max|min|sum|avg|distinct|lower|upper|trim|year)\(\Z",
    re.IGNORECASE,
)
_PARTED = re.compile(rf"{_LINK}`\w{{1,40}}`")
_COMPARED = re.compile(
    r"\s{0,3}(?:(?:[<>!]?=|<>|[<>])\s{0,3}(?:['\"\d`?:]|null\b)|,\s{0,3}`\w|"
    r"\s(?:asc|desc|in|is|like|not)\b)",
    re.IGNORECASE,
)
_CELL = re.compile(r"\s*[\w .:/#%-]{0,60}\Z")
_TEMPLATE_MARKS: Final = (("{{", "}}"), ("{%", "%}"))
_LONGEST: Final = 200


def is_code_of_text(text: str, command: Command) -> bool:
    """Whether Markdown shows the command of a backtick as code, in a sentence about it."""
    closing = text.find("`", command.place)
    if closing < 0 or command.arguments == "sensitive" or command.name in REACHING | NUMBERED:
        return False
    follow = text[closing + 1 : closing + 24]
    if follow and not (follow[0].isspace() or follow[0] in ".,:?!)"):
        return False
    if not _PLAIN_CODE.fullmatch(text, command.place, closing):
        return False
    before = text[max(0, command.start - 64) : command.start]
    if _breaks_out(before):
        return False
    return bool(_BEFORE.search(before) or _BEHIND.match(follow))


def _breaks_out(before: str) -> bool:
    """Whether what stands before a backtick ends in what parts commands, or in a quote."""
    return before.rstrip()[-1:] in tuple(";|&$'\"")


def is_column(text: str, command: Command) -> bool:
    """Whether a database reads what stands in backticks as a name: `` `a`.`b` ``."""
    at = text.find("`", command.start)
    column = _COLUMN.match(text, at) if at >= 0 else None
    if column is None or command.weight > 2 or command.name in ENDING:
        return False
    if text[command.start : command.place].strip() != "`" or _breaks_out(text[:at][-12:]):
        return False
    before, end = text[max(0, at - 12) : at], column.end()
    if _PARTED.match(text, end) or _JOINED.search(before):
        return True
    if before.endswith("[") and text.startswith("](", end):
        return True  # of a link
    return not before.strip() and _COMPARED.match(text, end) is not None


def is_row(text: str) -> bool:
    """Whether `text` is a row of cells of words, and not of commands only."""
    row = text.strip()
    if len(row) > _LONGEST or row[:1] != "|" or row[-1:] != "|" or "||" in row:
        return False
    cells = row[1:-1].split("|")
    if len(cells) < 2 or not all(map(_CELL.match, cells)):
        return False
    names = [cell.strip().partition(" ")[0] for cell in cells]
    found = [known(name) for name in names]
    unheard = any(
        each is None or (name[:1].isupper() and each[0] not in WINDOWS_NAMES)
        for name, each in zip(names, found, strict=True)
    )
    return unheard or all(each is not None and WEIGHTS[each[0]] == 1 for each in found)


def is_told_in_row(command: Command) -> bool:
    """Whether a row may hold the command as a word."""
    told = command.arguments in ("none", "prose", "word")
    return told and command.weight < 3 and command.name not in ENDING


def is_filter(text: str, command: Command) -> bool:
    """Whether a template pipes a value through what is also the name of a command."""
    if command.name not in TEMPLATE_FILTERS or command.arguments in ("sensitive", "shell"):
        return False
    if text[command.start : command.place].strip() != "|":
        return False
    near = max(0, command.start - _LONGEST)
    for opening, closing in _TEMPLATE_MARKS:
        start = text.rfind(opening, near, command.start)
        end = text.find(closing, command.place, command.place + _LONGEST)
        if start >= 0 and end >= 0:
            inside = text[start + 2 : end]
            return closing not in inside and not any(mark in inside for mark in ";&`$<>")
    return False
