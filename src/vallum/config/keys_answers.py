"""The keys about answers, at every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from vallum.config.diagnostics import suggest
from vallum.config.keys_server import GIB, size
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Either,
    Key,
    Schema,
    wrong_type,
)
from vallum.config.source import Node
from vallum.filters.leaks import DEFAULT_ACTIONS

_ACTIONS: Final = ("off", "alert", "mask", "block")


@dataclass(frozen=True, slots=True)
class _Leaks:
    """Actions by kind of leak, and `off` by JSON Pointer."""

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, dict):
            return wrong_type(node, context, "`off` or a mapping of kinds to actions")
        result: dict[str, str] = {}
        for name, item in node.value.items():
            is_place = name.startswith("/")
            if not is_place and name not in DEFAULT_ACTIONS:
                hint = suggest(name, DEFAULT_ACTIONS, what="kind")
                context.report.add(
                    "bad-value", f"`{name}` is no kind of leak", node.keys[name], hint
                )
                return INVALID
            action = Choice(("off",) if is_place else _ACTIONS).read(item, context)
            if action is INVALID:
                return INVALID
            result[name] = action
        return result

    def schema(self) -> Schema:
        return {
            "type": "object",
            "properties": {kind: {"enum": list(_ACTIONS)} for kind in DEFAULT_ACTIONS},
            "patternProperties": {"^/": {"enum": ["off"]}},
            "additionalProperties": False,
        }


ANSWER_KEYS: Final[dict[str, Key]] = {
    "answers": Key(
        Choice(("drop", "block", "monitor", "off")),
        "what happens to answers that break the contract; default drop: undeclared parts go",
    ),
    "answer_body": Key(
        size(1, 1 * GIB, "1", "1GiB"),
        "largest answer that is held to be looked into; default 1MiB",
    ),
    "leaks": Key(
        Either("`off` or actions by kind", words={"off": "off"}, mapping=_Leaks()),
        "what happens to cards, keys, stack traces and the like in answers",
    ),
}
