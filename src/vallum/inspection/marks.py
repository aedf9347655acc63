"""Which marks a pattern cannot do without, so that texts without them are not searched for it.

Most of what people write is letters, digits, blanks and a few marks; most attacks need others. What
each pattern needs is read from the pattern itself, so nobody has to say it, or can say it wrongly.
"""

from __future__ import annotations

import re
import warnings
from typing import Any, Final

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    # The parser of `re` has no other name. It is asked when patterns are compiled, and what it
    # says that is not understood here only makes a pattern be looked for everywhere.
    import sre_constants as kinds
    import sre_parse as parser

PLAIN: Final = bytes(
    sorted(
        {
            *b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
            *b"\t .,-?!",
            *range(128, 256),
        }
    )
)
"""What sentences are made of, in UTF-8; every other byte is a mark."""
CALM: Final = bytes(sorted({*PLAIN, *b"\"'+/:@"}))
"""What names, addresses, times and links need besides, and few attacks can do with."""

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


def needs_mark(pattern: str, plain: bytes = PLAIN) -> bool:
    """Whether every match of a pattern has a mark in it, so that plain text has no match.

    Args:
        pattern: as detectors have them.
        plain: bytes that are no marks.
    """
    if _POSIX.search(pattern):
        return False  # `re` has no such classes and would take them for others.
    try:
        # Bytes are what is matched; \z is spelled otherwise in `re`.
        text = pattern.encode("utf-8").decode("latin-1").replace(r"\z", r"\Z")
        return _has_mark(parser.parse(text, _FLAGS), frozenset(plain))
    except (re.error, _NotUnderstoodError):
        return False


class _NotUnderstoodError(Exception):
    """A part of a pattern that is not known here."""


def _has_mark(parts: Any, plain: frozenset[int]) -> bool:
    return any(_is_marked(kind, value, plain) for kind, value in parts)


def _is_marked(kind: Any, value: Any, plain: frozenset[int]) -> bool:
    if kind in (kinds.LITERAL, kinds.NOT_LITERAL, kinds.IN):
        return plain.isdisjoint(_bytes(kind, value))
    if kind is kinds.BRANCH:
        return all(_has_mark(branch, plain) for branch in value[1])
    if kind is kinds.SUBPATTERN:
        return _has_mark(value[3], plain)
    if kind is kinds.ATOMIC_GROUP:
        return _has_mark(value, plain)
    if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT):
        return value[0] > 0 and _has_mark(value[2], plain)
    if kind in (kinds.ANY, kinds.AT, kinds.ASSERT, kinds.ASSERT_NOT):
        return False
    raise _NotUnderstoodError


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
