"""TLS to the upstream, both sides named (GW-1, CR-2, B-218)."""

from __future__ import annotations

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from tests.support.arena import request
from tests.support.certificates import Authority, Pair
from tests.support.gateway import PolicyText, start
from tests.support.raw import exchange

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class TLSUpstream:
    """Answers whoever shows a certificate of the authority, and notes the name in it."""

    def __init__(self, own: Pair, clients: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(own.certificate, own.key)
        self._context.load_verify_locations(clients)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.peers: list[str] = []

    def serve(self) -> None:
        """Answer one request a connection until the listener is closed."""
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    self._answer(connection)
                except OSError:
                    continue  # A handshake that failed, as it should.

    def _answer(self, connection: socket.socket) -> None:
        with self._context.wrap_socket(connection, server_side=True) as secured:
            data = b""
            while not data.endswith(b"\r\n\r\n"):
                piece = secured.recv(65536)
                if not piece:
                    return
                data += piece
            shown = secured.getpeercert(binary_form=True)
            assert shown is not None
            self.peers.append(x509.load_der_x509_certificate(shown).subject.rfc4514_string())
            secured.sendall(ANSWER)

    def close(self) -> None:
        """Stop accepting."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def serving(own: Pair, clients: Path) -> Iterator[TLSUpstream]:
    """A TLS upstream in a thread of its own."""
    upstream = TLSUpstream(own, clients)
    thread = Thread(target=upstream.serve, daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        upstream.close()
        thread.join(10)


def policy(port: int, ca: Path, client: Pair | None) -> PolicyText:
    """An https upstream that is verified by `ca`, and is shown `client`."""
    shown = ""
    if client is not None:
        shown = (
            f", client_certificate: {{certificate: '{client.certificate}', key: '{client.key}'}}"
        )
    return PolicyText(upstream=f"{{url: 'https://127.0.0.1:{port}', ca: '{ca}'{shown}}}")


def ask_directly(port: int, ca: Path) -> bytes:
    """A request past the gateway, without its certificate."""
    context = ssl.create_default_context(cafile=str(ca))
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return secured.recv(65536)


def test_each_side_knows_the_other(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "house")
    client = authority.issue("gateway")
    with serving(authority.issue("upstream"), authority.path) as upstream:
        with start(tmp_path, policy(upstream.port, authority.path, client)) as gateway:
            assert exchange(gateway.port, request("GET", "/things")).status == 200
        assert upstream.peers == ["CN=gateway"]
        # TLS 1.3: the client learns of the refusal from an alert or the end of the connection.
        with pytest.raises(OSError, match=r"certificate required|reset|EOF occurred"):
            ask_directly(upstream.port, authority.path)
        assert upstream.peers == ["CN=gateway"]


def test_without_its_certificate_the_gateway_is_turned_away(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "house")
    with (
        serving(authority.issue("upstream"), authority.path) as upstream,
        start(tmp_path, policy(upstream.port, authority.path, None)) as gateway,
    ):
        assert exchange(gateway.port, request("GET", "/things")).status == 502
        assert upstream.peers == []


@pytest.mark.parametrize("flaw", ["authority", "name"])
def test_b218_an_upstream_that_is_not_the_one_is_not_asked(tmp_path: Path, flaw: str) -> None:
    authority = Authority(tmp_path, "house")
    signer = Authority(tmp_path, "stranger") if flaw == "authority" else authority
    address = "127.0.0.2" if flaw == "name" else "127.0.0.1"
    client = authority.issue("gateway")
    with (
        serving(signer.issue("upstream", address=address), authority.path) as upstream,
        start(tmp_path, policy(upstream.port, authority.path, client)) as gateway,
    ):
        reply = exchange(gateway.port, request("GET", "/things"))
        assert reply.status == 502
        assert reply.json()["type"] == "urn:vallum:problem:upstream-failed"
        assert upstream.peers == []
        (record,) = gateway.new_records()
        assert record["reason"] == "upstream.tls"


@pytest.mark.parametrize("what", ["certificate", "authority"])
def test_renewed_files_are_used_without_a_restart(tmp_path: Path, what: str) -> None:
    """Certificates of days are renewed every day, and an authority is withdrawn at once."""
    authority = Authority(tmp_path, "house")
    client = authority.issue("gateway")
    trusted = tmp_path / "trusted.pem"
    shutil.copy(authority.path, trusted)
    with (
        serving(authority.issue("upstream"), authority.path) as upstream,
        start(tmp_path, policy(upstream.port, trusted, client)) as gateway,
    ):
        assert exchange(gateway.port, request("GET", "/things")).status == 200
        if what == "certificate":
            renewed = authority.issue("renewed")
            renewed.certificate.replace(client.certificate)
            renewed.key.replace(client.key)
        else:
            shutil.copy(Authority(tmp_path, "stranger").path, trusted)
        gateway.wait_for_error("vallum: reloaded")
        status = exchange(gateway.port, request("GET", "/things")).status
        assert status == (200 if what == "certificate" else 502)
        assert upstream.peers[1:] == (["CN=renewed"] if what == "certificate" else [])
