"""A gateway before a recording upstream whose operations take coded bodies, XML and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.arena import Arena
from tests.support.contract import PATHS, SECURED, THING, body, document, operation
from tests.support.gateway import Gateway, PolicyText
from tests.support.upstream import RecordingUpstream

ORDER: dict[str, Any] = {
    "type": "object",
    "xml": {"name": "order"},
    "required": ["name"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "name": {"type": "string"},
        "role": {"type": "string"},
        "note": {"type": "string", "xml": {"namespace": "urn:notes", "prefix": "n"}},
        "lines": {
            "type": "array",
            "xml": {"wrapped": True},
            "items": {
                "type": "object",
                "xml": {"name": "line"},
                "properties": {"isbn": {"type": "string"}, "count": {"type": "integer"}},
            },
        },
        "tag": {"type": "array", "items": {"type": "string"}},
    },
}

CONTENT_PATHS: dict[str, Any] = {
    "/coded": {"post": operation("coded", **body("application/json", THING))},
    "/coded/blob": {"post": operation("codedBlob", **body("application/octet-stream", {}))},
    "/order": {"post": operation("order", **body("application/xml", ORDER))},
    "/soap": {"post": operation("soap", **body("text/xml", {}))},
    "/anything": {"post": operation("anything", **body("*/*", {}))},
    "/files": {
        "post": operation(
            "files",
            **body(
                "multipart/form-data",
                {
                    "type": "object",
                    "properties": {
                        "note": {"type": "string"},
                        "files": {"type": "array", "items": {"type": "string"}},
                    },
                },
            ),
        )
    },
    "/described": {
        "post": operation(
            "described",
            **body(
                "multipart/form-data",
                {"type": "object", "properties": {"about": {"type": "object"}}},
            ),
        )
    },
    "/parts": {"post": operation("parts", **body("multipart/mixed", {}))},
    "/picture": {"put": operation("picture", **body("image/png", {}))},
}

CONTENT_DOCUMENT = document(
    {**PATHS, **CONTENT_PATHS},
    components={
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        }
    },
)

CONTENT_LINES = {
    **SECURED,
    "coded": "public: true, codings: [gzip, br, zstd]",
    "picture": "public: true, uploads: {types: png}",
    "codedBlob": "public: true, codings: gzip",
}


@pytest.fixture(scope="session")
def _content_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("content")
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url, contract=CONTENT_DOCUMENT, operations=CONTENT_LINES
        )
        policy.write(folder)
        with Gateway(folder) as gateway:
            yield Arena(gateway, upstream)
        assert upstream.faults == []


@pytest.fixture
def content(_content_arena: Arena) -> Iterator[Arena]:
    """The gateway of this contract, healthy before and after each test."""
    _content_arena.gateway.assert_healthy()
    yield _content_arena
    _content_arena.gateway.assert_healthy()
    assert _content_arena.upstream.faults == []
