"""Formats of OpenAPI that JSON Schema does not assert, as keywords that it does."""

from __future__ import annotations

from typing import Any

# RFC 7493 §2.2: the integers that every reader takes exactly.
_SAFE = 2**53 - 1
_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

# RFC 4648 §4, with padding.
_BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"


def assert_format(schema: dict[str, Any]) -> bool:
    """Tighten a schema by its OpenAPI format; returns whether it takes 64-bit integers."""
    types = schema.get("type")
    if types == "integer" or (isinstance(types, list) and set(types) <= {"integer", "null"}):
        name = schema.get("format", "")
        low, high = _RANGES.get(name, (-_SAFE, _SAFE))
        schema["minimum"] = max(schema.get("minimum", low), low)
        schema["maximum"] = min(schema.get("maximum", high), high)
        return bool(name == "int64")
    if schema.get("format") == "byte" and types == "string":
        schema.setdefault("pattern", _BASE64)
    return False
