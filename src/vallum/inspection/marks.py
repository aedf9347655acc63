"""Which marks a pattern cannot do without, so that texts without them are not searched for it.

Most of what people write is letters, digits, blanks and a few marks; most attacks need others. What
each pattern needs is read from the pattern itself, so nobody has to say it, or can say it wrongly.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from typing import Any, Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    # The parser of `re` has no other name. It is asked when patterns are compiled, and what it
    # says that is not understood here only makes a pattern be looked for everywhere.
    import sre_constants as kinds
    import sre_parse as parser

GROUPS: Final[tuple[bytes, ...]] = (
    b"'\"",
    b":/\\",
    b"()",
    b";|&`$\n\r",
    b"<>=",
    bytes(sorted({*range(9), 11, 12, *range(14, 32), 127, *b"{}[]^~*#@+%"})),
)
"""Marks that few texts have, by how they go together in attacks. What is in no group is plain."""

_OFTEN: Final = (25, 20, 6, 14, 6, 8)
"""Of a hundred short texts, those with a mark of each group: what it costs to file there."""

PLAIN: Final = 0
GROUP_OF: Final = bytes(
    next((1 + number for number, marks in enumerate(GROUPS) if byte in marks), PLAIN)
    for byte in range(256)
)
"""The group of each byte, counted from one; a table for `bytes.translate`."""

_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]", re.DOTALL)
"""Where an alternative may end, and what a bar has no meaning in: escapes and classes."""
_POSIX: Final = re.compile(r"\[:\^?\w+:\]")
_FLAGS: Final = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII
_WORD: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_DIGITS: Final = frozenset(b"0123456789")
_BLANKS: Final = frozenset(b" \t\n\r\f\v")
_ALL: Final = frozenset(range(256))
_CATEGORIES: Final = {
    kinds.CATEGORY_WORD: _WORD,
    kinds.CATEGORY_NOT_WORD: _ALL - _WORD,
    kinds.CATEGORY_DIGIT: _DIGITS,
    kinds.CATEGORY_NOT_DIGIT: _ALL - _DIGITS,
    kinds.CATEGORY_SPACE: _BLANKS,
    kinds.CATEGORY_NOT_SPACE: _ALL - _BLANKS,
}

_Needs = frozenset[int]
"""Sets of groups as bits; every match has a mark of a group of each set."""
_NOTHING: Final[_Needs] = frozenset()


def alternatives(pattern: str) -> list[str]:
    """The patterns that one stands for: what is between its outermost bars."""
    found, depth, start = [], 0, 0
    for token in _TOKEN.finditer(pattern):
        text = token[0]
        if text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
        elif text == "|" and not depth:
            found.append(pattern[start : token.start()])
            start = token.end()
    return [*found, pattern[start:]]


def groups_of(pattern: str) -> tuple[int, ...]:
    """Where to file a pattern: a text without a mark of any of these groups has no match of it.

    Args:
        pattern: as detectors have them.

    Returns:
        Numbers of groups; `(PLAIN,)` for a pattern that plain text may match.
    """
    if _POSIX.search(pattern):
        return (PLAIN,)  # `re` has no such classes and would take them for others.
    try:
        # Bytes are what is matched; \z is spelled otherwise in `re`.
        text = pattern.encode("utf-8").decode("latin-1").replace(r"\z", r"\Z")
        needs = _needs(parser.parse(text, _FLAGS))
    except (re.error, _NotUnderstoodError):
        needs = _NOTHING
    if not needs:
        return (PLAIN,)
    return _numbers(min(needs, key=lambda groups: (_cost(groups), groups)))


class _NotUnderstoodError(Exception):
    """A part of a pattern that is not known here."""


def _numbers(groups: int) -> tuple[int, ...]:
    return tuple(1 + number for number in range(len(GROUPS)) if groups >> number & 1)


def _cost(groups: int) -> int:
    return sum(_OFTEN[number - 1] for number in _numbers(groups))


def _needs(parts: Any) -> _Needs:
    found: set[int] = set()
    for kind, value in parts:
        found |= _needs_of(kind, value)
    return frozenset(found)


def _needs_of(kind: Any, value: Any) -> _Needs:
    if kind in (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN):
        groups = _groups(_bytes(kind, value))
        return frozenset({groups}) if groups else _NOTHING
    if kind is kinds.BRANCH:
        return _either([_needs(each) for each in value[1]])
    if kind is kinds.SUBPATTERN:
        return _needs(value[3])
    if kind is kinds.ATOMIC_GROUP:
        return _needs(value)
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        return _needs(value[2]) if value[0] else _NOTHING
    if kind in (kinds.ANY, kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT):
        return _NOTHING
    raise _NotUnderstoodError


def _either(branches: Sequence[_Needs]) -> _Needs:
    """What all of several branches need."""
    found = branches[0]
    for each in branches[1:]:
        found = frozenset(one | other for one in found for other in each)
    return found


def _groups(characters: frozenset[int]) -> int:
    """The groups of a class as bits; 0 where one of its characters is plain."""
    groups = 0
    for each in characters:
        number = GROUP_OF[each]
        if number == PLAIN:
            return 0
        groups |= 1 << (number - 1)
    return groups


def _bytes(kind: Any, value: Any) -> frozenset[int]:
    if kind is kinds.LITERAL:
        return _any_case({value})
    if kind is kinds.NOT_LITERAL:
        return _ALL - _any_case({value})
    found: set[int] = set()
    is_negated = False
    for each, operand in value:
        if each is kinds.NEGATE:
            is_negated = True
        elif each is kinds.LITERAL:
            found.add(operand)
        elif each is kinds.RANGE:
            found.update(range(operand[0], operand[1] + 1))
        elif each is kinds.CATEGORY:
            found |= _CATEGORIES[operand]
        else:
            raise _NotUnderstoodError
    return _ALL - _any_case(found) if is_negated else _any_case(found)


def _any_case(characters: set[int]) -> frozenset[int]:
    return frozenset(characters) | {
        each ^ 0x20 for each in characters if chr(each | 0x20) in _LETTERS
    }


_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
