"""Which passwords are refused: too short, or soon guessed. No rules of composition (AN-11).

A guesser tries lists first: common passwords and words, what belongs to the person and the
service, then those with the usual additions. So a password is cut into the pieces that such a
guesser knows, each weighed by how early it would be tried, and is refused where the whole comes too
early. What no list explains weighs as much as random characters do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from math import log10
from typing import Final, Literal, NamedTuple

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from vallum.identity.people.passwords import BadPassword, normal

SINGLE_FACTOR_MINIMUM: Final = 15
SECOND_FACTOR_MINIMUM: Final = 8
"""Characters of a password alone, and of one beside a second factor (SP 800-63B-4 §3.1.1.2)."""

_ENOUGH: Final = 8.0
"""Decimal digits of guesses that a password must withstand."""

# The weight of each kind of piece, in decimal digits of guesses.
_ANY_CHARACTER: Final = 1.4
_DIGIT: Final = 1.0
_YEAR: Final = 1.7
_RUN: Final = 1.0
_CONTEXT: Final = 0.3
_CHANGED: Final = 0.3  # Written backwards, or with digits for letters.
_ONE_MORE: Final = 0.3  # Each piece may stand in several places.
_REPEATED: Final = 0.5

_WORD_LENGTHS: Final = range(3, 25)
_SHORTEST_RUN: Final = 3

_LEET: Final = tuple(
    str.maketrans("0134578@$!|+", letters) for letters in ("oieastbasilt", "oleastbaslit")
)
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()_+",
)
_YEARS: Final = re.compile(r"19[3-9]\d|20[0-4]\d")
_PARTS: Final = re.compile(r"[^\W_]{3,}")

_Kind = Literal["context", "common", "run", "free"]
_REASONS: Final[Mapping[_Kind, str]] = {
    "context": "It is made of your name, your address or the name of this service, which are the "
    "first that others would try.",
    "common": "It is a common password or word with little added. "
    "Several words that have nothing to do with each other are easy to keep and hard to guess.",
    "run": "It repeats itself or follows a row of keys.",
    "free": "It is too easy to guess.",
}


class _Piece(NamedTuple):
    length: int
    weight: float
    kind: _Kind


def why_refused(password: str, *, minimum: int, context: Iterable[str]) -> str | None:
    """Why a new password is not taken, in plain words; None where it is.

    Args:
        password: as it was typed.
        minimum: characters; one of the two above.
        context: names and addresses of the person and of the service.
    """
    try:
        text = normal(password)
    except BadPassword as error:
        return str(error)
    if len(text) < minimum:
        return f"It needs at least {minimum} characters; a sentence is easy to remember."
    known = {part for each in context for part in _PARTS.findall(each.lower())}
    weight, kinds = _weigh(text.lower(), known)
    if weight >= _ENOUGH:
        return None
    return next(reason for kind, reason in _REASONS.items() if kind in kinds or kind == "free")


def _weigh(text: str, context: set[str]) -> tuple[float, set[_Kind]]:
    """The least weight of all ways to cut a text, and the kinds of pieces of that way."""
    unit = text[: _period(text)]
    repeats = len(unit) < len(text)
    spellings = (unit, *(unit.translate(table) for table in _LEET))
    runs = _runs(unit)
    best: list[tuple[float, int, _Piece | None]] = [(0.0, 0, None)]
    best += [(float("inf"), 0, None)] * len(unit)
    for start in range(len(unit)):
        for piece in _pieces(spellings, start, runs[start], context):
            weight, end = best[start][0] + piece.weight, start + piece.length
            if weight < best[end][0]:
                best[end] = (weight, start, piece)
    found: set[_Kind] = {"run"} if repeats else set()
    place = len(unit)
    while place:
        _, place, last = best[place]
        if last is not None:
            found.add(last.kind)
    return best[-1][0] + (_REPEATED if repeats else 0.0), found


def _pieces(
    spellings: tuple[str, ...], start: int, run: int, context: set[str]
) -> Iterator[_Piece]:
    text, ranks = spellings[0], _ranks()
    yield _Piece(1, _DIGIT if text[start].isdigit() else _ANY_CHARACTER, "free")
    if run >= _SHORTEST_RUN:
        yield _Piece(run, _RUN + _ONE_MORE, "run")
    if _YEARS.match(text, start):
        yield _Piece(4, _YEAR, "free")
    for length in _WORD_LENGTHS:
        if start + length > len(text):
            return
        for spelling in spellings:
            word = spelling[start : start + length]
            changed = _ONE_MORE if word == text[start : start + length] else _ONE_MORE + _CHANGED
            if word in context or word[::-1] in context:
                yield _Piece(length, _CONTEXT + changed, "context")
            rank = ranks.get(word)
            if rank is not None:
                yield _Piece(length, log10(rank + 1) + changed, "common")
            backwards = ranks.get(word[::-1])
            if backwards is not None:
                yield _Piece(length, log10(backwards + 1) + _ONE_MORE + _CHANGED, "common")


@cache
def _ranks() -> Mapping[str, int]:
    """Every listed password, word and name, by its best place in a list."""
    ranks: dict[str, int] = {}
    for words in FREQUENCY_LISTS.values():
        for rank, word in enumerate(words, start=1):
            if len(word) in _WORD_LENGTHS and rank < ranks.get(word, rank + 1):
                ranks[word] = rank
    return ranks


def _period(text: str) -> int:
    """The length of what a text repeats; its own length where it repeats nothing.

    The prefix function of Knuth, Morris and Pratt: linear.
    """
    borders = [0] * len(text)
    for place in range(1, len(text)):
        border = borders[place - 1]
        while border and text[place] != text[border]:
            border = borders[border - 1]
        borders[place] = border + (text[place] == text[border])
    period = len(text) - borders[-1]
    return period if 2 * period <= len(text) else len(text)


def _runs(text: str) -> list[int]:
    """For each place, how many characters from there on repeat or follow one row in one way."""
    runs = [1] * len(text)
    steps: frozenset[tuple[int, int]] = frozenset()
    start = 0
    for place in range(1, len(text)):
        step = _steps(text[place - 1], text[place])
        steps = steps & step
        if not steps:
            start, steps = place - 1, step
        if steps:
            runs[start] = place - start + 1
    return runs


@cache
def _neighbours() -> Mapping[str, frozenset[tuple[int, int]]]:
    """Of each two characters beside each other in a row, the row and the direction."""
    found: dict[str, set[tuple[int, int]]] = {}
    for number, row in enumerate(_ROWS):
        for left, right in pairwise(row):
            found.setdefault(left + right, set()).add((number, 1))
            found.setdefault(right + left, set()).add((number, -1))
    return {pair: frozenset(steps) for pair, steps in found.items()}


def _steps(left: str, right: str) -> frozenset[tuple[int, int]]:
    if left == right:
        return frozenset({(-1, 0)})
    return _neighbours().get(left + right, frozenset())
