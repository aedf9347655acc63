"""`vallum keys`, over a real state file."""

from __future__ import annotations

import json
import re
import stat
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.support.calling import Door, no_guard

from vallum.cli.keys import keys
from vallum.core.problems import Denied
from vallum.filters.api_key import APIKeyAuthenticator
from vallum.store.keys import KeyDirectory, KeyStore

KEY = re.compile(r"vlm_[0-9A-Za-z]{17}_[0-9A-Za-z]{49}\n")


class Keys:
    """The command over one state file."""

    def __init__(self, state: Path) -> None:
        self.state = state

    def run(self, *arguments: str) -> Result:
        """One run."""
        return CliRunner().invoke(keys, [*arguments, "--state", str(self.state)])

    def make(self, *arguments: str) -> str:
        """A key."""
        result = self.run("create", *arguments)
        assert result.exit_code == 0, result.output
        assert KEY.fullmatch(result.stdout)
        return result.stdout.strip()

    def opens(self, key: str) -> bool:
        """Whether a key is accepted by a gateway."""
        directory = KeyDirectory(self.state)
        door = Door(
            APIKeyAuthenticator(directory, guard=no_guard, clock=time.time, note_usage=print),
            public=True,
        )
        try:
            return door.exchange((b"x-api-key", key.encode())).principal is not None
        except Denied:
            return False
        finally:
            directory.close()


@pytest.fixture
def command(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "state.db")


def test_create_prints_the_key_alone_and_once(command: Keys) -> None:
    result = command.run("create", "webshop", "--scope", "books:read", "--role", "reader")
    assert result.exit_code == 0
    assert KEY.fullmatch(result.stdout)
    assert "not shown again" in result.stderr
    key = result.stdout.strip()
    assert command.opens(key)
    shown = command.run("list").output + command.run("list", "--json").output
    assert key.split("_")[1] in shown
    assert key.split("_")[2] not in shown


def test_create_with_json(command: Keys) -> None:
    before = time.time()
    result = command.run(
        *("create", "webshop", "--scope", "a", "--scope", "b:c", "--expires", "30d", "--json")
    )
    made = json.loads(result.stdout)
    assert command.opens(made["key"])
    assert made["scopes"] == ["a", "b:c"]
    assert made["roles"] == []
    assert made["state"] == "active"
    assert 30 * 86400 - 1 < made["expires"] - before < 30 * 86400 + 60


def test_a_name_is_taken(command: Keys) -> None:
    command.make("webshop")
    result = command.run("create", "webshop")
    assert result.exit_code == 1
    assert "vallum keys rotate webshop" in result.stderr
    assert result.stdout == ""


def test_create_into_a_new_file_as_curl_takes_it(command: Keys) -> None:
    file = command.state.with_name("web shop.key")
    result = command.run("create", "webshop", "--output", str(file))
    field, key = file.read_text().removesuffix("\n").split(": ")
    assert (result.exit_code, result.stdout, field) == (0, "", "X-API-Key")
    assert f"written to `{file}`, for `curl -H '@{file}'`" in result.stderr
    assert key not in result.stderr
    assert command.opens(key)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(file.parent.iterdir()) == [command.state, Path(f"{command.state}.pepper"), file]


def test_create_into_a_file_with_json(command: Keys) -> None:
    file = command.state.with_name("webshop.key")
    result = command.run("create", "webshop", "-o", str(file), "--json")
    made = json.loads(result.stdout)
    assert made["file"] == str(file)
    assert made["name"] == "webshop"
    assert "key" not in made
    assert command.opens(file.read_text().split()[1])


def test_rotate_into_a_new_file(command: Keys) -> None:
    old = command.make("webshop")
    file = command.state.with_name("webshop-2.key")
    assert command.run("rotate", "webshop", "-o", str(file), "--overlap", "0s").exit_code == 0
    assert command.opens(file.read_text().split()[1])
    assert not command.opens(old)


