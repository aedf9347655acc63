"""Certificates of the built-in authority at work: renewal and revocation while requests go on."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tests.support.contract import API_HOST
from tests.support.mtls import Refused, Site, ask, site, trusting
from tests.support.pki import authority, client
from tests.support.raw import RawConnection
from tests.support.waiting import eventually

from vallum.cli.main import main

IN_EFFECT_SECONDS = 5.0
LISTEN = ", client_certificates: {ca: ca/ca.pem, crl: ca/ca.crl}"
OPERATIONS = {"private": "authenticate: mtls, scopes: [x]"}
WORKLOADS = "workloads: {billing: {match: {uri: 'spiffe://td.example/billing'}, scopes: [x]}}"


def ca(folder: Path, command: str, *arguments: str) -> Any:
    """One run of `vallum ca`."""
    out = ["--out", str(folder)] if command in ("issue", "renew") else []
    state = ["--state", str(folder / "state.db"), "--json"]
    done = CliRunner().invoke(main, ["ca", command, *arguments, *out, *state])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def issue(folder: Path) -> str:
    name = "uri:spiffe://td.example/billing"
    return str(ca(folder, "issue", "billing", "--san", name, "--days", "1")["serial"])


@pytest.fixture(params=[1, 2])
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    ca(tmp_path, "init")
    workers: int = request.param
    with site(
        tmp_path, listen=LISTEN, operations=OPERATIONS, workloads=WORKLOADS, workers=workers
    ) as found:
        yield found


def current(found: Site) -> ssl.SSLContext:
    """A client with the certificate that is on disk now."""
    context = trusting(found.gateway)
    context.check_hostname = False
    folder = found.gateway.folder
    context.load_cert_chain(folder / "billing.pem", folder / "billing.key")
    return context


class Caller(threading.Thread):
    """Calls without a pause, on kept-alive connections, with whatever certificate is current."""

    def __init__(self, found: Site) -> None:
        super().__init__(daemon=True)
        self._site = found
        self.context = current(found)
        self.stopped = threading.Event()
        self.statuses: list[int] = []
        self.failures: list[str] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            try:
                with RawConnection(
                    self._site.gateway.port, context=self.context, server_name=API_HOST
                ) as connection:
                    for _ in range(20):
                        self.statuses.append(ask(connection).status)
            except (OSError, Refused) as error:
                self.failures.append(repr(error))

    def go_on(self) -> None:
        """Wait for some more answers."""
        before = len(self.statuses)
        eventually(lambda: len(self.statuses) > before + 40, "answers")


def test_renewal_loses_no_request(served: Site) -> None:
    folder = served.gateway.folder
    first = issue(folder)
    caller = Caller(served)
    caller.start()
    caller.go_on()
    for _ in range(3):
        ca(folder, "renew", "billing")
        caller.context = current(served)
        caller.go_on()
        ca(folder, "crl")  # Every worker reads it anew, meanwhile.
        served.gateway.wait_for_error("reloaded")
        caller.go_on()
    ca(folder, "revoke", first)
    caller.go_on()
    caller.stopped.set()
    caller.join(15)
    assert caller.failures == []
    assert set(caller.statuses) == {200}


def test_b204_mtls_eku_chain_revocation_reaches_open_connections(served: Site) -> None:
    serial = issue(served.gateway.folder)
    context = current(served)
    with (
        served.connect(None, context=context) as one,
        served.connect(None, context=context) as other,
    ):
        for connection in (one, other):
            assert ask(connection).status == 200
        ca(served.gateway.folder, "revoke", serial)
        for connection in (one, other):
            _await_refusal(connection)
            assert connection.read_to_end() == b""
    assert served.reason() == "mtls.revoked"

    def is_refused() -> bool:
        with served.connect(None, context=context) as connection:
            return ask(connection).status == 401

    # Each worker reads the list of its own; both connections may have been to one of them.
    eventually(is_refused, "the list in every worker", IN_EFFECT_SECONDS)


def test_authorities_come_and_go(tmp_path: Path) -> None:
    """A context of OpenSSL forgets no authority; the gateway does."""
    old, new = authority("Old CA"), authority("New CA")
    trusted = tmp_path / "ca.pem"
    old.write_alone(trusted)
    listen = ", client_certificates: {ca: ca.pem}"
    workloads = "workloads: {billing: {match: {dns: c.example}, scopes: [x]}}"
    leaf_of_old, leaf_of_new = client(old, "c"), client(new, "c")
    with site(tmp_path, listen=listen, operations=OPERATIONS, workloads=workloads) as found:
        with found.connect(leaf_of_old) as kept:
            assert ask(kept).status == 200
            assert found.refused(leaf_of_new) == "handshake"
            trusted.write_bytes(old.pem + new.pem)
            eventually(lambda: _status(found, leaf_of_new) == 200, "new CA", IN_EFFECT_SECONDS)
            assert ask(kept).status == 200
            new.write_alone(trusted)
            eventually(lambda: _status(found, leaf_of_old) == 0, "old CA", IN_EFFECT_SECONDS)
            eventually(lambda: ask(kept).status == 401, "old CA", IN_EFFECT_SECONDS)
        assert _status(found, leaf_of_new) == 200


def test_a_broken_list_changes_nothing(tmp_path: Path) -> None:
    ca(tmp_path, "init")
    with site(tmp_path, listen=LISTEN, operations=OPERATIONS, workloads=WORKLOADS) as found:
        issue(tmp_path)
        context = current(found)
        (tmp_path / "ca/ca.crl").write_bytes(b"broken")
        found.gateway.wait_for_error("reload refused")
        with found.connect(None, context=context) as connection:
            assert ask(connection).status == 200


def _await_refusal(connection: RawConnection) -> None:
    eventually(lambda: ask(connection).status == 401, "refusal", IN_EFFECT_SECONDS)


def _status(found: Site, holder: Any) -> int:
    try:
        return found.ask(holder).status
    except Refused:
        return 0
