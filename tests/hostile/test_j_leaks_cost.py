"""Hostile cases J: what looking for leaks may cost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody
from vallum.filters.leaks import LeakScreen
from vallum.inspection.leaks.finder import LeakFinder
from vallum.inspection.leaks.registry import LEAKS
from vallum.wire.media_type import MediaType


def test_b251_leaks_below_a_long_name_are_looked_for_in_the_time_of_the_answer() -> None:
    """A text is read beside its name: with a name of 20 KB, 2,000 items were 40 MB."""
    read: list[int] = []

    def scan(content: bytes) -> Sequence[int]:
        read.append(len(content))
        return []

    content = json.dumps({"\n" + "n" * 20_000: [f"item {i:04}" for i in range(2_000)]}).encode()
    body = AnswerBody(200, MediaType("application/json"), content, is_whole=True)
    screen = LeakScreen(LeakFinder(LEAKS, cast(Any, scan)), {})
    screen.screen(cast(Exchange, None), body)
    assert len(read) > 2_000
    assert sum(read) < 10 * len(content)
