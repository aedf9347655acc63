"""Texts in, judgements out: one pass over everything, then a judge for the few that wake one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from vallum.inspection.decoders.layers import (
    SIGNS,
    TYPOGRAPHIC,
    View,
    first_views,
    goes_on,
    is_typographic,
    peel,
)
from vallum.inspection.decoders.unicode import TYPOGRAPHY
from vallum.inspection.model import (
    LONGEST_TEXT,
    Context,
    Detector,
    Finding,
    Judgement,
    Location,
)
from vallum.inspection.sieve import Found, Sieve, compile_sieve

# What says that a text may spell another one. They stand before the detectors' own patterns.
_CODED: Final = tuple(pattern for pattern, _ in SIGNS)
_FIRST_TRIGGER: Final = len(_CODED)
_SIGN_NUMBERS: Final = frozenset(range(_FIRST_TRIGGER))
_CHUNK: Final = 128
_CHUNK_CHARACTERS: Final = 4 * LONGEST_TEXT
"""Texts that are scanned together: so many, or of so many characters, whichever is less."""
_FEW: Final = 6
"""Texts that are one chunk, however long they are."""
_OVERLAP: Final = 256
_PLACE: Final = 1024
"""Characters of a long text that are judged together where only a part of it is coded."""
_JUDGED_SECONDS: Final = 0.025
"""Processor time for the suspects among 100,000 characters: whoever asks for more attacks us."""
_JUDGED_CHARACTERS: Final = 100_000
_SAMPLE: Final = "a sentence of ordinary words, " * 256
_read_sample = re.compile("[A-Za-z]{3,}").findall
_SAMPLE_SECONDS: Final = 60e-6
"""What reading the sample takes on the processor that the limits are meant for."""
_MOST_SLOWNESS: Final = 1.6
"""Nobody may hold a worker for 50 ms with 100,000 characters, however slow its processor is."""
_SECONDS_FOR_EACH_MORE: Final = 1e-6
"""For a character beyond them: a long honest text must pass on a slow machine too."""
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


def compile_detectors(
    detectors: Sequence[Detector], compile_: Callable[[Sequence[str]], bytes] = compile_sieve
) -> bytes:
    """What an `Inspector` of these detectors searches with."""
    return compile_((*_CODED, *(trigger for each in detectors for trigger in each.triggers)))


class Inspector:
    """Judges the free texts of a request. For one thread."""

    __slots__ = ("_clock", "_detectors", "_owners", "_sieve")

    def __init__(
        self, detectors: Sequence[Detector], compiled: bytes, clock: Callable[[], float]
    ) -> None:
        """
        Args:
            detectors: the families.
            compiled: by `compile_detectors(detectors)`.
            clock: seconds of processor time that this thread has used.
        """
        self._clock = clock
        self._detectors = tuple(detectors)
        self._sieve = Sieve(compiled, TYPOGRAPHY)
        self._owners = tuple(index for index, each in enumerate(detectors) for _ in each.triggers)

    def inspect(self, texts: Sequence[str], context_of: ContextOf) -> Sequence[Suspicion]:
        """Everything found in `texts`, whatever its score, but what their content makes harmless.

        Raises:
            TooSuspiciousError: there is more to judge than may be judged.
        """
        if len(texts) <= _FEW:
            matches = self._sieve(texts)
            if not matches:
                return ()
            budget = _Budget(self._clock, texts)
        else:
            budget = _Budget(self._clock, texts)
            matches = self._search_many(texts, budget.check)
            if not matches:
                return ()
        judge = _Judging(self, context_of, budget)
        coded: Collection[int] = [
            index for index, numbers in matches.items() if not _SIGN_NUMBERS.isdisjoint(numbers)
        ]
        if len(coded) > _FEW:
            coded = self._worth_peeling(texts, coded, matches, judge)
        found: list[Suspicion] = []
        for index in sorted(matches):
            text = texts[index]
            numbers: Collection[int] = matches[index]
            is_woken = _wakes(numbers)
            if is_woken:
                # Among others a text may seem to have what one before it begins with.
                numbers = self._search_one(text)
                found += judge.text(index, text, (), numbers)
            if index in coded or (is_woken and is_typographic(text)):
                found += self._inspect_readings(index, text, numbers, judge)
        return found

    def _search_one(self, text: str) -> Collection[int]:
        """What is found in a text; what wakes a detector may do so for its `TYPOGRAPHY`."""
        numbers = self._sieve((text,)).get(0, set())
        if _wakes(numbers) and is_typographic(text):
            return numbers | TYPOGRAPHIC
        return numbers

    def _search_many(self, texts: Sequence[str], check: Callable[[], None]) -> Found:
        """What is found in many texts, of which some may be long; `check` may end the search."""
        found: dict[int, set[int]] = {}
        for start, chunk in _chunks(texts):
            check()
            for index, numbers in self._sieve(chunk).items():
                found[start + index] = numbers
        return found

    def _worth_peeling(
        self, texts: Sequence[str], coded: Iterable[int], matches: Found, judge: _Judging
    ) -> Collection[int]:
        """Those of `coded` texts that may read as something to judge, or that is coded again.

        Honest texts in many languages have signs of codings: the readings of many are looked at
        together, which is much cheaper than peeling each.
        """
        views: list[View] = []
        owners: list[int] = []
        for index in coded:
            judge.budget.check()
            own = first_views(texts[index], _decoders(matches[index]))
            views += own
            owners += [index] * len(own)
        found = self._search_many([view.text for view in views], judge.budget.check)
        return {
            owners[each]
            for each, numbers in found.items()
            if _wakes(numbers) or goes_on(views[each], _decoders(numbers))
        }

    def _inspect_readings(
        self, index: int, text: str, numbers: Collection[int], judge: _Judging
    ) -> list[Suspicion]:
        """What is found in the other readings of a text with signs of codings."""
        matches = {text: numbers}

        def match(reading: str) -> Collection[int]:
            known = matches.get(reading)
            if known is None:
                known = matches[reading] = self._search_one(reading)
            return known

        def decoders_for(reading: str) -> Iterable[str]:
            return _decoders(match(reading))

        found: list[Suspicion] = []
        judged = [text]
        for view in peel(text, decoders_for, judge.budget.check):
            found += judge.text(index, view.text, view.layers, match(view.text), judged)
            judged.append(view.text)
        return found

    def woken_by(self, text: str) -> list[Detector]:
        """The detectors that want to judge `text`."""
        return self.owners(self._search_one(text))

    def owners(self, numbers: Iterable[int]) -> list[Detector]:
        """The detectors whose patterns have these numbers."""
        owners = {self._owners[each - _FIRST_TRIGGER] for each in numbers if each >= _FIRST_TRIGGER}
        return [self._detectors[index] for index in sorted(owners)]


def _wakes(numbers: Iterable[int]) -> bool:
    """Whether one of the patterns with these numbers is a detector's.

    It looks at the few up to one: where there are too many matches, all numbers are given.
    """
    return not _SIGN_NUMBERS.issuperset(numbers)


def _decoders(numbers: Iterable[int]) -> Iterable[str]:
    """The names of those that a text with such matches is for."""
    signs = _SIGN_NUMBERS.intersection(numbers)
    return dict.fromkeys(name for each in sorted(signs) for name in SIGNS[each][1])


class _Budget:
    """The processor time that the suspects of one request may take."""

    __slots__ = ("_allowed", "_begun", "_clock", "_slowness")

    def __init__(self, clock: Callable[[], float], texts: Sequence[str]) -> None:
        self._clock = clock
        size = sum(map(len, texts))
        more = max(0, size - _JUDGED_CHARACTERS)
        self._allowed = _JUDGED_SECONDS + more * _SECONDS_FOR_EACH_MORE
        self._slowness = 0.0
        self._begun = clock()

    def check(self) -> None:
        """Raises TooSuspiciousError once the time is up."""
        spent = self._clock() - self._begun
        if spent <= self._allowed:
            return
        # What is honest must not depend on how busy the machine is.
        self._slowness = self._slowness or _slowness(self._clock)
        if spent > self._allowed * self._slowness:
            raise TooSuspiciousError


def _slowness(clock: Callable[[], float]) -> float:
    """How many times as long as it should this processor takes now, from 1 to 1.6."""
    best = float("inf")
    for _ in range(3):
        begun = clock()
        _read_sample(_SAMPLE)
        best = min(best, clock() - begun)
    return min(max(best / _SAMPLE_SECONDS, 1.0), _MOST_SLOWNESS)


class _Judging:
    """The judging of one request, under its budget."""

    __slots__ = ("_context_of", "_inspector", "budget")

    def __init__(self, inspector: Inspector, context_of: ContextOf, budget: _Budget) -> None:
        self._inspector = inspector
        self._context_of = context_of
        self.budget = budget

    def text(
        self,
        index: int,
        text: str,
        layers: tuple[str, ...],
        numbers: Collection[int],
        judged: Sequence[str] = (),
    ) -> list[Suspicion]:
        """What the detectors say about one reading of a text: of each the strongest.

        Args:
            numbers: of the patterns that match in the whole of it.
            judged: the readings that were judged before. What stands in them as it does in this
                one is not judged again: a long document has a few coded places.
        """
        if not _wakes(numbers):
            return []
        best: dict[str, Judgement] = {}
        context: Context | None = None
        is_part = len(text) > LONGEST_TEXT
        for window in _windows(text, _PLACE if judged else LONGEST_TEXT):
            if is_part:
                self.budget.check()
                if any(window in known for known in judged):
                    continue
            woken = self._inspector.woken_by(window) if is_part else self._inspector.owners(numbers)
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


def _windows(text: str, size: int) -> Iterator[str]:
    if len(text) <= LONGEST_TEXT:
        yield text
        return
    for start in range(0, len(text) - _OVERLAP, size - _OVERLAP):
        yield text[start : start + size]
