"""One access token for another, as the policy's rules allow (RFC 8693)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select

from vallum.config.provider import ExchangeRule
from vallum.identity.errors import OAuthError
from vallum.identity.issuing import Person, person_token
from vallum.identity.protocol.asking import Answer, TokenRequest, tell_issued, token_answer
from vallum.identity.protocol.own_tokens import OwnToken, verify_own
from vallum.identity.protocol.scopes import read_scopes, require_scopes
from vallum.identity.protocol.standing import demand_client
from vallum.identity.storage.tables import ACCESS_TOKENS
from vallum.tokens.errors import InvalidToken

ACCESS_TOKEN_TYPE: Final = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
MOST_ACTORS: Final = 3
"""Clients in a row that act for a person (B-193)."""


async def token_exchange(request: TokenRequest) -> Answer:
    """Answer a request to exchange a person's token for one for another API.

    Raises:
        OAuthError: `invalid_request`, `invalid_target`, `invalid_scope` or `unauthorized_client`.
    """
    services, client = request.services, request.client
    if client.is_public:
        raise OAuthError("unauthorized_client", "a client without a secret cannot use this grant")
    _judge_types(request)
    try:
        subject = await verify_own(services, request.require("subject_token"))
    except InvalidToken as error:
        # RFC 8693 §2.2.2: a token that is not good makes the request invalid.
        raise _refused(error.reason) from None
    rule = _rule(request, subject)
    scopes = _scopes(request, subject, rule)
    if subject.claims.confirmation is not None and request.sender.confirmation is None:
        # SECURITY: what was bound to a key stays bound to one: never a bearer token of it.
        raise _refused("the new token must be bound to a key")
    return await _exchanged(request, subject, rule, scopes)


def _judge_types(request: TokenRequest) -> None:
    form = request.form
    if request.require("subject_token_type") != ACCESS_TOKEN_TYPE:
        raise OAuthError("invalid_request", "only access tokens can be exchanged")
    if form.get("requested_token_type", ACCESS_TOKEN_TYPE) != ACCESS_TOKEN_TYPE:
        raise OAuthError("invalid_request", "only access tokens are issued")
    if "actor_token" in form or "actor_token_type" in form:
        raise OAuthError("invalid_request", "the client itself is the actor")


def _rule(request: TokenRequest, subject: OwnToken) -> ExchangeRule:
    form = request.form
    targets = {form[name] for name in ("resource", "audience") if name in form}
    if len(targets) != 1:
        raise OAuthError("invalid_target", "name one resource")
    (target,) = targets
    for rule in request.services.settings.exchanges:
        if (
            rule.client == request.client.id
            and rule.audience_from == subject.claims.claims["aud"]
            and rule.audience_to == target
            and target in request.services.settings.resources
        ):
            return rule
    raise OAuthError("invalid_target", "no rule allows this exchange")


def _scopes(request: TokenRequest, subject: OwnToken, rule: ExchangeRule) -> frozenset[str]:
    resources = request.services.settings.resources
    vocabulary = resources[rule.audience_to].scopes.keys()
    # SECURITY: what both APIs know the person must have allowed; the rest is up to the rule.
    shared = resources[rule.audience_from].scopes.keys() & vocabulary
    most = (rule.scopes & vocabulary) - (shared - subject.claims.scopes)
    wanted = read_scopes(request.form.get("scope", ""))
    require_scopes(wanted, most)
    return wanted


async def _exchanged(
    request: TokenRequest, subject: OwnToken, rule: ExchangeRule, scopes: frozenset[str]
) -> Answer:
    services, claims = request.services, subject.claims.claims
    if subject.user_id is None:
        # A client needs no other client's token: it has its own way to each API.
        raise _refused("only tokens of people can be exchanged")
    extra = {
        "act": _actors(request, claims),
        "exp": int(min(subject.claims.expires_at, services.clock() + services.settings.token_life)),
    }
    person = Person(
        id=subject.user_id,
        roles=tuple(claims.get("roles", ())),
        amr=tuple(claims.get("amr", ())),
        authenticated=float(claims.get("auth_time", 0)),
        session_id=claims.get("sid"),
        grant_id=subject.grant_id,
        family=subject.family,
        parent_id=subject.claims.token_id,
    )
    async with services.database.write() as connection:
        # Locks the row: a revocation of the old token either comes first or finds the new one.
        still = await connection.execute(
            select(ACCESS_TOKENS.c.id)
            .where(ACCESS_TOKENS.c.id == subject.claims.token_id, ACCESS_TOKENS.c.revoked.is_(None))
            .with_for_update(read=True)
        )
        if still.first() is None:
            raise _refused("revoked")
        await demand_client(connection, request.client.id, services.clock())
        token = await person_token(
            services,
            connection,
            request.client,
            person,
            scopes=scopes,
            resource=rule.audience_to,
            confirmation=request.sender.confirmation,
            extra=extra,
        )
    tell_issued(request, token, person.id)
    return token_answer(request, token, scopes, issued_token_type=ACCESS_TOKEN_TYPE)


def _actors(request: TokenRequest, claims: Mapping[str, Any]) -> dict[str, Any]:
    """`act` of the new token: this client, and whoever acted before it (RFC 8693 §4.1)."""
    before, depth = claims.get("act"), 1
    actor = before
    while isinstance(actor, dict):
        depth += 1
        actor = actor.get("act")
    if depth > MOST_ACTORS:
        raise _refused("too many clients in a row")
    act: dict[str, Any] = {"sub": request.client.id}
    return act if before is None else {**act, "act": before}


def _refused(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_request", "the subject token is not good for this", reason=f"exchange: {reason}"
    )
