"""Vallum, and nginx with ModSecurity, as real processes before a small upstream."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from contenders.nginx import MODULE, Nginx
from contenders.vallum import VALLUM
from contenders.vallum import Vallum as Gateway
from efficacy.contract import contract, policy
from efficacy.engines import rules
from efficacy.engines.base import Judge
from efficacy.engines.vallum_inside import WARM_UP
from efficacy.engines.wire import judge_over_wire
from measure import PROXY_CORE, free_port, pinned
from subjects import nginx_configuration, upstream

_SERVER = """
  server {{
    listen 127.0.0.1:{port}; client_max_body_size 4m; client_body_buffer_size 4m;
    modsecurity on; modsecurity_rules_file {rules};
    location / {{ proxy_pass http://127.0.0.1:{upstream}; proxy_http_version 1.1;
                  proxy_set_header Connection ""; }}
  }}
"""


class VallumProcess:
    """`vallum up` with one worker."""

    name = "Vallum, as a gateway"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        return Gateway().missing() or Nginx().missing()

    def version(self) -> str:
        """Of the program measured."""
        return Gateway().version()

    @contextmanager
    def open(self) -> Iterator[Judge]:
        """Start it before an upstream."""
        with tempfile.TemporaryDirectory() as directory, upstream(Path(directory)) as origin:
            home = Path(directory)
            port = free_port()
            (home / "openapi.json").write_text(json.dumps(contract()))
            path = home / "vallum.yaml"
            path.write_text(yaml.safe_dump(policy(port=port, upstream=origin)))
            command = [str(VALLUM), "up", "-c", str(path)]
            with pinned(command, core=PROXY_CORE, log=home / "log", port=port) as pid:
                judge_over_wire(port, pid, WARM_UP)
                yield lambda samples: judge_over_wire(port, pid, samples)


class NginxProcess:
    """nginx with ModSecurity and the Core Rule Set, as Debian packs them."""

    name = "nginx + ModSecurity + CRS"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        if not MODULE.exists():
            return "libnginx-mod-http-modsecurity is not installed"
        return Nginx().missing() or rules.missing()

    def version(self) -> str:
        """Of the program measured."""
        return f"{Nginx().version()} with ModSecurity, {rules.rule_set_version()}"

    @contextmanager
    def open(self) -> Iterator[Judge]:
        """Start it before an upstream."""
        with tempfile.TemporaryDirectory() as directory, upstream(Path(directory)) as origin:
            home = Path(directory) / "proxy"
            home.mkdir()
            port = free_port()
            (home / "rules.conf").write_text(rules.rules())
            body = _SERVER.format(port=port, rules=home / "rules.conf", upstream=origin)
            path = nginx_configuration(home, body, modules=f"load_module {MODULE};")
            command = ["nginx", "-c", str(path)]
            with pinned(command, core=PROXY_CORE, log=home / "log", port=port) as pid:
                judge_over_wire(port, pid, WARM_UP)
                yield lambda samples: judge_over_wire(port, pid, samples)
