"""What once broke something breaks nothing any more; and a short burst of every fuzz target."""

from __future__ import annotations

import pytest
from tests.fuzz.engine import Fuzzer, TooSlowError
from tests.fuzz.findings import CORPUS, kept
from tests.fuzz.targets.registry import MAKERS, make

_BURST = 150
"""Mutated inputs, the same ones each time: a test that fails can be run again."""
_DEAR = {"inspector-100kb": 3, "leaks-100kb": 5}


@pytest.mark.parametrize("name", MAKERS)
def test_no_kept_input_breaks_anything_again(name: str) -> None:
    target = make(name)
    for data in kept(name):
        target.run(data)


@pytest.mark.parametrize("name", MAKERS)
def test_a_burst_of_mutated_inputs_breaks_nothing(name: str) -> None:
    target = make(name)
    fuzzer = Fuzzer(target, seed=0, most_seeds=_DEAR.get(name, 100))
    fuzzer.run(_DEAR.get(name, _BURST))
    found = fuzzer.outcome.findings.values()
    # What an input costs is for `make fuzz`: here the machine may be busy with other tests.
    assert [each for each in found if not each.where.startswith(TooSlowError.__name__)] == []
    assert fuzzer.outcome.executions > 0


def test_the_corpus_belongs_to_targets_that_exist() -> None:
    assert {path.name for path in CORPUS.iterdir()} <= set(MAKERS)
