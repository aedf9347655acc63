"""Values that leave a string of an XPath expression, and paths that read it all."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xpath import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("' or '1'='1", "xpath.tautology"),
        ('" or "a"="a', "xpath.tautology"),
        ("') or ('1'='1", "xpath.tautology"),
        ("x' or name()='x", "xpath.probe"),
        ("' and string-length(//user[1]/password)=5 or '", "xpath.probe"),
        ("' or //user or 'a'='b", "xpath.probe"),
        ("' or .='' or '", "xpath.probe"),
        ("'] | //user/*[contains(*,'", "xpath.predicate"),
        ("x']/../*", "xpath.predicate"),
        ("count(//user)", "xpath.count"),
        ("//a/ancestor::*", "xpath.axis"),
        ("doc('http://evil.example/x')", "xpath.document"),
        ("collection('file:///etc')", "xpath.document"),
    ],
)
def test_paths_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        "choose 'yes' or 'no'",
        "'foo' and 'bar' = 'baz'",
        "It's 5 o'clock and all is well",
        "//div[@id='main']",
        "std::string::npos",
        "self::create() and parent::method()",
        "//TODO: count(items) / 2",
        "a[b['c']]/d",
        'doc("readme")',
        "document('x')",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_path_in_a_sentence_is_a_trace() -> None:
    text = "To see how many users there are in the whole document we ask for count(//user) first."
    assert 0 < SUSPECTS.score(text, "body") < STOPS
