"""What `vallum up` prints of the operations, in terminals of every width."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.policies import changed, init

from vallum.app import compile_runtime, open_services
from vallum.cli.coverage import print_coverage
from vallum.config.load import load_policy_with_contracts
from vallum.limits.memory import MemoryLimitStore


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """As `vallum init` writes it, with one operation that nothing inspects."""
    assert init(tmp_path).exit_code == 0
    path = tmp_path / "vallum.yaml"
    path.write_text(changed(path.read_text(), "body: 256KiB}", "inspect: off, body: 2MiB}"))
    return path


def printed(
    policy: Path, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> list[str]:
    """The lines in a terminal of this width."""
    monkeypatch.setenv("COLUMNS", str(width))
    loaded = load_policy_with_contracts(policy)
    services = open_services(loaded.policy, MemoryLimitStore())
    runtime = compile_runtime(loaded, services)
    print_coverage(runtime, loaded.policy, None, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= width for line in lines)
    return [line.rstrip() for line in lines]


def test_a_wide_terminal_has_a_table(
    policy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(policy, 200, monkeypatch, capsys)
    assert lines[1].split()[:3] == ["operation", "method", "path"]
    (create,) = [line.split() for line in lines if "createBook" in line]
    assert create[1:5] == ["POST", "/v1/books", "api_key", "books:write"]
    assert create[-1] == "2MiB"


def test_a_narrow_terminal_has_a_list(
    policy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(policy, 60, monkeypatch, capsys)
    health = lines.index("GET /v1/health  health")
    assert lines[health + 1].startswith("    public; 60/minute per address; inspect ")
    create = lines.index("POST /v1/books  createBook")
    told = " ".join("".join(lines[create + 1 : create + 3]).split())
    assert told == "api_key; access books:write; 20/minute per principal; no inspect; body 2MiB"
    assert "validate contract; answers contract; no cors, all of them" in lines
