"""The phases of an exchange, in order. The only list of phases (DESIGN, GW-3).

    admit ─▶ know ─▶ permit ─▶ meter ─▶ read ─▶ own ─▶ (upstream) ─▶ screen ─▶ record

Each phase can only refuse or go on. Authentication comes before the body is read.
"""

from __future__ import annotations

from enum import IntEnum


class Phase(IntEnum):
    """When a control runs."""

    ADMIT = 1
    """Address rules, CORS, flood limits: what needs the request head alone."""
    KNOW = 2
    """Authentication: who is calling."""
    PERMIT = 3
    """Authorization that needs the caller and the head: scopes and roles."""
    METER = 4
    """Rate limits and quotas of the known caller."""
    READ = 5
    """The body under limits: decode, validate against the contract."""
    OWN = 6
    """Rules that need the object: ownership, property-level rights."""
    SCREEN = 7
    """The answer on its way out."""
