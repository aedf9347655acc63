"""Every engine over every corpus."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from efficacy.corpora import Corpus
from efficacy.engines.base import Engine, Judged, Verdict
from efficacy.engines.library import Library
from efficacy.engines.processes import NginxProcess, VallumProcess
from efficacy.engines.vallum_inside import VallumInside
from efficacy.model import Sample

ALL: int = 10**9
PROCESS_REQUESTS: int = 1_500
"""Of each corpus, as many are sent to real processes."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One corpus, as far as one engine was shown it."""

    samples: list[Sample]
    judged: Judged

    @property
    def verdicts(self) -> list[Verdict]:
        """One a sample."""
        return self.judged.verdicts


@dataclass(frozen=True, kw_only=True)
class Results:
    """What all engines did."""

    corpora: list[Corpus]
    versions: dict[str, str]
    skipped: dict[str, str]
    """Engine → why it took no part."""
    seen: dict[str, dict[str, Seen]] = field(default_factory=dict)
    """Engine → corpus → what it did."""

    def difference(self, one: str, other: str) -> tuple[int, int]:
        """Of the requests that two engines were both shown, how many they judged differently."""
        differing = common = 0
        for corpus, mine in self.seen.get(one, {}).items():
            theirs = self.seen.get(other, {}).get(corpus)
            if theirs is None:
                continue
            known = {
                sample.raw(): verdict.stopped
                for sample, verdict in zip(theirs.samples, theirs.verdicts, strict=True)
            }
            for sample, verdict in zip(mine.samples, mine.verdicts, strict=True):
                if (before := known.get(sample.raw())) is not None:
                    common += 1
                    differing += before != verdict.stopped
        return differing, common


def engines() -> tuple[tuple[Engine, int], ...]:
    """Everybody, with how many requests of a corpus each is shown at most."""
    return (
        (VallumInside(), ALL),
        (Library(), ALL),
        (VallumProcess(), PROCESS_REQUESTS),
        (NginxProcess(), PROCESS_REQUESTS),
    )


def measure(corpora: Sequence[Corpus], tell: Callable[[str], None]) -> Results:
    """Show every corpus to every engine; `tell` hears of progress."""
    results = Results(corpora=list(corpora), versions={}, skipped={})
    for engine, most in engines():
        reason = engine.missing()
        if reason is not None:
            tell(f"skipped {engine.name}: {reason}")
            results.skipped[engine.name] = reason
            continue
        results.versions[engine.name] = engine.version()
        with engine.open() as judge:
            seen = results.seen[engine.name] = {}
            for corpus in corpora:
                samples = corpus.samples
                if not isinstance(engine, VallumInside):
                    samples = corpus.sampled()[:most]
                begun = time.monotonic()
                seen[corpus.name] = Seen(samples=samples, judged=judge(samples))
                spent = time.monotonic() - begun
                tell(f"{engine.name}: {corpus.name}, {len(samples):,} requests, {spent:.0f} s")
    return results
