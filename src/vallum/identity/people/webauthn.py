"""WebAuthn: the one door to fido2, and the checks that it leaves to us (WebAuthn L3 §7.1, §7.2).

Pure: bytes that a browser sent and what we remember go in; what was proved comes out, or an
exception. Attestation is not asked for and not believed: it would tell the make of the key.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from vallum.identity.people.cbor import MalformedCBOR, canonical_end, require_canonical
from vallum.identity.people.cose import ALGORITHMS, BadKey, require_key
from vallum.identity.storage.passkeys import Passkey
from vallum.wire.json import JSONLimits, MalformedJSON, parse_json

LONGEST_ID: Final = 1023
"""L3 §7.1 step 25."""
TRANSPORTS: Final = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})
"""L3 §5.8.4. They are hints, and prove nothing."""
_NO_MAKE: Final = bytes(16)
_CLIENT_DATA: Final = JSONLimits(depth=4, width=32, string=4096)
_HASH_BYTES: Final = 32
_HEAD_BYTES: Final = 37
_UP, _UV, _BE, _BS, _AT, _ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
_RESERVED: Final = 0x22


class PasskeyRefused(Exception):  # noqa: N818  (a verdict on what a browser sent)
    """An answer of an authenticator that proves nothing. The text is for the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new credential."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """What a signature proves beside that its key was there."""

    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Us, as authenticators know us."""

    issuer: str
    """The one origin (B-237)."""
    name: str

    @property
    def id(self) -> str:
        """The host of the origin."""
        return urlsplit(self.issuer).hostname or ""

    def creation(
        self, user_id: str, email: str, name: str, challenge: bytes, known: Sequence[Passkey]
    ) -> dict[str, Any]:
        """The options of `navigator.credentials.create`, as JSON (L3 §5.1.8)."""
        options, _ = self._server().register_begin(
            PublicKeyCredentialUserEntity(
                id=user_id.encode(), name=email, display_name=name or email
            ),
            credentials=_descriptors(known),
            resident_key_requirement=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=challenge,
        )
        return _plain(options)

    def request(self, challenge: bytes, known: Sequence[Passkey]) -> dict[str, Any]:
        """The options of `navigator.credentials.get`; with none known, the browser knows."""
        options, _ = self._server().authenticate_begin(
            credentials=_descriptors(known) or None,
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=challenge,
        )
        return _plain(options)

    def register(
        self, challenge: bytes, credential_id: bytes, client_data: bytes, attestation: bytes
    ) -> Registered:
        """Verify a new credential (L3 §7.1).

        Raises:
            PasskeyRefused: it is none of ours, or not as it must be.
        """
        self._judge_client_data(client_data, "webauthn.create", challenge)
        auth_data = _attested(attestation)
        flags = _judge_flags(auth_data, registers=True)
        found_id, public_key = _credential(auth_data)
        if found_id != credential_id:
            raise PasskeyRefused("two credential ids")
        data = self._complete(
            lambda: self._server().register_complete(
                _state(challenge),
                _response(credential_id, clientDataJSON=client_data, attestationObject=attestation),
            )
        )
        return Registered(
            credential_id=credential_id,
            public_key=public_key,
            sign_count=data.counter,
            backup_eligible=bool(flags & _BE),
            backed_up=bool(flags & _BS),
        )

    def authenticate(
        self,
        challenge: bytes,
        passkey: Passkey,
        client_data: bytes,
        auth_data: bytes,
        signature: bytes,
    ) -> Asserted:
        """Verify a signature with a credential that we know (L3 §7.2).

        Raises:
            PasskeyRefused: it proves nothing.
        """
        self._judge_client_data(client_data, "webauthn.get", challenge)
        flags = _judge_flags(auth_data, registers=False)
        # L3 §7.2 step 19: whether a key may be copied is settled when it is made.
        if bool(flags & _BE) != passkey.backup_eligible:
            raise PasskeyRefused("backup eligibility has changed")
        key = AttestedCredentialData.create(
            _NO_MAKE, passkey.credential_id, CoseKey.parse(_decoded(passkey.public_key))
        )
        response = _response(
            passkey.credential_id,
            clientDataJSON=client_data,
            authenticatorData=auth_data,
            signature=signature,
        )
        self._complete(
            lambda: self._server().authenticate_complete(_state(challenge), [key], response)
        )
        return Asserted(
            sign_count=int.from_bytes(auth_data[_HASH_BYTES + 1 : _HEAD_BYTES], "big"),
            backed_up=bool(flags & _BS),
        )

    def _judge_client_data(self, raw: bytes, kind: str, challenge: bytes) -> None:
        try:
            data = parse_json(raw, _CLIENT_DATA)
        except MalformedJSON:
            raise PasskeyRefused("client data cannot be read in one way") from None
        if not isinstance(data, dict) or data.get("type") != kind:
            raise PasskeyRefused("another ceremony")
        said = data.get("challenge")
        if not isinstance(said, str) or not hmac.compare_digest(
            said.encode(), websafe_encode(challenge).encode()
        ):
            raise PasskeyRefused("another challenge")
        # Exactly: neither a suffix, nor another port, nor an application's (B-237).
        if data.get("origin") != self.issuer:
            raise PasskeyRefused("another origin")
        # L3 §7.1 steps 10 and 11: no page of ours is meant to be in a frame of others.
        if data.get("crossOrigin", False) is not False or "topOrigin" in data:
            raise PasskeyRefused("within a page of somebody else")
        if data.get("tokenBinding") not in (None, {"status": "supported"}):
            raise PasskeyRefused("bound to a connection that we do not know")

    def _server(self) -> Fido2Server:
        server = Fido2Server(
            PublicKeyCredentialRpEntity(name=self.name, id=self.id),
            attestation=AttestationConveyancePreference.NONE,
            verify_origin=lambda origin: origin == self.issuer,
        )
        server.allowed_algorithms = [
            PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=each)
            for each in ALGORITHMS
        ]
        return server

    def _complete(self, work: Any) -> Any:
        try:
            return work()
        # The library answers what is malformed with whatever its parsers raise.
        except Exception as error:  # noqa: BLE001  Every one of them is a refusal.
            raise PasskeyRefused(str(error)[:200] or type(error).__name__) from None


