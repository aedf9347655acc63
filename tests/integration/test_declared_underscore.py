"""A contract may name fields with an underscore; only those get through (B-026, B-058)."""

from __future__ import annotations

from pathlib import Path

from tests.support.arena import Arena, request
from tests.support.contract import document, operation, parameter
from tests.support.gateway import PolicyText, create_key, start
from tests.support.upstream import RecordingUpstream

CONTRACT = document(
    {
        "/blocks": {
            "get": operation(
                "listBlocks",
                parameters=[
                    parameter("page_size", "header", type="integer"),
                    parameter("X_Forwarded_For", "header", type="string"),
                ],
            )
        }
    },
    components={
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "project_id"}}
    },
    security=[{"key": []}],
)


def test_declared_underscores(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url, contract=CONTRACT, operations={"listBlocks": "body: none"}
        )
        policy.write(tmp_path)
        key = create_key(tmp_path, "caller")
        with start(tmp_path, policy) as gateway:
            arena = Arena(gateway, upstream, key)
            mark = upstream.mark()
            good = [f"project_id: {key}", "page_size: 5"]
            assert arena.send(request("GET", "/blocks", *good)).status == 200
            (received,) = upstream.requests_since(mark)
            assert received.get("page_size") == b"5"
            assert not upstream.contains(key.encode())
            for bad in (
                [*good, "page-size: 5"],
                [*good, "X_Forwarded_For: 127.0.0.1"],
                [*good, "X_User_Id: admin"],
            ):
                assert arena.send(request("GET", "/blocks", *bad)).status == 400
            assert len(upstream.requests_since(mark)) == 1
