"""Values that are nothing but a probe: too short for a grammar, and of no other use."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.detectors.sql_words import OWN_CALLS
from vallum.inspection.model import Judgement

_CONSTANT: Final = r"""\s{0,4}(?:[-+]?\d[\d.]{0,20}|'[^']{0,40}'|"[^"]{0,40}")\s{0,4}"""
_OPERATORS: Final = "and|x?or|[ri]?like|regexp|glob|between|similar\\sto|sounds\\slike"
_OPERATOR: Final = rf"(?:not\s{{1,8}})?(?:{_OPERATORS})"
_ANY_OPERATOR: Final = rf"(?:not\s{{1,8}})?(?:{_OPERATORS}|is|in|union|&&)"

_NUMBER: Final = r"[-+]?\d{1,9}(?:\.\d{1,9})?"
_BOOLEAN: Final = rf"(?:{_NUMBER}|true|false|null)"
_JOINED: Final = (
    r"(?:(?:&&|\|\|)\s{0,8}(?:not\s{1,8}|!{1,2}\s?)?|(?:and|x?or)\s{1,8}(?:not\s{1,8}|!{1,2}\s?))"
)
# Blanks, parentheses and comments.
_COMMENT: Final = r"(?>/\*.{0,40}?\*/)"
_SPACE: Final = rf"(?:[\s()]|{_COMMENT})"
_GAP: Final = rf"{_SPACE}{{1,12}}"
_ODD_NUMBER: Final = (
    r"(?:!{1,2}\s?\d|~\s?\d|binary\s\d|0x[\da-f]{1,16}|\d{1,4}e\d{1,3}|\.\d{1,9}|-\d{1,9}"
    r"|@\w{1,30}(?::?=\d)?|(?:[bxn]|_\w{2,20}\s?)'[^']{1,30}'|\{\s?(?:[dtx]|ts)(?:\s'?|')[^'{}]{1,30}'?\s?\}"
    r"|\d{1,9}\s?(?:div|mod|[%^])\s?\d{1,9}|\w{1,30}\s{1,8}(?:isnull|notnull)"
    r"|current_(?:date|time|timestamp|user|role|schema|catalog)|session_user|system_user"
    r"|utc_(?:date|time|timestamp)|localtime|localtimestamp|sysdate|systimestamp)"
)
_FIELD: Final = r"[`\"\[]?[a-z_][\w.]{0,40}[`\"\]]?"
_ITEM: Final = r"""\s?(?:'[^']{0,40}'|"[^"]{0,40}"|[\w.-]{1,40})\s?"""
_LIST: Final = rf"\({_ITEM}(?:,{_ITEM}){{1,20}}\)[\s)]{{0,8}}(?:(?:--|#|/\*|;).{{0,8}})?"
_PATTERN: Final = r"[ri]?like|regexp|glob|similar\sto"

