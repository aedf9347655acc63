"""Range fields: few and separate ranges go on, anything else does not."""

from __future__ import annotations

import pytest

from vallum.wire.forwarding import forwardable
from vallum.wire.ranges import is_modest


@pytest.mark.parametrize(
    "value",
    [
        b"bytes=0-",
        b"bytes=0-99",
        b"Bytes=-500",
        b"bytes=0-0, 2-3 ,5-5,9-9,100-",
        b"bytes=100-199,0-99",
        b"bytes=0-99,-100",
    ],
)
def test_modest(value: bytes) -> None:
    assert is_modest([value])


@pytest.mark.parametrize(
    "value",
    [
        b"bytes=0-,0-",
        b"bytes=" + b"0-," * 1_000 + b"0-",
        b"bytes=0-0,2-2,4-4,6-6,8-8,10-10",
        b"bytes=0-99,50-149",
        b"bytes=0-99,99-100",
        b"bytes=50-60,0-99",
        b"bytes=0-99,50-",
        b"bytes=5-,-1",
        b"bytes=-1,-2",
        b"bytes=5-2",
        b"bytes=-",
        b"bytes=",
        b"bytes=0-9,",
        b"bytes=a-b",
        b"bytes 0-9",
        b"items=0-9",
        b"bytes=" + b"9" * 19 + b"-",
        b"",
    ],
)
def test_excessive(value: bytes) -> None:
    assert not is_modest([value])


def test_two_lines_are_no_range() -> None:
    assert not is_modest([b"bytes=0-1", b"bytes=2-3"])


def test_what_is_excessive_does_not_go_on() -> None:
    lines = ((b"range", b"bytes=0-,0-"), (b"accept", b"*/*"), (b"request-range", b"bytes=0-1"))
    assert forwardable(lines, frozenset(), frozenset()) == [lines[1], lines[2]]
