"""Rows of the database as answers."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

import data


def query(request: Request, sql: str, *values: object) -> list[dict[str, Any]]:
    """Run one statement and return its rows."""
    connection = data.connect(request.app.state.database)
    try:
        with connection:
            return [dict(row) for row in connection.execute(sql, values)]
    finally:
        connection.close()


def one(request: Request, sql: str, *values: object) -> Response:
    """The first row as the answer, or 404."""
    rows = query(request, sql, *values)
    return JSONResponse(rows[0]) if rows else missing()


def missing() -> Response:
    """There is no such row."""
    return JSONResponse({"error": "not found"}, 404)
