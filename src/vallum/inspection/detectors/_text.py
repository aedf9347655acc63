"""What several judges ask about a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from vallum.inspection.model import Judgement

_MOST_EVIDENCE: Final = 120
_WORD = re.compile(r"(?<![^\s(])[^\W\d_]{2,}(?=[\s.,;:!?)]|$)")
_LETTER_WITHOUT_SPACES = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
_FEW_WORDS: Final = 7


def verdict(rule: str, score: int, evidence: str) -> Judgement:
    """A judgement with its evidence cut to what a record shows."""
    return Judgement(rule, score, evidence[:_MOST_EVIDENCE])


def strongest(found: Iterable[Judgement | None]) -> Judgement | None:
    """The judgement with the highest score, the first of equals; None of nothing."""
    judgements = [judgement for judgement in found if judgement is not None]
    return max(judgements, key=lambda judgement: judgement.score) if judgements else None


def reads_as_prose(text: str) -> bool:
    """Whether sentences of a person make up a good part of `text`.

    Ask only where words around an attack would keep it from working: a filter, a document or a
    request line that is quoted in a sentence is talked about.
    """
    words = sum(1 for _ in _WORD.finditer(text))
    return words + len(_LETTER_WITHOUT_SPACES.findall(text)) // 3 > _FEW_WORDS
