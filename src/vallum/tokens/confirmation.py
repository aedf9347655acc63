"""Which key a token is bound to (`cnf`, RFC 7800): of a proof or of a certificate."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from vallum.tokens.base64url import decode_text
from vallum.tokens.errors import InvalidToken
from vallum.tokens.thumbprint import base64url_digest

Binding = Literal["none", "dpop", "mtls", "any"]
"""What tokens must be bound to; `none` asks for nothing, and forgives nothing that is bound."""

_THUMBPRINT_BYTES: Final = 32


class Confirmation(NamedTuple):
    """The keys that whoever shows the token must hold; one at least."""

    jkt: str = ""
    """Thumbprint of the key of its proofs (RFC 9449 §6.1), or empty."""
    x5t: str = ""
    """SHA-256 of the certificate of its connection (RFC 8705 §3.1), or empty."""

    def satisfies(self, binding: Binding) -> bool:
        """Whether it is bound as asked for."""
        if binding == "dpop":
            return bool(self.jkt)
        return bool(self.x5t) if binding == "mtls" else True

    def is_certificate(self, certificate: bytes | None) -> bool:
        """Whether a connection's certificate (DER) is the one that the token is bound to."""
        # SECURITY: without a certificate the answer is no, never "nothing to compare" (B-202).
        if certificate is None:
            return False
        return hmac.compare_digest(base64url_digest(certificate), self.x5t)


def read_confirmation(claims: Mapping[str, Any]) -> Confirmation | None:
    """What a token says about its key; None where it is bound to none.

    Raises:
        InvalidToken: `jwt.confirmation`. It is bound in a way that cannot be checked here.
    """
    if "cnf" not in claims:
        return None
    value = claims["cnf"]
    if not isinstance(value, dict):
        raise InvalidToken("jwt.confirmation")
    found = Confirmation(_thumbprint(value, "jkt"), _thumbprint(value, "x5t#S256"))
    # RFC 7800 §3.1 lets a recipient ignore members that it does not know. SECURITY: we are
    # stricter: a token bound in other ways alone (`jwk`, `kid`) would pass as bound to nothing.
    if found == Confirmation():
        raise InvalidToken("jwt.confirmation")
    return found


def _thumbprint(value: Mapping[str, Any], name: str) -> str:
    if name not in value:
        return ""
    text = value[name]
    try:
        if len(decode_text(text)) == _THUMBPRINT_BYTES:
            return str(text)
    except ValueError:
        pass
    raise InvalidToken("jwt.confirmation")
