"""Clauses and statements that are cut off, forms' and filters' disguises; and honest twins."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize("value", ["x'", '"', "7", "x')", "3)"])
@pytest.mark.parametrize("cut", ["--", " -- ", " /*", ";--"])
@pytest.mark.parametrize(
    "clause",
    [
        "for update",
        "for share nowait",
        "lock in share mode",
        "returning *",
        "returning login, secret",
        "natural join staff",
        "left outer join staff s using (id)",
        "cross join staff",
        "order by born desc, name asc",
        "group by born with rollup",
        "fetch first 3 rows only",
        "where true",
        "qualify row_number() over (order by 1)=1",
        "connect by level<9",
        "option (maxdop 1)",
        "for json path",
        "tablesample (5)",
        "on conflict do nothing",
        "on duplicate key update secret='q'",
    ],
)
def test_a_clause_that_is_cut_off_is_stopped(value: str, cut: str, clause: str) -> None:
    assert SUSPECTS.score(f"{value} {clause}{cut}") >= STOPS


@pytest.mark.parametrize("value", ["x'", "')", "7", '7"'])
@pytest.mark.parametrize(
    "statement",
    [
        "show tables",
        "describe staff",
        "begin",
        "commit",
        "start transaction",
        "savepoint a",
        "vacuum full",
        "kill query 9",
        "use staff",
        "values(3)",
        "set role dba",
        "while 1=1 select 3",
        "raiserror('q',1,1)",
        "bulk insert staff from 'q'",
        "detach database q",
        "begin null; end;",
        "create server q foreign data wrapper mysql",
        "with q as (select 3) select * from q",
    ],
)
def test_any_statement_behind_the_first_is_stopped_where_the_rest_is_cut_off(
    value: str, statement: str
) -> None:
    assert SUSPECTS.score(f"{value}; {statement}--") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1 && 1",
        "1 || 2",
        "3 or not 0",
        "3) and not (false)",
        "1 or true",
        "and true",
        "or not false--",
        "or q=q",
        "and q=z#",
        "order by 9",
        "group by 1,2,3--",
        "7 into @a",
        "7 into @a, @b",
        "' like '%",
        "x' not like '_a%",
        "' regexp '.",
        "' or (3,4)=(3,4)#",
        "' or greatest(1,2)=2#",
        "'or{d 1}=1#",
        "5 union select secret",
        "' % login--",
        "x'/login#",
        "7/@@version",
        "5 and 1=ordsys.ord_dicom.getmappingxpath(1,2,3)",
        "3,4)--",
        "1 or sleepEachRow(3)",
        "system$wait(5)",
    ],
)
def test_conditions_and_calls_without_a_statement_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "7+or+7=7",
        "7'+or+'q'='q",
        "7+union+all+select+1,2",
        "7+order+by+3--",
        "uni/**/on sel/*q*/ect 3",
        "7 un/**/ion all se/**/lect 3",
        "7 ununionion seselectlect 3",
        "7 uniounionn seleselectct 3",
        "' oorr 7=7--",
        "' anandd 7=7--",
    ],
)
def test_what_a_form_or_a_filter_makes_sql_of_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1 or 2",
        "5 or not at all",
        "a && b",
        "-3 and 5",
        "true or false",
        "or x=y",
        "Order by 12, please",
        "order by 5pm",
        "'for C#'",
        "Guide 'for C#'",
        '10" for sale #',
        "5' for boys --",
        'size 7" into box --',
        "'with love' --",
        "the 'with' statement in C#",
        "2 as one --",
        "10 into @home account",
        "kids' final #",
        "4 left #hurry",
        "Class of '99 is on --",
        "'68 with matching numbers #",
        "it's fine; commit --",
        "Peter's; begin --",
        "5; commit 7abc -- done",
        '"x"; use strict; #',
        "`git show`; use it --",
        '4"; with lid --',
        "2; open the door --",
        "'like' 5%",
        "people's like 50%",
        "1+1=2",
        "+49+30+1234",
        "black+and+white",
        "C++and+Java",
        "https://shop.example/?q=1+or+2+rooms",
        "reunionunion",
        "sel/**/ector",
        "a/*x*/b",
        "[1,1]",
        "(1, 2)",
    ],
)
def test_everyday_texts_with_the_same_words_and_marks_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "N,N'-di(tert-butyl)urea",
        "1,1'-bis(diphenylphosphino)ferrocene; 98%",
        "2,2'-Azobis(isobutyronitrile) (AIBN)",
        "3,3',5,5'-tetramethylbenzidine (TMB)",
        "2,2'-[ethane-1,2-diylbis(oxy)]diethanamine",
        "50#",
        "5 #",
    ],
)
def test_primes_of_chemistry_and_signs_of_numbers_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    ["1,1'-sleep(5)-'", "N,N'-(select 5)-'", "1,1'-if(1=1,sleep(5),0)#", "3,3'-x or 1=1--"],
)
def test_what_begins_like_chemistry_and_is_sql_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
