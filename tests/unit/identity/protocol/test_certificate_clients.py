"""Clients that prove who they are by a certificate, and tokens that are bound to one."""

from __future__ import annotations

import base64
from ipaddress import ip_address
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID
from tests.support.oauth import TOKEN, add_client, add_public, basic, claims
from tests.support.pki import make, san
from tests.support.provider import Provider

from vallum.identity.protocol.certificates import is_registered
from vallum.tokens.thumbprint import base64url_digest

FORM = {"grant_type": "client_credentials", "client_id": "bank"}


def _certificate(*names: x509.GeneralName, common: str = "bank") -> bytes:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Bank"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )
    return make(subject, None, *([san(*names)] if names else ())).der


def _field(certificate: bytes) -> dict[str, str]:
    return {"client-cert": f":{base64.b64encode(certificate).decode()}:"}


def _post(provider: Provider, certificate: bytes | None, **extra: str) -> Any:
    fields = {} if certificate is None else _field(certificate)
    return provider.client.post(TOKEN, data=FORM | extra, headers=fields)


FULL = (
    x509.DNSName("bank.example"),
    x509.UniformResourceIdentifier("spiffe://bank.example/pay"),
    x509.IPAddress(ip_address("2001:db8::1")),
    x509.RFC822Name("pay@bank.example"),
)


def test_one_attribute_is_compared_exactly() -> None:
    certificate = _certificate(*FULL)
    for attribute in (
        {"subject_dn": "CN=bank,O=Bank"},
        {"san_dns": "bank.example"},
        {"san_uri": "spiffe://bank.example/pay"},
        {"san_ip": "2001:db8::1"},
        {"san_email": "pay@bank.example"},
        {"sha256": base64url_digest(certificate)},
    ):
        assert is_registered(certificate, attribute)
    for other in (
        None,
        {},
        {"san_dns": ""},
        {"san_dns": "example"},
        {"san_dns": "BANK.example"},
        {"san_uri": "bank.example"},
        {"san_ip": "2001:db8::2"},
        {"subject_dn": "CN=bank"},
        {"subject_cn": "bank"},
        {"sha256": base64url_digest(b"")},
        {"san_dns": "bank.example", "san_email": "pay@bank.example"},
    ):
        assert not is_registered(certificate, other)
    assert not is_registered(b"no certificate", {"san_dns": "bank.example"})
    assert not is_registered(_certificate(), {"san_dns": "bank"})


def test_a_client_by_its_verified_certificate(provider: Provider) -> None:
    add_client(
        provider,
        "bank",
        auth_method="tls_client_auth",
        certificate={"san_dns": "bank.example"},
        binding="mtls",
    )
    good = _certificate(*FULL)
    answer = _post(provider, good)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert claims(answer.json()["access_token"])["cnf"] == {"x5t#S256": base64url_digest(good)}
    for certificate in (None, _certificate(x509.DNSName("evil.example")), b"", b"junk"):
        assert _post(provider, certificate).json()["error"] == "invalid_client"
    for value in ("junk", ":!!:", "::"):
        broken = provider.client.post(TOKEN, data=FORM, headers={"client-cert": value})
        assert broken.json()["error"] == "invalid_client"
    # Another way to prove itself is not its own, certificate or not (B-178).
    assert _post(provider, good, client_secret="x").json()["error"] == "invalid_client"


def test_b203_a_self_signed_certificate_is_known_by_its_digest_alone(provider: Provider) -> None:
    certificate = _certificate(*FULL)
    add_client(
        provider,
        "bank",
        auth_method="self_signed_tls_client_auth",
        certificate={"sha256": base64url_digest(certificate)},
    )
    add_client(
        provider,
        "wrong",
        auth_method="self_signed_tls_client_auth",
        certificate={"san_dns": "bank.example"},
    )
    assert _post(provider, certificate).status_code == 200
    assert _post(provider, _certificate(*FULL)).json()["error"] == "invalid_client"
    assert _post(provider, certificate, client_id="wrong").json()["error"] == "invalid_client"


def test_a_certificate_proves_nothing_for_clients_of_other_methods(provider: Provider) -> None:
    add_client(provider, "bank")
    add_public(provider, "spa", grants=("client_credentials",))
    assert _post(provider, _certificate(*FULL)).json()["error"] == "invalid_client"
    answer = _post(provider, _certificate(*FULL), client_id="spa")
    assert answer.json()["error"] == "unauthorized_client"


def test_a_client_with_a_secret_may_bind_its_tokens_to_a_certificate(provider: Provider) -> None:
    add_client(provider, "bank", binding="mtls")
    certificate = _certificate()
    form = {"grant_type": "client_credentials"}
    headers = basic("bank") | _field(certificate)
    answer = provider.client.post(TOKEN, data=form, headers=headers).json()
    assert claims(answer["access_token"])["cnf"] == {"x5t#S256": base64url_digest(certificate)}
