"""A small contract with a policy, for tests of the policy file."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from vallum.cli.main import main

CONTRACT = """\
openapi: 3.1.0
info: {title: Bookshop, version: 1.0.0}
servers: [{url: https://api.example/v1}]
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-API-Key}
    token: {type: http, scheme: bearer}
    basic: {type: http, scheme: basic}
    query: {type: apiKey, in: query, name: api_key}
security:
  - key: []
  - token: [books:read]
paths:
  /health:
    get: {operationId: health, security: [], responses: {"200": {description: fine}}}
  /books:
    get:
      operationId: listBooks
      tags: [books]
      responses: {"200": {description: books}}
    post:
      operationId: createBook
      tags: [books, writing]
      security: [{key: []}, {token: [books:write]}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, properties: {title: {type: string, maxLength: 100}}}
      responses: {"201": {description: made}}
  /books/{isbn}:
    parameters:
      - {name: isbn, in: path, required: true, schema: {type: string, maxLength: 13}}
    get:
      tags: [books]
      responses: {"200": {description: a book}}
"""
"""`health` is public; `GET /books/{isbn}` has no `operationId`."""

POLICY = """\
version: 1
listen: {address: 127.0.0.1:8443, tls: local}
state: var/vallum.db
records: {path: var/records, keep: 30d}
issuers:
  corp: {issuer: https://login.corp.example, audience: bookshop}
roles:
  reader: {scopes: [books:read]}
  admin: {inherits: [reader], scopes: [books:write]}
defaults:
  limit: 60/minute per principal
  body: 256KiB
apis:
  bookshop:
    openapi: openapi.yaml
    upstream: http://127.0.0.1:8000
    cors: {origins: [https://shop.example]}
    operations:
      health: {public: true, limit: 60/minute per address}
      listBooks: {scopes: [books:read]}
      createBook: {limit: 10/minute per principal burst 3, body: 16KiB}
      tag:writing: {roles: [admin]}
      "GET /books/{isbn}": {authenticate: corp}
"""
"""A policy for `CONTRACT` in which nothing is wrong and nothing unwise."""


def write_policy(folder: Path, policy: str = POLICY, contract: str = CONTRACT) -> Path:
    """Write both files and return the policy's path."""
    (folder / "openapi.yaml").write_text(contract, "utf-8")
    path = folder / "vallum.yaml"
    path.write_text(policy, "utf-8")
    return path


def init(folder: Path, *arguments: str, contract: str = CONTRACT) -> Result:
    """Run `vallum init` for `vallum.yaml` beside a contract."""
    path = folder / "openapi.yaml"
    path.write_text(contract, "utf-8")
    files = ("--openapi", str(path), "-o", str(folder / "vallum.yaml"))
    upstream = ("--upstream", "http://127.0.0.1:8000")
    return CliRunner().invoke(main, ["init", *files, *(arguments or upstream)])


def changed(text: str, old: str, new: str) -> str:
    """`text` with its one `old` replaced."""
    if text.count(old) != 1:
        raise ValueError(f"`{old}` stands {text.count(old)} times")
    return text.replace(old, new)
