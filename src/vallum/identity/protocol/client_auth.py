"""Which client asks: by the one method that it is registered with (RFC 6749 §2.3, RFC 8705 §2)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple

from starlette.requests import Request

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.assertions import (
    ASSERTION_TYPE,
    read_assertion,
    refused,
    verify_assertion,
)
from vallum.identity.protocol.certificates import is_registered
from vallum.identity.protocol.guesses import count_guess
from vallum.identity.services import Services
from vallum.identity.storage.clients import AuthMethod, Client
from vallum.identity.web.caller import certificate_of
from vallum.wire.form import MalformedForm, parse_form

_MOST_ID: Final = 255
_CERTIFICATE_METHODS: Final = frozenset({"tls_client_auth", "self_signed_tls_client_auth"})


class Caller(NamedTuple):
    """A client that has proved who it is, or a public one that said so."""

    client: Client
    certificate: bytes | None
    """Of its connection (DER), whether or not it has proved itself by it."""


class _Presented(NamedTuple):
    """What a request shows, before anything is believed."""

    method: AuthMethod
    client_id: str | None
    secret: str


async def authenticate(services: Services, request: Request, form: Mapping[str, str]) -> Caller:
    """The client of a request to one of its endpoints.

    Raises:
        OAuthError: `invalid_client`, or `invalid_request` where it proves itself in two ways.
    """
    presented = _presented(request, form)
    try:
        certificate = certificate_of(request)
    except ValueError:
        raise refused("certificate field") from None
    client = await _claimed(services, presented, form)
    _judge_origin(request, client)
    method = client.auth_method
    if presented.method != method and not (
        presented.method == "none" and method in _CERTIFICATE_METHODS
    ):
        # SECURITY: the registered method and no other: a client with a key is not asked for a
        # secret, and never for nothing (B-178).
        raise refused(f"{presented.method} instead of {method}")
    match method:
        case "client_secret_basic" | "client_secret_post":
            await _judge_secret(services, request, client, presented.secret)
        case "private_key_jwt":
            await verify_assertion(services, client, read_assertion(form["client_assertion"]))
        case "tls_client_auth" | "self_signed_tls_client_auth":
            _judge_certificate(client, certificate)
        case "none":
            pass
    return Caller(client, certificate)


def _presented(request: Request, form: Mapping[str, str]) -> _Presented:
    # RFC 6749 §2.3.1: the parameters MUST NOT be in the request URI, where logs keep them.
    if request.scope["query_string"]:
        raise OAuthError("invalid_request", "parameters belong into the form, not into the URI")
    basic = request.headers.getlist("authorization")
    is_assertion = "client_assertion" in form or "client_assertion_type" in form
    # RFC 6749 §2.3: the client MUST NOT use more than one authentication method (B-178).
    if len(basic) + ("client_secret" in form) + is_assertion > 1:
        raise OAuthError("invalid_request", "the client proves itself in more than one way")
    client_id = form.get("client_id")
    if basic:
        named, secret = _read_basic(basic[0])
        if client_id not in (None, named):
            raise OAuthError("invalid_request", "two clients are named")
        return _Presented("client_secret_basic", named, secret)
    if "client_secret" in form:
        return _Presented("client_secret_post", client_id, form["client_secret"])
    if is_assertion:
        if form.get("client_assertion_type") != ASSERTION_TYPE or "client_assertion" not in form:
            raise OAuthError("invalid_request", "the assertion or its type is missing or unknown")
        return _Presented("private_key_jwt", client_id, "")
    return _Presented("none", client_id, "")


def _read_basic(value: str) -> tuple[str, str]:
    scheme, _, text = value.partition(" ")
    if scheme.lower() != "basic":
        raise refused("scheme")
    try:
        user, colon, password = base64.b64decode(text.strip(), validate=True).partition(b":")
        # RFC 6749 §2.3.1: both are form-encoded before they are joined.
        pairs = parse_form(b"id=" + user + b"&secret=" + password)
    except (binascii.Error, MalformedForm):
        raise refused("malformed credentials") from None
    if not colon or len(pairs) != 2:
        raise refused("malformed credentials")
    return pairs[0][1], pairs[1][1]


async def _claimed(services: Services, presented: _Presented, form: Mapping[str, str]) -> Client:
    client_id = presented.client_id
    if presented.method == "private_key_jwt":
        # RFC 7521 §4.2: `client_id` is optional beside an assertion, and must agree with it.
        subject = read_assertion(form["client_assertion"]).unverified_claims.get("sub")
        if not isinstance(subject, str) or client_id not in (None, subject):
            raise refused("sub")
        client_id = subject
    if not client_id or len(client_id) > _MOST_ID:
        raise refused("no client is named")
    client = await services.clients.find(client_id)
    if client is None:
        raise refused("unknown, disabled or expired")
    return client


def _judge_origin(request: Request, client: Client) -> None:
    origins = request.headers.getlist("origin")
    # B-189: pages of other origins get no tokens, even where the gateway lets them ask.
    if any(origin not in client.origins for origin in origins):
        raise OAuthError("invalid_request", "the client has no such origin", status=403)


async def _judge_secret(services: Services, request: Request, client: Client, secret: str) -> None:
    presented = services.clients.secret_hash(secret)
    if client.secret_hash is not None and hmac.compare_digest(presented, client.secret_hash):
        return
    # Only wrong ones are counted: a right one costs no database, and nobody can keep a client out
    # by guessing at its secret. Secrets are of 256 bits; who guesses is slowed and told about.
    await count_guess(
        services,
        request,
        "client-secret",
        account=client.id,
        error="invalid_client",
        description="too many wrong secrets",
    )
    raise refused("secret")


def _judge_certificate(client: Client, certificate: bytes | None) -> None:
    is_self_signed = client.auth_method == "self_signed_tls_client_auth"
    if (
        certificate is None
        # SECURITY: a self-signed one is known by its digest alone, whatever it says of itself.
        or is_self_signed != ("sha256" in (client.certificate or {}))
        or not is_registered(certificate, client.certificate)
    ):
        raise refused("certificate")
