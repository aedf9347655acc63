"""Pushed authorization requests (RFC 9126): the client itself says what it wants, unseen by the
browser, and the browser carries a reference that works once."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.errors import OAuthError
from vallum.identity.protocol.asking import json_answer
from vallum.identity.protocol.authorize_request import PARAMETERS, judge_request, judge_return
from vallum.identity.protocol.client_auth import authenticate
from vallum.identity.protocol.senders import demand_new, read_proof
from vallum.identity.services import Services
from vallum.identity.storage.pushed_requests import keep_pushed
from vallum.identity.web.forms import read_form


async def push(services: Services, request: Request) -> Response:
    """Answers POST.

    Raises:
        OAuthError: the client, or its request, is not good; everything is judged here already.
    """
    form = await read_form(request)
    proof = read_proof(services, request)
    client = (await authenticate(services, request, form)).client
    # RFC 9126 §2.1: request_uri MUST NOT be pushed (B-181).
    if "request_uri" in form:
        raise OAuthError("invalid_request", "request_uri cannot be pushed")
    # Only what the request is about: what proves the client must not be kept.
    parameters = {name: value for name, value in form.items() if name in PARAMETERS}
    judge_request(services, client, judge_return(client, parameters), parameters)
    jkt = None
    if proof is not None:
        await demand_new(services, proof)
        jkt = proof.jkt
        # RFC 9449 §10.1: both may be there, and then they must say the same.
        if parameters.get("dpop_jkt", jkt) != jkt:
            raise OAuthError("invalid_request", "dpop_jkt is of another key than the proof")
    request_uri = await keep_pushed(services, client.id, parameters, jkt)
    body = {"request_uri": request_uri, "expires_in": int(services.settings.request_life)}
    return json_answer(body, status=201)
