"""The local authority and the TLS settings of both sides, judged by a real TLS client."""

from __future__ import annotations

import datetime
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from vallum.gateway import tls
from vallum.gateway.tls import local_certificate, server_context, upstream_context
from vallum.store.errors import StateUnusable

NAMES = ("localhost", "127.0.0.1", "api.example")


class _Talk:
    """What happened when a client came."""

    version: str | None = None
    alpn: str | None = None
    cipher: str = ""


@contextmanager
def _server(context: ssl.SSLContext) -> Iterator[int]:
    """Accepts connections with `context` and greets whoever completes the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                accepted, _ = listener.accept()
                accepted.settimeout(10)
                try:
                    with context.wrap_socket(accepted, server_side=True) as secured:
                        secured.sendall(b"hello")
                except OSError:
                    accepted.close()

        thread = threading.Thread(target=serve)
        thread.start()
        port: int = listener.getsockname()[1]
        try:
            yield port
        finally:
            stopping.set()
            socket.create_connection(("127.0.0.1", port)).close()
            thread.join(10)


def _talk(port: int, context: ssl.SSLContext, name: str = "localhost") -> _Talk:
    talk = _Talk()
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        assert secured.recv(5) == b"hello"
        talk.version, talk.alpn = secured.version(), secured.selected_alpn_protocol()
        cipher = secured.cipher()
        talk.cipher = cipher[0] if cipher else ""
    return talk


def _client(ca: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(ca))


def _expiring(days: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_LEAF_DAYS", days)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a local authority will live."""
    return tmp_path / "state" / "tls"


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_client_that_trusts_the_local_authority_trusts_each_name(folder: Path) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    with _server(server_context(chain, key)) as port:
        for name in NAMES:
            assert _talk(port, _client(ca), name).version == "TLSv1.3"
        with pytest.raises(ssl.SSLCertVerificationError):
            _talk(port, _client(ca), "other.example")
        with pytest.raises(ssl.SSLCertVerificationError):
            _talk(port, ssl.create_default_context())


def test_certificates_are_kept_across_starts(folder: Path) -> None:
    paths = local_certificate(folder, NAMES)
    before = [path.read_bytes() for path in paths]
    assert local_certificate(folder, tuple(reversed(NAMES))) == paths
    assert [path.read_bytes() for path in paths] == before


@pytest.mark.parametrize(
    "names", [("localhost",), (*NAMES, "new.example"), ("api.example", "::1", "localhost")]
)
def test_other_names_get_a_certificate_of_the_same_authority(
    folder: Path, names: Sequence[str]
) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    authority, old = ca.read_bytes(), chain.read_bytes()
    local_certificate(folder, names)
    assert ca.read_bytes() == authority, "clients that trust it go on to"
    assert chain.read_bytes() != old
    with _server(server_context(chain, key)) as port:
        for name in names:
            _talk(port, _client(ca), name)


def test_a_certificate_is_renewed_before_it_ends(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _expiring(29, monkeypatch)
    ca, chain, _ = local_certificate(folder, NAMES)
    authority, short = ca.read_bytes(), chain.read_bytes()
    monkeypatch.undo()
    local_certificate(folder, NAMES)
    assert chain.read_bytes() != short
    assert ca.read_bytes() == authority
    left = _certificate(chain).not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(days=80) < left < datetime.timedelta(days=91)


def test_an_authority_that_has_ended_is_made_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten_years_ago = time.time() - 3651 * 86_400
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: ten_years_ago)
        local_certificate(folder, NAMES)
    ca, chain, key = local_certificate(folder, NAMES)
    with _server(server_context(chain, key)) as port:
        _talk(port, _client(ca))


@pytest.mark.parametrize(
    ("lost", "how"),
    [
        *((name, "missing") for name in ("server.pem", "server.key", "ca.pem", "ca.key")),
        *((name, "empty") for name in ("server.pem", "server.key")),
        *((name, "of another") for name in ("server.pem", "server.key")),
    ],
)
def test_a_set_of_files_that_does_not_fit_together_is_made_anew(
    folder: Path, tmp_path: Path, lost: str, how: str
) -> None:
    local_certificate(folder, NAMES)
    if how == "missing":
        (folder / lost).unlink()
    elif how == "empty":
        (folder / lost).write_bytes(b"")
    else:
        local_certificate(tmp_path / "other", NAMES)
        shutil.copy(tmp_path / "other" / lost, folder / lost)
    ca, chain, key = local_certificate(folder, NAMES)
    with _server(server_context(chain, key)) as port:
        _talk(port, _client(ca))


