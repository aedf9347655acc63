"""One-time passwords by time (RFC 6238), as every authenticator application makes them."""

from __future__ import annotations

import base64
import hmac
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SEED_BYTES: Final = 20
"""RFC 4226 §4 R6 recommends 160 bits."""
STEP_SECONDS: Final = 30
DIGITS: Final = 6

_SPACES: Final = str.maketrans("", "", " -\u00a0\u202f")


def step_at(now: float) -> int:
    """The number of the step that a moment, in Unix seconds, falls into."""
    return int(now // STEP_SECONDS)


def code_at(seed: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step.

    Applications know HMAC-SHA-1 alone for certain; what breaks SHA-1 does not break its HMAC.
    """
    return HOTP(seed, digits, SHA1()).generate(step).decode("ascii")  # noqa: S303


def matching_step(seed: bytes, typed: str, now: float, *, after: int) -> int | None:
    """The step whose code was typed; None where it is wrong, too old, or used already (B-231).

    Args:
        seed: the secret shared with the application.
        typed: by a person, with spaces perhaps.
        now: Unix seconds.
        after: the last step whose code was taken: only later ones count (RFC 6238 §5.2).
    """
    code = typed[:64].translate(_SPACES)
    if len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    # RFC 6238 §5.2: one step back for the way from the application to us; none ahead.
    current = step_at(now)
    found = None
    for step in (current - 1, current):
        is_right = hmac.compare_digest(code_at(seed, step), code)
        if is_right and step > after:
            found = step
    return found


def seed_in_words(seed: bytes) -> str:
    """The seed for who types it in: base32 in groups of four."""
    text = base64.b32encode(seed).decode("ascii").rstrip("=")
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def key_uri(seed: bytes, *, service: str, account: str) -> str:
    """What the QR code says: the `otpauth` URI that authenticator applications read."""
    label = f"{quote(service, safe='')}:{quote(account, safe='')}"
    parameters = {
        "secret": base64.b32encode(seed).decode("ascii").rstrip("="),
        "issuer": service,
        "algorithm": "SHA1",
        "digits": str(DIGITS),
        "period": str(STEP_SECONDS),
    }
    return f"otpauth://totp/{label}?{urlencode(parameters, quote_via=quote)}"
