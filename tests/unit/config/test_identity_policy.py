"""Policies with a provider of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
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


def test_a_misspelt_scope_of_a_resource_is_told(tmp_path: Path) -> None:
    def codes(scopes: str) -> list[tuple[str, str]]:
        text = _policy('"GET /books/{isbn}": {authenticate: [corp, own]}').replace(
            "{identifier: https://api.example}",
            f"{{identifier: https://api.example, scopes: {scopes}}}",
        )
        text = text.replace("scopes: [books:read]}", "scopes: [books:list]}")
        policy, found = inspect_policy(write_policy(tmp_path, text))
        assert policy is not None, found
        return [(each.code, each.hint) for each in found if each.code == "scope-not-issued"]

    assert codes("{books:read: Read books}") == []
    ((_, hint),) = codes("{books:raed: Read books}")
    assert "did you mean `books:raed`?" in hint


def test_an_issuer_without_tls_behind_a_listener_with_it_is_an_error(tmp_path: Path) -> None:
    text = _policy('"GET /books/{isbn}": {authenticate: [corp, own]}')
    text = text.replace("https://login.example", "http://localhost:8443")
    policy, found = inspect_policy(write_policy(tmp_path, text))
    assert policy is None
    assert [each.code for each in found if each.severity == "error"] == ["insecure-issuer"]
    text = text.replace("tls: local", "tls: off")
    policy, found = inspect_policy(write_policy(tmp_path, text))
    assert policy is not None, found


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ("mail: {transport: smtp}", "missing-key", "needs `host`"),
        ("mail: {transport: file}", "missing-key", "needs `directory`"),
        ("mail: {host: mail.example}", "bad-value", "`transport: smtp`"),
        ("mail: {transport: smtp, host: mail.example, directory: mail}", "bad-value", "file"),
        ("mail: {transport: smtp, host: mail.example, tls: off}", "bad-value", "in the clear"),
        ("mail: {transport: smtp, host: mail.localhost, tls: off}", "bad-value", "in the clear"),
        ("key: {file: a.key, command: [get-key]}", "bad-value", "not from both"),
        (
            "resources: {bookshop: {identifier: 'https://a'}, shelf: {identifier: 'https://a'}}",
            "bad-value",
            "one resource",
        ),
    ],
)
def test_settings_of_the_provider_that_exclude_each_other(
    tmp_path: Path, more: str, code: str, says: str
) -> None:
    text = _policy('"GET /books/{isbn}": {authenticate: [corp, own]}')
    old = "  resources: {bookshop: {identifier: https://api.example}}\n"
    kept = "" if more.startswith("resources") else old
    policy, found = inspect_policy(write_policy(tmp_path, text.replace(old, f"{kept}  {more}\n")))
    assert policy is None
    assert any(each.code == code and says in each.message for each in found), found
