"""The levels of controls: defaults, the API, tags, the operation. The later wins, key by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vallum.config.diagnostics import Report, suggest
from vallum.config.kinds import Values
from vallum.config.source import Node
from vallum.core.words import nearest
from vallum.openapi.model import Contract, Operation

DEFAULTS, API, TAG, OPERATION = range(4)
"""Ranks of levels."""


class Given(NamedTuple):
    """A value that the policy gives to a key of an operation, and where."""

    value: Any
    rank: int
    place: Node
    level: str
    """`defaults`, `the API`, `tag:NAME` or the operation's key."""


@dataclass(slots=True)
class Levels:
    """What the policy says about the operations of one API."""

    defaults: Values | None
    api: Values
    tags: dict[str, Values] = field(default_factory=dict)
    operations: dict[str, Values] = field(default_factory=dict)
    """By operation id."""
    places: dict[str, Node] = field(default_factory=dict)
    """Where the policy names an operation, by operation id."""

    def given(self, operation: Operation, report: Report) -> dict[str, Given]:
        """What holds for an operation. Tags that contradict each other are reported."""
        found: dict[str, Given] = {}
        _put(found, self.defaults, DEFAULTS, "defaults")
        _put(found, self.api, API, "the API")
        own = self.operations.get(operation.id)
        for tag in operation.tags:
            said = self.tags.get(tag)
            if said is None:
                continue
            for key, place in said.places.items():
                before = found.get(key)
                if (
                    before is not None
                    and before.rank == TAG
                    and key in said
                    and before.value != said[key]
                    and (own is None or key not in own)
                ):
                    report.add(
                        "tag-conflict",
                        f"`{operation.id}` has the tags of `{before.level}` and `tag:{tag}`, "
                        f"which give it different `{key}`",
                        place,
                        f"write `{key}` for the operation `{operation.id}` itself",
                    )
            _put(found, said, TAG, f"tag:{tag}")
        _put(found, own, OPERATION, operation.id)
        return found


def _put(found: dict[str, Given], said: Values | None, rank: int, level: str) -> None:
    if said is None:
        return
    for key, value in said.items():
        found[key] = Given(value, rank, said.places[key], level)


def bind_operations(
    api: str, table: Values, contract: Contract, levels: Levels, report: Report
) -> None:
    """Attach each entry of `operations:` to what it names; report those that name nothing."""
    by_id = {operation.id: operation for operation in contract.operations}
    by_route = {f"{each.method} {each.path}": each for each in contract.operations}
    tags = {tag for operation in contract.operations for tag in operation.tags}
    for name, said in table.items():
        place = table.places[name]
        if name.startswith("tag:"):
            tag = name.removeprefix("tag:")
            if tag in tags:
                levels.tags[tag] = said
                continue
            report.add(
                "unknown-tag",
                f"no operation of `{api}` has the tag `{tag}`",
                place,
                suggest(tag, tags, what="tag"),
            )
            continue
        operation = by_id.get(name) or by_route.get(_as_route(name))
        if operation is None:
            report.add(
                "unknown-operation",
                f"the contract of `{api}` has no operation `{name}`",
                place,
                _operation_hint(name, by_id, by_route, tags),
            )
        elif operation.id in levels.operations:
            report.add(
                "operation-twice",
                f"`{name}` is the operation `{operation.id}`, which stands on line "
                f"{levels.places[operation.id].line} already",
                place,
                "keep one of the two",
            )
        else:
            levels.operations[operation.id] = said
            levels.places[operation.id] = place


def _as_route(name: str) -> str:
    method, space, path = name.partition(" ")
    return f"{method.upper()} {path.strip()}" if space else name


def _operation_hint(
    name: str, by_id: Mapping[str, Operation], by_route: Mapping[str, Operation], tags: set[str]
) -> str:
    if name in tags:
        return f"`{name}` is a tag: write `tag:{name}`"
    for route in by_route:
        if route.partition(" ")[2] == name:
            return f'write the method too: `"{route}"`'
    close = nearest(_as_route(name), by_route if " " in name else by_id)
    if close is not None:
        return f"did you mean `{close}`?"
    return "remove it, or name an operation by its `operationId` or as `METHOD /path`"


def every(levels: Levels) -> Iterator[tuple[str, Values]]:
    """All levels of an API that the policy writes down, each once."""
    if levels.defaults is not None:
        yield "defaults", levels.defaults
    yield "the API", levels.api
    for tag, said in levels.tags.items():
        yield f"tag:{tag}", said
    yield from levels.operations.items()
