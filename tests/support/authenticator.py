"""A WebAuthn authenticator in software, together with the browser around it.

It is honest unless a test says otherwise: every field that a browser or an authenticator fills in
can be replaced, so that forged answers differ from good ones in that one thing.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


@dataclass(kw_only=True)
class SoftAuthenticator:
    """One credential of one relying party."""

    origin: str
    rp_id: str
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    credential_id: bytes = field(default_factory=lambda: token_bytes(32))
    sign_count: int = 0
    flags: int = UP | UV
    user_handle: bytes = b""

    def make(self, options: Mapping[str, Any], **forged: Any) -> dict[str, str]:
        """What the page's script sends of `navigator.credentials.create`.

        Args:
            options: what the server asked for.
            forged: `client_data` (members to change), `raw_client_data`, `rp_id`, `flags`,
                `public_key` (COSE, encoded), `credential_id`, `tail` (after the authenticator
                data), `attestation` (the whole object, encoded).
        """
        self.user_handle = websafe_decode(options["user"]["id"])
        cose: Any = ES256
        good = cbor.encode(cose.from_cryptography_key(self.key.public_key()))
        key = forged.get("public_key", good)
        credential_id = forged.get("credential_id", self.credential_id)
        credential = bytes(16) + struct.pack(">H", len(credential_id)) + credential_id + key
        auth_data = self._auth_data(forged, AT) + credential + forged.get("tail", b"")
        attestation = forged.get("attestation") or cbor.encode(
            {"fmt": "none", "attStmt": {}, "authData": auth_data}
        )
        return {
            "id": websafe_encode(credential_id),
            "client_data": websafe_encode(self._client_data("webauthn.create", options, forged)),
            "attestation": websafe_encode(attestation),
            "transports": "internal",
        }

    def sign(self, options: Mapping[str, Any], **forged: Any) -> dict[str, str]:
        """What the page's script sends of `navigator.credentials.get`.

        Args:
            options: what the server asked for.
            forged: as for `make`; and `signed` (authenticator data that is signed in place of
                what is sent), `signature`, `user_handle` (None: not sent).
        """
        if "sign_count" not in forged and self.sign_count:
            self.sign_count += 1
        client_data = self._client_data("webauthn.get", options, forged)
        auth_data = self._auth_data(forged, 0) + forged.get("tail", b"")
        signed = forged.get("signed", auth_data) + sha256(client_data).digest()
        good = self.key.sign(signed, ec.ECDSA(SHA256()))
        signature = forged.get("signature", good)
        answer = {
            "id": websafe_encode(forged.get("credential_id", self.credential_id)),
            "client_data": websafe_encode(client_data),
            "authenticator_data": websafe_encode(auth_data),
            "signature": websafe_encode(signature),
        }
        handle = forged.get("user_handle", self.user_handle)
        return answer if handle is None else {**answer, "user_handle": websafe_encode(handle)}

    def _auth_data(self, forged: Mapping[str, Any], more: int) -> bytes:
        rp_id_hash = sha256(forged.get("rp_id", self.rp_id).encode()).digest()
        flags = forged.get("flags", self.flags | more)
        count = forged.get("sign_count", self.sign_count)
        return rp_id_hash + struct.pack(">BI", flags, count)

    def _client_data(
        self, kind: str, options: Mapping[str, Any], forged: Mapping[str, Any]
    ) -> bytes:
        if "raw_client_data" in forged:
            raw: bytes = forged["raw_client_data"]
            return raw
        data = {
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": False,
        }
        data |= forged.get("client_data", {})
        return json.dumps(data, separators=(",", ":")).encode()
