"""JSON texts that are written anew with something left out: everything else as it was."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789.", b"0000000000")
_LONG_NUMBER: Final = b"0" * 16
_SAFE_DIGITS: Final = 15


class Spelled(str):
    """A number as it was written."""

    __slots__ = ()


def has_one_reading(value: Any, body: bytes) -> bool:
    """Whether `value`, read from `body`, is all that any reader could find in it.

    False where a name may occur twice in one object, so that readers differ about its value.
    """
    if orjson.dumps(value) == body:
        return True
    members = 0
    nodes: list[Any] = [value]
    for node in nodes:
        if type(node) is dict:
            members += len(node)
            nodes += [child for child in node.values() if type(child) in (dict, list)]
        elif type(node) is list:
            nodes += [child for child in node if type(child) in (dict, list)]
    # Every name is followed by its colon, directly or after whitespace.
    return members == body.translate(None, b" \t\r\n").count(b'":')


def read_verbatim(body: bytes, value: Any) -> Any:
    """`value`, read from `body`, with numbers of more digits than a double holds as `Spelled`."""
    if _LONG_NUMBER not in body.translate(_DIGITS_TO_ZERO):
        return value
    return _DECODER.decode(body.decode("utf-8"))


def write_json(value: Any) -> bytes:
    """The JSON text of a value in which numbers may be `Spelled`."""
    return orjson.dumps(value, default=_as_spelled, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _as_spelled(number: Spelled) -> orjson.Fragment:
    return orjson.Fragment(str(number))


def _integer(text: str) -> int | Spelled:
    return int(text) if len(text) <= _SAFE_DIGITS else Spelled(text)


def _float(text: str) -> float | Spelled:
    return float(text) if len(text) <= _SAFE_DIGITS else Spelled(text)


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_float=_float)
