"""A gateway before an API that says more than its contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.arena import request
from tests.support.contract import document as make_document
from tests.support.gateway import Gateway, PolicyText, Record, create_key
from tests.support.raw import RawConnection, Reply
from tests.support.upstream import RecordingUpstream, Responder, answer

JSON = "application/json"
USER: dict[str, Any] = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "email": {"type": "string"},
        "role": {"type": "string"},
        "password": {"type": "string", "writeOnly": True},
    },
}


def responses(**content: Any) -> dict[str, Any]:
    """`200` with these media types, by names such as `application_json`; and an error."""
    return {
        "200": {
            "description": "fine",
            "content": {
                name.replace("_", "/", 1): {} if schema is None else {"schema": schema}
                for name, schema in content.items()
            },
        },
        "404": {
            "description": "none",
            "content": {JSON: {"schema": {"properties": {"error": {"type": "string"}}}}},
        },
    }


@dataclass(slots=True)
class Answering:
    """The gateway and its upstream."""

    gateway: Gateway
    upstream: RecordingUpstream
    keys: dict[str, str]

    def ask(
        self,
        target: str,
        responder: Responder,
        *,
        key: str = "",
        method: str = "GET",
        body: bytes = b"",
        lines: tuple[str, ...] = (),
    ) -> Reply:
        """One exchange; the upstream answers by `responder`."""
        self.upstream.answers[target.encode()] = responder
        fields = [f"X-API-Key: {self.keys[key]}"] if key else []
        raw = request(method, target, *fields, *lines, body=body)
        with RawConnection(self.gateway.port) as connection:
            connection.send(raw)
            return connection.read(method)

    def says(self, target: str, value: Any, status: str = "200 OK", **more: Any) -> Reply:
        """The upstream answers this value as JSON."""
        return self.ask(target, answer(status, json.dumps(value).encode()), **more)

    def record(self) -> Record:
        """The record of the last exchange."""
        return self.gateway.new_records()[-1]


@contextmanager
def answering(
    folder: Path,
    paths: dict[str, Any],
    *,
    schemas: dict[str, Any] | None = None,
    operations: dict[str, str] | None = None,
    **policy: Any,
) -> Iterator[Answering]:
    """A gateway before these paths.

    Args:
        folder: for its files.
        paths: of the contract.
        schemas: of the contract.
        operations: lines of the policy by operation id; all others are public.
        policy: further fields of `PolicyText`; with `more`, the roles `member` and `admin` in it
            get a key each.
    """
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
    contract = make_document(
        paths, components={"securitySchemes": schemes, "schemas": schemas or {}}
    )
    with RecordingUpstream() as upstream:
        PolicyText(
            upstream=upstream.url, contract=contract, operations=operations or {}, **policy
        ).write(folder)
        keys = {
            role: create_key(folder, role, "--role", role)
            for role in ("admin", "member")
            if policy.get("more")
        }
        with Gateway(folder) as gateway:
            yield Answering(gateway, upstream, keys)