def test_the_file_names_the_fields_of_the_contracts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    policy = "version: 1\napis:\n"
    for number, field in enumerate(("X-Shop-Key", "x-shop-key", "X-Office-Key")):
        Path(f"{number}.yaml").write_text(
            "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\n"
            "components: {securitySchemes: {key: {type: apiKey, in: header, "
            f"name: {field}}}}}}}\nsecurity: [{{key: []}}]\n"
            f"paths:\n  /{number}:\n"
            f"    get: {{operationId: get{number}, responses: {{'200': {{description: Books}}}}}}\n"
        )
        policy += f"  shop{number}: {{openapi: {number}.yaml, upstream: 'http://127.0.0.1:8000'}}\n"
    Path("vallum.yaml").write_text(policy)
    for arguments in (("create", "webshop", "-o", "a"), ("rotate", "webshop", "-o", "b")):
        result = CliRunner().invoke(keys, arguments)
        assert result.exit_code == 0, result.output
        lines = Path(arguments[-1]).read_text().splitlines()
        names, values = zip(*(line.split(": ") for line in lines), strict=True)
        assert names == ("x-shop-key", "X-Office-Key")
        assert len(set(values)) == 1


def test_a_name_that_is_taken_leaves_no_file(command: Keys) -> None:
    command.make("webshop")
    file = command.state.with_name("webshop.key")
    assert command.run("create", "webshop", "-o", str(file)).exit_code == 1
    assert not file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("create",),
        ("create", "a b"),
        ("create", ""),
        ("create", "x" * 65),
        ("create", "a", "--scope", "a b"),
        ("create", "a", "--scope", ""),
        ("create", "a", "--role", "r\n"),
        ("create", "a", "--role", "team@shop"),
        ("create", "a", "--expires", "soon"),
        ("create", "a", "--expires", "30"),
        ("rotate", "a", "--overlap", "1y"),
        ("revoke",),
    ],
)
def test_wrong_usage(command: Keys, arguments: tuple[str, ...]) -> None:
    assert command.run(*arguments).exit_code == 2


def test_a_role_that_no_policy_can_have_is_refused_with_those_that_one_can(command: Keys) -> None:
    refused = command.run("create", "ops@shop", "--role", "team@shop")
    assert "`team@shop` is no name; use letters, digits, `_`, `.` and `-`" in refused.stderr
    assert command.opens(command.make("ops@shop"))


def test_revoke(command: Keys) -> None:
    key = command.make("webshop")
    result = command.run("revoke", "webshop")
    assert (result.exit_code, result.stdout) == (0, "")
    assert not command.opens(key)
    again = command.run("revoke", "webshop")
    assert again.exit_code == 0
    assert "no active key" in again.stderr
    states = json.loads(command.run("revoke", "webshop", "--json").stdout)
    assert [each["state"] for each in states] == ["revoked"]
    # The name is free again.
    assert command.opens(command.make("webshop"))


def test_revoke_by_id_leaves_the_others(command: Keys) -> None:
    old = command.make("webshop")
    new = command.run("rotate", "webshop").stdout.strip()
    assert command.run("revoke", old.split("_")[1]).exit_code == 0
    assert not command.opens(old)
    assert command.opens(new)


def test_rotate_with_overlap(command: Keys) -> None:
    old = command.make("webshop", "--scope", "a", "--expires", "30d")
    result = command.run("rotate", "webshop")
    assert KEY.fullmatch(result.stdout)
    new = result.stdout.strip()
    assert command.opens(old)
    assert command.opens(new)
    first, second = json.loads(command.run("list", "--json").stdout)
    assert first["scopes"] == second["scopes"] == ["a"]
    assert second["replaced_by"] == first["id"] == new.split("_")[1]
    assert (first["state"], second["state"]) == ("active", "replaced")
    assert first["expires"] - first["created"] == pytest.approx(30 * 86400)
    assert second["expires"] - first["created"] == pytest.approx(86400)


def test_rotate_at_once(command: Keys) -> None:
    old = command.make("webshop")
    made = json.loads(command.run("rotate", "webshop", "--overlap", "0s", "--json").stdout)
    assert not command.opens(old)
    assert command.opens(made["key"])
    assert made["expires"] is None


