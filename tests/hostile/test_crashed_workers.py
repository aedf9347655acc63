"""What whoever can crash a worker gets out of it: nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.arena import request
from tests.support.gateway import PolicyText, kill_workers, replace_in_policy, start
from tests.support.minting import ISSUERS, Minter
from tests.support.raw import RawConnection, hammer
from tests.support.upstream import RecordingUpstream
from tests.support.waiting import eventually


def test_a_worker_in_the_place_of_another_serves_the_policy_of_now(tmp_path: Path) -> None:
    """Whoever can crash a worker does not get the policy of the start back."""
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url), workers=2) as gateway,
    ):
        replace_in_policy(gateway, "health: {public: true}", "health: {authenticate: [api_key]}")
        eventually(
            lambda: hammer(gateway.port, 16, request("GET", "/health")) == {401: 16},
            "the new policy in both workers",
        )
        replace_in_policy(gateway, "operations:", "operations: wrong")
        eventually(lambda: "reload refused" in gateway.errors, "the refusal of a wrong one")
        kill_workers(gateway)
        eventually(lambda: gateway.errors.count("waits for a policy") == 2, "both wait")
        with RawConnection(gateway.port, timeout=1.0) as nobody:
            nobody.send(request("GET", "/health"))
            with pytest.raises(TimeoutError):
                nobody.read()
        replace_in_policy(gateway, "operations: wrong", "operations:")
        eventually(
            lambda: hammer(gateway.port, 16, request("GET", "/health")) == {401: 16},
            "the policy of now in both workers",
        )


def test_a_worker_in_the_place_of_another_needs_nothing_of_the_first_policy(
    tmp_path: Path,
) -> None:
    """Keys that are used no longer are deleted; one crash later the gateway still serves."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.json").write_bytes(Minter().document)
    policy = PolicyText(
        upstream="",
        more=ISSUERS.replace("jwks.json", "first.json"),
        operations={"private": "authenticate: corp"},
    )
    with RecordingUpstream() as upstream:
        policy.upstream = upstream.url
        with start(tmp_path, policy, workers=2) as gateway:
            replace_in_policy(gateway, "first.json", "second.json")
            eventually(lambda: gateway.errors.count("reloaded") == 2, "the reload of both")
            (tmp_path / "first.json").unlink()
            kill_workers(gateway)
            eventually(lambda: gateway.errors.count("starting it again") >= 2, "both again")
            assert hammer(gateway.port, 8, request("GET", "/private")) == {401: 8}
