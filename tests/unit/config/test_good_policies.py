"""What a good policy becomes, and that nothing is found in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.support.policies import CONTRACT, POLICY, changed, write_policy

from vallum.config.load import inspect_policy, load_policy_with_contracts
from vallum.config.model import Controls, Policy
from vallum.filters.cors import CORS
from vallum.filters.limit import Limit

SHORTEST = """\
version: 1
apis:
  bookshop:
    openapi: openapi.yaml
    upstream: http://127.0.0.1:8000
    operations: {health: {public: true}}
"""


def _controls(policy: Policy, operation: str) -> Controls:
    return policy.apis["bookshop"].controls[operation]


def _load(folder: Path, policy: str = POLICY, contract: str = CONTRACT) -> Policy:
    found = inspect_policy(write_policy(folder, policy, contract))
    assert found[1] == []
    assert found[0] is not None
    return found[0]


def test_nothing_is_found_in_the_good_policy(tmp_path: Path) -> None:
    policy = _load(tmp_path)

    assert set(policy.apis["bookshop"].controls) == {
        "health",
        "listBooks",
        "createBook",
        "GET /books/{isbn}",
    }
    assert policy.apis["bookshop"].base_path == "/v1"
    assert policy.state == tmp_path / "var/vallum.db"
    assert policy.records.keep_days == 30


def test_the_shortest_policy_has_safe_defaults(tmp_path: Path) -> None:
    policy = _load(tmp_path, SHORTEST)

    assert policy.listen.address == "127.0.0.1"
    assert policy.listen.tls == "local"
    assert policy.records.path == tmp_path / "var/records"
    listing = _controls(policy, "listBooks")
    assert listing.authenticate == ("api_key",)
    assert listing.scopes == {"books:read"}
    assert listing.limits == (Limit(units=60, seconds=60, per="principal", burst=60),)
    assert listing.body == 0
    assert (listing.validate, listing.unknown, listing.cors) == ("block", "refuse", None)
    assert not listing.forward_token
    assert _controls(policy, "createBook").body == 256 * 1024
    health = _controls(policy, "health")
    assert health.public
    assert health.authenticate == ()
    assert health.limits == (Limit(units=60, seconds=60, per="address", burst=60),)


def test_the_contract_chooses_authenticators_and_scopes(tmp_path: Path) -> None:
    policy = _load(tmp_path)

    assert _controls(policy, "listBooks").authenticate == ("api_key", "jwt:corp")
    create = _controls(policy, "createBook")
    assert create.authenticate == ("api_key", "jwt:corp")
    assert create.scopes == {"books:write"}
    assert _controls(policy, "GET /books/{isbn}").authenticate == ("jwt:corp",)


def test_levels_go_from_defaults_to_the_operation(tmp_path: Path) -> None:
    text = changed(POLICY, "  body: 256KiB\n", "  body: 1KiB\n  validate: monitor\n")
    text = changed(text, "    operations:\n", "    body: 2KiB\n    operations:\n")
    text = changed(
        text, "tag:writing: {roles: [admin]}", "tag:writing: {roles: [admin], body: 3KiB}"
    )
    policy, _ = inspect_policy(write_policy(tmp_path, text))
    assert policy is not None

    create = _controls(policy, "createBook")
    assert create.body == 16 * 1024  # The operation's own.
    assert create.roles == {"admin"}  # Of its tag.
    assert create.validate == "monitor"  # Of the defaults.
    assert create.cors == CORS(origins=("https://shop.example",))  # Of the API.
    without = changed(text, ", body: 16KiB", "")
    policy, _ = inspect_policy(write_policy(tmp_path, without))
    assert policy is not None
    assert _controls(policy, "createBook").body == 3 * 1024


def test_an_inherited_body_is_only_for_operations_with_one(tmp_path: Path) -> None:
    policy = _load(tmp_path)

    assert _controls(policy, "listBooks").body == 0


def test_public_wins_over_what_a_wider_level_asks(tmp_path: Path) -> None:
    text = changed(POLICY, "  body: 256KiB\n", "  scopes: [books:read]\n")
    policy = _load(tmp_path, text)

    health = _controls(policy, "health")
    assert (health.public, health.scopes, health.roles) == (True, frozenset(), frozenset())


def test_a_public_operation_may_know_its_callers(tmp_path: Path) -> None:
    text = changed(POLICY, "{public: true, limit", "{public: true, authenticate: api_key, limit")
    policy = _load(tmp_path, text)

    assert _controls(policy, "health").authenticate == ("api_key",)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("5/second", (Limit(units=5, seconds=1, per="principal", burst=5),)),
        ("1000 / hour", None),
        (
            "100/10s per key burst 20 cost 5 group search",
            (Limit(units=100, seconds=10, per="key", burst=20, cost=5, group="search"),),
        ),
        (
            "[60/minute per address, 1000/day]",
            (
                Limit(units=60, seconds=60, per="address", burst=60),
                Limit(units=1000, seconds=86_400, per="principal", burst=1000),
            ),
        ),
        (
            "{rate: 9/hour, per: operation, cost: 3}",
            (Limit(units=9, seconds=3600, per="operation", burst=9, cost=3),),
        ),
        ("none", ()),
    ],
)
def test_limits(tmp_path: Path, text: str, limits: tuple[Limit, ...] | None) -> None:
    source = changed(POLICY, "10/minute per principal burst 3", text)
    policy, found = inspect_policy(write_policy(tmp_path, source))

    if limits is None:
        assert [diagnostic.code for diagnostic in found] == ["bad-limit"]
        return
    assert policy is not None
    assert _controls(policy, "createBook").limits == limits


@pytest.mark.parametrize(
    ("text", "size"), [("none", 0), ("4096", 4096), ("1MiB", 1024**2), ("2 MB", 2_000_000)]
)
def test_sizes(tmp_path: Path, text: str, size: int) -> None:
    policy = _load(tmp_path, changed(POLICY, "body: 16KiB", f"body: {text}"))

    assert _controls(policy, "createBook").body == size


def test_words_of_yaml_1_1_are_words(tmp_path: Path) -> None:
    text = changed(POLICY, "records: {path: var/records, keep: 30d}", "records: off")
    text = changed(text, "tls: local", "tls: off")
    policy, _ = inspect_policy(write_policy(tmp_path, text))

    assert policy is not None
    assert policy.listen.tls == "off"
    assert policy.records.path is None


def test_short_forms(tmp_path: Path) -> None:
    text = changed(POLICY, "{address: 127.0.0.1:8443, tls: local}", '"[::1]:9443"')
    text = changed(text, "state: var/vallum.db", "state: sqlite:///data/v.db")
    policy = _load(tmp_path, text)

    assert (policy.listen.address, policy.listen.port) == ("::1", 9443)
    assert policy.state == tmp_path / "data/v.db"


def test_the_environment_holds_urls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALLUM_TEST_UPSTREAM", "http://127.0.0.1:9999")
    text = changed(
        POLICY, "upstream: http://127.0.0.1:8000", "upstream: {env: VALLUM_TEST_UPSTREAM}"
    )
    policy = _load(tmp_path, text)

    assert policy.apis["bookshop"].upstream.url == "http://127.0.0.1:9999"


def test_nothing_else_is_taken_from_the_environment(tmp_path: Path) -> None:
    text = changed(POLICY, "audience: bookshop", "audience: $HOME")
    policy = _load(tmp_path, text)

    assert policy.issuers["corp"].audience == ("$HOME",)
    assert "HOME" in os.environ


def test_paths_start_at_the_policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_policy(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    policy = load_policy_with_contracts(path).policy
    assert policy.apis["bookshop"].openapi == tmp_path / "openapi.yaml"


def test_a_file_of_keys_and_every_issuer_key(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": []}', "utf-8")
    corp = "  corp: {issuer: https://login.corp.example, audience: bookshop}\n"
    text = changed(
        POLICY,
        corp,
        "  corp:\n"
        "    issuer: internal\n"
        "    audience: [bookshop, other]\n"
        "    algorithms: [ES256]\n"
        "    jwks: keys.json\n"
        "    types: [application/at+jwt, JWT]\n"
        "    max_lifetime: 1h\n"
        "    leeway: 0s\n"
        "    allow_multiple_audiences: true\n"
        "    scope_claim: scp\n"
        "    roles_claim: groups\n",
    )
    issuer = _load(tmp_path, text).issuers["corp"]

    assert issuer.name == "corp"
    assert issuer.jwks == tmp_path / "keys.json"
    assert issuer.types == ("at+jwt", "jwt")
    assert issuer.max_lifetime == 3600


def test_unknown_of_one_operation_recompiles_only_it(tmp_path: Path) -> None:
    text = changed(POLICY, "listBooks: {scopes", "listBooks: {unknown: ignore, scopes")
    loaded = load_policy_with_contracts(write_policy(tmp_path, text))

    modes = {each.id: each.unknown for each in loaded.contracts["bookshop"].operations}
    assert modes.pop("listBooks") == "ignore"
    assert set(modes.values()) == {"refuse"}


def test_the_revision_changes_with_policy_and_contract(tmp_path: Path) -> None:
    path = write_policy(tmp_path)
    first = load_policy_with_contracts(path)
    assert load_policy_with_contracts(path).revision == first.revision
    assert first.files == (path, tmp_path / "openapi.yaml")

    write_policy(tmp_path, contract=CONTRACT + "# changed\n")
    second = load_policy_with_contracts(path)
    write_policy(tmp_path, policy=POLICY + "# changed\n")
    third = load_policy_with_contracts(path)

    assert len({first.revision, second.revision, third.revision}) == 3


def test_a_contract_in_several_files(tmp_path: Path) -> None:
    contract = changed(
        CONTRACT,
        "schema: {type: string, maxLength: 13}",
        "schema: {$ref: 'parts/isbn.yaml#/isbn'}",
    )
    path = write_policy(tmp_path, contract=contract)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/isbn.yaml").write_text("isbn: {type: string, maxLength: 13}\n", "utf-8")

    loaded = load_policy_with_contracts(path)

    assert tmp_path / "parts/isbn.yaml" in loaded.files


def test_problems_in_another_file_of_the_contract(tmp_path: Path) -> None:
    contract = changed(
        CONTRACT,
        "schema: {type: string, maxLength: 13}",
        "schema: {$ref: 'isbn.yaml#/isbn'}",
    )
    path = write_policy(tmp_path, contract=contract)
    (tmp_path / "isbn.yaml").write_text("# none\nisbn:\n  type: strong\n", "utf-8")

    _, found = inspect_policy(path)

    assert [(d.code, d.file.name, d.line) for d in found] == [("contract", "isbn.yaml", 3)]


@pytest.mark.parametrize(
    ("field", "authenticators"),
    [("X-My-Key", ("api_key",)), ("Authorization", ()), ("Cookie", ()), ("clé", ())],
)
def test_a_key_travels_in_a_field_of_its_own(
    tmp_path: Path, field: str, authenticators: tuple[str, ...]
) -> None:
    contract = changed(CONTRACT, "name: X-API-Key", f"name: {field}")
    contract = changed(contract, "  - key: []\n  - token: [books:read]\n", "  - key: []\n")
    policy, found = inspect_policy(write_policy(tmp_path, contract=contract))

    if authenticators:
        assert policy is not None
        assert _controls(policy, "listBooks").authenticate == authenticators
        return
    assert {diagnostic.code for diagnostic in found} == {"unsupported-scheme"}
