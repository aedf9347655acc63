"""The rules of ModSecurity's engines: the installed Core Rule Set at its default level."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from efficacy.model import Sample

RULES: Final = Path("/usr/share/modsecurity-crs/rules")
SETUP: Final = Path("/etc/modsecurity/crs/crs-setup.conf")
_NEEDS_GEOGRAPHY: Final = "REQUEST-910-IP-REPUTATION.conf"
"""Looks up countries, of which none is blocked by default; not every build has the look-up."""

_ENGINE = """SecRuleEngine On
SecRequestBodyAccess On
SecResponseBodyAccess Off
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "^application/(?:[a-z0-9.-]+\\+)?json" \\
  "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
SecRule REQUEST_HEADERS:Content-Type "^(?:application|text)/(?:[a-z0-9.-]+\\+)?xml" \\
  "id:200000,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=XML"
"""
_METHODS = """SecAction "id:900200,phase:1,nolog,pass,t:none,\\
  setvar:'tx.allowed_methods=GET HEAD POST OPTIONS PUT PATCH DELETE'"
"""


def missing() -> str | None:
    """Why the rules cannot be used, or None."""
    return None if RULES.is_dir() and SETUP.is_file() else "modsecurity-crs is not installed"


def rules() -> str:
    """All rules. Paranoia level and thresholds are the defaults; REST methods are allowed.

    Without the methods every PUT, PATCH and DELETE would be stopped: no API is run like that.
    """
    files = sorted(path for path in RULES.glob("*.conf") if path.name != _NEEDS_GEOGRAPHY)
    includes = "".join(f"Include {path}\n" for path in files)
    return f"{_ENGINE}Include {SETUP}\n{_METHODS}{includes}"


def rule_set_version() -> str:
    """As the setup file tells it."""
    found = re.search(r"crs_setup_version=(\d)(\d)(\d+)", SETUP.read_text())
    return f"Core Rule Set {'.'.join(found.groups())}" if found else "Core Rule Set"


def field_lines(sample: Sample) -> list[tuple[str, str]]:
    """The field lines of a request as name and value."""
    lines = sample.block().decode("utf-8").split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
