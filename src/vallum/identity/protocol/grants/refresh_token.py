"""New access tokens while a person stays signed in (RFC 6749 §6, OAuth 2.1 §4.3, RFC 9700 §4.14).

A token is replaced with each use, unless it is worth nothing without its client's key. One that
comes back after its use was stolen, from the client or by it: the whole family ends.
"""

from __future__ import annotations

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import Answer, TokenRequest
from vallum.identity.protocol.persons import access_tokens, proves_a_key
from vallum.identity.protocol.scopes import read_scopes, require_scopes
from vallum.identity.protocol.standing import begin_use
from vallum.identity.revoking import revoke_family
from vallum.identity.storage.refresh_tokens import RefreshToken


async def refresh_token(request: TokenRequest) -> Answer:
    """Answer a request with a refresh token.

    Raises:
        OAuthError: `invalid_grant`, `invalid_scope` or `invalid_target`.
    """
    services = request.services
    text = request.require("refresh_token")
    token = await services.refresh_tokens.look(text)
    if token is None:
        raise _refused("unknown")
    _judge_sender(request, token)
    if token.revoked is not None:
        raise _refused("revoked")
    scopes = _scopes(request, token)
    if token.used is not None:
        return await _again(request, token, scopes)
    if min(token.expires, token.ends) <= services.clock():
        raise _refused("expired")
    if _stays(request, token):
        return await _prolonged(request, token, text, scopes)
    return await _rotated(request, token, text, scopes)


def _judge_sender(request: TokenRequest, token: RefreshToken) -> None:
    if token.allowance.client_id != request.client.id:
        raise _refused("client")
    if token.jkt is not None and token.jkt != request.sender.jkt:
        raise _refused("key")
    if token.x5t is not None and token.x5t != request.sender.x5t:
        raise _refused("certificate")


def _scopes(request: TokenRequest, token: RefreshToken) -> frozenset[str]:
    """RFC 6749 §6: fewer scopes than the person allowed, never others (B-175)."""
    allowance = token.allowance
    if request.form.get("resource", allowance.resource) != allowance.resource:
        raise OAuthError("invalid_target", "the token is for another resource")
    wanted = read_scopes(request.form.get("scope", ""))
    require_scopes(wanted, allowance.scopes)
    return wanted or frozenset(allowance.scopes)


def _stays(request: TokenRequest, token: RefreshToken) -> bool:
    # RFC 9700 §2.2.2: rotation or sender-constraint; public clients get both.
    return not request.client.is_public and (token.is_bound or proves_a_key(request.client))


async def _prolonged(
    request: TokenRequest, token: RefreshToken, text: str, scopes: frozenset[str]
) -> Answer:
    """An access token, and the same refresh token for longer."""
    services, allowance = request.services, token.allowance
    async with services.database.write() as connection:
        standing = await begin_use(connection, allowance, services.clock())
        if not await services.refresh_tokens.prolong(connection, token):
            raise _refused("ended meanwhile")
        answer = await access_tokens(
            request, connection, allowance, standing, scopes=scopes, family=token.family
        )
    return answer | {"refresh_token": text}


async def _rotated(
    request: TokenRequest, token: RefreshToken, text: str, scopes: frozenset[str]
) -> Answer:
    services, allowance = request.services, token.allowance
    async with services.database.write() as connection:
        standing = await begin_use(connection, allowance, services.clock())
        successor = await services.refresh_tokens.rotate(connection, token)
        if successor is not None:
            answer = await access_tokens(
                request, connection, allowance, standing, scopes=scopes, family=token.family
            )
            return answer | {"refresh_token": successor}
    # Another request was faster: the token has been used, a moment ago.
    now_used = await services.refresh_tokens.look(text)
    if now_used is None or now_used.used is None:
        raise _refused("ended meanwhile")
    return await _again(request, now_used, scopes)


async def _again(request: TokenRequest, token: RefreshToken, scopes: frozenset[str]) -> Answer:
    """A token that was used before: a lost answer, where its key is there too; or a theft."""
    services = request.services
    successor = services.refresh_tokens.successor(token)
    next_one = None if successor is None else await services.refresh_tokens.look(successor)
    # SECURITY: the same successor, and only while nobody has used that (B-174).
    if successor is None or next_one is None or next_one.used is not None:
        raise await _replayed(request, token)
    # As for one that stays, whose row is taken: a revocation ends this, or sees what comes of it.
    return await _prolonged(request, next_one, successor, scopes)


async def _replayed(request: TokenRequest, token: RefreshToken) -> OAuthError:
    await revoke_family(request.services, token.family)
    await request.services.events.record(
        "refresh.replayed",
        user_id=token.allowance.user_id,
        client_id=request.client.id,
        actor=f"client:{request.client.id}",
        address=request.address,
        alert=True,
    )
    return _refused("used before")


def _refused(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_grant",
        "the refresh token is not good for this request",
        reason=f"refresh: {reason}",
    )
