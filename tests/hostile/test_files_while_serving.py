"""Files that end, break or are exchanged under a gateway that serves."""

from __future__ import annotations

import base64
import shutil
import socket
import ssl
import time
from pathlib import Path

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.arena import request
from tests.support.contract import API_HOST, DOCUMENT
from tests.support.gateway import PolicyText, create_key, replace_in_policy, start
from tests.support.raw import RawConnection
from tests.support.upstream import RecordingUpstream
from tests.support.waiting import eventually

from vallum.gateway.tls import local_certificate
from vallum.pki.authority import DAY, Signer, issue, private_pem

NAMES = ["localhost", "127.0.0.1", "::1", API_HOST]
RENEWED_BEFORE = 30 * DAY


def _that_lasts(folder: Path, seconds: float) -> int:
    """Another local certificate in the place of the one that is there; its serial number."""
    ca_path, path, key_path = local_certificate(folder, NAMES)
    ca_key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
    old, key = (
        x509.load_pem_x509_certificate(path.read_bytes()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    extension = old.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    new = issue(
        Signer(x509.load_pem_x509_certificate(ca_path.read_bytes()), ca_key),
        key.public_key(),
        common_name="localhost",
        names=list(extension.value),
        usages=("server",),
        serial=4711,
        now=time.time(),
        seconds=seconds,
    )
    key_path.write_bytes(private_pem(key))
    path.write_bytes(new.public_bytes(serialization.Encoding.PEM))
    return new.serial_number


def _served(ca: Path, port: int) -> int:
    """The serial number of the certificate that a new connection gets."""
    context = ssl.create_default_context(cafile=str(ca))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=API_HOST) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def test_the_local_certificate_is_renewed_while_the_gateway_serves(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    # So that it is due a few seconds after the start: at the start it is kept.
    soon = _that_lasts(folder, RENEWED_BEFORE + 10)
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url, tls="local"), workers=2) as gateway,
    ):
        # The policy is of no use by then, and no reload helps.
        replace_in_policy(gateway, "version: 1", "version: [")
        gateway.wait_for_error("reload refused")

        def is_renewed() -> bool:
            return all(_served(folder / "ca.pem", gateway.port) != soon for _ in range(8))

        eventually(is_renewed, "the new certificate on both workers", seconds=30.0)
        certificate = x509.load_pem_x509_certificate((folder / "server.pem").read_bytes())
        assert certificate.not_valid_after_utc.timestamp() > time.time() + 2 * RENEWED_BEFORE


def _status(port: int, path: str, *lines: str) -> int:
    with RawConnection(port) as connection:
        connection.send(request("GET", path, *lines))
        return connection.read().status


def test_b150_a_state_file_that_was_exchanged_lets_nobody_in(tmp_path: Path) -> None:
    """What is revoked is written to the file that is there; workers had gone on with the other."""
    policy = PolicyText(upstream="http://127.0.0.1:9")
    with RecordingUpstream() as upstream:
        policy.upstream = upstream.url
        policy.write(tmp_path)
        line = f"X-API-Key: {create_key(tmp_path, 'robot')}"
        with start(tmp_path, policy) as gateway:
            assert _status(gateway.port, "/private", line) == 200
            state = tmp_path / "state.db"
            shutil.copy(state, tmp_path / "copy.db")
            state.rename(tmp_path / "old.db")
            (tmp_path / "copy.db").rename(state)
            eventually(
                lambda: _status(gateway.port, "/private", line) == 503, "the refusal of keys"
            )
            assert "was replaced or removed" in gateway.errors
            assert gateway.errors.count("was replaced or removed") == 1
            assert _status(gateway.port, "/health") == 200
            assert gateway.records()[-2]["reason"] == "state.replaced"
            # The very file again, and all is well.
            (tmp_path / "old.db").rename(state)
            eventually(lambda: _status(gateway.port, "/private", line) == 200, "the old file")


def test_a_contract_that_a_refused_policy_named_is_read_again_once_it_is_mended(
    tmp_path: Path,
) -> None:
    with (
        RecordingUpstream() as upstream,
        start(tmp_path, PolicyText(upstream=upstream.url)) as gateway,
    ):
        other = tmp_path / "other.json"
        other.write_bytes(b'{"openapi": "3.1.0", "info": 7, "paths": ')
        replace_in_policy(gateway, "openapi: openapi.json", "openapi: other.json")
        gateway.wait_for_error("other.json")
        refusals = gateway.errors.count("reload refused")
        # Broken in another way: said again.
        other.write_bytes(b'{"openapi": "9.9.9"}')
        eventually(
            lambda: gateway.errors.count("reload refused") > refusals, "word of the second mistake"
        )
        other.write_bytes(orjson.dumps(DOCUMENT))
        eventually(lambda: "vallum: reloaded" in gateway.errors, "the mended contract")


def test_a_secret_that_becomes_known_is_refused_at_once(tmp_path: Path) -> None:
    secret = b"a secret of thirty-two bytes or more"
    weak = tmp_path / "weak.txt"
    weak.write_bytes(b"password\n")
    key = {"kty": "oct", "alg": "HS256", "kid": "1", "k": base64.urlsafe_b64encode(secret).decode()}
    key["k"] = key["k"].rstrip("=")
    (tmp_path / "keys.json").write_bytes(orjson.dumps({"keys": [key]}))
    issuers = (
        "issuers: {shop: {issuer: 'https://id.example', audience: api, algorithms: [HS256],"
        " jwks: keys.json, weak_secrets: weak.txt}}"
    )
    operations = {"private": "authenticate: [shop]"}
    with (
        RecordingUpstream() as upstream,
        start(
            tmp_path, PolicyText(upstream=upstream.url, more=issuers, operations=operations)
        ) as gateway,
    ):
        weak.write_bytes(b"password\n" + secret + b"\n")
        said = gateway.wait_for_error("reload")
        assert secret.decode() not in said
