"""A client that signs its requests as messages (RFC 9421) by code of its own: good and bad ones."""

from __future__ import annotations

import base64
import hashlib
import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import Key
from tests.support.minting import make_key, public_jwk

from vallum.core.fields import FieldLine
from vallum.tokens.algorithms import ALGORITHMS

_numbers = itertools.count()
ORIGIN = "http://api.example"
COVERED = ("@method", "@target-uri")


def encoded(value: bytes) -> str:
    """A byte sequence of structured fields."""
    return f":{base64.b64encode(value).decode()}:"


def digest(body: bytes, name: str = "sha-256") -> str:
    """One member of `Content-Digest`."""
    return f"{name}={encoded(hashlib.new(name.replace('-', ''), body).digest())}"


class Signed:
    """The field lines of a signed request."""

    def __init__(self, lines: Sequence[FieldLine], base: str, parameters: str) -> None:
        self.fields = tuple(lines)
        self.base = base
        self.parameters = parameters

    @property
    def lines(self) -> list[bytes]:
        """As they go over the wire."""
        return [name + b": " + value for name, value in self.fields]

    def replaced(self, name: bytes, value: bytes) -> list[bytes]:
        """As they go over the wire, after somebody changed one."""
        return [key + b": " + (value if key == name else old) for key, old in self.fields]

    def without(self, name: bytes) -> list[bytes]:
        """As they go over the wire, after somebody took one out."""
        return [key + b": " + old for key, old in self.fields if key != name]


class Signer:
    """One client with one key."""

    def __init__(self, algorithm: str = "EdDSA", kid: str = "shop-1", key: Key | None = None):
        self.algorithm = algorithm
        self.kid = kid
        self.key = make_key(algorithm, kid) if key is None else key
        self.jwk: dict[str, Any] = public_jwk(self.key)

    def raw(self, base: bytes) -> bytes:
        """The signature of some text."""
        model: Any = ALGORITHMS[self.algorithm].model
        signature: bytes = model.sign(base, self.key)
        return signature

    def sign(
        self,
        method: str = "GET",
        target: str = "/things",
        *,
        fields: Sequence[tuple[str, str]] = (),
        body: bytes | None = None,
        components: Sequence[str] | None = None,
        values: Mapping[str, str] | None = None,
        origin: str = ORIGIN,
        label: str = "sig",
        suffix: str | None = None,
        **parameters: object,
    ) -> Signed:
        """Sign a request.

        Args:
            method: of the request.
            target: path and query.
            fields: to be sent, with their values.
            body: of the request; adds its digest.
            components: names or whole identifiers; default: method, URI and every field.
            values: what the signer takes components for, where that is not what they are.
            origin: scheme and authority.
            label: of the signature.
            suffix: the text of the parameters, instead of `parameters`.
            parameters: changes to those of a good signature; `...` leaves one out.
        """
        sent = [*fields, *([("content-digest", digest(body))] if body is not None else [])]
        if components is None:
            components = (*COVERED, *dict(sent))
        chosen = [each if each.startswith('"') else f'"{each}"' for each in components]
        inner = f"({' '.join(chosen)})" + (self._suffix(parameters) if suffix is None else suffix)
        known = {**_derived(method, target, origin), **dict(sent), **(values or {})}
        lines = [f"{each}: {known.get(each, known.get(each[1:-1], ''))}" for each in chosen]
        base = "\n".join([*lines, f'"@signature-params": {inner}'])
        sent += [
            ("signature-input", f"{label}={inner}"),
            ("signature", f"{label}={encoded(self.raw(base.encode('latin-1')))}"),
        ]
        wire = [(name.encode(), value.encode("latin-1")) for name, value in sent]
        return Signed(wire, base, inner)

    def _suffix(self, changes: Mapping[str, object]) -> str:
        good: dict[str, object] = {
            "created": int(time.time()),
            "keyid": self.kid,
            "nonce": f"n-{next(_numbers)}-{time.time_ns()}",
            "tag": "shop",
        }
        merged = {**good, **changes}
        return "".join(
            f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
            for name, value in merged.items()
            if value is not ...
        )


def _derived(method: str, target: str, origin: str) -> dict[str, str]:
    parts = urlsplit(target)
    return {
        "@method": method,
        "@target-uri": origin + target,
        "@authority": urlsplit(origin).netloc,
        "@scheme": urlsplit(origin).scheme,
        "@request-target": target,
        "@path": parts.path,
        "@query": f"?{parts.query}",
    }
