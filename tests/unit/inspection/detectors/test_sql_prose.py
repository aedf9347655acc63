"""What spares sentences that have SQL in them, and attacks that are dressed as such."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        # Clauses of plain words in a row.
        "7' union select mail, pin from members m join cards c on c.owner=m.id -- ",
        "7 union select mail, pin from members the left outer join cards my on my.owner=the.id",
        "7' union select mail, 2 from members as m with (nolock)--",
        "7' union select mail, 2 from members m use key (primary)-- ",
        "7 or 2=2 for no key update of members skip locked",
        "7' or 2=2 set transaction isolation level read uncommitted--",
        "7 set statistics io on waitfor delay '0:0:7'",
        "7 alter server role sysadmin add member guest waitfor delay '0:0:7'",
        "7 goto there there: waitfor delay '0:0:7'",
        "7; set session characteristics as transaction isolation level snapshot;select pg_sleep(7)",
        "7;if 2=2 if 3=3 exec tidy--",
        # Words that no server reads.
        "7 /*!99999 of the red house */ union select 3,4",
        "7' or 2=2 /*!99999 of the red house */ -- ",
        "7' or 2=2; of the red house we know",
        "7' or 2=2\0 of the red house we know",
    ],
)  # fmt: skip
def test_words_that_belong_to_a_statement_make_no_sentence(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "They sent ' or 2=2 to the form on the left",
        "The report: SELECT m.id FROM members m JOIN cards c ON c.owner = m.id HAVING COUNT(*) > 7",
        "The union will select a chair from the members it has",
        "Local 7 union select committee",
        "We set the clock to 7 and 7 = 7 for all of us",
    ],
)  # fmt: skip
def test_sentences_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize("value", ["pen", "blue pens"])
@pytest.mark.parametrize(
    "text",
    [
        "{}' -- ", "{}'#", "{}') -- ", "{}' or '1", "{}' or 3 or '", "{}' or id or '", "{}'='",
        "{}'<'z", "{}' like '%", "{}',role='boss", "{}',price=0,x='y", "{}'-'", "{}'-0-'",
        "{}'|3|'", "{}' or not id or 'a", "{}' is null or 'a", "{}') or ('1", "{}' or -1 or '",
        "{}' or '1' or '", '{}\' or "1" or \'', "{}' or '1'-'0' or '", "{}' for update#",
        "{}' or name glob '*",
    ],
)  # fmt: skip
def test_a_string_of_several_words_is_broken_out_of_as_one_of_one_word_is(
    text: str, value: str
) -> None:
    assert SUSPECTS.score(text.format(value)) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "the boys' and girls' rooms", "the players' / coaches' lounge",
        "six weeks' notice or '2 days'", "It is divided by '-'",
        "Write 'NOT LIKE' here", "Between them stands an '=' sign", 'Is "<b>" in titles fine?',
        "the girls' like to dance", "Socrates' or Plato's works", "authors' + editors' names",
        "the parents' = my home", "the 'for' of C#", "Bolt 3/4\" select steel", '"*"', "'div'",
        "A 'like' B or 'as' C",
    ],
)  # fmt: skip
def test_apostrophes_and_quoted_words_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "' or \"5'9\" or '", "' or \"5'9\" and '1", "' or _latin1'x 7'+1 or '",  # no inches
        "3,3'-(0)or'1",  # no primes
        "9 > 8 > 7 or 7 < 8 < 9",  # no sports
        "7 union select mail||pin from members", "7 union select mail as x from members",
        "7 union select mail x, pin from members",
        "7 union select mail as x, pin as y from members m", "pen' - 0 <> '", "pen')-1 limit 3-- ",
        "7 or price in ('b',3)", "7) or not [price]\nin (3,4) --", "7;create table b(a)",
        "blue pens'; select 3 and '3", "pen' ;vacuum/*",
        "bo'||'ss", "bo'+'ss", "bo'+''+'ss",
    ],
)  # fmt: skip
def test_quotes_and_chains_that_only_look_honest_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "5'9\"",
        "3,3'-(ethylenedioxy)diphenol",
        "9 > 8 > 7",
        "7 union members",
        "7 or more in (two) boxes",
        "'a'+'b'",
        "60#",
    ],
)
def test_inches_primes_and_chains_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
