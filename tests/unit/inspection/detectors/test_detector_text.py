"""What the judges share."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors._text import reads_as_prose, strongest, strongest_of, verdict


@pytest.mark.parametrize(
    "text",
    [
        "I started the server and then opened the page in my browser.",
        "Die Seite zeigt mir die Einstellungen an, aber ich komme nicht hinein",
        "请打开这个页面然后点击登录按钮就可以看到所有的内容了谢谢大家",
    ],
)
def test_sentences_are_prose(text: str) -> None:
    assert reads_as_prose(text)


@pytest.mark.parametrize("text", ["", "x' or 'a'='a", "a(b, c); d = e; f()", "one two three four"])
def test_code_and_few_words_are_not(text: str) -> None:
    assert not reads_as_prose(text)


def test_evidence_is_short() -> None:
    assert verdict("x.y", 5, "a" * 500).evidence == "a" * 120


def test_the_strongest_is_the_first_of_equals() -> None:
    low, high, late = verdict("a", 3, ""), verdict("b", 7, ""), verdict("c", 7, "")
    assert strongest((low, None, high, late)) is high
    assert strongest(()) is None


def test_looks_apply_by_what_a_text_holds() -> None:
    looks = ((("abc", "xyz"), lambda text: verdict("a", 5, text)),)
    assert strongest_of(looks, "-XYZ-") == ("a", 5, "-XYZ-")
    assert strongest_of(looks, "other") is None
