"""The contract and policy under which Vallum is measured: free text wherever text can stand."""

from __future__ import annotations

from typing import Any, Final

from efficacy.model import FOREIGN_HOST, HOST

MOST_SEGMENTS: Final = 12
MICRO_PATH: Final = "/micro"
"""Where CPU is measured: everything is declared, all texts are free."""
_METHODS: Final = ("get", "head", "post", "put", "patch", "delete", "options")
_ANSWERS: Final = {"200": {"description": "Done"}}
_JSON: Final = ("application/json", "application/*+json")

ANNOTATED: Final = {
    "snippet": "code",
    "article": "markdown",
    "lesson": "prose",
    "html": "html",
    "password": "secret",
}
"""Fields of `/documents` that say what they are for; Vallum is told, its peers cannot be."""


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    content = {kind: {"schema": schema} for kind in _JSON}
    form = {"type": "object", "additionalProperties": True}
    content |= {"application/x-www-form-urlencoded": {"schema": form}}
    content |= {"multipart/form-data": {"schema": form}}
    return content | {"text/plain": {"schema": {"type": "string"}}}


def _operation(method: str, depth: int) -> dict[str, Any]:
    free = {"schema": {"type": "string"}}
    operation: dict[str, Any] = {
        "operationId": f"{method}{depth}",
        "parameters": [
            *({"name": f"s{n}", "in": "path", "required": True, **free} for n in range(depth)),
            {"name": "q", "in": "query", **free},
            {"name": "X-Note", "in": "header", **free},
            {"name": "note", "in": "cookie", **free},
        ],
        "responses": _ANSWERS,
    }
    if method != "head":
        operation["requestBody"] = {"content": _content({})}
    return operation


def _micro() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 500}
    row = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "id": {"type": "integer"},
            "name": text,
            "note": {"type": "string"},
            "ok": {"type": "boolean"},
        },
    }
    properties = {
        **dict.fromkeys(("title", "author", "city", "note"), text),
        "year": {"type": "integer"},
        "price": {"type": "number"},
        "is_new": {"type": "boolean"},
        "tags": {"type": "array", "items": text},
        "rows": {"type": "array", "items": row},
    }
    body = {"type": "object", "additionalProperties": False, "properties": properties}
    return {
        "get": {
            "operationId": "microGet",
            "parameters": [
                {"name": name, "in": "query", "schema": text} for name in ("title", "note")
            ],
            "responses": _ANSWERS,
        },
        "post": {
            "operationId": "microPost",
            "requestBody": {"content": {"application/json": {"schema": body}}},
            "responses": _ANSWERS,
        },
    }


def contract() -> dict[str, Any]:
    """An OpenAPI 3.1 document that takes every path, and `/documents` with annotated fields."""
    paths: dict[str, Any] = {}
    for depth in range(MOST_SEGMENTS + 1):
        path = "/" + "/".join(f"{{s{number}}}" for number in range(depth))
        paths[path] = {method: _operation(method, depth) for method in _METHODS}
        if depth:
            closed = {method: _operation(method, depth) for method in _METHODS}
            for method, operation in closed.items():
                operation["operationId"] = f"{method}{depth}closed"
            paths[f"{path}/"] = closed
    properties = {
        name: {"type": "string", "x-vallum": {"content": content}}
        for name, content in ANNOTATED.items()
    }
    document = {"type": "object", "properties": properties, "additionalProperties": True}
    paths["/documents"] = {
        "post": {
            "operationId": "addDocument",
            "requestBody": {"content": {"application/json": {"schema": document}}},
            "responses": _ANSWERS,
        }
    }
    paths[MICRO_PATH] = _micro()
    return {"openapi": "3.1.0", "info": {"title": "Efficacy", "version": "1"}, "paths": paths}


def policy(*, inspect: str = "block", port: int = 8443, upstream: int = 9) -> dict[str, Any]:
    """The policy file: free text everywhere, so that inspection decides.

    Requests made for other APIs meet no contract at all: `validate: monitor` refuses nothing, and
    what files hold is not looked at.
    """
    api = {"openapi": "openapi.json", "upstream": f"http://127.0.0.1:{upstream}"}
    return {
        "version": 1,
        "listen": {"address": f"127.0.0.1:{port}", "tls": "off", "hosts": [HOST, FOREIGN_HOST]},
        "state": "state/vallum.db",
        "records": "off",
        "defaults": {
            "public": True,
            "limit": "none",
            "headers": "off",
            "identity": False,
            "unknown": "ignore",
            "unicode_path": True,
            "body": "4MiB",
            "inspect": inspect,
        },
        "apis": {
            "own": api | {"hosts": [HOST]},
            "foreign": api | {"hosts": [FOREIGN_HOST], "validate": "monitor", "uploads": "off"},
        },
    }
