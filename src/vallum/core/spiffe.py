"""SPIFFE IDs, read strictly (SPIFFE-ID §2; B-206)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

SCHEME: Final = "spiffe://"
MAX_ID: Final = 2048
"""Bytes (§2.3)."""

# §2.1: "lower-case letters, numbers, dots, dashes and underscores".
_TRUST_DOMAIN: Final = re.compile(r"[a-z0-9._-]{1,255}")
# §2.2: "letters, numbers, dots, dashes and underscores", in segments that are not empty.
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._-]+)*")


class InvalidSpiffeId(ValueError):  # noqa: N818  (a verdict on a text)
    """The text is no SPIFFE ID."""


class SpiffeId(NamedTuple):
    """`spiffe://trust-domain/path`."""

    trust_domain: str
    path: str
    """Begins with `/`; empty for the trust domain itself."""

    def __str__(self) -> str:
        return f"{SCHEME}{self.trust_domain}{self.path}"


def is_spiffe(uri: str) -> bool:
    """Whether a URI claims to be a SPIFFE ID, however it is spelled."""
    return uri[:7].lower() == "spiffe:"


def parse_trust_domain(text: str) -> str:
    """The name of a trust domain.

    Raises:
        InvalidSpiffeId: it is none.
    """
    if _TRUST_DOMAIN.fullmatch(text) is None:
        raise InvalidSpiffeId("a trust domain has lower-case letters, digits, `.`, `-` and `_`")
    return text


def parse_spiffe_id(text: str) -> SpiffeId:
    """A SPIFFE ID of one spelling only: what is compared is what was written.

    Raises:
        InvalidSpiffeId: it is none, or is spelled in a way that could name another.
    """
    if len(text) > MAX_ID or not text.startswith(SCHEME):
        raise InvalidSpiffeId("a SPIFFE ID begins with `spiffe://` and has at most 2048 bytes")
    domain, slash, rest = text.removeprefix(SCHEME).partition("/")
    path = slash + rest
    parse_trust_domain(domain)
    if _PATH.fullmatch(path) is None:
        # §2.2: no percent-encoding, no empty segment, no trailing slash; no query or fragment.
        raise InvalidSpiffeId("a path has segments of letters, digits, `.`, `-` and `_`")
    if any(segment in {".", ".."} for segment in path.split("/")):
        raise InvalidSpiffeId("a path has no dot segments")
    return SpiffeId(domain, path)


def parse_workload_id(text: str) -> SpiffeId:
    """The SPIFFE ID of a workload: one with a path (X509-SVID §5.2).

    Raises:
        InvalidSpiffeId: it is none.
    """
    found = parse_spiffe_id(text)
    if not found.path:
        raise InvalidSpiffeId("the ID of a trust domain names no workload")
    return found
