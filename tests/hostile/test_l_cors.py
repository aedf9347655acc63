"""Section L of the hostile cases: origins that try to get in (B-279 … B-286)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.support.exchanges import make_exchange, make_operation, make_request

from vallum.core.problems import Denied
from vallum.filters.cors import CORS, CrossOrigin, preflight
from vallum.filters.headers import REMOVED_FROM_ANSWERS

SHOP = b"https://example.com"
POLICY = CORS(
    origins=("https://example.com", "https://*.apps.example.com"),
    methods=("GET", "PATCH"),
)
WITH_CREDENTIALS = CORS(origins=("https://example.com",), credentials=True)


def answer_to(origin: bytes | None, settings: CORS = POLICY) -> bytes:
    """The field lines on the answer of an actual request; proves that it is not refused."""
    attachment = CrossOrigin().attach(make_operation(), settings)
    assert attachment is not None
    assert attachment.check is not None
    exchange = make_exchange(*([(b"origin", origin)] if origin is not None else []))
    assert attachment.check(exchange) is None
    return attachment.reply_fields + exchange.reply_fields


def ask(
    origin: bytes = SHOP,
    method: bytes = b"GET",
    *fields: tuple[bytes, bytes],
    policies: Mapping[str, CORS | None] | None = None,
) -> bytes:
    request = make_request(
        (b"origin", origin),
        (b"access-control-request-method", method),
        *fields,
        method="OPTIONS",
    )
    status, lines = preflight(
        {"GET": POLICY, "PATCH": POLICY} if policies is None else policies, request
    )
    assert status == 204
    return lines


def assert_refused_without_a_word(
    origin: bytes = SHOP,
    method: bytes = b"GET",
    *fields: tuple[bytes, bytes],
    policies: Mapping[str, CORS | None] | None = None,
) -> None:
    with pytest.raises(Denied) as denied:
        ask(origin, method, *fields, policies=policies)
    assert denied.value.status == 403
    assert denied.value.fields == b""
    assert denied.value.problem.slug == "cors-forbidden"


@pytest.mark.parametrize("settings", [POLICY, WITH_CREDENTIALS])
def test_b279_an_unknown_origin_is_not_reflected(settings: CORS) -> None:
    assert answer_to(b"https://evil.example", settings) == b"Vary: Origin\r\n"


@pytest.mark.parametrize("origin", [b"null", b"NULL", b"", b"file://", b"about:blank"])
def test_b280_null_is_no_origin(origin: bytes) -> None:
    assert b"Access-Control" not in answer_to(origin)
    assert_refused_without_a_word(origin)


def test_b280_a_policy_cannot_allow_null() -> None:
    with pytest.raises(ValueError, match="`null` is no origin"):
        CrossOrigin().attach(make_operation(), CORS(origins=("null",)))


LOOKALIKES = [
    b"https://example.com.evil",
    b"https://evilexample.com",
    b"https://example.com%60.evil",
    b"https://example.com`.evil",
    b"http://example.com",
    b"https://example.com:8443",
    b"https://example.com:443",
    b"https://EXAMPLE.com",
    b"HTTPS://example.com",
    b"https://sub.example.com",
    b"https://exampleXcom",
    b"https://example.com/",
    b"https://example.com.",
    b"https://example.com ",
    b" https://example.com",
    b"https://example.com,https://evil.example",
    b"https://example.com https://evil.example",
    b"https://example.com\x00",
    b"https://user@example.com",
    b"https://evil.example#https://example.com",
    b"https://apps.example.com",
    b"https://a.b.apps.example.com",
    b"https://evilapps.example.com",
    b"https://a.apps.example.com.evil",
    b"https://a.appsXexample.com",
    b"http://a.apps.example.com",
    b"https://a.apps.example.com:8443",
    b"https://a%2eb.apps.example.com",
    b"https://a/b.apps.example.com",
    b"https://a\r\nX: y.apps.example.com",
    b"https://\xc3\xa4.apps.example.com",
    b"https://.apps.example.com",
]


@pytest.mark.parametrize("origin", LOOKALIKES)
def test_b281_an_origin_that_looks_alike_is_another(origin: bytes) -> None:
    assert answer_to(origin) == b"Vary: Origin\r\n"
    assert_refused_without_a_word(origin)


def test_b281_a_wild_card_is_only_what_the_policy_lists() -> None:
    assert b"Access-Control-Allow-Origin: https://a.apps.example.com\r\n" in answer_to(
        b"https://a.apps.example.com"
    )


@pytest.mark.parametrize(
    "settings",
    [
        CORS(origins=("*",), credentials=True),
        CORS(origins=("https://*.example.com",), credentials=True),
        CORS(origins=("https://example.com",), credentials=True, request_headers=("*",)),
        CORS(origins=("https://example.com",), credentials=True, methods=("*",)),
        CORS(origins=("https://example.com",), credentials=True, expose_headers=("*",)),
    ],
)
def test_b282_a_wild_card_with_credentials_does_not_start(settings: CORS) -> None:
    with pytest.raises(ValueError, match=r"cannot be used|no method or field name"):
        CrossOrigin().attach(make_operation(), settings)


def test_b282_credentials_are_true_in_lower_case_and_only_where_allowed() -> None:
    lines = answer_to(SHOP, WITH_CREDENTIALS)
    assert lines.count(b"Access-Control-Allow-Credentials: true\r\n") == 1
    assert b"Credentials" not in answer_to(SHOP)
    anyone = CORS(origins=("*",))
    assert b"Credentials" not in answer_to(b"https://evil.example", anyone)


@pytest.mark.parametrize("origin", [None, SHOP, b"https://evil.example", b"null"])
@pytest.mark.parametrize("settings", [POLICY, WITH_CREDENTIALS, CORS(origins=("*",))])
def test_b283_every_answer_varies_by_origin(origin: bytes | None, settings: CORS) -> None:
    assert answer_to(origin, settings).startswith(b"Vary: Origin\r\n")


def test_b283_preflights_vary_too() -> None:
    vary = ask().partition(b"\r\n")[0]
    assert vary.startswith(b"Vary: Origin, Access-Control-Request-Method")


def test_b284_a_preflight_does_not_reveal_what_is_there() -> None:
    """An unknown origin gets one answer, whether there is an operation, a policy, or nothing."""
    for method, policies in (
        (b"GET", None),
        (b"GET", {"GET": None}),
        (b"DELETE", None),
        (b"GET", {"POST": POLICY}),
    ):
        assert_refused_without_a_word(b"https://evil.example", method, policies=policies)


def test_b284_a_preflight_with_many_names_is_refused() -> None:
    names = b", ".join(b"x-%d" % number for number in range(10_000))
    assert_refused_without_a_word(SHOP, b"GET", (b"access-control-request-headers", names))
    split = [(b"access-control-request-headers", b"content-type")] * 65
    assert_refused_without_a_word(SHOP, b"GET", *split)


@pytest.mark.parametrize("method", [b"get", b"Get", b"patch", b"GET ", b"", b"*", b"GET,PATCH"])
def test_b284_a_method_in_other_letters_is_another(method: bytes) -> None:
    assert_refused_without_a_word(SHOP, method)


def test_b284_max_age_is_bounded() -> None:
    assert b"Access-Control-Max-Age: 600\r\n" in ask()
    with pytest.raises(ValueError, match="use 0 to 7200"):
        CrossOrigin().attach(make_operation(), CORS(origins=("https://a.example",), max_age=86_400))


def test_b285_an_upstreams_own_fields_are_removed() -> None:
    for name in ("origin", "credentials", "methods", "headers", "private-network"):
        assert f"access-control-allow-{name}".encode() in REMOVED_FROM_ANSWERS
    assert b"access-control-expose-headers" in REMOVED_FROM_ANSWERS
    assert b"access-control-max-age" in REMOVED_FROM_ANSWERS
    assert answer_to(SHOP).count(b"Access-Control-Allow-Origin") == 1


def test_b286_private_networks_are_opened_by_the_policy_only() -> None:
    private = (b"access-control-request-private-network", b"true")
    assert b"Private-Network: true" not in ask(SHOP, b"GET", private)
    opened = {"GET": CORS(origins=("https://example.com",), private_network=True)}
    allow = b"Access-Control-Allow-Private-Network: true\r\n"
    assert allow in ask(SHOP, b"GET", private, policies=opened)
    assert allow not in ask(SHOP, b"GET", policies=opened)
    assert_refused_without_a_word(b"https://evil.example", b"GET", private, policies=opened)
