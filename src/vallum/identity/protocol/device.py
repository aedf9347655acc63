"""Where a device begins (RFC 8628 §3.1)."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import json_answer
from vallum.identity.protocol.client_auth import authenticate
from vallum.identity.protocol.scopes import (
    allowed_scopes,
    choose_resource,
    read_scopes,
    require_scopes,
)
from vallum.identity.protocol.senders import demand_new, nonce_field, read_proof
from vallum.identity.services import Services
from vallum.identity.storage.device_codes import INTERVAL
from vallum.identity.web.caller import address_of
from vallum.identity.web.forms import read_form

DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE: Final = "/oauth/device"


async def device_authorization(services: Services, request: Request) -> Response:
    """Give a device its codes.

    Raises:
        OAuthError: with the refusal.
    """
    form = await read_form(request)
    proof = read_proof(services, request)
    client = (await authenticate(services, request, form)).client
    if DEVICE_GRANT not in client.grants:
        raise OAuthError("unauthorized_client", "the client may not use this grant type")
    if proof is not None:
        await demand_new(services, proof)
    resource = choose_resource(services, client, form.get("resource"), for_person=True)
    scopes = read_scopes(form.get("scope", ""))
    require_scopes(scopes, allowed_scopes(services, client, resource))
    new = await services.device_codes.issue(
        client,
        scopes=tuple(scopes),
        resource=resource,
        address=address_of(request),
        jkt=None if proof is None else proof.jkt,
    )
    place = services.settings.issuer + DEVICE
    answer = {
        "device_code": new.device_code,
        "user_code": new.user_code,
        "verification_uri": place,
        "verification_uri_complete": f"{place}?{urlencode({'user_code': new.user_code})}",
        "expires_in": int(services.settings.device_code_life),
        "interval": int(INTERVAL),
    }
    return json_answer(answer, headers=None if proof is None else nonce_field(services))
