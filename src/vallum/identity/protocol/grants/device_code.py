"""Tokens for a device whose person has confirmed it elsewhere (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import Answer, TokenRequest
from vallum.identity.protocol.persons import first_tokens
from vallum.identity.protocol.standing import begin_use
from vallum.identity.storage.device_codes import Waiting, use_device_code


async def device_code(request: TokenRequest) -> Answer:
    """Answer a device that asks whether its person has confirmed it.

    Raises:
        OAuthError: `authorization_pending`, `slow_down`, `access_denied`, `expired_token` or
            `invalid_grant`.
    """
    services = request.services
    waiting = await services.device_codes.by_device_code(request.require("device_code"))
    if waiting is None or waiting.client_id != request.client.id:
        raise _refused("unknown or another client's")
    if waiting.jkt is not None and waiting.jkt != request.sender.jkt:
        raise _refused("key")
    if waiting.client_version != request.client.version:
        raise _refused("the client has changed")
    if waiting.status == "used":
        raise _refused("used before")
    if waiting.expires <= services.clock():
        raise OAuthError("expired_token", "nobody confirmed it in time")
    if not await services.device_codes.poll(waiting):
        raise OAuthError("slow_down", "ask five seconds later from now on")
    return await _answered(request, waiting)


async def _answered(request: TokenRequest, waiting: Waiting) -> Answer:
    if waiting.status == "denied":
        raise OAuthError("access_denied", "the person said no")
    if waiting.allowance is None:
        raise OAuthError("authorization_pending", "nobody has confirmed it yet")
    async with request.services.database.write() as connection:
        standing = await begin_use(connection, waiting.allowance, request.services.clock())
        if not await use_device_code(connection, waiting.hash):
            raise _refused("used before")
        return await first_tokens(request, connection, waiting.allowance, standing)


def _refused(reason: str) -> OAuthError:
    return OAuthError(
        "invalid_grant", "the device code is not good for this request", reason=f"device: {reason}"
    )
