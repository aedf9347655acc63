"""`vallum init`: what it writes works at once, and is closed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.policies import CONTRACT, changed, init

from vallum.cli.main import main
from vallum.config.load import inspect_policy
from vallum.config.model import API, Policy

UPSTREAM = "http://127.0.0.1:8000"


def _api(folder: Path, name: str = "bookshop") -> API:
    policy, found = inspect_policy(folder / "vallum.yaml")
    assert policy is not None, [str(diagnostic) for diagnostic in found]
    return policy.apis[name]


def _policy(folder: Path) -> Policy:
    policy, _ = inspect_policy(folder / "vallum.yaml")
    assert policy is not None
    return policy


def test_what_it_writes_has_no_findings(tmp_path: Path) -> None:
    result = init(tmp_path)

    assert result.exit_code == 0
    policy, found = inspect_policy(tmp_path / "vallum.yaml")
    assert policy is not None
    assert found == []
    assert policy.listen.tls == "local"
    assert policy.listen.address == "127.0.0.1"


def test_where_the_application_runs_is_no_name_of_the_gateway(tmp_path: Path) -> None:
    init(tmp_path)
    assert "# hosts: [api.example]" in (tmp_path / "vallum.yaml").read_text("utf-8")
    local = changed(CONTRACT, "https://api.example/v1", "http://127.0.0.1:8000/v1")
    init(tmp_path, "--upstream", UPSTREAM, "--force", contract=local)
    assert "# hosts: [api.example.com]" in (tmp_path / "vallum.yaml").read_text("utf-8")


def test_every_operation_is_listed_with_limit_and_size(tmp_path: Path) -> None:
    init(tmp_path)
    text = (tmp_path / "vallum.yaml").read_text("utf-8")

    for name in ("health", "listBooks", "createBook", '"GET /books/{isbn}"'):
        (line,) = [line for line in text.split("\n") if line.startswith(f"      {name}:")]
        assert " limit: " in line
        assert " body: " in line
        assert "public: true" in line or "authenticate: " in line
    assert text.count("public: true,") == 1
    assert "# GET /health; public in the contract" in text
    assert all(len(line) < 200 for line in text.split("\n"))


def test_the_controls_follow_from_the_contract(tmp_path: Path) -> None:
    init(tmp_path)
    controls = _api(tmp_path).controls

    assert controls["health"].public
    assert [limit.per for limit in controls["health"].limits] == ["address"]
    create = controls["createBook"]
    assert not create.public
    assert create.authenticate == ("api_key",)
    assert create.scopes == {"books:write"}
    assert create.body == 256 * 1024
    assert controls["listBooks"].body == 0


def test_a_contract_without_security_is_closed(tmp_path: Path) -> None:
    contract = (
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    get: {responses: {}}\n"
    )
    result = init(tmp_path, contract=contract)

    assert result.exit_code == 0
    controls = _api(tmp_path, "t").controls["GET /a"]
    assert (controls.public, controls.authenticate) == (False, ("api_key",))
    assert "names no security" in (tmp_path / "vallum.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "security",
    ["[{basic: []}]", "[{query: []}]", "[{key: [], token: []}]", "[{token: [books:read]}]"],
)
def test_credentials_that_are_not_taken_become_keys(tmp_path: Path, security: str) -> None:
    contract = changed(
        CONTRACT,
        "security:\n  - key: []\n  - token: [books:read]\n",
        f"security: {security}\n",
    )
    result = init(tmp_path, contract=contract)

    assert result.exit_code == 0
    assert _api(tmp_path).controls["listBooks"].authenticate == ("api_key",)
    (line,) = [
        line
        for line in (tmp_path / "vallum.yaml").read_text("utf-8").split("\n")
        if line.startswith("      listBooks:")
    ]
    assert "contract: " in line


def test_an_optional_credential_stays_optional(tmp_path: Path) -> None:
    contract = changed(CONTRACT, "security: [], responses", "security: [{}, {key: []}], responses")
    init(tmp_path, contract=contract)
    controls = _api(tmp_path).controls["health"]

    assert (controls.public, controls.authenticate) == (True, ("api_key",))


def test_an_issuer_that_is_known(tmp_path: Path) -> None:
    result = init(
        tmp_path,
        *("--upstream", UPSTREAM),
        *("--issuer", "https://login.corp.example", "--audience", "bookshop"),
    )

    assert result.exit_code == 0
    policy = _policy(tmp_path)
    assert policy.issuers["login"].audience == ("bookshop",)
    listing = policy.apis["bookshop"].controls["listBooks"]
    assert listing.authenticate == ("api_key", "jwt:login")


def test_an_issuer_that_the_contract_names_is_offered(tmp_path: Path) -> None:
    contract = changed(
        CONTRACT,
        "token: {type: http, scheme: bearer}",
        "token: {type: openIdConnect, openIdConnectUrl: "
        "'https://id.example/realm/.well-known/openid-configuration'}",
    )
    init(tmp_path, contract=contract)
    text = (tmp_path / "vallum.yaml").read_text("utf-8")

    assert "#     issuer: https://id.example/realm  #" in text
    assert _policy(tmp_path).issuers == {}


def test_uncommenting_the_issuer_works(tmp_path: Path) -> None:
    init(tmp_path)
    path = tmp_path / "vallum.yaml"
    lines = path.read_text("utf-8").split("\n")
    start = lines.index("# issuers:")
    for number in range(start, start + 4):
        lines[number] = lines[number].removeprefix("# ")
    text = "\n".join(lines).replace("authenticate: api_key", "authenticate: login")
    path.write_text(text, "utf-8")

    assert _api(tmp_path).controls["listBooks"].authenticate == ("jwt:login",)


@pytest.mark.parametrize(
    ("upstream", "url", "base_path"),
    [
        ("http://127.0.0.1:8000/v1/", UPSTREAM, "/v1"),
        ("http://127.0.0.1:8000/other", UPSTREAM, "/other"),
        ("https://API.example", "https://api.example", "/v1"),
        ("unix:/run/api.sock", "unix:/run/api.sock", "/v1"),
        ("asgi:shop.app:app", "asgi:shop.app:app", "/v1"),
    ],
)
def test_upstreams(tmp_path: Path, upstream: str, url: str, base_path: str) -> None:
    assert init(tmp_path, "--upstream", upstream).exit_code == 0
    api = _api(tmp_path)

    assert (api.upstream.url, api.base_path) == (url, base_path)


@pytest.mark.parametrize("upstream", ["ftp://a", "localhost", "http://a:b@c", "http://a/?x"])
def test_a_bad_upstream_writes_nothing(tmp_path: Path, upstream: str) -> None:
    result = init(tmp_path, "--upstream", upstream)

    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert not (tmp_path / "vallum.yaml").exists()


def test_a_file_is_overwritten_by_force_only(tmp_path: Path) -> None:
    (tmp_path / "vallum.yaml").write_text("mine", "utf-8")

    result = init(tmp_path)
    assert result.exit_code == 1
    assert "--force" in result.stderr
    assert (tmp_path / "vallum.yaml").read_text("utf-8") == "mine"

    assert init(tmp_path, "--upstream", UPSTREAM, "--force").exit_code == 0
    assert (tmp_path / "vallum.yaml").read_text("utf-8") != "mine"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["openapi.yaml", "vallum.yaml"]


def test_a_contract_that_cannot_be_enforced(tmp_path: Path) -> None:
    result = init(
        tmp_path,
        contract=changed(CONTRACT, "type: string, maxLength: 13", "type: strong, maxLength: 13"),
    )

    assert result.exit_code == 1
    assert "error[contract]" in result.stderr
    assert "nothing was written" in result.stderr
    assert not (tmp_path / "vallum.yaml").exists()


def test_next_steps_and_the_summary(tmp_path: Path) -> None:
    result = init(tmp_path, "--upstream", UPSTREAM, "--json")

    assert "vallum check -c " in result.stderr
    assert "vallum keys create" in result.stderr
    summary = json.loads(result.stdout)
    assert summary == {
        "policy": str(tmp_path / "vallum.yaml"),
        "operations": 4,
        "public": 1,
        "scopes": ["books:read", "books:write"],
        "contract_warnings": 0,
    }


def test_the_first_key_is_one_to_read_with(tmp_path: Path) -> None:
    contract = CONTRACT.replace("books:write", "admin")
    result = init(tmp_path, contract=contract)

    assert "NAME --scope books:read" in result.stderr


def _document(paths: dict[str, Any], **more: Any) -> str:
    return json.dumps(
        {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **more}
    )


EVIL = 'x\n    public: true\n"}]{[#: \u2028 ` \x85'


def test_a_contract_cannot_write_policy(tmp_path: Path) -> None:
    """Whatever text a contract holds, it stays inside quotes and comments."""
    operation = {"summary": EVIL, "tags": [EVIL], "responses": {}}
    contract = _document(
        {
            "/a": {"get": {**operation, "operationId": EVIL}},
            "/b2": {"get": {**operation, "operationId": "no"}},
            "/c": {"get": {**operation, "operationId": "# comment"}},
            "/d": {"get": {**operation, "operationId": "a: b"}},
            "/e": {"get": {**operation, "operationId": "123"}},
            "/f": {"get": {**operation, "operationId": "&x *y !z %"}},
        }
        | {"/b": {"post": operation}},
        info={"title": EVIL, "version": EVIL},
        servers=[{"url": "https://x\npublic: true"}],
        security=[{"k": [EVIL, "ok"]}],
        components={"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "K"}}},
    )
    result = init(tmp_path, contract=contract)

    assert result.exit_code == 0, result.output
    policy, found = inspect_policy(tmp_path / "vallum.yaml")
    assert policy is not None, [str(diagnostic) for diagnostic in found]
    (api,) = policy.apis.values()
    assert len(api.controls) == 7
    assert not any(controls.public for controls in api.controls.values())


def test_a_thousand_operations_stay_readable(tmp_path: Path) -> None:
    paths = {
        f"/things{number % 20}/{number}": {
            "get": {"operationId": f"getThing{number}", "tags": [f"area {number % 20}"]}
        }
        for number in range(1000)
    }
    result = init(tmp_path, contract=_document(paths))

    assert result.exit_code == 0
    text = (tmp_path / "vallum.yaml").read_text("utf-8")
    assert "1,000 operations" in text
    assert text.count("      # area ") == 20
    assert len(text.split("\n")) < 1100
    assert len(_api(tmp_path, "t").controls) == 1000


def test_help_has_an_example() -> None:
    result = CliRunner().invoke(main, ["init", "--help"])

    assert "vallum init --openapi openapi.yaml" in result.output
