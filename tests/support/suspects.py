"""One text before the real inspector with one detector: what it says about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from vallum.inspection.inspector import Inspector, compile_detectors
from vallum.inspection.model import THRESHOLDS, Content, Context, Detector, Judgement, Location
from vallum.inspection.sieve import compile_sieve


class Suspects:
    """An inspector of some detectors, asked about one text at a time."""

    def __init__(self, *detectors: Detector) -> None:
        self._inspector = Inspector(detectors, _compiled(detectors), lambda: 0.0)

    def judge(
        self,
        text: str,
        location: Location = "query",
        *,
        name: str = "q",
        content: Content = "text",
        is_name: bool = False,
    ) -> Sequence[tuple[str, Judgement]]:
        """Families and judgements on all readings of `text`."""
        context = Context(location, name, content, is_name)
        return [
            (found.family, found.judgement)
            for found in self._inspector.inspect([text], lambda _: context)
        ]

    def score(
        self,
        text: str,
        location: Location = "query",
        *,
        name: str = "q",
        content: Content = "text",
        is_name: bool = False,
    ) -> int:
        """The highest score that `text` gets."""
        found = self.judge(text, location, name=name, content=content, is_name=is_name)
        return max((judgement.score for _, judgement in found), default=0)


STOPS = THRESHOLDS["default"]
"""The lowest score that is stopped where a policy says nothing else."""


def _compiled(detectors: tuple[Detector, ...]) -> bytes:
    return compile_detectors(detectors, lambda patterns: _database(tuple(patterns)))


@cache
def _database(patterns: tuple[str, ...]) -> bytes:
    return compile_sieve(patterns)
