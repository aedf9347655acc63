"""LDAP filter injection: a value that closes its own condition and opens another (RFC 4515)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "ldap.condition": "the value leaves its condition and another one follows",
    "ldap.operator": "the value leaves its condition and the start of a list of conditions follows",
    "ldap.nested": "a list of conditions starts inside a value",
    "ldap.truncation": "the value leaves its condition and a null byte ends the filter",
    "ldap.filter": "a filter, or the start of a list of conditions, as a value",
    "ldap.probe": "a string that tries which marks of a filter are let through",
}

# attributedescription of RFC 4512 §2.5, with the options and rules that RFC 4515 §3 allows.
# A rule may stand without an attribute: (:dn:2.5.13.5:=a)
_CONDITION = (
    r"\(\s?(?:(?:[A-Za-z]|\d{1,9}\.)[\w;.-]{0,63}(?::[\w.:-]{0,63})?\s?(?:[<>~:]?=)|"
    r":[\w.:-]{2,63}:=)"
)
_CLOSED = re.compile(
    rf"\){{1,8}}\s{{0,4}}\({{0,2}}(?P<op>[&|!])?\s{{0,4}}\({{0,2}}?(?P<condition>{_CONDITION})"
)
_LISTED = re.compile(
    r"\){1,8}\s{0,4}(?:\(+\s{0,4}[&|!]\s{0,4}(?:[()]|$|[A-Za-z][\w;.-]{0,63}\s?[<>~]?=)|[&|!]\s{0,4}\(\s{0,4}[&|!(])"
)
_TRUNCATED = re.compile(r"\){1,8}\s{0,4}\x00")
_NESTED = re.compile(rf"[*\w]\s?\(\s?[&|!]\s?{_CONDITION}")
_PROBE = re.compile(r"\*\s?\(\s?\)\s?[|&]{1,2}")
_PARENTHESIS = re.compile(r"[()]")
# The marks of a filter in its own hexadecimal (RFC 4515 §3), which some applications undo first.
_ESCAPED = re.compile(r"\\(00|2[1689aA]|7[cC])")
_LISTING = (
    r"\([&|!](?>(?:[()&|!]{0,8}[A-Za-z][\w;.-]{0,63}[<>~]?=[^()&|!\s][^()]{0,100}){1,8})\){2,8}"
)
_FILTER = re.compile(
    rf"\s{{0,4}}(?:{_LISTING}|\((?:uid|cn|sn|mail|objectclass|objectcategory|samaccountname|memberof|"
    rf"userpassword|givenname|member|ou|dc)[<>~]?=[^()]{{0,100}}\))\s{{0,4}}",
    re.IGNORECASE,
)
_ATTRIBUTE = (
    r"(?:uid|cn|sn|mail|objectclass|objectcategory|samaccountname|memberof|userpassword|givenname|"
    r"member|ou|dc|userprincipalname|useraccountcontrol|unicodepwd|department|manager|uidnumber|"
    r"gidnumber|homedirectory|loginshell|pwdlastset|admincount|serviceprincipalname|"
    r"telephonenumber|displayname|employee(?:id|number|type)|l|o|c|st)"
)
_ASKED = rf"{_ATTRIBUTE}(?:[;:][\w.;:-]{{0,60}})?[<>~]?="
# An operator with its condition, for a list that the value stands in; two filters, where one is
# meant; a filter that asks a secret.
_LIST = re.compile(
    rf"\s{{0,4}}(?:[&|!]\s?\({_ASKED}[^()]{{1,100}}\)?\s{{0,4}}\Z|"
    rf"\({_ASKED}[^()]{{1,100}}\)\s?\([&|!]?\s?\(?{_ASKED}|"
    r"\([&|!].{0,400}?\((?:userpassword|unicodepwd|ntpassword|lmpassword|ms-mcs-admpwd)[<>~]?=)",
    re.IGNORECASE,
)
# Nobody counts by these: `a) (n=5)`.
_OWN = re.compile(
    r"\(\s?(?:uid|cn|sn|mail|objectclass|objectcategory|samaccountname|memberof|userpassword|givenname|"
    r"unicodepwd|userprincipalname|useraccountcontrol)[;:<>~]?[\w;.:-]{0,60}[<>~:]?=",
    re.IGNORECASE,
)
_CUT_OFF = re.compile(r"\s{0,4}\([&|]\s?(?:\([A-Za-z][\w;.-]{0,63}[<>~]?=[^()]{1,100}\)\s?){1,8}\Z")
_MOST_MARKS: Final = 1000
_MOST_LEFT: Final = 64
"""Conditions that a text may leave without doing anything, before it is left alone."""
_SMILEY = re.compile(r"[:;=8][-^'o]?$")


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would do as the value of a condition `(attribute=text)`."""
    if "\\" in text:
        text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    if "*" in text and _FILTER.fullmatch(text):
        return verdict("ldap.filter", 5, text)
    listed = _CUT_OFF.match(text) or _LIST.match(text)
    if listed:
        return verdict("ldap.filter", 5, listed[0])
    depth = left = 0
    for mark in islice(_PARENTHESIS.finditer(text), _MOST_MARKS):
        if mark[0] == "(":
            depth += 1
            continue
        depth -= 1
        if depth >= 0:
            continue
        depth = 0
        position = mark.start()
        found = None if _is_smile(text, position) else _after(text, position)
        left += 1
        if found is not None or left == _MOST_LEFT:
            return found
    nested = _NESTED.search(text)
    if nested and text.lstrip()[:1] != "(":
        return verdict("ldap.nested", 6, nested[0])
    probe = _PROBE.search(text)
    return verdict("ldap.probe", 6, probe[0]) if probe else None


