"""E: what inspection passes over is what the upstream reads, and what the contract has judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.answering import JSON, Answering, answering, responses
from tests.support.arena import request
from tests.support.raw import RawConnection

OBJECT = "rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcA=="
SCRIPT = "<script>alert(1)</script>"


def reading(name: str, where: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An operation with one parameter."""
    return {
        "get": {
            "operationId": name,
            "parameters": [{"name": "x-note", "in": where, "schema": schema, **more}],
            "responses": responses(application_json={}),
        }
    }


TEXT = {"type": "string"}
UNENFORCED = ("^[a-z]{,20}$", "^[a-z]{1,100000}$", "^(?#of a word)[a-z]+$", "^price\\$")
"""Patterns that say to some parsers that there are letters alone, and that no engine holds to."""
PATHS = {
    "/secret": reading("secret", "header", TEXT | {"format": "password"}),
    "/code": reading("code", "header", TEXT, **{"x-vallum": {"content": "code"}}),
    "/notes": {
        "post": {
            "operationId": "patterns",
            "requestBody": {
                "content": {
                    JSON: {
                        "schema": {
                            "type": "object",
                            "properties": {
                                f"p{number}": TEXT | {"pattern": pattern}
                                for number, pattern in enumerate(UNENFORCED)
                            },
                        }
                    }
                }
            },
            "responses": responses(application_json={}),
        }
    },
    "/cookie": reading("cookie", "cookie", {"enum": ["dark", "light"]}),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    with answering(tmp_path_factory.mktemp("fields"), PATHS) as found:
        yield found


def test_a_field_that_is_a_secret_here_is_looked_at_where_it_is_code(shop: Answering) -> None:
    """What was found harmless on a connection is harmless where the field holds the same."""
    mark = shop.upstream.mark()
    with RawConnection(shop.gateway.port) as connection:
        statuses = []
        for target in ("/secret", "/code"):
            connection.send(request("GET", target, f"x-note: {OBJECT}"))
            statuses.append(connection.read("GET").status)
    assert statuses == [200, 403]
    assert len(shop.upstream.requests_since(mark)) == 1


@pytest.mark.parametrize("blank", ["", "\u2003", "\u00a0", "\u3000", "\u0085", "\u1680"])
def test_a_cookie_with_a_blank_before_its_name_is_not_the_declared_one(
    shop: Answering, blank: str
) -> None:
    """Some upstreams take all blanks of Unicode off; the contract has judged the other one."""
    for line in (f"x-note=dark; {blank}x-note={SCRIPT}", f"a=b; {blank}x-note={SCRIPT}"):
        mark = shop.upstream.mark()
        with RawConnection(shop.gateway.port) as connection:
            raw = request("GET", "/cookie", "Cookie: @").replace(b"@", line.encode())
            connection.send(raw)
            assert connection.read("GET").status == (403 if blank else 400)
        assert shop.upstream.requests_since(mark) == []


@pytest.mark.parametrize("number", range(len(UNENFORCED)))
def test_a_text_is_looked_at_where_nobody_enforces_its_pattern(
    shop: Answering, number: int
) -> None:
    mark = shop.upstream.mark()
    body = f'{{"p{number}":"price$ {SCRIPT}"}}'.encode()
    assert shop.writes("/notes", JSON, body, method="POST", key="").status == 403
    assert shop.upstream.requests_since(mark) == []
