"""Clients that prove who they are by the certificate of their connection (RFC 8705 §2)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from cryptography import x509

from vallum.tokens.thumbprint import base64url_digest


def is_registered(certificate: bytes, attribute: Mapping[str, str] | None) -> bool:
    """Whether a certificate (DER) has the one attribute that a client is registered with.

    Args:
        certificate: that TLS verified.
        attribute: `subject_dn`, `san_dns`, `san_uri`, `san_ip` or `san_email` (RFC 8705 §2.1.2)
            with its value, or `sha256` with the digest (base64url) of the certificate.
    """
    # SECURITY: exactly one; a client registered with none is nobody (B-203).
    if attribute is None or len(attribute) != 1:
        return False
    ((name, expected),) = attribute.items()
    if not expected:
        return False
    if name == "sha256":
        return hmac.compare_digest(base64url_digest(certificate).encode(), expected.encode())
    values = _values(certificate)
    return values is not None and name in values and expected in values[name]


_ALTERNATIVES: Final[Mapping[str, Callable[[x509.SubjectAlternativeName], list[str]]]] = {
    "san_dns": lambda names: names.get_values_for_type(x509.DNSName),
    "san_uri": lambda names: names.get_values_for_type(x509.UniformResourceIdentifier),
    "san_email": lambda names: names.get_values_for_type(x509.RFC822Name),
    "san_ip": lambda names: [
        str(ip_address(str(each))) for each in names.get_values_for_type(x509.IPAddress)
    ],
}


@lru_cache(maxsize=512)
def _values(certificate: bytes) -> Mapping[str, list[str]] | None:
    """What a certificate says about its owner; None where it cannot be read."""
    try:
        read = x509.load_der_x509_certificate(certificate)
        found = {"subject_dn": [read.subject.rfc4514_string()]}
        try:
            names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return found
        return found | {name: values(names) for name, values in _ALTERNATIVES.items()}
    except ValueError:
        return None
