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
from tests.support.upstream import RecordingUpstream, Responder, answer, raw_answer

JSON = "application/json"
KEYED: dict[str, Any] = {"security": [{"key": []}]}
"""Of an operation that asks for a key: in the contract."""
BY_KEY = "authenticate: api_key"
"""The same in the policy."""
ROLES = "roles: {member: {scopes: [use]}, admin: {inherits: [member]}}"
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


def typed(body: bytes, kind: str = "", status: str = "200 OK", more: str = "") -> Responder:
    """An answer of this type; of none, where it is empty. `more` are complete field lines."""
    fields = (f"Content-Type: {kind}\r\n" if kind else "") + more
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{fields}\r\n".encode()
    return raw_answer(head, body, keep=True)


def chunked(kind: str, *pieces: bytes, more: str = "") -> Responder:
    """An answer of this type that comes in these pieces, and whose length nobody said."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{more}Transfer-Encoding: chunked\r\n\r\n"
    sent = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return raw_answer(head.encode(), sent, b"0\r\n\r\n", keep=True)


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

    def writes(
        self, target: str, kind: str, body: bytes, *, method: str = "PATCH", key: str = "member"
    ) -> Reply:
        """Somebody sends a body of this type; the upstream takes it."""
        lines = (f"Content-Type: {kind}",)
        return self.ask(target, answer(), method=method, body=body, lines=lines, key=key)

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
        policy: further fields of `PolicyText`; with `more`, which must have the `ROLES` in it,
            each of them gets a key.
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
