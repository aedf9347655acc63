"""What the provider serves is what the gateway's contract of it says, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml
from starlette.routing import BaseRoute, Mount, Route
from tests.support.provider import running_provider

import vallum.config
from vallum.identity.app import make_application
from vallum.identity.protocol.metadata import metadata

_CONTRACT = Path(vallum.config.__file__).parent / "builtin" / "identity.openapi.yaml"
_METHODS = {"get", "post", "put", "patch", "delete"}


def _served(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield "get", _shape(f"{route.path}/{{name}}")
        if isinstance(route, Route):
            for method in route.methods or ():
                if method != "HEAD":  # Starlette adds it to every GET.
                    yield method.lower(), _shape(route.path)


def _promised() -> Iterator[tuple[str, str]]:
    for path, item in yaml.safe_load(_CONTRACT.read_text())["paths"].items():
        for method in item.keys() & _METHODS:
            yield method, _shape(path)


def _shape(path: str) -> str:
    """A path without the names of its parameters."""
    return re.sub(r"\{[^{}]*\}", "{}", path)


def test_routes_and_contract_agree(tmp_path: Path) -> None:
    with running_provider(f"sqlite:///{tmp_path / 'identity.db'}", registration=True) as provider:
        served = list(_served(make_application(provider.services).routes))
    promised = set(_promised())
    assert len(served) == len(set(served))
    assert set(served) - promised == set()
    assert promised - set(served) == set()


def test_every_endpoint_of_the_metadata_is_served(tmp_path: Path) -> None:
    with running_provider(f"sqlite:///{tmp_path / 'identity.db'}", registration=True) as provider:
        issuer = provider.services.settings.issuer
        paths = {path for _, path in _served(make_application(provider.services).routes)}
        links = {
            name: str(value).removeprefix(issuer)
            for name, value in metadata(provider.services).items()
            if name.endswith(("_endpoint", "jwks_uri"))
        }
    assert "registration_endpoint" in links
    assert {name for name, path in links.items() if path not in paths} == set()
