"""Runs and their answers, as several processes would share them."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from vallum.core.ports import KeptAnswer
from vallum.store import idempotency
from vallum.store.idempotency import LARGEST_BODY, Earlier, Runs, TooManyRunsError

NOW = 1_800_000_000.0
ANSWER = KeptAnswer(201, b"content-type: application/json\r\n", b"{}")


def begin(runs: Runs, run: bytes, owner: bytes = b"ann", now: float = NOW) -> Earlier | None:
    return runs.begin(run, owner, b"content", now=now, until=now + 60)


def test_one_of_two_runs_and_the_other_gets_its_answer(tmp_path: Path) -> None:
    path = tmp_path / "runs"
    mine, yours = Runs(path), Runs(path)
    assert begin(mine, b"1") is None
    assert begin(yours, b"1") == Earlier(b"content", None)
    mine.keep(b"1", ANSWER)
    assert begin(yours, b"1") == Earlier(b"content", ANSWER)
    assert begin(yours, b"2") is None
    assert path.stat().st_mode & 0o777 == 0o600
    mine.close()
    yours.close()


def test_who_opens_a_new_file_beside_others_waits_for_them(tmp_path: Path) -> None:
    path = tmp_path / "runs"
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(_begun_once, path)
        waits = not wait([begun], timeout=0.1).done
        other.close()
        assert (waits, begun.result(10)) == (True, None)


def _begun_once(path: Path) -> Earlier | None:
    runs = Runs(path)
    try:
        return begin(runs, b"1")
    finally:
        runs.close()


def test_a_run_ends_with_its_time_or_when_it_is_taken_back(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs")
    assert begin(runs, b"1") is None
    assert begin(runs, b"1", now=NOW + 59.9) is not None
    assert begin(runs, b"1", now=NOW + 60) is None
    runs.forget(b"1")
    assert begin(runs, b"1", now=NOW + 60) is None
    runs.close()


def test_of_a_large_answer_only_the_fact_is_kept(tmp_path: Path) -> None:
    runs = Runs(tmp_path / "runs")
    begin(runs, b"1")
    runs.keep(b"1", KeptAnswer(200, b"", bytes(LARGEST_BODY + 1)))
    assert begin(runs, b"1") == Earlier(b"content", None)
    runs.keep(b"1", KeptAnswer(200, b"", bytes(LARGEST_BODY)))
    assert begin(runs, b"1") == Earlier(b"content", KeptAnswer(200, b"", bytes(LARGEST_BODY)))
    runs.close()


def test_the_store_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MOST_RUNS_OF_ONE", 2)
    monkeypatch.setattr(idempotency, "MOST_RUNS", 3)
    monkeypatch.setattr(idempotency, "MOST_BYTES", 3)
    runs = Runs(tmp_path / "runs")
    begin(runs, b"1")
    begin(runs, b"2")
    with pytest.raises(TooManyRunsError):
        begin(runs, b"3")
    assert begin(runs, b"3", owner=b"eve") is None
    with pytest.raises(TooManyRunsError):
        begin(runs, b"4", owner=b"bob")
    runs.keep(b"1", ANSWER)
    runs.keep(b"2", ANSWER)  # More bytes than there may be.
    assert begin(runs, b"1") == Earlier(b"content", ANSWER)
    assert begin(runs, b"2") == Earlier(b"content", None)
    assert begin(runs, b"4", owner=b"bob", now=NOW + 60) is None
    runs.keep(b"4", ANSWER)
    assert begin(runs, b"4", owner=b"bob", now=NOW + 61) == Earlier(b"content", ANSWER)
    runs.close()
