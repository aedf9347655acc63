"""What an operator does to clients (AN-13)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Final

from vallum.identity.operating import OPERATOR, NotDone
from vallum.identity.protocol.redirect_uris import BadRedirectURI, check_redirect_uri
from vallum.identity.revoking import revoke_client
from vallum.identity.secrets import new_id, new_token
from vallum.identity.services import Services
from vallum.identity.storage.clients import AuthMethod, Client, ClientKind

CODE: Final = "authorization_code"
REFRESH: Final = "refresh_token"
CLIENT: Final = "client_credentials"
DEVICE: Final = "urn:ietf:params:oauth:grant-type:device_code"

USUAL: Final[dict[ClientKind, tuple[AuthMethod, tuple[str, ...]]]] = {
    "web": ("client_secret_basic", (CODE, REFRESH)),
    "native": ("none", (CODE, REFRESH, DEVICE)),
    "browser": ("none", (CODE, REFRESH)),
    "service": ("client_secret_basic", (CLIENT,)),
}
"""How each kind of client authenticates, and its grants, unless an operator says otherwise."""

_SECRET_METHODS: Final = frozenset({"client_secret_basic", "client_secret_post"})


@dataclass(frozen=True, slots=True)
class Made:
    """A client with the secret that is shown once; empty where it has none."""

    client: Client
    secret: str


async def create_client(services: Services, **about: Any) -> Made:
    """Register a client. What is not said is usual for its kind.

    Args:
        services: the provider's parts.
        about: fields of `Client` but its id, secret and times; `name` and `kind` at least.

    Raises:
        NotDone: it would be unsafe, or could never get a token.
    """
    kind: ClientKind = about["kind"]
    method, grants = USUAL[kind]
    about.setdefault("auth_method", method)
    about["grants"] = tuple(about.get("grants") or grants)
    about["resources"] = tuple(about.get("resources") or list(services.settings.resources)[:1])
    client = Client(id=new_id("client"), created=services.clock(), **about)
    judge_client(services, client)
    secret = ""
    if client.auth_method in _SECRET_METHODS:
        secret = new_token()
        client = replace(client, secret_hash=services.clients.secret_hash(secret))
    await services.clients.add(client)
    await _note(services, "client.created", client)
    return Made(client, secret)


def judge_client(services: Services, client: Client) -> None:
    """Refuse what would be unsafe, or could never get a token.

    Raises:
        NotDone: with the first reason.
    """
    for uri in client.redirect_uris:
        try:
            check_redirect_uri(uri, client.kind)
        except BadRedirectURI as error:
            raise NotDone(f"the redirect URI `{uri}` cannot be used: {error}") from None
    if CODE in client.grants and not client.redirect_uris:
        raise NotDone("a client that people sign in to needs a redirect URI")
    if client.is_public and CLIENT in client.grants:
        raise NotDone("a public client cannot act for itself: it has nothing to prove who it is")
    for resource in client.resources:
        if resource not in services.settings.resources:
            known = ", ".join(f"`{each}`" for each in services.settings.resources)
            raise NotDone(f"there is no resource `{resource}`; the policy has {known}")
    known_scopes = {
        scope for resource in client.resources for scope in services.settings.scopes_of(resource)
    }
    for scope in client.scopes:
        if scope not in known_scopes:
            raise NotDone(
                f"the scope `{scope}` is none of the client's resources; the policy lists them "
                "under `identity.resources`"
            )
    if client.auth_method == "private_key_jwt" and client.jwks is None:
        raise NotDone("`private_key_jwt` needs the client's public keys")
    if client.auth_method.endswith("tls_client_auth") and client.certificate is None:
        raise NotDone(f"`{client.auth_method}` needs to know the client's certificate")


async def registration_token(
    services: Services,
    *,
    scopes: Collection[str],
    resources: Collection[str],
    owner: str,
) -> str:
    """An initial access token with which somebody registers one client by herself (RFC 7591 §3).

    Args:
        services: the provider's parts.
        scopes: the most that the client may ask for.
        resources: the APIs that it may get tokens for; empty: the policy's first.
        owner: who answers for it.

    Raises:
        NotDone: the policy does not allow registration, or knows no such scope or resource.
    """
    if not services.settings.registration:
        raise NotDone("the policy does not say `registration: true` under `identity:`")
    most = Client(
        id="",
        name="",
        kind="service",
        auth_method="client_secret_basic",
        grants=(CLIENT,),
        scopes=tuple(scopes),
        resources=tuple(resources) or tuple(services.settings.resources)[:1],
    )
    judge_client(services, most)
    data = {"scopes": list(most.scopes), "resources": list(most.resources), "owner": owner}
    token = await services.tickets.issue("registration", data=data)
    await services.events.record(
        "registration.offered", actor=OPERATOR, owner=owner, scopes=" ".join(most.scopes)
    )
    return token


async def find_client(services: Services, client_id: str) -> Client:
    """A client, whether or not it may be used now.

    Raises:
        NotDone: there is none.
    """
    return _found(await services.clients.get(client_id), client_id)


async def rotate_secret(services: Services, client_id: str) -> Made:
    """A new secret; the old one and every token of the client end at once."""
    secret = new_token()
    async with services.database.write():
        client = await _held(services, client_id)
        if client.auth_method not in _SECRET_METHODS:
            raise NotDone(f"`{client_id}` has no secret: it authenticates by {client.auth_method}")
        client = replace(client, secret_hash=services.clients.secret_hash(secret))
        await services.clients.replace(client)
    await revoke_client(services, client.id)
    await _note(services, "client.rotated", client)
    return Made(client, secret)


async def disable_client(services: Services, client_id: str) -> Client:
    """Keep a client out; every token of it ends on all workers."""
    async with services.database.write():
        client = replace(await _held(services, client_id), disabled=services.clock())
        await services.clients.replace(client)
    await revoke_client(services, client.id)
    await _note(services, "client.disabled", client)
    return client


async def enable_client(services: Services, client_id: str) -> Client:
    """Let a client in again."""
    async with services.database.write():
        client = replace(await _held(services, client_id), disabled=None)
        await services.clients.replace(client)
    await _note(services, "client.enabled", client)
    return client


async def _held(services: Services, client_id: str) -> Client:
    """A client as it stays until it is replaced: of two changes at once neither undoes the other.

    Raises:
        NotDone: there is none.
    """
    return _found(await services.clients.hold(client_id, disabled_too=True), client_id)


def _found(client: Client | None, client_id: str) -> Client:
    if client is None:
        raise NotDone(f"there is no client `{client_id}`; `vallum clients list` shows all")
    return client


async def _note(services: Services, kind: str, client: Client) -> None:
    await services.events.record(kind, client_id=client.id, actor=OPERATOR, name=client.name)
