"""`python -m tests.fuzz --minutes 10 --target json,xml --jobs 2`: look for inputs that break us."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.engine import Fuzzer, Outcome
from tests.fuzz.findings import keep
from tests.fuzz.targets.registry import MAKERS, make

_HANG: Final = 10.0
"""Seconds of CPU after which a run counts as one that does not end."""
_TOLD_EVERY: Final = 30.0
_ROUND: Final = 20


class HangError(Exception):
    """A run did not end."""


@dataclass(frozen=True, slots=True)
class _Job:
    target: str
    minutes: float
    seed: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run targets; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="of wall time for each target")
    parser.add_argument("--target", default="all", help=f"of: {', '.join(MAKERS)}")
    parser.add_argument("--jobs", type=int, default=2, help="targets at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="add results to this file, a line of JSON each")
    options = parser.parse_args(arguments)
    names = list(MAKERS) if options.target == "all" else options.target.split(",")
    for name in names:
        if name not in MAKERS:
            parser.error(f"no target `{name}`; there are {', '.join(MAKERS)}")
    jobs = [_Job(name, options.minutes, options.seed) for name in names]
    failed = False
    with multiprocessing.get_context("fork").Pool(options.jobs, maxtasksperchild=1) as pool:
        for outcome in pool.imap_unordered(_fuzz, jobs):
            failed |= bool(outcome.findings)
            _tell(_line(outcome))
            for found in outcome.findings.values():
                path = keep(outcome.target, found.data)
                _tell(f"  FOUND {found.where}: {found.message} -> {path}")
            if options.report is not None:
                with options.report.open("a") as file:
                    file.write(json.dumps(_facts(outcome)) + "\n")
    return int(failed)


def _fuzz(job: _Job) -> Outcome:
    signal.signal(signal.SIGPROF, _hang)
    fuzzer = Fuzzer(make(job.target), job.seed, guard=_guarded)
    outcome = fuzzer.outcome
    begun = told = time.monotonic()
    while (now := time.monotonic()) - begun < job.minutes * 60:
        fuzzer.run(_ROUND)
        if now - told > _TOLD_EVERY:
            told = now
            _tell(_line(outcome))
    return outcome


@contextmanager
def _guarded() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, _HANG)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _hang(*_: object) -> None:
    raise HangError(f"no end after {_HANG:g} s of CPU")


def _line(outcome: Outcome) -> str:
    slowest = outcome.slowest[0][0] if outcome.slowest else 0.0
    return (
        f"{outcome.target:24} {outcome.executions:9,} execs {outcome.cpu:7.1f} CPU s "
        f"{outcome.executions / max(outcome.cpu, 0.001):8,.0f}/s {outcome.lines:5} lines "
        f"{outcome.pool:5} kept slowest {slowest:6.2f} ms {len(outcome.findings)} findings"
    )


def _facts(outcome: Outcome) -> dict[str, object]:
    return {
        "target": outcome.target,
        "seed": outcome.seed,
        "executions": outcome.executions,
        "cpu": outcome.cpu,
        "lines": outcome.lines,
        "slowest": [(ms, data[:200].decode("latin-1")) for ms, data in outcome.slowest],
        "findings": [[found.where, found.message] for found in outcome.findings.values()],
    }


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
