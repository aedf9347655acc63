"""Hostile case B-125: ranges that cost more than the whole."""

from __future__ import annotations

import pytest
from tests.support.arena import Arena, request


@pytest.mark.parametrize("name", ["Range", "Request-Range"])
@pytest.mark.parametrize(
    "value",
    [
        "bytes=" + ",".join(["0-"] * 1_000),
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 12, 2)),
        "bytes=0-,0-",
        "bytes=0-100,50-150",
        "bytes=0-100,100-",
        "bytes=5-,-1",
    ],
    ids=lambda value: value[:24],
)
def test_b125_range_dos(arena: Arena, name: str, value: str) -> None:
    mark = arena.upstream.mark()
    assert arena.send(request("GET", "/things", f"{name}: {value}")).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert name.lower() not in received.names()


def test_b125_range_dos_one_line_each(arena: Arena) -> None:
    mark = arena.upstream.mark()
    lines = [f"Range: bytes={n}-{n}" for n in range(50)]
    assert arena.send(request("GET", "/things", *lines)).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert "range" not in received.names()


@pytest.mark.parametrize("value", ["bytes=0-99", "bytes=100-", "bytes=-5", "bytes=0-9,20-29"])
def test_b125_range_dos_plain_ranges_go_on(arena: Arena, value: str) -> None:
    mark = arena.upstream.mark()
    assert arena.send(request("GET", "/things", f"Range: {value}")).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.get("range") == value.encode()
