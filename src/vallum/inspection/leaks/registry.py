"""Every kind of leak, in the order in which they are told."""

from __future__ import annotations

from typing import Final

from vallum.inspection.leaks import (
    card,
    email,
    iban,
    internal,
    national_id,
    phone,
    private_key,
    secret,
    sql_error,
    stack_trace,
    token,
)
from vallum.inspection.leaks.model import Leak

LEAKS: Final[tuple[Leak, ...]] = (
    private_key.LEAK,
    secret.LEAK,
    token.LEAK,
    iban.LEAK,
    card.LEAK,
    national_id.LEAK,
    email.LEAK,
    phone.LEAK,
    stack_trace.LEAK,
    sql_error.LEAK,
    internal.LEAK,
)
"""One file each. Groups of an account number may be a card's, but not the other way round."""
