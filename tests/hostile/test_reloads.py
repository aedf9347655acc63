"""What a reload at a bad moment does: nothing, or all of it."""

from __future__ import annotations

import shutil
import ssl
from pathlib import Path

import pytest
from tests.support.arena import request
from tests.support.contract import API_HOST
from tests.support.gateway import PolicyText, replace_in_policy, start
from tests.support.raw import RawConnection
from tests.support.upstream import BEGINNING, RecordingUpstream
from tests.support.waiting import eventually

from vallum.gateway.tls import local_certificate


def test_a_certificate_without_its_key_leaves_the_old_pair_in_use(tmp_path: Path) -> None:
    """Whoever renews a certificate replaces two files, one after the other."""
    for name in ("old", "new"):
        local_certificate(tmp_path / name, [API_HOST])
    shutil.copy(tmp_path / "old/server.pem", tmp_path / "server.pem")
    shutil.copy(tmp_path / "old/server.key", tmp_path / "server.key")

    def ask(trusted: str, port: int) -> int:
        context = ssl.create_default_context(cafile=str(tmp_path / trusted / "ca.pem"))
        with RawConnection(port, context=context, server_name=API_HOST) as connection:
            connection.send(request("GET", "/health"))
            return connection.read().status

    files = "{certificate: server.pem, key: server.key}"
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url, tls=files)) as gateway,
    ):
        assert ask("old", gateway.port) == 200
        shutil.copy(tmp_path / "new/server.pem", tmp_path / "server.pem")
        gateway.wait_for_error("reload refused")
        assert ask("old", gateway.port) == 200
        shutil.copy(tmp_path / "new/server.key", tmp_path / "server.key")
        eventually(lambda: "reloaded" in gateway.errors, "the reload with both")
        assert ask("new", gateway.port) == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("tls: off", "tls: local"),  # Upstreams would be told of https that is not there.
        ("state: state.db", "state: other.db"),  # Where commands would write revocations.
        ("path: 'records'", "path: 'records', on_failure: deny"),
        ("127.0.0.1:0", "127.0.0.1:1"),
        ("127.0.0.1:0", "localhost:0"),
    ],
)
def test_what_a_reload_cannot_bring_into_force_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url)) as gateway,
        RawConnection(gateway.port) as connection,
    ):
        replace_in_policy(gateway, old, new)
        said = gateway.wait_for_error("reload")
        assert "needs a restart" in said
        connection.send(request("GET", "/health"))
        assert connection.read().status == 200
        (received,) = upstream.requests_since(BEGINNING)
        assert received.get("x-forwarded-proto") == b"http"
        assert len({record["policy"] for record in gateway.records()}) == 1
