"""TLS on the listener, with the local certificate authority."""

from __future__ import annotations

import ssl
import warnings
from pathlib import Path

import pytest
from tests.support.arena import post_json, request
from tests.support.contract import API_HOST
from tests.support.gateway import Gateway, PolicyText, start
from tests.support.raw import RawConnection
from tests.support.streams import MIB, put, stream_down
from tests.support.upstream import (
    BEGINNING,
    RecordingUpstream,
)


def local_context(gateway: Gateway) -> ssl.SSLContext:
    """A client that trusts the gateway's own local CA and nothing else."""
    (ca,) = gateway.folder.rglob("ca.pem")
    return ssl.create_default_context(cafile=str(ca))


def outdated_context(gateway: Gateway) -> ssl.SSLContext:
    """The same client, speaking TLS 1.0 and 1.1 only."""
    context = local_context(gateway)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def test_tls_local(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, tls="local", hosts="")
        with start(tmp_path, policy) as gateway:
            assert gateway.scheme == "https"
            context = local_context(gateway)
            for name in ("localhost", "127.0.0.1"):
                with RawConnection(gateway.port, context=context, server_name=name) as connection:
                    host = f"{name}:{gateway.port}"
                    for _ in range(3):
                        connection.send(request("GET", "/health", host=host))
                        reply = connection.read()
                        assert reply.status == 200
                        assert reply.get("strict-transport-security")
                    connection.send(
                        post_json(b'{"name":"a"}').replace(API_HOST.encode(), host.encode())
                    )
                    assert connection.read().status == 200
            (*_, received) = upstream.requests_since(BEGINNING)
            assert received.get("x-forwarded-proto") == b"https"
            ca_before = next(tmp_path.rglob("ca.pem")).read_bytes()
        with start(tmp_path, policy) as gateway:
            assert next(tmp_path.rglob("ca.pem")).read_bytes() == ca_before, "the CA is kept"
            for key in tmp_path.rglob("*.key"):
                assert key.stat().st_mode & 0o077 == 0, "private keys are private"


def test_tls_refuses_old_versions_and_plain_http(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, tls="local")
        with start(tmp_path, policy) as gateway:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                RawConnection(gateway.port, context=outdated_context(gateway))
            with RawConnection(gateway.port) as connection:
                connection.send(request("GET", "/health"))
                assert b"HTTP/1.1 200" not in connection.read_to_end()
            good = local_context(gateway)
            with RawConnection(gateway.port, context=good) as connection:
                connection.send(request("GET", "/health"))
                assert connection.read().status == 200
                assert isinstance(connection.socket, ssl.SSLSocket)
                assert connection.socket.version() == "TLSv1.3"


def test_tls_large_streams(tmp_path: Path) -> None:
    with RecordingUpstream() as upstream:
        upstream.answers[b"/blobs/stream"] = stream_down(8 * MIB, b"Content-Length: 8388608\r\n")
        policy = PolicyText(upstream=upstream.url, tls="local", body="16MiB")
        with start(tmp_path, policy) as gateway:
            context = local_context(gateway)
            with RawConnection(gateway.port, context=context) as connection:
                connection.send(request("GET", "/blobs/stream"))
                assert len(connection.read().body) == 8 * MIB
                upstream.answers.clear()
                connection.send(put(8 * MIB), b"u" * (8 * MIB))
                assert connection.read().status == 200
