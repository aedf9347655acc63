"""The first start: a link printed once, and no start with secrets that everybody knows (OP-1)."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.gateway import free_port, run_vallum
from tests.support.signing_in import CONTRACT, deploy, policy_text


def test_b244_default_creds_the_link_is_printed_once_and_kept_nowhere(tmp_path: Path) -> None:
    with ExitStack() as stack:
        deployment = deploy(tmp_path, stack, workers=1)
        printed = re.findall(r"/first-administrator\?ticket=(\S+)", deployment.gateway.errors)
        assert len(printed) == 1
        with deployment.http() as http:
            page = http.get(f"/first-administrator?ticket={printed[0]}")
            assert page.status_code == 200
        records = deployment.gateway.records()
    assert any(record.get("event") == "first-admin.offered" for record in records)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    holders = {path.name for path in files if printed[0].encode() in path.read_bytes()}
    assert holders == {"stderr.txt"}


@pytest.mark.parametrize("key", ["00" * 32, "0123456789abcdef" * 4, "ff" * 32])
def test_b244_default_creds_nothing_starts_under_a_known_key(tmp_path: Path, key: str) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(CONTRACT))
    seal = tmp_path / "seal"
    seal.write_text(key)
    seal.chmod(0o600)
    text = policy_text(free_port(), "http://127.0.0.1:9", identity="  key: {file: seal}\n")
    (tmp_path / "vallum.yaml").write_text(text)
    done = run_vallum("up", folder=tmp_path)
    assert done.returncode != 0
    assert "sealing key" in done.stderr
    assert key not in done.stderr + done.stdout
