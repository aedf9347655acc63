"""Sentences, titles and rows that have the words of SQL, and statements that look like them."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "Is `sleep(3)` needed? Slow tests = sad tests",
        "MULTIPOLYGON(((1 1,1 2,2 2,1 1)),((5 5,5 6,6 6,5 5)))",
        "GEOMETRYCOLLECTION (POINT (3 4), LINESTRING (3 4, 8 9))",
        "SRID=4326;MULTILINESTRING((7.1 5.3,7.2 5.4))",
        '15" or 16" rims?',
        "3' and 5' boards; 2\"x6\"",
        '2.5" x 3.5" or 4" x 6" prints',
        "Buy 6 or more = 10% off",
        "12 or less > no discount",
        "18 and over = full price",
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
        "sleep (1999)",
        '"c d" = 2 union select pin from cards',
        '"c d" = sleep(9)',
        "2 or 2 < id for update",
        "'b' or 'y' > login",
        "2 or 3 > login and more of it",
        "name or 2=2 for update",
        "id` or sleep(3) or `id",
        "` or sleep(3)#",
        "1 and multipolygon((select pin from cards))",
        "1' or '1' = name --",
        '1" or "1" = "1',
        "4 or 5 = 5",
        "4 or 5 > any_value or true",
        "4 or 4 is not null",
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


@pytest.mark.parametrize(
    "text",
    [
        "4 or 4", "6=6", "6 in(6)", "6 not in (7,8)", "9 and 0", "3 xor 3", "8 or !1",
        "8 or .3", "8 or-1", "8or(1)", "8) or (8",
        "8/**/or/**/2",
        "8 or 0x1", "8 or 2e0", "8 or @x", "7<=>7", "8 or 1 limit 3", "8 or 2 collate binary=2",
        "8 or 'b' ~ 'b'", "8 or 'b' ilike 'B'", "8 or 'b' similar to 'b'", "8 or (3,4)=(3,4)",
        "8 or exists(values(2))", "8 or price=price", "8 having(2)", "8 or time'10:00'",
        "8;vacuum", "8;revoke select on users from public", "8;create extension dblink",
        "8;raiserror('no',16,1)", "8;select 2 into @b", "8' lines terminated by 0x41#",
        "from member m where 2=2 or m.mail='x", "D'Arcy' or '2'='2",
        "O'Hara' union select pin from cards--",
    ],
)  # fmt: skip
def test_what_makes_a_condition_true_without_the_usual_words_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "0 or 1", "6=7", "6 in (metric)", "5 or 6", "2 and 3", "1 or 2 or 3", "4 or 5 rooms",
        "12 or older",
        "100 and counting",
        "3 or, better, 4", "D'Arcy's or O'Hara's", "rock'n'roll or '80s", "5;listen again",
        "7; vacuum the car",
        "Revoke all access from the list", "from the account where it was", "8 x 4 or 2 x 8",
    ],
)  # fmt: skip
def test_numbers_and_names_that_people_join_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
