"""Routes for tests that need no contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vallum.core.fields import Fields
from vallum.core.request import Target
from vallum.engine.pipeline import Route
from vallum.openapi.model import Operation


def allow_all(target: Target, path: Mapping[str, str], fields: Fields) -> None:
    """A parameter validator that has nothing against anything."""


def make_operation(method: str = "GET", path: str = "/", **more: Any) -> Operation:
    """An operation without a contract; its id is `METHOD /path`."""
    return Operation(
        id=f"{method} {path}", method=method, path=path, check_parameters=allow_all, **more
    )


def make_route(method: str = "GET", path: str = "/", **more: Any) -> Route:
    """A route without controls."""
    return Route(api="test", operation=make_operation(method, path), **more)
