"""Who vouches for a client's certificate: the classes of a path validator's test suite (B-204)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.support.pki import (
    CLIENT,
    HOUR,
    NOW,
    SERVER,
    Holder,
    authority,
    client,
    crl,
    make,
    named,
    san,
    usage,
)

from vallum.pki.errors import RefusedCertificate, UnusableTrust
from vallum.pki.names import names_of
from vallum.pki.trust import Trust, Trusts, Vouched

ROOT = authority()
OTHER = authority("Other CA")
TWIN = authority()
"""Another key under the name of ROOT."""
RSA_1024 = rsa.generate_private_key(65537, 1024)  # noqa: S505
RSA_2048 = rsa.generate_private_key(65537, 2048)
NAME = san(x509.DNSName("client.example"))
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
USED = (CLIENT, False)

now = NOW.timestamp()


def trust(*authorities: Holder, name: str = "default", **more: Sequence[Holder]) -> Trust:
    return Trust(
        name,
        authorities=[each.certificate for each in authorities],
        self_signed=[each.certificate for each in more.get("self_signed", ())],
    )


def judge(holder: Holder, *trusts: Trust, at: float = now) -> Vouched:
    chain = [Holder(each, holder.key).der for each in holder.chain]
    return Trusts(trusts or (trust(ROOT),)).judge(holder.der, chain, at)


def refused(holder: Holder, *trusts: Trust, at: float = now) -> str:
    with pytest.raises(RefusedCertificate) as caught:
        judge(holder, *trusts, at=at)
    return caught.value.reason


def intermediate(path_length: int | None = None, issuer: Holder = ROOT, **more: object) -> Holder:
    return make("Intermediate", issuer, ca=True, path_length=path_length, **more)  # type: ignore[arg-type]


def behind(between: Holder, *further: Holder) -> Holder:
    chain = [each.certificate for each in (between, *further)]
    return make("client", between, USED, NAME, chain=chain)


GOOD: dict[str, Callable[[], Holder]] = {
    "direct": lambda: client(ROOT),
    "by an intermediate": lambda: behind(intermediate()),
    "by an intermediate of path length 0": lambda: behind(intermediate(0)),
    "without extended key usage": lambda: make("client", ROOT, NAME),
    "client and server": lambda: make(
        "client",
        ROOT,
        (
            x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
            ),
            False,
        ),
    ),
    "without alternative names": lambda: make("client", ROOT, USED),
    "RSA of 2048 bits": lambda: make("client", ROOT, USED, NAME, key=RSA_2048),
    "P-384": lambda: make("client", ROOT, NAME, key=ec.generate_private_key(ec.SECP384R1())),
    "unknown extension, not critical": lambda: make("client", ROOT, (UNKNOWN, False), NAME),
}


@pytest.mark.parametrize("case", GOOD)
def test_good_certificates(case: str) -> None:
    holder = GOOD[case]()
    vouched = judge(holder)
    assert vouched.trusts == ("default",)
    assert vouched.until == holder.certificate.not_valid_after_utc.timestamp()


BAD: dict[str, tuple[str, Callable[[], Holder]]] = {
    "expired": ("mtls.expired", lambda: make("c", ROOT, USED, NAME, ends=NOW)),
    "not yet valid": ("mtls.not-yet", lambda: make("c", ROOT, USED, NAME, begins=NOW + HOUR)),
    "for servers only": ("mtls.usage", lambda: make("c", ROOT, (SERVER, False), NAME)),
    "for any purpose": (
        "mtls.usage",
        lambda: make(
            "c", ROOT, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), False)
        ),
    ),
    "not for signatures": (
        "mtls.usage",
        lambda: make("c", ROOT, USED, NAME, key_usage=usage(signs=False, signature=False)),
    ),
    "an authority": ("mtls.leaf-is-ca", lambda: intermediate()),
    "a root": ("mtls.leaf-is-ca", lambda: ROOT),
    "a leaf that may sign certificates": (
        "mtls.leaf-is-ca",
        lambda: make("c", ROOT, USED, NAME, key_usage=usage(signs=True)),
    ),
    "of another authority": ("mtls.untrusted", lambda: client(OTHER)),
    "of an authority of the same name": ("mtls.untrusted", lambda: client(TWIN)),
    "self-signed": ("mtls.untrusted", lambda: make("client", None, USED, NAME)),
    "intermediate that did not come along": (
        "mtls.untrusted",
        lambda: make("c", intermediate(), USED, NAME),
    ),
    "signed by a leaf": ("mtls.untrusted", lambda: behind(client(ROOT, "leaf"))),
    "path too long by an intermediate": (
        "mtls.untrusted",
        lambda: behind(intermediate(issuer=(above := intermediate(0))), above),
    ),
    "intermediate expired": ("mtls.untrusted", lambda: behind(intermediate(ends=NOW - HOUR / 2))),
    "intermediate not yet valid": (
        "mtls.untrusted",
        lambda: behind(intermediate(begins=NOW + HOUR)),
    ),
    "intermediate that may not sign": (
        "mtls.untrusted",
        lambda: behind(intermediate(key_usage=usage(signs=False))),
    ),
    "intermediate for servers": (
        "mtls.untrusted",
        lambda: behind(make("I", ROOT, (SERVER, False), ca=True)),
    ),
    "intermediate with a weak key": ("mtls.untrusted", lambda: behind(intermediate(key=RSA_1024))),
    "intermediate with a critical unknown": (
        "mtls.untrusted",
        lambda: behind(make("I", ROOT, (UNKNOWN, True), ca=True)),
    ),
    "RSA of 1024 bits": ("mtls.weak-key", lambda: make("c", ROOT, USED, NAME, key=RSA_1024)),
    "a small curve": (
        "mtls.weak-key",
        lambda: make("c", ROOT, USED, NAME, key=ec.generate_private_key(ec.SECP224R1())),
    ),
    "a curve of nobody": (
        "mtls.weak-key",
        lambda: make("c", ROOT, USED, NAME, key=ec.generate_private_key(ec.SECP256K1())),
    ),
    "SHA-224": ("mtls.weak-signature", lambda: make("c", ROOT, USED, hash_=hashes.SHA224())),
    "critical unknown": ("mtls.malformed", lambda: make("c", ROOT, USED, (UNKNOWN, True))),
}


@pytest.mark.parametrize("case", BAD)
def test_b204_mtls_eku_chain_refuses(case: str) -> None:
    reason, holder = BAD[case]
    assert refused(holder()) == reason


def test_b204_mtls_eku_chain_sha1() -> None:
    # The library makes no such certificate any more: the algorithm's name is put in its place.
    good = make("c", ROOT, USED, NAME)
    sha1, sha256 = (
        b"\x06\x07\x2a\x86\x48\xce\x3d\x04\x01",
        b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02",
    )
    assert good.der.count(sha256) == 2
    with pytest.raises(RefusedCertificate):
        Trusts([trust(ROOT)]).judge(good.der.replace(sha256, sha1), (), now)


@pytest.mark.parametrize(
    ("constraint", "inside", "outside"),
    [
        (
            x509.DNSName("good.example"),
            x509.DNSName("a.good.example"),
            x509.DNSName("good.example.bad"),
        ),
        (
            x509.RFC822Name("good.example"),
            x509.RFC822Name("a@good.example"),
            x509.RFC822Name("a@bad.example"),
        ),
        (
            x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")),
            x509.IPAddress(ipaddress.ip_address("10.1.2.3")),
            x509.IPAddress(ipaddress.ip_address("192.0.2.1")),
        ),
    ],
)
def test_b204_mtls_eku_chain_name_constraints(
    constraint: x509.GeneralName, inside: x509.GeneralName, outside: x509.GeneralName
) -> None:
    permits = make("P", None, (x509.NameConstraints([constraint], None), True), ca=True)
    excludes = make("E", None, (x509.NameConstraints(None, [constraint]), True), ca=True)
    assert judge(client(permits, "c", inside), trust(permits)).trusts
    assert refused(client(permits, "c", outside), trust(permits)) == "mtls.untrusted"
    assert refused(client(permits, "c", inside, outside), trust(permits)) == "mtls.untrusted"
    assert judge(client(excludes, "c", outside), trust(excludes)).trusts
    assert refused(client(excludes, "c", inside), trust(excludes)) == "mtls.untrusted"


def test_b204_mtls_eku_chain_constraints_that_nobody_judges() -> None:
    directory = x509.DirectoryName(named("somebody"))
    odd = make("O", None, (x509.NameConstraints([directory], None), True), ca=True)
    assert refused(client(odd), trust(odd)) == "mtls.untrusted"


def test_b204_mtls_eku_chain_root_of_path_length_0() -> None:
    root = authority(path_length=0)
    assert judge(client(root), trust(root)).trusts
    assert refused(behind(intermediate(issuer=root)), trust(root)) == "mtls.untrusted"


def test_b204_mtls_eku_chain_self_signed_is_trusted_by_itself_only() -> None:
    known = make("known", None, USED, NAME)
    again = make("known", None, USED, NAME, key=known.key)
    own = trust(self_signed=[known])
    assert judge(known, own).trusts == ("default",)
    assert refused(again, own) == "mtls.untrusted"
    assert refused(make("child", known, USED, NAME), own) == "mtls.untrusted"
    assert refused(known, own, at=now + 30 * 3600) == "mtls.expired"


def test_b203_mtls_ca_confusion_each_trust_has_its_own_authorities() -> None:
    trusts = (trust(ROOT, name="own"), trust(OTHER, name="partners"))
    assert judge(client(ROOT), *trusts).trusts == ("own",)
    assert judge(client(OTHER), *trusts).trusts == ("partners",)
    assert refused(client(TWIN), *trusts) == "mtls.untrusted"


def test_malformed_and_too_many() -> None:
    good = client(ROOT)
    trusts = Trusts([trust(ROOT)])
    for der in (b"", b"\x30", good.der[:-1], good.der + b"\0", b"\x30" * 20_000):
        with pytest.raises(RefusedCertificate, match="malformed"):
            trusts.judge(der, (), now)
    with pytest.raises(RefusedCertificate, match="malformed"):
        trusts.judge(good.der, [ROOT.der] * 9, now)


def with_crl(*lists: x509.CertificateRevocationList, of: Holder = ROOT) -> Trust:
    return Trust("default", authorities=[of.certificate], crls=lists)


def test_b204_mtls_eku_chain_revocation() -> None:
    good, bad = client(ROOT), client(ROOT)
    listed = with_crl(crl(ROOT, bad.certificate.serial_number))
    assert judge(good, listed).until == (NOW + HOUR).timestamp(), "until the list ends"
    assert refused(bad, listed) == "mtls.revoked"
    assert refused(good, listed, at=now + 3600) == "mtls.crl", "a list that ended proves nothing"


def test_b204_mtls_eku_chain_the_newest_list_counts() -> None:
    holder = client(ROOT)
    serial = holder.certificate.serial_number
    old, new = crl(ROOT, issued=NOW - 2 * HOUR), crl(ROOT, serial)
    for lists in ((old, new), (new, old)):
        assert refused(holder, with_crl(*lists)) == "mtls.revoked"


def test_b204_mtls_eku_chain_no_list_of_the_issuer() -> None:
    assert refused(behind(intermediate()), with_crl(crl(ROOT))) == "mtls.crl"


def test_b204_mtls_eku_chain_intermediate_revoked() -> None:
    between = intermediate()
    lists = (crl(ROOT, between.certificate.serial_number), crl(between))
    both = Trust("default", authorities=[ROOT.certificate, between.certificate], crls=lists)
    assert judge(behind(between), both).trusts, "an anchor of its own"
    root_only = Trust("default", authorities=[ROOT.certificate], crls=lists[:1])
    assert refused(behind(between), root_only) == "mtls.crl"


@pytest.mark.parametrize(
    "unusable",
    [
        lambda: crl(ROOT, signer=OTHER),
        lambda: crl(OTHER),
        lambda: crl(ROOT, extensions=[(x509.DeltaCRLIndicator(1), True)]),
        lambda: crl(
            ROOT,
            extensions=[
                (
                    x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
                    True,
                )
            ],
        ),
    ],
)
def test_lists_that_prove_nothing(unusable: Callable[[], x509.CertificateRevocationList]) -> None:
    with pytest.raises(UnusableTrust):
        with_crl(unusable())


def test_anchors_that_are_none() -> None:
    with pytest.raises(UnusableTrust, match="nobody"):
        Trust("default")
    with pytest.raises(UnusableTrust, match="self_signed"):
        trust(client(ROOT))
    with pytest.raises(UnusableTrust, match="weak"):
        trust(make("weak", ca=True, key=RSA_1024))


def mailbox(text: str) -> x509.RFC822Name:
    """A mailbox that the library would not make, but reads."""
    return x509.RFC822Name._init_without_validation(text)


SVID = x509.UniformResourceIdentifier("spiffe://td.example/billing")


@pytest.mark.parametrize(
    ("reason", "names"),
    [
        ("mtls.spiffe", [SVID, x509.UniformResourceIdentifier("spiffe://td.example/other")]),
        ("mtls.spiffe", [SVID, x509.UniformResourceIdentifier("https://td.example/")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://TD/x")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://td/../x")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://td/%78")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://td/x/")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://td/x?y")]),
        ("mtls.spiffe", [x509.UniformResourceIdentifier("spiffe://td.example")]),
        ("mtls.names", [x509.UniformResourceIdentifier("SPIFFE://td.example/x")]),
        ("mtls.names", [x509.UniformResourceIdentifier("spiffe://td/" + "a" * 3072)]),
        ("mtls.names", [x509.UniformResourceIdentifier("spiffe://td/x\0.evil")]),
        ("mtls.names", [x509.DNSName("good.example\0.evil.example")]),
        ("mtls.names", [x509.DNSName("*.good.example")]),
        ("mtls.names", [x509.DNSName("Good.example")]),
        ("mtls.names", [x509.DNSName("good.example.")]),
        ("mtls.names", [x509.DNSName("good..example")]),
        ("mtls.names", [x509.DNSName("good example")]),
        ("mtls.names", [mailbox("a@good.example\0")]),
        ("mtls.names", [mailbox("a@b@good.example")]),
        ("mtls.names", [mailbox("Someone <a@good.example>")]),
        ("mtls.names", [x509.DNSName(f"n{at}.example") for at in range(33)]),
    ],
)
def test_b203_mtls_ca_confusion_b206_odd_names(
    reason: str, names: Sequence[x509.GeneralName]
) -> None:
    with pytest.raises(RefusedCertificate) as caught:
        judge(client(ROOT, "c", *names))
    assert caught.value.reason == reason


def test_names() -> None:
    mail = x509.RFC822Name("ops@good.example")
    found = names_of(client(ROOT, "billing", SVID, x509.DNSName("a.example"), mail).certificate)
    assert found.subject == "CN=billing"
    assert found.of("uri") == ("spiffe://td.example/billing",)
    assert found.of("dns") == ("a.example",)
    assert found.of("email") == ("ops@good.example",)


@pytest.mark.parametrize(
    "attribute",
    [
        x509.NameAttribute(NameOID.COMMON_NAME, "client\0x"),
        x509.NameAttribute(NameOID.COMMON_NAME, "client\n"),
        x509.NameAttribute(NameOID.COMMON_NAME, "client\u202e"),
        x509.NameAttribute(NameOID.COMMON_NAME, "client", x509.name._ASN1Type.BMPString),
        x509.NameAttribute(NameOID.COMMON_NAME, "client", x509.name._ASN1Type.T61String),
    ],
)
def test_b203_mtls_ca_confusion_odd_subjects(attribute: x509.NameAttribute[str]) -> None:
    with pytest.raises(RefusedCertificate, match=r"mtls\.names"):
        judge(make(x509.Name([attribute]), ROOT, USED))
