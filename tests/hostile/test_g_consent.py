"""G. OAuth 2 and OpenID Connect: consent that nobody gave, or gave to somebody else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starlette.testclient import TestClient
from tests.support.authorizing import (
    AUTHORIZE,
    approve,
    ask,
    browser_with,
    is_page,
    onward,
    request_for,
    sent_to,
)
from tests.support.oauth import REDIRECT, add_client, add_public, sign_in
from tests.support.provider import (
    API,
    ISSUER,
    Provider,
    form_of,
    running_provider,
    submit,
)

from vallum.config.provider import Resource
from vallum.identity.revoking import revoke_grant
from vallum.identity.storage.clients import Client

CONSENT = "/oauth/consent"
ORIGIN = {"origin": ISSUER}


def _asks(answer: Any) -> bool:
    """Whether an answer is the consent page."""
    return answer.status_code == 200 and f'action="{CONSENT}"' in answer.text


def _silent(browser: TestClient, **changes: str) -> str | None:
    """The error of the same request without any page; None where there is a code."""
    asked = request_for("shop", prompt="none", **changes)
    return sent_to(browser.get(AUTHORIZE, params=asked))[1].get("error")


def test_b172_consent_skip_silence_is_no_consent(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    assert _silent(browser) == "consent_required"
    assert _asks(ask(browser, request_for("shop")))
    assert _silent(browser) == "consent_required"
    approve(browser, ask(browser, request_for("shop")))
    assert _silent(browser) is None
    stranger = browser_with(provider, sign_in(provider, "eve@shop.example"))
    assert _silent(stranger) == "consent_required"


def test_b172_consent_skip_a_form_of_another_site_counts_for_nothing(provider: Provider) -> None:
    add_client(provider, "shop")
    person = sign_in(provider)
    browser = browser_with(provider, person)
    page = ask(browser, request_for("shop"))
    action, fields = form_of(page.text)
    for forged, headers in (
        ({**fields, "csrf": ""}, ORIGIN),
        ({**fields, "csrf": "0" * 64}, ORIGIN),
        ({key: value for key, value in fields.items() if key != "csrf"}, ORIGIN),
        (fields, {"origin": "https://evil.example"}),
        (fields, {"origin": "null"}),
    ):
        answer = browser.post(action, data={**forged, "decision": "allow"}, headers=headers)
        assert is_page(answer, 403)
    # Another browser with the same session: neither the form token nor the flow is its own.
    other = browser_with(provider, person)
    assert is_page(other.post(action, data={**fields, "decision": "allow"}, headers=ORIGIN), 403)
    assert browser.get(CONSENT).status_code == 405
    assert provider.run(provider.services.grants.of_user, person.user_id) == []
    assert "code" in sent_to(approve(browser, page))[1]


def test_b172_consent_skip_no_frame_and_no_script_can_press_the_button(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, request_for("shop"))
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://shop.example" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert "<script" not in page.text


def test_b172_consent_skip_anything_wider_is_asked_again(provider: Provider) -> None:
    uris = (REDIRECT, "https://shop.example/other")
    client = add_client(provider, "shop", redirect_uris=uris)
    browser = browser_with(provider, sign_in(provider))
    approve(browser, ask(browser, request_for("shop")))
    assert _silent(browser) is None
    assert _silent(browser, scope="openid orders:read orders:write") == "consent_required"
    assert _silent(browser, scope="openid orders:read offline_access") == "consent_required"
    assert _silent(browser, redirect_uri=uris[1]) == "consent_required"
    wider = ask(browser, request_for("shop", scope="openid orders:read orders:write"))
    assert _asks(wider)
    assert "Place orders in your name" in wider.text
    # The client is not what it was.
    changed = replace(client, version=client.version + 1, name="Shop 2")
    provider.run(provider.services.clients.replace, changed)
    assert _silent(browser) == "consent_required"


def test_b172_consent_skip_consent_is_for_one_client_and_one_api(provider: Provider) -> None:
    add_client(provider, "shop")
    add_client(provider, "other")
    browser = browser_with(provider, sign_in(provider))
    approve(browser, ask(browser, request_for("shop")))
    assert _asks(ask(browser, request_for("other")))
    assert _silent(browser, resource=API) is None
    known = provider.services.settings.resources
    assert isinstance(known, dict)
    other = "https://stock.shop.example"
    known[other] = Resource(
        api="stock", identifier=other, name="Stock", scopes={"orders:read": "See what is in stock"}
    )
    provider.run(
        provider.services.clients.add,
        Client(
            id="both",
            name="Both",
            kind="browser",
            auth_method="none",
            grants=("authorization_code",),
            scopes=("openid", "orders:read"),
            resources=(API, other),
            redirect_uris=(REDIRECT,),
        ),
    )
    approve(browser, ask(browser, request_for("both")))
    page = ask(browser, request_for("both", resource=other))
    assert _asks(page)
    assert "See what is in stock" in page.text
    del known[other]


def test_b172_consent_skip_consent_ends_with_its_revocation(provider: Provider) -> None:
    add_client(provider, "shop")
    person = sign_in(provider)
    browser = browser_with(provider, person)
    approve(browser, ask(browser, request_for("shop")))
    (grant,) = provider.run(provider.services.grants.of_user, person.user_id)
    assert grant.scopes == {"openid", "orders:read"}
    provider.run(revoke_grant, provider.services, grant.id)
    assert _silent(browser) == "consent_required"


def test_b172_consent_skip_an_answer_counts_once_and_from_who_was_asked(
    provider: Provider,
) -> None:
    client = add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, request_for("shop"))
    sent_to(approve(browser, page))
    assert is_page(submit(browser, page.text, decision="allow"))
    # The form without its question: the page comes first.
    answer = browser.get(AUTHORIZE, params=request_for("shop", prompt="consent"))
    flow = answer.headers["location"].partition("flow=")[2]
    csrf = form_of(page.text)[1]["csrf"]
    form = {"csrf": csrf, "flow": flow, "decision": "allow"}
    unasked = browser.post(CONSENT, data=form, headers=ORIGIN)
    assert unasked.headers["location"] == f"/oauth/authorize/resume?flow={flow}"
    page = onward(browser, unasked)
    assert _asks(page)
    # The client changed while the person was reading.
    provider.run(provider.services.clients.replace, replace(client, version=2, redirect_uris=()))
    assert is_page(submit(browser, page.text, decision="allow"))


def test_b172_consent_skip_programs_of_the_device_are_asked_each_time(provider: Provider) -> None:
    """Anybody can open a port or claim a scheme, and say that he is the client (RFC 8252 §8.6)."""
    uris = ("http://127.0.0.1/cb", "com.example.app:/cb")
    add_public(provider, "tool", kind="native", redirect_uris=uris)
    browser = browser_with(provider, sign_in(provider))
    for uri in ("http://127.0.0.1:4711/cb", "com.example.app:/cb"):
        for _ in range(2):
            page = ask(browser, request_for("tool", redirect_uri=uri))
            assert _asks(page)
            assert sent_to(approve(browser, page))[0] == uri


def test_b173_consent_spoof_names_cannot_deceive(provider: Provider) -> None:
    names = {
        "bidi": "Google \u202eytiruceS\u202c\u2066\u200f Login",
        "markup": '<img src=x onerror=alert(1)>"><h1>Bank</h1>',
        "lines": "Shop\r\nSet-Cookie: a=b\x1b[31m\u2028Verified",
        "long": "Verified " * 500,
        "piles": "Sh" + "\u0336\u0305" * 200 + "op",
        "nothing": "\u200b\u2060",
    }
    for client_id, name in names.items():
        add_public(provider, client_id, name=name, registered_by="dynamic")
    browser = browser_with(provider, sign_in(provider))
    pages = {name: ask(browser, request_for(name)).text for name in names}
    for page in pages.values():
        assert "Nobody has checked this application" in page
        assert not set(page) & set("\u202e\u202c\u2066\u200f\u200b\u2060\u2028\x00\x1b\r")
        assert page.count("<h1>") == 1
        assert "<img" not in page
        assert len(page) < 10_000
    assert "Allow <bdi>Google ytiruceS Login</bdi>?" in pages["bidi"]
    assert "&lt;img src=x" in pages["markup"]
    assert "Shop Set-Cookie: a=b[31m Verified" in pages["lines"]
    assert pages["piles"].count("\u0336") <= 6
    assert "An unnamed application" in pages["nothing"]


def test_b173_consent_spoof_only_the_operator_vouches(provider: Provider) -> None:
    add_client(provider, "shop")
    add_client(provider, "own", trusted=True)
    add_public(provider, "liar", registered_by="dynamic", trusted=True)
    browser = browser_with(provider, sign_in(provider))

    def page(client_id: str) -> str:
        return str(ask(browser, request_for(client_id, prompt="consent")).text)

    assert "Registered by those who run Bookshop" in page("shop")
    assert "An application of Bookshop itself" in page("own")
    liar = page("liar")
    assert "Nobody has checked this application" in liar
    assert "Registered by" not in liar
    assert "An application of" not in liar
    # No logo is ever fetched or shown: there is no place for one.
    assert "<img" not in liar


def test_b173_consent_spoof_a_name_with_a_null_is_no_name(database: str) -> None:
    with running_provider(database, registration=True) as provider:
        for name, status in (("Sh\x00op", 400), ("Shop", 201)):
            ticket = provider.run(provider.services.tickets.issue, "registration", None, {})
            answer = provider.browser().post(
                "/oauth/register",
                json={"client_name": name, "redirect_uris": [REDIRECT]},
                headers={"authorization": f"Bearer {ticket}"},
            )
            assert answer.status_code == status, answer.text
