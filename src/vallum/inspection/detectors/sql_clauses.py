"""Clauses behind a value, the last of which is cut off: `' for update--`, `1 natural join x--`.

Databases have too many of them, of too ordinary words, for letters of a shape; so they are read as
words. That what follows is commented out is what makes them more than words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vallum.inspection.detectors.sql_tokens import excerpt, shape

_NAME: Final = r"[`\"\[]?[a-z_][\w.$]{0,60}[`\"\]]?"
_ITEM: Final = rf"(?:[*]|-?\d{{1,9}}|{_NAME}|'[^']{{0,60}}'|@\w{{1,30}})"
_SORTED: Final = rf"{_ITEM}(?:\s(?:asc|desc|nulls\s(?:first|last)))*"
_CLAUSE: Final = re.compile(
    rf"""
    for\s(?:no\skey\s|key\s)?(?:update|share|browse|read\sonly|fetch\sonly)\b
  | lock\sin\sshare\smode
  | for\s(?:xml|json|system_time)\s
  | with\s?\(\s?(?:no|up|tab|row|page|hold|read|index) | with\s(?:ur|cs|rs|rr|nolock|ties|rollup)\b
  | returning\s(?:\(|{_ITEM}(?:\s,\s{_ITEM}){{0,20}}(?:\sinto\s{_ITEM})?\s?\Z)
  | (?:(?:natural|left|right|full|inner|outer|cross|asof|global)\s){{0,3}}(?:straight_)?join\s
    (?:\(|{_NAME}(?:\s(?:as\s)?{_NAME})?(?:\s,.{{0,99}}|\son\s.{{0,99}}|\susing\s?\(.{{0,99}})\s?\Z
     |{_NAME}\s?\Z)
  | (?:cross|outer)\sapply\s
  | (?:order|group)\sby\s{_SORTED}(?:\s,\s{_SORTED}){{0,20}}
    (?:\swith\s(?:rollup|cube|totals)|\slimit\s.{{0,40}})?\s?\Z
  | offset\s\d{{1,9}}\b | fetch\s(?:first|next)\s\d{{1,9}}\srows?\s
  | (?:where|prewhere|qualify)\s
    (?:not\s|exists\s?\(|{_ITEM}\s?\Z|{_ITEM}\s(?:[=<>!]|is\s|like\s|in\b))
  | qualify\s | connect\sby\s | start\swith\s.{{1,60}}\sconnect\sby\s | window\s\w{{1,30}}\sas\s?\(
  | tablesample\s?(?:bernoulli|system|\() | sample\s[\d.] | option\s?\( | settings\s\w{{1,60}}\s=
  | format\s(?:json|csv|tsv|xml|null|pretty|values)\w{{0,40}}\s?\Z | (?:un)?pivot\b\s?(?:\(|\Z)
  | on\sconflict\s?(?:do\b|\(|on\s) | on\sduplicate\skey\supdate\s
  | over\s?\( | at\stime\szone\s | is\s(?:not\s)?distinct\sfrom\s | against\s?\( | match\s?\(
  | escape\s' | (?:lines|fields|columns)\s(?:terminated|starting|enclosed)\sby\s
    """,
    re.VERBOSE | re.DOTALL,
).match
_CALCULATED: Final = re.compile(r"(?:div|mod)\s-?\d{1,9}\s?\Z").match
CLAUSES: Final = (
    r"for\W+(?:no|key|update|share|browse|read|fetch|xml|json|system_time)", r"lock\W+in",
    r"with\W*(?:\(|(?:ur|cs|rs|rr|nolock|ties|rollup)\b)", "returning",
    r"(?:natural\W+)?(?:left|right|full)\W+(?:outer\W+)?join", "(?:straight_)?join",
    r"(?:natural|left|right|full|inner|outer|cross|asof|global)\W+(?:join|inner|outer|apply)",
    r"(?:order|group|connect)\W+by", r"offset\W+\d", r"fetch\W+(?:first|next)\W+\d",
    "where", "prewhere", "qualify", r"start\W+with", r"window\W+\w+\W+as", "tablesample",
    r"sample\W+\d", r"option\W*\(", r"settings\W+\w+\W*=", r"format\W+\w+", "(?:un)?pivot",
    r"on\W+(?:conflict|duplicate)", r"over\W*\(", r"at\W+time\W+zone",
    r"is\W+(?:not\W+)?distinct", r"(?:against|match)\W*\(", r"(?:div|mod)\W+\d", "escape",
    r"(?:lines|fields|columns)\W+(?:term|start|encl)",
)  # fmt: skip
"""How such clauses begin."""
_BROKEN: Final = frozenset("srjJ")
_BARE: Final = frozenset("nbv")
_WORDS: Final = 48
_SIGN: Final = frozenset("+-(")


def clause(tokens: Sequence[str], letters: str, dialect: int, *, broken: bool) -> str | None:
    """The clause that follows a value at the start of a text, the rest of which is cut off.

    Args:
        letters: the shape of `tokens`.
        dialect: by which they were read.
        broken: whether the value is a string that a quote of the text ended.
    """
    if letters[-1:] != "#":
        return None
    start = 0
    while start < len(tokens) and tokens[start] in _SIGN:
        start += 1
    first = shape(list(tokens[start : start + 1]), dialect)
    if first not in (_BROKEN if broken else _BARE):
        return None
    if letters[0] == "J" and tokens[-1][0] == "#":
        return None  # the 'for' of C#
    words = [token for token in tokens[start + 1 : start + _WORDS] if not _is_comment(token)]
    while words and words[0] == ")":
        del words[0]
    if words and words[-1] == ";":
        del words[-1]
    rest = " ".join(words)
    if _CLAUSE(rest) or (broken and _CALCULATED(rest)):
        return excerpt(words, 0, _WORDS)
    return None


def _is_comment(token: str) -> bool:
    return token.startswith(("#", "--", "/*"))
