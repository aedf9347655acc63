"""What a policy says about its identity provider, every default filled in. Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

TWO_FACTORS: Final = "urn:vallum:acr:2"
"""The provider's `acr` for people who signed in with more than one factor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """An API that tokens are issued for (RFC 8707)."""

    api: str
    """Its name in the policy."""
    identifier: str
    """The resource indicator and the `aud` of its tokens."""
    name: str
    """As people know it."""
    scopes: Mapping[str, str]
    """Scope → what it lets an application do, in plain words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamProvider:
    """An OpenID provider that people may sign in with (AN-6)."""

    name: str
    """As in the policy; part of the redirect URI."""
    label: str
    """On the button."""
    issuer: str
    client_id: str
    client_secret_file: Path | None
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    issuer_aliases: tuple[str, ...] = ()
    """Other spellings of `iss` that its ID tokens are known to carry."""
    hosted_domain: str | None = None
    """Only accounts whose `hd` is this domain."""
    insecure_http: bool = False
    """Allows an issuer on `http://` on loopback; for tests and development."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRule:
    """One way in which a client may exchange tokens (RFC 8693)."""

    client: str
    audience_from: str
    audience_to: str
    scopes: frozenset[str]
    """The most that the new token may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """Where the key comes from that seals secrets in the database: a file, or a command."""

    file: Path | None = None
    """64 hexadecimal digits, readable by its owner alone; made where there is none."""
    command: tuple[str, ...] = ()
    """Prints the 64 digits; asks a key management service, say. Run once at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail leaves."""

    transport: Literal["console", "file", "smtp"] = "console"
    sender: str = "no-reply@localhost"
    directory: Path | None = None
    """For `file`: one message a file."""
    host: str = ""
    port: int = 587
    username: str = ""
    password_file: Path | None = None
    tls: Literal["starttls", "implicit", "off"] = "starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentitySettings:
    """The provider's settings. All times are seconds."""

    issuer: str
    """`https://host[:port]`, the exact `iss`; everything the provider serves is below it."""
    database: str
    """`sqlite:///path` or `postgresql://user@host/name`."""
    key: SealingKey = SealingKey()
    name: str = "Vallum"
    """On the pages and in mails."""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    """By identifier; the first is the one of requests that name none."""
    identity_scopes: Mapping[str, str] = field(
        default_factory=lambda: {
            "openid": "Know who you are",
            "profile": "See your name",
            "email": "See your e-mail address",
            "offline_access": "Stay signed in while you are away",
        }
    )
    token_life: float = 300.0
    """Access tokens (AN-8)."""
    id_token_life: float = 300.0
    code_life: float = 60.0
    request_life: float = 60.0
    """Pushed authorization requests."""
    device_code_life: float = 600.0
    refresh_idle: float = 14 * 86_400.0
    """Refresh tokens die when nobody used them for so long …"""
    refresh_life: float = 90 * 86_400.0
    """… and at the latest this long after the person consented."""
    algorithm: Literal["ES256", "EdDSA", "RS256"] = "ES256"
    """What tokens are signed with."""
    key_rotation: float = 30 * 86_400.0
    key_announce: float = 3600.0
    """A new key is published this long before it signs: who caches keys must know it by then."""
    session_idle: float = 3600.0
    session_life: float = 86_400.0
    sign_up: Literal["open", "off"] = "open"
    email_domains: tuple[str, ...] = ()
    """Only addresses of these domains may sign up; empty: all."""
    mfa: Literal["optional", "required"] = "optional"
    """Administrators always need a second factor."""
    registration: bool = False
    """Dynamic client registration, always behind an initial access token (RFC 7591)."""
    origins: tuple[str, ...] = ()
    """Web origins of applications that run in browsers; each client names its own among them."""
    mail: Mail = Mail()
    providers: Mapping[str, UpstreamProvider] = field(default_factory=dict)
    exchanges: tuple[ExchangeRule, ...] = ()

    @property
    def host(self) -> str:
        """The issuer's authority: `host` or `host:port`."""
        return self.issuer.partition("://")[2]

    def scopes_of(self, resource: str) -> Mapping[str, str]:
        """Every scope that a client may ask for together with `resource`, in plain words."""
        known = self.resources.get(resource)
        return {**self.identity_scopes, **(known.scopes if known is not None else {})}
