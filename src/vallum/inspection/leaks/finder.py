"""Texts of an answer in, what should not go out of it back: one linear pass, then exact forms."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from vallum.inspection.leaks.model import TO_THE_END, Form, Leak
from vallum.inspection.model import LONGEST_TEXT
from vallum.inspection.scan import Scan

_OVERLAP: Final = 512
"""Longer than all but the longest secrets; of those the beginning is enough."""


_EACH: Final = 64
"""What every text costs, however short."""


class Found(NamedTuple):
    """A piece of a text that should not go out."""

    leak: Leak
    rule: str
    start: int
    end: int


class Budget:
    """How many characters of suspicious text of one answer may still be looked at closely."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left


def leak_patterns(leaks: Sequence[Leak]) -> tuple[str, ...]:
    """The patterns that a scan for a `LeakFinder` of these leaks is made of, in order."""
    return tuple(trigger for leak in leaks for form in leak.forms for trigger in form.triggers)


class LeakFinder:
    """Finds leaks in texts. For one thread."""

    __slots__ = ("_forms", "_owners", "scan")

    def __init__(self, leaks: Sequence[Leak], scan: Scan) -> None:
        """
        Args:
            leaks: the kinds.
            scan: of `leak_patterns(leaks)`.
        """
        self._forms: list[tuple[Leak, Form]] = [
            (leak, form) for leak in leaks for form in leak.forms
        ]
        self._owners = tuple(
            index for index, (_, form) in enumerate(self._forms) for _ in form.triggers
        )
        self.scan = scan
        """The bare pass over bytes: an empty list means that nothing is in them."""

    def kinds(self, woken: Sequence[int]) -> set[str]:
        """The kinds that woke up in a scan."""
        return {self._forms[self._owners[each]][0].kind for each in woken}

    def find(self, text: str, name: str, kinds: Collection[str], budget: Budget) -> list[Found]:
        """What of these kinds is in a text, from its beginning to its end.

        Nothing overlaps: where two meet, the kind that is first in order is told. Looks at nothing
        more once the budget is spent; it is then below zero.
        """
        found: list[Found] = []
        for start, window in _windows(text):
            # The name stands beside the text, as it did in the answer.
            woken = self.scan(f"{name}\n{window}".encode("utf-8", "replace"))
            if not woken:
                continue
            forms = [self._forms[index] for index in sorted({self._owners[each] for each in woken})]
            forms = [pair for pair in forms if pair[0].kind in kinds]
            if not forms:
                continue
            budget.left -= len(window) + _EACH
            if budget.left < 0:
                break
            for leak, form in forms:
                for first, last in form.find(window, name):
                    end = len(text) if last == TO_THE_END else start + last
                    _add(found, Found(leak, form.rule, start + first, end))
        return found


def _add(found: list[Found], new: Found) -> None:
    """Put `new` in its place among those that are known, unless it overlaps one of them."""
    at = bisect_left(found, new.start, key=_start_of)
    is_free_before = at == 0 or found[at - 1].end <= new.start
    if is_free_before and (at == len(found) or new.end <= found[at].start):
        found.insert(at, new)


def _start_of(found: Found) -> int:
    return found.start


def _windows(text: str) -> Iterator[tuple[int, str]]:
    if len(text) <= LONGEST_TEXT:
        yield 0, text
        return
    for start in range(0, len(text) - _OVERLAP, LONGEST_TEXT - _OVERLAP):
        yield start, text[start : start + LONGEST_TEXT]
