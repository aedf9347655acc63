"""nginx: a bare proxy, and one with ModSecurity and the Core Rule Set."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contenders.base import Running, Setting
from measure import PROXY_CORE, free_port, pinned
from subjects import nginx_configuration

MODULE = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
MODSECURITY = Path("/etc/nginx/modsecurity.conf")
CORE_RULE_SET = Path("/usr/share/modsecurity-crs")

PROXY = """
  upstream api {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 1000000000; }}
  server {{
    listen 127.0.0.1:{port}; {security}
    location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
"""

SECURITY_RULES = """SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "^application/json" \\
  "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
Include /etc/modsecurity/crs/crs-setup.conf
Include /usr/share/modsecurity-crs/rules/*.conf
"""


@dataclass(frozen=True)
class Nginx:
    """One worker that is also the master."""

    with_modsecurity: bool = False
    has_controls: bool = False

    @property
    def name(self) -> str:
        """As the table shows it."""
        return "nginx + ModSecurity + CRS" if self.with_modsecurity else "nginx, bare"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        if shutil.which("nginx") is None:
            return "nginx is not installed"
        if self.with_modsecurity and not (MODULE.exists() and CORE_RULE_SET.exists()):
            return "libnginx-mod-http-modsecurity and modsecurity-crs are not installed"
        return None

    def version(self) -> str:
        """Of the program measured."""
        done = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True)
        return done.stderr.strip().removeprefix("nginx version: ")

    @contextmanager
    def start(self, setting: Setting) -> Iterator[Running]:
        """Start it on the proxy's core."""
        port = free_port()
        modules = security = ""
        if self.with_modsecurity:
            rules = setting.directory / "modsecurity.conf"
            rules.write_text(SECURITY_RULES)
            modules = f"load_module {MODULE};"
            security = f"modsecurity on; modsecurity_rules_file {rules};"
        body = PROXY.format(upstream=setting.upstream, port=port, security=security)
        path = nginx_configuration(setting.directory, body, modules=modules)
        log = setting.directory / "log"
        with pinned(["nginx", "-c", str(path)], core=PROXY_CORE, log=log, port=port) as pid:
            yield Running(pid=pid, port=port)
