"""SQL injection in its many dialects and places, and texts that only look like it."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR
from vallum.inspection.detectors.sql_fragments import FRAGMENTS

SUSPECTS = Suspects(DETECTOR)

CERTAIN = 7


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1 or 1=1", "sql.boolean"),
        ("x' or 'a'='a", "sql.boolean"),
        ('x" or "a"="a', "sql.boolean"),
        ("x') or ('1'='1' -- ", "sql.boolean"),
        ("admin' and email like 'a%' --", "sql.boolean"),
        ("1' xor 2>1 #", "sql.boolean"),
        ("1' || 1=1 -- -", "sql.boolean"),
        ("x' && 5 between 1 and 9 -- ", "sql.boolean"),
        ("x' or 1 rlike 1 #", "sql.boolean"),
        ("x' or id is not null--", "sql.boolean"),
        ("-1 union select 1,2,3", "sql.union"),
        ("x') union all (select null,null)#", "sql.union"),
        ("1e0union select password from users", "sql.union"),
        ("1 union distinct select login from users -- ", "sql.union"),
        ("1'; drop table users--", "sql.stacked"),
        ("1; delete from users where 1=1", "sql.stacked"),
        ("x'; exec master..xp_cmdshell 'dir'--", "sql.stacked"),
        ("1; declare @q varchar(99); set @q = 0x41", "sql.stacked"),
        ("1' and sleep(5)#", "sql.time"),
        ("if(now()=sysdate(),sleep(12),0)", "sql.time"),
        ("1'; waitfor delay '0:0:5'--", "sql.stacked"),
        ("1 and 5=(select 5 from pg_sleep(5))", "sql.subselect"),
        ("1' and extractvalue(1,concat(0x7e,version()))-- ", "sql.leak"),
        ("x' into outfile '/var/www/x.php' -- ", "sql.leak"),
        ("x'||(select utl_http.request('http://h/') from dual)||'", "sql.leak"),
        ("1 order by 7-- ", "sql.clause"),
        ("x' group by 1 having 1=1--", "sql.clause"),
        ("1 limit 1,1 procedure analyse(1)", "sql.clause"),
        ("1) where 1=1 -- ", "sql.clause"),
        ("1 and (select count(*) from users)>0", "sql.function"),
        ("1,(select case when 1=1 then 1 else 0 end)", "sql.function"),
        ("x'||'y", "sql.concat"),
        ("char(113)+char(113)+char(112)", "sql.function"),
        ("1'-1-- ", "sql.arithmetic"),
        ("x', 'admin', 1)-- ", "sql.insert"),
        ("' = '", "sql.compare"),
        ("0 or @@version>0", "sql.boolean"),
    ],
)
def test_each_kind_of_injection_is_certain(text: str, rule: str) -> None:
    judgements = [each for _, each in SUSPECTS.judge(text)]
    strongest = max(judgements, key=lambda each: each.score)
    assert strongest.rule == rule
    assert strongest.score >= (CERTAIN if rule != "sql.compare" else STOPS)


@pytest.mark.parametrize(
    "text",
    [
        "1/**/union/**/select/**/1,2",
        "1/*!50000union*//*!50000select*/1,2",
        "1 union--x\nselect 1,2",
        "1 union#x\nselect 1,2",
        "1\x0bunion\xa0select\x0c1,2",
        "1 union(select(1),(2))",
        "(1)or(1)=(1)",
        "1.e(1)or 1=1",
        "1 or {x 1}=1",
        "1 or{if length((select/*!50000user*/from users))>0}",
        "x'or(1)=(1)#",
        "x'/**/or/**/1/**/=/**/1/**/--",
        "1 uNiOn aLl sElEcT null",
        "1 union select`password`from`users`",
        "1 and ascii/**/(substring((select 1),1,1))>64",
        "9999 or 1 in(1)-- ",
    ],
)
def test_blanks_and_comments_hide_nothing(text: str) -> None:
    assert SUSPECTS.score(text) >= CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        r"x\' or 1=1-- ",
        "x' or 1=1--x",
        "1' or $$a$$=$$a$$-- ",
        "1' or q'[a]'=q'[a]'-- ",
        "1' or E'a'='a'-- ",
        "1 or [id]=[id]-- ",
        "1' or id::int=1--",
        "1' and 1=(select 1 from dual)--",
        "x` union select 1 -- ",
    ],
)
def test_dialects_read_differently(text: str) -> None:
    assert SUSPECTS.score(text) >= CERTAIN


def test_what_a_comment_or_a_string_holds_is_not_executed() -> None:
    assert SUSPECTS.score("/* 1 union select 1,2 */") == 0
    assert SUSPECTS.score("-- 1 or 1=1") < STOPS
    assert SUSPECTS.score('"it says \' or nothing"') < STOPS


def test_padding_does_not_hide_an_injection() -> None:
    assert SUSPECTS.score("1" + "+1" * 600 + " union select 1,2,3") >= CERTAIN
    assert SUSPECTS.score("1" + "+1" * 600 + " or 1=1") >= STOPS
    assert SUSPECTS.score("the quick brown fox " * 90 + "' or 1=1-- ") >= CERTAIN


@pytest.mark.parametrize(
    "text", ["1-0", "1*1", "10/2", "-5", "a", "'quoted'", "it's", "'", "1'", "x')", "5 or 6"]
)
def test_arithmetic_and_quotes_alone_do_not_stop(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "statement",
    [
        "create function f(cstring) returns int as '/lib/libc.so.6','system' language c",
        "create or replace function f() returns int as $$select 1$$ language sql",
        "do $$begin perform pg_sleep(5); end$$",
        "do language plpgsql $x$begin null; end$x$",
        "copy users to '/tmp/x'",
        "copy t(a) from program 'id'",
        "copy (select 1) to program 'id'",
        "attach database '/var/www/x.php' as x",
        "pragma writable_schema = 1",
        "vacuum into '/tmp/x'",
        "load data local infile '/x' into table t",
        "grant all on *.* to bob",
        "grant dba to bob",
        "lock tables users write",
        "flush privileges",
        "install plugin x soname 'y.so'",
        "comment on table users is 'x'",
        "show databases",
        "explain select 1",
        "use mysql",
    ],
)
@pytest.mark.parametrize("before", ["1; {}", "x'; {}--", "Anna;\t{}", "x') ;{}#"])
def test_statements_of_administrators_are_stacked_by_attackers(statement: str, before: str) -> None:
    assert SUSPECTS.score(before.format(statement)) >= CERTAIN
    assert SUSPECTS.score(before.format(statement.replace(" ", "/**/"))) >= CERTAIN


@pytest.mark.parametrize(
    "text",
    [
        "Anna; lock tables please",
        "Dyson; vacuum into the corner",
        "Bring chairs; copy keys to Anna's 'spare'",
        "5; show tables to guests",
        "12; use master bedroom",
        "7; create table for two",
        "Notes; comment on table 5 is missing",
        "Anna; create function rooms (two)",
        "Jobs; grant access on Monday to Bob",
        "Photos; attach 'holiday' first",
        "Do it; do so now",
    ],
)
def test_what_people_do_after_a_semicolon_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "x', role='admin', name='x",
        "x', `role`='admin', `name`='x",
        "x', admin=true-- ",
        "x', role='admin' where id=5--",
        "1' and '[1]'::jsonb <@ '[1,2]'::jsonb--",
        "1) union values row(1,2,3)#",
        "1 union table users#",
        "1 except select 1,2",
        "'^'1",
        "'-0-'",
        "'or 1 or'",
        "1 group by users.id having 1=1",
    ],
)
def test_less_common_shapes_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "Rug 5', width=8'",
        "x='a', y='b'",
        "f('a', key='b')",
        '"a", b="c"',
        "<a class='b', id='c'>",
        "Mail me @ 'home' or 'work'",
        "is it 'a' or 1 or 'b'",
        "5' or 6 or 7'",
        "everything except select 1 and 2",
        "the union table in the hall",
    ],
)
def test_texts_with_their_parts_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM users",
        "select name, password from users",
        "select name from users where id=1",
        "insert into users (name) values ('x')",
        "delete from users where id = 1",
        "update users set name = 'x'",
    ],
)
def test_complete_statements_are_likely_attacks_unless_a_sentence_holds_them(text: str) -> None:
    assert 5 <= SUSPECTS.score(text) <= 6
    assert SUSPECTS.score(f"In the manual you can read {text} as an example for you") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "O'Brien",
        "D'Angelo",
        "O'Reilly & Sons",
        "Rock 'n' Roll",
        "having friends over is nice",
        "select all from the drop-down",
        "SELECT is a keyword",
        "The UNION SELECT technique is described in chapter 5",
        "Delete from cart",
        "Update from upstream",
        "Create table component",
        "drop table lamp",
        "the dogs' and the cats' food",
        "is this your parents' or yours?",
        "12' x 14' or 12' x 16'",
        '1/2" and 3/4"',
        "Say 'yes' or 'no'",
        '"foo" and "bar" or "baz"',
        "project = X AND status = Open ORDER BY created DESC",
        "name eq 'Milk' and price gt 5",
        "a='1' and b='2'",
        "if (x == 5 || y == 6) { alert('hi'); }",
        "await sleep(1000);",
        "<a href='x' class=\"y\">it's</a>",
        "Update your profile; delete from cart",
        "Best regards,\n-- \nJohn O'Brien",
        "L'union fait la force, selon l'auteur",
        "p@ss'w0rd\"1",
        "a, b, 'c', \"d\"",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc--",
        "How do I use information_schema in my own programs?",
        "1950 or 1960",
        "3 order by phone",
        "SELECT your favourite colour from the list; then press 'OK'",
        "git commit -m 'fix: don''t' && git push || echo \"x\"",
    ],
)
def test_other_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


def test_a_header_holds_no_sentences() -> None:
    text = "Agent one two three 1 waitfor delay '0:0:15' --"
    assert SUSPECTS.score(text, "query") < STOPS <= SUSPECTS.score(text, "header")


def test_the_evidence_is_what_decided() -> None:
    ((_, found),) = SUSPECTS.judge("some text' union select 1,2 -- x")
    assert found.evidence == "'some text' union select 1 ,"


def test_every_rule_is_explained() -> None:
    rules = {fragment.rule for fragments in FRAGMENTS.values() for fragment in fragments}
    assert rules | {"sql.probe"} == set(DETECTOR.rules)


@pytest.mark.parametrize(
    "text",
    [
        "Union Select Committee, Local 42",
        "He wrote ' OR 1=1 in the form and it worked",
        "3 > 2 > 1",
    ],
)
def test_titles_sentences_and_chains_of_comparisons_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1 union select name,pass,3",
        "1 union select name,pass",
        "1 union select name, version(), 2 from users",
        "1 union table users",
        "1 having count(*)>1",
        "3 > 2 or 1 < 2",
        "3 > 2 > 1 or 1 < 2 < 3",
        "x' OR 1=1 -- in the form and it worked",
    ],
)
def test_statements_beside_them_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
