"""Every reason that a record can hold is explained in the documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
SOURCE: Final = ROOT / "src/vallum"
_FIRST: Final = {"malformed": "http", "invalid": "target", "BadFile": "upload"}
"""Calls whose first argument is a reason without its family."""
_OF_ASGI: Final = frozenset({"http.request", "http.response.start", "http.disconnect"})
_CODE: Final = re.compile(r"[a-z][a-z-]*\.[a-z][a-z-]*[a-z]")


def _trees() -> Iterator[ast.Module]:
    for path in SOURCE.rglob("*.py"):
        parts = path.relative_to(SOURCE).parts
        # The provider answers as OAuth says, and names of leaks and attacks are no reasons.
        if parts[0] != "identity" and not {"detectors", "leaks"} & set(parts[:-1]):
            yield ast.parse(path.read_text("utf-8"))


def _calls(tree: ast.AST) -> Iterator[tuple[str, list[ast.expr]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            yield name, node.args


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reasons() -> set[str]:
    """The codes in the source: whatever looks like one and is of a family that is refused by."""
    trees = list(_trees())
    found: set[str] = set()
    families = {
        "access",
        "answers",
        "digest",
        "dpop",
        "leak",
        "limit",
        "mtls",
        "signature",
        "upstream",
    }
    for tree in trees:
        for name, arguments in _calls(tree):
            if name in _FIRST and arguments and _text(arguments[0]):
                found.add(f"{_FIRST[name]}.{_text(arguments[0])}")
            if name in ("Denied", "InvalidToken", "withheld"):
                families.update(
                    _text(each).partition(".")[0]
                    for each in arguments
                    if _CODE.fullmatch(_text(each))
                )
    for tree in trees:
        found.update(
            _text(node)
            for node in ast.walk(tree)
            if _CODE.fullmatch(_text(node)) and _text(node).partition(".")[0] in families
        )
    return found - _OF_ASGI


def test_every_reason_is_explained() -> None:
    said = set(re.findall(r"`([^`]+)`", (ROOT / "docs/reasons.md").read_text("utf-8")))
    found = reasons()
    assert len(found) > 200, "the search finds nothing any more"
    assert {"jwt.type", "upload.kind", "step-up.acr", "target.form"} <= found
    assert sorted(found - said) == []


def test_nothing_else_is_explained() -> None:
    said = set(re.findall(r"`([^`]+)`", (ROOT / "docs/reasons.md").read_text("utf-8")))
    source = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    codes = {code for code in said if _CODE.fullmatch(code)} - reasons()
    # The rest is put together: both halves stand in the source.
    gone = [code for code in codes if f'"{code.partition(".")[2]}"' not in source]
    assert gone == []
