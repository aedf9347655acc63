"""What the servers that are compared have in common."""

from __future__ import annotations

import os
from typing import Final

from vallum.identity.people.passwords import ITERATIONS, MEMORY_KIB

ISSUER: Final = "https://login.shop.example"
API: Final = "https://api.shop.example"
CLIENT: Final = "robot"
SECRET: Final = "s" * 43  # Of a benchmark.
SCOPES: Final = ("orders:read", "orders:write")
LIFE: Final = 300
EMAIL: Final = "ada@shop.example"
PASSWORD: Final = "correct horse battery staple"  # noqa: S105  (of a benchmark)


def argon2_cost() -> tuple[int, int]:
    """KiB and passes of Argon2id: Vallum's, or the least, to see what a sign-in costs beside."""
    return (8, 1) if os.environ.get("BENCH_CHEAP") == "yes" else (MEMORY_KIB, ITERATIONS)
