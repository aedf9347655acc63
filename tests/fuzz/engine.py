"""Runs one target on mutated inputs: what breaks it, and what costs it the most."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.fuzz.findings import Finding, finding_of, minimised
from tests.fuzz.mutate import Mutator
from tests.fuzz.reached import Reached
from tests.fuzz.target import Target

_TRACED: Final = 16
"""One run of so many is looked at for lines that it reaches first."""
_MOST_IN_POOL: Final = 4_000
_SLOWEST: Final = 10
_CLIMBS: Final = 0.1
"""How often the slowest inputs are changed instead of those that reach furthest."""
_QUICK: Final = 0.02
"""Seconds of CPU: what takes longer is not run a thousand times to make it smaller."""

Guard = Callable[[], AbstractContextManager[None]]
"""Makes something that stops a run which does not end."""


class TooSlowError(Exception):
    """An input costs more CPU than any may."""


@dataclass(slots=True)
class Outcome:
    """What a run has come to."""

    target: str
    seed: int
    executions: int = 0
    cpu: float = 0.0
    """Seconds."""
    lines: int = 0
    pool: int = 0
    slowest: list[tuple[float, bytes]] = field(default_factory=list)
    """Milliseconds of CPU and the input, the slowest first."""
    findings: dict[str, Finding] = field(default_factory=dict)


class Fuzzer:
    """One run of one target. The same seed makes the same inputs; only cost is the machine's."""

    def __init__(
        self,
        target: Target,
        seed: int,
        *,
        guard: Guard = nullcontext,
        most_seeds: int = _MOST_IN_POOL,
    ) -> None:
        """
        Args:
            target: what is run.
            seed: of all chance.
            guard: around each run.
            most_seeds: of the target's that are used, from all over their list.
        """
        self.outcome = Outcome(target.name, seed)
        self._target = target
        self._random = Random(f"{target.name}:{seed}")
        self._mutator = Mutator(self._random, target.tokens, target.longest)
        given = target.seeds[:: -(-len(target.seeds) // most_seeds) or 1]
        self._pool = [each[: target.longest] for each in given] or [b""]
        self._reached = Reached()
        self._guard = guard
        self._begun = time.process_time()
        for data in tuple(self._pool):
            self._execute(data, is_traced=True)

    def run(self, executions: int) -> None:
        """So many mutated inputs."""
        outcome = self.outcome
        for _ in range(executions):
            climbs = self._target.most_cpu > 0 and self._random.random() < _CLIMBS
            slow = [each for _, each in outcome.slowest] if climbs else []
            data = self._mutator.mutate(slow or self._pool)
            is_traced = outcome.executions % _TRACED == 0
            if self._execute(data, is_traced=is_traced) and len(self._pool) < _MOST_IN_POOL:
                self._pool.append(data)
        outcome.cpu = time.process_time() - self._begun
        outcome.lines, outcome.pool = len(self._reached), len(self._pool)

    def _execute(self, data: bytes, *, is_traced: bool) -> bool:
        """Run one input; whether it is worth keeping."""
        self.outcome.executions += 1
        try:
            with self._guard():
                if is_traced:
                    return self._reached.run(lambda: self._target.run(data))
                begun = time.process_time_ns()
                self._target.run(data)
                spent = (time.process_time_ns() - begun) / 1e6
            self._weigh(spent, data)
        except Exception as error:  # noqa: BLE001  (whatever is raised is a finding)
            self._note(error, data)
        return False

    def _weigh(self, spent: float, data: bytes) -> None:
        """Keep the slowest inputs; raises TooSlowError."""
        slowest, most = self.outcome.slowest, self._target.most_cpu
        if len(slowest) == _SLOWEST and spent <= slowest[-1][0]:
            return
        # What was only a disturbance of the machine does not come again.
        spent = min(spent, self._cost(data), self._cost(data))
        if len(slowest) == _SLOWEST and spent <= slowest[-1][0]:
            return
        if all(known != data for _, known in slowest):
            slowest[:] = heapq.nlargest(_SLOWEST, [*slowest, (spent, data)])
        if 0 < most < spent:
            raise TooSlowError(f"{spent:.1f} ms of CPU for {len(data)} bytes, at most {most:g}")

    def _cost(self, data: bytes) -> float:
        begun = time.process_time_ns()
        self._target.run(data)
        return (time.process_time_ns() - begun) / 1e6

    def _note(self, error: Exception, data: bytes) -> None:
        found = finding_of(error, data)
        if found.where in self.outcome.findings:
            return
        begun = time.process_time()
        breaks_again = self._breaks(data) == found.where
        if breaks_again and time.process_time() - begun < _QUICK:
            small = minimised(data, lambda shorter: self._breaks(shorter) == found.where)
            found = found._replace(data=small)
        self.outcome.findings[found.where] = found

    def _breaks(self, data: bytes) -> str:
        try:
            with self._guard():
                self._target.run(data)
        except Exception as error:  # noqa: BLE001  (compared with the finding)
            return finding_of(error, data).where
        return ""
