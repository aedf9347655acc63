"""Hostile cases J: what it may cost to find out what a request may write."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
import pytest
from tests.support.exchanges import make_exchange, make_operation, make_user

from vallum.authz.roles import RoleTable
from vallum.core.problems import Denied
from vallum.engine.filter import Check
from vallum.filters.properties import Places, WriteProperties
from vallum.openapi.rights import Right, Rights

PATCH = b"application/json-patch+json"
EDITORS = Right(write=frozenset({"editor"}))


@dataclass(frozen=True)
class Settings:
    """Five hundred places that editors alone may write."""

    properties: Places = field(
        default_factory=lambda: {f"/shelves/s{n}/price": EDITORS for n in range(500)}
    )


def send(check: Check, changes: list[object], role: str) -> None:
    """Judge a patch; raises Denied."""
    caller = make_user(roles=(role,))
    exchange = make_exchange((b"content-type", PATCH), method="PATCH", principal=caller)
    exchange.body = orjson.dumps(changes)
    check(exchange)


def test_b252_bopla_who_may_write_below_a_place_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each operation of a patch looked at every place below the one that it names."""
    attachment = WriteProperties(RoleTable({})).attach(make_operation(method="PATCH"), Settings())
    assert attachment is not None
    check = attachment.check
    assert check is not None
    asked: list[Rights] = []
    every = Rights.every

    def counted(rights: Rights) -> list[Right]:
        asked.append(rights)
        return every(rights)

    monkeypatch.setattr(Rights, "every", counted)
    changes: list[object] = [{"op": "replace", "path": "/shelves", "value": {}}] * 1_000
    send(check, changes, "editor")
    with pytest.raises(Denied):
        send(check, changes, "member")
    send(check, [{"op": "replace", "path": "/other", "value": {}}] * 1_000, "member")
    assert len(asked) == 1
