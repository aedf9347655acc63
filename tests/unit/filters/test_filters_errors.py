"""Safe errors."""

from __future__ import annotations

import pytest
from tests.support.exchanges import make_exchange, make_operation

from vallum.core.problems import PROBLEMS
from vallum.engine.filter import Answer
from vallum.filters.errors import SafeErrors


@pytest.mark.parametrize(
    ("status", "slug"),
    [
        (200, None),
        (304, None),
        (404, None),
        (422, None),
        (499, None),
        (500, "upstream-error"),
        (501, "upstream-error"),
        (502, "upstream-error"),
        (503, "upstream-unavailable"),
        (504, "upstream-timeout"),
        (505, "upstream-error"),
        (599, "upstream-error"),
    ],
)
def test_which_answers_are_replaced(status: int, slug: str | None) -> None:
    attachment = SafeErrors().attach(make_operation(), None)
    assert attachment.screen is not None
    answer = Answer(status, [])
    attachment.screen(make_exchange(), answer)
    assert answer.replace_with == slug
    assert slug is None or PROBLEMS[slug].status in (502, status)
    assert slug is None or status >= attachment.screen_from
