"""The keys about answers, at every level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from vallum.config.diagnostics import suggest
from vallum.config.keys_identity import NAME
from vallum.config.keys_server import GIB, size
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Either,
    Key,
    Made,
    Many,
    Schema,
    Section,
    Table,
    Text,
    Values,
    wrong_type,
)
from vallum.config.source import Node
from vallum.config.values import Bad
from vallum.filters.leaks import DEFAULT_ACTIONS
from vallum.openapi.rights import MASKS, Right

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


_RIGHT_KEYS: Final = {
    "read": Key(Many(NAME), "roles that see the property; default: everybody"),
    "write": Key(Many(NAME), "roles that may send the property; default: everybody"),
    "mask": Key(Choice(MASKS), "what others see in its place; default: nothing"),
}


def _right(found: Values, context: Context) -> Any:
    if not found:
        context.report.add(
            "bad-value", "the property has no rule", found.node, "add `read:`, `write:` or `mask:`"
        )
        return INVALID
    return Right(
        read=frozenset(found["read"]) if "read" in found else None,
        write=frozenset(found["write"]) if "write" in found else None,
        mask=found.get("mask"),
    )


def _pointer(text: str) -> str:
    if not text.startswith("/") or text == "/":
        raise Bad("bad-value", f"`{text}` is no JSON Pointer", "write `/email` or `/items/*/email`")
    return text


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
    "properties": Key(
        Table(
            Text("a JSON Pointer such as `/items/*/email`", _pointer, is_exact=True),
            Made(Section("a property", _RIGHT_KEYS), _right),
            "property",
        ),
        "who may read and write which property, beside what the contract says",
    ),
}
