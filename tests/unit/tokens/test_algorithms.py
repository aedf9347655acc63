"""The table of algorithms."""

from __future__ import annotations

import pytest

from vallum.tokens.algorithms import ALGORITHMS, require_algorithms


def test_what_is_known_and_what_is_not() -> None:
    assert set(ALGORITHMS) == {
        *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
        *("EdDSA", "Ed25519", "Ed448", "HS256", "HS384", "HS512"),
    }
    assert {name for name, each in ALGORITHMS.items() if each.is_symmetric} == {
        "HS256",
        "HS384",
        "HS512",
    }


@pytest.mark.parametrize(
    "names", [(), ("none",), ("ES256K",), ("rs256",), ("",), ("HS256", "RS256")]
)
def test_allow_lists_that_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError):
        require_algorithms(names)


def test_allow_lists_that_are_taken() -> None:
    for names in (("RS256",), ("RS256", "ES256", "EdDSA"), ("HS256", "HS512")):
        require_algorithms(names)
