"""JWS compact serialization (RFC 7515 §7.1), and nothing else of RFC 7515."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from vallum.tokens import base64url
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwk import KID
from vallum.tokens.jwks import KeySet
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

MAX_TOKEN: Final = 8 * 1024
"""Bytes; a longer token is refused before a byte of it is decoded (B-149)."""

_COMPACT: Final = re.compile(rb"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)\.([A-Za-z0-9_-]+)")
_LIMITS: Final = JSONLimits(depth=4, width=32, string=4096)

# A key that travels with what it verifies proves nothing (B-130, B-131, B-132). RFC 7515 §4.1.2 ff
# make them optional hints; we are stricter and refuse the token.
_EMBEDDED_KEYS: Final = frozenset({"jwk", "jku", "x5u", "x5c"})


class UnverifiedJWS(NamedTuple):
    """A well-formed JWS whose signature nobody has looked at."""

    algorithm: str
    kid: str | None
    type: str | None
    payload: bytes
    signing_input: bytes
    signature: bytes
    header_names: frozenset[str] = frozenset()


def read(token: bytes) -> UnverifiedJWS:
    """Take a token apart.

    Raises:
        InvalidToken: `jwt.too-long`, `jwt.malformed`, `jwt.header`, `jwt.crit`,
            `jwt.embedded-key`, `jwt.alg`, `jwt.type` or `jwt.kid`.
    """
    if len(token) > MAX_TOKEN:
        raise InvalidToken("jwt.too-long")
    # SECURITY: one form only (RFC 8725 §2.13). JSON serialization, detached and encrypted tokens
    # have another grammar and end here (B-137, B-141).
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise InvalidToken("jwt.malformed")
    try:
        header_text, payload, signature = (base64url.decode(part) for part in match.groups())
    except ValueError:
        raise InvalidToken("jwt.malformed") from None
    header = _parse_header(header_text)
    algorithm, kid, type_ = _judge_header(header)
    signing_input = token[: match.end(2)]
    names = frozenset(header)
    return UnverifiedJWS(algorithm, kid, type_, payload, signing_input, signature, names)


def verify_signature(jws: UnverifiedJWS, keys: KeySet, algorithms: tuple[str, ...]) -> None:
    """Check that a key of `keys` made the signature.

    Raises:
        InvalidToken: `jwt.alg`, `jwt.key-unknown` or `jwt.signature`.
    """
    # SECURITY: RFC 8725 §3.1, exact members of the issuer's list only, never a default (B-127).
    if jws.algorithm not in algorithms:
        raise InvalidToken("jwt.alg")
    for key in keys.candidates(jws.kid, jws.algorithm):
        try:
            return key.verify(jws.signing_input, jws.signature)
        except InvalidToken:
            continue
    raise InvalidToken("jwt.signature")


def _parse_header(text: bytes) -> dict[str, Any]:
    # RFC 7515 §4: header parameter names MUST be unique. Duplicates are refused, escaped ones
    # too (B-140).
    try:
        header = parse_json(text, _LIMITS)
    except MalformedJSON:
        raise InvalidToken("jwt.header") from None
    if not isinstance(header, dict):
        raise InvalidToken("jwt.header")
    return header


def _judge_header(header: dict[str, Any]) -> tuple[str, str | None, str | None]:
    # RFC 7515 §4.1.11: an extension in `crit` that is not understood MUST make the JWS invalid.
    # We understand none. `b64` (RFC 7797) without `crit` is refused as well (B-136).
    if "crit" in header or "b64" in header:
        raise InvalidToken("jwt.crit")
    if not _EMBEDDED_KEYS.isdisjoint(header):
        raise InvalidToken("jwt.embedded-key")
    algorithm, kid, type_ = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str):
        raise InvalidToken("jwt.alg")
    if kid is not None and (not isinstance(kid, str) or KID.fullmatch(kid) is None):
        raise InvalidToken("jwt.kid")
    if type_ is not None and not isinstance(type_, str):
        raise InvalidToken("jwt.type")
    return algorithm, kid, type_
