"""Texts that leave a shell's quotes and come back, and texts that only look so."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.shell_breakout import breakout


@pytest.mark.parametrize(
    "text",
    [
        '"; touch x; "',
        "'; look; '",
        'x" | touch y; "',
        '"&&mount&&"',
        '"\ntouch x\n"',
        '";>x;"',
        "';>>~/x #",
        '";/opt/t?ol x;"',
        '"; ./run; "',
        '";a=tou;b=ch;$a$b x;"',
        '" && (touch x) ; "',
        '") ; touch x #',
        "'; touch x & echo '",
    ],
)
def test_commands_between_quotes_that_are_closed_and_opened(text: str) -> None:
    found = breakout(text)
    assert found is not None
    assert (found.rule, found.score) == ("shell.command", 6)
    assert found.evidence == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        '"&nbsp;"',
        '24" & 27" monitors',
        '24" & 27"',
        "the Smiths' & Jones'",
        '"; "',
        '"|"',
        '"|\x0c"',
        '"',
        '" & vbCrLf & "',
        "parents' | kids'",
        '"a"; "b"',
        "'; a = 1; b = 2; '",
        '"; she went to the market and then made the cat a home; "',
        '"touch it"; he said; "now"',
    ],
)
def test_quotes_of_people(text: str) -> None:
    assert breakout(text) is None


def test_a_mark_far_behind_is_not_looked_for() -> None:
    assert breakout('";' + " #" * 2000) is None
    assert breakout('";' + "a;" * 2000 + '>x"') is None
