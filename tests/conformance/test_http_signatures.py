"""The examples of RFC 9421, appendix B.2: their bases, byte for byte, and their signatures."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, NamedTuple

import pytest
from joserfc.jwk import ECKey, RSAKey
from tests.support.minting import b64

from vallum.core.fields import FieldLine, Fields
from vallum.core.request import Client, Request
from vallum.tokens.errors import InvalidToken
from vallum.tokens.http_signature import ALGORITHMS
from vallum.tokens.jwk import VerificationKey, admit
from vallum.tokens.signature_base import read_components, signature_base
from vallum.wire.content_digest import WrongDigest, check_content_digest
from vallum.wire.structured import InnerList, Item, parse_dictionary
from vallum.wire.target import canonical_target, split_target

BODY = b'{"hello": "world"}'
DIGEST = (
    b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHW"
    b"XvJwew==:"
)
FIELDS: tuple[FieldLine, ...] = (
    (b"host", b"example.com"),
    (b"date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
    (b"content-type", b"application/json"),
    (b"content-digest", DIGEST),
    (b"content-length", b"18"),
)
_RSA_PSS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----
"""
_ECC_P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
"""
_SECRET = (
    b"uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
)
KEYS: dict[str, dict[str, Any]] = {
    "PS512": dict(RSAKey.import_key(_RSA_PSS).as_dict(private=False)),
    "ES256": dict(ECKey.import_key(_ECC_P256).as_dict(private=False)),
    "HS256": {"kty": "oct", "k": b64(b64decode(_SECRET)).decode()},
    "Ed25519": {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs",
    },
}
"""Appendix B.1.2 to B.1.5."""


def key_of(algorithm: str) -> VerificationKey:
    """One of the RFC's keys."""
    key = admit({**KEYS[algorithm], "alg": algorithm}, algorithms=(algorithm,))
    assert key is not None
    return key


class Example(NamedTuple):
    """A signature of the test request."""

    algorithm: str
    input: bytes
    signature: bytes
    base: bytes


EXAMPLES = {
    "B.2.2": Example(
        "PS512",
        b'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473'
        b';keyid="test-key-rsa-pss";tag="header-example"',
        b"LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5"
        b"qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SA"
        b"RYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3"
        b"I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
        b'"@authority": example.com\n'
        b'"content-digest": ' + DIGEST + b'\n"@query-param";name="Pet": dog\n'
        b'"@signature-params": ("@authority" "content-digest" "@query-param";name="Pet")'
        b';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    ),
    "B.2.3": Example(
        "PS512",
        b'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" '
        b'"content-length");created=1618884473;keyid="test-key-rsa-pss"',
        b"bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpR"
        b"RU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1"
        b"pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9"
        b"eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
        b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
        b'"@method": POST\n'
        b'"@path": /foo\n'
        b'"@query": ?param=Value&Pet=dog\n'
        b'"@authority": example.com\n'
        b'"content-type": application/json\n'
        b'"content-digest": ' + DIGEST + b'\n"content-length": 18\n'
        b'"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" '
        b'"content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    ),
    "B.2.5": Example(
        "HS256",
        b'sig-b25=("date" "@authority" "content-type");created=1618884473'
        b';keyid="test-shared-secret"',
        b"pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
        b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
        b'"@authority": example.com\n'
        b'"content-type": application/json\n'
        b'"@signature-params": ("date" "@authority" "content-type");created=1618884473'
        b';keyid="test-shared-secret"',
    ),
    "B.2.6": Example(
        "Ed25519",
        b'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
        b';created=1618884473;keyid="test-key-ed25519"',
        b"wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
        b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n'
        b'"@method": POST\n'
        b'"@path": /foo\n'
        b'"@authority": example.com\n'
        b'"content-type": application/json\n'
        b'"content-length": 18\n'
        b'"@signature-params": ("date" "@method" "@path" "@authority" "content-type" '
        b'"content-length");created=1618884473;keyid="test-key-ed25519"',
    ),
}


def base_of(inner: InnerList, method: str = "POST") -> bytes:
    """The base of the test request, as the gateway makes it."""
    client = Client("192.0.2.1", "192.0.2.1", 40_000)
    target = canonical_target(split_target(b"/foo?param=Value&Pet=dog"))
    request = Request(method, target, Fields(FIELDS), "https", "example.com", client)
    return signature_base(inner, read_components(inner), request, "https://example.com")


def signature_of(text: bytes) -> bytes:
    """A signature as the field holds it."""
    member = parse_dictionary(b"x=:" + text + b":")["x"]
    assert isinstance(member, Item)
    assert isinstance(member.value, bytes)
    return member.value


@pytest.mark.parametrize("section", EXAMPLES)
def test_rfc9421_requests(section: str) -> None:
    example = EXAMPLES[section]
    (inner,) = parse_dictionary(example.input).values()
    assert isinstance(inner, InnerList)
    assert base_of(inner) == example.base
    key, signature = key_of(example.algorithm), signature_of(example.signature)
    key.verify(base_of(inner), signature)
    for base in (base_of(inner) + b"\n", base_of(inner)[:-1], b""):
        with pytest.raises(InvalidToken):
            key.verify(base, signature)


def test_rfc9421_b24_a_response() -> None:
    base = (
        b'"@status": 200\n'
        b'"content-type": application/json\n'
        b'"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69w'
        b"WdXymyU0rjJuahq4l5aGgfLQ==:\n"
        b'"content-length": 23\n'
        b'"@signature-params": ("@status" "content-type" "content-digest" "content-length")'
        b';created=1618884473;keyid="test-key-ecc-p256"'
    )
    signature = signature_of(
        b"wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw=="
    )
    key_of("ES256").verify(base, signature)
    with pytest.raises(InvalidToken):
        key_of("ES256").verify(base.replace(b"200", b"201"), signature)


def test_rfc9421_the_digest_of_the_test_request() -> None:
    check_content_digest([DIGEST], BODY)
    with pytest.raises(WrongDigest, match=r"^digest\.mismatch$"):
        check_content_digest([DIGEST], BODY + b"\n")


def test_every_key_has_its_name() -> None:
    assert {key_of(name).algorithm.name for name in KEYS} <= set(ALGORITHMS)
