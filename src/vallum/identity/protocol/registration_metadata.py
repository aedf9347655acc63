"""What a program may say about itself when it registers (RFC 7591 §2), judged before it counts.

Nothing is fetched: keys come in the request, and no logo is shown (B-173, B-184).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

import orjson

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.assertions import ALGORITHMS
from vallum.identity.protocol.device import DEVICE_GRANT
from vallum.identity.protocol.redirect_uris import BadRedirectURI, check_redirect_uri
from vallum.identity.protocol.scopes import read_scopes
from vallum.identity.services import Services
from vallum.identity.storage.clients import AuthMethod, Client, ClientKind
from vallum.tokens.errors import InvalidKeySet
from vallum.tokens.jwks import parse_jwks

_METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
_GRANTS: Final = ("authorization_code", "refresh_token", "client_credentials", DEVICE_GRANT)
_MOST_URIS: Final = 10
_MOST_NAME: Final = 100

# Members that would make the provider fetch something, or trust somebody else's word.
_REFUSED: Final = (
    *("jwks_uri", "sector_identifier_uri", "request_uris", "backchannel_logout_uri"),
    *("software_statement", "initiate_login_uri"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The most that whoever gave the ticket lets a new client have."""

    scopes: frozenset[str]
    resources: tuple[str, ...]
    owner: str


def read_metadata(
    services: Services, said: Mapping[str, Any], terms: Terms, client_id: str
) -> Client:
    """The client that the metadata describes, without secrets.

    Raises:
        OAuthError: `invalid_client_metadata` or `invalid_redirect_uri`.
    """
    for name in _REFUSED:
        if name in said:
            raise bad_metadata(f"{name} is not accepted")
    method = _choice(said, "token_endpoint_auth_method", _METHODS, "client_secret_basic")
    grants = _names(said, "grant_types", _GRANTS, ("authorization_code",))
    kind = _kind(said, method, grants)
    if method == "none" and "client_credentials" in grants:
        raise bad_metadata("a client without a secret cannot act for itself")
    uses_codes = "authorization_code" in grants
    _names(said, "response_types", ("code",), ("code",) if uses_codes else ())
    redirect_uris = _uris(said, "redirect_uris", kind)
    if uses_codes != bool(redirect_uris):
        raise OAuthError("invalid_redirect_uri", "redirect_uris and grant_types do not fit")
    if said.get("id_token_signed_response_alg", services.settings.algorithm) != (
        services.settings.algorithm
    ):
        raise bad_metadata("ID tokens are signed in another way")
    return Client(
        id=client_id,
        name=_name(said, client_id),
        kind=kind,
        auth_method=cast("AuthMethod", method),
        grants=grants,
        scopes=_scopes(said, terms.scopes),
        resources=terms.resources,
        redirect_uris=redirect_uris,
        logout_uris=_uris(said, "post_logout_redirect_uris", kind),
        origins=_origins(services, kind, redirect_uris),
        jwks=_jwks(said, method),
        binding=_binding(said),
        owner=terms.owner,
        # SECURITY: never trusted, whatever it says: people are asked, and told that nobody vouches.
        trusted=False,
        registered_by="dynamic",
        created=services.clock(),
    )


def _kind(said: Mapping[str, Any], method: str, grants: Collection[str]) -> ClientKind:
    application = _choice(said, "application_type", ("web", "native"), "web")
    if set(grants) == {"client_credentials"}:
        return "service"
    if application == "native":
        return "native"
    return "browser" if method == "none" else "web"


def _choice(said: Mapping[str, Any], name: str, known: Collection[str], default: str) -> str:
    value = said.get(name, default)
    if not isinstance(value, str) or value not in known:
        raise bad_metadata(f"{name} has a value that is not supported")
    return value


def _names(
    said: Mapping[str, Any], name: str, known: Collection[str], default: tuple[str, ...]
) -> tuple[str, ...]:
    value = said.get(name, list(default))
    if not isinstance(value, list) or not all(each in known for each in value):
        raise bad_metadata(f"{name} has a value that is not supported")
    if len(set(value)) != len(value):
        raise bad_metadata(f"{name} names something twice")
    return tuple(value)


def _name(said: Mapping[str, Any], default: str) -> str:
    value = said.get("client_name", default)
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_NAME:
        raise bad_metadata("client_name has 1 to 100 characters")
    if "\x00" in value:  # PostgreSQL keeps no such text.
        raise bad_metadata("client_name has a character that no name has")
    return value


def _uris(said: Mapping[str, Any], name: str, kind: ClientKind) -> tuple[str, ...]:
    value = said.get(name, [])
    if not isinstance(value, list) or len(value) > _MOST_URIS:
        raise OAuthError("invalid_redirect_uri", f"{name} is a list of at most {_MOST_URIS} URIs")
    for uri in value:
        if not isinstance(uri, str):
            raise OAuthError("invalid_redirect_uri", f"{name} is a list of URIs")
        try:
            check_redirect_uri(uri, kind)
        except BadRedirectURI as error:
            raise OAuthError("invalid_redirect_uri", f"in {name}: {error}") from None
    return tuple(value)


def _origins(
    services: Services, kind: ClientKind, redirect_uris: Collection[str]
) -> tuple[str, ...]:
    """A page's own origins, as far as the policy knows them."""
    if kind != "browser":
        return ()
    mine = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, redirect_uris)}
    return tuple(sorted(mine & set(services.settings.origins)))


def _scopes(said: Mapping[str, Any], most: frozenset[str]) -> tuple[str, ...]:
    text = said.get("scope", " ".join(sorted(most)))
    if not isinstance(text, str):
        raise bad_metadata("scope is a text")
    try:
        wanted = read_scopes(text)
    except OAuthError:
        raise bad_metadata("scope is not well formed") from None
    # SECURITY: the ticket says what is open; nothing else is (B-184).
    if not wanted <= most:
        raise bad_metadata("scope goes beyond what this registration is allowed")
    return tuple(sorted(wanted))


def _jwks(said: Mapping[str, Any], method: str) -> dict[str, Any] | None:
    if "jwks" not in said:
        if method == "private_key_jwt":
            raise bad_metadata("private_key_jwt needs jwks")
        return None
    try:
        keys = parse_jwks(orjson.dumps(said["jwks"]), algorithms=ALGORITHMS)
    except InvalidKeySet:
        raise bad_metadata("jwks has no key that can be used") from None
    if keys.problems:
        raise bad_metadata("jwks has a key that cannot be used")
    return {"keys": said["jwks"]["keys"]}


def _binding(said: Mapping[str, Any]) -> Any:
    for name, binding in (
        ("dpop_bound_access_tokens", "dpop"),
        ("tls_client_certificate_bound_access_tokens", "mtls"),
    ):
        if said.get(name, False) not in (True, False):
            raise bad_metadata(f"{name} is true or false")
        if said.get(name, False):
            return binding
    return "none"


def bad_metadata(description: str) -> OAuthError:
    """RFC 7591 §3.2.2."""
    return OAuthError("invalid_client_metadata", description)
