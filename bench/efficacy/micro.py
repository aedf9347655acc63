"""CPU of inspection alone: the chain with it, minus the same chain without it."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from efficacy import vectors
from efficacy.contract import MICRO_PATH
from efficacy.engines.library import Library
from efficacy.engines.vallum_inside import process, runtime_of
from efficacy.model import Sample
from efficacy.places import get, post_json, query
from efficacy.texts import texts
from vallum.gateway.runtime import Runtime
from vallum.wire.http1 import RequestFields, parse_request_fields

REQUESTS: Final = 1_500
ROUNDS: Final = 5
PEER_REQUESTS: Final = 400
_CALLED: Final = 31
_SMALL: Final = 250
_LARGE: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Microseconds of one kind of request, medians over varied values."""

    what: str
    inspection_us: float
    whole_us: float
    peer_us: float | None
    call_ns: float
    """Nanoseconds of a call of a Python function then."""

    @property
    def ratio(self) -> float | None:
        """How many times as much the peer needs as inspection."""
        return None if self.peer_us is None else self.peer_us / self.inspection_us


def _sample(method: str, target: str, fields: tuple[tuple[str, str], ...], body: bytes) -> Sample:
    return Sample(
        is_attack=False,
        corpus="own micro",
        family="micro",
        method=method,
        target=target,
        fields=fields,
        body=body,
    )


