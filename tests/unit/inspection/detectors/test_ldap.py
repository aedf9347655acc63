"""Values that leave their condition of an LDAP filter."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.ldap import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("*)(uid=*))(|(uid=*", "ldap.condition"),
        ("*)(objectClass=*", "ldap.condition"),
        ("x)(!(cn=*))", "ldap.condition"),
        ("val)|(uid=*", "ldap.condition"),
        ("john)(memberOf=CN=Admins,DC=example)", "ldap.condition"),
        ("a)(userPassword:2.5.13.18:=x*", "ldap.condition"),
        (")(&)", "ldap.operator"),
        ("admin)(|", "ldap.operator"),
        ("admin*)((|userPassword=*)", "ldap.operator"),
        ("test)\t(\t|", "ldap.operator"),
        ("*(|(mail=*))", "ldap.nested"),
        ("*))\x00", "ldap.truncation"),
        ("*()|&'", "ldap.probe"),
        ("*)(\tuid=*", "ldap.condition"),
        ("a)(:dn:2.4.6:=b", "ldap.condition"),
    ],
)
def test_filters_that_are_left_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        "a) (n=5) patients, b) (n=7)",
        "1) (x=3) 2) y",
        ":) (y=3)",
        "f(x)(y)",
        "curry(a)(b=2)",
        "(&(objectClass=person)(uid=bob))",
        "(uid=bob)",
        "x*(y|(z&w))",
        "^(a|b)(c|d)$",
        "(see a) (b=c)",
        "a) (:b:) = c",
    ],
)
def test_ordinary_parentheses_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    ["|(mail=*)", "&(memberOf=cn=staff", "!(cn=ann)", "(|(a=b)(c=d)", "(&(sn=a)",
     "(cn=ann)(|(cn=bob", "(&(cn=ann)(unicodePwd>=a))"],
)  # fmt: skip
def test_lists_of_conditions_that_are_no_filter_of_their_own_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    ["!(a && b)", "&(x)", "(&(cn=ann)(mail=ann@a.example))", "(a=1)(b=2)", "|(x|", "(x=1) (&)",
     "!(n=3)"],
)  # fmt: skip
def test_logic_and_whole_filters_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
