"""The CORS filter and preflights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.support.exchanges import make_exchange, make_operation, make_request

from vallum.core.problems import Denied
from vallum.engine.filter import Attachment
from vallum.filters.cors import CORS, CrossOrigin, is_preflight, preflight

SHOP = b"https://shop.example"
POLICY = CORS(origins=("https://shop.example", "https://*.partner.example:8443"))


def attach(settings: CORS) -> Attachment:
    attachment = CrossOrigin().attach(make_operation(), settings)
    assert attachment is not None
    return attachment


def answer(settings: CORS, *origins: bytes) -> bytes:
    exchange = make_exchange(*((b"origin", origin) for origin in origins))
    check = attach(settings).check
    assert check is not None
    assert check(exchange) is None
    return exchange.reply_fields


def ask(
    settings: Mapping[str, CORS | None] | CORS | None = POLICY,
    *more: tuple[bytes, bytes],
    origin: bytes = SHOP,
    method: bytes = b"GET",
    headers: bytes | None = None,
) -> tuple[int, bytes]:
    fields = [(b"origin", origin), (b"access-control-request-method", method), *more]
    if headers is not None:
        fields.append((b"access-control-request-headers", headers))
    policies = settings if isinstance(settings, Mapping) else {"GET": settings}
    request = make_request(*fields, method="OPTIONS")
    assert is_preflight(request)
    return preflight(policies, request)


def refused(*args: object, **kwargs: object) -> str:
    with pytest.raises(Denied) as denied:
        ask(*args, **kwargs)  # type: ignore[arg-type]  # Passed on as they are.
    assert denied.value.problem.slug == "cors-forbidden"
    assert denied.value.status == 403
    assert denied.value.fields == b""
    return denied.value.reason


def test_without_a_policy_nothing_is_attached() -> None:
    assert CrossOrigin().attach(make_operation(), None) is None


def test_an_allowed_origin_may_read_the_answer() -> None:
    assert answer(POLICY, SHOP) == (
        b"Access-Control-Allow-Origin: https://shop.example\r\n"
        b"Access-Control-Expose-Headers: dpop-nonce, ratelimit, ratelimit-policy, retry-after, "
        b"www-authenticate, x-request-id\r\n"
    )


def test_credentials_are_allowed_where_the_policy_says_so() -> None:
    lines = answer(CORS(origins=("https://shop.example",), credentials=True), SHOP)
    assert b"\r\nAccess-Control-Allow-Credentials: true\r\n" in lines


def test_every_answer_varies_by_origin() -> None:
    assert attach(POLICY).reply_fields == b"Vary: Origin\r\n"
    assert answer(POLICY) == b""


def test_any_origin_is_a_star_and_never_the_origin() -> None:
    lines = answer(CORS(origins=("*",), expose_headers=()), b"https://anyone.example")
    assert lines == b"Access-Control-Allow-Origin: *\r\n"


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (b"https://a.partner.example:8443", True),
        (b"https://a-1.partner.example:8443", True),
        (b"https://partner.example:8443", False),
        (b"https://.partner.example:8443", False),
        (b"https://a.b.partner.example:8443", False),
        (b"https://a.partner.example", False),
        (b"http://a.partner.example:8443", False),
        (b"https://-a.partner.example:8443", False),
        (b"https://*.partner.example:8443", False),
        (b"https://A.partner.example:8443", False),
        (b"https://a_b.partner.example:8443", False),
        (b"https://a@b.partner.example:8443", False),
        (b"https://evil.example/.partner.example:8443", False),
        (b"https://evil.example#.partner.example:8443", False),
        (b"https://" + b"a" * 63 + b".partner.example:8443", True),
        (b"https://" + b"a" * 64 + b".partner.example:8443", False),
    ],
)
def test_a_wild_card_is_one_label(origin: bytes, allowed: bool) -> None:
    lines = answer(POLICY, origin)
    assert lines.startswith(b"Access-Control-Allow-Origin: " + origin + b"\r\n") is allowed
    assert bool(lines) is allowed


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (CORS(origins=()), "`origins` is empty"),
        (CORS(origins=("null",)), "`null` is no origin"),
        (CORS(origins=("*", "https://shop.example")), "allows every origin"),
        (CORS(origins=("*",), credentials=True), "cannot be used with `credentials`"),
        (CORS(origins=("https://*.a.example",), credentials=True), "cannot be used with"),
        (CORS(origins=("https://*.example",)), "top-level domain"),
        (CORS(origins=("shop.example",)), "is no origin"),
        (CORS(origins=("https://Shop.example",)), "is no origin"),
        (CORS(origins=("https://shop.example/",)), "is no origin"),
        (CORS(origins=("https://shop.example:443",)), "port that no browser sends"),
        (CORS(origins=("http://shop.example:80",)), "port that no browser sends"),
        (CORS(origins=("https://shop.example:70000",)), "port that no browser sends"),
        (CORS(origins=("https://shop.example\r\nX: y",)), "is no origin"),
        (CORS(origins=("ftp://shop.example",)), "is no origin"),
        (CORS(origins=("https://*.*.example",)), "is no origin"),
        (replace(POLICY, max_age=7201), "use 0 to 7200"),
        (replace(POLICY, max_age=-1), "use 0 to 7200"),
        (replace(POLICY, methods=("*",)), "no method or field name"),
        (replace(POLICY, request_headers=("*",)), "no method or field name"),
        (replace(POLICY, expose_headers=("x y",)), "no method or field name"),
        (replace(POLICY, request_headers=tuple(f"x-{n}" for n in range(65))), "more than 64"),
    ],
)
def test_an_unsafe_policy_is_refused(settings: CORS, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("*", r"\*")):
        CrossOrigin().attach(make_operation(), settings)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "https://[::1]:8443", "https://a.b.c"])
def test_origins_as_browsers_send_them_are_accepted(origin: str) -> None:
    assert origin.encode() in answer(CORS(origins=(origin,)), origin.encode())


def test_a_preflight_is_answered_from_the_policy() -> None:
    status, fields = ask(headers=b"authorization, Content-Type")
    assert status == 204
    assert fields.split(b"\r\n") == [
        (
            b"Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers,"
            b" Access-Control-Request-Private-Network"
        ),
        b"Access-Control-Allow-Origin: https://shop.example",
        b"Access-Control-Allow-Methods: GET",
        b"Access-Control-Allow-Headers: authorization, content-type, dpop",
        b"Access-Control-Max-Age: 600",
        b"",
    ]


def test_a_preflight_for_any_origin() -> None:
    _, fields = ask(CORS(origins=("*",)), origin=b"https://anyone.example")
    assert b"Access-Control-Allow-Origin: *\r\n" in fields
    assert b"anyone" not in fields


def test_a_preflight_with_credentials() -> None:
    _, fields = ask(CORS(origins=("https://shop.example",), credentials=True))
    assert b"Access-Control-Allow-Credentials: true\r\n" in fields


def test_a_preflight_asks_for_one_method_of_the_path() -> None:
    policies = {"GET": POLICY, "POST": None, "PUT": replace(POLICY, methods=("GET",))}
    assert ask(policies, method=b"GET")[0] == 204
    assert ask(policies, method=b"HEAD")[0] == 204
    assert refused(policies, method=b"POST") == "cors.no-policy"
    assert refused(policies, method=b"DELETE") == "cors.no-policy"
    assert refused(policies, method=b"PUT") == "cors.method"
    assert refused(policies, method=b"get") == "cors.no-policy"


def test_a_preflight_names_its_fields() -> None:
    policy = replace(POLICY, request_headers=("X-Trace",))
    assert ask(policy, headers=b"x-trace,, X-TRACE")[0] == 204
    assert ask(policy, headers=b"")[0] == 204
    assert refused(policy, headers=b"x-trace, x-other") == "cors.header"
    assert refused(policy, headers=b"*") == "cors.header"
    assert refused(policy, headers=b"x-trace," * 64) == "cors.too-many-headers"
    assert ask(policy, headers=b"x-trace," * 63)[0] == 204


def test_a_preflight_that_says_two_things_is_refused() -> None:
    assert refused(POLICY, (b"origin", SHOP)) == "cors.ambiguous"
    assert refused(POLICY, (b"access-control-request-method", b"GET")) == "cors.ambiguous"


@pytest.mark.parametrize(
    ("method", "fields", "answered"),
    [
        ("OPTIONS", (b"origin", b"access-control-request-method"), True),
        ("OPTIONS", (b"origin",), False),
        ("OPTIONS", (b"access-control-request-method",), False),
        ("GET", (b"origin", b"access-control-request-method"), False),
        ("options", (b"origin", b"access-control-request-method"), False),
    ],
)
def test_what_a_preflight_is(method: str, fields: tuple[bytes, ...], answered: bool) -> None:
    request = make_request(*((name, b"x") for name in fields), method=method)
    assert is_preflight(request) is answered


def test_explain_says_what_browsers_will_do() -> None:
    explain = attach(POLICY).explain
    assert explain is not None
    assert explain(make_exchange()).startswith("no Origin")
    assert explain(make_exchange((b"origin", SHOP))) == "the origin may read the answer"
    assert "withhold" in explain(make_exchange((b"origin", b"https://evil.example")))
