"""What an engine got wrong, one line each: for those who write detectors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from efficacy.engines.base import Verdict
from efficacy.model import Sample


def misses(samples: Sequence[Sample], verdicts: Sequence[Verdict], *, half: str) -> list[str]:
    """Lines: attacks let pass and benign requests stopped, of one half of the corpora."""
    missed: dict[tuple[str, str], list[str]] = {}
    lines = []
    wrong: Counter[str] = Counter()
    for sample, verdict in zip(samples, verdicts, strict=True):
        if sample.half != half or verdict.stopped == sample.is_attack:
            continue
        wrong[f"{sample.corpus} {sample.family}"] += 1
        if sample.is_attack:
            key = (sample.family, sample.text)
            missed.setdefault(key, []).append(f"{sample.encoding} in {sample.location}")
        else:
            lines.append(
                f"STOPPED {sample.family} in {sample.location} by {verdict.by}: "
                f"{verdict.evidence[:300]!r}  of {sample.text[:200]!r}"
            )
    lines += [
        f"MISSED {family}: {text[:200]!r}  [{'; '.join(ways)}]"
        for (family, text), ways in sorted(missed.items())
    ]
    return [*lines, *(f"{count:6} {name}" for name, count in wrong.most_common())]
