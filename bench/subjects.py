"""What is proxied and who asks: the upstream, the contract, the token, the body."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from measure import LOAD_CORE, free_port, pinned

ISSUER = "https://login.bench.example"
AUDIENCE = "bench"
ORIGIN = "https://shop.bench.example"
SCOPE = "books:read"

ANSWER = json.dumps({"id": 7, "title": "A book", "note": "x" * 160}).encode()
BODY = json.dumps(
    {
        "isbn": "978-0-14-044913-6",
        "title": "The Histories of the Walls of the North",
        "author": "A. Author",
        "year": 1996,
        "price": 18.5,
        "format": "paperback",
        "tags": ["history", "frontier", "stone"],
        "stock": 12,
        "note": "second printing, signed now",
    }
).encode()

NGINX_FRAME = """daemon off; master_process off; worker_processes 1; pid {directory}/pid;
error_log stderr crit; {modules}
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {directory}; proxy_temp_path {directory};
  fastcgi_temp_path {directory}; uwsgi_temp_path {directory}; scgi_temp_path {directory};
  keepalive_requests 1000000000; keepalive_timeout 300s; tcp_nodelay on; server_tokens off;
  {body}
}}
"""


def nginx_configuration(directory: Path, body: str, *, modules: str = "") -> Path:
    """Write a one-process nginx configuration with `body` in its http block."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "nginx.conf"
    path.write_text(NGINX_FRAME.format(directory=directory, body=body, modules=modules))
    return path


@contextmanager
def upstream(directory: Path) -> Iterator[int]:
    """An nginx that answers everything with 200 bytes of JSON; yields its port."""
    if len(ANSWER) != 200:
        raise ValueError(f"the answer has {len(ANSWER)} bytes")
    port = free_port()
    server = (
        f"server {{ listen 127.0.0.1:{port}; default_type application/json;"
        f" location / {{ return 200 '{ANSWER.decode()}'; }} }}"
    )
    configuration = nginx_configuration(directory / "upstream", server)
    command = ["nginx", "-c", str(configuration)]
    with pinned(command, core=LOAD_CORE, log=directory / "upstream.log", port=port):
        yield port


class Issuer:
    """Signs the access tokens of the benchmark."""

    def __init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "bench-1", "alg": "RS256", "use": "sig"})

    @property
    def jwks(self) -> str:
        """The public key set."""
        return json.dumps({"keys": [self._key.as_dict(private=False)]})

    def token(self, *, scope: str = SCOPE) -> str:
        """An access token after RFC 9068, valid for an hour."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "user-1",
            "client_id": "bench-client",
            "jti": "bench-token-1",
            "iat": now,
            "exp": now + 3600,
            "scope": f"{scope} profile:read",
        }
        header = {"alg": "RS256", "kid": "bench-1", "typ": "at+jwt"}
        return jwt.encode(header, claims, self._key, algorithms=["RS256"])


def contract(resources: int = 0) -> dict[str, Any]:
    """An OpenAPI 3.1 document: the bench's two operations and `resources` more."""
    identifier = {
        "name": "id",
        "in": "path",
        "required": True,
        "schema": {"type": "integer", "minimum": 0, "maximum": 2147483647},
    }
    answers = {"200": {"description": "Done"}}
    book = {"operationId": "getBook", "parameters": [identifier], "responses": answers}
    create = {
        "operationId": "createBook",
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Book"}}},
        },
        "responses": answers,
    }
    paths: dict[str, Any] = {"/books/{id}": {"get": book}, "/books": {"post": create}}
    for index in range(resources):
        operation = {"operationId": f"getItem{index}", "parameters": [identifier]}
        paths[f"/r{index}/items/{{id}}"] = {"get": operation | {"responses": answers}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Bench", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {"Book": BOOK_SCHEMA},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
        "security": [{"bearer": []}, {"key": []}],
    }


BOOK_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["isbn", "title", "author", "year", "price", "format"],
    "properties": {
        "isbn": {"type": "string", "pattern": "^97[89]-[0-9-]{10,13}$", "maxLength": 17},
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "author": {"type": "string", "minLength": 1, "maxLength": 100},
        "year": {"type": "integer", "minimum": 1450, "maximum": 2100},
        "price": {"type": "number", "minimum": 0, "maximum": 10000},
        "format": {"type": "string", "enum": ["hardcover", "paperback", "ebook"]},
        "tags": {
            "type": "array",
            "maxItems": 10,
            "items": {"type": "string", "maxLength": 30},
        },
        "stock": {"type": "integer", "minimum": 0, "maximum": 100000},
        "note": {"type": "string", "maxLength": 500},
    },
}
