"""Section G: clients that are not who they say, or ask about what is not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.support.oauth import (
    ASSERTION_TYPE,
    SECRET,
    TOKEN,
    Assertions,
    add_client,
    add_public,
    allow,
    basic,
    claims,
    code_form,
    issue_code,
    sign_in,
)
from tests.support.provider import API, ISSUER, Provider, running_provider

from vallum.identity.people.guard import TooManyAttempts
from vallum.tokens.signing import Signer, new_private_jwk, to_base64url

REGISTER = "/oauth/register"
FORM = {"grant_type": "client_credentials"}


def _error(answer: Any, *statuses: int) -> str:
    assert answer.status_code in (statuses or (400, 401)), answer.text
    assert answer.headers["cache-control"] == "no-store"
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"]
    return str(answer.json()["error"])


def _post(provider: Provider, form: dict[str, str], **headers: str) -> Any:
    return provider.client.post(TOKEN, data=form, headers=headers)


def test_b178_client_auth_multi_ways_at_once(provider: Provider) -> None:
    add_client(provider, "shop")
    field = basic("shop")
    assertion = {"client_assertion": "a.b.c", "client_assertion_type": ASSERTION_TYPE}
    for extra in ({"client_secret": SECRET}, {"client_id": "other"}, assertion):
        assert _error(_post(provider, FORM | extra, **field)) == "invalid_request"
    both = FORM | assertion | {"client_id": "shop", "client_secret": SECRET}
    assert _error(_post(provider, both)) == "invalid_request"
    twice = [("authorization", field["authorization"])] * 2
    assert _error(provider.client.post(TOKEN, data=FORM, headers=twice)) == "invalid_request"
    in_query = provider.client.post(f"{TOKEN}?client_id=shop&client_secret={SECRET}", data=FORM)
    assert _error(in_query) == "invalid_request"
    for good in (FORM, FORM | {"client_id": "shop"}):
        assert _post(provider, good, **field).status_code == 200


def test_b178_client_auth_multi_methods_but_the_registered_one(provider: Provider) -> None:
    add_client(provider, "basic")
    add_client(provider, "post", auth_method="client_secret_post")
    add_client(provider, "none", auth_method="none")
    posted = {"client_secret": SECRET}
    for client_id in ("basic", "none", "nobody"):
        form = FORM | posted | {"client_id": client_id}
        assert _error(_post(provider, form)) == "invalid_client"
    for client_id in ("post", "none", "nobody"):
        assert _error(_post(provider, FORM, **basic(client_id))) == "invalid_client"
    for client_id in ("basic", "post", "nobody", ""):
        assert _error(_post(provider, FORM | {"client_id": client_id})) == "invalid_client"
    assert _error(_post(provider, FORM)) == "invalid_client"
    good = FORM | posted | {"client_id": "post"}
    assert _post(provider, good).status_code == 200


def test_b178_client_auth_multi_readings_of_basic(provider: Provider) -> None:
    add_client(provider, "shop")
    for value in (
        "Basic",
        "Basic !!!!",
        "Basic c2hvcA==",  # `shop`, without a colon
        "Bearer " + basic("shop")["authorization"][6:],
        basic("shop&secret=x", "y")["authorization"].replace("%26", "&"),
        basic("shop", SECRET + "x")["authorization"],
        basic("shop", "")["authorization"],
    ):
        assert _error(_post(provider, FORM, authorization=value)) == "invalid_client"
    lower = "basic" + basic("shop")["authorization"][5:]
    assert _post(provider, FORM, authorization=lower).status_code == 200


def test_b178_a_parameter_that_comes_twice_is_refused(provider: Provider) -> None:
    add_client(provider, "shop")
    twice = provider.client.post(
        TOKEN,
        content="grant_type=client_credentials&grant_type=client_credentials",
        headers=basic("shop") | {"content-type": "application/x-www-form-urlencoded"},
    )
    assert _error(twice) == "invalid_request"
    as_json = provider.client.post(TOKEN, json=FORM, headers=basic("shop"))
    assert _error(as_json) == "invalid_request"


def test_an13_disabled_and_expired_clients_are_nobody(provider: Provider) -> None:
    add_client(provider, "expires", expires=provider.clock() + 10)
    add_client(provider, "disabled", disabled=provider.clock())
    assert _error(_post(provider, FORM, **basic("disabled"))) == "invalid_client"
    assert _post(provider, FORM, **basic("expires")).status_code == 200
    provider.clock.now += 10
    assert _error(_post(provider, FORM, **basic("expires"))) == "invalid_client"


def test_tr4_guessing_a_secret_is_slowed_and_keeps_nobody_out(provider: Provider) -> None:
    add_client(provider, "shop")
    answers = [_post(provider, FORM, **basic("shop", f"guess-{n}")) for n in range(15)]
    assert {_error(answer, 401, 429) for answer in answers} == {"invalid_client"}
    assert answers[0].status_code == 401
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "guard.slowed" in provider.kinds()
    assert _post(provider, FORM, **basic("shop")).status_code == 200


def test_b179_client_assert_is_for_us_once_and_now(provider: Provider) -> None:
    bot = Assertions("bot", provider)
    add_client(provider, "bot", auth_method="private_key_jwt", jwks=bot.jwks)
    now = int(provider.clock())
    for changes in (
        {"aud": [ISSUER]},
        {"aud": [ISSUER + TOKEN, ISSUER]},
        {"aud": ISSUER + TOKEN},
        {"aud": ISSUER + "/"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"exp": None},
        {"exp": now + 365 * 86_400},
        {"exp": now + 120, "iat": now},
        {"exp": now},
        {"exp": now - 1, "iat": now - 61},
        {"iat": now + 30, "exp": now + 60},
        {"nbf": now + 30},
        {"exp": True},
        {"exp": str(now + 30)},
        {"iss": "other"},
        {"sub": "other"},
        {"iss": "other", "sub": "other"},
        {"jti": None},
        {"jti": ""},
        {"jti": "j" * 129},
        {"jti": 7},
    ):
        answer = _post(provider, FORM | bot.form(**changes))
        assert _error(answer) == "invalid_client", changes
    form = FORM | bot.form()
    assert _post(provider, form).status_code == 200
    assert _error(_post(provider, form)) == "invalid_client"
    assert _post(provider, FORM | bot.form(iat=None)).status_code == 200


def test_b179_client_assert_is_signed_by_the_clients_own_key(provider: Provider) -> None:
    bot, other = Assertions("bot", provider), Assertions("other", provider)
    add_client(provider, "bot", auth_method="private_key_jwt", jwks=bot.jwks)
    add_client(provider, "other", auth_method="private_key_jwt", jwks=other.jwks)
    stolen = other.form(iss="bot", sub="bot")
    assert _error(_post(provider, FORM | stolen)) == "invalid_client"
    for algorithm in ("HS256", "none", "RS256", "ES384"):
        assert _error(_post(provider, FORM | bot.forged(algorithm))) == "invalid_client"
    for type_ in ("at+jwt", "dpop+jwt", "logout+jwt"):
        assert _error(_post(provider, FORM | bot.form(type_=type_))) == "invalid_client"
    mismatch = FORM | bot.form() | {"client_id": "other"}
    assert _error(_post(provider, mismatch)) == "invalid_client"
    wrong_type = FORM | bot.form() | {"client_assertion_type": ASSERTION_TYPE + "x"}
    assert _error(_post(provider, wrong_type)) == "invalid_request"
    alone = FORM | {"client_id": "bot"}
    assert _error(_post(provider, alone)) == "invalid_client"
    assert _post(provider, FORM | bot.form() | {"client_id": "bot"}).status_code == 200


def test_b179_client_assert_with_a_public_key_as_secret(provider: Provider) -> None:
    bot = Assertions("bot", provider)
    # An `oct` key among those of a client must never become a key of assertions.
    secret = to_base64url(b"k" * 32)
    jwks = {"keys": [{"kty": "oct", "k": secret, "kid": "k", "alg": "HS256"}]}
    add_client(provider, "bot", auth_method="private_key_jwt", jwks=jwks)
    assert _error(_post(provider, FORM | bot.forged("HS256", b"k" * 32))) == "invalid_client"
    assert _error(_post(provider, FORM | bot.form())) == "invalid_client"


def test_b189_authz_cors_origins_are_each_clients_own(provider: Provider) -> None:
    add_public(provider, "spa", origins=("https://app.shop.example",))
    client = add_client(provider, "shop")
    person = sign_in(provider)
    field = basic("shop")
    for origin in ("https://evil.example", "null", ISSUER):
        answer = _post(provider, FORM, origin=origin, **field)
        assert _error(answer, 403) == "invalid_request"
    assert "access-control-allow-origin" not in _post(provider, FORM, **field).headers
    code = issue_code(provider, allow(provider, person, client))
    foreign = _post(provider, code_form(code), origin="https://app.shop.example", **field)
    assert _error(foreign, 403) == "invalid_request"
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "spa"}
    own = _post(provider, form, origin="https://app.shop.example")
    assert _error(own) == "invalid_grant"


def _ask(provider: Provider, token: str, client: str = "server") -> Any:
    return provider.client.post("/oauth/introspect", data={"token": token}, headers=basic(client))


def _people_token(provider: Provider) -> tuple[Any, Any]:
    client = add_client(provider, "shop")
    person = sign_in(provider)
    scopes = ("openid", "orders:read", "offline_access")
    code = issue_code(provider, allow(provider, person, client, scopes))
    return person, _post(provider, code_form(code), **basic("shop")).json()


def test_b185_introspect_open_to_those_whom_it_concerns(provider: Provider) -> None:
    person, tokens = _people_token(provider)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    add_client(provider, "server", grants=("introspection",))
    add_client(provider, "elsewhere", grants=("introspection",), resources=())
    add_client(provider, "stranger")
    add_public(provider)
    nobody = provider.client.post("/oauth/introspect", data={"token": access})
    assert _error(nobody) == "invalid_client"
    public = provider.client.post("/oauth/introspect", data={"token": access, "client_id": "spa"})
    assert _error(public) == "invalid_client"
    for client in ("stranger", "elsewhere"):
        for token in (access, refresh):
            assert _ask(provider, token, client).json() == {"active": False}
    said = _ask(provider, access).json()
    assert said["active"] is True
    assert (said["sub"], said["client_id"], said["aud"]) == (person.user_id, "shop", API)
    assert said["token_type"] == "Bearer"
    # Refresh tokens are no business of resource servers.
    assert _ask(provider, refresh).json() == {"active": False}
    assert _ask(provider, refresh, "shop").json()["active"] is True
    assert _ask(provider, access, "shop").json()["active"] is True


def test_b185_introspect_open_says_nothing_of_what_is_over(provider: Provider) -> None:
    _, tokens = _people_token(provider)
    add_client(provider, "server", grants=("introspection",))
    access = tokens["access_token"]
    head, body, signature = access.split(".")
    for token in ("x" * 43, "a.b.c", f"{head}.{body}.{signature[::-1]}", tokens["id_token"], " "):
        answer = _ask(provider, token)
        assert answer.json() == {"active": False}
        assert answer.headers["cache-control"] == "no-store"
    assert _ask(provider, access).json()["active"] is True
    robot = _post(provider, FORM, **basic("shop")).json()["access_token"]
    assert _ask(provider, robot).json()["active"] is True
    gone = {"token": tokens["refresh_token"]}
    provider.client.post("/oauth/revoke", data=gone, headers=basic("shop"))
    assert _ask(provider, access).json() == {"active": False}
    assert _ask(provider, tokens["refresh_token"], "shop").json() == {"active": False}
    provider.clock.now += 301
    assert _ask(provider, robot).json() == {"active": False}


def test_b185_introspect_open_to_guessing_is_slowed(provider: Provider) -> None:
    add_client(provider, "server", grants=("introspection",))
    guard = provider.services.guard

    async def guess() -> None:
        for _ in range(601):
            attempt = await guard.check("introspection", account="server", address="unknown")
            await guard.failed(attempt)

    provider.run(guess)
    assert _error(_ask(provider, "x" * 43), 429) == "slow_down"


def test_b186_revoke_other_clients_token_stays(provider: Provider) -> None:
    _, tokens = _people_token(provider)
    add_client(provider, "other")
    robot = _post(provider, FORM, **basic("shop")).json()["access_token"]
    for token in (tokens["access_token"], tokens["refresh_token"], robot, "unknown", "a.b.c"):
        for hint in ("access_token", "refresh_token", "device_code"):
            form = {"token": token, "token_type_hint": hint}
            answer = provider.client.post("/oauth/revoke", data=form, headers=basic("other"))
            assert answer.status_code == 200
            assert answer.content == b""
    assert provider.data_plane.tokens == {}
    for token in (tokens["access_token"], robot):
        answer = provider.client.post("/oauth/revoke", data={"token": token}, headers=basic("shop"))
        assert answer.status_code == 200
        assert claims(token)["jti"] in provider.data_plane.tokens
    nobody = provider.client.post("/oauth/revoke", data={"token": robot})
    assert _error(nobody) == "invalid_client"
    missing = provider.client.post("/oauth/revoke", data={}, headers=basic("shop"))
    assert _error(missing) == "invalid_request"


@pytest.fixture
def registering(database: str) -> Iterator[Provider]:
    """A provider whose operator lets clients register."""
    with running_provider(database, registration=True) as provider:
        yield provider


def _ticket(provider: Provider, *scopes: str) -> dict[str, str]:
    data = {"scopes": list(scopes), "owner": "partners"}
    token = provider.run(provider.services.tickets.issue, "registration", None, data)
    return {"authorization": f"Bearer {token}"}


GOOD = {"redirect_uris": ["https://partner.example/cb"], "client_name": "Partner"}


def _register(provider: Provider, said: Any, ticket: dict[str, str]) -> Any:
    return provider.client.post(REGISTER, json=said, headers=ticket)


def test_b184_dcr_abuse_is_off_by_default(provider: Provider) -> None:
    ticket = _ticket(provider)
    assert _error(_register(provider, GOOD, ticket), 403) == "access_denied"


def test_b184_dcr_abuse_needs_a_ticket_that_works_once(registering: Provider) -> None:
    provider = registering
    ticket = _ticket(provider)
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": "Basic " + "x" * 43}):
        assert _error(_register(provider, GOOD, headers), 401) == "invalid_token"
    made = _register(provider, GOOD, ticket)
    assert made.status_code == 201
    assert _error(_register(provider, GOOD, ticket), 401) == "invalid_token"
    client = provider.run(provider.services.clients.find, made.json()["client_id"])
    assert client is not None
    assert client.registered_by == "dynamic"
    assert not client.trusted
    assert client.scopes == ()
    assert made.json()["client_secret"].encode() not in bytes(client.secret_hash or b"")


def test_b184_dcr_abuse_of_metadata(registering: Provider) -> None:
    provider = registering
    ticket = _ticket(provider, "orders:read")
    key = Signer(new_private_jwk("ES256", "k"))
    for bad in (
        {"jwks_uri": "http://169.254.169.254/latest"},
        {"backchannel_logout_uri": "http://10.0.0.1/"},
        {"software_statement": "a.b.c"},
        {"scope": "admin"},
        {"scope": "orders:read orders:write"},
        {"scope": 'bad"scope'},
        {"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none"},
        {"grant_types": ["password"]},
        {"grant_types": ["urn:ietf:params:oauth:grant-type:token-exchange"]},
        {"grant_types": ["introspection"]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}},
        {"jwks": {"keys": [{"kty": "oct", "k": "a" * 43}]}},
        {"application_type": "desktop"},
        {"client_name": "x" * 101},
        {"client_name": 7},
        {"dpop_bound_access_tokens": "yes"},
    ):
        answer = _register(provider, GOOD | bad, ticket)
        assert _error(answer, 400) == "invalid_client_metadata", bad
    for body in (b"[]", b"{", b'{"client_name": "a", "client_name": "b"}', b"[" * 5000):
        headers = ticket | {"content-type": "application/json"}
        answer = provider.client.post(REGISTER, content=body, headers=headers)
        assert _error(answer, 400) == "invalid_client_metadata"
    said = GOOD | {
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.public_jwk]},
        "scope": "orders:read",
        "trusted": True,
        "logo_uri": "http://10.0.0.1/logo.png",
    }
    made = _register(provider, said, ticket)
    assert made.status_code == 201
    assert "client_secret" not in made.json()
    assert "logo_uri" not in made.json()
    assert made.json()["scope"] == "orders:read"


def test_b155_redir_loopback_and_b156_redir_scheme_at_registration(registering: Provider) -> None:
    provider = registering
    ticket = _ticket(provider)
    for kind in ("web", "native"):
        for uri in (
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "myapp:/cb",
            "http://localhost:8000/cb",
            "http://127.0.0.1.evil/cb",
            "http://127.1/cb",
            "http://shop.example/cb",
            "https://shop.example/cb#f",
            7,
        ):
            said: dict[str, Any] = {"redirect_uris": [uri], "application_type": kind}
            assert _error(_register(provider, said, ticket), 400) == "invalid_redirect_uri", uri
    for said in ({}, {"redirect_uris": []}, {"redirect_uris": "https://shop.example/cb"}):
        assert _error(_register(provider, said, ticket), 400) == "invalid_redirect_uri"
    many = {"redirect_uris": [f"https://shop.example/{n}" for n in range(11)]}
    assert _error(_register(provider, many, ticket), 400) == "invalid_redirect_uri"
    web = {"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "web"}
    assert _error(_register(provider, web, ticket), 400) == "invalid_redirect_uri"
    native = {
        "redirect_uris": ["http://127.0.0.1/cb", "http://[::1]/cb", "com.example.app:/cb"],
        "application_type": "native",
        "token_endpoint_auth_method": "none",
    }
    assert _register(provider, native, ticket).status_code == 201


def test_b184_dcr_abuse_in_numbers(registering: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = registering
    monkeypatch.setattr("vallum.identity.protocol.registration.MOST_CLIENTS", 1)
    assert _register(provider, GOOD, _ticket(provider)).status_code == 201
    assert _error(_register(provider, GOOD, _ticket(provider)), 403) == "access_denied"


def test_b184_dcr_abuse_of_management(registering: Provider) -> None:
    provider = registering
    first = _register(provider, GOOD, _ticket(provider, "orders:read")).json()
    other = _register(provider, GOOD, _ticket(provider)).json()
    uri = first["registration_client_uri"].removeprefix(ISSUER)
    mine = {"authorization": f"Bearer {first['registration_access_token']}"}
    theirs = {"authorization": f"Bearer {other['registration_access_token']}"}
    for headers in ({}, theirs, {"authorization": "Bearer " + first["client_secret"]}):
        assert _error(provider.client.get(uri, headers=headers), 401) == "invalid_token"
        assert _error(provider.client.delete(uri, headers=headers), 401) == "invalid_token"
    shown = provider.client.get(uri, headers=mine)
    assert shown.json()["client_name"] == "Partner"
    assert "client_secret" not in shown.json()
    wider = GOOD | {"client_id": first["client_id"], "scope": "orders:read orders:write"}
    assert _error(provider.client.put(uri, json=wider, headers=mine), 400)
    swapped = GOOD | {"client_id": other["client_id"]}
    assert _error(provider.client.put(uri, json=swapped, headers=mine), 400)
    renamed = GOOD | {"client_id": first["client_id"], "client_name": "Partner 2"}
    changed = provider.client.put(uri, json=renamed, headers=mine)
    assert changed.status_code == 200
    client = provider.run(provider.services.clients.find, first["client_id"])
    assert client is not None
    # Consent was given to the version before (B-172).
    assert (client.version, client.name) == (2, "Partner 2")
    assert provider.client.delete(uri, headers=mine).status_code == 204
    assert _error(provider.client.get(uri, headers=mine), 401) == "invalid_token"
    assert provider.run(provider.services.clients.find, first["client_id"]) is None
    assert provider.data_plane.subjects == [f"client:{first['client_id']}"]


def test_b184_dcr_abuse_of_management_undoes_nothing_that_an_operator_has_just_done(
    registering: Provider,
) -> None:
    provider, clients = registering, registering.services.clients
    made = _register(provider, GOOD, _ticket(provider, "orders:read")).json()
    uri = made["registration_client_uri"].removeprefix(ISSUER)
    mine = {"authorization": f"Bearer {made['registration_access_token']}"}
    said = GOOD | {"client_id": made["client_id"]}

    def as_a_command(**changes: Any) -> None:
        """Another process writes the row; this one goes on with what it remembers."""
        remembered = dict(clients._remembered)
        client = provider.run(clients.get, made["client_id"])
        assert client is not None
        provider.run(clients.replace, replace(client, **changes))
        clients._remembered.update(remembered)

    assert provider.client.put(uri, json=said, headers=mine).status_code == 200
    assert provider.client.get(uri, headers=mine).status_code == 200
    as_a_command(secret_hash=clients.secret_hash("another"))
    assert provider.client.put(uri, json=said, headers=mine).status_code == 200
    client = provider.run(clients.get, made["client_id"])
    assert client is not None
    assert client.secret_hash == clients.secret_hash("another")
    assert provider.client.get(uri, headers=mine).status_code == 200
    as_a_command(disabled=provider.clock())
    assert _error(provider.client.put(uri, json=said, headers=mine), 401) == "invalid_token"
    client = provider.run(clients.get, made["client_id"])
    assert client is not None
    assert client.disabled == provider.clock()


def test_g_no_secret_of_a_client_is_in_the_events(provider: Provider) -> None:
    add_client(provider, "shop")
    _post(provider, FORM, **basic("shop"))
    _post(provider, FORM, **basic("shop", "wrong-secret-of-somebody"))
    kept = orjson.dumps([event._asdict() for event in provider.events])
    assert SECRET.encode() not in kept
    assert b"wrong-secret-of-somebody" not in kept


def test_b183_device_brute_codes_tried_by_many_accounts_and_sources_are_slowed_together(
    provider: Provider,
) -> None:
    def guess(number: int) -> None:
        provider.run(
            provider.services.guard.check,
            "user-code",
            account=f"user_{number}",
            address=f"10.{number // 250}.{number % 250}.1",
        )

    for number in range(201):
        guess(number)
    with pytest.raises(TooManyAttempts):
        guess(300)
    provider.clock.now += 601
    guess(301)
