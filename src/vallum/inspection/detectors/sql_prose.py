"""What tells sentences that have SQL in them from SQL: words in a row that no clause is made of.

SECURITY: whoever may write such words into a statement that works would be spared, so clauses of
several plain words (`join users u on`, `for update of users skip locked`) are taken out first, and
what follows the end of the statement says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from vallum.inspection.detectors.sql_tokens import excerpt, shape, tokenise

_BEFORE: Final = re.compile("[wp]{3}|p[wpax]{2}").search
# Without a comment between, what follows makes no statement: `' OR 1=1 in the form and it worked`.
_AFTER: Final = re.compile("[wp]{4}|p[wpx]{1,3}A[wp]{2}").search
_WORDS: Final = re.compile("[wp]{2}").match
# A question that is answered: `Is 5 > 3? Yes.`
_ANSWERED: Final = re.compile("[?]p").search
_QUITE: Final = 7

_NAME: Final = r"(?:[^\W\d][\w.$]*+|\[[^\]]{1,80}\])"
_LEVEL: Final = (
    r"isolation\slevel\s(?:read\s(?:un)?committed|repeatable\sread|serializable|snapshot)"
)
_JOIN: Final = r"(?:natural|left|right|full|inner|outer|cross|asof|any|all|semi|anti|global)"
_CLAUSES: Final = re.compile(
    rf"""
    (?:from|(?:\b{_JOIN}\s){{0,4}}join|apply)\s(?:only\s|lateral\s)?{_NAME}(?:\sas)?(?:\s{_NAME})?
      (?:\swith\s{_NAME}|\s(?:use|force|ignore)\s(?:index|key)
        (?:\sfor\s(?:join|order\sby|group\sby))?\s{_NAME})?
      (?:\s(?:on|using|with|partition|tablesample|{_JOIN})\b)*
  | \bfor\s(?:no\skey\s|key\s)?(?:update|share|browse|read\sonly|fetch\sonly)
      (?:\sof\s{_NAME})?(?:\snowait|\sskip\slocked|\swait)?
  | \bset\s(?:(?:session|local|global)\s)?(?:characteristics\sas\s)?transaction\b(?:\s{_LEVEL})?
      (?:\sread\s(?:only|write))?
  | {_LEVEL}
  | \bset\s(?:{_NAME}\s){{1,3}}(?:on|off)\b
  | \bgoto\s{_NAME}(?:\s{_NAME}(?=\s:))?
  | \b(?:alter|create|drop)\s(?:server\srole|role|login|user|database|schema)\s{_NAME}
      (?:\s(?:with|set|add|drop|modify|member|enable|disable|password|identified|by|for|recovery
        |simple|superuser|{_NAME}(?=\s:)))*(?:\s{_NAME}(?=\s(?:waitfor|exec|select)))?
  | \b(?:grant|revoke|deny)\s{_NAME}(?:\s(?:all\s)?{_NAME})?\s(?:to|from)\s{_NAME}
  | \b(?:save|begin|commit|rollback)\stran(?:saction)?\s{_NAME}
  | \b(?:fetch\s(?:next|first)|offset)\s(?:\d+\s)?(?:percent\s)?rows?\b
      (?:\sfetch\s(?:next|first)\s(?:\d+\s)?rows?)?(?:\sonly|\swith\sties)?
  | \bnulls\s(?:first|last) | \bat\stime\szone | \bcollate\s{_NAME} | \bcharacter\sset\s{_NAME}
  | \bon\sconflict(?:\son\sconstraint)?(?:\s{_NAME})?\sdo\s(?:nothing|update)
  | \bon\sduplicate\skey\supdate
  | \b(?:rows|range|groups)\s(?:between\s)?(?:unbounded|current|\d+)\s(?:preceding|row|following)
      (?:\sand\s(?:unbounded|current|\d+)\s(?:preceding|row|following))?
      (?:\sexclude\s(?:current\srow|no\sothers|ties|group))?
  | \bwith\s(?:ties|rollup|cube|totals|ordinality|nolock|ur|rr|cs|rs)\b
  | \bwith\s(?:grant|admin|check)\soption\b
  | \bas\sof\s(?:scn|timestamp) | \bfor\ssystem_time\s(?:as\sof|between|from|all)
  | \b(?:year|month|day|hour|minute)\sto\s(?:month|day|hour|minute|second)
  | \bconnect\sby\s(?:nocycle\s)?prior\s{_NAME} | \bstart\swith\s{_NAME}
    """,
    re.VERBOSE,
)
# A word that is spoken of (`A 'NOT LIKE' B`), of which no condition can be made.
_QUOTED: Final = re.compile(
    r"(?<![^\s(\[])(['\"])(?:[^\s\w'\"()]{1,4}|[a-z]{1,16}(?:\s[a-z]{1,8})?|</?[a-z]{1,20}/?>)\1"
    r"(?![^\s.,:;!?)\]])"
).match


def quoted_phrase(text: str, at: int) -> bool:
    """Whether the quote at `at` opens a word that somebody quotes in a sentence."""
    return _QUOTED(text, at) is not None


def told(
    tokens: Sequence[str], letters: str, dialect: int, span: tuple[int, int], score: int
) -> bool:
    """Whether sentences stand around a fragment.

    Args:
        letters: the shape of `tokens`.
        dialect: by which they were read.
        span: where the fragment stands in `letters`.
        score: of the fragment.
    """
    start, end = span
    if score < _QUITE and _ANSWERED(letters, 0, start):
        return True
    # Some databases run the first statement and leave the rest unread.
    stop = letters.find(";", end) if score >= _QUITE else -1
    stop = len(letters) if stop < 0 else stop
    # Two words where a number or a name would land are no SQL, whatever stands behind them.
    if _WORDS(letters) and (_BEFORE(letters, 0, start) or _AFTER(letters, start)):
        return True
    if _BEFORE(letters, 0, start) and _BEFORE(_bare(tokens, 0, start, dialect)):
        return excerpt(list(tokens), start, start + 1) != "waitfor"
    found = _AFTER(letters, start, stop)
    return found is not None and _AFTER(_bare(tokens, start, stop, dialect)) is not None


def _bare(tokens: Sequence[str], start: int, end: int, dialect: int) -> str:
    """The shape of a part of `tokens` without its clauses of plain words."""
    text = _CLAUSES.sub(" , ", excerpt(list(tokens), start, end))
    return shape(tokenise(text, dialect), dialect)
