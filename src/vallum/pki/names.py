"""Whom a certificate names, in the attributes by which a workload may be known (RFC 8705 §2.1.2).

Each attribute is compared as it stands. What could be read in two ways is refused: a NUL or any
other control character, encodings that software disagrees on, wildcards, more names than a
workload has (B-203).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, Literal, NamedTuple, get_args

from cryptography import x509

from vallum.core.spiffe import InvalidSpiffeId, is_spiffe, parse_workload_id
from vallum.pki.der import name_encodings
from vallum.pki.errors import RefusedCertificate

Attribute = Literal["subject", "dns", "uri", "email"]
ATTRIBUTES: Final[tuple[Attribute, ...]] = get_args(Attribute)

MAX_NAMES: Final = 32
"""Subject alternative names of one certificate."""

# UTF8String, PrintableString and IA5String; the others mean different things to different software.
_ENCODINGS: Final = frozenset({0x0C, 0x13, 0x16})
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DNS: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,126}}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9.-]{1,253}")
_URI: Final = re.compile(r"[a-z][a-z0-9+.-]{0,31}:[\x21-\x7e]{1,2040}")


class Names(NamedTuple):
    """What a certificate says about its holder."""

    subject: str
    """By RFC 4514; empty where there is none."""
    dns: tuple[str, ...]
    uri: tuple[str, ...]
    email: tuple[str, ...]

    def of(self, attribute: Attribute) -> tuple[str, ...]:
        """All values of one attribute."""
        if attribute == "subject":
            return (self.subject,) if self.subject else ()
        values: tuple[str, ...] = getattr(self, attribute)
        return values


def names_of(certificate: x509.Certificate) -> Names:
    """The names in a certificate.

    Raises:
        RefusedCertificate: one of them cannot be trusted to mean one thing.
    """
    try:
        subject = _subject(certificate.subject)
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = list(extension.value)
    except x509.ExtensionNotFound:
        names = []
    except (ValueError, x509.DuplicateExtension):
        raise RefusedCertificate("mtls.names") from None
    if len(names) > MAX_NAMES:
        raise RefusedCertificate("mtls.names")
    found = Names(
        subject,
        tuple(_checked(each.value, is_dns) for each in names if isinstance(each, x509.DNSName)),
        tuple(
            _checked(each.value, is_uri)
            for each in names
            if isinstance(each, x509.UniformResourceIdentifier)
        ),
        tuple(
            _checked(each.value, is_email) for each in names if isinstance(each, x509.RFC822Name)
        ),
    )
    _require_svid(found.uri)
    return found


def _subject(name: x509.Name) -> str:
    if not name.rdns:
        return ""
    if not name_encodings(name.public_bytes()) <= _ENCODINGS:
        raise ValueError("an encoding that is read in several ways")
    for attribute in name:
        if not isinstance(attribute.value, str) or not attribute.value.isprintable():
            raise ValueError("a character that does not show")
    return name.rfc4514_string()


def _checked(value: str, is_good: Callable[[str], bool]) -> str:
    if not is_good(value):
        raise RefusedCertificate("mtls.names")
    return value


def is_dns(value: str) -> bool:
    """Whether this is a host name in lower case, without a wildcard."""
    return len(value) <= 253 and _DNS.fullmatch(value) is not None


def is_email(value: str) -> bool:
    """Whether this is a mailbox of ASCII with its domain in lower case."""
    return _EMAIL.fullmatch(value) is not None


def is_uri(value: str) -> bool:
    """Whether this is a URI of printable ASCII."""
    return _URI.fullmatch(value) is not None


def canonical_subject(text: str) -> str:
    """A distinguished name as people write it (RFC 4514), in the spelling that is compared.

    Raises:
        ValueError: it is none.
    """
    name = x509.Name.from_rfc4514_string(text)
    if not name.rdns:
        raise ValueError("the name is empty")
    return name.rfc4514_string()


def _require_svid(uris: tuple[str, ...]) -> None:
    if not any(map(is_spiffe, uris)):
        return
    # X509-SVID §2: "MUST contain exactly one URI SAN"; §5.2: a leaf's path is not empty.
    if len(uris) != 1:
        raise RefusedCertificate("mtls.spiffe")
    try:
        parse_workload_id(uris[0])
    except InvalidSpiffeId:
        raise RefusedCertificate("mtls.spiffe") from None
