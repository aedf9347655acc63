"""The arithmetic of limits."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.limits.gcra import LARGEST_SKEW_SECONDS, interval_seconds, take

NOW = 1_760_000_000.25


@pytest.mark.parametrize(
    ("units", "seconds"), [(0, 1.0), (-1, 1.0), (1, 0.0), (1, -1.0), (1, math.inf), (1, math.nan)]
)
def test_a_limit_that_makes_no_sense_is_refused(units: int, seconds: float) -> None:
    with pytest.raises(ValueError, match="at least one unit"):
        interval_seconds(units, seconds)


@given(st.integers(1, 100_000), st.floats(0.1, 10_000_000))
def test_the_interval_never_lets_more_pass_and_is_close(units: int, seconds: float) -> None:
    interval = interval_seconds(units, seconds)
    assert interval >= seconds / units
    assert interval - seconds / units < 1e-6


@given(st.integers(1, 3000), st.sampled_from([1.0, 60.0, 3600.0, 86_400.0, 7.3]))
def test_exactly_the_burst_passes_at_one_instant(units: int, seconds: float) -> None:
    interval = interval_seconds(units, seconds)
    tat, passed = 0.0, 0
    for _ in range(units + 3):
        left, kept = take(tat, NOW, interval, units, 1)
        if kept is not None:
            tat = kept
        if left >= 0:
            passed += 1
            assert left == units - passed
    assert passed == units


def test_a_refusal_says_how_long_to_wait() -> None:
    interval = interval_seconds(60, 60.0)
    left, kept = take(NOW + 60.0, NOW, interval, 60, 1)
    assert left == -1.0
    assert kept is None
    left, kept = take(NOW + 60.0, NOW + 1.0, interval, 60, 1)
    assert left == 0.0
    assert kept == NOW + 61.0


def test_asking_takes_nothing() -> None:
    assert take(NOW + 58.0, NOW, 1.0, 60, 0) == (2.0, None)
    assert take(0.0, NOW, 1.0, 60, 0) == (60.0, None)


def test_a_clock_set_back_leaves_an_empty_bucket_not_a_locked_one() -> None:
    a_year_ago = NOW - 31_000_000.0
    left, kept = take(NOW + 60.0, a_year_ago, 1.0, 60, 1)
    assert left == -1.0
    assert kept == a_year_ago + 60.0
    left, kept = take(kept, a_year_ago + 1.0, 1.0, 60, 1)
    assert left == 0.0


def test_a_clock_read_a_moment_earlier_by_another_worker_changes_nothing() -> None:
    left, kept = take(NOW + 60.0, NOW - LARGEST_SKEW_SECONDS / 2, 1.0, 60, 1)
    assert left < 0
    assert kept is None


@given(st.floats(0.0, 3e9), st.floats(0.0, 3e9), st.integers(1, 100), st.integers(1, 100))
def test_no_state_lets_more_than_the_burst_pass(
    tat: float, now: float, burst: int, cost: int
) -> None:
    passed = 0
    for _ in range(burst + 1):
        left, kept = take(tat, now, 1.0, burst, cost)
        tat = tat if kept is None else kept
        passed += cost if left >= 0 else 0
    assert passed <= burst
