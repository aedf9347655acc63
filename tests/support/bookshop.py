"""The bookshop behind one gateway with several faces, for what tries to use its holes.

Each face is an API of its own, told apart by the host that the client names:

    blocking   the careless shop, everything blocked; no security headers on the book's page
    headers    the same with the security headers
    watching   the careless shop, everything only recorded
    relaxed    the careful shop, everything only recorded
    careful    the careful shop, everything blocked
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
import yaml
from examples.bookshop import demo
from tests.support.gateway import Gateway, Record, create_key, free_port

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples/bookshop"
BOOK = "9790000000018"


class _Face(NamedTuple):
    shop: str
    watches: bool = False
    has_headers: bool = False


_FACES: Final = {
    "blocking": _Face("careless"),
    "headers": _Face("careless", has_headers=True),
    "watching": _Face("careless", watches=True),
    "relaxed": _Face("careful", watches=True),
    "careful": _Face("careful"),
}
_MONITOR: Final = {"inspect": "monitor", "validate": "monitor", "answers": "monitor"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    fields: Mapping[str, str]
    """Names in lower case."""
    content: bytes

    @property
    def text(self) -> str:
        """The content, whatever it is."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The content."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request of an API client."""

    method: str
    path: str
    body: bytes | None = None
    media_type: str = "application/json"
    fields: Mapping[str, str] | None = None


Way = Callable[[Ask], Answer]
"""A way to the shop."""


def _exchange(port: int, ask: Ask, more: Mapping[str, str]) -> Answer:
    fields = {**more, **(ask.fields or {})}
    if ask.body is not None:
        fields["Content-Type"] = ask.media_type
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(ask.method, ask.path, ask.body, fields)
        reply = connection.getresponse()
        names = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, names, reply.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopProcess:
    """One running shop."""

    port: int
    folder: Path
    """Its working directory; its database is in a folder in it."""

    def ask(self, ask: Ask) -> Answer:
        """Past the gateway, as only someone on the machine can."""
        return _exchange(self.port, ask, {})

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that the database holds."""
        (path,) = self.folder.glob("bookshop-*/bookshop.db")
        with closing(sqlite3.connect(path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()  # noqa: S608
                for (name,) in tables.fetchall()
            }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shops:
    """Two shops, one careless and one careful, and the gateway before them."""

    careless: ShopProcess
    careful: ShopProcess
    gateway: Gateway
    key: str

    def way(self, face: str) -> Way:
        """Through the gateway with an administrator's key."""

        def ask(request: Ask) -> Answer:
            host = f"{face}.localhost:{self.gateway.port}"
            return _exchange(self.gateway.port, request, {"Host": host, "X-API-Key": self.key})

        return ask

    def url(self, face: str, path: str) -> str:
        """What a browser opens: every name under `localhost` is this machine (RFC 6761 §6.3)."""
        return f"http://{face}.localhost:{self.gateway.port}{path}"

    def last_record(self) -> Record:
        """Of the exchange that was answered last."""
        return self.gateway.new_records()[-1]


def _api(name: str, ports: Mapping[str, int], listen: int, policy: Any) -> dict[str, Any]:
    face = _FACES[name]
    operations = {
        operation: {key: value for key, value in rules.items() if key != "limit"}
        for operation, rules in policy["apis"]["bookshop"]["operations"].items()
    }
    if not face.has_headers:
        operations["getBookPage"]["headers"] = "off"
    return {
        "openapi": "openapi.yaml",
        "upstream": f"http://127.0.0.1:{ports[face.shop]}",
        "hosts": [f"{name}.localhost:{listen}"],
        "operations": operations,
        **(_MONITOR if face.watches else {}),
    }


def _write_policy(folder: Path, ports: Mapping[str, int], listen: int) -> None:
    """The bookshop's own policy and contract, but for limits that would end the test early."""
    policy = yaml.safe_load((SHOP / "vallum.yaml").read_text())
    contract = yaml.safe_load((SHOP / "openapi.yaml").read_text())
    # Long texts are refused by the contract alone: here inspection has to find out.
    query = contract["paths"]["/search"]["get"]["parameters"][0]["schema"]
    query["maxLength"] = 500
    (folder / "openapi.yaml").write_text(yaml.safe_dump(contract))
    document = {
        "version": 1,
        "listen": {"address": f"127.0.0.1:{listen}", "tls": "off"},
        "state": "state.db",
        "records": {"path": "records"},
        "roles": policy["roles"],
        # Holes are tried with keys alone: nobody signs in here.
        "defaults": {
            **policy["defaults"],
            "authenticate": "api_key",
            "limit": "100000/minute per principal",
        },
        "apis": {face: _api(face, ports, listen, policy) for face in _FACES},
    }
    (folder / "vallum.yaml").write_text(yaml.safe_dump(document))


@contextmanager
def _shop(folder: Path, port: int, *arguments: str) -> Iterator[ShopProcess]:
    folder.mkdir()
    command = [sys.executable, str(SHOP / "app.py"), "--port", str(port), *arguments]
    # Its database is where a test can look into it.
    variables = {**os.environ, "TMPDIR": str(folder)}
    with demo.running(command, folder / "shop.log", folder, variables) as process:
        demo.wait_until_ready(process, port, None)
        yield ShopProcess(port=port, folder=folder)


@pytest.fixture(scope="session")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shops]:
    """Both shops and the gateway, for the whole run."""
    folder = tmp_path_factory.mktemp("holes")
    ports = {"careless": free_port(), "careful": free_port()}
    _write_policy(folder, ports, free_port())
    with ExitStack() as stack:
        careless = stack.enter_context(_shop(folder / "careless", ports["careless"]))
        careful = stack.enter_context(_shop(folder / "careful", ports["careful"], "--careful"))
        key = create_key(folder, "tester", "--role", "admin")
        gateway = stack.enter_context(Gateway(folder))
        yield Shops(careless=careless, careful=careful, gateway=gateway, key=key)


def chromium() -> str | None:
    """Debian's Chromium, where it is installed."""
    return shutil.which("chromium")
