"""HAProxy as a bare proxy."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from contenders.base import Running, Setting
from measure import PROXY_CORE, free_port, pinned

CONFIGURATION = """
global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:{port}
  default_backend api
backend api
  server api 127.0.0.1:{upstream} pool-max-conn 256
"""


@dataclass(frozen=True)
class HAProxy:
    """One process, one thread."""

    name: str = "HAProxy, bare"
    has_controls: bool = False

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        return None if shutil.which("haproxy") else "haproxy is not installed"

    def version(self) -> str:
        """Of the program measured."""
        done = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=True)
        return " ".join(done.stdout.split()[:3])

    @contextmanager
    def start(self, setting: Setting) -> Iterator[Running]:
        """Start it on the proxy's core."""
        port = free_port()
        path = setting.directory / "haproxy.cfg"
        path.write_text(CONFIGURATION.format(port=port, upstream=setting.upstream))
        log = setting.directory / "log"
        with pinned(
            ["haproxy", "-db", "-f", str(path)], core=PROXY_CORE, log=log, port=port
        ) as pid:
            yield Running(pid=pid, port=port)
