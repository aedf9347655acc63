"""Statements behind a semicolon that no application stacks itself: of those who run a database.

Their words are too many, and too ordinary, for letters of a shape; so they are read as words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vallum.inspection.detectors.sql_tokens import excerpt, shape

_OVER: Final = r"\s?(?:$|;|\#|--)"
_STATEMENT: Final = re.compile(
    rf"""
    grant\s(?:all|select|insert|update|delete|execute|usage|file|super|dba|create)\b
    [\w\s,()]{{0,80}}\son\s.{{1,40}}?\sto\s
  | grant\s\w+\sto\s\w+(?:{_OVER}|\swith\s)
  | (?:reassign|drop)\sowned\sby\s | alter\s(?:system|session|default\sprivileges)\s
  | set\s(?:session\sauthorization\s|(?:global|persist)\s\w+\s=|password\s(?:for\s.{{1,60}}?\s)?=)
  | lock\stables?\s\S+\s(?:read|write|in)\b | flush\s(?:privileges|tables|logs|hosts|status)\b
  | (?:optimize|repair|analyze|rename)\stable\s\S | reset\s(?:all|master|query\scache)\b{_OVER}
  | handler\s\S+\s(?:open|read|close)\b | refresh\smaterialized\sview\s
  | vacuum\s(?:\S+\s)?into\s['"] | pragma\s[\w.]+\s?[=(]
  | attach\s(?:database\s\S|'[^']*'\sas\s) | backup\s(?:database|log)\s\S+\sto\s
  | copy\s?(?:\(.{{1,80}}?\)|\S+(?:\s[^;]{{1,80}}?\))?)\s(?:to|from)\s(?:program\s)?['$]
  | load\sdata\s(?:\w+\s){{0,2}}infile\s | (?:un)?install\s(?:plugin|component|soname)\s
  | comment\son\s(?:table|column|database|role|function)\s\S+\sis\s(?:'|null)
  | do\s(?:language\s\S+\s)?[$] | prepare\s\w+\s(?:from|as)\s | notify\s\w+\s,\s?'
  | show\s(?:full\s|global\s)?(?:databases|schemas|grants|tables|processlist|variables)\b
    (?:{_OVER}|\s(?:like|from|for|where|in)\s)
  | (?:explain|describe|desc)\s(?:(?:analyze|verbose|extended)\s)?(?:select|delete|update|insert)\s
  | use\s(?:master|mysql|msdb|tempdb|information_schema)\b{_OVER} | dbcc\s\w
    """,
    re.VERBOSE | re.DOTALL,
).match
# What the value was before the semicolon: a number, a string, a name; or nothing.
_ENDED: Final = re.compile("[nsvbgrwJ]?;?").fullmatch
_BEFORE: Final = 6
_WORDS: Final = 16


def stacked(tokens: Sequence[str], dialect: int) -> str | None:
    """The statement that follows the end of the first, if it is one of an administrator."""
    try:
        at = tokens.index(";", 0, _BEFORE)
    except ValueError:
        return None
    if not _ENDED(shape(list(tokens[:at]), dialect)):
        return None
    after = [token for token in tokens[at + 1 : at + 1 + _WORDS] if not _is_comment(token)]
    return excerpt(after, 0, _WORDS) if _STATEMENT(" ".join(after)) else None


def _is_comment(token: str) -> bool:
    return token[0] == ";" or (token[0] == "/" and token.endswith("*/"))