def user_of(handle: bytes) -> str:
    """The id of the person whom a user handle names.

    Raises:
        PasskeyRefused: it is none of ours.
    """
    try:
        return handle.decode("ascii")
    except UnicodeDecodeError:
        raise PasskeyRefused("a user handle that is none of ours") from None


def _judge_flags(auth_data: bytes, *, registers: bool) -> int:
    """The flags, if they say what they must and the bytes are as they say (L3 §6.1)."""
    if len(auth_data) < _HEAD_BYTES:
        raise PasskeyRefused("authenticator data cut off")
    flags = auth_data[_HASH_BYTES]
    if not flags & _UP:
        raise PasskeyRefused("nobody was present")
    if not flags & _UV:
        raise PasskeyRefused("the person was not verified")
    if flags & _BS and not flags & _BE:
        raise PasskeyRefused("backed up, but not eligible for backup")
    if flags & _RESERVED or bool(flags & _AT) != registers:
        raise PasskeyRefused("flags that do not belong here")
    end = _HEAD_BYTES
    try:
        if flags & _AT:
            end = canonical_end(auth_data, _key_start(auth_data))
        if flags & _ED:
            end = canonical_end(auth_data, end)
    except MalformedCBOR as error:
        raise PasskeyRefused(f"authenticator data: {error}") from None
    if end != len(auth_data):
        raise PasskeyRefused("bytes after the authenticator data")
    return flags


def _key_start(auth_data: bytes) -> int:
    """Where the public key begins: after the make (16), the id's length (2) and the id."""
    start = _HEAD_BYTES + 18
    length = int.from_bytes(auth_data[start - 2 : start], "big")
    if len(auth_data) < start + length or not 16 <= length <= LONGEST_ID:
        raise PasskeyRefused("a credential id of a length that is not allowed")
    return start + length


def _credential(auth_data: bytes) -> tuple[bytes, bytes]:
    start = _key_start(auth_data)
    public_key = auth_data[start : canonical_end(auth_data, start)]
    try:
        require_key(_decoded(public_key))
    except BadKey as error:
        raise PasskeyRefused(f"public key: {error}") from None
    return auth_data[_HEAD_BYTES + 18 : start], public_key


def _attested(attestation: bytes) -> bytes:
    """The authenticator data within an attestation object."""
    try:
        require_canonical(attestation)
    except MalformedCBOR as error:
        raise PasskeyRefused(f"attestation object: {error}") from None
    found = _decoded(attestation)
    if not isinstance(found, dict) or found.keys() != {"fmt", "attStmt", "authData"}:
        raise PasskeyRefused("no attestation object")
    auth_data = found["authData"]
    if not isinstance(auth_data, bytes):
        raise PasskeyRefused("no attestation object")
    return auth_data


def _decoded(data: bytes) -> Any:
    return cbor.decode(data)


def _descriptors(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            type=PublicKeyCredentialType.PUBLIC_KEY,
            id=each.credential_id,
            transports=[AuthenticatorTransport(way) for way in each.transports] or None,
        )
        for each in known
    ]


def _state(challenge: bytes) -> dict[str, Any]:
    return {
        "challenge": websafe_encode(challenge),
        "user_verification": UserVerificationRequirement.REQUIRED,
    }


def _response(credential_id: bytes, **fields: bytes) -> dict[str, Any]:
    text = websafe_encode(credential_id)
    return {
        "id": text,
        "rawId": text,
        "type": "public-key",
        "response": {name: websafe_encode(value) for name, value in fields.items()},
    }


def _plain(options: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(dict(options)["publicKey"])
    return found
