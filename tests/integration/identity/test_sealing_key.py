"""The sealing key from a command: used, never written down, and never printed when it fails."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from tests.support.canaries import Canaries
from tests.support.gateway import free_port, run_vallum
from tests.support.signing_in import CONTRACT, deploy, policy_text

KEY = sha256(b"a key of a key management service").hexdigest()


def _key(*command: str) -> str:
    return f"  key: {{command: {json.dumps([*command])}}}\n"


def _python(folder: Path, text: str) -> tuple[str, str]:
    script = folder / "kms.py"
    script.write_text(text)
    return sys.executable, str(script)


def test_a_command_gives_the_key_and_no_file_holds_it(tmp_path: Path) -> None:
    command = _python(tmp_path, f"print('{KEY}')")
    with ExitStack() as stack:
        deployment = deploy(tmp_path, stack, workers=1, identity=_key(*command))
        deployment.person("ada@shop.example", "seven quiet otters by the weir")
        assert not (tmp_path / "var/vallum.db.seal").exists()
        key = Canaries()
        key.add("sealing key", KEY)
        for path in tmp_path.rglob("*"):
            if path.is_file() and path.name != "kms.py":
                assert key.found_in(path.read_bytes()) == set(), path


@pytest.mark.parametrize(
    "text",
    [
        f"import sys; print('{KEY}'); print('{KEY}', file=sys.stderr); sys.exit(3)",
        f"print('{KEY}' * 2)",
        f"print('{KEY[:-1]}x')",
        f"print('{KEY[:60]}')",
        "pass",
    ],
    ids=["fails", "too long", "not hexadecimal", "too short", "says nothing"],
)
def test_a_command_that_fails_keeps_the_gateway_from_starting(tmp_path: Path, text: str) -> None:
    said = _refused(tmp_path, _key(*_python(tmp_path, text)))
    assert KEY[:24] not in said


def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    _refused(tmp_path, _key(str(tmp_path / "nothing")))


def _refused(folder: Path, key: str) -> str:
    (folder / "openapi.json").write_text(json.dumps(CONTRACT))
    policy = policy_text(free_port(), "http://127.0.0.1:1", identity=key)
    (folder / "vallum.yaml").write_text(policy)
    done = run_vallum("up", "-c", "vallum.yaml", folder=folder)
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    assert "the command of `key`" in said
    assert "ready" not in done.stdout
    return said
