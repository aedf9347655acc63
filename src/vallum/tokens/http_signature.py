"""HTTP message signatures (RFC 9421): the one that the policy asks for, verified or refused.

    tag ─▶ parameters ─▶ coverage ─▶ time ─▶ key, algorithm ─▶ base ─▶ signature

RFC 9421 §3.2.1 leaves to the application what a signature must cover; here a policy says it, and
nothing else is believed. Whether its nonce was used before is known to whoever keeps
`VerifiedSignature.replay_id` until `expires_at`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, Literal, NamedTuple, cast

from vallum.core.request import Request
from vallum.tokens.errors import InvalidToken
from vallum.tokens.jwk import VerificationKey
from vallum.tokens.signature_base import Component, NoBase, read_components, signature_base
from vallum.wire.structured import (
    InnerList,
    Item,
    MalformedField,
    Parameters,
    Token,
    parse_dictionary,
)

ALGORITHMS: Final = {
    "Ed25519": "ed25519",
    "EdDSA": "ed25519",
    "ES256": "ecdsa-p256-sha256",
    "ES384": "ecdsa-p384-sha384",
    "PS512": "rsa-pss-sha512",
    "HS256": "hmac-sha256",
}
"""What `alg` of a key (RFC 7518) is called in signatures (RFC 9421 §3.3)."""

MAX_NONCE: Final = 128
"""Characters of `nonce`."""

_KNOWN: Final = frozenset({"created", "expires", "nonce", "alg", "keyid", "tag"})

SignatureReason = Literal[
    "signature.algorithm",
    "signature.ambiguous",
    "signature.component",
    "signature.component-missing",
    "signature.component-twice",
    "signature.coverage",
    "signature.expired",
    "signature.invalid",
    "signature.key-unknown",
    "signature.malformed",
    "signature.missing",
    "signature.not-yet",
    "signature.parameters",
    "signature.replay",
    "signature.tag",
    "signature.tag-twice",
]
"""Why a request was refused: for the record."""

MALFORMED: Final = frozenset({"signature.ambiguous", "signature.malformed"})
"""Those of requests that can be read in more than one way, or not at all."""


class InvalidSignature(Exception):  # noqa: N818  (a verdict on a signature)
    """A request whose signature proves nothing. Holds nothing of it."""

    def __init__(self, reason: SignatureReason) -> None:
        super().__init__(reason)
        self.reason: SignatureReason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a signature must be."""

    tag: str
    """Of the application that it was made for (RFC 9421 §7.2.7)."""
    components: tuple[Component, ...]
    """What it must cover at least."""
    max_age: float
    """Seconds between `created` and now, either way."""


class VerifiedSignature(NamedTuple):
    """A signature that passed every check but that of its being the first with its nonce."""

    key_id: str
    covered: frozenset[bytes]
    """Names of the fields that it covers."""
    replay_id: bytes
    """16 bytes that stand for tag, key and nonce; seen twice until `expires_at`: a replay."""
    created_at: float
    expires_at: float
    """Unix seconds; after that it is refused by its age."""


class _Found(NamedTuple):
    inner: InnerList
    signature: bytes


def verify_signature(
    request: Request,
    *,
    rules: Rules,
    fields: Collection[str],
    keys: Mapping[str, VerificationKey],
    origin: str,
    now: float,
) -> VerifiedSignature:
    """Verify the signature of a request.

    Args:
        request: as it was received.
        rules: what the signature must be.
        fields: names of fields of this request that it must cover as well.
        keys: by `keyid`; each good for one algorithm.
        origin: scheme and authority by which the public knows the API.
        now: wall-clock Unix seconds.

    Raises:
        InvalidSignature: with the reason; there is no other outcome than this or the signature.
    """
    inner, signature = _find(request, rules.tag)
    parameters = inner.parameters
    if not _KNOWN.issuperset(parameters):
        raise InvalidSignature("signature.parameters")
    try:
        components = read_components(inner)
        if not _covers(components, rules.components, fields):
            raise InvalidSignature("signature.coverage")
        created = _created(parameters, now, rules.max_age)
        key_id, nonce = _text(parameters, "keyid"), _text(parameters, "nonce")
        if len(nonce) > MAX_NONCE:
            raise InvalidSignature("signature.parameters")
        key = _key(keys, key_id, parameters)
        base = signature_base(inner, components, request, origin)
    except NoBase as error:
        raise InvalidSignature(cast("SignatureReason", str(error))) from None
    try:
        key.verify(base, signature)
    except InvalidToken:
        raise InvalidSignature("signature.invalid") from None
    covered = frozenset(each.name.encode("ascii") for each in components if each.is_field)
    replay_id = _replay_id(rules.tag, key_id, nonce)
    return VerifiedSignature(key_id, covered, replay_id, created, created + rules.max_age)


