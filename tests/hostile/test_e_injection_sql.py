"""Hostile case B-116: SQL injection under every coding and in every place."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from tests.support.codings import (
    PLACES,
    Coding,
    base64_of,
    escaped,
    hexadecimal_references,
    twice,
    wide,
)
from tests.support.shared import shared_vectors
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.sql import DETECTOR
from vallum.inspection.model import Location

SUSPECTS = Suspects(DETECTOR)
LEAST = 0.97
"""The share of known injection strings that must be stopped."""
MOST = 0.01
"""The share of texts that look like injections that may be."""


CODINGS: tuple[Coding, ...] = (
    str,
    quote,
    twice,
    escaped,
    hexadecimal_references,
    wide,
    base64_of,
    str.swapcase,
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "1/**/uNiOn/**/sElEcT/**/1,2",
        "admin' or 1=1-- ",
        "1' and 1=(select 1 from pg_sleep(5))-- ",
        "1' and sleep(5) and '1'='1",
        "x'; exec xp_dirtree '//h/x'-- ",
        "1 union select 0x61646d696e,2",
    ],
)
def test_b116_sqli_enc_is_stopped_everywhere(place: Location, coding: Coding, text: str) -> None:
    assert SUSPECTS.score(coding(text), place) >= STOPS


@pytest.mark.parametrize("text", ["%27%20or%201=1", "＇ or 1=1", "\\u0027 or 1=1", "ʼ or 1=1"])
def test_b116_sqli_enc_as_the_case_lists_it(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


def test_b116_sqli_enc_in_the_name_of_a_field() -> None:
    assert SUSPECTS.score("id' or '1'='1", "body", is_name=True) >= STOPS


def test_b116_sqli_enc_in_a_document_within_a_string() -> None:
    document = json.dumps({"filter": json.dumps({"name": "x' union select 1,2-- "})})
    assert SUSPECTS.score(document, "body") >= STOPS


def _lines(path: Path) -> list[str]:
    lines = path.read_text("utf-8", "replace").splitlines()
    return [unquote_plus(line) for line in lines if line and not line.startswith("#")]


def test_b116_sqli_enc_known_strings_are_stopped() -> None:
    folder = shared_vectors() / "attacks" / "libinjection"
    # Every eighth string of each file: a few seconds are enough.
    texts = [text for path in sorted(folder.glob("sqli-*")) for text in _lines(path)[::8]]
    stopped = sum(SUSPECTS.score(text[:4096]) >= STOPS for text in texts)
    assert len(texts) > 1_000
    assert stopped / len(texts) >= LEAST


def test_b116_sqli_enc_look_alikes_pass() -> None:
    path = shared_vectors() / "benign" / "libinjection_false_positives.txt"
    texts = _lines(path)
    stopped = [text for text in texts if SUSPECTS.score(text) >= STOPS]
    assert len(stopped) / len(texts) <= MOST, stopped
