"""Signing in with another provider: what is asked for, the way there, and the way back."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from vallum.config.provider import UpstreamProvider
from vallum.identity.errors import PageError
from vallum.identity.federation.arriving import arrive
from vallum.identity.federation.calls import CallFailed
from vallum.identity.federation.metadata import Metadata, ProviderUnreachable
from vallum.identity.federation.person import Person, WrongDomain
from vallum.identity.federation.relying import JOIN, Relying, load_step, out_of_step
from vallum.identity.federation.upstream import SignInRefused, Upstream, authorization_url
from vallum.identity.people.sign_in import FRESH_SECONDS, load_flow
from vallum.identity.storage.flows import Flow
from vallum.identity.web.caller import address_of
from vallum.identity.web.cookies import browser_of
from vallum.identity.web.forms import read_page_form, read_page_query
from vallum.identity.web.pages import render, see_other

_LONGEST_CODE: Final = 4096
_ASKED: Final[Mapping[str, str]] = {
    "openid": "Which account there is yours",
    "email": "Your e-mail address there",
    "profile": "Your name there",
}


async def show_provider(relying: Relying, request: Request) -> Response:
    """What will be asked for, and where the person goes; nothing has happened yet."""
    upstream = relying.upstream(request)
    parent = await load_flow(relying.services, request, read_page_query(request).get("flow"))
    metadata = await _metadata(upstream)
    provider = upstream.provider
    return render(
        relying.services,
        request,
        "federation_begin.html",
        flow=parent,
        form_target=metadata.authorization_origin,
        provider=provider,
        connects=parent is not None and "connect" in parent.data,
        place=metadata.authorization_origin.partition("://")[2],
        asked=_asked(provider),
    )


async def send_provider(relying: Relying, request: Request) -> Response:
    """Off to the provider."""
    upstream = relying.upstream(request)
    form = await read_page_form(request, relying.services)
    parent = await load_flow(relying.services, request, form.get("flow"))
    metadata = await _metadata(upstream)
    # Who must sign in again must do so over there too, where the provider can say that they did.
    again = parent is not None and bool(parent.data.get("again"))
    max_age = FRESH_SECONDS if again and metadata.tells_auth_time else None
    flow = await relying.services.flows.begin(
        browser_of(request),
        "federation",
        JOIN,
        {
            "step": "away",
            "provider": upstream.provider.name,
            "parent": relying.sealed_parent(parent),
            "max_age": max_age,
        },
    )
    challenge = sha256(relying.verifier(flow.id).encode()).digest()
    return see_other(
        authorization_url(
            upstream,
            metadata,
            redirect_uri=relying.redirect_uri(upstream),
            state=flow.id,
            nonce=relying.nonce(flow.id),
            challenge=base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            max_age=max_age,
            choose=again and max_age is None,
        )
    )


async def receive_answer(relying: Relying, request: Request) -> Response:
    """The way back. Nothing is asked of the provider before state and issuer are right (B-166)."""
    upstream = relying.upstream(request)
    query = read_page_query(request)
    flow = await _used_up(relying, request, upstream, query.get("state"))
    await _judge_issuer(relying, request, upstream, query.get("iss"))
    if "error" in query:
        return await _stopped(relying, request, upstream, flow, query["error"])
    code = query.get("code", "")
    if not 0 < len(code) <= _LONGEST_CODE or not code.isascii() or not code.isprintable():
        raise await _refused(relying, request, upstream, "answer.code")
    person = await _redeemed(relying, request, upstream, flow, code)
    return await arrive(relying, request, flow, person)


async def _used_up(
    relying: Relying, request: Request, upstream: Upstream, state: str | None
) -> Flow:
    """The flow of this browser that the state names; it is over from now on."""
    if not state:
        raise out_of_step()
    flow, _ = await load_step(relying, request, state, "away")
    if not await relying.services.flows.end(flow):
        raise out_of_step()
    # B-168: an answer of one provider at the address of another ends here.
    if flow.data["provider"] != upstream.provider.name:
        raise await _refused(relying, request, upstream, "answer.provider", alert=True)
    return flow


async def _judge_issuer(
    relying: Relying, request: Request, upstream: Upstream, issuer: str | None
) -> None:
    # RFC 9207 §2.4: compared where it is there, demanded where the provider always sends it.
    if issuer is None:
        if not (await _metadata(upstream)).names_itself:
            return
    elif upstream.is_issuer(issuer):
        return
    raise await _refused(relying, request, upstream, "answer.iss", alert=True)


async def _stopped(
    relying: Relying, request: Request, upstream: Upstream, flow: Flow, error: str
) -> Response:
    if error != "access_denied":
        raise await _refused(relying, request, upstream, "answer.error")
    await relying.services.events.record(
        "federation.denied", provider=upstream.provider.name, address=address_of(request)
    )
    return render(
        relying.services,
        request,
        "federation_denied.html",
        flow=await relying.parent_of(request, flow),
        provider=upstream.provider,
    )


async def _redeemed(
    relying: Relying, request: Request, upstream: Upstream, flow: Flow, code: str
) -> Person:
    try:
        return await upstream.redeem(
            code,
            redirect_uri=relying.redirect_uri(upstream),
            verifier=relying.verifier(flow.id),
            nonce=relying.nonce(flow.id),
            max_age=flow.data["max_age"],
        )
    except SignInRefused as error:
        raise await _refused(relying, request, upstream, error.reason) from None
    except (CallFailed, ProviderUnreachable):
        raise _unreachable(upstream) from None
    except WrongDomain:
        await relying.services.events.record(
            "federation.wrong-domain",
            provider=upstream.provider.name,
            address=address_of(request),
        )
        raise PageError(
            "This account is of another organization",
            f"Choose your {upstream.provider.label} account of {upstream.provider.hosted_domain}.",
            status=403,
            reason="federation.wrong-domain",
        ) from None


async def _refused(
    relying: Relying, request: Request, upstream: Upstream, reason: str, *, alert: bool = False
) -> PageError:
    await relying.services.events.record(
        "federation.refused",
        alert=alert,
        address=address_of(request),
        provider=upstream.provider.name,
        reason=reason,
    )
    return PageError(
        "This sign-in did not work",
        f"What came back from {upstream.provider.label} does not prove who you are. "
        "Please go back and try again.",
        reason=f"federation.{reason}",
    )


async def _metadata(upstream: Upstream) -> Metadata:
    try:
        return await upstream.metadata()
    except ProviderUnreachable:
        raise _unreachable(upstream) from None


def _unreachable(upstream: Upstream) -> PageError:
    return PageError(
        f"{upstream.provider.label} cannot be reached",
        "Please try again in a minute, or sign in in another way.",
        status=503,
        reason="federation.unreachable",
    )


def _asked(provider: UpstreamProvider) -> list[str]:
    scopes = dict.fromkeys(("openid", *provider.scopes))
    return [
        _ASKED.get(scope, f"Something that {provider.label} calls “{scope}”") for scope in scopes
    ]
