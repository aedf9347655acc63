"""What is wrong in a contract, as the policy file says it: with its code, its line and its help."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.policies import CONTRACT, POLICY, changed, write_policy

from vallum.config.load import inspect_policy


class ContractCase(NamedTuple):
    """A change to the contract that the policy does not cover."""

    name: str
    old: str
    new: str
    code: str
    hint: str


ISSUERS = "issuers:\n  corp: {issuer: https://login.corp.example, audience: bookshop}\n"
SECURITY = "security:\n  - key: []\n  - token: [books:read]\n"
CONTRACT_CASES = (
    ContractCase("none", SECURITY, "", "no-authenticator", "authenticate: api_key"),
    ContractCase("basic", SECURITY, "security: [{basic: []}]\n", "unsupported-scheme", "api_key"),
    ContractCase("query", SECURITY, "security: [{query: []}]\n", "unsupported-scheme", "header"),
    ContractCase(
        "both", SECURITY, "security: [{key: [], token: []}]\n", "combined-schemes", "choose"
    ),
    ContractCase("version", "openapi: 3.1.0", "swagger: '2.0'", "contract", "convert"),
    ContractCase("scheme", "  - key: []", "  - kee: []", "contract", "`key`"),
    ContractCase(
        "reference",
        "schema: {type: string, maxLength: 13}",
        "schema: {$ref: '#/components/schemas/I'}",
        "contract",
        "",
    ),
    ContractCase("duplicate", "info:", "openapi: 3.1.0\ninfo:", "duplicate-key", "remove"),
    ContractCase("syntax", "info: {", "info: [", "yaml-syntax", "check"),
)


@pytest.mark.parametrize("case", CONTRACT_CASES, ids=[case.name for case in CONTRACT_CASES])
def test_a_contract_that_cannot_be_enforced(tmp_path: Path, case: ContractCase) -> None:
    path = write_policy(tmp_path, contract=changed(CONTRACT, case.old, case.new))
    policy, found = inspect_policy(path)

    assert policy is None
    hits = [diagnostic for diagnostic in found if diagnostic.code == case.code]
    assert any(case.hint in diagnostic.hint for diagnostic in hits), [str(d) for d in found]


def test_a_token_without_an_issuer(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "  - key: []\n", "")
    policy = changed(POLICY, ISSUERS, "")
    policy = changed(policy, '      "GET /books/{isbn}": {authenticate: corp}\n', "")
    _, found = inspect_policy(write_policy(tmp_path, policy, contract))

    (problem,) = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    assert problem.code == "no-issuer"
    assert "2 operations" in problem.message
    assert "`issuers:`" in problem.hint


def test_problems_of_a_contract_name_its_file_and_line(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "type: string, maxLength: 13", "type: strong, maxLength: 13")
    _, found = inspect_policy(write_policy(tmp_path, contract=contract))

    (problem,) = [diagnostic for diagnostic in found if diagnostic.code == "contract"]
    assert problem.file == tmp_path / "openapi.yaml"
    line = 1 + contract.split("\n").index(next(x for x in contract.split("\n") if "strong" in x))
    assert problem.line == line
