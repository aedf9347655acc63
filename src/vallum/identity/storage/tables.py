"""The tables. Times are Unix seconds; lists and objects are JSON texts.

Nothing here can be used by who copies it: what people and clients present is kept as a hash, what
must be had again is sealed (`vallum.vault.sealing`; the column's name ends in `_sealed`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

METADATA: Final = MetaData()
SCHEMA_VERSION: Final = 2


def _text(name: str, *, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, default=default)


def _time(name: str) -> Column[float]:
    return Column(name, Double, nullable=False)


def _moment(name: str) -> Column[float | None]:
    """A time that may not have come."""
    return Column(name, Double, nullable=True)


SCHEMA: Final = Table(
    "identity_schema",
    METADATA,
    Column("one", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)

USERS: Final = Table(
    "users",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # Lower case, domain as A-labels.
    Column("email_verified", Boolean, nullable=False, default=False),
    _text("name"),
    Column("password_hash", Text, nullable=True),  # PHC string; None: cannot sign in with one.
    _moment("password_changed"),
    _text("roles", default="[]"),
    _time("created"),
    _moment("disabled"),
    _moment("last_sign_in"),
)

IDENTITIES: Final = Table(  # Accounts at other providers, keyed on issuer and subject (AN-6).
    "identities",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    _text("email"),
    _time("linked"),
    _moment("last_used"),
)

TOTP_FACTORS: Final = Table(
    "totp_factors",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    _text("name"),
    Column("seed_sealed", LargeBinary, nullable=False),
    Column("last_step", BigInteger, nullable=False, default=0),  # RFC 6238 §5.2: used once.
    _time("created"),
    _moment("confirmed"),
    _moment("last_used"),
)

PASSKEYS: Final = Table(
    "passkeys",
    METADATA,
    Column("credential_id", LargeBinary, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    _text("name"),
    Column("public_key", LargeBinary, nullable=False),  # COSE.
    Column("sign_count", BigInteger, nullable=False, default=0),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    _text("transports", default="[]"),
    _time("created"),
    _moment("last_used"),
)

RECOVERY_CODES: Final = Table(
    "recovery_codes",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("hash", LargeBinary, nullable=False),
    _time("created"),
    _moment("used"),
)

SESSIONS: Final = Table(  # Of people, in browsers.
    "sessions",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),  # SHA-256 of the cookie's value.
    Column("id", Text, nullable=False, unique=True),  # What is shown and logged; `sid` of tokens.
    Column("user_id", Text, nullable=False, index=True),
    _text("amr", default="[]"),  # RFC 8176.
    _time("authenticated"),  # `auth_time`.
    _time("created"),
    _time("last_seen"),
    _time("expires"),
    _text("address"),
    _text("agent"),
    _moment("ended"),
)

DEVICES: Final = Table(  # Browsers that a person has signed in with before (B-223).
    "devices",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_id", Text, primary_key=True),
    _text("agent"),
    _time("created"),
    _time("last_seen"),
)

FLOWS: Final = Table(  # What a browser is in the middle of; see `storage/flows.py`.
    "flows",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("browser", LargeBinary, nullable=False),
    _text("kind"),
    _text("return_to"),
    Column("user_id", Text, nullable=True),
    _text("amr", default="[]"),
    _text("data", default="{}"),
    _time("created"),
    _time("expires"),
)

TICKETS: Final = Table(  # Links and tokens that work once: verification, reset, enrolment, DCR.
    "tickets",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _text("purpose"),
    Column("user_id", Text, nullable=True, index=True),
    _text("data", default="{}"),
    _time("created"),
    _time("expires"),
    _moment("used"),
)

ONCE: Final = Table(  # Identifiers that may be seen once: `jti` of assertions, challenges.
    "once",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _time("until"),
)
Index("once_until", ONCE.c.until)

ATTEMPTS: Final = Table(  # Failures to prove something, by what they are counted on (TR-4).
    "attempts",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("consecutive", Integer, nullable=False),
    _time("first"),
    _time("last"),
    _time("blocked_until"),
)

CLIENTS: Final = Table(
    "clients",
    METADATA,
    Column("id", Text, primary_key=True),
    _text("name"),
    Column("kind", Text, nullable=False),  # `web`, `native`, `browser` (public), `service`.
    Column("auth_method", Text, nullable=False),  # As `token_endpoint_auth_method`.
    Column("secret_hash", LargeBinary, nullable=True),  # HMAC-SHA-256 under the vault's key.
    _text("grants", default="[]"),
    _text("scopes", default="[]"),
    _text("resources", default="[]"),
    _text("redirect_uris", default="[]"),
    _text("logout_uris", default="[]"),
    Column("backchannel_logout_uri", Text, nullable=True),
    _text("origins", default="[]"),  # That may call the token endpoint from a browser (B-189).
    Column("jwks", Text, nullable=True),
    Column("certificate", Text, nullable=True),  # JSON: the one attribute that must match.
    _text("binding", default="none"),  # `none`, `dpop` or `mtls`: what its tokens must be bound to.
    Column("trusted", Boolean, nullable=False, default=False),  # Our own: no consent page.
    _text("owner"),
    _text("registered_by", default="operator"),  # or `dynamic`: never trusted.
    Column("version", Integer, nullable=False, default=1),  # Consent is given to one version.
    _time("created"),
    _moment("expires"),
    _moment("disabled"),
    Column("registration_hash", LargeBinary, nullable=True),
)

GRANTS: Final = Table(  # What a person allowed a client; also the family of its refresh tokens.
    "grants",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("user_id", Text, nullable=False, index=True),
    Column("client_id", Text, nullable=False, index=True),
    Column("client_version", Integer, nullable=False),
    _text("scopes", default="[]"),
    _text("resource"),
    _text("redirect_uri"),
    _time("created"),
    _moment("last_used"),
    _moment("revoked"),
)

CODES: Final = Table(
    "codes",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("grant_id", Text, nullable=False),
    Column("client_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("session_id", Text, nullable=False),
    _text("redirect_uri"),
    _text("scopes", default="[]"),
    _text("resource"),
    Column("challenge", Text, nullable=False),  # S256, always.
    Column("nonce", Text, nullable=True),
    _text("amr", default="[]"),
    _time("authenticated"),
    Column("jkt", Text, nullable=True),
    _time("expires"),
    _moment("used"),
)

REFRESH_TOKENS: Final = Table(
    "refresh_tokens",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("grant_id", Text, nullable=False, index=True),
    Column("family", Text, nullable=False, index=True),  # One sign-in of one device.
    Column("client_id", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("session_id", Text, nullable=True),
    _text("scopes", default="[]"),
    _text("resource"),
    _text("amr", default="[]"),
    _time("authenticated"),
    Column("jkt", Text, nullable=True),
    Column("x5t", Text, nullable=True),
    _time("created"),
    _time("expires"),
    _time("ends"),
    _moment("used"),
    Column("successor_sealed", LargeBinary, nullable=True),  # For the grace of 10 seconds.
    _moment("revoked"),
)

ACCESS_TOKENS: Final = Table(  # Those that were issued for people, while they live: to revoke them.
    "access_tokens",
    METADATA,
    Column("id", Text, primary_key=True),  # `jti`.
    Column("grant_id", Text, nullable=True, index=True),
    Column("family", Text, nullable=True, index=True),
    Column("client_id", Text, nullable=False, index=True),
    Column("user_id", Text, nullable=True, index=True),
    Column("session_id", Text, nullable=True, index=True),
    Column("code_hash", LargeBinary, nullable=True, index=True),
    Column("parent_id", Text, nullable=True, index=True),  # The one that it was exchanged for.
    _time("expires"),
    _moment("revoked"),
)

REVOCATIONS: Final = Table(  # What every node must tell its workers, until it expires by itself.
    "revocations",
    METADATA,
    Column("id", Text, primary_key=True),
    _time("at"),
    Column("token_id", Text, nullable=True),  # A `jti` …
    Column("subject", Text, nullable=True),  # … or `user:…`, `client:…`: all of its tokens.
    _time("until"),
)
Index("revocations_at", REVOCATIONS.c.at)

PUSHED_REQUESTS: Final = Table(
    "pushed_requests",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("client_id", Text, nullable=False),
    _text("parameters", default="{}"),
    Column("jkt", Text, nullable=True),
    _time("expires"),
    _moment("used"),
)

SESSION_CLIENTS: Final = Table(  # Applications that must hear when a session ends.
    "session_clients",
    METADATA,
    Column("session_id", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("user_id", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    _time("next_attempt"),
    _time("until"),
)

DEVICE_CODES: Final = Table(
    "device_codes",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    Column("user_code_hash", LargeBinary, nullable=False, unique=True),
    Column("client_id", Text, nullable=False),
    Column("client_version", Integer, nullable=False, default=0),  # It asked as this one.
    _text("scopes", default="[]"),
    _text("resource"),
    _text("address"),
    _text("status", default="pending"),  # `pending`, `approved`, `denied`, `used`.
    Column("interval", Double, nullable=False),
    _moment("polled"),
    Column("user_id", Text, nullable=True),
    Column("session_id", Text, nullable=True),
    Column("grant_id", Text, nullable=True),
    _text("amr", default="[]"),
    _moment("authenticated"),
    Column("jkt", Text, nullable=True),
    _time("expires"),
)

CHALLENGES: Final = Table(  # PKCE challenges by client: one that comes back is an alert (B-165).
    "challenges",
    METADATA,
    Column("hash", LargeBinary, primary_key=True),
    _time("until"),
)

SIGNING_KEYS: Final = Table(
    "signing_keys",
    METADATA,
    Column("kid", Text, primary_key=True),
    _text("algorithm"),
    Column("public_jwk", Text, nullable=False),
    Column("private_sealed", LargeBinary, nullable=False),
    _time("created"),
    _time("signs_from"),
    _time("signs_until"),
    _time("expires"),  # Withdrawn from the key set: its last token has died.
    _moment("revoked"),
)

EVENTS: Final = Table(
    "events",
    METADATA,
    Column("id", Text, primary_key=True),
    _time("at"),
    _text("kind"),
    Column("user_id", Text, nullable=True, index=True),
    Column("client_id", Text, nullable=True),
    _text("actor"),
    _text("address"),
    _text("details", default="{}"),
)
Index("events_at", EVENTS.c.at)