def _find(request: Request, tag: str) -> _Found:
    """The one signature of an application, among others that are none of our business."""
    inputs = _dictionary(request, b"signature-input")
    signatures = _dictionary(request, b"signature")
    labels = [
        label for label, member in inputs.items() if _is_tagged(member.parameters.get("tag"), tag)
    ]
    if not labels:
        raise InvalidSignature("signature.tag")
    # SECURITY: which of two would be verified must not be chosen by who sends them (B-210).
    if len(labels) > 1:
        raise InvalidSignature("signature.tag-twice")
    inner, signature = inputs[labels[0]], signatures.get(labels[0])
    if signature is None:
        raise InvalidSignature("signature.missing")
    if not isinstance(inner, InnerList) or not isinstance(signature, Item):
        raise InvalidSignature("signature.malformed")
    if not isinstance(signature.value, bytes):
        raise InvalidSignature("signature.malformed")
    return _Found(inner, signature.value)


def _dictionary(request: Request, name: bytes) -> dict[str, Item | InnerList]:
    lines = request.fields.all(name)
    if not lines:
        raise InvalidSignature("signature.missing")
    try:
        return parse_dictionary(b", ".join(lines))
    except MalformedField:
        raise InvalidSignature("signature.malformed") from None


def _is_tagged(value: object, tag: str) -> bool:
    return type(value) is str and value == tag


def _covers(
    components: Collection[Component], required: Collection[Component], fields: Collection[str]
) -> bool:
    covered = {each.name for each in components}
    # One says as much as the other: which a client chooses is its own affair.
    if "@target-uri" in covered:
        covered |= {"@scheme", "@authority", "@request-target"}
    elif {"@authority", "@path", "@query"} <= covered or {
        "@authority",
        "@request-target",
    } <= covered:
        covered.add("@target-uri")
    if "@request-target" in covered:
        covered |= {"@path", "@query"}
    elif {"@path", "@query"} <= covered:
        covered.add("@request-target")
    return covered.issuperset(fields) and all(each.name in covered for each in required)


def _created(parameters: Parameters, now: float, max_age: float) -> float:
    created, expires = parameters.get("created"), parameters.get("expires", ...)
    if type(created) is not int or (expires is not ... and type(expires) is not int):
        raise InvalidSignature("signature.parameters")
    if now - created > max_age or (type(expires) is int and now >= expires):
        raise InvalidSignature("signature.expired")
    if created - now > max_age:
        raise InvalidSignature("signature.not-yet")
    return float(created)


def _text(parameters: Parameters, name: str) -> str:
    value = parameters.get(name)
    if not isinstance(value, str) or isinstance(value, Token) or not value:
        raise InvalidSignature("signature.parameters")
    return value


def _key(
    keys: Mapping[str, VerificationKey], key_id: str, parameters: Parameters
) -> VerificationKey:
    key = keys.get(key_id)
    if key is None:
        raise InvalidSignature("signature.key-unknown")
    # SECURITY: the key decides the algorithm; what the message says may only agree (RFC 9421
    # §7.3.6, B-210).
    if "alg" in parameters and _text(parameters, "alg") != ALGORITHMS[key.algorithm.name]:
        raise InvalidSignature("signature.algorithm")
    return key


def _replay_id(tag: str, key_id: str, nonce: str) -> bytes:
    # Strings of structured fields hold no control characters.
    return blake2b(f"{tag}\0{key_id}\0{nonce}".encode("ascii"), digest_size=16).digest()
