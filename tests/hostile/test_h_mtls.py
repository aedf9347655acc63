"""Hostile cases H, client certificates: B-203 to B-206, over real TLS."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jws
from tests.support.arena import request
from tests.support.gateway import create_key
from tests.support.minting import jwks, make_key, public_jwk
from tests.support.mtls import Refused, Site, ask, certificates, context_of, site
from tests.support.pki import (
    CLIENT,
    HOUR,
    NOW,
    SERVER,
    Holder,
    authority,
    client,
    crl,
    crl_pem,
    make,
    san,
    usage,
)
from tests.support.upstream import BEGINNING

ROOT = authority("Own CA")
PARTNERS = authority("Partners CA")
TWIN = authority("Own CA")
USED = (CLIENT, False)
NAMED = x509.DNSName("named.example")
SVID = x509.UniformResourceIdentifier("spiffe://td.example/billing")
REVOKED = client(ROOT, "revoked", NAMED)
KEY = make_key("ES256")
SELF_SIGNED = make("subject", None, USED)


def write_files(folder: Path) -> None:
    ROOT.write_alone(folder / "ca.pem")
    PARTNERS.write_alone(folder / "partners.pem")
    SELF_SIGNED.write_alone(folder / "single.pem")
    (folder / "bundle.json").write_bytes(jwks(public_jwk(KEY, use="jwt-svid")))
    (folder / "ca.crl").write_bytes(crl_pem(crl(ROOT, REVOKED.certificate.serial_number)))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that asks for certificates and takes connections without one."""
    folder = tmp_path_factory.mktemp("asked")
    write_files(folder)
    more = ", crl: ca.crl, self_signed: single.pem"
    with site(folder, listen=certificates(more=more)) as found:
        yield found