@pytest.mark.parametrize("verb", ["revoke", "rotate"])
def test_unknown_names_get_the_nearest(command: Keys, verb: str) -> None:
    command.make("webshop")
    result = command.run(verb, "webshpo")
    assert result.exit_code == 1
    assert "there is no key `webshpo`" in result.stderr
    assert "did you mean `webshop`?" in result.stderr


def test_nothing_left_to_rotate(command: Keys) -> None:
    command.make("webshop")
    command.run("revoke", "webshop")
    result = command.run("rotate", "webshop")
    assert result.exit_code == 1
    assert "vallum keys create webshop" in result.stderr


def test_list(command: Keys) -> None:
    KeyStore(command.state).close()
    assert command.run("list").exit_code == 0
    assert json.loads(command.run("list", "--json").stdout) == []
    command.make("webshop", "--expires", "1ms")
    assert "expired" in command.run("list").stdout


def test_a_state_file_that_cannot_be_used(command: Keys) -> None:
    command.make("webshop")
    command.state.with_name("state.db.pepper").chmod(0o644)
    result = command.run("create", "other")
    assert result.exit_code == 1
    assert "chmod 600" in result.stderr


def test_a_policy_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(keys, ["list", "-c", str(tmp_path / "vallum.yaml")])
    assert result.exit_code == 1
    assert "--state" in result.stderr


@pytest.mark.parametrize("verb", ["create", "list", "rotate", "revoke"])
def test_help_has_an_example(verb: str) -> None:
    result = CliRunner().invoke(keys, [verb, "--help"])
    assert result.exit_code == 0
    assert f"vallum keys {verb}" in result.stdout


def test_a_scope_or_role_that_the_policy_does_not_know_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("openapi.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1'}\npaths:\n  /books:\n"
        "    get: {operationId: listBooks, responses: {'200': {description: Books}}}\n"
    )
    Path("vallum.yaml").write_text(
        "version: 1\nroles: {reader: {}}\napis:\n  shop:\n    openapi: openapi.yaml\n"
        "    upstream: http://127.0.0.1:8000\n    authenticate: api_key\n"
        "    operations: {listBooks: {scopes: [books:read]}}\n"
    )

    typo = ("create", "typo", "--scope", "books:raed", "--role", "raeder")
    misspelt = CliRunner().invoke(keys, [*typo])
    right = CliRunner().invoke(keys, ["create", "right", "--scope", "books:read"])

    assert KEY.fullmatch(misspelt.stdout)
    assert "no operation asks for the scope `books:raed`; did you mean" in misspelt.stderr
    assert "the policy has no role `raeder`; did you mean `reader`?" in misspelt.stderr
    assert "warning" not in right.stderr


def test_what_is_no_terminal_gets_every_column(
    command: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    command.make("webshop", "--scope", "books:read")

    assert "last used (UTC)" in command.run("list").output


def test_without_a_policy_the_way_to_a_first_one_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(keys, ["list", "--config", str(tmp_path / "vallum.yaml")])

    assert result.exit_code == 1
    assert "help: `vallum init` writes a first policy" in result.stderr
    assert "`--state FILE` needs no policy" in result.stderr


def test_a_narrow_terminal_gets_every_column_too(
    command: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    command.make("webshop", "--scope", "books:read", "--expires", "1d")
    monkeypatch.setenv("COLUMNS", "60")

    *lines, last = command.run("list").output.splitlines()
    said = [line.split(maxsplit=1) for line in lines]

    assert last == ""
    assert ["name", "webshop"] in [[word.strip() for word in line] for line in said]
    assert "last used (UTC)  never" in " ".join(word for line in said for word in line)


@pytest.mark.parametrize("arguments", [("list",), ("revoke", "webshop"), ("rotate", "webshop")])
def test_a_misspelt_state_file_is_not_made(command: Keys, arguments: tuple[str, ...]) -> None:
    result = command.run(*arguments)

    assert result.exit_code == 1
    assert "there is no state file" in result.stderr
    assert not command.state.exists()
