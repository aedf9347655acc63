"""G. OAuth 2 and OpenID Connect: what comes to the authorization endpoint."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
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
from tests.support.oauth import (
    REDIRECT,
    SECRET,
    ProofKey,
    add_client,
    add_public,
    basic,
    sign_in,
)
from tests.support.provider import ISSUER, Provider, submit

from vallum.identity.storage.pushed_requests import URN

PAR = "/oauth/par"


def _refused(provider: Provider, **changes: str | None) -> str:
    """Sends a bad request of the client `shop` and returns the error that the client is told."""
    answer = provider.browser().get(AUTHORIZE, params=request_for("shop", **changes))
    uri, said = sent_to(answer)
    assert uri == REDIRECT
    assert "code" not in said
    return said["error"]


def _push(provider: Provider, client_id: str = "shop", **changes: str | None) -> Any:
    form = request_for(client_id, **changes)
    return provider.browser().post(PAR, data=form, headers=basic(client_id))


def _pushed(provider: Provider, client_id: str = "shop", **changes: str | None) -> str:
    answer = _push(provider, client_id, **changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


def test_b154_redir_prefix_only_the_registered_uri_gets_answers(provider: Provider) -> None:
    add_client(provider, "shop", trusted=True)
    browser = browser_with(provider, sign_in(provider))
    for uri in (
        f"{REDIRECT}/../evil",
        f"{REDIRECT}?x",
        f"{REDIRECT}?",
        f"{REDIRECT}/",
        f"{REDIRECT}#f",
        f"{REDIRECT}%2f..",
        f"{REDIRECT}%00",
        "https://shop.example.evil/cb",
        "https://sub.shop.example/cb",
        "https://user@shop.example/cb",
        "https://shop.example:443/cb",
        "https://SHOP.example/cb",
        "https://shop.example/CB",
        "http://shop.example/cb",
        "//shop.example/cb",
        "/cb",
        "https://shop.example\\@evil/cb",
        "",
    ):
        for error in ({}, {"scope": "nonsense"}, {"prompt": "none"}):
            answer = browser.get(AUTHORIZE, params=request_for("shop", redirect_uri=uri, **error))
            assert is_page(answer), uri
            assert "evil" not in answer.text
    assert sent_to(browser.get(AUTHORIZE, params=request_for("shop")))[0] == REDIRECT


def test_b155_redir_loopback_only_the_port_of_a_literal_may_vary(provider: Provider) -> None:
    registered = ("http://127.0.0.1/cb", "http://[::1]:9000/cb")
    add_public(provider, "tool", kind="native", redirect_uris=registered, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    for good in ("http://127.0.0.1:51004/cb", "http://127.0.0.1/cb", "http://[::1]:51004/cb"):
        answer = browser.get(AUTHORIZE, params=request_for("tool", redirect_uri=good))
        assert sent_to(answer)[0] == good
    for bad in (
        "http://localhost:51004/cb",
        "http://127.0.0.1.evil/cb",
        "http://127.0.0.1:51004.evil/cb",
        "http://127.0.0.1:@evil/cb",
        "http://127.0.0.1:51004@evil/cb",
        "http://127.1/cb",
        "http://127.0.0.2/cb",
        "http://0.0.0.0/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://127.0.0.1:51004/other",
        "http://127.0.0.1:51004/cb?x=1",
        "http://127.0.0.1:99999/cb",
        "http://127.0.0.1:/cb",
        "https://127.0.0.1:51004/cb",
    ):
        answer = browser.get(AUTHORIZE, params=request_for("tool", redirect_uri=bad))
        assert is_page(answer), bad


def test_b155_redir_loopback_is_for_native_applications_only(provider: Provider) -> None:
    add_public(provider, redirect_uris=("http://127.0.0.1/cb",), trusted=True)
    browser = browser_with(provider, sign_in(provider))
    for uri in ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"):
        assert is_page(browser.get(AUTHORIZE, params=request_for("spa", redirect_uri=uri)))


def test_b156_redir_scheme_a_registered_script_is_still_no_target(provider: Provider) -> None:
    schemes = ("javascript:alert(1)//", "data:text/html,x", "file:///etc/passwd", "myapp:/cb")
    add_public(provider, "tool", kind="native", redirect_uris=schemes, trusted=True)
    browser = browser_with(provider, sign_in(provider))
    for uri in schemes:
        answer = browser.get(AUTHORIZE, params=request_for("tool", redirect_uri=uri))
        assert is_page(answer), uri


def test_b157_redir_missing_multi_nothing_is_picked(provider: Provider) -> None:
    add_client(provider, "shop", redirect_uris=(REDIRECT, "https://shop.example/cb2"))
    browser = provider.browser()
    assert is_page(browser.get(AUTHORIZE, params=request_for("shop", redirect_uri=None)))
    good = request_for("shop")
    for name in good:
        for value in (good[name], "https://evil.example/cb"):
            twice = urlencode([*good.items(), (name, value)])
            assert is_page(browser.get(f"{AUTHORIZE}?{twice}")), name
            assert is_page(browser.post(f"{AUTHORIZE}?{name}={value}", data=good)), name
    assert browser.get(AUTHORIZE, params=good).status_code == 303


def test_b158_open_redir_err_unknown_makers_redirect_nobody(provider: Provider) -> None:
    evil = add_public(provider, "evil", registered_by="dynamic", trusted=True)
    stranger = provider.browser()
    # Silently: a page that says where it leads.
    silent = stranger.get(AUTHORIZE, params=request_for(evil.id, prompt="none"))
    assert is_page(silent)
    assert "Nobody has checked this application" in silent.text
    # With an error: nobody leaves who has not signed in.
    wrong = request_for(evil.id, scope="nonsense")
    answer = stranger.get(AUTHORIZE, params=wrong)
    assert answer.headers["location"].startswith("/sign-in?flow=")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, wrong)
    assert is_page(page)
    assert "Go on to shop.example" in page.text
    assert "error=invalid_scope" in page.text
    # The refusal of a person is an error too.
    page = ask(browser, request_for(evil.id))
    assert is_page(submit(browser, page.text, decision="refuse"))
    # Honest use works, with the person's consent.
    assert "code" in sent_to(approve(browser, ask(browser, request_for(evil.id))))[1]


def test_b163_pkce_downgrade_no_request_without_a_challenge(provider: Provider) -> None:
    add_client(provider, "shop", trusted=True)
    add_public(provider, trusted=True)
    for client_id in ("shop", "spa"):
        asked = request_for(client_id, code_challenge=None, code_challenge_method=None)
        browser = browser_with(provider, sign_in(provider, f"{client_id}@shop.example"))
        answer = sent_to(browser.get(AUTHORIZE, params=asked))[1]
        assert answer["error"] == "invalid_request"
        assert "code" not in answer
    assert _push(provider, code_challenge=None).json()["error"] == "invalid_request"


def test_b164_pkce_plain_only_s256(provider: Provider) -> None:
    add_client(provider, "shop")
    for method in ("plain", "s256", "S512", "", "S256 ", None):
        assert _refused(provider, code_challenge_method=method) == "invalid_request"
        pushed = _push(provider, code_challenge_method=method)
        assert pushed.json()["error"] == "invalid_request"


def test_b165_pkce_format_of_challenges(provider: Provider) -> None:
    add_client(provider, "shop")
    for challenge in (
        "",
        "A" * 42,
        "A" * 44,
        "A" * 42 + "=",
        "A" * 42 + "B",  # Not canonical: bits beyond the 256.
        "A" * 42 + "+",
        "é" * 43,
        "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",  # Of nothing at all.
    ):
        assert _refused(provider, code_challenge=challenge) == "invalid_request"


def test_b165_pkce_format_a_challenge_that_comes_back_is_an_alert(provider: Provider) -> None:
    add_public(provider, "one", trusted=True)
    add_public(provider, "two", trusted=True)
    browser = browser_with(provider, sign_in(provider))
    asked = request_for("one")
    browser.get(AUTHORIZE, params=asked)
    browser.get(AUTHORIZE, params={**asked, "client_id": "two"})
    browser.get(AUTHORIZE, params=request_for("one"))
    assert "pkce.challenge-reused" not in provider.kinds()
    browser.get(AUTHORIZE, params=asked)
    (event,) = [each for each in provider.events if each.kind == "pkce.challenge-reused"]
    assert event.alert
    assert event.client_id == "one"


def test_b168_mixup_every_answer_names_the_issuer(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, request_for("shop"))
    answers = [
        approve(browser, page),
        browser.get(AUTHORIZE, params=request_for("shop", prompt="none", max_age="-")),
        submit(browser, ask(browser, request_for("shop", prompt="consent")).text, decision="no"),
    ]
    assert [sent_to(answer)[1].get("error") for answer in answers] == [
        None,
        "invalid_request",
        "access_denied",
    ]
    assert all(sent_to(answer)[1]["iss"] == ISSUER for answer in answers)


def test_b177_ropc_implicit_only_codes(provider: Provider) -> None:
    add_client(provider, "shop")
    for kind in ("token", "id_token", "id_token token", "code token", "code id_token", "none", ""):
        assert _refused(provider, response_type=kind) == "unsupported_response_type"
    for mode in ("fragment", "form_post", "query.jwt", "web_message", ""):
        assert _refused(provider, response_mode=mode) == "invalid_request"


def test_b180_par_swap_a_reference_is_for_one_client_once_and_soon(provider: Provider) -> None:
    add_client(provider, "shop", trusted=True)
    add_client(provider, "other", trusted=True)
    browser = browser_with(provider, sign_in(provider))

    def use(client_id: str, request_uri: str, **more: str) -> Any:
        parameters = {"client_id": client_id, "request_uri": request_uri, **more}
        return browser.get(AUTHORIZE, params=parameters)

    first = _pushed(provider)
    assert len(first.removeprefix(URN)) >= 22
    stolen = use("other", first)
    assert is_page(stolen)
    assert "invalid_request_uri" in stolen.text
    good = use("shop", first)
    assert "code" in sent_to(good)[1]
    assert is_page(use("shop", first))
    late = _pushed(provider)
    provider.clock.now += 61
    assert is_page(use("shop", late))
    for guess in (URN, URN + "a" * 43, "urn:other:" + late.removeprefix(URN), first.upper()):
        assert is_page(use("shop", guess))
    # What the browser brings beside it counts for nothing.
    uri, answer = sent_to(
        use(
            "shop",
            _pushed(provider, state="pushed"),
            redirect_uri="https://evil.example/cb",
            state="swapped",
            scope="openid orders:write",
            prompt="none",
        )
    )
    assert (uri, answer["state"]) == (REDIRECT, "pushed")


def test_b180_par_swap_what_is_pushed_is_judged_and_holds_no_secret(provider: Provider) -> None:
    add_client(provider, "shop", auth_method="client_secret_post")
    client = provider.browser()
    form = request_for("shop") | {"client_secret": SECRET}
    bad = client.post(PAR, data=form | {"redirect_uri": "https://evil.example/cb"})
    assert bad.json()["error"] == "invalid_request"
    assert client.post(PAR, data=form | {"scope": "no"}).json()["error"] == "invalid_scope"
    assert client.post(PAR, data=form | {"client_secret": "no"}).status_code == 401
    pushed = client.post(PAR, data=form)
    assert pushed.status_code == 201
    assert pushed.json()["expires_in"] == 60
    assert pushed.headers["cache-control"] == "no-store"

    async def rows() -> str:
        async with provider.services.database.read() as connection:
            found = await connection.exec_driver_sql("SELECT * FROM pushed_requests")
            return repr(found.all())

    kept = provider.run(rows)
    assert SECRET not in kept
    assert pushed.json()["request_uri"].removeprefix(URN) not in kept


def test_b180_par_swap_a_proof_binds_the_code_to_its_key(provider: Provider) -> None:
    add_public(provider, trusted=True)
    key, other = ProofKey(), ProofKey()
    asked = request_for("spa")
    wrong = key.post(provider, asked | {"dpop_jkt": other.jkt}, path=PAR)
    assert wrong.json()["error"] == "invalid_request"
    pushed = key.post(provider, asked | {"dpop_jkt": key.jkt}, path=PAR)
    assert pushed.status_code == 201, pushed.text
    pushed = key.post(provider, asked, path=PAR)
    browser = browser_with(provider, sign_in(provider))
    parameters = {"client_id": "spa", "request_uri": pushed.json()["request_uri"]}
    code = sent_to(browser.get(AUTHORIZE, params=parameters))[1]["code"]
    issued = provider.run(provider.services.codes.look, code)
    assert issued is not None
    assert issued.code.jkt == key.jkt


def test_b181_par_requri_in_par_nothing_is_fetched(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = provider.browser()
    for uri in ("https://evil.example/", _pushed(provider), "urn:ietf:params:oauth:request_uri:"):
        answer = _push(provider, request_uri=uri)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    for uri in ("https://evil.example/", "http://127.0.0.1/", "file:///etc/passwd", ""):
        assert is_page(browser.get(AUTHORIZE, params=request_for("shop", request_uri=uri)))


def test_b182_jar_mix_request_objects_are_refused(provider: Provider) -> None:
    add_client(provider, "shop")
    unsigned = "eyJhbGciOiJub25lIn0.eyJzY29wZSI6Im9yZGVyczp3cml0ZSJ9."
    for value in (unsigned, "", "x"):
        assert _refused(provider, request=value) == "request_not_supported"
        assert _push(provider, request=value).json()["error"] == "request_not_supported"


def test_b187_meta_issuer_metadata_speaks_for_one_issuer(provider: Provider) -> None:
    browser = provider.browser()
    for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
        found = browser.get(path, headers={"host": "evil.example", "x-forwarded-host": "evil"})
        assert found.status_code == 200
        assert "evil" not in found.text
        described = found.json()
        assert described["issuer"] == ISSUER
        links = [value for key, value in described.items() if key.endswith(("_endpoint", "_uri"))]
        assert len(links) >= 9
        assert all(link.startswith(f"{ISSUER}/") for link in links)
        for astray in (f"{path}/tenant", f"/tenant{path}", f"{path}/", path.upper()):
            assert browser.get(astray).status_code == 404


def test_b189_authz_cors_no_script_of_another_origin_reads_it(provider: Provider) -> None:
    add_public(provider, trusted=True, origins=("https://shop.example",))
    browser = browser_with(provider, sign_in(provider))
    for origin in ("https://shop.example", "https://evil.example", "null"):
        for method in ("GET", "POST", "OPTIONS"):
            answer = browser.request(
                method,
                AUTHORIZE,
                params=request_for("spa") if method == "GET" else None,
                data=request_for("spa") if method == "POST" else None,
                headers={"origin": origin, "access-control-request-method": "GET"},
            )
            assert not [name for name in answer.headers if name.startswith("access-control-")]
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_b190_code_referer_nothing_leaks_what_is_in_the_address(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    page = ask(browser, request_for("shop", state="s-secret"))
    done = approve(browser, page)
    code = sent_to(done)[1]["code"]
    for answer in (page, done):
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "s-secret" not in page.text
    for word in ("src=", "href="):
        for piece in page.text.split(word)[1:]:
            assert piece.startswith(('"/', '"#')), piece[:40]
    recorded = repr(provider.events)
    assert code not in recorded
    assert "s-secret" not in recorded


def test_b191_r307_a_form_is_never_posted_on(provider: Provider) -> None:
    add_client(provider, "shop")
    browser = browser_with(provider, sign_in(provider))
    answers = [
        browser.get(AUTHORIZE, params=request_for("shop")),
        browser.post(AUTHORIZE, data=request_for("shop")),
        submit(browser, ask(browser, request_for("shop")).text, decision="allow"),
        browser.post("/oauth/logout", data={"state": "x"}),
    ]
    assert [answer.status_code for answer in answers] == [303] * 4
    for path in ("/oauth/consent/", "/oauth/authorize/", "/oauth/logout/confirm/", "/sign-in/"):
        assert browser.post(path, data={"password": "p"}).status_code == 404


def test_b158_open_redir_err_a_page_of_ours_is_not_taken_over(provider: Provider) -> None:
    """A flow belongs to the browser that began it, and to the authorization endpoint."""
    add_client(provider, "shop")
    person = sign_in(provider)
    browser, other = browser_with(provider, person), browser_with(provider, person)
    answer = browser.get(AUTHORIZE, params=request_for("shop"))
    location = answer.headers["location"]
    assert is_page(onward(other, other.get(location)))
    assert is_page(browser.get("/oauth/authorize/resume"))
    assert is_page(browser.get("/oauth/authorize/resume?flow=nonsense"))
    assert browser.get(location).status_code == 200


@pytest.mark.parametrize("client_id", ["", "unknown", "x" * 300, "ghost"])
def test_b158_open_redir_err_unknown_clients_lead_nowhere(
    provider: Provider, client_id: str
) -> None:
    add_client(provider, "ghost", disabled=1.0)
    assert is_page(provider.browser().get(AUTHORIZE, params=request_for(client_id)))
