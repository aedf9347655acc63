"""Digests of a message's content (RFC 9530): recomputed, never believed."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from vallum.wire.structured import Item, MalformedField, parse_dictionary

ALGORITHMS: Final = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
"""RFC 9530 §5: the two that are not insecure. Others are ignored, whatever they hold."""


class WrongDigest(ValueError):  # noqa: N818  (a verdict on a message)
    """The content is not what its digest says; the message is a stable code."""


def check_content_digest(lines: Sequence[bytes], content: bytes) -> None:
    """Compare the content with every digest of it that we can compute.

    Args:
        lines: the values of `Content-Digest`, in order.
        content: as it was sent: framing undone, content coding not (RFC 9530 §2).

    Raises:
        WrongDigest: `digest.missing`, `digest.malformed`, `digest.unknown` where none of them is
            one that we know, or `digest.mismatch`.
    """
    if not lines:
        raise WrongDigest("digest.missing")
    try:
        digests = parse_dictionary(b", ".join(lines))
    except MalformedField:
        raise WrongDigest("digest.malformed") from None
    known = [name for name in ALGORITHMS if name in digests]
    if not known:
        raise WrongDigest("digest.unknown")
    for name in known:
        digest = digests[name]
        if not isinstance(digest, Item) or not isinstance(digest.value, bytes):
            raise WrongDigest("digest.malformed")
        # SECURITY: all that are there must hold. With one that does, another reader could still
        # be misled by the other (B-208).
        if not hmac.compare_digest(digest.value, ALGORITHMS[name](content).digest()):
            raise WrongDigest("digest.mismatch")
