"""Codes for tokens (OAuth 2.1 §4.1.3), with PKCE always (RFC 7636)."""

from __future__ import annotations

import hmac
import re
from typing import Final

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import Answer, TokenRequest
from vallum.identity.protocol.persons import first_tokens
from vallum.identity.protocol.standing import begin_use
from vallum.identity.revoking import revoke_issued_for_code
from vallum.identity.storage.codes import Code, IssuedCode, use_code
from vallum.tokens.thumbprint import base64url_digest

# RFC 7636 §4.1: code-verifier = 43*128unreserved.
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


async def authorization_code(request: TokenRequest) -> Answer:
    """Answer a request with a code.

    Raises:
        OAuthError: `invalid_grant`, `invalid_target` or `invalid_request`.
    """
    services = request.services
    issued = await services.codes.look(request.require("code"))
    if issued is None:
        raise _refused("unknown")
    _judge(request, issued.code)
    # From here on the request would be good, were it the first and in time.
    if issued.used:
        raise await _replayed(request, issued)
    now = services.clock()
    if issued.expires <= now:
        raise _refused("expired")
    allowance = issued.code.allowance
    async with services.database.write() as connection:
        standing = await begin_use(connection, allowance, now)
        if await use_code(connection, issued.hash, now):
            return await first_tokens(
                request,
                connection,
                allowance,
                standing,
                nonce=issued.code.nonce,
                code_hash=issued.hash,
            )
    raise await _replayed(request, issued)


def _judge(request: TokenRequest, code: Code) -> None:
    """SECURITY: whatever fails here ends nothing. Somebody who has only seen a code must not be
    able to sign its owner out (OAuth 2.1 §7.5.2, B-160)."""
    form = request.form
    if code.allowance.client_id != request.client.id:
        raise _refused("client")
    # OAuth 2.1 §10.2: clients of 2.0 name the URI again, and it must be the same.
    if "redirect_uri" in form and form["redirect_uri"] != code.redirect_uri:
        raise _refused("redirect_uri")
    verifier = form.get("code_verifier", "")
    if _VERIFIER.fullmatch(verifier) is None:
        raise _refused("verifier form")
    challenge = base64url_digest(verifier.encode("ascii"))
    if not hmac.compare_digest(challenge.encode(), code.challenge.encode()):
        raise _refused("verifier")
    # RFC 9449 §10: the code is bound to the key that the authorization request named (B-201).
    if code.jkt is not None and code.jkt != request.sender.jkt:
        raise _refused("key")
    if form.get("resource", code.allowance.resource) != code.allowance.resource:
        raise OAuthError("invalid_target", "the code is for another resource")


async def _replayed(request: TokenRequest, issued: IssuedCode) -> OAuthError:
    # OAuth 2.1 §4.1.3: deny, and revoke all tokens that came of the code (B-159).
    await revoke_issued_for_code(request.services, issued.hash)
    await request.services.events.record(
        "code.replayed",
        user_id=issued.code.allowance.user_id,
        client_id=request.client.id,
        actor=f"client:{request.client.id}",
        address=request.address,
        alert=True,
    )
    return _refused("used before")


def _refused(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_grant", "the code is not good for this request", reason=f"code: {reason}"
    )
