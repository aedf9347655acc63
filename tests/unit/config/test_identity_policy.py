"""Policies with a provider of their own."""

from __future__ import annotations

from pathlib import Path

from tests.support.policies import POLICY, write_policy

from vallum.config.identity_api import IDENTITY_API
from vallum.config.load import inspect_policy

PROVIDER = """\
identity:
  issuer: https://login.example
  resources: {bookshop: {identifier: https://api.example}}
roles:
"""


def _policy(operation: str) -> str:
    text = POLICY.replace("roles:\n", PROVIDER, 1)
    return text.replace('"GET /books/{isbn}": {authenticate: corp}', operation)


def test_the_provider_is_an_api_and_an_issuer(tmp_path: Path) -> None:
    text = _policy('"GET /books/{isbn}": {authenticate: [corp, own]}')
    policy, found = inspect_policy(write_policy(tmp_path, text))
    assert policy is not None, found
    assert policy.apis[IDENTITY_API].hosts == ("login.example",)
    assert policy.issuers["own"].issuer == "https://login.example"
    assert policy.identity is not None
    assert policy.identity.database.endswith("var/identity.db")


def test_tokens_that_nobody_can_get_are_an_error(tmp_path: Path) -> None:
    text = _policy('"GET /books/{isbn}": {authenticate: own}')
    other = text.index("apis:\n") + len("apis:\n")
    shelf = (
        "  shelf: {openapi: openapi.yaml, upstream: 'http://127.0.0.1:8001',"
        " hosts: [shelf.example],"
        " authenticate: own}\n"
    )
    policy, found = inspect_policy(write_policy(tmp_path, text[:other] + shelf + text[other:]))
    assert policy is None
    assert {each.code for each in found if each.severity == "error"} == {"no-resource"}


def test_public_operations_go_without_tokens_that_nobody_can_get(tmp_path: Path) -> None:
    text = _policy('"GET /books/{isbn}": {authenticate: own}')
    other = text.index("apis:\n") + len("apis:\n")
    shelf = (
        "  shelf: {openapi: openapi.yaml, upstream: 'http://127.0.0.1:8001',"
        " hosts: [shelf.example],"
        " authenticate: [corp, own], public: true}\n"
    )
    policy, found = inspect_policy(write_policy(tmp_path, text[:other] + shelf + text[other:]))
    assert policy is not None, found
    assert policy.apis["shelf"].controls["listBooks"].authenticate == ("jwt:corp",)
