"""`vallum ca`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.pki import named

from vallum.cli.main import main
from vallum.pki.errors import RefusedCertificate
from vallum.pki.trust import Trust, Trusts


class CA:
    """The command in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *arguments: str, exits: int = 0) -> Result:
        command = ["ca", *arguments, "--state", str(self.folder / "state.db")]
        if arguments[0] in ("issue", "renew"):
            command += ["--out", str(self.folder)]
        done = CliRunner().invoke(main, command)
        assert done.exit_code == exits, done.output
        return done

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def leaf(self, name: str) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.folder / f"{name}.pem").read_bytes())

    def trust(self) -> Trusts:
        """What a gateway makes of the authority's files."""
        certificate = x509.load_pem_x509_certificate((self.folder / "ca/ca.pem").read_bytes())
        crl = x509.load_pem_x509_crl((self.folder / "ca/ca.crl").read_bytes())
        return Trusts([Trust("default", authorities=[certificate], crls=[crl])])

    def judge(self, leaf: x509.Certificate) -> None:
        now = (leaf.not_valid_before_utc.timestamp() + leaf.not_valid_after_utc.timestamp()) / 2
        now = min(now, leaf.not_valid_before_utc.timestamp() + 3600)
        self.trust().judge(leaf.public_bytes(serialization.Encoding.DER), (), now)


@pytest.fixture
def ca(tmp_path: Path) -> CA:
    made = CA(tmp_path)
    made.run("init", "--permit", "dns:shop.internal")
    return made


def test_the_life_of_a_certificate(ca: CA) -> None:
    uri = "uri:spiffe://shop.internal/billing"
    issued = ca.json("issue", "billing", "--san", uri, "--days", "1")
    assert issued["state"] == "valid"
    assert issued["names"] == [uri]
    first = ca.leaf("billing")
    assert f"{first.serial_number:x}" == issued["serial"]
    assert first.serial_number.bit_length() >= 120
    ca.judge(first)
    ca.json("renew", "billing")
    second = ca.leaf("billing")
    assert second.serial_number != first.serial_number
    assert second.public_key() != first.public_key()
    ca.judge(first)
    ca.judge(second)
    ca.run("revoke", issued["serial"])
    ca.judge(second)
    with pytest.raises(RefusedCertificate, match="revoked"):
        ca.judge(first)
    assert [each["state"] for each in ca.json("list")] == ["revoked", "valid"]
    ca.run("revoke", "billing")
    with pytest.raises(RefusedCertificate, match="revoked"):
        ca.judge(second)
    assert [each["state"] for each in ca.json("list")] == ["revoked", "revoked"]
    assert "billing" in ca.run("list").output


def test_keys_are_private(ca: CA) -> None:
    ca.run("issue", "billing")
    for name in ("ca/ca.key", "billing.key", "ca/issued.json"):
        assert (ca.folder / name).stat().st_mode & 0o777 == 0o600
    assert (ca.folder / "ca").stat().st_mode & 0o777 == 0o700
    assert b"PRIVATE" not in (ca.folder / "ca/issued.json").read_bytes()


def test_the_authority_signs_leaves_of_its_domains_only(ca: CA) -> None:
    certificate = x509.load_pem_x509_certificate((ca.folder / "ca/ca.pem").read_bytes())
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    assert "may not sign" in ca.run("issue", "evil", "--san", "dns:evil.example", exits=1).stderr
    assert not (ca.folder / "evil.pem").exists()
    assert ca.json("list") == []


def test_a_request_proves_its_key_and_chooses_no_name(ca: CA) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    wanted = x509.SubjectAlternativeName([x509.DNSName("admin.shop.internal")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(named("admin"))
    request = builder.add_extension(wanted, critical=False).sign(key, hashes.SHA256())
    path = ca.folder / "a.csr"
    path.write_bytes(request.public_bytes(serialization.Encoding.PEM))
    ca.run("issue", "billing", "--csr", str(path), "--san", "dns:billing.shop.internal")
    leaf = ca.leaf("billing")
    assert leaf.public_key() == key.public_key()
    assert leaf.subject == named("billing")
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("billing.shop.internal")]
    assert not (ca.folder / "billing.key").exists()
    path.write_bytes(b"nothing")
    assert (
        "no certificate request" in ca.run("renew", "billing", "--csr", str(path), exits=1).stderr
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("issue", "../evil"),
        ("issue", "billing", "--san", "dns:*.shop.internal"),
        ("issue", "billing", "--san", "uri:spiffe://TD/x"),
        ("issue", "billing", "--san", "uri:spiffe://td/../x"),
        ("issue", "billing", "--san", "ip:127.0.0.1"),
        ("issue", "billing", "--days", "0"),
        ("issue", "billing", "--days", "1000"),
        ("init", "--permit", "uri:x"),
    ],
)
def test_wrong_arguments(ca: CA, arguments: tuple[str, ...]) -> None:
    ca.run(*arguments, exits=2)


def test_what_cannot_be_done(ca: CA, tmp_path: Path) -> None:
    assert "already" in ca.run("init", exits=1).stderr
    ca.run("issue", "billing")
    assert "overlaps" in ca.run("issue", "billing", exits=1).stderr
    assert "did you mean `billing`" in ca.run("renew", "biling", exits=1).stderr
    assert "nothing was issued" in ca.run("revoke", "other", exits=1).stderr
    assert "vallum ca init" in CA(tmp_path / "elsewhere").run("list", exits=1).stderr
    (ca.folder / "ca/issued.json").write_text("{}")
    assert "damaged" in ca.run("revoke", "billing", exits=1).stderr


def test_the_policy_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that cannot be used before there is an authority."""
    monkeypatch.chdir(tmp_path)
    policy = tmp_path / "vallum.yaml"
    policy.write_text("version: 1\nstate: data/state.db\nlisten: {client_certificates: {ca: x}}\n")
    assert CliRunner().invoke(main, ["ca", "init"]).exit_code == 0
    assert (tmp_path / "data/ca/ca.pem").exists()
    policy.write_text("version: 1\n")
    assert CliRunner().invoke(main, ["ca", "init"]).exit_code == 0
    assert (tmp_path / "var/ca/ca.pem").exists()
    for broken in ("state: 7\n", "{", ""):
        policy.write_text(broken)
        done = CliRunner().invoke(main, ["ca", "list"])
        assert done.exit_code == 1
        assert "--state" in done.stderr


def test_each_list_has_a_larger_number(ca: CA) -> None:
    def number() -> int:
        crl = x509.load_pem_x509_crl((ca.folder / "ca/ca.crl").read_bytes())
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number

    first = number()
    assert ca.json("crl", "--days", "2")["number"] == number() == first + 1
    ca.run("issue", "billing")
    ca.run("revoke", "billing")
    assert number() == first + 2
