"""Functions of a browser that are handed on and called by somebody else; and honest callbacks."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xss import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    ["[3].find(alert)", "[q].map(confirm)", "{onerror=alert}throw 3", "onerror=eval;throw x"],
)
def test_a_function_that_is_handed_on_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "items.find(alert => alert.id)",
        "alerts.filter(alert => alert.open)",
        "rows.map(prompt => prompt.text)",
        "window.onerror = report",
        "on error = alert the operator",
        "prompt?.text",
        "find(alert) in the manual",
    ],
)
def test_callbacks_of_programs_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
