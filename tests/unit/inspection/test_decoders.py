"""Layers of coding, peeled off one after another."""

from __future__ import annotations

import base64
from html import unescape
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.inspection.decoders import base64 as base64_decoder
from vallum.inspection.decoders import escapes, html, unicode, url
from vallum.inspection.decoders.layers import DEPTH, peel

ATTACK = "' or 1=1 --"


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ("%27", "'"),
        ("%u0027", "'"),
        ("%U0027", "'"),
        ("%e2%82%ac", "€"),
        ("%c0%af", "/"),
        ("%e0%80%af", "/"),
        ("%c0%27", "\ufffd'"),
        ("%c0%2e%c0%2f%c1%1c", "./\\"),
        ("%f0%80%80%af%f8%80%80%80%ae%fc%80%80%80%80%bc", "/.<"),
        ("%f0%9f%98%80", "😀"),
        ("100% sure", "100% sure"),
        ("%zz%2", "%zz%2"),
        ("%f4%90%80%80", "\ufffd\ufffd\ufffd\ufffd"),
    ],
)
def test_percent_encoding(coded: str, plain: str) -> None:
    assert url.decode(coded) == plain


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        ("&lt;b&gt;", "<b>"),
        ("&#60;", "<"),
        ("&#x3c", "<"),
        ("&#0000060;", "<"),
        ("&Tab;", "\t"),
        ("AT&T", "AT&T"),
    ],
)
def test_character_references(coded: str, plain: str) -> None:
    assert html.decode(coded) == plain


@pytest.mark.parametrize(
    ("coded", "plain"),
    [
        (r"\u0027", "'"),
        (r"\u{27}", "'"),
        (r"\x27", "'"),
        (r"\047", "'"),
        (r"\74b\76", "<b>"),
        (r"\89 \9", r"\89 \9"),
        (r"\"\/", '"/'),
        (r"a\r\nb", "a\r\nb"),
        (r"\ud83d\ude00", "\ufffd\ufffd"),
        (r"\u{110000}", "\ufffd"),
        (r"\w+\d", r"\w+\d"),
    ],
)
def test_backslash_escapes(coded: str, plain: str) -> None:
    assert escapes.decode(coded) == plain


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("＇ ｏｒ １＝１", "' or 1=1"),
        ("＜ｓｃｒｉｐｔ＞", "<script>"),
        ("\u02bc or 1=1", "' or 1=1"),
        ("s\u0441ript", "script"),
        ("Größe", "Größe"),
        ("Привет, мир", "Привет, мир"),
        ("naïve café", "naïve café"),
    ],
)
def test_look_alikes(sent: str, read: str) -> None:
    assert unicode.fold(sent) == read


def test_what_nobody_sees_is_dropped() -> None:
    assert unicode.reveal("scr\u200bi\u00adpt\x00") == "script"


def test_base64_is_undone_where_it_is_text() -> None:
    coded = base64.b64encode(ATTACK.encode() * 2).decode()
    assert base64_decoder.decode(f"data:text/plain;base64,{coded}").endswith(ATTACK)
    assert base64_decoder.decode(coded.rstrip("=")) == ATTACK * 2
    urlsafe = base64.urlsafe_b64encode(b"<svg onload=alert(1)>>>???").decode()
    assert base64_decoder.decode(urlsafe) == "<svg onload=alert(1)>>>???"


@pytest.mark.parametrize(
    "text",
    ["0f8fad5bd9cb469fa16570867728950e", "AKIAIOSFODNN7EXAMPLE", "/usr/share/dictionary/words"],
)
def test_identifiers_are_no_base64(text: str) -> None:
    assert base64_decoder.decode(text) == text


@pytest.mark.parametrize(
    ("sent", "layers"),
    [
        (quote(ATTACK), ("url",)),
        (quote(quote(ATTACK)), ("url", "url")),
        (quote("&#39; or 1=1 --"), ("url", "html")),
        ("".join(f"\\u{ord(c):04x}" for c in ATTACK), ("escapes",)),
        (base64.b64encode(quote(ATTACK).encode()).decode(), ("base64", "url")),
        (quote("＇ ｏｒ １＝１ ——".replace("——", "--")), ("url", "unicode")),
    ],
)
def test_layers_are_peeled_and_named(sent: str, layers: tuple[str, ...]) -> None:
    assert (ATTACK, layers) in peel(sent)


def test_no_more_layers_than_the_depth() -> None:
    deep = ATTACK
    for _ in range(DEPTH + 1):
        deep = quote(deep)
    assert ATTACK not in [view.text for view in peel(deep)]
    assert max(len(view.layers) for view in peel(deep)) == DEPTH


def test_plain_text_has_no_other_reading() -> None:
    assert peel("having friends over is nice") == []


@given(
    st.text(alphabet=st.sampled_from("%0123456789abcdefu&#x;\\<>'\"=+/é＜\u200b "), max_size=200)
)
def test_peeling_is_bounded(text: str) -> None:
    views = peel(text)
    assert len(views) <= 10
    assert all(len(view.text) <= 2 * len(text) + 64 for view in views)
    assert len({view.text for view in views} | {text}) == len(views) + 1


@pytest.mark.parametrize("filling", ["\ufdfa", "\u3316", "\u2026", "&#xfdfa;", "%ef%b7%ba"])
def test_characters_that_stand_for_phrases_hide_nothing_beside_them(filling: str) -> None:
    """What NFKC makes long must not make a whole text too long to look at."""
    wide = "".join(chr(ord(char) + 0xFEE0) for char in "'or'")
    found = [view.text for view in peel(filling * 60 + wide)]
    assert any("'or'" in text for text in found)
    assert all(len(text) <= 4 * len(filling * 60 + wide) + 64 for text in found)


def test_peeling_ends_where_the_caller_says_so() -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        peel("%27", check=stop)


@pytest.mark.parametrize(
    "text",
    [
        "&lt",
        "&ltx;",
        "&notit;",
        "&notin;",
        "&am",
        "&#x110000;",
        "&#0;",
        "&#x80",
        "&Aacute1",
        "&a;&;&",
    ],
)
def test_references_are_undone_as_html_has_them(text: str) -> None:
    assert html.decode(text) == unescape(text)
