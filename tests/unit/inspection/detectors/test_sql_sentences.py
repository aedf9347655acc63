"""Sentences, titles and rows that have the words of SQL, and statements that look like them."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "Sleep (1963)",
        "The Big Sleep (1946), restored",
        "Don't sleep (2007)",
        "Buy 6 or more = 10% off",
        "12 or less > no discount",
        "18 and over = full price",
        "Gate 3 or 4 = 5 min walk",
        "Meet at Main & Union (select the left door)",
        "Group by 14:30 -- tea before",
        "Insert into box C, values differ by maker (page 9)",
        "'Sleep (8 hours a night), that helps,' she said",
    ],
)
def test_sentences_with_words_of_sql_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "sleep(2007)",
        "1 or sleep (2007)",
        "1 and sleep (1999)--",
        "6 or more(1) = 1",
        "1 or 1=1 -- or more = 5",
        "1 or 3=3 limit 1",
        "-1 union (select pin from cards)",
        "1 group by 14--",
        "insert into users(name, pin) values ('x', 1)",
        "insert into users values (default, default)",
        "1' or sleep(8) and '1",
    ],
)
def test_statements_that_look_like_them_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
