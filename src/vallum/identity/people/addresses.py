"""E-mail addresses, brought into the one form in which they are kept and compared (B-171)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from typing import Final

import idna

_MOST_BYTES: Final = 254  # RFC 5321 §4.5.3.1.3, with the two angle brackets taken off.
_MOST_LOCAL: Final = 64
# RFC 5322 §3.2.3 `atext`. Quoted local parts are legal and used by nobody but attackers.
_LOCAL: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-/=?^_`{|}~")


class BadAddress(ValueError):  # noqa: N818  (a verdict on what somebody typed)
    """This is no e-mail address that we take; the text says why, in plain words."""


def canonical_address(text: str) -> str:
    """The one form of an address: lower case, its domain as A-labels (RFC 5891).

    Mail programs may tell `Ann` from `ann`; nobody's do, and two accounts that look the same would
    be a trap.

    Raises:
        BadAddress: it is none, or it can be read in two ways.
    """
    text = text.strip(" ")
    if len(text) > _MOST_BYTES:
        raise BadAddress("An e-mail address has at most 254 characters.")
    local, at, domain = text.partition("@")
    if not at or not local or not domain:
        raise BadAddress("Write the whole address, such as name@example.org.")
    if "@" in domain or '"' in text:
        raise BadAddress("An e-mail address has exactly one @, and no quotation marks.")
    local = _local(local)
    address = f"{local}@{canonical_domain(domain)}"
    if len(address) > _MOST_BYTES:
        raise BadAddress("An e-mail address has at most 254 characters.")
    return address


def canonical_domain(text: str) -> str:
    """The A-labels of a domain with at least two labels, in lower case.

    Raises:
        BadAddress: it is none by IDNA2008.
    """
    if len(text) > _MOST_BYTES:
        raise BadAddress("The part after the @ is too long.")
    try:
        # Strict: look-alikes such as full-width letters or dots are not mapped but refused.
        domain = idna.encode(
            unicodedata.normalize("NFC", text.lower()), strict=True, std3_rules=True
        ).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise BadAddress("The part after the @ is no domain name.") from None
    labels = domain.split(".")
    # Not `corp.example.` either: with and without the root's dot it would be two names for one.
    if len(labels) < 2 or not labels[-1] or labels[-1].isdigit():
        raise BadAddress("The part after the @ is no domain name, such as example.org.")
    return domain


def domain_of(address: str) -> str:
    """The domain of a canonical address."""
    return address.rpartition("@")[2]


def is_of_domain(address: str, domains: Collection[str]) -> bool:
    """Whether a canonical address is of one of these canonical domains, exactly: no suffixes."""
    return domain_of(address) in domains


def _local(local: str) -> str:
    # SECURITY: before capitals go: the small letter of the Kelvin sign is `k`, and that is the
    # address of somebody else (B-171).
    if not local.isascii():
        raise BadAddress("The part before the @ has characters that mail does not carry.")
    local = local.lower()
    atoms = local.split(".")
    if len(local) > _MOST_LOCAL or not all(atom and _LOCAL.issuperset(atom) for atom in atoms):
        raise BadAddress("The part before the @ has characters that mail does not carry.")
    return local
