"""Functions of a page that are called by other means than their name and a parenthesis."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import xss_javascript
from vallum.inspection.detectors.xss import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "b=alert,b(2)",
        "let q=eval;q(name)",
        "confirm?.(1)",
        "prompt?.`x`",
        "alert.call(0,2)",
        "eval.apply(0,['x'])",
        "Array.from([3],alert)",
        "requestAnimationFrame(alert)",
        "Promise.resolve(9).then(eval)",
        "'/alert(7)/'",
        "'in alert(7)in'",
        '"instanceof alert(7)+"',
        "'-confirm?.`1`-'",
    ],
)
def test_sinks_by_other_means_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "level=alert, channel=mail",
        "mode = eval; batch = 8",
        "severity=alert;count(5)",
        "alerts.push(alert)",
        "then (alert) the nurse",
        "from(alert)",
        "Is this an alert?. Yes (1)",
        "'in stock' or 'sold out'",
        "'/docs/' or '/blog/'",
    ],
)
def test_settings_and_sentences_with_their_names_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        '"><i>here',
        "'\"><zz a=1>",
        "</script>",
        "--></TITLE >",
        "'/><h2>owned</h2>",
        'a"> text <b>x',
        '"></select><p>',
    ],
)
def test_markup_behind_a_tag_that_the_text_ends_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '"Ann, B." <ann@mail.example>',
        '<a title="x"><i>y</i></a>',
        'say "a" > "b", and <c> too',
        '6" > 5" and 4 < 5',
        "he said 'go'; <smiles>",
        "</sarcasm>",
        "</p>",
        "`</script>`",
        '"</title>"',
        "close it with </script>",
    ],
)
def test_quotes_and_brackets_of_other_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


def test_blanks_before_what_closes_nothing_are_read_once() -> None:
    """They were read from each of them again: minutes for a text of this length."""
    blanks = "\n" * 200_000
    assert not xss_javascript._CLOSES.match(f"{blanks}x y")
    assert xss_javascript._CLOSES.match(f"{blanks}x );")
    assert xss_javascript._CLOSES.match(" */")
