"""Keys of the provider while requests run, and how soon what was revoked is refused everywhere."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from tests.support.everywhere import BOUND_SECONDS, seconds_until_refused, status
from tests.support.signing_in import Deployment
from tests.support.visiting import Visitor, visitor
from tests.support.waiting import eventually

from vallum.tokens.jwt import read

_CALLBACK = "https://app.example/callback"
_VERIFIER = "v" * 64
_CHALLENGE = create_s256_code_challenge(_VERIFIER)


@pytest.fixture(scope="module")
def service(deployment: Deployment) -> dict[str, Any]:
    """A machine with a secret."""
    made: dict[str, Any] = deployment.run(
        "clients", "create", "Report", "--kind", "service", "--scope", "orders:read"
    )
    return made


@pytest.fixture(scope="module")
def web(deployment: Deployment) -> dict[str, Any]:
    """An application of the house: people are not asked for consent."""
    made: dict[str, Any] = deployment.run(
        *("clients", "create", "Web shop", "--kind", "web", "--redirect-uri", _CALLBACK),
        *("--scope", "openid", "--scope", "orders:read", "--trusted"),
    )
    return made


def _token(deployment: Deployment, client: dict[str, Any], person: Visitor) -> str:
    """An access token for a person."""
    query = {
        "client_id": client["id"],
        "redirect_uri": _CALLBACK,
        "response_type": "code",
        "scope": "openid orders:read",
        "code_challenge": _CHALLENGE,
        "code_challenge_method": "S256",
    }
    with deployment.http() as http:
        url = str(http.build_request("GET", "/oauth/authorize", params=query).url)
        back = parse_qs(urlsplit(person.visit(url)).query)
        answer = http.post(
            "/oauth/token",
            data={
                "grant_type": "authorization_code",
                "code": back["code"][0],
                "redirect_uri": _CALLBACK,
                "code_verifier": _VERIFIER,
            },
            auth=(client["id"], client["client_secret"]),
        )
    assert answer.status_code == 200, answer.text
    token = str(answer.json()["access_token"])
    assert status(deployment, token) == 200
    return token


def _kid(token: str) -> str:
    return str(read(token.encode()).unverified_kid)


@contextmanager
def _load(deployment: Deployment, client: dict[str, Any]) -> Iterator[Counter[tuple[str, int]]]:
    """Threads that get tokens and call the API with them, the old ones and the new; the answers
    by the key that signed the token."""
    answers: Counter[tuple[str, int]] = Counter()
    over, lock = threading.Event(), threading.Lock()

    def work() -> None:
        first = deployment.client_token(client)
        with deployment.http() as http:
            while not over.is_set():
                for token in (first, deployment.client_token(client)):
                    answer = http.get("/orders", headers={"authorization": f"Bearer {token}"})
                    with lock:
                        answers[_kid(token), answer.status_code] += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_rotation_under_load_loses_no_request(
    deployment: Deployment, service: dict[str, Any]
) -> None:
    with _load(deployment, service) as answers:
        eventually(lambda: answers.total() > 40, "requests run")
        kids = [deployment.run("signing-keys", "rotate")["kid"] for _ in range(2)]
        eventually(
            lambda: sum(n for (kid, _), n in answers.items() if kid == kids[-1]) > 40,
            "the new key signs",
            40.0,
        )
    by_status = Counter[int]()
    for (_, code), number in answers.items():
        by_status[code] += number
    keys = len({kid for kid, _ in answers})
    print(f"two rotations, {answers.total()} requests with tokens of {keys} keys: {by_status}")
    assert keys >= 2
    assert set(by_status) == {200}


def _measure(deployment: Deployment, what: str, token: str, *command: str) -> None:
    """Run a command that ends a token, and show how soon all workers refuse it."""
    assert status(deployment, token) == 200
    begun = time.monotonic()
    deployment.run(*command)
    ended = time.monotonic()
    seconds = seconds_until_refused(deployment, token)
    whole = ended - begun + seconds
    print(
        f"{what}: refused everywhere after {whole:.2f} s, of which the command {ended - begun:.2f}"
    )
    assert seconds < BOUND_SECONDS


def test_what_a_person_has_ends_everywhere(deployment: Deployment, web: dict[str, Any]) -> None:
    with visitor(deployment, "eve@shop.example") as eve:
        token = _token(deployment, web, eve)
        with deployment.http() as http:
            credentials = (web["id"], web["client_secret"])
            http.post("/oauth/revoke", data={"token": token}, auth=credentials)
        seconds = seconds_until_refused(deployment, token)
        print(f"token: refused everywhere after {seconds:.2f} s")
        assert seconds < BOUND_SECONDS
        token = _token(deployment, web, eve)
        session = str(read(token.encode()).unverified_claims["sid"])
        _measure(deployment, "session", token, "sessions", "kill", session)
        token = _token(deployment, web, eve)
        _measure(deployment, "user", token, "users", "disable", eve.address)


def test_what_a_client_has_ends_everywhere(deployment: Deployment) -> None:
    first, second = (
        deployment.run("clients", "create", name, "--kind", "service", "--scope", "orders:read")
        for name in ("First", "Second")
    )
    token = deployment.client_token(first)
    _measure(deployment, "client", token, "clients", "disable", first["id"])
    token = deployment.client_token(second)
    _measure(deployment, "key", token, "signing-keys", "revoke", _kid(token))
    # Whoever comes next gets tokens of another key.
    eventually(lambda: status(deployment, deployment.client_token(second)) == 200, "a new key")
