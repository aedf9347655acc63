"""The corpora that inspection is measured with: large enough, complete, and always the same."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import unquote

import pytest

from efficacy.attacks import FAMILIES, attacks, payloads
from efficacy.benign import benign
from efficacy.contract import ANNOTATED, contract
from efficacy.encodings import ENCODINGS, escapes, full_width, grammar, html, url, url_twice
from efficacy.model import LOCATIONS, Sample
from efficacy.places import PLACES, json_bytes
from efficacy.texts import KINDS, texts

EXPECTED_FAMILIES = {
    *("code", "crlf", "deserialisation", "formula", "http", "ldap", "nosql", "path", "prototype"),
    *("scanner", "shell", "sql", "ssrf", "template", "xml", "xpath", "xss"),
}


@pytest.fixture(scope="module")
def all_attacks() -> list[Sample]:
    return [sample for family in FAMILIES for sample in attacks(family)]


@pytest.fixture(scope="module")
def all_benign() -> list[Sample]:
    return benign()


def test_every_family_has_at_least_40_independent_payloads() -> None:
    assert set(FAMILIES) == EXPECTED_FAMILIES
    for family in FAMILIES:
        found = [payload.text for payload in payloads(family)]
        assert len(found) >= 40, family
        assert len(set(found)) == len(found), family


def test_no_payload_stands_in_two_families() -> None:
    counts = Counter(payload.text for family in FAMILIES for payload in payloads(family))
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_coding_and_every_place_occurs(all_attacks: list[Sample]) -> None:
    assert {sample.encoding for sample in all_attacks} == set(ENCODINGS)
    assert {sample.location for sample in all_attacks} == set(LOCATIONS) == set(PLACES)
    assert min(Counter(sample.location for sample in all_attacks).values()) >= 300
    assert min(Counter(sample.encoding for sample in all_attacks).values()) >= 500


def test_both_halves_of_every_family_are_worth_measuring(all_attacks: list[Sample]) -> None:
    counts = Counter((sample.family, sample.half) for sample in all_attacks)
    assert len(counts) == 2 * len(FAMILIES)
    assert min(counts.values()) >= 50


def test_a_payload_is_in_one_half_only(all_attacks: list[Sample]) -> None:
    halves: dict[str, set[str]] = {}
    for sample in all_attacks:
        halves.setdefault(sample.text, set()).add(sample.half)
    assert [text for text, found in halves.items() if len(found) > 1] == []


def test_there_are_at_least_5000_benign_requests(all_benign: list[Sample]) -> None:
    assert len(all_benign) >= 5_000
    assert {sample.family for sample in all_benign} == {*KINDS, "composed"}
    assert not any(sample.is_attack for sample in all_benign)


def test_benign_texts_are_in_at_least_six_scripts_and_languages() -> None:
    prose = "".join(texts("prose"))
    for letter in ("ü", "ç", "¿", "ż", "З", "の", "请", "주", "ط", "ह", "ã"):
        assert letter in prose, letter


def test_no_request_occurs_twice(all_attacks: list[Sample], all_benign: list[Sample]) -> None:
    raw = [sample.raw() for sample in (*all_attacks, *all_benign)]
    assert len(set(raw)) == len(raw)


def test_every_run_makes_the_same_requests(
    all_attacks: list[Sample], all_benign: list[Sample]
) -> None:
    assert benign() == all_benign
    again = [*attacks("shell"), *attacks("xss")]
    assert again == [sample for sample in all_attacks if sample.family in ("shell", "xss")]


def test_every_message_has_one_host_and_the_right_length(all_benign: list[Sample]) -> None:
    for sample in all_benign[::50]:
        head, _, body = sample.raw().partition(b"\r\n\r\n")
        assert head.lower().count(b"\r\nhost: ") == 1
        if body:
            assert b"\r\nContent-Length: %d" % len(body) in head


@pytest.mark.parametrize("text", ["' OR 1=1--", "<script>alert(1)</script>", "a&b|c;d"])
def test_codings_can_be_undone(text: str) -> None:
    assert unquote(url(text)) == text
    assert unquote(unquote(url_twice(text))) == text
    assert html(text) != text != full_width(text)
    assert escapes(text).encode().decode("unicode_escape") == text


def test_case_and_comments_leave_what_is_quoted() -> None:
    changed = grammar("1 UNION SELECT 'Ab c' FROM t", "sql")
    assert changed is not None
    assert "'Ab c'" in changed
    assert changed.upper().split("'")[0] != "1 UNION SELECT "
    assert grammar("no grammar", "formula") is None


@pytest.mark.parametrize("value", [{"a'b": ["<x>", 1, None]}, {"é😀": '\u2028\\"'}])
def test_json_with_escapes_means_the_same(value: object) -> None:
    coded = json_bytes(value, escaped=True)
    assert b"<" not in coded
    assert b"\\u" in coded
    assert json.loads(coded) == json.loads(json_bytes(value)) == value


def test_only_annotated_fields_say_what_they_are_for() -> None:
    text = json.dumps(contract())
    assert text.count("x-vallum") == len(ANNOTATED)
    assert "pattern" not in text
    assert "enum" not in text
