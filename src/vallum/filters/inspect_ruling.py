"""What the policy says about a finding: refuse, only record, or let be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from vallum.inspection.model import THRESHOLDS, Finding, Sensitivity
from vallum.wire.pointer import pointer_steps

Mode = Literal["block", "monitor", "off"]
MODES: tuple[Mode, ...] = ("block", "monitor", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Findings that the operator has judged harmless, until a date."""

    reason: str
    until: float
    """Unix seconds; from then on it excludes nothing."""
    family: str = ""
    """Empty: any."""
    rule: str = ""
    """Empty: any."""
    field: str = ""
    """A selector, see `Selector`; empty: any place."""


class Settings(Protocol):
    """What inspection reads of an operation's settings."""

    @property
    def inspect(self) -> Mode:
        """Refuse, only record, or do nothing."""
        ...

    @property
    def validate(self) -> Mode:
        """Whether what the contract pins down can be relied on."""
        ...

    @property
    def codings(self) -> Sequence[str]:
        """The content codings of bodies that are undone before inspection."""
        ...

    @property
    def graphql(self) -> object | None:
        """Set where the operation takes GraphQL, whose documents are judged by their grammar."""
        ...

    @property
    def sensitivity(self) -> Sensitivity:
        """From which score on a judgement counts."""
        ...

    @property
    def detectors(self) -> Mapping[str, Mode]:
        """Families that are treated differently."""
        ...

    @property
    def fields(self) -> Mapping[str, str]:
        """Selector → what the field holds, or how findings in it are treated."""
        ...

    @property
    def exclude(self) -> Sequence[Exclusion]:
        """What is known to be harmless."""
        ...


class Selector:
    """Names places: `/items/*/note` in a body, `query:q`, `header:x-note`, `cookie:c`, `path:id`.

    A place in a body stands for everything in it; `*` is any name or index.
    """

    __slots__ = ("location", "steps")

    def __init__(self, text: str) -> None:
        """
        Raises:
            ValueError: it is neither a JSON Pointer nor a parameter.
        """
        if text.startswith("/"):
            self.location = "body"
            self.steps = pointer_steps(text)
            return
        location, colon, name = text.partition(":")
        if not colon or not name or location not in ("path", "query", "header", "cookie"):
            raise ValueError(f"`{text}` names no place: write `/note` or `query:q`")
        self.location = location
        self.steps = (name.lower() if location == "header" else name,)

    def covers(self, location: str, steps: Sequence[str]) -> bool:
        """Whether the place at `steps` is in what this names."""
        own = self.steps
        return (
            location == self.location
            and len(own) <= len(steps)
            and all(mine in ("*", theirs) for mine, theirs in zip(own, steps, strict=False))
        )


class Ruling:
    """The settings of one operation, ready to rule."""

    __slots__ = ("_clock", "_exclusions", "_families", "_fields", "_mode", "_threshold")

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """
        Args:
            settings: of the operation.
            clock: Unix seconds.

        Raises:
            ValueError: a selector names no place.
        """
        self._mode = settings.inspect
        self._threshold = THRESHOLDS[settings.sensitivity]
        self._families = settings.detectors
        self._fields = [(Selector(field), said) for field, said in settings.fields.items()]
        self._exclusions = [
            (each, Selector(each.field) if each.field else None) for each in settings.exclude
        ]
        self._clock = clock

    def content(self, location: str, steps: Sequence[str], declared: str) -> str:
        """What a place holds: by the policy, or as the contract has declared it."""
        for selector, said in self._fields:
            if said not in MODES and selector.covers(location, steps):
                return said
        return declared

    @property
    def blocks(self) -> bool:
        """Whether findings are refused unless something else is said of them."""
        return self._mode == "block"

    def names(self, location: str) -> bool:
        """Whether the policy says anything about places in `location`."""
        return any(selector.location == location for selector, _ in self._fields)

    def holds(self, content: str) -> bool:
        """Whether the policy declares some place to hold `content`."""
        return any(said == content for _, said in self._fields)

    def mode(self, finding: Finding, steps: Sequence[str]) -> Mode:
        """How a finding is treated. The nearest word counts: field, then family, then operation."""
        if finding.score < self._threshold or self._is_excluded(finding, steps):
            return "off"
        for selector, said in self._fields:
            if said in MODES and selector.covers(finding.location, steps):
                return said
        return self._families.get(finding.family, self._mode)

    def _is_excluded(self, finding: Finding, steps: Sequence[str]) -> bool:
        return any(
            each.family in ("", finding.family)
            and each.rule in ("", finding.rule)
            and (selector is None or selector.covers(finding.location, steps))
            and self._clock() < each.until
            for each, selector in self._exclusions
        )
