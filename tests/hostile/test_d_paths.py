"""Hostile cases D: path, URL and routing normalisation (B-071 … B-091)."""

from __future__ import annotations

import pytest
from tests.support.arena import Arena, request

INVALID = "invalid-target"


def refused(arena: Arena, target: str | bytes) -> None:
    """400, nothing forwarded."""
    arena.refuse(request("GET", target), 400, closed=False, problem=INVALID)


def not_found(arena: Arena, target: str | bytes) -> None:
    """404 from the default-deny router."""
    arena.refuse(request("GET", target), 404, closed=False, problem="not-found")


def passes(arena: Arena, target: str | bytes, forwarded: str | None = None) -> None:
    """200, and the upstream gets `forwarded` (or the same target)."""
    mark = arena.upstream.mark()
    reply = arena.send(request("GET", target))
    assert reply.status == 200, reply
    (received,) = arena.upstream.requests_since(mark)
    expected = target if forwarded is None else forwarded
    assert received.target == (expected if isinstance(expected, bytes) else expected.encode())


@pytest.mark.parametrize(
    "target",
    [
        "/public/../admin",
        "/public/..;/admin",
        "/public/..;x=y/admin",
        "/public/%2e%2e/admin",
        "/public/.%2e/admin",
        "/public/%2E./admin",
        "/public/..%2fadmin",
        "/.%2e/admin",
        "/%2e%2e/admin",
        "/public/./page",
        "/public/%2e/page",
        "/./public/page",
        "/public/..",
        "/public/.",
        "/..",
        "/.",
        "/public/page/..",
        "/things/..",
        "/things/%2e%2e",
        "/things/%2e",
    ],
)
def test_b071_dotdot(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "target",
    [
        "/files/..%2f..%2fetc",
        "/files/a%2Fb",
        "/files/a%2fb",
        "/files/%2f",
        "/files/%5c",
        "/files/a%5Cb",
        "/public%2fpage",
        "/%2fadmin",
    ],
)
def test_b072_enc_slash(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "target",
    [
        "/files/%252e%252e%252f",
        "/files/%25%32%65",
        "/files/%252fetc",
        "/files/%255c",
        "/files/%2525",
        "/files/a%2500",
        "/files/%25252e",
        "/%2561dmin",
    ],
)
def test_b073_double_enc(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "target",
    [
        "/admin;x=1/users",
        "/public;/../admin",
        "/;/admin",
        "/public/page;jsessionid=1",
        "/public;x/page",
        "/things/a;b",
        "/public/page;",
    ],
)
def test_b074_matrix_param(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "target", ["//admin", "/api//admin", "///", "//", "/public//page", "//public/page", "/things//"]
)
def test_b075_multi_slash(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "target", ["/api\\..\\admin", "/api/%5c../admin", "\\admin", "/public\\page", "/things/\\"]
)
def test_b076_backslash(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), 400, closed=False)


@pytest.mark.parametrize("target", ["/ADMIN", "/Api/Admin", "/Public/Page", "/HEALTH", "/hEALTH"])
def test_b077_case_path(arena: Arena, target: str) -> None:
    not_found(arena, target)


@pytest.mark.parametrize(
    "target",
    [
        "/admin/",
        "/admin.json",
        "/admin%20",
        "/admin.",
        "/public/page/",
        "/things/a/",
        "/health/",
        "/health.css",
        "/admin%2ejson",
        "/admin~",
        "/admin%3B.css",
    ],
)
def test_b078_trailing(arena: Arena, target: str) -> None:
    not_found(arena, target)


