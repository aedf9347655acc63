"""A client that holds a key: good proofs of possession, and every kind of bad one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from joserfc.jwk import Key
from tests.support.minting import NOW, make_key, sign

from vallum.tokens.thumbprint import base64url_digest, thumbprint

_numbers = itertools.count()


class Prover:
    """One client with one key."""

    def __init__(self, algorithm: str = "ES256", *, key: Key | None = None) -> None:
        self.algorithm = algorithm
        self.key = make_key(algorithm, "proof-key") if key is None else key
        public = dict(self.key.as_dict(private=False))
        self.jwk: dict[str, Any] = {
            name: value for name, value in public.items() if name not in ("kid", "alg", "use")
        }
        self.jkt = thumbprint(self.jwk)

    def header(self, **changes: object) -> dict[str, Any]:
        """The header of a good proof, changed; a change to `...` leaves the member out."""
        good = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.jwk}
        return _changed(good, changes)

    def claims(self, token: bytes | None = None, **changes: object) -> dict[str, Any]:
        """The claims of a good proof for `GET https://api.example/orders/1`, changed."""
        good: dict[str, Any] = {
            "jti": f"proof-{next(_numbers)}",
            "htm": "GET",
            "htu": "https://api.example/orders/1",
            "iat": int(NOW),
        }
        if token is not None:
            good["ath"] = base64url_digest(token)
        return _changed(good, changes)

    def proof(
        self,
        token: bytes | None = None,
        /,
        *,
        header: Mapping[str, object] | bytes | None = None,
        **claims: object,
    ) -> bytes:
        """A proof with a genuine signature."""
        chosen = self.header() if header is None else header
        return sign(chosen, self.claims(token, **claims), self.key, self.algorithm)


def _changed(value: dict[str, Any], changes: Mapping[str, object]) -> dict[str, Any]:
    merged = {**value, **changes}
    return {name: member for name, member in merged.items() if member is not ...}
