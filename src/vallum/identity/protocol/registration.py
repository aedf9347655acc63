"""Programs that register themselves (RFC 7591), and look after it (RFC 7592). Off by default, and
never without a ticket that an operator gave (B-184)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import json_answer
from vallum.identity.protocol.guesses import count_guess
from vallum.identity.protocol.registration_metadata import Terms, bad_metadata, read_metadata
from vallum.identity.revoking import revoke_client
from vallum.identity.secrets import kept, new_id, new_token
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.tickets import Ticket
from vallum.identity.web.bodies import BodyTooLarge, read_body
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import MOST_BYTES
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

REGISTER: Final = "/oauth/register"
MOST_CLIENTS: Final = 1000
"""Clients that registered themselves, at one time."""

_LIMITS: Final = JSONLimits(depth=6, width=64, string=4096)


async def register(services: Services, request: Request) -> Response:
    """Make a client of a ticket and the metadata that come with it.

    Raises:
        OAuthError: with the refusal; the ticket stays good.
    """
    _demand_on(services)
    text = _bearer(request)
    ticket = await services.tickets.look(text, "registration")
    if ticket is None:
        raise await _unknown(services, request)
    said = await _body(request)
    described = read_metadata(services, said, _terms(services, ticket), new_id("client"))
    if await services.clients.count_dynamic() >= MOST_CLIENTS:
        raise OAuthError("access_denied", "too many clients have registered", status=403)
    if await services.tickets.use(text, "registration") is None:
        raise await _unknown(services, request)
    management, secret = new_token(), _new_secret(described)
    client = replace(
        described,
        registration_hash=kept(management),
        secret_hash=None if secret is None else services.clients.secret_hash(secret),
    )
    await services.clients.add(client)
    await _record(services, request, client, "client.registered")
    answer = _answer(services, client, secret) | {"registration_access_token": management}
    return json_answer(answer, 201)


async def read_registration(services: Services, request: Request) -> Response:
    """What is registered (RFC 7592 §2.1)."""
    client = await _owned(services, request)
    return json_answer(_answer(services, client, None))


async def change_registration(services: Services, request: Request) -> Response:
    """Replace what is registered; consent that people gave to it before does not count for it
    any more (RFC 7592 §2.2)."""
    client = await _owned(services, request)
    said = await _body(request)
    if said.get("client_id") != client.id:
        raise bad_metadata("client_id must be the client's")
    async with services.database.write():
        changed = _changed(services, said, await _held(services, client))
        await services.clients.replace(changed)
    await _record(services, request, changed, "client.changed")
    return json_answer(_answer(services, changed, None))


async def _held(services: Services, client: Client) -> Client:
    # SECURITY: the row of now. What was remembered may be from before an operator disabled the
    # client or gave it another secret, and must not undo that.
    held = await services.clients.hold(client.id)
    if held is None or held.registration_hash != client.registration_hash:
        raise _unauthorized("disabled or ended meanwhile")
    return held


def _changed(services: Services, said: Mapping[str, Any], client: Client) -> Client:
    terms = Terms(scopes=frozenset(client.scopes), resources=client.resources, owner=client.owner)
    changed = read_metadata(services, said, terms, client.id)
    if changed.auth_method != client.auth_method:
        raise bad_metadata("token_endpoint_auth_method cannot change; register anew")
    return replace(
        changed,
        version=client.version + 1,
        created=client.created,
        expires=client.expires,
        registration_hash=client.registration_hash,
        secret_hash=client.secret_hash,
    )


async def end_registration(services: Services, request: Request) -> Response:
    """End the client with its tokens (RFC 7592 §2.3)."""
    client = await _owned(services, request)
    async with services.database.write():
        held = await _held(services, client)
        await services.clients.replace(
            replace(held, disabled=services.clock(), registration_hash=None)
        )
    await revoke_client(services, client.id)
    await _record(services, request, client, "client.ended")
    return Response(status_code=204)


def _demand_on(services: Services) -> None:
    if not services.settings.registration:
        raise OAuthError("access_denied", "clients cannot register here", status=403)


async def _owned(services: Services, request: Request) -> Client:
    _demand_on(services)
    presented = kept(_bearer(request))
    client = await services.clients.find(request.path_params["client"])
    # RFC 7592 §2.1: the same answer whether or not there is such a client.
    expected = None if client is None else client.registration_hash
    if client is None or expected is None or not hmac.compare_digest(presented, expected):
        raise await _unknown(services, request)
    return client


def _bearer(request: Request) -> str:
    fields = request.headers.getlist("authorization")
    scheme, _, token = fields[0].partition(" ") if len(fields) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorized("no token")
    return token


async def _unknown(services: Services, request: Request) -> OAuthError:
    await count_guess(services, request, "ticket")
    return _unauthorized("unknown, used or expired")


def _unauthorized(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_token",
        "an initial access token or the client's registration access token is needed",
        status=401,
        reason=f"registration: {reason}",
        headers={"www-authenticate": 'Bearer error="invalid_token"'},
    )


async def _body(request: Request) -> dict[str, Any]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise bad_metadata("send application/json")
    try:
        said = parse_json(await read_body(request, MOST_BYTES), _LIMITS)
    except BodyTooLarge:
        raise bad_metadata("it is too large") from None
    except MalformedJSON:
        raise bad_metadata("it is not strict JSON") from None
    if not isinstance(said, dict):
        raise bad_metadata("it is no object")
    return said


def _terms(services: Services, ticket: Ticket) -> Terms:
    """What the operator put into the ticket; where it says nothing of scopes, there are none."""
    known = tuple(services.settings.resources)
    resources = tuple(each for each in ticket.data.get("resources", known) if each in known)
    return Terms(
        scopes=frozenset(ticket.data.get("scopes", ())),
        resources=resources,
        owner=str(ticket.data.get("owner", "")),
    )


def _new_secret(client: Client) -> str | None:
    return new_token() if client.auth_method.startswith("client_secret") else None


def _answer(services: Services, client: Client, secret: str | None) -> dict[str, Any]:
    """RFC 7591 §3.2.1: everything that is registered, the defaults too."""
    answer: dict[str, Any] = {
        "client_id": client.id,
        "client_id_issued_at": int(client.created),
        "client_name": client.name,
        "application_type": "native" if client.kind == "native" else "web",
        "token_endpoint_auth_method": client.auth_method,
        "grant_types": client.grants,
        "response_types": ["code"] if "authorization_code" in client.grants else [],
        "redirect_uris": client.redirect_uris,
        "post_logout_redirect_uris": client.logout_uris,
        "scope": " ".join(client.scopes),
        "dpop_bound_access_tokens": client.binding == "dpop",
        "tls_client_certificate_bound_access_tokens": client.binding == "mtls",
        "registration_client_uri": f"{services.settings.issuer}{REGISTER}/{client.id}",
    }
    if client.jwks is not None:
        answer["jwks"] = client.jwks
    if secret is not None:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer


async def _record(services: Services, request: Request, client: Client, kind: str) -> None:
    await services.events.record(
        kind,
        client_id=client.id,
        actor=f"client:{client.id}",
        address=address_of(request),
        owner=client.owner,
    )
