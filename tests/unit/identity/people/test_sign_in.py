"""What a page may demand of a session, and what people allowed to applications."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from tests.support.people import add_user, sign_in_quickly
from tests.support.provider import API, Provider, submit

from vallum.identity.people.sign_in import demand_session
from vallum.identity.storage.clients import Client
from vallum.identity.storage.flows import Flow
from vallum.identity.storage.sessions import ACR_TWO, Session


def ask(provider: Provider, flow: Flow, **demands: Any) -> Session | Response:
    """What a page gets that demands a session of the first browser."""
    jar = provider.client.cookies
    line = "; ".join(f"{name}={value}" for name, value in jar.items()).encode()
    request = Request({"type": "http", "method": "GET", "headers": [(b"cookie", line)]})
    return provider.run(demand_session, provider.services, request, flow, **demands)


def begin(provider: Provider) -> Flow:
    """A flow of the first browser."""
    provider.client.get("/sign-in")
    browser = provider.client.cookies["__Host-vallum-browser"]
    return provider.run(provider.services.flows.begin, browser, "authorize", "/resume", {})


def reload(provider: Provider, flow: Flow) -> Flow:
    """The flow as it is kept now."""
    browser = provider.client.cookies["__Host-vallum-browser"]
    found = provider.run(provider.services.flows.load, flow.id, browser)
    assert found is not None
    return found


def location(answer: Session | Response) -> str:
    """Where an answer leads."""
    assert isinstance(answer, Response)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def test_without_a_session_the_way_leads_to_the_sign_in_page(provider: Provider) -> None:
    flow = begin(provider)
    assert location(ask(provider, flow)) == f"/sign-in?flow={flow.id}"
    sign_in_quickly(provider, provider.client, add_user(provider))
    assert isinstance(ask(provider, flow), Session)


@pytest.mark.parametrize("demand", [{"again": True}, {"max_age": 60.0}])
def test_a_sign_in_in_this_flow_is_demanded_once(
    provider: Provider, demand: dict[str, Any]
) -> None:
    flow = begin(provider)
    session_id = sign_in_quickly(provider, provider.client, add_user(provider))
    assert isinstance(ask(provider, flow, max_age=60.0), Session)
    provider.clock.now += 61
    assert location(ask(provider, flow, **demand)) == f"/sign-in?flow={flow.id}"
    flow = reload(provider, flow)
    assert flow.data["again"]
    done = replace(flow, data={**flow.data, "session": session_id})
    assert isinstance(ask(provider, done, **demand), Session)
    other = replace(flow, data={**flow.data, "session": "session_other"})
    assert location(ask(provider, other, **demand)) == f"/sign-in?flow={flow.id}"


def test_two_factors_are_demanded_of_a_session_with_one(provider: Provider) -> None:
    flow, user = begin(provider), add_user(provider)
    sign_in_quickly(provider, provider.client, user)
    assert location(ask(provider, flow, acr=ACR_TWO)) == f"/sign-in/second?flow={flow.id}"
    flow = reload(provider, flow)
    assert (flow.user_id, flow.amr, flow.data["acr"]) == (user.id, ("pwd",), ACR_TWO)
    sign_in_quickly(provider, provider.client, user, "pwd", "otp", "mfa")
    assert isinstance(ask(provider, flow, acr=ACR_TWO), Session)


def test_what_was_allowed_to_an_application_is_shown_and_taken_back(provider: Provider) -> None:
    user, bob = add_user(provider), add_user(provider, "bob@readers.example")
    client = Client(
        id="client_reader",
        name="<Reader>",
        kind="browser",
        auth_method="none",
        grants=("authorization_code",),
    )
    provider.run(provider.services.clients.add, client)
    for each in (user, bob):
        provider.run(
            provider.services.grants.give,
            each.id,
            client,
            scopes=("openid", "orders:read"),
            resource=API,
            redirect_uri="https://reader.example/",
        )
    (theirs,) = provider.run(provider.services.grants.of_user, bob.id)
    sign_in_quickly(provider, provider.client, user)
    page = provider.client.get("/account/applications").text
    assert "&lt;Reader&gt;" in page
    assert "See your orders" in page
    assert theirs.id not in page
    submit(provider.client, page, index=1, grant=theirs.id)
    assert provider.run(provider.services.grants.get, theirs.id) is not None
    submit(provider.client, page, index=1)
    assert "not allowed anything" in provider.client.get("/account/applications").text
    assert provider.kinds().count("grant.revoked") == 1
