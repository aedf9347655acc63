"""JSON texts that are written anew with something left out: everything else as it was."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

_DIGITS_TO_ZERO: Final = bytes.maketrans(b"123456789.", b"0000000000")
_LONG_NUMBER: Final = b"0" * 16
_SAFE_DIGITS: Final = 15


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
    """`value`, read from `body`, in a form in which `orjson.dumps` writes each number as it was.

    Numbers of more digits than a double holds are kept as they are spelled.
    """
    if _LONG_NUMBER not in body.translate(_DIGITS_TO_ZERO):
        return value
    return _DECODER.decode(body.decode("utf-8"))


def _integer(text: str) -> Any:
    return int(text) if len(text) <= _SAFE_DIGITS else orjson.Fragment(text)


def _float(text: str) -> Any:
    return float(text) if len(text) <= _SAFE_DIGITS else orjson.Fragment(text)


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_float=_float)