@pytest.fixture(scope="module")
def required(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that serves nobody without a certificate."""
    folder = tmp_path_factory.mktemp("required")
    write_files(folder)
    with site(folder, listen=certificates("true")) as found:
        yield found


GOOD: dict[str, Callable[[], Holder]] = {
    "by URI": lambda: client(ROOT, "c", SVID),
    "by DNS name": lambda: client(ROOT, "c", NAMED),
    "by mailbox": lambda: client(ROOT, "c", x509.RFC822Name("ops@mail.example")),
    "by subject": lambda: make("subject", ROOT, USED),
    "several names": lambda: client(ROOT, "c", x509.DNSName("other.example"), NAMED),
    "self-signed and listed": lambda: SELF_SIGNED,
}


@pytest.mark.parametrize("case", GOOD)
def test_workloads_are_let_in(asked: Site, case: str) -> None:
    reply = asked.ask(GOOD[case]())
    assert reply.status == 200, (reply, asked.reason())
    assert ":mtls:default:" in asked.gateway.records()[-1]["principal"]


def test_without_a_certificate(asked: Site) -> None:
    assert asked.ask(None, "/health").status == 200
    assert asked.refused(None) == "auth.none"


def test_scopes_of_workloads(asked: Site) -> None:
    assert asked.ask(client(ROOT, "c", x509.DNSName("poor.example"))).status == 403


def behind(between: Holder) -> Holder:
    return make("c", between, USED, san(NAMED), chain=[between.certificate])


def _intermediate(**more: object) -> Holder:
    return make("Between", ROOT, ca=True, **more)  # type: ignore[arg-type]


BAD: dict[str, Callable[[], Holder]] = {
    "for servers": lambda: make("c", ROOT, (SERVER, False), san(NAMED)),
    "for any purpose": lambda: make(
        "c",
        ROOT,
        (x509.ExtendedKeyUsage([x509.ObjectIdentifier("2.5.29.37.0")]), False),
        san(NAMED),
    ),
    "an authority": lambda: make("c", ROOT, USED, san(NAMED), ca=True),
    "may sign certificates": lambda: make("c", ROOT, USED, san(NAMED), key_usage=usage(signs=True)),
    "expired": lambda: make("c", ROOT, USED, san(NAMED), ends=NOW - HOUR / 2),
    "not yet valid": lambda: make("c", ROOT, USED, san(NAMED), begins=NOW + HOUR),
    "revoked": lambda: REVOKED,
    "by another authority of this name": lambda: client(TWIN, "c", NAMED),
    "self-signed": lambda: make("c", None, USED, san(NAMED)),
    "self-signed, of a listed name": lambda: make("subject", None, USED),
    "by a listed self-signed one": lambda: make("c", SELF_SIGNED, USED, san(NAMED)),
    "by a leaf": lambda: behind(client(ROOT, "leaf")),
    "by an expired intermediate": lambda: behind(_intermediate(ends=NOW - HOUR / 2)),
    "by an intermediate without a list": lambda: behind(_intermediate()),
    "path too long": lambda: make(
        "c",
        inner := make("Inner", outer := _intermediate(path_length=0), ca=True),
        USED,
        san(NAMED),
        chain=[inner.certificate, outer.certificate],
    ),
    "outside of name constraints": lambda: behind(
        make(
            "Between",
            ROOT,
            (x509.NameConstraints([x509.DNSName("elsewhere.example")], None), True),
            ca=True,
        )
    ),
    "RSA of 1024 bits": lambda: make(
        "c",
        ROOT,
        USED,
        san(NAMED),
        key=rsa.generate_private_key(65537, 1024),  # noqa: S505
    ),
    "critical unknown extension": lambda: make(
        "c",
        ROOT,
        USED,
        san(NAMED),
        (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999"), b"\x05\x00"), True),
    ),
}


@pytest.mark.parametrize("target", ["/private", "/health"])
@pytest.mark.parametrize("case", BAD)
def test_b204_mtls_eku_chain(asked: Site, case: str, target: str) -> None:
    """Refused where it is needed, and where anybody may call: a bad certificate is no accident."""
    mark = asked.upstream.mark()
    holder = BAD[case]()
    assert asked.refused(holder, target).startswith(("handshake", "mtls."))
    assert not asked.upstream.requests_since(mark)
    asked.gateway.assert_healthy()


def test_b204_mtls_eku_chain_required_connections(required: Site) -> None:
    assert required.refused(None, "/health") == "handshake"
    assert required.refused(client(TWIN, "c", NAMED), "/health") == "handshake"
    assert required.refused(make("c", ROOT, (SERVER, False)), "/health") in (
        "handshake",
        "mtls.usage",
    )
    assert required.ask(client(ROOT, "c", NAMED), "/health").status == 200
    assert required.ask(client(ROOT, "c", NAMED)).status == 200


def test_b203_mtls_ca_confusion_trust_of_the_route(asked: Site) -> None:
    """The same name by another authority of the listener is another caller, or none."""
    own, foreign = client(ROOT, "c", NAMED), client(PARTNERS, "c", NAMED)
    assert asked.ask(own).status == 200
    assert asked.ask(foreign, "/admin").status == 200
    assert asked.refused(foreign) == "auth.none"
    assert asked.refused(own, "/admin") == "auth.none"
    principals = [record["principal"] for record in asked.gateway.records()[-4:-2]]
    assert principals == ["12:mtls:default:workload:named", "13:mtls:partners:workload:partner"]


@pytest.mark.parametrize(
    "holder",
    [
        lambda: make("named.example", ROOT, USED),
        lambda: make("spiffe://td.example/billing", ROOT, USED),
        lambda: client(ROOT, "c", x509.DNSName("other.named.example")),
        lambda: client(ROOT, "c", x509.DNSName("named.example.other")),
        lambda: client(ROOT, "c", x509.UniformResourceIdentifier("dns:named.example")),
        lambda: client(ROOT, "c", x509.RFC822Name("other@mail.example")),
        lambda: make("Subject", ROOT, USED),
        lambda: client(ROOT, "c", x509.IPAddress(ipaddress.ip_address("10.0.0.1"))),
    ],
)
def test_b203_mtls_ca_confusion_other_attributes(asked: Site, holder: Callable[[], Holder]) -> None:
    assert asked.refused(holder()) == "mtls.unknown-workload"


def test_b203_mtls_ca_confusion_two_workloads(asked: Site) -> None:
    both = client(ROOT, "c", NAMED, x509.DNSName("poor.example"))
    assert asked.refused(both) == "mtls.two-workloads"


def uri(text: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(text)


@pytest.mark.parametrize(
    "names",
    [
        [x509.DNSName("named.example\0.evil.example")],
        [x509.DNSName("*.example")],
        [x509.DNSName("NAMED.example")],
        [SVID, uri("spiffe://td.example/other")],
        [SVID, uri("https://td.example")],
        [uri("spiffe://TD.example/billing")],
        [uri("SPIFFE://td.example/billing")],
        [uri("spiffe://td.example/x/../billing")],
        [uri("spiffe://td.example/%62illing")],
        [uri("spiffe://td.example//billing")],
        [uri("spiffe://td.example/billing/")],
        [uri("spiffe://td.example/billing?x")],
        [uri("spiffe://td.example/billing#x")],
        [uri("spiffe://td.example:443/billing")],
        [uri("spiffe://u@td.example/billing")],
        [uri("spiffe://td.example")],
        [uri("spiffe://td.example/billing\0")],
        [uri("spiffe://td.example/" + "b" * 3072)],
    ],
)
def test_b206_spiffe_parse_b203_odd_names(asked: Site, names: Sequence[x509.GeneralName]) -> None:
    assert asked.refused(client(ROOT, "c", *names)) in (
        "handshake",
        "mtls.names",
        "mtls.spiffe",
    )


def svid(**changes: object) -> str:
    """A field with a JWT-SVID of the mesh; a change to `...` leaves a claim out."""
    claims = {"sub": "spiffe://td.example/billing", "aud": ["api"], "exp": time.time() + 300}
    content = {name: value for name, value in (claims | changes).items() if value is not ...}
    header = {"alg": "ES256", "kid": "k1", "typ": "JWT"}
    token = jws.serialize_compact(header, json.dumps(content).encode(), KEY)
    return f"Authorization: Bearer {token}"


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("jwt.audience", {"aud": ...}),
        ("jwt.audience", {"aud": ["other"]}),
        ("jwt.expired", {"exp": ...}),
        ("jwt.expired", {"exp": 1}),
        ("jwt.subject", {"sub": "spiffe://td.example/other"}),
        ("jwt.issuer", {"sub": "spiffe://TD.example/billing"}),
        ("jwt.issuer", {"sub": "spiffe://td.example/x/../billing"}),
        ("jwt.issuer", {"sub": "spiffe://other.example/billing"}),
        ("jwt.issuer", {"sub": "spiffe://td.example"}),
    ],
)
def test_b206_spiffe_parse_tokens(asked: Site, reason: str, changes: dict[str, object]) -> None:
    assert asked.ask(None, "/token", svid()).status == 200
    assert asked.gateway.records()[-1]["principal"].endswith(":workload:meshed")
    assert asked.ask(None, "/token", svid(**changes)).status == 401
    assert asked.reason() == reason


def test_b206_spiffe_parse_authority_as_workload(asked: Site) -> None:
    holder = make("c", ROOT, USED, san(SVID), ca=True)
    assert asked.refused(holder) in ("handshake", "mtls.leaf-is-ca")


def test_b205_mtls_optional_requirement_is_the_routes(asked: Site) -> None:
    """`require_mtls` holds on a listener that only asks, beside any other credential."""
    assert asked.refused(None, "/users/1") == "mtls.no-certificate"
    assert asked.ask(client(ROOT, "c", x509.DNSName("anybody.example")), "/users/1").status == 200


def test_b205_mtls_optional_keys_beside_certificates(asked: Site) -> None:
    key = create_key(asked.gateway.folder, "webshop")
    assert asked.ask(None, "/admin/users", f"x-api-key: {key}").status == 200
    holder = client(ROOT, "c", NAMED)
    assert asked.ask(holder, "/admin/users").status == 200
    assert asked.ask(holder, "/admin/users", f"x-api-key: {key}").status == 200
    principal = asked.gateway.records()[-1]["principal"]
    assert "vallum:keys" in principal, "what the caller shows itself counts"
    assert asked.ask(holder, "/admin/users", "x-api-key: vk_wrong").status == 401


def test_b205_mtls_optional_other_name_than_the_connections(asked: Site) -> None:
    holder = client(ROOT, "c", NAMED)
    assert asked.ask(holder, name="other.example").status == 421
    with asked.connect(holder) as connection:
        assert ask(connection).status == 200
        connection.send(request("GET", "/private", host="localhost"))
        assert connection.read().status == 421


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_b205_mtls_optional_resumption_carries_the_certificate(
    asked: Site, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """A resumed session is the caller that it was, or is not resumed; never somebody else."""
    context = context_of(asked.gateway, client(ROOT, "c", NAMED), tmp_path)
    context.maximum_version = version
    with asked.connect(None, context=context) as first:
        assert ask(first).status == 200
        assert isinstance(first.socket, ssl.SSLSocket)
        session = first.socket.session
        first.socket = first.socket.unwrap()
    if session is None or not session.id:
        assert version is ssl.TLSVersion.TLSv1_3
        return
    assert not session.has_ticket
    plain = socket.create_connection(("127.0.0.1", asked.gateway.port))
    with context.wrap_socket(plain, server_hostname="api.example", session=session) as resumed:
        resumed.sendall(request("GET", "/private"))
        assert resumed.recv(64).startswith(b"HTTP/1.1 200")


def test_client_cert_is_told_to_the_upstream_and_never_taken_from_clients(asked: Site) -> None:
    holder = client(ROOT, "c", NAMED)
    forged = base64.b64encode(b"forged").decode()
    spoofs = [
        f"Client-Cert: :{forged}:",
        f"Client-Cert-Chain: :{forged}:",
        f"X-Client-Cert: {forged}",
        f"X-Forwarded-Client-Cert: Hash={forged};Subject=admin",
        f"SSL-Client-Cert: {forged}",
        "SSL-Client-Verify: SUCCESS",
        f"X-SSL-Client-Cert: {forged}",
        f"X-ARR-ClientCert: {forged}",
        "X-Client-Verify: SUCCESS",
        "X-SPIFFE-Id: spiffe://td.example/billing",
    ]
    for shown in (None, holder):
        mark = asked.upstream.mark()
        assert asked.ask(shown, "/health", *spoofs).status == 200
        (received,) = asked.upstream.requests_since(mark)
        values = [value for name, value in received.fields if name.lower() == "client-cert"]
        if shown is None:
            assert values == []
        else:
            assert values == [b":" + base64.b64encode(holder.der) + b":"]
        everything = b"".join(value for _, value in received.fields)
        assert forged.encode() not in everything
        assert b"SUCCESS" not in everything
        assert b"spiffe" not in everything


def test_b202_mtls_thumb_certificate_in_a_field_is_none(asked: Site) -> None:
    der = base64.b64encode(client(ROOT, "c", NAMED).der).decode()
    for line in (
        f"Client-Cert: :{der}:",
        f"X-Forwarded-Client-Cert: {der}",
        f"ssl-client-cert: {der}",
    ):
        assert asked.ask(None, "/private", line).status == 401
    assert asked.upstream.requests_since(BEGINNING) is not None
    with pytest.raises(Refused):
        asked.ask(client(TWIN, "c", NAMED))


def test_refused_certificates_are_no_guesses(asked: Site) -> None:
    """A program with an expired certificate locks out nobody at its address."""
    for _ in range(35):
        with pytest.raises(Refused):
            asked.ask(client(TWIN, "c", NAMED))
        assert asked.refused(REVOKED) == "mtls.revoked"
    assert asked.ask(None, "/token", svid()).status == 200


def thumbprint(holder: Holder, *, padded: bool = False) -> str:
    text = base64.urlsafe_b64encode(hashlib.sha256(holder.der).digest()).decode()
    return text if padded else text.rstrip("=")


def test_b202_mtls_thumb(asked: Site) -> None:
    """A bound token is worth nothing without the certificate of its connection (RFC 8705 §3)."""
    own, other = client(ROOT, "c", NAMED), client(ROOT, "c", NAMED)
    renewed = make("c", ROOT, USED, san(NAMED), key=own.key)
    bound = svid(cnf={"x5t#S256": thumbprint(own)})
    assert asked.ask(own, "/token", bound).status == 200
    for holder, reason in (
        (None, "mtls.no-certificate"),
        (other, "mtls.other-certificate"),
        (renewed, "mtls.other-certificate"),
    ):
        assert asked.ask(holder, "/token", bound).status == 401
        assert asked.reason() == reason
    der = base64.b64encode(own.der).decode()
    assert asked.ask(None, "/token", bound, f"Client-Cert: :{der}:").status == 401
    assert asked.ask(other, "/token", bound, f"X-SSL-Client-Cert: {der}").status == 401


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda holder: thumbprint(holder, padded=True),
        lambda holder: thumbprint(holder).lower(),
        lambda holder: hashlib.sha256(holder.der).hexdigest(),
        lambda holder: base64.b64encode(hashlib.sha1(holder.der).digest()).decode(),  # noqa: S324
        lambda _: "",
    ],
)
def test_b202_mtls_thumb_spelled_otherwise(asked: Site, spoiled: Callable[[Holder], str]) -> None:
    own = client(ROOT, "c", NAMED)
    assert asked.ask(own, "/token", svid(cnf={"x5t#S256": spoiled(own)})).status == 401