class _Words:
    """Short free texts, as people and programs write them; never the same twice."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        kinds = ("prose", "names", "titles", "search", "addresses")
        self._all = [text for kind in kinds for text in texts(kind) if len(text) <= 60]

    def __call__(self) -> str:
        return f"{self._chance.choice(self._all)} {self._chance.randrange(10**6)}"


def _gets(count: int, words: Callable[[], str]) -> list[Sample]:
    shapes = [get(query({"title": words(), "note": words()}, MICRO_PATH)) for _ in range(count)]
    return [_sample(s.method, s.target, s.fields, s.body) for s in shapes]


def gets(count: int) -> list[Sample]:
    """GETs with two free-text parameters: names, titles, addresses, what people search for.

    Most were written to resemble attacks: five of six hold a mark such as a quote.
    """
    return _gets(count, _Words(1))


def plain_gets(count: int) -> list[Sample]:
    """GETs with two free-text parameters of two to five English words."""
    chance = random.Random(3)
    vocabulary = _vocabulary(str.isascii)
    return _gets(count, lambda: " ".join(chance.choices(vocabulary, k=chance.randint(2, 5))))


def recorded_gets(count: int) -> list[Sample]:
    """GETs with two free-text parameters of values that somebody else has collected."""
    chance = random.Random(4)
    values = vectors.free_texts() if vectors.are_there() else []
    return _gets(count, lambda: chance.choice(values)) if values else []


def posts(count: int) -> list[Sample]:
    """POSTs of JSON of exactly 250 bytes: five free texts, numbers, and a flag."""
    words = _Words(2)
    found: list[Sample] = []
    while len(found) < count:
        value: dict[str, object] = {
            "title": words(),
            "author": words(),
            "year": 1996,
            "price": 18.5,
            "tags": ["history", "stone"],
            "is_new": True,
            "city": words(),
            "note": "",
        }
        bare = len(json.dumps(value, ensure_ascii=False).encode())
        if bare > _SMALL - 20:
            continue
        value["note"] = "signed by hand, second printing, as good as new, one owner, no marks" * 3
        value["note"] = str(value["note"])[: _SMALL - bare]
        shape = post_json(value, MICRO_PATH)
        found.append(_sample(shape.method, shape.target, shape.fields, shape.body))
    return found


def _vocabulary(is_wanted: Callable[[str], bool] = str.isalpha) -> list[str]:
    words = [word for text in texts("prose") for word in text.split()]
    return [word for word in words if word.isalpha() and is_wanted(word)]


def large() -> list[Sample]:
    """POSTs of a megabyte of JSON: rows of ordinary sentences and numbers."""
    vocabulary = _vocabulary()
    found = []
    for seed in range(5):
        chance, size = random.Random(seed), 0
        rows: list[dict[str, object]] = []
        while size < _LARGE:
            note = " ".join(chance.choices(vocabulary, k=120)) + "."
            name = " ".join(chance.choices(vocabulary, k=3))
            row: dict[str, object] = {"id": len(rows), "name": name, "note": note, "ok": True}
            size += len(json.dumps(row, ensure_ascii=False).encode()) + 2
            rows.append(row)
        shape = post_json({"rows": rows}, MICRO_PATH)
        found.append(_sample(shape.method, shape.target, shape.fields, shape.body))
    return found


class _Connection:
    """A kept-alive connection: a field block that comes again is not read and judged again."""

    def __init__(self, runtime: Runtime, *, is_new_each_time: bool) -> None:
        self._runtime = runtime
        self._is_new_each_time = is_new_each_time
        self._known: dict[bytes, RequestFields] = {}

    def spent(self, sample: Sample) -> float:
        """CPU microseconds of a request."""
        block = sample.block()
        if self._is_new_each_time:
            return _spent(self._runtime, sample, block)
        fields = self._known.get(block)
        if fields is None:
            fields = parse_request_fields(block, 1, self._runtime.underscored)
            self._known[block] = fields
        return _spent(self._runtime, sample, fields)


def _spent(runtime: Runtime, sample: Sample, block: bytes | RequestFields) -> float:
    begun = time.thread_time_ns()
    _, refusal = process(runtime, sample, block)
    spent = time.thread_time_ns() - begun
    if refusal is not None:
        raise RuntimeError(f"a good request is refused: {refusal.reason} {sample.target}")
    return spent / 1000


def _compare(
    inspected: _Connection, bare: _Connection, samples: Sequence[Sample], rounds: int
) -> tuple[float, float]:
    """Medians: what inspection adds, and everything with it."""
    added, whole = [], []
    for number in range(rounds):
        pairs = []
        for index, sample in enumerate(samples):
            # Turn about, so that neither is always the one that finds warm caches.
            order = (inspected, bare) if (index + number) % 2 else (bare, inspected)
            spent = {id(connection): connection.spent(sample) for connection in order}
            pairs.append((spent[id(inspected)], spent[id(bare)]))
        added.append(median(pair[0] for pair in pairs) - median(pair[1] for pair in pairs))
        whole.append(median(pair[0] for pair in pairs))
    return median(added), median(whole)


def _call_ns() -> float:
    def called(number: int) -> int:
        return number

    spent = []
    for _ in range(_CALLED):
        begun = time.thread_time_ns()
        for number in range(_CALLED * _CALLED):
            called(number)
        spent.append((time.thread_time_ns() - begun) / (_CALLED * _CALLED))
    return median(spent)


def costs(tell: Callable[[str], None]) -> list[Cost]:
    """The costs of a small GET, a small POST and a large POST."""
    get_many, post_many, few = gets(REQUESTS), posts(REQUESTS), large()
    recorded = recorded_gets(REQUESTS)
    kinds = (
        ("GET with two parameters: values that others collected", recorded, False),
        ("GET with two parameters: plain words", plain_gets(REQUESTS), False),
        ("GET with two parameters: texts that resemble attacks", get_many, False),
        ("POST of 250 bytes of JSON", post_many, False),
        ("the last GET, first on its connection", get_many, True),
        ("the same POST, first on its connection", post_many, True),
        ("POST of 1 MB of JSON", few, False),
    )
    found = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        on = runtime_of(Path(one))
        off = runtime_of(Path(other), inspect="off")
        for what, samples, is_new in kinds:
            if not samples:
                tell(f"CPU: {what}: left out, for the shared vectors are not beside the project")
                continue
            tell(f"CPU: {what}")
            inspected = _Connection(on, is_new_each_time=is_new)
            bare = _Connection(off, is_new_each_time=is_new)
            _compare(inspected, bare, samples[:50], 1)
            inspection, whole = _compare(inspected, bare, samples, ROUNDS)
            cost = Cost(
                what=what,
                inspection_us=inspection,
                whole_us=whole,
                peer_us=None if samples is few else _peer(samples),
                call_ns=_call_ns(),
            )
            found.append(cost)
    return found


def _peer(samples: Sequence[Sample]) -> float | None:
    library = Library()
    if library.missing() is not None:
        return None
    with library.open() as judge:
        return median(judge([sample]).cpu_us for sample in samples[:PEER_REQUESTS])
