"""A gateway that asks for client certificates, and clients that show them."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.support.arena import request
from tests.support.contract import API_HOST
from tests.support.gateway import Gateway, PolicyText
from tests.support.pki import Holder
from tests.support.raw import Closed, RawConnection, Reply
from tests.support.upstream import RecordingUpstream

OPERATIONS: Mapping[str, str] = {
    "private": "authenticate: mtls, scopes: [x]",
    "admin": "authenticate: 'mtls:partners'",
    "adminUsers": "authenticate: [api_key, mtls]",
    "getUser": "public: true, require_mtls: true",
    "token": "authenticate: mesh, scopes: [x]",
}
"""Beside these everything is public."""

WORKLOADS = """workloads:
  billing: {match: {uri: 'spiffe://td.example/billing'}, scopes: [x]}
  named: {match: {dns: named.example}, scopes: [x]}
  mailed: {match: {email: ops@mail.example}, scopes: [x]}
  subject: {match: {subject: 'CN=subject'}, scopes: [x]}
  poor: {match: {dns: poor.example}}
  partner: {trust: partners, match: {dns: named.example}}
  meshed: {trust: mesh, match: {uri: 'spiffe://td.example/billing'}, scopes: [x]}
issuers: {mesh: {issuer: 'spiffe://td.example', audience: api, jwks: bundle.json}}"""


def certificates(require: str = "false", more: str = "") -> str:
    """The key of the listener, for files of these names beside the policy."""
    return (
        f", client_certificates: {{require: {require}, ca: ca.pem{more},"
        " trust: {partners: {ca: partners.pem}}}"
    )


def trusting(gateway: Gateway) -> ssl.SSLContext:
    """A client that trusts the gateway's own authority and shows no certificate."""
    return ssl.create_default_context(cafile=str(gateway.folder / "tls/ca.pem"))


def context_of(gateway: Gateway, holder: Holder | None, folder: Path) -> ssl.SSLContext:
    """A client that shows a certificate."""
    context = trusting(gateway)
    context.check_hostname = False
    context.set_ciphers("ALL:@SECLEVEL=0")  # It is for the gateway to refuse weak keys.
    if holder is not None:
        pair = holder.write(folder, "shown")
        context.load_cert_chain(pair.certificate, pair.key)
    return context


class Refused(Exception):  # noqa: N818  (what the test waits for)
    """The handshake failed, or the connection ended without an answer."""


class Site:
    """A running gateway and its clients."""

    def __init__(self, gateway: Gateway, upstream: RecordingUpstream, folder: Path) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self._folder = folder

    def connect(
        self, holder: Holder | None, *, context: ssl.SSLContext | None = None, name: str = API_HOST
    ) -> RawConnection:
        """A connection of a client.

        Raises:
            Refused: the handshake failed.
        """
        if context is None:
            context = context_of(self.gateway, holder, self._folder)
        try:
            return RawConnection(self.gateway.port, context=context, server_name=name)
        except (ssl.SSLError, ConnectionError) as error:
            raise Refused(str(error)) from error

    def ask(
        self, holder: Holder | None, target: str = "/private", *lines: str, name: str = API_HOST
    ) -> Reply:
        """One request on a connection of its own.

        Raises:
            Refused: there is no answer. In TLS 1.3 clients hear of it after the handshake.
        """
        with self.connect(holder, name=name) as connection:
            return ask(connection, target, *lines)

    def reason(self) -> str:
        """Why the last exchange was refused, by its record."""
        return str(self.gateway.records()[-1]["reason"])

    def refused(self, holder: Holder | None, target: str = "/private") -> str:
        """Show that a client gets nothing: `handshake`, or the reason in the record."""
        before = len(self.gateway.records())
        try:
            reply = self.ask(holder, target)
        except Refused:
            assert len(self.gateway.records()) == before, "nobody asked anything"
            return "handshake"
        assert reply.status == 401, reply
        assert reply.all("www-authenticate")
        return self.reason()


def ask(connection: RawConnection, target: str = "/private", *lines: str) -> Reply:
    """One request on an open connection.

    Raises:
        Refused: the connection ended.
    """
    try:
        connection.send(request("GET", target, *lines))
        return connection.read()
    except (ssl.SSLError, ConnectionError, Closed) as error:
        raise Refused(str(error)) from error


@contextmanager
def site(
    folder: Path,
    *,
    listen: str,
    operations: Mapping[str, str] = OPERATIONS,
    workloads: str = WORKLOADS,
    workers: int = 1,
    more: str = "",
) -> Iterator[Site]:
    """A gateway with these settings; the files that they name are in `folder` already."""
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=f"{{url: {upstream.url}, client_cert: true}}",
            tls="local",
            listen_more=listen,
            operations=operations,
            more=workloads + more,
        )
        policy.write(folder)
        with Gateway(folder, workers=workers) as gateway:
            yield Site(gateway, upstream, folder)