def _is_smile(text: str, position: int) -> bool:
    """Whether a parenthesis is a mouth, and no condition follows without a blank between."""
    if not _SMILEY.search(text, max(0, position - 2), position):
        return False
    return not text.startswith("(", position + 1) or _after(text, position) is None


def _after(text: str, position: int) -> Judgement | None:
    """What follows a parenthesis that closes the condition around the text."""
    evidence = text[max(0, position - 8) : position + 80]
    if _TRUNCATED.match(text, position):
        return verdict("ldap.truncation", 8, evidence)
    closed = _CLOSED.match(text, position)
    if closed is not None:
        # `a) (n=5)` is how people count: without operator or wildcard nothing may stand between.
        loose = " " in closed[0][:-1].split("(")[0] and closed["op"] is None
        if not loose or "*" in text or _OWN.match(closed["condition"]):
            return verdict("ldap.condition", 9 if "*" in text or closed["op"] else 7, evidence)
        return None
    return verdict("ldap.operator", 8, evidence) if _LISTED.match(text, position) else None


DETECTOR = Detector(
    family="ldap",
    rules=RULES,
    triggers=(
        r"\\29(?:\\|\()|\\2a\\29|^\s{0,4}(?:\((?:[&|!]\s?\(|[a-z]{2,20}=)|[&|!]\s?\([a-z])",
        (
            r"\)\s{0,4}\(:[\w.:-]{2,63}:=|"
            r"\)\s{0,4}\({0,2}[&|!]?\s{0,4}\([(\s]{0,3}(?:[a-z]|\d+\.)[\w;.-]{0,63}"
            r"(?::[\w.:-]{0,63})?\s?[<>~:]?="
        ),
        r"\)\s{0,4}\([(\s]{0,4}[&|!]\s{0,4}(?:[()]|$|[a-z][\w;.-]{0,63}\s?[<>~]?=)",
        r"\)\s{0,4}[&|!]\s{0,4}\(",
        r"[*\w]\s?\(\s?[&|!]\s?\([a-z]",
        r"\*\s?\(\s?\)\s?[|&]",
        r"\)\s{0,4}\x00",
    ),
    judge=judge,
)
