"""The vocabulary of inspection: what is judged, by whom, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

Content = Literal["text", "prose", "html", "code", "markdown", "secret"]
"""What a field is for, by its annotation: `text` where nothing is said.

`prose`: sentences of a person, in which single marks and words of a grammar mean nothing.
`code`: source code, shown and never run. `html` and `markdown`: rich text; what is not active in
a browser is fine. `secret`: a password or key; it is not inspected, and never evidence.
"""

Location = Literal["path", "query", "header", "cookie", "body", "answer"]

Sensitivity = Literal["relaxed", "default", "strict"]

THRESHOLDS: Final[dict[Sensitivity, int]] = {"relaxed": 8, "default": 5, "strict": 3}
"""The lowest score that counts at each sensitivity."""


class Context(NamedTuple):
    """Where a text stands, and what became of it before a detector sees it."""

    location: Location
    name: str
    """Parameter, cookie, or field (lower case); in bodies the last step of the JSON Pointer."""
    content: Content = "text"
    is_name: bool = False
    """Whether the text is itself a name: a key of an object, or a parameter's name."""
    layers: tuple[str, ...] = ()
    """The decoders that peeled this text out of what was sent, outermost first."""
    is_part: bool = False
    """Whether the text is a window of a longer one, and may begin and end in the middle."""


class Judgement(NamedTuple):
    """What a detector has to say about a text."""

    rule: str
    """`family.what`, stable: policies exclude by it."""
    score: int
    """1 to 10. 9 and 10: complete, working attack syntax. 7 and 8: hardly anything else. 5 and 6:
    more likely an attack than not. 3 and 4: a trace, for `strict` only."""
    evidence: str
    """The piece of the text that decided, decoded."""


Judge = Callable[[str, Context], Judgement | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A family of attacks: patterns that wake it up, and a judge of structure."""

    family: str
    triggers: tuple[str, ...]
    """Regular expressions in the dialect of hyperscan, over UTF-8, without regard to case; `.`
    matches a line feed, `^` and `$` match at lines. A text without a match is never judged."""
    judge: Judge
    """Called with a text of at most `LONGEST_TEXT` characters. Returns None, or its strongest
    judgement. Must be linear in the text and pure."""
    rules: Mapping[str, str] = field(default_factory=dict)
    """Rule id → what it means, in plain words."""


LONGEST_TEXT: Final = 4096
"""Characters; longer texts are judged in overlapping windows."""


class Finding(NamedTuple):
    """A judgement with its place: what the record shows."""

    family: str
    rule: str
    score: int
    location: Location
    at: str
    """JSON Pointer in a body (`/items/0/note`), or the parameter's name."""
    evidence: str
    layers: tuple[str, ...]
    is_name: bool
