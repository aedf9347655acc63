"""Texts in, judgements out: one pass over everything, then a judge for the few that wake one.

The pass looks for words that few texts have, and for clues: marks where sentences have none. Only
a text with a clue is scanned for what cannot do without it, which is most of what there is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from vallum.inspection.clues import CLUES
from vallum.inspection.decoders.layers import SIGNS, peel
from vallum.inspection.model import (
    LONGEST_TEXT,
    Context,
    Detector,
    Finding,
    Judgement,
    Location,
    Marked,
)
from vallum.inspection.scan import compile_patterns, load_places, load_scan

# What says that a text may spell another one. They stand before the detectors' own patterns.
_CODED: Final = tuple(pattern for pattern, _ in SIGNS)
_FIRST_CLUE: Final = len(_CODED)
_FIRST_TRIGGER: Final = _FIRST_CLUE + len(CLUES)
_SEPARATOR: Final = "\n\n\n"
"""Three, so that a pattern can tell a line feed of a text from the border between two texts."""
_CHUNK: Final = 128
_CHUNK_CHARACTERS: Final = 4 * LONGEST_TEXT
"""Texts that are scanned together: so many, or of so many characters, whichever is less."""
_FEW: Final = 6
"""Texts that are one chunk, however long they are."""
_OVERLAP: Final = 256
_JUDGED_SECONDS: Final = 0.025
"""Processor time for the suspects among 100,000 characters: whoever asks for more attacks us."""
_JUDGED_CHARACTERS: Final = 100_000
_SECONDS_FOR_EACH_MORE: Final = 1e-6
"""For a character beyond them: a long honest text must pass on a slow machine too."""
_SMALL: Final = 1024
"""Bytes of joined texts for which one look at everything costs less than two."""
_CODE_FAMILIES: Final = frozenset({"deserialisation"})
"""What is judged in text that is declared to be source code."""
_PROSE_MARGIN: Final = 2
"""Points that text of a person may score above other text; but markup is no prose."""


class TooSuspiciousError(Exception):
    """The texts of one request take longer to judge than they may."""


class Suspicion(NamedTuple):
    """A judgement on one of the texts."""

    text: int
    """Its index."""
    family: str
    judgement: Judgement
    layers: tuple[str, ...]

    def finding(self, location: Location, at: str, *, is_name: bool) -> Finding:
        """What the record shows, of a text that stands `at`."""
        judgement = self.judgement
        return Finding(
            family=self.family,
            rule=judgement.rule,
            score=judgement.score,
            location=location,
            at=at,
            evidence=judgement.evidence,
            layers=self.layers,
            is_name=is_name,
        )


ContextOf = Callable[[int], Context]
"""Where the text of an index stands; asked only about suspects."""


class Databases(NamedTuple):
    """What an `Inspector` scans with, compiled."""

    first: bytes
    """For every text: signs of codings, clues, and the triggers that need no clue."""
    closer: bytes
    """For texts with a clue: the triggers that need one."""
    whole: bytes
    """For the few texts of a small request: signs and all triggers in one look, because most such
    requests hold nothing, and many hold a clue."""


def compile_detectors(
    detectors: Sequence[Detector], compile_: Callable[[Sequence[str]], bytes] = compile_patterns
) -> Databases:
    """The databases for an `Inspector` of these detectors."""
    triggers = [trigger for each in detectors for trigger in each.triggers]
    marked = [trigger for trigger in triggers if isinstance(trigger, Marked)]
    others = [trigger for trigger in triggers if not isinstance(trigger, Marked)]
    return Databases(
        first=compile_((*_CODED, *CLUES, *others)),
        closer=compile_(marked),
        whole=compile_((*_CODED, *triggers)),
    )


class Inspector:
    """Judges the free texts of a request. For one thread."""

    __slots__ = ("_clock", "_closer", "_detectors", "_first", "_of_closer", "_of_first", "_whole")

    def __init__(
        self, detectors: Sequence[Detector], databases: Databases, clock: Callable[[], float]
    ) -> None:
        """
        Args:
            detectors: the families.
            databases: of `compile_detectors(detectors)`.
            clock: seconds of processor time that this thread has used.
        """
        self._clock = clock
        self._detectors = tuple(detectors)
        self._first = load_places(databases.first)
        self._closer = load_scan(databases.closer)
        self._whole = load_scan(databases.whole)
        owned = [(index, each) for index, own in enumerate(detectors) for each in own.triggers]
        # The detectors of the patterns of each scan, in order.
        self._of_first = tuple(index for index, each in owned if not isinstance(each, Marked))
        self._of_closer = tuple(index for index, each in owned if isinstance(each, Marked))

    def inspect(self, texts: Sequence[str], context_of: ContextOf) -> Sequence[Suspicion]:
        """Everything found in `texts`, whatever its score, but what their content makes harmless.

        Raises:
            TooSuspiciousError: there is more to judge than may be judged.
        """
        judge: _Judging | None = None
        found: list[Suspicion] = []
        for start, chunk in ((0, texts),) if len(texts) <= _FEW else _chunks(texts):
            data = _joined(chunk)
            if len(data) <= _SMALL and not self._whole(data):
                continue
            woken = self._first(data)
            if not woken:
                continue
            judge = judge or _Judging(self, context_of, _Budget(self._clock, texts))
            signs: dict[int, list[int]] = {}
            for index, numbers in _by_text(woken, chunk):
                if max(numbers) >= _FIRST_CLUE and self._is_suspect(chunk[index], numbers):
                    found += judge.text(start + index, chunk[index], ())
                if min(numbers) < _FIRST_CLUE:
                    signs[index] = sorted(each for each in numbers if each < _FIRST_CLUE)
            if signs:
                found += self._inspect_readings(chunk, start, signs, judge)
        return found

    def _is_suspect(self, text: str, numbers: set[int]) -> bool:
        """Whether a detector may want to judge a text in which patterns of the first scan are."""
        return max(numbers) >= _FIRST_TRIGGER or bool(self._closer(_bytes(text)))

    def _inspect_readings(
        self, texts: Sequence[str], start: int, signs: dict[int, list[int]], judge: _Judging
    ) -> list[Suspicion]:
        """What is found in the other readings of texts with signs of codings."""
        readings = []
        for index, own in signs.items():
            decoders = dict.fromkeys(name for number in own for name in SIGNS[number][1])
            views = peel(texts[index], decoders, judge.budget.check)
            readings += [(start + index, view) for view in views]
        plain = [view.text for _, view in readings]
        woken = self._first(_joined(plain))
        found: list[Suspicion] = []
        for number, numbers in _by_text(woken, plain):
            index, view = readings[number]
            if max(numbers) >= _FIRST_CLUE and self._is_suspect(view.text, numbers):
                found += judge.text(index, view.text, view.layers)
        return found

    def woken_by(self, text: str) -> list[Detector]:
        """The detectors that want to judge `text`."""
        data = _bytes(text)
        numbers = {number for number, _ in self._first(data)}
        owners = {
            self._of_first[each - _FIRST_TRIGGER] for each in numbers if each >= _FIRST_TRIGGER
        }
        if any(_FIRST_CLUE <= each < _FIRST_TRIGGER for each in numbers):
            owners.update(self._of_closer[each] for each in self._closer(data))
        return [self._detectors[index] for index in sorted(owners)]


class _Budget:
    """The processor time that the suspects of one request may take."""

    __slots__ = ("_clock", "_end")

    def __init__(self, clock: Callable[[], float], texts: Sequence[str]) -> None:
        self._clock = clock
        size = sum(map(len, texts))
        more = max(0, size - _JUDGED_CHARACTERS)
        self._end = clock() + _JUDGED_SECONDS + more * _SECONDS_FOR_EACH_MORE

    def check(self) -> None:
        """Raises TooSuspiciousError once the time is up."""
        if self._clock() > self._end:
            raise TooSuspiciousError


class _Judging:
    """The judging of one request, under its budget."""

    __slots__ = ("_context_of", "_inspector", "budget")

    def __init__(self, inspector: Inspector, context_of: ContextOf, budget: _Budget) -> None:
        self._inspector = inspector
        self._context_of = context_of
        self.budget = budget

    def text(self, index: int, text: str, layers: tuple[str, ...]) -> list[Suspicion]:
        """What the detectors say about one reading of a text: of each the strongest."""
        best: dict[str, Judgement] = {}
        context: Context | None = None
        is_part = len(text) > LONGEST_TEXT
        for window in _windows(text):
            if is_part:
                self.budget.check()
            woken = self._inspector.woken_by(window)
            if not woken:
                continue
            if context is None:
                context = self._context_of(index)._replace(layers=layers, is_part=is_part)
                if context.content == "secret":
                    return []
            for detector in woken:
                self.budget.check()
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


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """What is scanned together, with the index of its first text."""
    start = size = 0
    for index, text in enumerate(texts):
        size += len(text)
        if size >= _CHUNK_CHARACTERS or index - start == _CHUNK - 1:
            yield start, texts[start : index + 1]
            start, size = index + 1, 0
    if start < len(texts):
        yield start, texts[start:]


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LONGEST_TEXT:
        yield text
        return
    step = LONGEST_TEXT - _OVERLAP
    for start in range(0, len(text) - _OVERLAP, step):
        yield text[start : start + LONGEST_TEXT]


def _joined(texts: Sequence[str]) -> bytes:
    return _bytes(_SEPARATOR.join(texts))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _by_text(
    woken: Sequence[tuple[int, int]], texts: Sequence[str]
) -> Iterator[tuple[int, set[int]]]:
    """The texts that matches in the joined ones end in, in order, with the patterns of each."""
    if not woken:
        return
    if len(texts) == 1 or not woken[0][1]:
        numbers = {number for number, _ in woken}
        yield from ((index, numbers) for index in range(len(texts)))
        return
    # A match that ends in a separator is of the text before it.
    sizes = (
        (len(text) if text.isascii() else len(_bytes(text))) + len(_SEPARATOR) for text in texts
    )
    starts = list(accumulate(sizes, initial=0))
    found: dict[int, set[int]] = {}
    for number, end in woken:
        found.setdefault(bisect_left(starts, end) - 1, set()).add(number)
    for index in sorted(found):
        yield index, found[index]
