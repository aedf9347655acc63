"""Secrets of a test, and the search for them in everything that was kept."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import quote

_FEWEST = 8
"""Shorter spellings would be found by chance."""


class Canaries:
    """Values that must not be found, in any spelling that somebody could read them back from."""

    def __init__(self) -> None:
        self._spellings: dict[bytes, str] = {}

    def add(self, name: str, value: str | bytes) -> None:
        """Look for a secret; for one that is written in base64url or hexadecimal, its bytes too."""
        raw = value.encode() if isinstance(value, str) else value
        assert len(raw) >= _FEWEST, f"{name} is too short to be looked for"
        for each in {raw, *_meanings(raw)}:
            for spelling in _spellings(each):
                if len(spelling) >= _FEWEST:
                    self._spellings[spelling] = name

    def found_in(self, data: bytes) -> set[str]:
        """The names of those that are in there."""
        return {name for spelling, name in self._spellings.items() if spelling in data}


def _meanings(raw: bytes) -> Iterator[bytes]:
    with suppress(binascii.Error, ValueError):
        yield bytes.fromhex(raw.decode("ascii"))
    if len(raw) >= 22 and raw.replace(b"-", b"").replace(b"_", b"").isalnum():
        with suppress(binascii.Error):
            yield base64.urlsafe_b64decode(raw + b"=" * (-len(raw) % 4))


def _spellings(raw: bytes) -> Iterator[bytes]:
    yield raw
    yield raw.hex().encode()
    yield raw.hex().upper().encode()
    yield base64.b32encode(raw).rstrip(b"=")
    yield quote(raw, safe="").encode()
    yield quote(raw).replace("%20", "+").encode()
    with suppress(UnicodeDecodeError):
        yield raw.decode().encode("utf-16-le")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        # At each place that it may have within something longer: without what its neighbours share.
        for shift in range(3):
            text = encode(bytes(shift) + raw).rstrip(b"=")
            yield text[(0, 2, 3)[shift] : -1]
