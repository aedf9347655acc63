"""The examples of RFC 9449 (DPoP) and RFC 7638 (thumbprints), byte for byte."""

from __future__ import annotations

import pytest

from vallum.tokens.dpop import InvalidProof, verify_proof
from vallum.tokens.thumbprint import base64url_digest, thumbprint

_HEADER = (
    b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6Ik"
    b"VDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCR"
    b"nMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JE"
    b"QSIsImNydiI6IlAtMjU2In19"
)
TOKEN_REQUEST = _HEADER + (
    b".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIj"
    b"oiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwia"
    b"WF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg"
    b"4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
"""RFC 9449 §4.1, figure 1, and §5, figure 4."""

RESOURCE_REQUEST = _HEADER + (
    b".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIj"
    b"oiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0Z"
    b"WRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNF"
    b"c05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71E"
    b"OptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
"""RFC 9449 §7.1, figure 12."""

ACCESS_TOKEN = b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
THUMBPRINT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
"""RFC 9449 §6.1, figure 9."""


def test_rfc9449_token_request() -> None:
    proof = verify_proof(
        TOKEN_REQUEST, method="POST", uri="https://server.example.com/token", now=1562262616.0
    )
    assert proof.jkt == THUMBPRINT
    assert proof.issued_at == 1562262616.0


def test_rfc9449_resource_request() -> None:
    uri = "https://resource.example.org/protectedresource"
    proof = verify_proof(
        RESOURCE_REQUEST, method="GET", uri=uri, now=1562262620.0, access_token=ACCESS_TOKEN
    )
    assert proof.jkt == THUMBPRINT
    with pytest.raises(InvalidProof, match=r"dpop\.token"):
        verify_proof(
            RESOURCE_REQUEST, method="GET", uri=uri, now=1562262620.0, access_token=b"another"
        )


def test_rfc7638_thumbprint_of_an_rsa_key() -> None:
    jwk = {
        "kty": "RSA",
        "n": (
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6t"
            "Soc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-"
            "65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qN"
            "Lyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
            "pJzKnqDKgw"
        ),
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    assert thumbprint(jwk) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_rfc8037_thumbprint_of_an_ed25519_key() -> None:
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_rfc9449_hash_of_the_token() -> None:
    assert base64url_digest(ACCESS_TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