_PROBES: Final = (
    # A number is joined with a truth: 1 && 1, 1 or not 0
    (5, rf"{_NUMBER}[\s)]{{0,8}}{_JOINED}[\s(]{{0,8}}{_BOOLEAN}[\s)]{{0,8}}"),
    # Nobody says 5 or 1, 5 or 5, 5)or(1, 5 xor 1, 5 or !0, 5/**/or/**/7: they are 0 to 1, 5 or 6.
    (5, r"(\d{1,9})\s{1,8}(?:and|or)\s{1,8}(?:\1|(?<!0\sor\s)(?<!0\sand\s)[01])\s?;?"),
    (5, rf"{_NUMBER}{_SPACE}{{0,12}}(?:and|x?or){_SPACE}{{0,12}}{_ODD_NUMBER}[\s)]{{0,8}};?"),
    (5, r"(\d{1,9})\s{0,8}\)[\s)]{0,8}(?:and|x?or)[\s(]{1,8}(?:\1|[01])[\s)]{0,8};?"),
    (5, rf"{_NUMBER}\s{{0,8}}(?:(?:and|x?or)\s{{0,8}}\(|xor\s)[\s(]{{0,8}}{_NUMBER}[\s)]{{0,8}};?"),
    (
        5,
        rf"{_NUMBER}(?:{_COMMENT}\s{{0,4}}){{1,4}}(?:and|x?or)(?:\s|{_COMMENT}){{1,4}}{_NUMBER}",
    ),
    (5, rf"{_NUMBER}\s?<=>\s?{_NUMBER}"),
    (5, r"(\d{1,9})\s?=\s?\1"),
    (
        5,
        rf"{_NUMBER}\s{{1,8}}(?:not\s{{1,8}})?in\s{{0,8}}\(\s?{_NUMBER}(?:\s?,\s?{_NUMBER}){{0,20}}\s?\)",
    ),
    # 5 or price in ('a','b'), 5) or not [name] in (1,2)
    (
        5,
        rf"{_NUMBER}{_GAP}(?:and|x?or){_GAP}(?:not{_GAP})?{_FIELD}{_GAP}(?:not{_GAP})?in\s{{0,8}}{_LIST}",
    ),
    # The number is a statement's end, and the next does what every client may.
    (5, r"\d{1,9}\s?;\s?(?:vacuum|checkpoint|shutdown|reconfigure|reindex)\s?;?"),
    # What is no number is cast to one: the database says what it was.
    (5, r"(?:pass\w{0,8}|pwd|secret\w{0,8}|\w{0,8}token|e?mail|login|user_?(?:name)?)::int\w?"),
    # What begins with the operator: and true, or x=x, order by 3#
    (5, r"\W{0,4}(?:and|x?or)\s{1,8}(?:not\s{1,8})?(?:true|false)(?:\s?(?:--|#|;).{0,8})?"),
    (5, r"\W{0,4}(?:and|x?or)\s{1,8}(\w{1,30})\s{0,8}=\s{0,8}\1(?:\s?(?:--|#|;).{0,8})?"),
    (5, r"\W{0,4}(?:and|x?or)\s{1,8}\w{1,30}\s{0,8}=\s{0,8}\w{1,30}\s?(?:--|#|/\*).{0,8}"),
    (5, r"(?:order|group)\s{1,8}by\s{1,8}\d{1,5}(?:\s?,\s?\d{1,5}){0,20}(?:\s?(?:--|#|;).{0,8})?"),
    # The string is ended, and what it is compared with is a pattern: ' like '%
    (
        5,
        rf"""[^'"=&?]{{0,60}}(['"])[\s)]{{0,8}}(?:not\s{{1,8}})?(?:{_PATTERN})[\s(]{{0,8}}\1(?!\s)[^'"]{{0,40}}[%_*.^$][^'"]{{0,40}}""",
    ),
    # The string is ended, calculated with, and begun again: '-' or '-0-'; or in another quote.
    (5, r"'\s?[-+*/&^|=%]{1,2}\s?(?:\d{1,9}\s?[-+*/&^|=%]{1,2}\s?)?'\d{0,9}"),
    (5, r"""(['"`])\s?[-+*/&^|=%!<>~]{1,2}\s?(?!\1)['"`]"""),
    # 'x'!='y of what was written ' or 'x'!='y
    (5, r"'[^']{0,40}'\s?[<>!=~^]{1,3}\s?'[^']{0,40}"),
    # Parentheses of the statement are closed and opened again: 1) or (
    (5, rf"""\d{{0,9}}\s{{0,8}}['"`]?\){{1,8}}\s{{0,8}}{_ANY_OPERATOR}\s{{0,8}}\({{1,8}}"""),
    # The string is ended, and an operator waits for what the statement goes on with.
    (5, rf"""['"`][\s)]{{1,8}}{_OPERATOR}"""),
    # id=div(23,2) where id=11 is known: is it calculated?
    (5, rf"(?:{'|'.join(OWN_CALLS)})\s{{0,8}}\({_CONSTANT}(?:,{_CONSTANT}){{0,5}}\)"),
    # MySQL wants no TABLE.
    (5, r"""(?:[\d.]{1,20}\s?)?;\s?truncate\s{0,8}[\[`"]?[\w.]{1,64}[\]`"]?\s?;?"""),
    (3, r"""[\w.%-]{0,12}['"`\\)]{1,6};?"""),
)
_COMPILED: Final = tuple((score, re.compile(pattern).fullmatch) for score, pattern in _PROBES)
_LONGEST: Final = 400
# What a filter leaves that takes blanks out: 1unionselect2,3fromusers
_GLUED: Final = re.compile(r"union(?:all|distinct)?select[^\s-]{0,200}?from").search
# A procedure of SQL Server itself, whose name may have been cut off.
_SYSTEM: Final = re.compile(
    r"\bexec(?:ute)?\s{1,8}\[?(?:master|msdb|tempdb)\]?\.(?:[.\[\]\w]|$)"
).search

# Who may do what in a database: create user a identified by 'b', grant all on *.* to a
_ACCOUNT: Final = re.compile(
    r"\W{0,8}(?:(?:create|alter)\s{1,8}(?:user|role|login)\s{1,8}(?:if\s{1,8}not\s{1,8}exists\s{1,8})?"
    r"[^\s;]{1,80}\s{1,8}(?:identified\s{1,8}by|with\s{1,8}(?:encrypted\s{1,8})?password)[\s=]{0,8}['\"]|"
    r"grant\s{1,8}[\w\s,]{2,60}\son\s{1,8}\*(?:\.\*)?\s{1,8}to\s)"
).match


def probe(lowered: str) -> Judgement | None:
    """What a text says that is no statement yet.

    Args:
        lowered: the text in lower case, without blanks at its end.
    """
    if "union" in lowered and (glued := _GLUED(lowered)):
        return Judgement("sql.union", 5, glued[0])
    if "exec" in lowered and (called := _SYSTEM(lowered)):
        return Judgement("sql.leak", 7, called[0])
    if ("password" in lowered or "identified" in lowered or "grant" in lowered) and (
        account := _ACCOUNT(lowered)
    ):
        return Judgement("sql.statement", 6, account[0])
    if len(lowered) <= _LONGEST:
        for score, matches in _COMPILED:
            if matches(lowered):
                return Judgement("sql.probe", score, lowered)
    return None
