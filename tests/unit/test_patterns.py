"""No pattern repeats a group possessively: Python before 3.11.5 reads such patterns wrongly.

`(?:ab?c)?+d` finds `ad` there, where it must find `d` (CPython issue 106052). An atomic group
around a plain repetition means the same and is read well by all: `(?>(?:ab?c)?)d`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

import pytest

_COLLECT = """
import importlib, json, pkgutil, re
compiled, patterns = re.compile, {}
def compile_(pattern, flags=0):
    if isinstance(pattern, str):
        patterns[pattern] = int(flags)
    return compiled(pattern, flags)
re.compile = compile_
import vallum
for module in pkgutil.walk_packages(vallum.__path__, "vallum."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(json.dumps(patterns))
"""
_FEWEST = 500
# The standard library's own reading of patterns; it has no stubs.
parser, codes = import_module("re._parser"), import_module("re._constants")
_ONE_CHARACTER = {codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN}


def _groups(parsed: Iterable[Any]) -> Iterable[Any]:
    """What is repeated possessively and is more than one character."""
    for code, argument in parsed:
        if code is codes.POSSESSIVE_REPEAT:
            repeated = argument[2]
            if len(repeated) != 1 or repeated[0][0] not in _ONE_CHARACTER:
                yield repeated
        for inner in _inner(argument):
            yield from _groups(inner)


def _inner(argument: Any) -> Iterable[Any]:
    """The patterns within an argument of the parser's form, however they are nested."""
    if isinstance(argument, parser.SubPattern):
        yield argument
    elif isinstance(argument, tuple | list):
        for each in argument:
            yield from _inner(each)


@pytest.mark.parametrize(
    "pattern", ["(?:ab?c)?+d", "x(?:(?:ab)*+|y){2}", "(?=(?:ab?)++)", "(?>(?:a(?:bc){1,3}+)*)"]
)
def test_a_group_that_repeats_possessively_is_seen(pattern: str) -> None:
    assert list(_groups(parser.parse(pattern)))


def test_no_pattern_repeats_a_group_possessively() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COLLECT], capture_output=True, text=True, check=True
    )
    patterns: dict[str, int] = json.loads(done.stdout)

    wrong = [each for each in patterns if list(_groups(parser.parse(each, patterns[each])))]

    assert len(patterns) > _FEWEST
    assert wrong == []
