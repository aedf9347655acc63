"""C2SP/wycheproof: every undisputed JWS vector, every JWK vector.

The key of a group is the issuer's key set, the token is what a caller sends, and the algorithm is
pinned to the key. What the vectors sign is no access token, so the signature is judged alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.support.shared import shared_vectors

from vallum.tokens import jws
from vallum.tokens.algorithms import ALGORITHMS
from vallum.tokens.errors import InvalidKeySet, InvalidToken
from vallum.tokens.jwks import parse_jwks

DISPUTED = {
    346: "the key says PS256, the token PS384",
    347: "the key says ES521, which is no algorithm",
    350: "the key says PS256, the token PS384",
    351: "the key says ES521, which is no algorithm",
    367: "a copy of a valid case",
    370: "a copy of a valid case",
    372: "`?` in base64url, said to be valid",
    373: "`?` in base64url, said to be valid",
}
"""tcId → why the verdict cannot be followed."""


class Vector(NamedTuple):
    """One case."""

    id: int
    keys: list[dict[str, Any]]
    token: object
    is_valid: bool


def vectors(name: str) -> Iterator[Vector]:
    """The cases of a file."""
    document = json.loads((shared_vectors() / "wycheproof" / name).read_bytes())
    for group in document["testGroups"]:
        key = group.get("public") or group["private"]
        for test in group["tests"]:
            yield Vector(
                test["tcId"], key.get("keys", [key]), test["jws"], test["result"] == "valid"
            )


def is_accepted(vector: Vector) -> bool:
    """Whether our door takes the token with these keys."""
    named = [key["alg"] for key in vector.keys if "alg" in key]
    algorithms = tuple(dict.fromkeys(name for name in named if name in ALGORITHMS))
    token = vector.token if isinstance(vector.token, str) else json.dumps(vector.token)
    try:
        keys = parse_jwks(
            json.dumps({"keys": vector.keys}).encode(),
            algorithms=algorithms or ("RS256", "ES256"),
            # Several vectors have HMAC keys that are all zeros, on purpose.
            weak_secrets=(),
        )
        jws.verify_signature(jws.read(token.encode()), keys, algorithms)
    except (InvalidToken, InvalidKeySet):
        return False
    return True


def test_all_undisputed_jws_vectors() -> None:
    cases = [case for case in vectors("json_web_signature_test.json") if case.id not in DISPUTED]
    assert len(cases) == 393
    wrong = [case.id for case in cases if is_accepted(case) is not case.is_valid]
    assert wrong == []


@pytest.mark.parametrize("case_id", DISPUTED)
def test_disputed_jws_vectors(case_id: int) -> None:
    """Ours is the strict reading; where a case copies a valid one, it is accepted like that."""
    (case,) = (case for case in vectors("json_web_signature_test.json") if case.id == case_id)
    assert is_accepted(case) is (case_id in (367, 370))


def test_all_jwk_vectors() -> None:
    cases = list(vectors("json_web_key_test.json"))
    assert len(cases) == 26
    wrong = [case.id for case in cases if is_accepted(case) is not case.is_valid]
    assert wrong == []
