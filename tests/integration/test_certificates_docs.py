"""The page `docs/certificates.md`: its commands are run in order, its policy is served."""

from __future__ import annotations

import re
import shlex
import ssl
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner
from tests.support.arena import request
from tests.support.contract import document, operation
from tests.support.gateway import Gateway
from tests.support.mtls import trusting
from tests.support.raw import RawConnection
from tests.support.upstream import RecordingUpstream
from tests.support.waiting import eventually

from vallum.cli.main import main
from vallum.pki.errors import Reason

PAGE = (Path(__file__).resolve().parents[2] / "docs/certificates.md").read_text("utf-8")
HOST = "api.shop.internal"
COMMANDS = re.findall(r"^\$ (.+)$", PAGE, re.MULTILINE)


def write_policy(folder: Path, upstream: str) -> None:
    """The page's policies in one, with an upstream and a port of this machine."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    policy, further = map(yaml.safe_load, blocks)
    policy["workloads"] |= further["workloads"]
    policy["issuers"] = further["issuers"]
    policy["listen"]["address"] = "127.0.0.1:0"
    policy["apis"]["shop"]["upstream"] = upstream
    (folder / "vallum.yaml").write_text(yaml.safe_dump(policy), "utf-8")
    contract = document({"/orders": {"get": operation("listOrders")}})
    (folder / "openapi.json").write_text(yaml.safe_dump(contract), "utf-8")
    (folder / "bundle.json").write_text('{"keys": []}')


def run(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "vallum"
    done = CliRunner().invoke(main, arguments, env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.output


def status(gateway: Gateway, *, shows: bool = True) -> int:
    context: ssl.SSLContext = trusting(gateway)
    context.check_hostname = False
    if shows:
        context.load_cert_chain(gateway.folder / "billing.pem", gateway.folder / "billing.key")
    with RawConnection(gateway.port, context=context, server_name=HOST) as connection:
        connection.send(request("GET", "/orders", host=HOST))
        return connection.read().status


def test_the_page_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    init, issue, listing, renew, revoke = COMMANDS
    with RecordingUpstream() as upstream:
        write_policy(tmp_path, upstream.url)
        run(init)
        run(issue)
        assert "valid" in run(listing)
        assert (tmp_path / "billing.key").stat().st_mode & 0o777 == 0o600
        with Gateway(tmp_path) as gateway:
            assert status(gateway) == 200
            assert status(gateway, shows=False) == 401
            run(renew)
            assert status(gateway) == 200
            run(revoke)
            eventually(lambda: status(gateway) == 401, "revocation", seconds=5.0)


def test_the_page_lists_every_reason() -> None:
    told = set(re.findall(r"`(mtls\.[a-z-]+)`", PAGE))

    assert set(get_args(Reason)) < told
