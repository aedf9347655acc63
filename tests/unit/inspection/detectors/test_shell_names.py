"""Commands that are names of products too, and values that hold their marks."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "Ruby & Perl",
        "Wanted: Docker & Git",
        "Backend engineer (remote) -- Go, Perl & Redis",
        "You know CSS, TypeScript & Vue; perl scripting helps",
        "max_by(Items, &Time)",
        "needs ruby==3.3.1; node>=20",
        "perl>=5.36; php ~8.1",
        "data:image/webp;base64 viewer",
        "data:text/plain;charset=utf-8;base64 tool",
        "call us; ping us",
        "tidy; wait 10s",
        "Zimmer frei; ab 3.2. zu haben",
        "Ann; Ed",
        "hair: wash & curl",
        "free; date tonight?",
        "sell @ 99; stop @ 80",
        "What does `SELECT ALL` do?",
    ],
)
def test_names_of_products_and_versions_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "x & node -e 1",
        "; cat ~2/../etc/shadow",
        "; whoami >=2",
        "x & Whoami",
        "x; Net user",
        "y; sleep 9; y",
        "; sleep 7h",
        "; $0 script",
        ";cat secre?",
        "x; sleep 7",
        "x; $0 -c id",
        "x; cat /etc/hosts",
        "10 & whoami",
        "x | node",
        "x & Node -e 1",
        "x; node >/tmp/x",
        "photo;base64 /etc/passwd",
        "data:x;base64 /etc/passwd",
        "; perl scripting.pl",
        "a; ping -c 5 localhost",
        "x&&ssh root@10.0.0.1",
    ],
)
def test_the_same_commands_where_a_shell_runs_them_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        ";./a.out",
        "10.1.1.1;/tmp/go",
        "x && ~/go",
        "7|$HOME/go",
        ";run.sh",
        "& start.bat",
        ";${z:-whoami}",
        ";$(<notes)",
        "x`<notes`",
        ";for((i=0;i<2;i++));do date;done",
        ";function g(){ whoami;};g",
        ";w``hoami",
        "{sleep,9}",
        "3>&1;whoami",
        "; dig +short a.attacker.example",
    ],
)
def test_what_runs_a_file_or_reads_one_without_a_command_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "npm run build && ./deploy.sh prod, then wait",
        "/usr/bin;/tmp/cache",
        "a.txt;b.txt;c.sh",
        "see ./docs; ./examples for more",
        "use ``code`` here",
        "{small,large}",
        "$(<div>) is no string",
        "price < 5 & stock > 3; sort by name",
    ],
)
def test_paths_and_marks_of_other_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
