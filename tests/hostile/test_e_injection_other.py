"""Hostile cases B-104, B-113, B-115, B-121, B-123: injection into what is neither SQL nor HTML."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from tests.support.codings import PLACES, Coding, base64_of, escaped, references, twice, wide
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import (
    crlf,
    formula,
    http,
    ldap,
    nosql,
    scanner,
    session,
    ssrf,
    xml,
    xpath,
)
from vallum.inspection.identifiers import is_canonical_identifier
from vallum.inspection.model import Location

FAMILIES = (crlf, formula, http, ldap, nosql, scanner, session, ssrf, xml, xpath)


CODINGS: tuple[Coding, ...] = (str, quote, twice, escaped, base64_of, references, wide)


@pytest.fixture(scope="module")
def suspects() -> Suspects:
    return Suspects(*(family.DETECTOR for family in FAMILIES))


def _families(suspects: Suspects, text: str, location: Location) -> set[str]:
    found = suspects.judge(text, location)
    return {family for family, judgement in found if judgement.score >= STOPS}


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "text",
    ['{"$ne": null, "a": 1}', "'; return true; var x='", "admin' || 'a'=='a' || 'b'=='c"],
)
def test_b104_operators_in_a_value(
    suspects: Suspects, text: str, coding: Coding, location: Location
) -> None:
    assert "nosql" in _families(suspects, coding(text), location)


@pytest.mark.parametrize("name", ["$ne", "user[$ne]", "user%5B%24gt%5D", "$\\u0077here"])
def test_b104_operators_as_names(suspects: Suspects, name: str) -> None:
    assert suspects.score(name, "body", is_name=True) == 9


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "</name><role>admin</role><name>",
        "]]></name><role>admin</role><name><![CDATA[",
        '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_b113_elements_in_a_value(
    suspects: Suspects, text: str, coding: Coding, location: Location
) -> None:
    assert "xml" in _families(suspects, coding(text), location)


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("*)(uid=*))(|(uid=*", "ldap"),
        ("admin)(|(password=*))", "ldap"),
        ("' or '1'='1' or 'a'='b", "xpath"),
        ("'] | //user/*[contains(*,'", "xpath"),
    ],
)
def test_b115_filters_and_paths(
    suspects: Suspects, text: str, family: str, coding: Coding, location: Location
) -> None:
    assert family in _families(suspects, coding(text), location)


@pytest.mark.parametrize("name", ["ａｄｍｉｎ", "adm\u0131n", "\ufb01le", "stra\u00dfe"])
def test_b121_names_that_fold_into_others(name: str) -> None:
    assert not is_canonical_identifier(name)


@pytest.mark.parametrize("name", ["ad\u200dmin", "ad\u202emin", "\u0430dmin", "acme\u2060"])
def test_b121_names_that_look_like_others(name: str) -> None:
    assert not is_canonical_identifier(name)


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://e.example")', "+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|'/C x'!A0"]
)
def test_b123_formulas(suspects: Suspects, text: str, coding: Coding, location: Location) -> None:
    assert "formula" in _families(suspects, coding(text), location)


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", [str, quote, twice, escaped, base64_of])
def test_b324_lines_of_an_attacker(suspects: Suspects, coding: Coding, location: Location) -> None:
    text = "Robert\r\nSet-Cookie: session=chosen"
    assert "crlf" in _families(suspects, coding(text), location)


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
def test_b307_internal_targets(suspects: Suspects, coding: Coding, location: Location) -> None:
    assert "ssrf" in _families(suspects, coding("http://169.254.169.254/latest/"), location)


@pytest.mark.parametrize(
    "document",
    [
        {"name": "O'Brien & Sons <sales@example.com>", "phone": "+49 30 1234567"},
        {"note": "Attn: front desk\r\nNote: ring twice\r\nThanks"},
        {"webhook": "https://hooks.example.com/v1?id=7#top", "amount": "-12.50"},
        {"bio": "I write if (a && b) {...} all day, and '=' is not '=='; 5 > 3 :)"},
        {"markup": "<p>Hello</p>\n<ul><li>one</li></ul>"},
        {"filter": "(price < 10) and (colour = 'red' or colour = 'blue')"},
        {"path": "C:\\temp\\new", "time": "2026-01-01T10:00:00Z", "agent": "curl/8.4.0"},
    ],
)
def test_documents_of_people_pass(suspects: Suspects, document: dict[str, str]) -> None:
    for name, text in (*document.items(), ("whole", json.dumps(document))):
        assert not _families(suspects, text, "body"), name
