"""Range requests (RFC 9110 §14.2) that an upstream may be asked to serve (B-125).

A recipient may ignore `Range`, and §14.2 advises it for many small or overlapping ranges: merging
them has cost servers quadratic time, and answers larger than the content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

MAX_RANGES: Final = 5
RANGE_FIELDS: Final = frozenset({b"range", b"request-range"})
"""The field, and its name before RFC 2068, which some servers still read."""

_MAX_LENGTH: Final = 256
_PREFIX: Final = re.compile(rb"bytes=[ \t]*", re.IGNORECASE)
_SPEC: Final = re.compile(rb"([0-9]{0,18})-([0-9]{0,18})")


def is_modest(values: Sequence[bytes]) -> bool:
    """Whether the field lines of one name ask for a few separate ranges of bytes."""
    if len(values) != 1 or len(values[0]) > _MAX_LENGTH:
        return False
    unit = _PREFIX.match(values[0])
    if unit is None:
        return False
    specs = values[0][unit.end() :].split(b",")
    if len(specs) > MAX_RANGES:
        return False
    bounded: list[tuple[int, int]] = []
    endless: list[int] = []
    suffixes = 0
    for spec in specs:
        match = _SPEC.fullmatch(spec.strip(b" \t"))
        if match is None or match[0] == b"-":
            return False
        first, last = match[1], match[2]
        if not first:
            suffixes += 1
        elif not last:
            endless.append(int(first))
        else:
            bounded.append((int(first), int(last)))
    if suffixes + len(endless) > 1 or any(first > last for first, last in bounded):
        return False
    bounded.sort()
    if any(after[0] <= before[1] for before, after in pairwise(bounded)):
        return False
    return not (endless and bounded and bounded[-1][1] >= endless[0])
