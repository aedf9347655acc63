"""The provider behind the real gateway: tokens open the API, and die when they are revoked."""

from __future__ import annotations

from tests.support.everywhere import BOUND_SECONDS, seconds_until_refused
from tests.support.signing_in import Deployment


def _call(deployment: Deployment, token: str) -> int:
    with deployment.http() as http:
        return http.get("/orders", headers={"authorization": f"Bearer {token}"}).status_code


def test_a_machine_gets_a_token_and_calls_the_api(deployment: Deployment) -> None:
    client = deployment.run(
        "clients", "create", "Report", "--kind", "service", "--scope", "orders:read"
    )
    token = deployment.client_token(client)
    assert _call(deployment, token) == 200
    with deployment.http() as http:
        assert http.get("/orders").status_code == 401
        placed = http.post("/orders", headers={"authorization": f"Bearer {token}"})
        assert placed.status_code == 403
        vault = http.get("/vault", headers={"authorization": f"Bearer {token}"})
        assert vault.status_code == 403


def test_a_disabled_client_is_out_on_all_workers_within_five_seconds(
    deployment: Deployment,
) -> None:
    client = deployment.run(
        "clients", "create", "Report", "--kind", "service", "--scope", "orders:read"
    )
    token = deployment.client_token(client)
    assert _call(deployment, token) == 200
    deployment.run("clients", "disable", client["id"])
    assert seconds_until_refused(deployment, token) < BOUND_SECONDS


def test_a_partner_registers_a_client_with_a_token_that_works_once(deployment: Deployment) -> None:
    token = deployment.run(
        "clients", "registration-token", "--scope", "orders:read", "--owner", "partner"
    )["initial_access_token"]
    about = {
        "client_name": "Partner",
        "grant_types": ["client_credentials"],
        "response_types": [],
        "scope": "orders:read",
        "token_endpoint_auth_method": "client_secret_basic",
    }
    with deployment.http() as http:
        headers = {"authorization": f"Bearer {token}"}
        made = http.post("/oauth/register", json=about, headers=headers)
        again = http.post("/oauth/register", json=about, headers=headers)
    assert made.status_code == 201, made.text
    assert again.status_code == 401
    client = {"id": made.json()["client_id"], "client_secret": made.json()["client_secret"]}
    assert _call(deployment, deployment.client_token(client)) == 200
