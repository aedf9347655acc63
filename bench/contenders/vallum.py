"""Vallum: a bare proxy, and one with every control of the scenario."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from contenders.base import Running, Setting
from measure import PROXY_CORE, free_port, pinned
from subjects import AUDIENCE, ISSUER, ORIGIN, SCOPE, contract
from vallum.store.keys import KeyStore, StoredKey
from vallum.tokens.api_key import generate, key_hash

KEYS_IN_USE = 1000
"""Of the keys that there are, as many send requests."""
VALLUM = Path(sysconfig.get_path("scripts")) / "vallum"
BARE: dict[str, Any] = {
    "public": True,
    "limit": "none",
    "validate": "off",
    "headers": "off",
    "identity": False,
}
CONTROLS: dict[str, Any] = {
    "authenticate": ["jwt:bench"],
    "scopes": [SCOPE],
    "limit": "1000000/second per principal burst 1000",
    "cors": {"origins": [ORIGIN]},
}


@dataclass(frozen=True)
class Vallum:
    """One worker."""

    has_controls: bool = False
    resources: int = 0
    """Operations that the contract has besides the two that are measured."""
    keys: int = 0
    """API keys that there are; callers then use keys instead of tokens."""

    @property
    def name(self) -> str:
        """As the table shows it."""
        if self.keys:
            return f"Vallum, {self.resources:,} operations, {self.keys:,} keys"
        return "Vallum, all controls" if self.has_controls else "Vallum, bare"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        if not VALLUM.exists():
            return f"no {VALLUM}: install the project with `pip install --no-deps -e .`"
        done = subprocess.run(
            [str(VALLUM), "up", "--help"], capture_output=True, text=True, check=False
        )
        return None if done.returncode == 0 else f"`vallum up` does not run: {done.stderr[-200:]}"

    def version(self) -> str:
        """Of the program measured."""
        return f"vallum {version('vallum')}, Python {sys.version.split()[0]}"

    def policy(self, setting: Setting, port: int) -> dict[str, Any]:
        """The policy file's content."""
        api = {
            "openapi": "openapi.json",
            "upstream": f"http://127.0.0.1:{setting.upstream}",
        }
        policy: dict[str, Any] = {
            "version": 1,
            "listen": {"address": f"127.0.0.1:{port}", "tls": "off"},
            "state": "state/vallum.db",
            "records": {"path": "records"} if self.has_controls else "off",
            "defaults": CONTROLS if self.has_controls else BARE,
            "apis": {"bench": api},
        }
        if self.keys:
            policy["defaults"] = CONTROLS | {"authenticate": ["api_key"]}
        elif self.has_controls:
            issuer = {
                "issuer": ISSUER,
                "audience": AUDIENCE,
                "algorithms": ["RS256"],
                "jwks": "jwks.json",
            }
            policy["issuers"] = {"bench": issuer}
        return policy

    @contextmanager
    def start(self, setting: Setting) -> Iterator[Running]:
        """Start it on the proxy's core."""
        port = free_port()
        home = setting.directory
        (home / "openapi.json").write_text(json.dumps(contract(self.resources)))
        (home / "jwks.json").write_text(setting.issuer.jwks)
        (home / "vallum.yaml").write_text(yaml.safe_dump(self.policy(setting, port)))
        keys = self._make_keys(home) if self.keys else None
        command = [str(VALLUM), "up", "-c", str(home / "vallum.yaml")]
        with pinned(command, core=PROXY_CORE, log=home / "log", port=port) as pid:
            yield Running(pid=pid, port=port, keys=keys)

    def _make_keys(self, home: Path) -> Path:
        """Fill the state with keys of clients of their own; returns the file of those to use."""
        state = home / "state" / "vallum.db"
        state.parent.mkdir()
        store = KeyStore(state)
        pepper, now = store.pepper(), time.time()
        new = [generate(secrets.token_bytes) for _ in range(self.keys)]
        store.add_many(
            StoredKey(
                id=key.id,
                name=f"client-{number}",
                hash=key_hash(key.text.reveal(), pepper),
                scopes=frozenset({SCOPE}),
                created=now,
            )
            for number, key in enumerate(new)
        )
        store.close()
        path = home / "keys"
        used = new[:: max(1, self.keys // KEYS_IN_USE)]
        path.write_bytes(b"".join(key.text.reveal() + b"\n" for key in used))
        return path
