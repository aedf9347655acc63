"""Every family of attacks that is looked for."""

from __future__ import annotations

from typing import Final

from vallum.inspection.detectors import (
    code,
    crlf,
    deserialisation,
    formula,
    http,
    ldap,
    nosql,
    path,
    prototype,
    scanner,
    session,
    shell,
    sql,
    ssrf,
    template,
    xml,
    xpath,
    xss,
)
from vallum.inspection.model import Detector

DETECTORS: Final[tuple[Detector, ...]] = (
    code.DETECTOR,
    crlf.DETECTOR,
    deserialisation.DETECTOR,
    formula.DETECTOR,
    http.DETECTOR,
    ldap.DETECTOR,
    nosql.DETECTOR,
    path.DETECTOR,
    prototype.DETECTOR,
    scanner.DETECTOR,
    session.DETECTOR,
    shell.DETECTOR,
    sql.DETECTOR,
    ssrf.DETECTOR,
    template.DETECTOR,
    xml.DETECTOR,
    xpath.DETECTOR,
    xss.DETECTOR,
)

_MEANINGS: Final = {rule: text for each in DETECTORS for rule, text in each.rules.items()}


def meaning(rule: str) -> str:
    """What a rule stands for, in plain words; empty for one that is not known."""
    return _MEANINGS.get(rule, "")
