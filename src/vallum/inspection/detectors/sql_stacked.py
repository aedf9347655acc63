"""Statements behind a semicolon that no application stacks itself: of those who run a database.

Their words are too many, and too ordinary, for letters of a shape; so they are read as words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vallum.inspection.detectors.sql_tokens import excerpt, shape

_OVER: Final = r"\s?(?:$|;|\#|--|/\*)"
_NAME: Final = r"[`\"\[]?[@a-z_][\w.$]{0,60}[`\"\]]?"
_STATEMENT: Final = re.compile(
    rf"""
    grant\s(?:all|select|insert|update|delete|execute|usage|file|super|dba|create)\b
    [\w\s,()]{{0,80}}\son\s.{{1,40}}?\sto\s
  | grant\s\w+\sto\s\w+(?:{_OVER}|\swith\s)
  | revoke\s[\w\s,()]{{1,80}}\sfrom\s\w | create\s(?:extension|assembly|server|publication)\s\w
  | raiserror\s?\( | select\s.{{1,60}}\sinto\s@ | (?:reassign|drop)\sowned\sby\s
  | alter\s(?:system|session|default\sprivileges)\s
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
# Of these a sentence may have a word behind a semicolon, but nothing is commented out there.
_CUT_STATEMENT: Final = re.compile(
    rf"""
    (?:begin|commit|rollback|abort|vacuum|analy[sz]e|checkpoint|reindex|shutdown|end|discard
     |cluster|revert|reconfigure)
    (?:\s(?:tran(?:saction)?|work|full|all|null|{_NAME})\b.{{0,200}})?(?:\s?;.{{0,99}})?{_OVER}
  | (?:show|describe|desc|explain|use|savepoint|kill|execute|exec|call|table|listen|unlisten|notify
     |open|close|detach|unlock|lock|flush|reset|restore|backup|undrop|drop|rename|perform
     |optimi[sz]e|pragma|discard|deallocate|release|purge|handler|cluster|import|export|unload)
    \s(?!(?:the|an?|your|my|our|it|this|that|us|me)\s[a-z]){_NAME}
  | (?:create|alter|grant|revoke|comment|merge|declare|prepare|fetch|attach|bulk|load|copy|install
     |delete|update|insert|replace|truncate|select)\s\S
  | with\s(?:recursive\s)?{_NAME}(?:\s?\(.{{1,80}}?\))?\sas\s?\(
  | start\stransaction\b | values\s?\( | (?:raiserror|throw|print)\s?[(\d'"@] | {_NAME}\s:=
  | set\s(?:global|session|local|persist|role|names|search_path|transaction)\s
  | set\s@?[\w.]+\s(?:=|to\s)
  | (?:if|while)\s(?:\(|not\s|exists|['"\d@]) | (?:list|put|get|remove)\s(?:@|file\b)
  | unlisten\s[*] | xa\s(?:start|begin|end|prepare|commit|rollback|recover)\b
  | (?:start|stop|change)\s(?:slave|replica|master|replication|group_replication)\b
  | binlog\s?' | cache\sindex\s | check(?:sum)?\stable\s{_NAME} | signal\s(?:sqlstate\s)?['a-z]
  | get\s(?:current\s|stacked\s)?diagnostics\s | values\srow\s?\( | security\slabel\s
  | do\s(?:[\d('"@]|{_NAME}\s?\() | deny\s(?:all|select|insert|update|delete|execute|control)\b
  | (?:read|write|update)text\s | (?:no)?audit\s | flashback\s(?:table|database)\s
  | move\s(?:\S+\s){{1,2}}(?:in|from)\s
  | system\s(?:drop|reload|stop|start|flush|kill)\s
    """,
    re.VERBOSE | re.DOTALL,
).match
# What the value was before the semicolon: a number, a string, a name; or nothing.
_ENDED: Final = re.compile("[nsvbgrwJj]?;?").fullmatch
_MOST_SPOKEN: Final = 1
_NUMBERS: Final = frozenset("nbv")
_NAMES: Final = frozenset("wr")
_BEFORE: Final = 6
_WORDS: Final = 16


def stacked(tokens: Sequence[str], letters: str, dialect: int, *, broken: bool) -> str | None:
    """The statement that follows the end of the first, if it is one of an administrator.

    Args:
        letters: the shape of `tokens`.
        dialect: by which they were read.
        broken: whether they begin with a string that a quote of the text ended.
    """
    try:
        at = tokens.index(";", 0, _BEFORE)
    except ValueError:
        return None
    before = shape(list(tokens[:at]), dialect)
    if not _ENDED(before):
        return None
    after = [token for token in tokens[at + 1 : at + 1 + _WORDS] if not _is_comment(token)]
    words = " ".join(after)
    cut = (
        letters[-1] == "#"
        and (broken or before[:1] in _NUMBERS or (before[:1] in _NAMES and letters[-2] == ";"))
        and letters.count("p") - tokens.count("if") <= _MOST_SPOKEN
    )
    if _STATEMENT(words) or (cut and _CUT_STATEMENT(words)):
        return excerpt(after, 0, _WORDS)
    return None


def _is_comment(token: str) -> bool:
    return token[0] == ";" or (token[0] == "/" and token.endswith("*/"))
