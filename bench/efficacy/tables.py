"""Results as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from efficacy.engines.base import Verdict
from efficacy.measurement import Results, Seen
from efficacy.micro import Cost
from efficacy.model import LOCATIONS, Sample
from efficacy.rates import Rate, balanced_accuracy, rate, rates_by
from efficacy.worst import Worst
from report import Table

VALLUM = "Vallum"
LIBRARY = "libmodsecurity + CRS"
ATTACKS, BENIGN, RULE_SET = "own attacks", "own benign", "rule set"
_NOTHING = "–"


def _pairs(seen: Seen) -> Iterable[tuple[Sample, Verdict]]:
    return zip(seen.samples, seen.verdicts, strict=True)


def _rate(seen: Seen | None, wanted: Callable[[Sample], bool] = lambda _: True) -> Rate:
    if seen is None:
        return Rate(0, 0)
    return rate(verdict for sample, verdict in _pairs(seen) if wanted(sample))


def overall(results: Results) -> Table:
    """The one table: every engine on the corpora of this repository."""
    rows = []
    for engine, seen in results.seen.items():
        rows.append(_overall_row(engine, seen, lambda _: True))
        if engine == VALLUM:
            held_out = _overall_row(engine, seen, lambda sample: sample.half == "held-out")
            rows.append([f"{engine}, held-out half", *held_out[1:-1], _NOTHING])
        rows.append(
            [
                f"{engine}, attacks in plain text only",
                *_overall_row(engine, seen, lambda s: s.encoding == "plain" or not s.is_attack)[
                    1:-1
                ],
                _NOTHING,
            ]
        )
    return Table(
        title="Own corpora",
        columns=["engine", "attacks", "true positives", "benign", "false positives",
                 "balanced accuracy", "CPU µs per request"],
        rows=rows,
    )  # fmt: skip


def _overall_row(engine: str, seen: dict[str, Seen], wanted: Callable[[Sample], bool]) -> list[str]:
    positives, negatives = _rate(seen[ATTACKS], wanted), _rate(seen[BENIGN], wanted)
    shown = [seen[ATTACKS], seen[BENIGN]]
    requests = sum(len(each.samples) for each in shown)
    cpu = sum(each.judged.cpu_us * len(each.samples) for each in shown) / requests
    return [
        engine,
        f"{positives.total:,}",
        positives.text(),
        f"{negatives.total:,}",
        negatives.text(),
        f"{balanced_accuracy(positives, negatives) * 100:.1f} %",
        f"{cpu:,.0f}",
    ]


def _by(
    results: Results,
    corpus: str,
    key: Callable[[Sample], str],
    *,
    title: str,
    first: str,
    order: Iterable[str] = (),
) -> Table:
    mine = results.seen[VALLUM][corpus]
    groups = rates_by(key, mine.samples, mine.verdicts)
    held_out = [pair for pair in _pairs(mine) if pair[0].half == "held-out"]
    unseen = rates_by(key, [p[0] for p in held_out], [p[1] for p in held_out])
    peers = results.seen.get(LIBRARY, {}).get(corpus)
    theirs = rates_by(key, peers.samples, peers.verdicts) if peers else {}
    known = [name for name in order if name in groups]
    rows = [
        [
            name,
            f"{groups[name].total:,}",
            groups[name].text(),
            unseen.get(name, Rate(0, 0)).text(),
            theirs.get(name, Rate(0, 0)).text(),
        ]
        for name in [*known, *(name for name in groups if name not in known)]
    ]
    columns = [first, "requests", "Vallum", "Vallum, held-out half", LIBRARY]
    return Table(title=title, columns=columns, rows=rows)


def _told(sample: Sample) -> str:
    """Whether Vallum knows something of a benign request that its peers cannot be told."""
    return "some annotated" if sample.target == "/documents" else "plain strings only"


def own_tables(results: Results) -> list[Table]:
    """What was stopped of the own corpora, group by group."""
    return [
        _by(results, ATTACKS, lambda s: s.family, title="Attacks stopped, by family",
            first="family"),
        _by(results, ATTACKS, lambda s: s.encoding, title="Attacks stopped, by coding",
            first="coding"),
        _by(results, ATTACKS, lambda s: s.location, title="Attacks stopped, by place",
            first="place", order=LOCATIONS),
        _by(results, BENIGN, _told, title="Benign requests stopped, by what the contract says",
            first="fields"),
        _by(results, BENIGN, lambda s: s.family, title="Benign requests stopped, by kind of text",
            first="kind"),
    ]  # fmt: skip


def foreign(results: Results) -> Table:
    """Corpora that others made."""
    rows = []
    for corpus in results.corpora:
        if corpus.name in (ATTACKS, BENIGN, RULE_SET):
            continue
        cells = [corpus.name, "attacks" if corpus.samples[0].is_attack else "benign"]
        cells.append(f"{len(corpus.samples):,}")
        cells += [
            _rate(seen.get(corpus.name)).text()
            for engine, seen in results.seen.items()
            if engine != "Vallum, as a gateway"
        ]
        rows.append(cells)
    names = [engine for engine in results.seen if engine != "Vallum, as a gateway"]
    columns = ["corpus", "what", "requests", *names]
    return Table(title="Stopped of corpora that others made", columns=columns, rows=rows)


def rule_set(results: Results) -> list[Table]:
    """Positives of the Core Rule Set's own tests."""
    if RULE_SET not in results.seen[VALLUM]:
        return []
    mine = results.seen[VALLUM][RULE_SET]
    theirs = results.seen.get(LIBRARY, {}).get(RULE_SET)
    tables = []
    for level, title in (
        ("1", "Requests that a rule of paranoia level 1 must find: stopped"),
        ("unknown", "Of rules that the installed rule set does not know (level unknown): stopped"),
        ("higher", "Of rules of higher levels: stopped"),
    ):
        rows = [
            [
                family,
                f"{(found := _rate(mine, _at(family, level))).total:,}",
                found.text(),
                _rate(theirs, _at(family, level)).text(),
            ]
            for family in sorted({sample.family for sample in mine.samples})
            if _rate(mine, _at(family, level)).total
        ]
        columns = ["family", "requests", VALLUM, LIBRARY]
        tables.append(Table(title=title, columns=columns, rows=rows))
    return tables


