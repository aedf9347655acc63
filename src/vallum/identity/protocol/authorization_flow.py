"""What a browser carries through an authorization: the judged request, kept in its flow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from starlette.requests import Request

from vallum.identity.errors import PageError
from vallum.identity.people.sign_in import load_flow
from vallum.identity.protocol.authorize_request import AuthorizeRequest
from vallum.identity.services import Services
from vallum.identity.storage.clients import Client
from vallum.identity.storage.flows import Flow

RESUME: Final = "/oauth/authorize/resume"
"""Where it goes on once the person has signed in."""


def remembered(asked: AuthorizeRequest, client: Client) -> dict[str, Any]:
    """A judged request as the data of a flow."""
    return {
        "request": asdict(asked),
        "login_hint": asked.login_hint,
        "client_version": client.version,
    }


async def find_client(services: Services, parameters: Mapping[str, str]) -> Client:
    """The client that a request names.

    Raises:
        PageError: nobody knows it, or it may not be used now.
    """
    client_id = parameters.get("client_id", "")
    client = await services.clients.find(client_id) if 0 < len(client_id) <= 255 else None
    if client is None:
        raise broken("invalid_client", "This application is not known here.")
    return client


async def load_authorization(
    services: Services, request: Request, flow_id: str
) -> tuple[Flow, Client]:
    """The flow of this browser and its client, which may have been disabled meanwhile.

    Raises:
        PageError: there is no such flow.
    """
    flow = await load_flow(services, request, flow_id)
    if flow is None or flow.kind != "authorize":
        raise broken("flow.unknown")
    asked: Mapping[str, Any] = flow.data.get("request") or flow.data["refused"]
    client = await find_client(services, {"client_id": asked["client_id"]})
    # What was judged was judged for the client as it was then (B-172).
    if flow.data["client_version"] != client.version:
        raise broken("client.changed", "The application has just been changed.")
    return flow, client


def request_of(flow: Flow) -> AuthorizeRequest:
    """What an authorization is about."""
    values = dict(flow.data["request"])
    return AuthorizeRequest(
        **values | {"scopes": tuple(values["scopes"]), "prompt": tuple(values["prompt"])}
    )


def broken(code: str, text: str = "") -> PageError:
    """A refusal that goes nowhere but to the person; `code` is for the application's makers."""
    advice = "Go back to the application and try again; if that does not help, tell its makers"
    return PageError(
        "This sign-in link does not work",
        f"{text} {advice}: {code}.".lstrip(),
        reason=code,
    )
