"""Commands of everyday words, alone or with a word, and the lists, rows and titles like them."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize("separator", [";", "|", "&&", "||"])
@pytest.mark.parametrize("command", ["date", "uptime", "who", "hostname", "groups", "ver", "vol"])
def test_an_everyday_word_behind_a_letter_is_a_command(separator: str, command: str) -> None:
    assert SUSPECTS.score(f"x{separator}{command}") >= STOPS


@pytest.mark.parametrize("command", ["date", "history", "users", "mount"])
@pytest.mark.parametrize("separator", ["&&", "||"])
def test_what_runs_when_a_word_succeeds_or_fails_is_a_command(separator: str, command: str) -> None:
    assert SUSPECTS.score(f"report{separator}{command}") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        ";echo owned",
        "7|echo owned",
        "x&del notes",
        "1;rm notes",
        "|cat notes",
        ";cp a b",
        ";top",
        ";perl notes",
        ";docker ps",
        ";kubectl get pods",
        ";diff a b",
        "report;echo owned",
        "report && echo 'it'",
        'report|echo "it"',
        "x=1&&id",
        "|expr 12 + 3",
        "x;id&&ls",
        "1;compgen -c",
        "x&getmac",
        "x;unshare -r",
        "x;find . -exec id ;",
        "x&wmic process call create calc",
    ],
)
def test_a_command_that_is_told_a_word_or_two_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "c''at notes",
        'l""s notes',
        "w\\ho notes",
        "x;IFS=,;id",
        "x;{cat,notes}",
        "x;f(){ id;};f",
        "x;trap id EXIT",
        "x;case y in y)id;;esac",
        "x;$(rev<<<'di')",
    ],
)
def test_what_only_a_shell_reads_so_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "name;date",
        "x;y;date",
        "A | More",
        "A|free",
        "T;time",
        "C|sort",
        "x;exit",
        "x;break;",
        "i;for",
        "a; which",
        "foo.html;history",
        "photo.jpg|label",
        "amazon.de|view",
        "salt && test",
        "user && history",
        "true&&false",
        "3 & more",
        "; more",
        "| more",
        "&amp;more",
        "5|test",
        "42;test",
        "1;2;3;test",
        "4|top",
        "2;view all",
        "10;cat food",
        "A|cat tree",
        "1;ip address",
        "p|ip rating",
        "1;id card",
        "9; touch me",
        "1|mail list",
        "5;pr firm",
        "1 & cat food",
        "| time flies",
        "Amazon|Echo Dot",
        "reverb; echo and delay of a room",
        "a=1&id=5",
        "a=1&date",
        ";-) more of it",
        "I-5; exit 34",
        "Apt 5; top floor",
        "Q&A",
        "B&W",
        "a; find . and its uses",
        "class A { f() { return 1; } g() {} }",
        "ifs=and buts",
        "{cat,dog}",
    ],
)
def test_lists_rows_and_titles_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
