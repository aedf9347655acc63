"""What both token endpoints have in common."""

from __future__ import annotations

from typing import Final

ISSUER: Final = "https://login.shop.example"
API: Final = "https://api.shop.example"
CLIENT: Final = "robot"
SECRET: Final = "s" * 43  # Of a benchmark.
SCOPES: Final = ("orders:read", "orders:write")
LIFE: Final = 300
