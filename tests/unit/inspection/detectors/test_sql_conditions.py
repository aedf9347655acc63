"""Conditions and statements that are seldom written, and honest texts that have their marks."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "7' /*!or*/ /*!sleep*/(3)#", "7/*!50700and*//*!50700benchmark*/(9,1)",
        "7' /*M!100400or*/ /*M!sleep*/(3)-- -", "7 and sleep/*!(3)*/", "7 and sleep/*!80000(3)*/",
        "7 /*!or*/ /*!updatexml*/(1,/*!concat*/(0x2c,/*!user*/()),1)",
        "7' or /*!if*/ (1,/*!sleep*//**/(3),0)#", "(/*!select*/ /*!sleep*/(3))",
        "7'union/*!0select 1,pin/*!0from/*!0mysql.user/*-",
    ],
)  # fmt: skip
def test_words_and_calls_in_comments_that_mysql_runs_are_sql(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "bo' in ('bo", "bo' in('bo','al')-- -", "bo' not in ('al", "bo') in (('bo'))#",
        "7' or 2 member of('[2,3]')#", "7' or 3 member\nof (@x)-- ", "7' or interval(3,2)#",
        "7' and interval(4,2)=1-- -", "7' or truncate(2,0)#", "7' or (values row(2))=2#",
        "7' or (table pins limit 1)=('b')#", "7 or (values row(3))=3", "7' or date'2021-03-04'#",
        "7' or timestamp '2021-03-04 10:00:00'-- -", r"\Nunion select 3,4",
        r"7\Nunion all select pin from cards",
        "1 or id in (3)", "7 or 'b' in (select pin from cards)", "7;\tselect pin from cards",
        "-7; select pin,owner from cards where id=2", "7; select top 3 pin from cards",
        "bo; select pin from cards", "cards;vacuum;--", "7;listen b;-- ", "7 ; reconfigure",
        "7;analyse;--", "7;start replica;--", "7;xa begin 'b';--", "7;checksum table pins;--",
        "7;do 3;--", "7;noaudit all;--", "7;deny select on pins to b;--", "7;values row(3);--",
    ],
)  # fmt: skip
def test_conditions_and_statements_seldom_written_are_sql(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "condition",
    [
        "json_overlaps('[3]','[3]')", "is_ipv6('::7')", "st_within(point(3,3),point(3,3))",
        "is_free_lock('b')", "pg_is_in_backup()", "has_schema_privilege('b','usage')",
        "unixepoch()", "lnnvl(3=4)", "sysdatetime()", "match(pin) against('b')", "like('b','b')",
        "'t'::bool", "3 is distinct from 4", "(3,4) in ((3,4))", "bitor(3,3)=3", "localtimestamp",
        "7 mod 4", "7 isnull", "{t '10:00:00'}", "_latin1'3'", "b'11'", "'b' ~ 'b'",
        "'b' collate latin1_bin = 'b'",
    ],
)  # fmt: skip
def test_calls_and_operators_of_databases_are_conditions(condition: str) -> None:
    assert SUSPECTS.score(f"7 or {condition}") >= STOPS
    assert SUSPECTS.score(f"7' or {condition}-- -") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "'b' in tags && !('c' in tags)", "'owner' in roles || 'admin' in roles",
        "a member of (the) choir", "5 or table tennis = fun", "truncate(50)",
        "interval (5 min) and so on", "2; choose items from the list", "total::numeric", "n::int",
        "stop; go now; -- me", "5; do it now --", "2; stop work --", "it's 5; change plans --",
        r"C:\new\north and south",
        "5 or like me (3)", "5 or gcd(4)", "3 or 10% off", "2 or local time",
        "/*! kept */ .b{} /* (c) */ (f)",
    ],
)  # fmt: skip
def test_languages_and_lists_with_the_same_words_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "`#77 <https://example.org/issues/77>`__", "Closes `#7 <https://example.org/7>`_: fast",
        "`ORDER BY x` is slow; `LIMIT 5` helps.", "Add `LIMIT 3`; or else it reads all",
        "- `sleep(4)`/`pg_sleep(4)`: waits", "'Or' and 'and'", '"or" is what I say',
        '"And" starts a sentence, "or" too', "Has it a 'sleep(9)' mode?", "Good, and 2 = 2 as said",
        "<p>1 &lt; 2 &amp;&amp; 4 &gt; 3</p>", '{"and":[{"==":[{"var":"b"},2]}]}',
    ],
)  # fmt: skip
def test_code_and_words_that_are_quoted_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "b `,sleep(4),` c", "`id` or sleep(4)#", "Add `x` or sleep(4) or `y",
        "id` #`\nor sleep(4)#",
        "' or '1", "' or 'true", "' or 'a' or '2", "'or' or 1=1--", '"or" or sleep(4)#',
        r"' or '\1", "' or x'31'-- -", "a b' or sleep(4) or '", "b and 2 = 2</**/p>",
        '{" or 2=2 -- ":1}', '{"var":" or sleep(4)# "}', '{"b":"\' or sleep(4) or \'","var":1}',
        "7 or 2=2</p>",
    ],
)  # fmt: skip
def test_what_spares_quoted_code_and_words_spares_no_attack(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "name",
    ["sort[id) or (2=2]", "ids[7 and sleep(4)]", "a[b][7;insert into pins values (1);# ]",
     "q[x' or '2'='2]"],
)  # fmt: skip
def test_keys_of_parameters_are_read_by_themselves(name: str) -> None:
    assert SUSPECTS.score(name, is_name=True) >= STOPS


@pytest.mark.parametrize(
    "name", ["filter[price][gte]", "where[or][0][price]", "sort[made at]", "fields[pens,inks]"]
)
def test_keys_of_parameters_pass(name: str) -> None:
    assert SUSPECTS.score(name, is_name=True) < STOPS
