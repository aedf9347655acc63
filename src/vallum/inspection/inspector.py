"""Texts in, judgements out: one pass over everything, then a judge for the few that wake one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from vallum.inspection.decoders.layers import View, peel
from vallum.inspection.model import LONGEST_TEXT, Context, Detector, Judgement
from vallum.inspection.scan import Scan

# What says that a text may spell another one. They stand before the detectors' own patterns.
_CODED: Final = (
    r"%[0-9a-f]{2}|%u[0-9a-f]{4}",
    r"&(?:#|[a-z]{2})",
    r"\\[ux0-7nrtbf\"'/`\\]",
    r"[\x80-\xff]",
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]",
    r"[a-z0-9+/_-]{16}",
)
_SEPARATOR: Final = "\n\n\n"
"""Three, so that a pattern can tell a line feed of a text from the border between two texts."""
_FEW: Final = 4
_BRANCHES: Final = 8
_OVERLAP: Final = 256
_MOST_JUDGED: Final = 1_000
"""Windows of one request that are judged: more suspects than that are an attack on us."""
_CODE_FAMILIES: Final = frozenset({"deserialisation"})
"""What is judged in text that is declared to be source code."""
_PROSE_MARGIN: Final = 2
"""Points that text of a person may score above other text; but markup is no prose."""


class TooSuspiciousError(Exception):
    """More texts of one request ask for a judge than may be judged."""


class Suspicion(NamedTuple):
    """A judgement on one of the texts."""

    text: int
    """Its index."""
    family: str
    judgement: Judgement
    layers: tuple[str, ...]


ContextOf = Callable[[int], Context]
"""Where the text of an index stands; asked only about suspects."""


def patterns_of(detectors: Sequence[Detector]) -> tuple[str, ...]:
    """The patterns that a scan for an `Inspector` of these detectors is made of, in order."""
    return (*_CODED, *(trigger for each in detectors for trigger in each.triggers))


class Inspector:
    """Judges the free texts of a request. For one thread."""

    __slots__ = ("_detector_of", "_detectors", "_scan")

    def __init__(self, detectors: Sequence[Detector], scan: Scan) -> None:
        """
        Args:
            detectors: the families.
            scan: of `patterns_of(detectors)`.
        """
        self._detectors = tuple(detectors)
        self._scan = scan
        self._detector_of = tuple(
            index for index, each in enumerate(detectors) for _ in each.triggers
        )

    def inspect(self, texts: Sequence[str], context_of: ContextOf) -> Sequence[Suspicion]:
        """Everything found in `texts`, whatever its score, but what their content makes harmless.

        Raises:
            TooSuspiciousError: there is more to judge than may be judged.
        """
        woken = self._scan(_joined(texts))
        if not woken:
            return ()
        found: list[Suspicion] = []
        judge = _Judging(self, context_of)
        if max(woken) >= len(_CODED):
            for index in self._awake(texts, range(len(texts))):
                found += judge.text(index, texts[index], ())
        if min(woken) < len(_CODED):
            owners: list[int] = []
            views: list[View] = []
            for index, text in enumerate(texts):
                for view in peel(text):
                    owners.append(index)
                    views.append(view)
            readings = [view.text for view in views]
            if readings and self._wakes(readings):
                for position in self._awake(readings, range(len(readings))):
                    view = views[position]
                    found += judge.text(owners[position], view.text, view.layers)
        return found

    def _wakes(self, texts: Sequence[str]) -> bool:
        woken = self._scan(_joined(texts))
        return bool(woken) and max(woken) >= len(_CODED)

    def _awake(self, texts: Sequence[str], indexes: Sequence[int]) -> Iterator[int]:
        """The indexes of texts that wake a detector, found by halving, so to speak."""
        if len(indexes) <= _FEW:
            yield from indexes
            return
        step = -(-len(indexes) // _BRANCHES)
        for start in range(0, len(indexes), step):
            part = indexes[start : start + step]
            if self._wakes([texts[index] for index in part]):
                yield from self._awake(texts, part)

    def woken_by(self, text: str) -> list[Detector]:
        """The detectors that want to judge `text`."""
        woken = self._scan(text.encode("utf-8", "replace"))
        first = len(_CODED)
        families = {self._detector_of[index - first] for index in woken if index >= first}
        return [self._detectors[index] for index in sorted(families)]


class _Judging:
    """The judging of one request, under its budget."""

    __slots__ = ("_context_of", "_inspector", "_left")

    def __init__(self, inspector: Inspector, context_of: ContextOf) -> None:
        self._inspector = inspector
        self._context_of = context_of
        self._left = _MOST_JUDGED

    def text(self, index: int, text: str, layers: tuple[str, ...]) -> list[Suspicion]:
        """What the detectors say about one reading of a text: of each the strongest."""
        best: dict[str, Judgement] = {}
        context: Context | None = None
        for window in _windows(text):
            woken = self._inspector.woken_by(window)
            if not woken:
                continue
            self._left -= 1
            if self._left < 0:
                raise TooSuspiciousError
            if context is None:
                context = self._context_of(index)._replace(layers=layers)
                if context.content == "secret":
                    return []
            for detector in woken:
                judgement = _judge(detector, window, context)
                before = best.get(detector.family)
                if judgement is not None and (before is None or before.score < judgement.score):
                    best[detector.family] = judgement
        return [Suspicion(index, family, best[family], layers) for family in best]


def _judge(detector: Detector, text: str, context: Context) -> Judgement | None:
    content = context.content
    if content == "code" and detector.family not in _CODE_FAMILIES:
        return None
    judgement = detector.judge(text, context)
    if judgement is None or content == "text" or detector.family == "xss":
        return judgement
    score = judgement.score - (_PROSE_MARGIN if content != "code" else 0)
    return judgement._replace(score=score) if score > 0 else None


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LONGEST_TEXT:
        yield text
        return
    step = LONGEST_TEXT - _OVERLAP
    for start in range(0, len(text) - _OVERLAP, step):
        yield text[start : start + LONGEST_TEXT]


def _joined(texts: Sequence[str]) -> bytes:
    return _SEPARATOR.join(texts).encode("utf-8", "replace")
