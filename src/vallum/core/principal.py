"""The verified caller of an exchange (AN-1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

PrincipalKind = Literal["user", "client", "workload"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A caller whose credential was verified. Only verifiers make one."""

    kind: PrincipalKind
    issuer: str
    """Who vouches: a token issuer, or `vallum:keys` for API keys."""
    subject: str
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    """Roles granted directly; authz adds the inherited ones."""
    credential: str = ""
    """Identifier of the credential that is safe to log: a key id or a `jti`, never a secret."""
    expires_at: float | None = None
    """Unix seconds after which this principal is no longer valid, or None."""
    claims: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    id: str = field(init=False)
    """Unique across issuers: the key for limits, records and ownership."""

    def __post_init__(self) -> None:
        # Length prefix: no issuer and subject can be cut at another place to the same id (B-321).
        object.__setattr__(self, "id", f"{len(self.issuer)}:{self.issuer}:{self.subject}")
