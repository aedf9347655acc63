"""The example of RFC 7636, Appendix B."""

from __future__ import annotations

from vallum.tokens.thumbprint import base64url_digest


def test_the_challenge_of_the_examples_verifier() -> None:
    verifier = b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert base64url_digest(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
