"""What every answer under the issuer carries through the real gateway, graded.

Our own grading by the published criteria of the HTTP Observatory: 100 points to begin with, less
for each fault, more for what goes beyond. 100 and more is its best grade, A+; ours is the most
that an answer can get.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import yaml
from tests.support.signing_in import Deployment, submit

import vallum.config

PASSWORD = "seven quiet otters by the weir"
_HALF_A_YEAR = 15_768_000
_CONTRACT = Path(vallum.config.__file__).parent / "builtin/identity.openapi.yaml"
_NONE = "'none'"


def _operations() -> list[tuple[str, str]]:
    """Every method and path of the provider, with something in place of parameters."""
    paths = yaml.safe_load(_CONTRACT.read_text())["paths"]
    methods = {"get", "post", "put", "delete"}
    return [
        (method.upper(), re.sub(r"\{[a-z]+\}", "something", path))
        for path, item in paths.items()
        for method in item
        if method in methods
    ]


_REFUSALS: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("GET", "/nothing-here", {}),
    ("PUT", "/sign-in", {}),
    ("OPTIONS", "/oauth/token", {}),
    ("GET", "/%2e%2e/sign-in", {}),
    ("GET", "/sign-in", {"host": "evil.example"}),
    ("GET", "/sign-in?flow=nonsense", {}),
    ("GET", "/sign-in?a=1&a=2", {}),
    ("POST", "/sign-in", {"content-type": "text/plain"}),
    ("GET", "/orders", {}),
    ("GET", "/orders", {"authorization": "Bearer nonsense"}),
    ("GET", "/assets/nothing.css", {}),
    ("GET", "/.well-known/security.txt", {}),
    ("GET", "/.well-known/oauth-protected-resource", {}),
)


@pytest.fixture(scope="module")
def browser(deployment: Deployment) -> Iterator[httpx2.Client]:
    """Somebody who is signed in."""
    deployment.person("ada@shop.example", PASSWORD)
    with deployment.http() as client:
        page = client.get("/sign-in")
        done = submit(
            client, deployment.issuer, page.text, email="ada@shop.example", password=PASSWORD
        )
        assert done.headers["location"] == "/account"
        yield client


@pytest.mark.parametrize(("method", "path"), _operations())
def test_every_operation_to_a_stranger(deployment: Deployment, method: str, path: str) -> None:
    with deployment.http() as client:
        grade(client.request(method, path), deployment.issuer)


@pytest.mark.parametrize("path", [path for method, path in _operations() if method == "GET"])
def test_every_page_to_a_person(deployment: Deployment, browser: httpx2.Client, path: str) -> None:
    grade(browser.get(path), deployment.issuer)


@pytest.mark.parametrize(("method", "path", "fields"), _REFUSALS)
def test_every_kind_of_refusal(
    deployment: Deployment, method: str, path: str, fields: Mapping[str, str]
) -> None:
    with deployment.http() as client:
        grade(client.request(method, path, headers=dict(fields)), deployment.issuer)


def test_refusals_by_the_size_of_a_request(deployment: Deployment) -> None:
    with deployment.http() as client:
        form = {"content-type": "application/x-www-form-urlencoded"}
        answer = client.post("/sign-in", content=b"a=" + b"b" * 70_000, headers=form)
        assert answer.status_code == 413
        grade(answer, deployment.issuer)
        answer = client.get("/sign-in", headers={"x-long": "b" * 70_000})
        assert answer.status_code == 431
        assert not {"server", "x-powered-by"} & set(answer.headers)


def test_nothing_is_served_in_the_clear(deployment: Deployment) -> None:
    url = urlsplit(deployment.issuer)
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"http://{url.netloc}/sign-in")


def test_a_form_may_lead_to_the_application_that_asked_and_nowhere_else(
    deployment: Deployment, browser: httpx2.Client
) -> None:
    made = deployment.run(
        *("clients", "create", "Desk", "--kind", "web", "--scope", "openid"),
        *("--redirect-uri", "https://desk.example/cb"),
    )
    answer = browser.get(
        "/oauth/authorize",
        params={
            "response_type": "code",
            "client_id": made["id"],
            "redirect_uri": "https://desk.example/cb",
            "scope": "openid",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "code_challenge_method": "S256",
        },
    )
    while answer.status_code == 303:
        answer = browser.get(answer.headers["location"])
    assert "Allow" in answer.text
    policy = _policy(answer)
    assert policy["form-action"] == ["'self'", "https://desk.example"]
    assert made["client_secret"] not in answer.text


def grade(answer: httpx2.Response, issuer: str) -> None:
    """The best grade, or a list of what costs it."""
    faults = [
        *_policy_faults(answer),
        *_transport_faults(answer),
        *_cookie_faults(answer),
        *_leading_away(answer, issuer),
    ]
    assert not faults, f"{answer.request.method} {answer.url}: {answer.status_code}: {faults}"


def _policy(answer: httpx2.Response) -> dict[str, list[str]]:
    (text,) = answer.headers.get_list("content-security-policy")
    parts = [each.split() for each in text.split(";")]
    policy = {words[0]: words[1:] for words in parts}
    assert len(policy) == len(parts), "a directive that comes twice counts once"
    return policy


def _policy_faults(answer: httpx2.Response) -> Iterator[str]:
    policy = _policy(answer)
    sources = {source for values in policy.values() for source in values}
    if policy.get("default-src") != [_NONE]:
        yield "default-src"
    if any("unsafe" in source for source in sources):
        yield "unsafe sources"
    if sources & {"*", "http:", "https:", "data:", "blob:"} - {"data:"}:
        yield "sources of a whole scheme"
    if "data:" in sources and "data:" not in policy.get("img-src", []):
        yield "data: beyond pictures"
    for directive in ("base-uri", "frame-ancestors"):
        if policy.get(directive) != [_NONE]:
            yield directive
    if "form-action" not in policy:
        yield "form-action"
    for name, values in policy.items():
        if name.endswith("-src") and set(values) - {_NONE, "'self'", "data:"}:
            yield f"{name}: a third party"
    is_page = answer.headers.get("content-type", "").startswith("text/html")
    if is_page and "script-src" not in policy:
        yield "a page of the provider has its own policy"


def _transport_faults(answer: httpx2.Response) -> Iterator[str]:
    wanted = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-resource-policy": "same-origin",
    }
    if answer.headers.get("content-type", "").startswith("text/html"):
        wanted |= {"cross-origin-opener-policy": "same-origin", "cache-control": "no-store"}
    if answer.headers["referrer-policy"] not in ("no-referrer", "same-origin"):
        yield "referrer-policy"
    for name, value in wanted.items():
        if answer.headers.get_list(name) != [value]:
            yield name
    lasting = re.match(r"max-age=([0-9]+)", answer.headers.get("strict-transport-security", ""))
    if lasting is None or int(lasting[1]) < _HALF_A_YEAR:
        yield "strict-transport-security"
    if "access-control-allow-origin" in answer.headers:
        yield "CORS for a stranger"
    for name in {"server", "x-powered-by", "via"} & set(answer.headers):
        yield name


def _cookie_faults(answer: httpx2.Response) -> Iterator[str]:
    for cookie in answer.headers.get_list("set-cookie"):
        name, *attributes = (part.strip() for part in cookie.split(";"))
        lower = {attribute.lower() for attribute in attributes}
        if not {"secure", "httponly", "samesite=lax", "path=/"} <= lower:
            yield f"attributes of a cookie: {attributes}"
        if not name.startswith("__Host-") or any(each.startswith("domain") for each in lower):
            yield "a cookie that neighbours can set"


def _leading_away(answer: httpx2.Response, issuer: str) -> Iterator[str]:
    target = answer.headers.get("location", "")
    if target and not re.match(r"/(?![/\\])", target) and not target.startswith(f"{issuer}/"):
        yield f"a redirect to {target}"
    if answer.status_code in (301, 302, 307, 308):
        yield f"a redirect with {answer.status_code}"
    if not answer.headers.get("content-type", "").startswith("text/html"):
        return
    for place in re.findall(r'\s(?:src|href|action)="([^"]*)"', answer.text):
        if not re.match(r"[/#](?![/\\])", place):
            yield f"a page with {place}"
    if re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", answer.text):
        yield "script or style in a page"
