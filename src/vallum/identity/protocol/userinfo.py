"""The userinfo endpoint (OpenID Connect Core §5.3)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import json_answer
from vallum.identity.protocol.claims import claims_of
from vallum.identity.protocol.own_tokens import OwnToken, verify_own
from vallum.identity.protocol.senders import demand_new, nonce_field, read_proof
from vallum.identity.services import Services
from vallum.identity.web.caller import certificate_of
from vallum.tokens.errors import InvalidToken

_ALGORITHMS: Final = "ES256 EdDSA PS256 RS256"


async def userinfo(services: Services, request: Request) -> Response:
    """What the client may know about the person for whom it has this token.

    The token is for one of the APIs; whoever it was made for may ask this too (§5.3.1).

    Raises:
        OAuthError: 401 with the challenge of RFC 6750 §3 and RFC 9449 §7.1, or 403.
    """
    scheme, text = _credentials(request)
    try:
        token = await verify_own(services, text)
        await _judge_sender(services, request, scheme, text, token)
    except InvalidToken as error:
        raise _refused("invalid_token", error.reason) from None
    if token.user_id is None or "openid" not in token.claims.scopes:
        raise _refused("insufficient_scope", "scope", status=403)
    user = await services.users.get(token.user_id)
    if user is None or user.disabled is not None:
        raise _refused("invalid_token", "user")
    about = {"sub": user.id, **claims_of(user, token.claims.scopes)}
    return json_answer(about, headers=nonce_field(services) if scheme == "dpop" else None)


def _credentials(request: Request) -> tuple[str, str]:
    fields = request.headers.getlist("authorization")
    if len(fields) != 1:
        # RFC 6750 §3.1: no error code where no token came.
        raise _refused("" if not fields else "invalid_request", "token missing or twice")
    scheme, _, text = fields[0].partition(" ")
    if scheme.lower() not in ("bearer", "dpop") or not text:
        raise _refused("invalid_request", "scheme")
    return scheme.lower(), text


async def _judge_sender(
    services: Services, request: Request, scheme: str, text: str, token: OwnToken
) -> None:
    bound = token.claims.confirmation
    jkt = "" if bound is None else bound.jkt
    # SECURITY: RFC 9449 §7.2, a bound token as Bearer MUST be rejected (B-194); and a token that is
    # bound to no key is not made better by some proof.
    if (scheme == "dpop") != bool(jkt):
        raise InvalidToken("jwt.binding")
    if bound is not None and bound.x5t and not bound.is_certificate(_certificate(request)):
        raise InvalidToken("jwt.binding")
    if jkt:
        await _judge_proof(services, request, text, jkt)


async def _judge_proof(services: Services, request: Request, text: str, jkt: str) -> None:
    try:
        proof = read_proof(services, request, access_token=text)
        if proof is None or proof.jkt != jkt:
            raise InvalidToken("jwt.binding")
        await demand_new(services, proof)
    except OAuthError as error:
        raise _refused(error.error, error.reason, headers=error.headers) from None


def _certificate(request: Request) -> bytes | None:
    try:
        return certificate_of(request)
    except ValueError:
        return None


def _refused(
    error: str, reason: str, *, status: int = 401, headers: dict[str, str] | None = None
) -> OAuthError:
    said = f' error="{error}",' if error else ""
    challenge = f'DPoP{said} algs="{_ALGORITHMS}", Bearer{said.rstrip(",")}'
    return OAuthError(
        error or "invalid_token",
        status=400 if error == "invalid_request" else status,
        reason=f"userinfo: {reason}",
        headers={"www-authenticate": challenge, **(headers or {})},
    )
