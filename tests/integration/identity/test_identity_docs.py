"""The commands and policies of `docs/identity.md` work as they stand there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.support.signing_in import CONTRACT

from vallum.cli.main import main
from vallum.config.load import inspect_policy

DOCUMENT = (Path(__file__).resolve().parents[3] / "docs/identity.md").read_text("utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)


POLICY, *FRAGMENTS = _blocks("yaml")
COMMANDS = [line.removeprefix("$ ") for block in _blocks("console") for line in block.splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "vallum.yaml").write_text(POLICY)
    (tmp_path / "openapi.json").write_text(json.dumps(CONTRACT))
    for name in ("google.secret", "work.secret", "mail.secret"):
        (tmp_path / name).write_text("secret\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_policy_is_without_findings(folder: Path) -> None:
    policy, found = inspect_policy(folder / "vallum.yaml")
    assert policy is not None
    assert found == []


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=[text.split(":")[0] for text in FRAGMENTS])
def test_a_fragment_fits_the_provider(fragment: str, folder: Path) -> None:
    mail = re.search(r"`(mail: \{.*?\})`", DOCUMENT)
    assert mail is not None
    text = POLICY.replace("  name: Shop\n", f"  name: Shop\n  {mail[1]}\n{fragment}", 1)
    (folder / "vallum.yaml").write_text(text)
    policy, found = inspect_policy(folder / "vallum.yaml")
    assert policy is not None, [str(each) for each in found]


def test_the_commands_run_in_their_order(folder: Path) -> None:
    for command in COMMANDS:
        program, *arguments = shlex.split(command)
        assert program == "vallum"
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, f"{command}\n{result.output}"