@pytest.mark.parametrize(
    "target",
    ["/admin%00", "/admin%09", "/admin%0d", "/admin%7f", "/admin;.css", "/admin%00.css"],
)
def test_b078_trailing_controls(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize("target", ["/%61dmin", "/adm%69n", "/%61%64%6d%69%6e"])
def test_b079_enc_alpha(arena: Arena, target: str) -> None:
    """An encoded unreserved character is the character (RFC 3986 §6.2.2.2): the rule applies."""
    arena.refuse(request("GET", target), 401, closed=False, problem="unauthenticated")


def test_b079_enc_alpha_is_forwarded_in_canonical_form(arena: Arena) -> None:
    passes(arena, "/%68ealth", "/health")
    passes(arena, "/%70ublic/%70age", "/public/page")
    passes(arena, "/things/%7e%2D%5f%2ea", "/things/~-_.a")
    not_found(arena, "/%41PI")


@pytest.mark.parametrize(
    "target", ["/health%3F/x", "/health%23/x", "/health%3f", "/health%23", "/health%3Fx=y"]
)
def test_b080_enc_qmark(arena: Arena, target: str) -> None:
    not_found(arena, target)


def test_b080_enc_qmark_stays_in_its_segment(arena: Arena) -> None:
    passes(arena, "/files/a%3Fb%23c", "/files/a%3Fb%23c")


@pytest.mark.parametrize(
    "target",
    ["/public/page#/../admin", "/admin#/public/page", "/public/page#", "/things?q=a#b", "#"],
)
def test_b081_fragment(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), 400)


@pytest.mark.parametrize(
    "target",
    ["/private?x=/public/health", "/private?/public/health", "/admin?/health", "/admin?x=/health"],
)
def test_b082_query_exempt(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), 401, closed=False)


@pytest.mark.parametrize("target", ["/api/v1Xhealth", "/api/v1.health", "/api/v1/healthX"])
def test_b083_regex_dot(arena: Arena, target: str) -> None:
    not_found(arena, target)


@pytest.mark.parametrize("target", ["/api/v1/health%0a", "/slugs/abc%0a", "/health%0a"])
def test_b083_regex_dollar_before_newline(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize("slug", ["ABC", "abc1", "abc-", "%41bc", "abc%20"])
def test_b083_pattern_of_a_path_parameter(arena: Arena, slug: str) -> None:
    raw = request("GET", f"/slugs/{slug}")
    arena.refuse(raw, {400, 404}, closed=False)
    assert arena.send(request("GET", "/slugs/abc")).status == 200


@pytest.mark.parametrize(
    "target",
    [
        "/%c0%ae%c0%ae/admin",
        "/files/%c0%af",
        "/files/%ff",
        "/files/%80",
        "/files/%e2%28%a1",
        "/files/%ed%a0%80",
        "/files/%f4%90%80%80",
        "/files/%u002e",
        "/files/%",
        "/files/%2",
        "/files/%zz",
        "/files/%-1",
        "/files/% 1",
        "/files/a%c3",
    ],
)
def test_b084_utf8_overlong(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), 400, closed=False)


@pytest.mark.parametrize(
    "target",
    [
        "/ａdmin".encode(),
        "/admın".encode(),
        "/\u212aelvin".encode(),
        "/files/cafe\u0301".encode(),
        "/files/café".encode(),
        b"/files/caf\xe9",
        b"/files/\x80",
    ],
)
def test_b085_unicode_path_raw_bytes(arena: Arena, target: bytes) -> None:
    arena.refuse(request("GET", target), 400, closed=False)


