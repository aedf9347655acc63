"""What is looked for only in texts with a clue is in no text without one."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.inspection.clues import CLUES
from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.model import Marked
from vallum.inspection.scan import Scan, compile_patterns, load_scan

_TRIGGERS = [trigger for each in DETECTORS for trigger in each.triggers]
_MARKED = [str(trigger) for trigger in _TRIGGERS if isinstance(trigger, Marked)]


@cache
def _first() -> Scan:
    """What every text is scanned for, but for the signs of codings."""
    others = [trigger for trigger in _TRIGGERS if not isinstance(trigger, Marked)]
    return load_scan(compile_patterns((*CLUES, *others)))


@cache
def _clues() -> Scan:
    return load_scan(compile_patterns(CLUES))


@cache
def _texts_of(pattern: str) -> st.SearchStrategy[str]:
    """Texts that are one match of a pattern and nothing else."""
    plain = pattern.replace(r"\z", r"\Z")
    flags = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII
    return st.from_regex(
        re.compile(plain, flags), fullmatch=True, alphabet=st.characters(codec="ascii")
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_match_of_a_marked_trigger_has_a_clue(data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(_MARKED))
    if not pattern.isascii() or r"\x80" in pattern or r"\xe5" in pattern:
        return  # Bytes of UTF-8: no text of characters spells them.
    text = data.draw(_texts_of(pattern))
    assert _first()(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "We'll take the 9:30 train, if it's on time (it never is), and be there by noon.",
        'She said: "Come in!", he went on reading.',
        "O'Brien, Mac an tSaoir, D'Angelo",
        "Rue de l'Église 12, 75001 Paris",
        "C'est l'heure d'aller à l'école, n'est-ce pas ?",
        "from 10/12/2026 to 01/02/2027, 18.50 a month",
        "anna.maria@example.com",
    ],
)
def test_sentences_have_no_clue(text: str) -> None:
    assert not _clues()(text.encode())
