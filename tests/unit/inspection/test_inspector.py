"""The inspector with two small detectors: who is judged, in which readings, under which budget."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from functools import cache
from itertools import chain, count, repeat
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.inspection.inspector import Inspector, TooSuspiciousError, compile_detectors
from vallum.inspection.model import LONGEST_TEXT, Content, Context, Detector, Judgement

judged: list[tuple[str, Context]] = []
elapsed = [0.0]
"""Seconds of processor time: each judgement takes one millisecond."""


def _judge(text: str, context: Context) -> Judgement | None:
    judged.append((text, context))
    elapsed[0] += 0.001
    return Judgement("toy.bad", 7, "evil") if "evil!" in text else None


TOY = Detector(family="toy", triggers=("evil",), judge=_judge, rules={"toy.bad": "evil"})
GADGET = Detector(
    family="deserialisation",
    triggers=("gadget",),
    judge=lambda text, context: Judgement("deserialisation.gadget", 9, "gadget"),
    rules={"deserialisation.gadget": "a gadget"},
)


@cache
def _compiled() -> bytes:
    return compile_detectors((TOY, GADGET))


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector((TOY, GADGET), _compiled(), lambda: elapsed[0])


@pytest.fixture(autouse=True)
def _forget() -> None:
    judged.clear()


def _found(
    inspector: Inspector, texts: Sequence[str], content: Content = "text"
) -> list[tuple[int, str, int, tuple[str, ...]]]:
    found = inspector.inspect(texts, lambda index: Context("body", str(index), content))
    return [(each.text, each.judgement.rule, each.judgement.score, each.layers) for each in found]


def test_silence_costs_no_judge(inspector: Inspector) -> None:
    assert _found(inspector, ["good", "100%25 better", "Größe"]) == []
    assert judged == []


def test_only_texts_that_wake_a_detector_are_judged(inspector: Inspector) -> None:
    texts = [f"good {number}" for number in range(1000)]
    texts[617] = "evil!"

    assert _found(inspector, texts) == [(617, "toy.bad", 7, ())]
    assert [context.name for _, context in judged] == ["617"]


def test_a_waking_word_is_not_a_verdict(inspector: Inspector) -> None:
    assert _found(inspector, ["medieval evil"]) == []
    assert len(judged) == 1


def test_coded_text_is_judged_in_its_readings(inspector: Inspector) -> None:
    sent = quote(quote("evil!", safe=""), safe="").replace("evil", "%65vil")

    assert (0, "toy.bad", 7, ("url",)) in _found(inspector, ["%65vil!"])
    assert any(layers == ("url", "url") for *_, layers in _found(inspector, [sent]))


@pytest.mark.parametrize("sent", ["ev\u0131l!", "evil\uff01"])
@pytest.mark.parametrize("others", [0, 40])
def test_b121_a_text_is_also_judged_as_its_typography_reads(
    inspector: Inspector, sent: str, others: int
) -> None:
    texts = [sent, *["tan\u0131\u015ft\u0131k, \u201calles gut\u201d"] * others]

    assert _found(inspector, texts) == [(0, "toy.bad", 7, ("unicode",))]


def test_typography_alone_is_not_looked_at_twice(inspector: Inspector) -> None:
    assert _found(inspector, ["tan\u0131\u015ft\u0131k \u2013 \u201calles gut\u201d\uff0c"]) == []
    assert judged == []


_CODED = st.lists(
    st.sampled_from(
        [
            *(
                "evil!",
                "%65vil!",
                "%2565vil!",
                "&#101;vil!",
                "\\x65vil!",
                "\uff45vil!",
                "\u0435vil!",
            ),
            *(
                "%26%23101;vil!",
                "aXQgaXMgZXZpbCEgeWVz",
                "e\u200bvil!",
                "\u0435%76il!",
                "ev\u0131l!",
            ),
            *(
                "plain",
                "Gr\xf6\xdfe",
                "\u0441at \u2019s",
                "tan\u0131\u015ft\u0131k",
                "100%25",
                "\n",
                " ",
            ),
        ]
    ),
    max_size=3,
).map("".join)


@given(texts=st.lists(_CODED, min_size=7, max_size=30))
def test_many_coded_texts_are_judged_as_each_alone(texts: list[str]) -> None:
    inspector = Inspector((TOY, GADGET), _compiled(), lambda: 0.0)

    alone = [
        (index, *rest) for index, text in enumerate(texts) for _, *rest in _found(inspector, [text])
    ]

    assert [(index, *rest) for index, *rest in _found(inspector, texts)] == alone


def test_a_long_text_is_judged_in_windows_that_overlap(inspector: Inspector) -> None:
    for start in (0, LONGEST_TEXT - 3, 3 * LONGEST_TEXT - 700, 40_000):
        text = "x" * start + "evil!" + "y" * (50_000 - start)
        assert _found(inspector, [text]) == [(0, "toy.bad", 7, ())], start
        assert all(len(window) <= LONGEST_TEXT for window, _ in judged)


@pytest.mark.parametrize(
    ("content", "scores"),
    [
        ("text", {"toy.bad": 7, "deserialisation.gadget": 9}),
        ("prose", {"toy.bad": 5, "deserialisation.gadget": 7}),
        ("code", {"deserialisation.gadget": 9}),
        ("secret", {}),
    ],
)
def test_content_decides_what_counts(
    inspector: Inspector, content: Content, scores: dict[str, int]
) -> None:
    found = _found(inspector, ["evil! gadget"], content)

    assert {rule: score for _, rule, score, _ in found} == scores


def test_too_many_suspects_are_not_judged_without_end(inspector: Inspector) -> None:
    with pytest.raises(TooSuspiciousError):
        _found(inspector, ["evil"] * 5000)
    assert 24 <= len(judged) <= 26


def test_many_coded_texts_are_not_read_without_end() -> None:
    seconds = count(step=0.001)
    inspector = Inspector((TOY, GADGET), _compiled(), lambda: next(seconds))

    with pytest.raises(TooSuspiciousError):
        _found(inspector, ["%41"] * 5000)
    assert next(seconds) < 0.1, (
        "the clock is asked often, and believed; of a slow processor up to 1.6 times as long"
    )


@pytest.mark.parametrize(("sample", "is_refused"), [(50e-6, True), (90e-6, True), (180e-6, False)])
def test_judging_may_take_as_long_as_the_processor_is_slow(sample: float, is_refused: bool) -> None:
    # Begun; 38 ms spent at the first check; the sample three times; and no time from then on.
    ticks = [0.0, 0.038, *(each for _ in range(3) for each in (0.0, sample))]
    clock = chain(ticks, repeat(0.038))
    inspector = Inspector((TOY, GADGET), _compiled(), lambda: next(clock))

    with pytest.raises(TooSuspiciousError) if is_refused else nullcontext():
        assert len(_found(inspector, ["evil!"] * 8)) == 8


def test_of_a_long_text_only_coded_places_are_judged_again(inspector: Inspector) -> None:
    text = "evil! " * 5000 + "%65vil! " + "good " * 9000

    found = _found(inspector, [text])

    assert (0, "toy.bad", 7, ("url",)) in found
    layers = [context.layers for _, context in judged]
    assert layers.count(()) > 6
    assert layers.count(("url",)) in (1, 2), "windows overlap"


def test_a_large_request_may_take_longer(inspector: Inspector) -> None:
    _found(inspector, ["evil"] * 90 + ["good" * 1000] * 100)
    assert len(judged) == 90


def test_a_separator_within_a_text_changes_nothing(inspector: Inspector) -> None:
    assert _found(inspector, ["a\nevil!\nb", "ev", "il!"]) == [(0, "toy.bad", 7, ())]