@pytest.mark.parametrize(
    "target",
    [
        "/files/cafe%CC%81",
        "/%E2%84%AAelvin",
        "/files/%E2%84%AA",
        "/files/%E1%BA%9B%CC%A3",
        "/files/a%E2%80%A8",
    ],
)
def test_b085_unicode_path_not_nfc(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize("target", ["/%EF%BD%81dmin", "/adm%C4%B1n", "/%EF%BC%8E%EF%BC%8E/admin"])
def test_b085_unicode_path_look_alikes_open_nothing(arena: Arena, target: str) -> None:
    arena.refuse(request("GET", target), {400, 404}, closed=False)


@pytest.mark.parametrize(
    "value",
    ["1%2f..%2f..%2fadmin", "1%2F%2e%2e%2Fadmin", "..%5cadmin", "%2e%2e", "1%252f..", "1/../admin"],
)
def test_b086_param_capture(arena: Arena, value: str) -> None:
    refused(arena, f"/users/{value}")


def test_b086_captured_values_are_encoded_again(arena: Arena) -> None:
    passes(arena, "/users/a%20b%3Fc%23d%25", "/users/a%20b%3Fc%23d%25")
    passes(arena, "/users/%22%3C%3E", "/users/%22%3C%3E")


def test_b087_prefix_match(arena: Arena) -> None:
    arena.refuse(request("GET", "/api/admin"), 401, closed=False)
    passes(arena, "/api/administrators-public")
    passes(arena, "/api/v1")
    for target in ("/api/v10", "/api/admin-x", "/api/adminx", "/api", "/api/v1/", "/api/v"):
        not_found(arena, target)


@pytest.mark.parametrize("target", ["/static../secret", "/static..", "/static.../x"])
def test_b088_offbyslash(arena: Arena, target: str) -> None:
    not_found(arena, target)


@pytest.mark.parametrize(
    "target",
    [
        "/proxy/http://169.254.169.254/",
        "/prefix//evil.com",
        "//evil.com/health",
        "//127.0.0.1:1/health",
        "/files/http://evil.com",
    ],
)
def test_b089_abs_in_path(arena: Arena, target: str) -> None:
    refused(arena, target)


@pytest.mark.parametrize(
    "host", ["api.example.", "API.example", "api.example:80", "Api.Example.:80"]
)
def test_b090_port_vhost_canonical_forms(arena: Arena, host: str) -> None:
    mark = arena.upstream.mark()
    assert arena.send(request("GET", "/health", host=host)).status == 200
    (received,) = arena.upstream.requests_since(mark)
    assert received.get("host") in {
        b"api.example",
        f"127.0.0.1:{arena.upstream.port}".encode(),
    }
    arena.refuse(request("GET", "/admin", host=host), 401, closed=False)


@pytest.mark.parametrize(
    "host",
    [
        "public.example",
        "api.example.evil.example",
        "evil-api.example",
        "xapi.example",
        "api.exampl",
        "api.example:443",
        "api.example:8080",
        "xn--pi-jia.example",
        "localhost",
        "127.0.0.1",
        "[::1]",
        "api.example:0",
        "a",
    ],
)
def test_b090_port_vhost_unknown(arena: Arena, host: str) -> None:
    arena.refuse(request("GET", "/health", host=host), 421, closed=False)


def test_b091_long_url(arena: Arena) -> None:
    longest = "/things?q=" + "a" * (8192 - len("/things?q="))
    passes(arena, longest)
    arena.refuse(request("GET", longest + "a"), 414, problem="target-too-long")
    arena.refuse(request("GET", "/" + "a" * 65_536), 414, problem="target-too-long")
    arena.refuse(request("GET", "/a" * 32_768), 414, problem="target-too-long")


def test_b091_long_url_that_never_ends(arena: Arena) -> None:
    arena.refuse(b"GET /" + b"a" * 1_000_000, {400, 414, 431}, following=b"")


def test_b091_parameters(arena: Arena) -> None:
    most = "&".join(["tag=a"] * 256)
    passes(arena, f"/things?{most}")
    refused(arena, f"/things?{most}&tag=a")
    refused(arena, "/things?" + "&".join(["a"] * 3000))
    arena.refuse(
        request("GET", "/things?" + "&".join(["tag=a"] * 10_000)), {400, 414}, closed=False
    )


@pytest.mark.parametrize("count", [101, 5000])
def test_tr2_header_count(arena: Arena, count: int) -> None:
    """TR-2: the limit passes, one more does not."""
    lines = [f"X-N{number}: y" for number in range(count - 1)]
    arena.refuse(request("GET", "/things", *lines), 431, problem="headers-too-large", following=b"")
    assert arena.send(request("GET", "/things", *lines[:99])).status == 200


def test_tr2_header_size(arena: Arena) -> None:
    line = "X: " + "a" * (16 * 1024 - 3)
    assert arena.send(request("GET", "/things", line)).status == 200
    arena.refuse(request("GET", "/things", line + "a"), 431, problem="headers-too-large")
    arena.refuse(
        request("GET", "/things", line, line, line), 431, problem="headers-too-large", following=b""
    )
    arena.refuse(
        b"GET /things HTTP/1.1\r\nHost: api.example\r\nX: " + b"a" * 1_000_000,
        431,
        problem="headers-too-large",
        following=b"",
    )


def test_gw2_nothing_but_the_contract_exists(arena: Arena) -> None:
    """A thousand paths and methods that nobody declared: 404 or 405, and the upstream sees none."""
    mark = arena.upstream.mark()
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]
    with arena.connect() as connection:
        for number in range(1000):
            method = methods[number % len(methods)]
            connection.send(request(method, f"/{number:x}/actuator/.git/config"[: 3 + number % 20]))
            assert connection.read(method).status in {400, 404, 405}
    arena.assert_nothing_forwarded(mark)
