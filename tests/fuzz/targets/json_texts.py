"""JSON: what is taken, a lenient reader takes as the same value, and no name occurs twice."""

from __future__ import annotations

import json
import math
import sys
from decimal import Decimal
from typing import Any

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require

from vallum.wire.json import DEFAULT_LIMITS, MalformedJSON, parse_json, read_grammar
from vallum.wire.json_exact import check_members
from vallum.wire.json_rewrite import has_one_reading, read_verbatim, write_json


class _Pairs(list[tuple[str, Any]]):
    """An object with all its members."""


def _refuse_constant(_: str) -> None:
    raise ValueError("no JSON")


def _stdlib(body: bytes, *, exact: bool = False) -> Any:
    return json.loads(
        body.decode("utf-8"),
        object_pairs_hook=_Pairs,
        parse_constant=_refuse_constant,
        parse_int=Decimal if exact else int,
        parse_float=_exact if exact else float,
    )


def _exact(text: str) -> Decimal | float:
    """A number to its last digit, where a double holds anything of it at all."""
    value = float(text)
    return value if abs(value) < sys.float_info.min else Decimal(text)


def _names_are_unique(value: Any) -> bool:
    if isinstance(value, _Pairs):
        names = [name for name, _ in value]
        return len(set(names)) == len(names) and all(_names_are_unique(v) for _, v in value)
    return not isinstance(value, list) or all(map(_names_are_unique, value))


def _same(ours: Any, theirs: Any) -> bool:
    """Whether two values are the same, types too."""
    if isinstance(theirs, _Pairs):
        last = dict(theirs)
        return (
            type(ours) is dict
            and ours.keys() == last.keys()
            and all(_same(ours[name], last[name]) for name in last)
        )
    if isinstance(theirs, list):
        return type(ours) is list and len(ours) == len(theirs) and all(map(_same, ours, theirs))
    return type(ours) is type(theirs) and bool(ours == theirs)


def _is_readable(value: Any) -> bool:
    """Whether a text is within what our reader is meant to take (RFC 7493)."""
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, float):
        return math.isfinite(value)
    if type(value) is int:
        return abs(value) <= sys.float_info.max
    if isinstance(value, _Pairs):
        return all(_is_readable(name) and _is_readable(child) for name, child in value)
    return not isinstance(value, list) or all(map(_is_readable, value))


def _parse(body: bytes) -> None:
    try:
        value = parse_json(body)
    except MalformedJSON as error:
        if error.code == "syntax":
            _refused(body)
        return
    theirs = _stdlib(body)
    require(_same(value, theirs), "another value", value, theirs)
    require(_names_are_unique(theirs), "a name twice", body)
    check_members(body, DEFAULT_LIMITS)


def _refused(body: bytes) -> None:
    try:
        theirs = _stdlib(body)
    except (ValueError, RecursionError):
        return
    require(not _is_readable(theirs), "JSON was refused", body)


def _rewrite(body: bytes) -> None:
    try:
        value = read_grammar(body)
    except MalformedJSON:
        return
    theirs = _stdlib(body, exact=True)
    if has_one_reading(value, body):
        require(_names_are_unique(theirs), "a name twice", body)
    written = write_json(read_verbatim(body, value))
    again = _stdlib(written, exact=True)
    require(_names_are_unique(again), "a name twice in what is written", written)
    require(_alike(again, theirs), "another value is written", body, written)


def _alike(written: Any, read: Any) -> bool:
    """Whether a value was written as it was read, numbers to the last digit."""
    if isinstance(read, _Pairs):
        mine, last = dict(written), dict(read)
        return mine.keys() == last.keys() and all(_alike(mine[name], last[name]) for name in last)
    if isinstance(read, list):
        return len(written) == len(read) and all(map(_alike, written, read))
    return type(written) is type(read) and bool(written == read)


def make_json() -> Target:
    """`parse_json` against the standard library."""
    return Target(name="json", run=_parse, seeds=seeds.JSON, tokens=tokens.JSON)


def make_rewrite() -> Target:
    """Answers that are written anew, against the standard library."""
    return Target(name="json-rewrite", run=_rewrite, seeds=seeds.JSON, tokens=tokens.JSON)
