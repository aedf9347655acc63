"""Finding many leaks in one text: in order, without overlaps, and masked each in its place."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import orjson
import pytest
from tests.support.exchanges import make_exchange

from vallum.core.problems import Denied
from vallum.engine.filter import AnswerBody
from vallum.filters.leaks import LeakScreen
from vallum.inspection.leaks.finder import Budget, LeakFinder, leak_patterns
from vallum.inspection.leaks.registry import LEAKS
from vallum.inspection.scan import compile_patterns, load_scan
from vallum.wire.media_type import MediaType

CARD = "4111 1111 1111 1111"
KINDS = frozenset(leak.kind for leak in LEAKS)


@cache
def finder() -> LeakFinder:
    return LeakFinder(LEAKS, load_scan(compile_patterns(leak_patterns(LEAKS))))


def test_what_is_found_comes_in_order_and_never_overlaps() -> None:
    text = f"mail a@b.example then {CARD}, c@d.example and 10.0.0.1; " * 200
    found = finder().find(text, "", KINDS, Budget(10**6))
    spans = [(each.start, each.end) for each in found]
    assert spans == sorted(spans)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    assert {each.leak.kind for each in found} >= {"card", "email", "internal"}


def test_ten_thousand_cards_are_masked_each_in_its_place() -> None:
    screen = LeakScreen(finder(), {"card": "mask"})
    body = AnswerBody(200, MediaType("text/plain"), f"{CARD}; ".encode() * 10_000)
    screen.screen(make_exchange(), body)
    assert body.content == b"**** **** **** 1111; " * 10_000


TROUBLE = 'duplicate key value violates unique constraint "users_name"'


@pytest.mark.parametrize(
    "answer",
    [
        {"data": None, "errors": [{"message": TROUBLE}]},
        {"ok": False, "error": {"info": {"text": TROUBLE}}},
        {"errorMessage": TROUBLE},
        {"rows": [{"exception": {"lines": [TROUBLE]}}]},
    ],
)
def test_what_an_error_consists_of_tells_how_the_program_failed(answer: object) -> None:
    """GraphQL tells failures with status 200, the words one step below `errors`."""
    body = AnswerBody(200, MediaType("application/json"), orjson.dumps(answer))
    with pytest.raises(Denied):
        LeakScreen(finder(), {}).screen(make_exchange(), body)


def test_what_stands_beside_an_error_is_no_part_of_it() -> None:
    answer = {"items": [{"error": {"code": 7}, "text": TROUBLE}], "errors": [], "note": TROUBLE}
    content = orjson.dumps(answer)
    body = AnswerBody(200, MediaType("application/json"), content)
    exchange = make_exchange()
    LeakScreen(finder(), {}).screen(exchange, body)
    assert body.content == content
    assert exchange.notes == ["leak.sql_error"]
