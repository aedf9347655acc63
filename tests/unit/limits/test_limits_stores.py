"""What every limit store must do: one suite for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vallum.core.ports import ANYONE, KNOWN, LimitStore
from vallum.limits.gcra import interval_seconds
from vallum.limits.memory import MemoryLimitStore
from vallum.limits.shared import SharedLimitStore, create_table

NOW = 1_760_000_000.0
ROOM = 30
"""Keys per region that the small stores have room for: one bucket of 15 slots in the table."""

MakeStore = Callable[[], LimitStore]


@pytest.fixture(params=["memory", "shared"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    opened: list[SharedLimitStore] = []

    def make() -> LimitStore:
        if request.param == "memory":
            return MemoryLimitStore(capacity=ROOM)
        create_table(tmp_path / "limits", slots=2 * ROOM)
        opened.append(SharedLimitStore(tmp_path / "limits"))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def take_one(store: LimitStore, key: bytes, now: float, units: int = 5) -> float:
    return store.take(key, now=now, interval=interval_seconds(units, 60.0), burst=units, cost=1)


def test_burst_then_rate(make_store: MakeStore) -> None:
    store = make_store()
    answers = [take_one(store, KNOWN + b"k", NOW) for _ in range(6)]
    assert answers[:5] == [4, 3, 2, 1, 0]
    assert answers[5] == -12
    assert take_one(store, KNOWN + b"k", NOW + 11.9) < 0
    assert take_one(store, KNOWN + b"k", NOW + 12.0) == 0
    assert take_one(store, KNOWN + b"k", NOW + 12.0) < 0


def test_keys_do_not_share(make_store: MakeStore) -> None:
    store = make_store()
    for _ in range(6):
        take_one(store, KNOWN + b"a", NOW)
    assert take_one(store, KNOWN + b"b", NOW) == 4
    assert take_one(store, ANYONE + b"a", NOW) == 4


def test_asking_takes_nothing_and_leaves_nothing(make_store: MakeStore) -> None:
    store = make_store()
    for number in range(3 * ROOM):
        key = ANYONE + b"%d" % number
        assert store.take(key, now=NOW, interval=1.0, burst=5, cost=0) == 5
    take_one(store, KNOWN + b"k", NOW)
    for _ in range(9):
        assert store.take(KNOWN + b"k", now=NOW, interval=12.0, burst=5, cost=0) >= 4


def test_cost_counts_in_units(make_store: MakeStore) -> None:
    store = make_store()
    assert store.take(KNOWN + b"k", now=NOW, interval=1.0, burst=10, cost=7) == 3
    assert store.take(KNOWN + b"k", now=NOW, interval=1.0, burst=10, cost=7) == -4
    assert store.take(KNOWN + b"k", now=NOW, interval=1.0, burst=10, cost=3) == 0


def test_buckets_that_are_full_again_make_room(make_store: MakeStore) -> None:
    store = make_store()
    for round_number in range(20):
        now = NOW + 100.0 * round_number
        for number in range(ROOM // 4):
            key = ANYONE + b"%d-%d" % (round_number, number)
            assert take_one(store, key, now) == 4, "a key that found room has its own bucket"


def test_a_full_store_never_lets_more_pass(make_store: MakeStore) -> None:
    store = make_store()
    passed = 0
    for number in range(20 * ROOM):
        passed += take_one(store, ANYONE + b"%d" % number, NOW, units=1) >= 0
    # Everyone with room once, and everyone without room once together.
    assert 10 <= passed <= 2 * ROOM + 4
    # Nobody passes twice, whether served from a place of its own or from the shared bucket.
    for number in range(20 * ROOM):
        assert take_one(store, ANYONE + b"%d" % number, NOW, units=1) < 0


def test_strangers_do_not_crowd_out_known_callers(make_store: MakeStore) -> None:
    store = make_store()
    for number in range(20 * ROOM):
        take_one(store, ANYONE + b"%d" % number, NOW)
    assert take_one(store, KNOWN + b"customer", NOW) == 4


def test_a_key_that_moves_from_the_shared_bucket_does_not_start_anew(
    make_store: MakeStore,
) -> None:
    store = make_store()
    for number in range(20 * ROOM):
        take_one(store, ANYONE + b"%d" % number, NOW, units=1)
    late = ANYONE + b"late"
    first = take_one(store, late, NOW + 30.0, units=1)
    second = take_one(store, late, NOW + 61.0, units=1)
    third = take_one(store, late, NOW + 61.0, units=1)
    assert sum(answer >= 0 for answer in (first, second, third)) <= 1


def test_a_clock_set_back_does_not_lock_a_key_for_long(make_store: MakeStore) -> None:
    store = make_store()
    for _ in range(5):
        take_one(store, KNOWN + b"k", NOW)
    long_ago = NOW - 1_000_000.0
    assert take_one(store, KNOWN + b"k", long_ago) < 0
    assert take_one(store, KNOWN + b"k", long_ago + 12.1) >= 0


STEPS = st.lists(
    st.tuples(
        st.floats(0.0, 40.0),
        st.floats(-500.0, 0.0) | st.just(0.0),
        st.integers(0, 3),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=60,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, units=st.integers(3, 12))
def test_never_more_than_burst_and_rate_in_any_window(
    make_store: MakeStore, steps: list[tuple[float, float, int, int]], units: int
) -> None:
    """Whatever the gaps, the costs, and however often the clock is set back (B-264, B-265)."""
    store = make_store()
    interval = interval_seconds(units, 60.0)
    real, offset = 0.0, 0.0
    taken: dict[bytes, list[tuple[float, int]]] = {}
    for gap, set_back, name, cost in steps:
        real += gap
        offset += set_back
        key = KNOWN + b"%d" % name
        answer = store.take(key, now=NOW + real + offset, interval=interval, burst=units, cost=cost)
        if answer >= 0:
            taken.setdefault(key, []).append((real, cost))
    for takes in taken.values():
        for index, (start, _) in enumerate(takes):
            total = 0
            for end, cost in takes[index:]:
                total += cost
                assert total <= units + (end - start) / interval + 1e-6
