"""Values too short for a statement: probes, casts, halves; and texts that resemble them."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR
from vallum.inspection.detectors.sql_probes import probe
from vallum.inspection.detectors.sql_tokens import shape, tokenise

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "') or (",
        "5) and (",
        ")) xor ((",
        ") not like (",
        ")between(",
        ") union (",
        "'=\"",
        "'or'",
        '" or "',
        '"~`',
        "`||'",
        "' not like",
        '" or ',
        "`) and",
        "'k'>='k",
        "'a'<>'b",
    ],
)
def test_what_is_ended_or_begun_alone_is_a_probe(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text", ["div(9,3)", "conv(10, 10, 2)", "lpad('a',5,'b')", "nullif(1,2)", "inet_ntoa (1)"]
)
def test_a_databases_own_call_of_constants_is_a_probe(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "lookup(a)::uuid",
        "my_call(1, 'x') :: text",
        "pick(a,b)::timestamptz",
        "f(x)::character varying",
        "login::int",
        "f(x)::Bigint",
        "concat(a,b)::json",
        "version()::int",
        "1 or version()::text like 'P%'",
        "x'||current_user()::text||'y",
    ],
)
def test_a_call_with_a_cast_is_sql(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1;truncate users",
        "; truncate [dbo]",
        ";truncate`t`",
        "1;insert t(a) values (1)",
        "; REPLACE/**/t(a,b)/**/VALUES(1,2)",
        "x'; replace into t values (1)--",
        "x';insert t(a, b) values('q', 2)#",
        "'; shutdown with nowait--",
        "1; shutdown",
        "exec master..sp_help",
        "execute [msdb].dbo.x",
        "1; exec tempdb..x",
        "exec [master]..[xp_cmdshell] 'dir'",
        "select pg_read_file",
        "select lo_import",
        "1 union select pg_ls_dir",
        "\"+waitfor+delay+'0:0:9'",
        "1;+waitfor+time+'10:00'",
        "a` as `b` from",
        "price` AS `p` FROM goods",
        "1unionselect2,3fromusers",
        "-1unionallselectpassword,2from`users`",
        "a',1,2);-- ",
        "a','b'); -- -",
        "' or ''^'",
        "' and ''*'",
        "1' having 1#",
        "7' having 2 -- ",
        "1 union select f('/tmp/a','b')",
        "cast(chr(33)||version()||chr(33) as int)",
        "update users set role='a'",
        "UPDATE accounts SET user = 'b' WHERE c = 1",
        "grant all privileges on *.* to 'a'@'%'",
        "GRANT select, insert ON *.* TO a",
        "create user a identified by 'b'",
        "Create role if not exists a with password 'b'",
        "  ALTER LOGIN sa WITH PASSWORD = 'b';",
    ],
)
def test_statements_that_are_cut_off_or_glued_together_are_seen(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1 and (/*!50000select*/ 1)=1",
        "(/**/select/**/ 1)",
        "a=(/*!select*/ x from y)",
        "0-(/*!00000select*/group_concat(login)/*!00000from*/users)",
    ],
)
def test_a_comment_behind_a_parenthesis_hides_no_query(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '"!"',
        '"or"',
        '"AND"',
        "'?'",
        '6 "As"',
        "6 As and 2 Bs",
        "(a) or (b)",
        "f(x) and (y)",
        "a) like (b",
        "1) and (2",
        ":) like (:",
        "' like new '",
        "'like'",
        "the Smiths' like",
        "d'accord ou pas",
        "'s-Hertogenbosch",
        '"Ja" / "Nein"',
        "«Да» или «Нет»",
        '"foo" = "bar',
        "'a' > 'b'",
    ],
)
def test_quotes_and_parentheses_in_other_texts_are_no_probe(text: str) -> None:
    assert SUSPECTS.score(text, "header") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "div(A)",
        "div (x, y)",
        "mod(7, 3)",
        "max(3, 5)",
        "round(2.5, 1)",
        "conv(f, g)",
        "sin(x) + div(y)",
        "Foo::text",
        "Types::Integer",
        "ActiveModel::Type::Boolean",
        "std::vec::text",
        "decltype(x)::value_type",
        "app()::make",
        "(see Foo)::bar",
        "AWS::S3::Bucket",
        "Vec::<u8>::new()",
    ],
)
def test_calls_of_mathematics_and_programs_pass(text: str) -> None:
    assert SUSPECTS.score(text, "header") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "; truncate long lines",
        "truncate; then go",
        "Stop; replace filter, values 5 and 6",
        "; insert coins, values vary",
        "Save work; shutdown tomorrow",
        "Execute the plan as discussed; shutdown of line 4 is on Monday at 06:00.",
        "exec master. Then go",
        "execute master-branch build",
        "select pg_dump format",
        "please select lo-fi music",
        "call pg_sleep in tests",
        "pg_sleep",
        "use `a` as `b` from `c`",
        "import `x` as `y` from",
        "known as `foo` from the start",
        "European Union select committee report from 2019",
        "#unionselectcommittee",
        "Mit UNION SELECT hängt man Zeilen an.",
        "La commande TRUNCATE users vide la table.",
        "En SQL, id::text convierte a texto.",
        'printf("%d", 1); -- as Lua has it',
        "foo('a'); -- and then bar",
        "Grant all of us peace on *that* day",
        "Grant access on all to 'Bob'",
        "Create user guide written by 'Bob'",
        "Create user story with acceptance 'a'",
        "create user a with password from the vault",
        "Local 12 union select members (3) for the board",
        "update your team set role = captain",
        "Having 1 # in front is fine",
        "chr(10) || name",
    ],
)
def test_sentences_with_words_of_sql_pass(text: str) -> None:
    assert SUSPECTS.score(text, "header") < STOPS


@pytest.mark.parametrize("mark", ["-", "--", "/*", "#"])
def test_a_long_comment_of_marks_is_read_in_the_time_of_its_length(mark: str) -> None:
    text = mark * 300_000 + "or"  # Of the square of its length nobody would see the end.

    letters = [shape(tokenise(text, dialect), dialect) for dialect in (0, 1)]

    assert all(letters)


def test_comments_between_numbers_are_read_in_one_way_only() -> None:
    text = "1" + "/**/" * 98 + "/*"

    assert probe(text) is None
