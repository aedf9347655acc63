"""`vallum tokens`, over a real policy and state file."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.gateway import PolicyText
from tests.support.minting import ISSUER, Minter

from vallum.cli.tokens import tokens
from vallum.store.revocations import Revocations


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    (tmp_path / "jwks.json").write_bytes(Minter("ES256").document)
    text = PolicyText(
        upstream="http://127.0.0.1:9",
        more=f"issuers: {{corp: {{issuer: '{ISSUER}', audience: a, jwks: jwks.json}}}}",
    )
    return text.write(tmp_path)


def run(policy: Path, *arguments: str) -> Result:
    """One run."""
    return CliRunner().invoke(tokens, ["revoke", *arguments, "-c", str(policy)])


def test_one_token(policy: Path) -> None:
    result = run(policy, "corp", "--jti", "t1")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    revocations = Revocations(policy.parent / "state.db")
    assert revocations.is_revoked(ISSUER, "user:alice", "t1", time.time())
    assert not revocations.is_revoked(ISSUER, "user:alice", "t2", time.time())
    revocations.close()


def test_all_tokens_of_a_subject(policy: Path) -> None:
    before = time.time()
    assert run(policy, "corp", "--subject", "user:alice").exit_code == 0
    revocations = Revocations(policy.parent / "state.db")
    assert revocations.is_revoked(ISSUER, "user:alice", "t1", before)
    assert not revocations.is_revoked(ISSUER, "user:alice", "t1", time.time() + 1)
    assert not revocations.is_revoked(ISSUER, "user:bob", "t1", before)
    revocations.close()


def test_json_tells_what_was_revoked_and_until_when(policy: Path) -> None:
    before = time.time()
    token = json.loads(run(policy, "corp", "--jti", "t1", "--json").stdout)
    subject = json.loads(run(policy, "corp", "--subject", "user:alice", "--json").stdout)
    assert (token["issuer"], token["jti"]) == (ISSUER, "t1")
    assert (subject["issuer"], subject["subject"]) == (ISSUER, "user:alice")
    assert before <= subject["issued_until"] <= time.time() < token["until"]


@pytest.mark.parametrize(
    "arguments",
    [("corp",), ("corp", "--jti", "a", "--subject", "user:a"), ("corp", "--subject", "alice"), ()],
)
def test_wrong_usage(policy: Path, arguments: tuple[str, ...]) -> None:
    assert run(policy, *arguments).exit_code == 2


def test_unknown_issuer(policy: Path) -> None:
    result = run(policy, "copr", "--jti", "t1")
    assert result.exit_code == 1
    assert "did you mean `corp`?" in result.stderr


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    result = run(tmp_path / "vallum.yaml", "corp", "--jti", "t1")
    assert result.exit_code == 1
    assert "error[missing-file]" in result.stderr


def test_help_has_an_example() -> None:
    assert "vallum tokens revoke" in CliRunner().invoke(tokens, ["revoke", "--help"]).stdout