def _at(family: str, level: str) -> Callable[[Sample], bool]:
    def wanted(sample: Sample) -> bool:
        is_higher = sample.level not in ("1", "unknown")
        return sample.family == family and (
            is_higher if level == "higher" else sample.level == level
        )

    return wanted


def cost_table(costs: Iterable[Cost]) -> Table:
    """What inspection costs alone."""
    rows = [
        [
            cost.what,
            f"{cost.inspection_us:,.1f}",
            f"{cost.whole_us:,.1f}",
            _NOTHING if cost.peer_us is None else f"{cost.peer_us:,.0f}",
            _NOTHING if cost.ratio is None else f"{cost.ratio:,.0f} ×",
            f"{cost.call_ns:.0f}",
        ]
        for cost in costs
    ]
    columns = [
        "request",
        "inspection, µs",
        "whole chain, µs",
        f"{LIBRARY}, µs",
        "ratio",
        "a Python call, ns",
    ]
    return Table(title="CPU of inspection", columns=columns, rows=rows)


def worst_table(worst: Iterable[Worst]) -> Table:
    """The most expensive inputs."""
    rows = [
        [each.input.shape, f"{each.milliseconds:.1f}", f"{each.tried:,}",
         f"{each.input.text_length:,}"]
        for each in worst
    ]  # fmt: skip
    return Table(
        title="The most expensive inputs of 100 KB",
        columns=["shape", "inspection, ms", "inputs tried", "characters a text"],
        rows=rows,
    )
