"""The arithmetic of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from efficacy.engines.base import Verdict
from efficacy.model import Sample


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    stopped: int
    total: int

    @property
    def share(self) -> float:
        """From 0 to 1.

        Raises:
            ValueError: of none there is no share.
        """
        if not self.total:
            raise ValueError("there is no share of nothing")
        return self.stopped / self.total

    def text(self) -> str:
        """In percent; two decimals below one."""
        if not self.total:
            return "–"
        percent = self.share * 100
        return f"{percent:.2f} %" if percent < 1 and self.stopped else f"{percent:.1f} %"


def rate(verdicts: Iterable[Verdict]) -> Rate:
    """How many were stopped."""
    stopped = [verdict.stopped for verdict in verdicts]
    return Rate(sum(stopped), len(stopped))


def balanced_accuracy(true_positives: Rate, false_positives: Rate) -> float:
    """The mean of the share of attacks stopped and the share of benign requests let pass."""
    return (true_positives.share + 1 - false_positives.share) / 2


def rates_by(
    key: Callable[[Sample], str], samples: Sequence[Sample], verdicts: Sequence[Verdict]
) -> dict[str, Rate]:
    """Rates of groups, sorted by name."""
    groups: dict[str, list[Verdict]] = {}
    for sample, verdict in zip(samples, verdicts, strict=True):
        groups.setdefault(key(sample), []).append(verdict)
    return {name: rate(groups[name]) for name in sorted(groups)}
