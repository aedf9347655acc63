"""What several judges ask about a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Final

from vallum.inspection.detectors.code_reading import without_literals
from vallum.inspection.model import Judgement

_MOST_EVIDENCE: Final = 120
_WORD = re.compile(r"(?<![^\s(])[^\W\d_]{2,}(?=[\s.,;:!?)]|$)")
_LETTER_WITHOUT_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
# A string of the program around is left, which may have held any words.
_LEAVES = re.compile(
    r"[^'\"`]*+['\"`]\s{0,4}[)\]}]{0,4}\s{0,4}(?:[|&;=<>+*,!/)\]}-]|"
    r"(?:or|and|xor|not|return|union|intersect|except|allow)\b)",
    re.IGNORECASE,
)
_OPEN_STRING = re.compile(r"[=(,+.\[{:|&<>]\s{0,4}['\"`][^'\"`]*+\Z")
# Conditions as JSON: every string a name, a value of words, or an operator by itself.
_TREE = re.compile(
    r"\s{0,8}[\[{](?:\s*+(?:[\[\]{},:]|\"(?:[<>=!]{1,3}|[*+/-]|[%$]?\w[\w.:@/ -]{0,60}+%?|%)?\"|"
    r"-?\d[\d.]{0,20}+|true|false|null)){1,2000}\s*+"
)
_TREE_STRING = re.compile(r"\"([^\"]*+)\"")
_OPERATOR_WORD = re.compile(
    r"\b(?:all|and|any|as|asc|at|between|binary|by|case|cast|collate|contains|desc|div|else|end|eq|"
    r"escape|except|exists|from|ge|glob|group|gt|having|idiv|in|instance|intersect|into|is|isnull|"
    r"join|le|limit|[ir]?like|lt|match(?:es)?|member|mod|ne|not|notnull|of|offset|on|operator|or|order|"
    r"otherwise|over|overlaps|procedure|regexp|return|satisfies|select|similar|some|sounds|then|to|treat|"
    r"union|using|when|where|with(?:in)?|xor)\b",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 7
_FIRST_PART: Final = 1024


def verdict(rule: str, score: int, evidence: str) -> Judgement:
    """A judgement with its evidence cut to what a record shows."""
    return Judgement(rule, score, evidence[:_MOST_EVIDENCE])


def strongest(found: Iterable[Judgement | None]) -> Judgement | None:
    """The judgement with the highest score, the first of equals; None of nothing."""
    judgements = [judgement for judgement in found if judgement is not None]
    return max(judgements, key=lambda judgement: judgement.score) if judgements else None


Look = tuple[tuple[str, ...], Callable[[str], Judgement | None]]
"""What a text must hold one of, in lower case, and a way to judge it then."""


def strongest_of(looks: Sequence[Look], text: str) -> Judgement | None:
    """The strongest judgement on `text` of the looks that apply to it."""
    lower = text.lower()
    return strongest(
        look(text) for needed, look in looks if any(piece in lower for piece in needed)
    )


def reads_as_prose(text: str) -> bool:
    """Whether sentences of a person make up a good part of `text`.

    Ask only where words around an attack would keep it from working: a filter, a document or a
    request line that is quoted in a sentence is talked about.
    """
    # Whoever writes does so from the start: enough to be sure, and little to read.
    start = text[:_FIRST_PART]
    words = sum(1 for _ in islice(_WORD.finditer(start), _FEW_WORDS + 1))
    return words + len(_LETTER_WITHOUT_SPACES.findall(start)) // 3 > _FEW_WORDS


def is_talked_about(text: str, start: int | None = None) -> bool:
    """Whether sentences of a person stand around what would run as a program.

    Other than `reads_as_prose`, where words could be part of an attack: in its strings and
    comments, and before the quote by which it leaves the string that it stands in, at `start`.
    """
    if start is None:
        left = _LEAVES.match(text)
        start = left.end() if left else 0
    rest = without_literals(text[start:])
    return reads_as_prose(_OPEN_STRING.sub("", rest))


def is_tree(text: str) -> bool:
    """Whether `text` is a tree of conditions as JSON: `["and", ["=", "name", "x"]]`.

    SECURITY: a double quote that is left turns it inside out, and its words into operators. Ask
    where words side by side are no program: a name must stand between two strings then, and no
    string may hold more than a word of its kind, or what begins a comment or a literal.
    """
    if _TREE.fullmatch(text) is None or "--" in text or "//" in text:
        return False
    strings = _TREE_STRING.findall(text)
    if any(" " in each and _OPERATOR_WORD.search(each) for each in strings):
        return False
    # A letter by itself may begin a literal: `r"x"`.
    return any(
        len(each) > 1 and each[0].isalpha() and not _OPERATOR_WORD.search(each) for each in strings
    )
