"""SQL injection: a text is read as each place of a statement would read it, and judged by grammar.

Three places: a number (or anything else without quotes), and inside either kind of quotes; a
fourth, names in backticks, where the text has one. In quotes, only what stands behind a closing
quote is SQL. Each reading becomes a word over token classes, in which fragments are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from vallum.inspection.detectors._text import is_tree
from vallum.inspection.detectors.sql_clauses import clause
from vallum.inspection.detectors.sql_disguises import disguised, indices
from vallum.inspection.detectors.sql_fragments import FRAGMENTS, Fragment, Where
from vallum.inspection.detectors.sql_probes import probe
from vallum.inspection.detectors.sql_prose import quoted_phrase, told
from vallum.inspection.detectors.sql_spared import called, reworded, without_wildcards
from vallum.inspection.detectors.sql_stacked import stacked
from vallum.inspection.detectors.sql_tokens import differs, excerpt, shape, tokenise
from vallum.inspection.detectors.sql_triggers import TRIGGERS
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "sql.boolean": "a condition is added to the query (or 1=1)",
    "sql.union": "the rows of another SELECT are added to the answer",
    "sql.stacked": "the statement is ended and another one follows",
    "sql.comment": "what the application appends is commented out",
    "sql.time": "a call that waits tells the attacker whether a condition holds",
    "sql.leak": "a call that reads files, reaches out, or fails with data in its message",
    "sql.subselect": "a query inside the query",
    "sql.function": "a call or CASE among the operands, or text spelled with CHAR()",
    "sql.compare": "a string is ended and compared",
    "sql.clause": "a clause is added: WHERE, ORDER BY, HAVING, LIMIT, PROCEDURE, INTO",
    "sql.concat": "a string is ended and another one joined to it",
    "sql.arithmetic": "a string is ended and calculated with",
    "sql.insert": "values are added to the row that is inserted",
    "sql.catalogue": "tables and variables that describe the database",
    "sql.statement": "a complete SQL statement as a value",
    "sql.probe": "what shows whether a statement is badly built: a lone quote, a call of constants",
}

_LONGEST_EVIDENCE: Final = 120
# `3 > 2 > 1`; but with another one, `3 > 2 > 1 or 1 < 2 < 3`, it is a condition.
_CHAIN: Final = re.compile(r"[\d\s.]+(?:[<>]=?[\d\s.]+){2,20}").fullmatch
# `50#`: pounds, or a number that is counted.
_POUNDS: Final = re.compile(r"\d{1,5}(?:[.,]\d{1,3})?\s?#").fullmatch
_PROSE: Final = 4
"""The most that SQL among words scores: a sentence about SQL is no statement."""
# `Types::Integer` is the name of a class, as `id::integer` is none.
_CLASS_PATH: Final = re.compile("(?<=[A-Za-z_])::(?=[A-Z][a-z])")
# N,N'-di(tert-butyl)urea: primes of chemistry, and no quotes.
_PRIMED: Final = re.compile(
    r"(?<![\w'])(?:(?:\d{1,2}|[NOSPC])'{0,3},){1,6}(?:\d{1,2}|[NOSPC])'{1,3}-(?=[A-Za-z(\[])"
)
# `10 or more = 5 % off`: how much, and no column.
_AT_LEAST: Final = re.compile(
    r"\s(?<=\d\s)(?:and|or)\s(?:more|less|fewer|over|under|above|below|up|higher|lower|greater|older"
    r"|younger|later|earlier|longer|shorter|better|worse|so)\b(?!\s{0,8}\()"
)
# 17" or 18", 4' and 6', 2"x4"; 6'1": inches and feet, of which no statement is made.
_INCHES: Final = re.compile(
    r"""(['"])(?<=\d['"])(\s?(?:or|and|x|by|to|×)\s?\d[\d./]{0,8})\1(?!['"\d]|\s*[=<>!|;#-])"""
    r"""|'(?<=\d')(\d{1,2})"(?!['"\d]|\s*[=<>!|;#-])"""
)
# MULTIPOLYGON(((0 0,0 1, ... and its like: shapes of maps.
_SHAPE: Final = re.compile(
    r"\b(?:multipolygon|multilinestring|geometrycollection)\s?"
    r"(?=\([\s(]{0,8}(?:-?\d[\d.]{0,20}\s-?\d|(?:multi)?(?:point|linestring|polygon)\b))"
)
_QUOTED_WORD: Final = re.compile(r"""\"(?:\w++|\*)\"|'(?:div|mod)'""").fullmatch
# Why `sleep(5)`? What stands in backticks is code that is told of.
# SECURITY: the name that the first one would end is none, or ends in what no column's does; behind
# what might be an alias, a comma or a clause goes on.
_MARKDOWN: Final = re.compile(
    r"[^`]*+(?:(?<![^\s(*|\[/-])`(?![\s,)])[^`\n]{1,80}`(?![^\s.,:;!?)*|\]/_-])[^`]*+){1,60}"
).fullmatch
# "or" maybe, 'Or' is 'and': strings are all that AND and OR join, and none of them is a truth.
_ONLY_STRINGS: Final = re.compile("[sJ](?:As){1,9}(?:Aj)?").fullmatch
_TRUTH: Final = re.compile(
    r"\w++\s*['\"]|['\"]\s*+(?:[-+.]{0,2}\d|(?:t|tr|tru|true|y|ye|yes|on)\s*['\"]|[^\\]*+\\)"
).match
# What JsonLogic says `column` by; between two strings a name is no SQL.
_JSON_LOGIC: Final = re.compile(r"\s*[\[{].*\"var\"\s*:", re.DOTALL).match
_GOES_ON: Final = frozenset("#c;")
_JOINED: Final = frozenset(("&&", "("))
_SEEN: Final = 5
_QUITE: Final = 7
_CERTAIN: Final = 9
_STACKED: Final = 8
_MANY: Final = 600
"""Tokens from which on a text is read in one dialect only, to bound what it costs."""


class _Reading(NamedTuple):
    """A text as it would land in one place of a statement."""

    where: Where
    tokens: list[str]
    letters: str
    dialect: int


def _judge(sent: str, context: Context) -> Judgement | None:
    if "'-" in sent:
        sent = _unquoted(_PRIMED.sub(lambda match: match[0].replace("'", ""), sent), sent)
    if "::" in sent:
        sent = _CLASS_PATH.sub(".", sent)
    lowered = _AT_LEAST.sub("", sent.lower().rstrip())
    if "'" in lowered or '"' in lowered:
        lowered = _unquoted(_INCHES.sub(r"\2\3", lowered), lowered)
    if "(" in lowered:
        lowered = _SHAPE.sub("shape ", lowered)
    lowered = reworded(lowered)
    if '="*"' in lowered and context.location == "header" and context.name == "prefer":
        lowered = without_wildcards(lowered)
    typed = context.location in {"query", "body"}
    if typed and (_CHAIN(lowered) or _POUNDS(lowered)):
        return None
    best = _best(lowered, probe(lowered), typed)
    if best is None or best.score < _SEEN:
        for text in (*disguised(lowered), *(indices(lowered) if context.is_name else ())):
            best = _best(text, best, typed)
    return best


def _unquoted(text: str, sent: str) -> str:
    """`text`, which is `sent` without some of its quotes, unless it has others.

    SECURITY: one that is taken out between others turns strings inside out: `' or "6'1" or '`.
    """
    return sent if "'" in text or '"' in text else text


def _best(text: str, best: Judgement | None, typed: bool) -> Judgement | None:
    """The strongest judgement on the readings of `text`, if it is stronger than `best`."""
    for reading in _readings(text):
        found = _strongest(reading, typed)
        if found is not None and (best is None or found.score > best.score):
            best = found
            if best.score >= _CERTAIN:
                break
    return best


def _readings(text: str) -> Iterator[_Reading]:
    bare = called(text)
    for dialect in (0, 1) if differs(text) else (0,):
        tokens = tokenise(bare, dialect)
        many = len(tokens) > _MANY
        yield _Reading("bare", tokens, shape(tokens, dialect), dialect)
        for quote in "'\"`":
            if quote in text and not _QUOTED_WORD(text) and (quote != "`" or not _MARKDOWN(text)):
                tokens = tokenise(f"{quote}{text}{quote}", dialect)
                many = many or len(tokens) > _MANY
                letters = shape(tokens, dialect)
                if letters[0] == "J" and not quoted_phrase(text, len(tokens[0]) - 2):
                    letters = "5" + letters[1:]
                if _says_nothing(text, tokens, letters, dialect):
                    continue
                yield _Reading("broken", tokens, letters, dialect)
        if many:
            return


def _says_nothing(text: str, tokens: Sequence[str], letters: str, dialect: int) -> bool:
    """Whether what quotes of `text` leave between them can be no condition of a statement."""
    quote = tokens[0][0]
    if quote == "`":  # where names stand in backticks, # is no operator
        return dialect == 1 and "#" in tokens
    if quote == '"' and _JSON_LOGIC(text) and not set(letters) & _GOES_ON:
        return any(
            before[0] == quote and name == "var" and after[0] == quote
            for before, name, after in zip(tokens, tokens[1:], tokens[2:], strict=False)
        )
    if quote == '"' and text.lstrip()[:1] in ("[", "{") and is_tree(text):
        return True
    quoted = letters[0] == "J" or tokens[0] == quote * 2
    if quoted and _ONLY_STRINGS(letters) and not _JOINED.intersection(tokens):
        return not any(map(_TRUTH, tokens[1:]))
    return False


def _strongest(reading: _Reading, typed: bool) -> Judgement | None:
    best: Judgement | None = None
    letters, dialect = reading.letters, reading.dialect
    broken = reading.where == "broken"
    if len(letters) == 1 and broken:
        return None
    for fragments in (FRAGMENTS[reading.where], FRAGMENTS["any"]):
        for fragment in fragments:
            if best is not None and fragment.score <= best.score:
                break
            found = fragment.search(letters) if fragment.needed in letters else None
            if found is not None:
                best = _judgement(fragment, found, reading, typed)
                break
    if ";" in letters and (best is None or best.score < _STACKED):
        statement = stacked(reading.tokens, letters, dialect, broken=broken)
        if statement is not None:
            return Judgement("sql.stacked", _STACKED, statement[:_LONGEST_EVIDENCE])
    if best is None or best.score < _QUITE:
        added = clause(reading.tokens, letters, dialect, broken=broken)
        if added is not None:
            return Judgement("sql.clause", _QUITE, added[:_LONGEST_EVIDENCE])
    return best


def _judgement(
    fragment: Fragment, found: re.Match[str], reading: _Reading, typed: bool
) -> Judgement:
    letters, (start, end) = reading.letters, found.span()
    score = fragment.score
    # Nobody writes sentences into a path or a header: what looks like one there is a disguise.
    if typed and told(reading.tokens, letters, reading.dialect, found.span(), score):
        score = min(score, _PROSE)
    evidence = excerpt(reading.tokens, start, end + 2)
    return Judgement(fragment.rule, score, evidence[:_LONGEST_EVIDENCE])


DETECTOR = Detector(family="sql", triggers=TRIGGERS, judge=_judge, rules=RULES)
