"""Every detector's judge, the inspector with all of them, and what inputs of 100 KB cost it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require

from vallum.app_inspection import make_inspector
from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.inspector import Inspector, TooSuspiciousError
from vallum.inspection.model import LONGEST_TEXT, Content, Context, Detector, Judgement, Location
from vallum.telemetry.exchange_record import LONGEST_EVIDENCE

_PLACES: tuple[tuple[Location, Content, bool], ...] = (
    ("query", "text", False),
    ("body", "text", False),
    ("body", "text", True),
    ("query", "text", True),
    ("header", "text", False),
    ("path", "text", False),
    ("cookie", "text", False),
    ("body", "prose", False),
    ("body", "html", False),
    ("body", "markdown", False),
    ("body", "code", False),
)
_NAMES = ("q", "url", "note", "user-agent", "file", "callback", "__proto__", "", "session")
_SIZE = 100_000
_AROUND = 3
_LENGTHS = (1, 3, 8, 24, 64, 200, 1_000, 4_096, 15_000, _SIZE)


def _read(data: bytes) -> tuple[Context, str]:
    """A place by the first byte, and the text."""
    first = data[0] if data else 0
    location, content, is_name = _PLACES[first % len(_PLACES)]
    name = _NAMES[first % len(_NAMES)]
    return Context(location, name, content, is_name), data[1:].decode("utf-8", "surrogatepass")


def _judge(detector: Detector, data: bytes) -> None:
    try:
        context, text = _read(data)
    except UnicodeDecodeError:
        return
    judgement = detector.judge(text[:LONGEST_TEXT], context)
    if judgement is not None:
        _check(detector.family, judgement)


def _check(family: str, judgement: Judgement) -> None:
    rules = next(each.rules for each in DETECTORS if each.family == family)
    require(judgement.rule in rules, "an unknown rule", judgement)
    require(judgement.rule.startswith(f"{family}."), "a rule of another family", judgement)
    require(1 <= judgement.score <= 10, "a score out of bounds", judgement)
    require(len(judgement.evidence) <= LONGEST_EVIDENCE, "long evidence", judgement)


@cache
def inspector() -> Inspector:
    """Compiled once."""
    return make_inspector()


def _inspect(texts: list[str], context: Context) -> None:
    try:
        found = inspector().inspect(texts, lambda _: context)
    except TooSuspiciousError:
        return
    for each in found:
        require(0 <= each.text < len(texts), "no such text", each)
        _check(each.family, each.judgement)


def _texts(data: bytes) -> None:
    try:
        context, text = _read(data)
    except UnicodeDecodeError:
        return
    _inspect(text.split("\x1e"), context)


def _large(data: bytes) -> None:
    """A piece, repeated to texts of some length: as many as a JSON array of 100 KB holds."""
    length = _LENGTHS[(data[0] if data else 0) % len(_LENGTHS)]
    piece = data[1:].decode("utf-8", "replace") or "a"
    room = _SIZE * length // (length + _AROUND)
    text = (piece * (room // len(piece) + 1)).encode()[:room].decode("utf-8", "ignore")
    texts = [text[at : at + length] for at in range(0, len(text), length)]
    _inspect(texts, Context("body", "note", "text"))


def make_judge(family: str) -> Target:
    """The judge of one family."""
    detector = next(each for each in DETECTORS if each.family == family)
    return _target(f"judge-{family}", partial(_judge, detector), family, most_cpu=20)


def make_texts() -> Target:
    """The inspector."""
    return _target("inspector", _texts, "", most_cpu=50)


def make_large() -> Target:
    """The inspector with as much as 100 KB."""
    target = _target("inspector-100kb", _large, "", most_cpu=50)
    inspector()
    return target


def _target(name: str, run: Callable[[bytes], None], family: str, *, most_cpu: float) -> Target:
    given = tuple(
        bytes([index % 256]) + text
        for index, text in enumerate((*seeds.attacks(family), *seeds.harmless()))
    )
    return Target(name=name, run=run, seeds=given, tokens=tokens.ATTACKS, most_cpu=most_cpu)
