"""Every issuer's shape: whatever is drawn from it wakes the search up and is found, exactly.

Nothing here is a key: all of them are drawn by lot when the tests run.
"""

from __future__ import annotations

import re._parser as parser  # type: ignore[import-not-found]
import string
from random import Random
from re import _constants as code
from typing import Any

import pytest

from vallum.inspection.leaks.finder import Budget, LeakFinder, leak_patterns
from vallum.inspection.leaks.issuers import ISSUERS, Issuer
from vallum.inspection.leaks.registry import LEAKS
from vallum.inspection.scan import compile_patterns, load_scan

FINDER = LeakFinder(LEAKS, load_scan(compile_patterns(leak_patterns(LEAKS))))
BY_RULE = {issuer.rule: issuer for issuer in ISSUERS}
WORD = string.ascii_letters + string.digits + "_"
TIMES = 6


def drawn(form: str, lot: Random) -> str:
    """A text that has a form: of each choice any, of each length one of the shorter ones."""
    return "".join(_drawn(step, lot) for step in parser.parse(form))


def _drawn(step: tuple[Any, Any], lot: Random) -> str:
    kind, of = step
    if kind is code.LITERAL:
        return chr(of)
    if kind is code.IN:
        return lot.choice("".join(_members(each) for each in of))
    if kind in (code.MAX_REPEAT, code.MIN_REPEAT):
        least, most, steps = of
        count = lot.randint(least, min(most, least + 20))
        return "".join(_drawn(each, lot) for _ in range(count) for each in steps)
    if kind is code.SUBPATTERN:
        return "".join(_drawn(each, lot) for each in of[-1])
    assert kind is code.BRANCH, kind
    return "".join(_drawn(each, lot) for each in lot.choice(of[1]))


def _members(of: tuple[Any, Any]) -> str:
    kind, what = of
    if kind is code.LITERAL:
        return chr(what)
    if kind is code.RANGE:
        return "".join(map(chr, range(what[0], what[1] + 1)))
    assert what is code.CATEGORY_WORD, of
    return WORD


def found(text: str, name: str = "") -> dict[str, str]:
    """What is found in a text, by rule."""
    every = FINDER.find(text, name, {"secret"}, Budget(1_000_000))
    return {each.rule: text[each.start : each.end] for each in every}


def keys(issuer: Issuer) -> list[str]:
    lot = Random(issuer.rule)
    return [drawn(issuer.form, lot) for _ in range(TIMES)]


def test_no_two_issuers_have_one_name() -> None:
    assert len(BY_RULE) == len(ISSUERS)


@pytest.mark.parametrize("rule", BY_RULE)
@pytest.mark.parametrize("around", ["{}", "KEY={}\n", '{{"key":"{}"}}', "use {} today", "'{}'"])
def test_keys_of_an_issuer_are_found(rule: str, around: str) -> None:
    for key in keys(BY_RULE[rule]):
        assert found(around.format(key)).get(f"secret.{rule}"), key


@pytest.mark.parametrize("rule", [issuer.rule for issuer in ISSUERS if issuer.is_bare])
def test_pieces_of_base64_are_no_keys(rule: str) -> None:
    for key in keys(BY_RULE[rule]):
        assert f"secret.{rule}" not in found(f"QmFzZTY0/{key}/aW1hZ2U")


@pytest.mark.parametrize(
    "text",
    [
        "hf_get_the_model_from_the_cached_folder",
        "glpat-style-guide-for-our-authors",
        "re_exported_functions_of_the_module_are_here",
        "sk_test_the_button_on_the_page",
        "fw_update_the_router_now",
        "npm_config_registry_of_the_workspace",
    ],
)
def test_what_somebody_called_something_is_no_key(text: str) -> None:
    assert found(text) == {}
