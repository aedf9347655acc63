"""Hostile cases P: what commands show was sent, or written, by strangers (B-324)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vallum.cli.explain import explain
from vallum.cli.log import log
from vallum.cli.suggest import suggest

OBEYED = frozenset("\x1b\x9b\x07")
CONTRACT = """
openapi: 3.1.0
info: {title: Books, version: "1"}
paths:
  /books/{id}:
    get:
      operationId: getBook
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses: {"200": {description: book}}
    put:
      operationId: putBook
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      requestBody:
        content: {application/json: {schema: {properties: {title: {type: string}}}}}
      responses: {"200": {description: book}}
"""
POLICY = """
version: 1
apis:
  books: {openapi: openapi.yaml, upstream: "http://127.0.0.1:9", public: true}
"""
ODD: list[dict[str, Any]] = [
    {"findings": 5, "notes": {}, "principal": ["\x1b[31m"], "method": "\x1b]0;x\x07"},
    {"findings": [5, {}, {"rule": "[bold]\x1b[31m", "at": 5, "layers": 5, "score": "x"}]},
    {"findings": [{"rule": "sql.x\x1b[31m", "at": "/\x1b[31m\n/a", "layers": ["\x1b[31m", 5]}]},
    {"api": "\x1b[31m", "operation": "\x9b31m", "findings": [{"location": "\x1b[31m"}]},
]
"""What a stranger may have written, if not into the folder then by what he sent."""


@pytest.mark.parametrize("row", ODD)
def test_b324_records_that_nobody_of_us_has_written_are_shown_and_not_obeyed(
    tmp_path: Path, row: dict[str, Any]
) -> None:
    deep = b'{"time":"2027","request_id":"%s","path":%s1%s}\n'
    lines = [
        b'{"time":"2027","path":"' + b"a" * 100_000 + b'"}\n',
        *(deep % (b"ab" * 16, b"[" * depth, b"]" * depth) for depth in (9, 900, 1_020, 20_000)),
        json.dumps({"time": "2027", "request_id": "ab" * 16, **row}).encode() + b"\n",
    ]
    folder = tmp_path / "var/records"
    folder.mkdir(parents=True)
    (folder / "20270101T000000-w0-0.jsonl").write_bytes(b"".join(lines))
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    (tmp_path / "vallum.yaml").write_text(POLICY)
    at = ["-c", str(tmp_path / "vallum.yaml")]
    for command, arguments in (
        (log, []),
        (log, ["--json"]),
        (suggest, []),
        (suggest, ["--json"]),
        (explain, ["ab" * 16]),
        (explain, ["ab" * 16, "--json"]),
    ):
        result = CliRunner().invoke(command, [*arguments, *at])
        assert (result.exit_code, result.exception) == (0, None), result.output
        assert result.output
        assert OBEYED.isdisjoint(result.output)


@pytest.mark.parametrize(
    "request_line",
    [
        ["GET", "/books/%1B%5B31m"],
        ["GET", "/books/1?%C2%9B31m=1"],
        ["GET", "/\x1b[31m"],
        ["PUT", "/books/1", "-d", '{"\\u001b[31m": 1, "\\u009b31m": "\\u0007"}'],
    ],
)
def test_b324_a_request_of_a_stranger_is_explained_and_not_obeyed(
    tmp_path: Path, request_line: list[str]
) -> None:
    (tmp_path / "openapi.yaml").write_text(CONTRACT)
    (tmp_path / "vallum.yaml").write_text(POLICY)
    result = CliRunner().invoke(explain, [*request_line, "-c", str(tmp_path / "vallum.yaml")])
    assert result.exit_code == 2, result.output
    assert OBEYED.isdisjoint(result.output)
