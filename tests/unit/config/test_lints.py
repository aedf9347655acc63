"""Warnings: each with its code and line, and no word where all is well."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.policies import CONTRACT, POLICY, changed, write_policy

from vallum.config.codes import CODES
from vallum.config.load import inspect_policy

MARK = "#!"
CREATE = "{limit: 10/minute per principal burst 3, body: 16KiB}"
DEFAULT_BODY = "  body: 256KiB"
CORP = "corp: {issuer: https://login.corp.example, audience: bookshop}"
HEALTH = "health: {public: true, limit: 60/minute per address}"
LIST = "listBooks: {scopes: [books:read]}"


class Case(NamedTuple):
    """A change that makes the good policy unwise."""

    code: str
    old: str
    new: str
    hint: str = ""


CASES = (
    Case("public-write", CREATE, f"{{public: true, limit: 10/minute per address}} {MARK}"),
    Case("public-over-contract", LIST, f"listBooks: {{public: true}} {MARK}"),
    Case("scope-wildcard", LIST, f'listBooks: {{scopes: ["books:*"]}} {MARK}'),
    Case(
        "scope-wildcard",
        "reader: {scopes: [books:read]}",
        f'reader: {{scopes: ["*"]}} {MARK}',
    ),
    Case("no-limit", CREATE, f"{{limit: none, body: 16KiB}} {MARK}"),
    Case("no-limit", "  limit: 60/minute per principal", f"  limit: none {MARK}"),
    Case("validation-off", DEFAULT_BODY, f"  validate: monitor {MARK}"),
    Case("validation-off", CREATE, f"{{validate: off}} {MARK}"),
    Case("inspection-off", DEFAULT_BODY, f"  inspect: monitor {MARK}"),
    Case(
        "exclusion-expired",
        DEFAULT_BODY,
        "  exclude: {reason: a good reason, field: /a, until: 2020-01-01} " + MARK,
    ),
    Case("unknown-ignored", DEFAULT_BODY, f"  unknown: ignore {MARK}"),
    Case(
        "cors-any-origin",
        HEALTH,
        f'health: {{public: true, limit: 60/minute per address, cors: {{origins: ["*"]}}}} {MARK}',
    ),
    Case(
        "cors-private-network",
        "cors: {origins: [https://shop.example]}",
        f"cors: {{origins: [https://shop.example], private_network: true}} {MARK}",
    ),
    Case(
        "plain-upstream",
        "upstream: http://127.0.0.1:8000",
        f"upstream: http://api.internal:8000 {MARK}",
    ),
    Case(
        "insecure-option",
        "{address: 127.0.0.1:8443, tls: local}",
        f"{{address: 0.0.0.0:80, tls: off, insecure_plain_http: true}} {MARK}",
    ),
    Case(
        "insecure-option",
        CORP,
        "corp: {issuer: http://127.0.0.1:9, audience: bookshop, insecure_http_jwks: true} " + MARK,
    ),
    Case(
        "no-hosts",
        "{address: 127.0.0.1:8443, tls: local}",
        f"{{address: '[::]:8443', tls: local}} {MARK}",
    ),
    Case(
        "trust-everyone",
        "{address: 127.0.0.1:8443, tls: local}",
        f"{{address: 127.0.0.1:8443, trusted_proxies: [0.0.0.0/0]}} {MARK}",
    ),
    Case(
        "hmac-algorithm",
        CORP,
        "corp: {issuer: corp, audience: bookshop, jwks: keys.json, algorithms: [HS256]} " + MARK,
    ),
    Case(
        "long-lifetime",
        CORP,
        f"corp: {{issuer: https://a.example, audience: bookshop, max_lifetime: 7d}} {MARK}",
    ),
    Case(
        "scope-not-issued",
        "defaults:\n",
        "identity: {issuer: https://a.example, resources: {bookshop: {identifier: bookshop}}}\n"
        f"defaults:\n  scopes: [books:raed] {MARK}\n",
    ),
    Case("unused-issuer", DEFAULT_BODY, "  authenticate: api_key"),
    Case("records-off", "records: {path: var/records, keep: 30d}", f"records: off {MARK}"),
    Case("headers-off", DEFAULT_BODY, f"  headers: off {MARK}"),
    Case("credential-forwarded", CREATE, f"{{forward_token: true}} {MARK}"),
    Case("body-without-contract", LIST, f"listBooks: {{codings: gzip}} {MARK}"),
    Case("body-without-contract", LIST, f"listBooks: {{uploads: {{types: png}}}} {MARK}"),
    Case("keys-without-effect", LIST, f"listBooks: {{idempotency: {{keep: 1h}}}} {MARK}"),
    Case("property-nowhere", CREATE, f"{{properties: {{/Title: {{write: admin}}}}}} {MARK}"),
    Case("body-without-contract", LIST, f"listBooks: {{body: 1KiB}} {MARK}"),
    Case("field-nowhere", LIST, f'listBooks: {{fields: {{"query:nowhere": prose}}}} {MARK}'),
    Case("field-nowhere", CREATE, f"{{fields: {{/nowhere/title: prose}}, body: 16KiB}} {MARK}"),
    Case(
        "field-nowhere",
        CREATE,
        "{exclude: [{family: sql, field: /titel, until: 2100-01-01, reason: prose of ours}], "
        f"body: 16KiB}} {MARK}",
        "did you mean `title`?",
    ),
    Case(
        "field-nowhere",
        LIST,
        f'listBooks: {{fields: {{"query:pattern": prose}}}} {MARK}',
        "correct the name, or remove it from `fields:`",
    ),
    Case("unbound-alternative", CREATE, f"{{binding: dpop, body: 16KiB}} {MARK}"),
    Case("rule-of-tokens", CREATE, f"{{authenticate: api_key, mfa: true, body: 16KiB}} {MARK}"),
    Case("large-body", CREATE, f"{{body: 20MiB}} {MARK}"),
)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code}-{n}" for n, case in enumerate(CASES)])
def test_what_is_unwise_is_said(tmp_path: Path, case: Case) -> None:
    text = changed(POLICY, case.old, case.new)
    if case.code == "unused-issuer":
        text = changed(text, '      "GET /books/{isbn}": {authenticate: corp}\n', "")
    (tmp_path / "keys.json").write_text('{"keys": []}')
    policy, found = inspect_policy(write_policy(tmp_path, text))

    assert policy is not None, [str(diagnostic) for diagnostic in found]
    hits = [diagnostic for diagnostic in found if diagnostic.code == case.code]
    assert hits, [str(diagnostic) for diagnostic in found]
    marked = [number for number, line in enumerate(text.split("\n"), 1) if MARK in line]
    assert not marked or marked[0] in {diagnostic.line for diagnostic in hits}
    assert all(diagnostic.hint and case.hint in diagnostic.hint for diagnostic in hits)
    assert CODES[case.code].severity == "warning"


def test_a_policy_that_is_open_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = "version: 1\ndefaults:\n  public: true\napis:\n  bookshop:\n"
    text += "    openapi: openapi.yaml\n    upstream: http://127.0.0.1:8000\n"
    policy, found = inspect_policy(write_policy(tmp_path, text))

    assert policy is not None
    codes = {diagnostic.code: diagnostic.line for diagnostic in found}
    assert codes == {"public-by-default": 3, "public-over-contract": 3, "public-write": 3}


@pytest.mark.parametrize(
    ("listen", "api"),
    [
        ("{address: 0.0.0.0:8443, hosts: [api.example]}", ""),
        ("{address: 0.0.0.0:8443}", "    hosts: [api.example]\n"),
        ("{address: 192.0.2.1:8443}", ""),
    ],
)
def test_an_api_in_the_network_that_has_a_name(tmp_path: Path, listen: str, api: str) -> None:
    text = changed(POLICY, "{address: 127.0.0.1:8443, tls: local}", listen)
    text = changed(text, "    operations:\n", f"{api}    operations:\n")
    policy, found = inspect_policy(write_policy(tmp_path, text))

    assert policy is not None
    assert found == []


def test_numeric_ids_are_named_once_for_an_api(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "{type: string, maxLength: 13}", "{type: integer}")
    policy, found = inspect_policy(write_policy(tmp_path, contract=contract))

    assert policy is not None
    assert [diagnostic.code for diagnostic in found] == ["numeric-id"]
    assert "`GET /books/{isbn}`" in found[0].message


@pytest.mark.parametrize(
    ("kind", "is_said"),
    [
        ("application/xml", True),
        ("text/csv", True),
        ("application/json", False),
        ("application/x-ndjson", False),
        ("text/event-stream", False),
        ("image/png", False),
    ],
)
def test_rights_without_json(tmp_path: Path, kind: str, is_said: bool) -> None:
    books = f'{{"200": {{description: books, content: {{{kind}: {{}}}}}}}}'
    contract = changed(CONTRACT, '{"200": {description: books}}', books)
    text = changed(POLICY, LIST, f"{LIST[:-1]}, properties: {{/a: {{read: [admin]}}}}}} {MARK}")
    policy, found = inspect_policy(write_policy(tmp_path, text, contract))

    assert policy is not None
    hits = [each for each in found if each.code == "rights-without-json"]
    assert len(hits) == is_said
    assert all(MARK in text.split("\n")[each.line - 1] for each in hits)


def test_numeric_ids_do_not_matter_where_only_roles_get_in(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "{type: string, maxLength: 13}", "{type: integer}")
    text = changed(POLICY, "{authenticate: corp}", "{authenticate: corp, roles: [admin]}")

    assert inspect_policy(write_policy(tmp_path, text, contract))[1] == []


def test_alternative_scopes_are_narrowed_to_the_first(tmp_path: Path) -> None:
    contract = changed(
        CONTRACT, "  - token: [books:read]", "  - token: [books:read]\n  - token: [books:all]"
    )
    text = changed(POLICY, f"      {LIST}\n", "")
    policy, found = inspect_policy(write_policy(tmp_path, text, contract))

    assert policy is not None
    assert policy.apis["bookshop"].controls["listBooks"].scopes == {"books:read"}
    assert {diagnostic.code for diagnostic in found} == {"scopes-alternatives"}


def test_a_key_in_the_query_is_shown_in_the_contract(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "  - key: []\n", "  - query: []\n")
    text = changed(POLICY, DEFAULT_BODY, "  authenticate: [api_key, corp]")
    policy, found = inspect_policy(write_policy(tmp_path, text, contract))

    assert policy is not None
    (warning,) = found
    assert (warning.code, warning.file.name, warning.line) == ("api-key-place", "openapi.yaml", 9)
    assert "`X-API-Key`" in warning.hint


def test_an_open_write_that_is_declared_and_slow_is_a_decision(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "security: [{key: []}, {token: [books:write]}]", "security: []")
    text = changed(POLICY, CREATE, "{public: true, limit: 5/hour per address, body: 16KiB}")
    text = changed(text, "      tag:writing: {roles: [admin]}\n", "")

    assert inspect_policy(write_policy(tmp_path, text, contract))[1] == []

    fast = changed(text, "5/hour", "500/minute")
    _, found = inspect_policy(write_policy(tmp_path, fast, contract))
    assert [diagnostic.code for diagnostic in found] == ["public-write"]


def test_what_the_contract_cannot_enforce_is_shown(tmp_path: Path) -> None:
    contract = changed(
        CONTRACT, "{type: string, maxLength: 13}", "{type: string, pattern: '^(?=a)b$'}"
    )
    _, found = inspect_policy(write_policy(tmp_path, contract=contract))

    assert {(d.code, d.file.name) for d in found} <= {("contract-warning", "openapi.yaml")}


def test_every_warning_has_a_case() -> None:
    here = Path(__file__).read_text("utf-8")
    missing = [
        code
        for code, kind in CODES.items()
        if kind.severity == "warning" and f'"{code}"' not in here
    ]
    assert missing == []


def test_every_error_has_a_case() -> None:
    kinds = (
        "bad_policies",
        "bad_contracts",
        "document",
        "graphql_policies",
        "certificate_policies",
        "identity_policy",
        "signature_policies",
    )
    folder = Path(__file__).parent
    here = "".join((folder / f"test_{kind}.py").read_text("utf-8") for kind in kinds)
    missing = [
        code for code, kind in CODES.items() if kind.severity == "error" and f'"{code}"' not in here
    ]
    assert missing == []
