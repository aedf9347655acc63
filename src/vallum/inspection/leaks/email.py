"""E-mail addresses (RFC 5321 §4.1.2, without quoted local parts)."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, each, mask_email

_ADDRESS: Final = re.compile(
    r"(?<![\w.+%/-])[\w+%-]{1,64}(?:\.[\w+%-]{1,64}){0,8}"
    r"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])"
)

LEAK: Final = Leak(
    kind="email",
    forms=(
        Form(
            "email.address",
            "an e-mail address",
            (r"[a-z0-9_+%-]@[a-z0-9-]+\.[a-z]",),
            each(_ADDRESS),
        ),
    ),
    mask=mask_email,
)
