"""The arithmetic of the tables, and the document made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from efficacy.corpora import Corpus
from efficacy.document import document
from efficacy.engines.base import Judged, Verdict
from efficacy.engines.vallum_inside import VallumInside
from efficacy.measurement import Results, Seen
from efficacy.micro import Cost, gets, posts
from efficacy.misses import misses
from efficacy.model import Sample
from efficacy.rates import Rate, balanced_accuracy, rate, rates_by
from efficacy.worst import SIZE, Input, Worst

DOCUMENT = Path(__file__).parents[3] / "docs" / "efficacy.md"


def sample(number: int, *, is_attack: bool) -> Sample:
    corpus = "own attacks" if is_attack else "own benign"
    family = "sql" if number % 2 else "xss"
    return Sample(
        is_attack=is_attack,
        corpus=corpus,
        family=family,
        location="query",
        half="held-out" if number % 4 else "development",
        text=f"text {number}",
        target=f"/{number}",
    )


def seen(count: int, stopped: int, *, is_attack: bool, cpu_us: float = 10.0) -> Seen:
    verdicts = [Verdict(index < stopped, "rule") for index in range(count)]
    samples = [sample(index, is_attack=is_attack) for index in range(count)]
    return Seen(samples=samples, judged=Judged(verdicts, cpu_us))


def test_rates_count_what_was_stopped() -> None:
    assert rate([Verdict(True), Verdict(False), Verdict(True)]) == Rate(2, 3)
    assert Rate(1, 4).share == 0.25
    assert [Rate(1, 4).text(), Rate(1, 1000).text(), Rate(0, 9).text()] == [
        "25.0 %",
        "0.10 %",
        "0.0 %",
    ]


def test_nothing_has_no_share() -> None:
    assert Rate(0, 0).text() == "–"
    with pytest.raises(ValueError, match="no share"):
        _ = Rate(0, 0).share


def test_balanced_accuracy_is_the_mean_of_both_successes() -> None:
    assert balanced_accuracy(Rate(9, 10), Rate(1, 10)) == pytest.approx(0.9)
    assert balanced_accuracy(Rate(10, 10), Rate(10, 10)) == pytest.approx(0.5)
    assert balanced_accuracy(Rate(1, 2), Rate(0, 7)) == pytest.approx(0.75)


def test_groups_are_counted_apart() -> None:
    given = seen(10, 3, is_attack=True)
    groups = rates_by(lambda each: each.family, given.samples, given.verdicts)
    assert groups == {"sql": Rate(1, 5), "xss": Rate(2, 5)}


def test_misses_tell_only_of_the_half_that_was_asked_for() -> None:
    given = seen(8, 0, is_attack=True)
    lines = "\n".join(misses(given.samples, given.verdicts, half="development"))
    assert "text 4" in lines
    assert "text 5" not in lines


def test_engines_are_compared_on_what_both_saw() -> None:
    results = Results(corpora=[], versions={}, skipped={})
    results.seen["a"] = {"own attacks": seen(10, 5, is_attack=True)}
    results.seen["b"] = {"own attacks": seen(6, 4, is_attack=True)}
    assert results.difference("b", "a") == (1, 6)


def test_the_document_has_all_parts() -> None:
    given = {
        "own attacks": seen(40, 39, is_attack=True, cpu_us=100),
        "own benign": seen(40, 1, is_attack=False, cpu_us=50),
    }
    corpora = [
        Corpus(name=name, source="a source", samples=each.samples, for_peers=10)
        for name, each in given.items()
    ]
    results = Results(corpora=corpora, versions={"Vallum": "vallum 1"}, skipped={"x": "not here"})
    results.seen["Vallum"] = given
    cost = Cost(what="GET", inspection_us=5.0, whole_us=50.0, peer_us=500.0, call_ns=43.0)
    worst = Worst(Input(("a",), "texts", 8), 1.5, 3)
    text = document(results, [cost], [worst])
    assert "97.5 %" in text
    assert "| 75 |" in text.replace("  ", "")
    assert "100 ×" in text
    assert "x was skipped: not here" in text
    assert headings(text) == headings(DOCUMENT.read_text()) - FOREIGN


FOREIGN = {
    "### Stopped of corpora that others made",
    "### Requests that a rule of paranoia level 1 must find: stopped",
    "### Of rules that the installed rule set does not know (level unknown): stopped",
    "### Of rules of higher levels: stopped",
}
"""Tables of corpora that are not in this repository."""


def headings(text: str) -> set[str]:
    return {line for line in text.splitlines() if line.startswith("#")}


def test_the_document_that_is_kept_names_all_engines_and_corpora() -> None:
    text = DOCUMENT.read_text()
    for name in ("libmodsecurity + CRS", "nginx + ModSecurity + CRS", "Vallum, as a gateway"):
        assert f"- {name}" in text, name
    for corpus in ("own attacks", "own benign", "pygithub", "look-alikes", "rule set"):
        assert f"| {corpus} |" in text, corpus
    assert headings(text) >= FOREIGN


def test_measured_requests_never_repeat() -> None:
    for samples in (gets(300), posts(300)):
        assert len({each.raw() for each in samples}) == 300
    assert {len(each.body) for each in posts(300)} == {250}


@pytest.mark.parametrize("shape", ["texts", "names", "form"])
@pytest.mark.parametrize("length", [8, 400, 15_000])
def test_expensive_inputs_are_as_large_as_stated(shape: str, length: int) -> None:
    body = Input(("<b>", "é%41"), shape, length).request().body
    assert 0.75 * SIZE < len(body) <= 1.1 * SIZE


def test_a_good_request_passes_and_a_broken_one_is_stopped() -> None:
    good = sample(1, is_attack=False)
    broken = Sample(is_attack=True, corpus="own", family="http", target="/a%00b")
    with VallumInside().open() as judge:
        judged = judge([good, broken])
    assert [verdict.stopped for verdict in judged.verdicts] == [False, True]
    assert judged.verdicts[1].by == "target.path-control"
    assert judged.cpu_us > 0