@pytest.mark.parametrize("lost", ["ca.pem", "ca.key"])
@pytest.mark.parametrize("how", ["empty", "cut off", "of another", "unreadable"])
def test_an_authority_that_cannot_be_used_is_not_replaced(
    folder: Path, tmp_path: Path, lost: str, how: str
) -> None:
    """Whoever trusts it would be refused from then on, and told to trust another."""
    local_certificate(folder, NAMES)
    path = folder / lost
    if how == "unreadable":
        path.unlink()
        path.mkdir()  # Root may read every file.
    elif how == "of another":
        local_certificate(tmp_path / "other", NAMES)
        shutil.copy(tmp_path / "other" / lost, path)
    else:
        path.write_bytes(b"" if how == "empty" else path.read_bytes()[:100])
    before = {each: each.is_file() and each.read_bytes() for each in folder.iterdir()}
    with pytest.raises(StateUnusable, match=str(path)):
        local_certificate(folder, NAMES)
    assert before == {each: each.is_file() and each.read_bytes() for each in folder.iterdir()}


def test_private_keys_are_for_their_owner_alone(folder: Path) -> None:
    local_certificate(folder, NAMES)
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in ("ca.key", "server.key"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in folder.iterdir()) == [
        "ca.key", "ca.pem", "server.key", "server.pem",
    ]  # fmt: skip


def test_the_certificates_say_what_they_are_for(folder: Path) -> None:
    ca_path, chain, _ = local_certificate(folder, NAMES)
    ca, leaf = _certificate(ca_path), _certificate(chain)
    for certificate, is_ca in ((ca, True), (leaf, False)):
        extensions = certificate.extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert (constraints.critical, constraints.value.ca) == (True, is_ca)
        assert (usage.critical, usage.value.key_cert_sign) == (True, is_ca)
    assert ca.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    leaf.verify_directly_issued_by(ca)
    key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert key.public_key() == ca.public_key()


# --- protocol versions ---------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_b217_old_versions_are_refused(folder: Path, version: ssl.TLSVersion) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    client = _client(ca)
    client.set_ciphers("ALL:@SECLEVEL=0")
    client.minimum_version = client.maximum_version = version
    with _server(server_context(chain, key)) as port, pytest.raises(ssl.SSLError) as caught:
        _talk(port, client)
    # The server says so; the client was ready to go on.
    assert "ALERT_PROTOCOL_VERSION" in str(caught.value)


def test_b217_tls_1_2_has_forward_secrecy_and_authenticated_encryption(folder: Path) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    client = _client(ca)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with _server(server_context(chain, key)) as port:
        talk = _talk(port, client)
        assert talk.version == "TLSv1.2"
        assert talk.cipher.startswith("ECDHE-")
        assert "GCM" in talk.cipher or "CHACHA20" in talk.cipher
        for weak in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"):
            client.set_ciphers(weak)
            with pytest.raises(ssl.SSLError):
                _talk(port, client)


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2", "http/1.1"], "http/1.1"), (["h2"], None), ([], None)]
)
def test_only_http_1_1_is_negotiated(folder: Path, offered: list[str], chosen: str | None) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    client = _client(ca)
    if offered:
        client.set_alpn_protocols(offered)
    with _server(server_context(chain, key)) as port:
        assert _talk(port, client).alpn == chosen


def test_the_listener_allows_no_renegotiation_and_no_compression(folder: Path) -> None:
    _, chain, key = local_certificate(folder, NAMES)
    options = server_context(chain, key).options
    assert options & ssl.OP_NO_RENEGOTIATION
    assert options & ssl.OP_NO_COMPRESSION


def test_a_key_of_another_certificate_is_refused(folder: Path, tmp_path: Path) -> None:
    _, chain, _ = local_certificate(folder, NAMES)
    _, _, other_key = local_certificate(tmp_path / "other", NAMES)
    with pytest.raises(ssl.SSLError):
        server_context(chain, other_key)
    with pytest.raises(OSError, match="No such file"):
        server_context(chain, tmp_path / "none.key")


# --- upstream ------------------------------------------------------------------------------------


def test_b218_an_upstream_is_verified_by_path_and_name(folder: Path, tmp_path: Path) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    other_ca, _, _ = local_certificate(tmp_path / "other", NAMES)
    with _server(server_context(chain, key)) as port:
        assert _talk(port, upstream_context(ca)).version == "TLSv1.3"
        for context, name in (
            (upstream_context(ca), "wrong.example"),
            (upstream_context(other_ca), "localhost"),
            (upstream_context(None), "localhost"),
        ):
            assert context.verify_mode is ssl.CERT_REQUIRED
            assert context.check_hostname
            with pytest.raises(ssl.SSLCertVerificationError):
                _talk(port, context, name)


def test_an_upstream_is_shown_our_certificate(folder: Path, tmp_path: Path) -> None:
    ca, chain, key = local_certificate(folder, NAMES)
    _, stranger, stranger_key = local_certificate(tmp_path / "other", NAMES)
    asking = server_context(chain, key)
    asking.verify_mode = ssl.CERT_REQUIRED
    asking.load_verify_locations(ca)
    # The local certificate is one of a server; that is not what is judged here.
    asking.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    with _server(asking) as port:
        for context in (upstream_context(ca), upstream_context(ca, stranger, stranger_key)):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                _talk(port, context)
