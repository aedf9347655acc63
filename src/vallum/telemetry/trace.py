"""Request ids and W3C trace context."""

from __future__ import annotations

import re
from random import getrandbits

# Trace Context §3.2.2: version "-" trace-id "-" parent-id "-" trace-flags, in lower-case
# hexadecimal. We are stricter: version 00 only, the only one there is.
# §3.2.2.3 and §3.2.2.4: all zeros is an invalid trace-id, and an invalid parent-id.
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_matches = _TRACEPARENT.fullmatch
_ODD = frozenset(b"13579bdf")
_NOT_ZERO = 1 << 64 | 1
_CLIENT_ID = re.compile(rb"[0-9A-Za-z._~:/+=@-]{1,128}")


def new_request_id() -> str:
    """A unique id of 128 random bits, in hexadecimal.

    It names an exchange and opens nothing, so it need not be hard to guess. The generator is
    seeded by the system in each process, and again after a fork.
    """
    return getrandbits(128).to_bytes(16, "big").hex()


def trace_context(traceparent: bytes | None) -> tuple[str, bytes]:
    """Continue a caller's trace, or begin one (B-069).

    Args:
        traceparent: the field's value as it came, or None.

    Returns:
        The trace id, and the `traceparent` for the upstream, with a parent id of our own. A field
        that breaks the grammar is as none.
    """
    random = (getrandbits(192) | _NOT_ZERO).to_bytes(24, "big").hex()
    if traceparent is None or _matches(traceparent) is None:
        # Sampled, so that an upstream that follows its parent traces as it would without us.
        return random[:32], f"00-{random[:32]}-{random[32:]}-01".encode("ascii")
    trace_id = traceparent[3:35].decode("ascii")
    # §4.3: flags that we do not know must not go on.
    flags = "01" if traceparent[54] in _ODD else "00"
    return trace_id, f"00-{trace_id}-{random[32:]}-{flags}".encode("ascii")


def client_request_id(value: bytes | None) -> str:
    """A client's own X-Request-Id for the record; empty unless it is at most 128 safe characters.

    It is never used as ours: a client could choose another tenant's (B-069).
    """
    if value is None or _CLIENT_ID.fullmatch(value) is None:
        return ""
    return value.decode("ascii")
