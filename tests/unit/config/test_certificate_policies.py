"""The keys of client certificates and workloads: what they become, and what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.pki import CLIENT, authority, client, crl, crl_pem, make
from tests.support.policies import POLICY, changed, write_policy

from vallum.config.load import inspect_policy, load_policy_with_contracts
from vallum.config.model import Policy

ROOT = authority()
LISTEN = "tls: local}"
WORKLOADS = "workloads: {billing: {match: {dns: billing.internal}, scopes: [books:read]}}\n"


def write(
    folder: Path,
    *,
    listen: str = "client_certificates: {ca: ca.pem}",
    workloads: str = WORKLOADS,
    health: str = "public: true, limit: 60/minute per address",
    defaults: str = "body: 256KiB",
) -> Path:
    ROOT.write_alone(folder / "ca.pem")
    client(ROOT).write_alone(folder / "leaf.pem")
    make("single", None, (CLIENT, False)).write_alone(folder / "single.pem")
    (folder / "ca.crl").write_bytes(crl_pem(crl(ROOT)))
    (folder / "other.crl").write_bytes(crl_pem(crl(authority("Other"))))
    (folder / "empty.pem").write_bytes(b"\n")
    text = changed(POLICY, LISTEN, f"tls: local, {listen}}}" if listen else LISTEN)
    text = changed(
        text, "health: {public: true, limit: 60/minute per address}", f"health: {{{health}}}"
    )
    text = changed(text, "  body: 256KiB", f"  {defaults}")
    return write_policy(folder, changed(text, "defaults:", f"{workloads}defaults:"))


def load(folder: Path, **parts: str) -> Policy:
    return load_policy_with_contracts(write(folder, **parts)).policy


def errors(folder: Path, **parts: str) -> list[tuple[str, str]]:
    policy, found = inspect_policy(write(folder, **parts))
    assert policy is None
    return [(each.code, each.message) for each in found if each.severity == "error"]


def test_what_it_becomes(tmp_path: Path) -> None:
    policy = load(
        tmp_path,
        listen="client_certificates: {ca: ca.pem, crl: ca.crl, self_signed: single.pem,"
        " trust: {partners: {ca: [ca.pem]}}}",
        health="authenticate: [mtls, 'mtls:default'], require_mtls: true",
    )

    found = policy.listen.client_certificates
    assert found is not None
    assert (list(found.trusts), found.require) == (["default", "partners"], False)
    assert found.anchors.count("BEGIN CERTIFICATE") == 3
    controls = policy.apis["bookshop"].controls["health"]
    assert (controls.authenticate, controls.require_mtls) == (("mtls:default",), True)
    assert policy.workloads["billing"].value == "billing.internal"
    loaded = load_policy_with_contracts(write_policy(tmp_path, POLICY))
    assert loaded.policy.listen.client_certificates is None


def test_files_are_watched_and_in_the_revision(tmp_path: Path) -> None:
    path = write(tmp_path, listen="client_certificates: {ca: ca.pem, crl: ca.crl}")
    first = load_policy_with_contracts(path)
    assert {tmp_path / "ca.pem", tmp_path / "ca.crl"} <= set(first.files)
    (tmp_path / "ca.crl").write_bytes(crl_pem(crl(ROOT, 7)))
    assert load_policy_with_contracts(path).revision != first.revision


@pytest.mark.parametrize(
    ("listen", "code"),
    [
        ("client_certificates: {}", "bad-certificates"),
        ("client_certificates: {require: true}", "bad-certificates"),
        ("client_certificates: {ca: missing.pem}", "missing-file"),
        ("client_certificates: {ca: empty.pem}", "bad-certificates"),
        ("client_certificates: {ca: leaf.pem}", "bad-certificates"),
        ("client_certificates: {ca: ca.crl}", "bad-certificates"),
        ("client_certificates: {crl: ca.crl}", "bad-certificates"),
        ("client_certificates: {ca: ca.pem, crl: empty.pem}", "bad-certificates"),
        ("client_certificates: {ca: ca.pem, crl: other.crl}", "bad-certificates"),
        ("client_certificates: {ca: ca.pem, trust: {default: {ca: ca.pem}}}", "bad-name"),
        ("client_certificates: {ca: ca.pem, trust: {x: {require: true}}}", "unknown-key"),
        ("client_certificates: {ca: ca.pem, verify: optional}", "unknown-key"),
    ],
)
def test_files_that_nothing_can_be_judged_by(tmp_path: Path, listen: str, code: str) -> None:
    assert code in [found for found, _ in errors(tmp_path, listen=listen)]


def test_certificates_need_tls(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text().replace("tls: local", "tls: off"))
    _, found = inspect_policy(path)
    assert "bad-value" in [each.code for each in found]


@pytest.mark.parametrize(
    ("workload", "code"),
    [
        ("{match: {}}", "bad-value"),
        ("{match: {dns: a.example, uri: 'spiffe://td/x'}}", "bad-value"),
        ("{match: {dns: '*.example'}}", "bad-value"),
        ("{match: {dns: A.example}}", "bad-value"),
        ("{match: {uri: 'spiffe://TD/x'}}", "bad-value"),
        ("{match: {uri: 'spiffe://td'}}", "bad-value"),
        ("{match: {email: nobody}}", "bad-value"),
        ("{match: {subject: nonsense}}", "bad-value"),
        ("{match: {ip: 10.0.0.1}}", "unknown-key"),
        ("{scopes: [x]}", "missing-key"),
        ("{match: {dns: a.example}, trust: partners}", "bad-certificates"),
        ("{match: {dns: a.example}, roles: [nobody]}", "unknown-role"),
    ],
)
def test_workloads_that_cannot_be_known(tmp_path: Path, workload: str, code: str) -> None:
    found = errors(tmp_path, workloads=f"workloads: {{billing: {workload}}}\n")
    assert code in [each for each, _ in found]


def test_two_workloads_of_one_certificate(tmp_path: Path) -> None:
    twice = "workloads: {a: {match: {dns: x.example}}, b: {match: {dns: x.example}}}\n"
    assert [code for code, _ in errors(tmp_path, workloads=twice)] == ["bad-value"]


@pytest.mark.parametrize(
    "parts",
    [
        {"listen": "", "workloads": "", "health": "authenticate: mtls"},
        {"listen": "", "workloads": "", "health": "public: true, require_mtls: true"},
        {"listen": "", "workloads": "", "defaults": "require_mtls: true"},
        {"health": "authenticate: 'mtls:partners'"},
        {"workloads": "", "health": "authenticate: mtls"},
    ],
)
def test_controls_that_nobody_could_pass(tmp_path: Path, parts: dict[str, str]) -> None:
    assert [code for code, _ in errors(tmp_path, **parts)] == ["bad-certificates"]


def test_no_issuer_is_called_mtls(tmp_path: Path) -> None:
    path = write(tmp_path)
    text = changed(path.read_text(), "  corp: {issuer", "  mtls: {issuer")
    path.write_text(changed(text, "authenticate: corp", "authenticate: mtls"))
    _, found = inspect_policy(path)
    assert "bad-name" in [each.code for each in found]


SVIDS = "issuer: 'spiffe://td.example', audience: bookshop, jwks: bundle.json"


def domain(folder: Path, keys: str, workload: str = "{uri: 'spiffe://td.example/x'}") -> Path:
    (folder / "bundle.json").write_text('{"keys": []}')
    path = write(
        folder, listen="", workloads=f"workloads: {{x: {{trust: mesh, match: {workload}}}}}\n"
    )
    path.write_text(changed(path.read_text(), "roles:\n", f"  mesh: {{{keys}}}\nroles:\n"))
    return path


def test_a_trust_domain_is_an_issuer_of_its_workloads(tmp_path: Path) -> None:
    policy = load_policy_with_contracts(domain(tmp_path, SVIDS)).policy
    mesh = policy.issuers["mesh"]
    assert mesh.algorithms == ("RS256", "ES256")
    assert [each.value for each in mesh.workloads] == ["spiffe://td.example/x"]
    assert policy.issuers["corp"].workloads == ()


@pytest.mark.parametrize(
    "keys",
    [
        SVIDS.replace("td.example", "TD.example"),
        SVIDS.replace("td.example", "td.example/path"),
        SVIDS + ", algorithms: EdDSA",
        SVIDS + ", algorithms: HS256",
    ],
)
def test_trust_domains_that_are_none(tmp_path: Path, keys: str) -> None:
    policy, found = inspect_policy(domain(tmp_path, keys))
    assert policy is None
    assert "bad-value" in [each.code for each in found]


def test_a_trust_domain_knows_workloads_by_uri(tmp_path: Path) -> None:
    for odd in ("{dns: x.example}", "{uri: 'spiffe://other.example/x'}"):
        policy, found = inspect_policy(domain(tmp_path, SVIDS, odd))
        assert policy is None
        assert "bad-value" in [each.code for each in found]
