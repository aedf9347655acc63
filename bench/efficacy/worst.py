"""Hill climbing for inputs of 100 KB that cost inspection the most CPU."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from efficacy.attacks import FAMILIES, payloads
from efficacy.encodings import ENCODINGS
from efficacy.engines.vallum_inside import process, runtime_of
from efficacy.model import Sample
from efficacy.places import Shape, post_form, post_json, post_multipart
from efficacy.texts import KINDS, texts
from vallum.gateway.runtime import Runtime

SIZE: Final = 100_000
_MOST_PIECES: Final = 6
_MOST_TEXTS: Final = 900
_WIDEST: Final = 1_500
_LONGEST: Final = 15_000
_LENGTHS: Final = (8, 40, 120, 400, 1_000, 4_096, 15_000)
_SEED: Final = 7
_MARKS: Final = (
    *("'", '"', "(", ")", "[", "{", "{{", "${", "<", "<!--", "/*", "--", "%25", "&#", "\\u", "\\x"),
    *("=", ";", "|", "&", "$(", "`", "../", "://", "\r\n", "\0", "a", " ", "0x", "\u00e9", "ＡＢ"),
)


@dataclass(frozen=True, slots=True)
class Input:
    """How an input is made: pieces repeated in turn, cut to texts of some length."""

    pieces: tuple[str, ...]
    shape: str
    text_length: int
    """Characters of one text; short texts make many of them."""

    def request(self) -> Shape:
        """The request that carries it, of about 100 KB."""
        unit = "".join(self.pieces) or "a"
        text = (unit * (SIZE // len(unit) + 1))[:SIZE]
        while len((shape := self._shape(text)).body) > SIZE * 1.1:
            text = text[: int(len(text) * SIZE / len(shape.body))]
        return shape

    def _shape(self, text: str) -> Shape:
        # As wide and as long as the gateway lets them be; beyond that nothing is inspected.
        length = min(max(self.text_length, len(text) // _MOST_TEXTS + 1), _LONGEST)
        cuts = [text[at : at + length] for at in range(0, len(text), length)]
        groups = [cuts[at : at + _WIDEST] for at in range(0, len(cuts), _WIDEST)]
        match self.shape:
            case "names":
                objects = [{f"{cut}{at}": "x" for at, cut in enumerate(group)} for group in groups]
                return post_json({"groups": objects}, "/worst")
            case "form":
                return post_form({f"f{at}": cut for at, cut in enumerate(cuts)}, "/worst")
            case "parts":
                return post_multipart({f"f{at}": cut for at, cut in enumerate(cuts)}, "/worst")
        return post_json({"groups": groups}, "/worst")


@dataclass(frozen=True, slots=True)
class Worst:
    """The most expensive input that was found."""

    input: Input
    milliseconds: float
    tried: int


def search(seconds: float, tell: Callable[[str], None]) -> list[Worst]:
    """The worst input of each shape; each gets an equal part of `seconds`."""
    shapes = ("texts", "names", "form", "parts")
    with tempfile.TemporaryDirectory() as directory, tempfile.TemporaryDirectory() as other:
        inspected = runtime_of(Path(directory))
        bare = runtime_of(Path(other), inspect="off")
        found = []
        for shape in shapes:
            tell(f"worst input: {shape}")
            found.append(_climb(inspected, bare, shape, seconds / len(shapes)))
        return found


def _fragments() -> list[str]:
    attacks = [payload.text for family in FAMILIES for payload in payloads(family)]
    coded = [
        text
        for payload in payloads("xss")[:20] + payloads("sql")[:20]
        for code in ENCODINGS.values()
        if (text := code(payload.text, payload.family)) is not None
    ]
    return [*attacks, *coded, *(text for kind in KINDS for text in texts(kind)), *_MARKS]


def _climb(inspected: Runtime, bare: Runtime, shape: str, seconds: float) -> Worst:
    chance = random.Random(_SEED)
    fragments = _fragments()
    deadline = time.monotonic() + seconds
    best: Worst | None = None
    current: tuple[float, Input] | None = None
    tried = stuck = 0
    while time.monotonic() < deadline or best is None:
        if current is None or stuck > 25:
            pieces = tuple(chance.choices(fragments, k=chance.randrange(1, 3)))
            candidate = Input(pieces, shape, chance.choice(_LENGTHS))
            current, stuck = (0.0, candidate), 0
        else:
            candidate = _changed(current[1], fragments, chance)
        cost = _added(inspected, bare, candidate)
        tried += 1
        stuck += 1
        if cost > current[0]:
            current, stuck = (cost, candidate), 0
        if best is None or cost > best.milliseconds:
            # What was only a disturbance of the machine does not come again.
            cost = min(cost, *(_added(inspected, bare, candidate) for _ in range(3)))
            if best is None or cost > best.milliseconds:
                best = Worst(candidate, cost, tried)
    return replace(best, tried=tried)


def _changed(given: Input, fragments: list[str], chance: random.Random) -> Input:
    pieces = list(given.pieces)
    match chance.randrange(5):
        case 0 if len(pieces) < _MOST_PIECES:
            pieces.insert(chance.randrange(len(pieces) + 1), chance.choice(fragments))
        case 1 if len(pieces) > 1:
            pieces.pop(chance.randrange(len(pieces)))
        case 2:
            at = chance.randrange(len(pieces))
            cut = chance.randrange(1, max(2, len(pieces[at])))
            pieces[at] = pieces[at][:cut] or chance.choice(fragments)
        case 3:
            return replace(given, text_length=chance.choice(_LENGTHS))
        case _:
            pieces[chance.randrange(len(pieces))] = chance.choice(fragments)
    return replace(given, pieces=tuple(pieces))


def _added(inspected: Runtime, bare: Runtime, candidate: Input) -> float:
    """Milliseconds of CPU that inspection adds to an input, refused or not."""
    shape = candidate.request()
    sample = Sample(
        is_attack=True,
        corpus="own worst",
        family="worst",
        method=shape.method,
        target=shape.target,
        fields=shape.fields,
        body=shape.body,
    )
    block = sample.block()
    return (_spent(inspected, sample, block) - _spent(bare, sample, block)) / 1e6


def _spent(runtime: Runtime, sample: Sample, block: bytes) -> int:
    begun = time.thread_time_ns()
    process(runtime, sample, block)
    return time.thread_time_ns() - begun
