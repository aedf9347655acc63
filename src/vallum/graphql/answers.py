"""What of an answer is for a client: data, and errors without what they tell of the service."""

from __future__ import annotations

import re
from typing import Any, Final

_LONGEST_MESSAGE: Final = 500
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SUGGESTION: Final = re.compile(r"did you mean", re.IGNORECASE)
_HIDDEN: Final = "The operation failed."


def clean_answer(value: Any) -> Any:
    """An answer, or a batch of them, as it may go out (B-300, B-305).

    Returns:
        The value itself where nothing has to go; None where it is no GraphQL answer.
    """
    if isinstance(value, list):
        cleaned = [_one(each) for each in value]
        if any(each is None for each in cleaned):
            return None
        return value if all(a is b for a, b in zip(cleaned, value, strict=True)) else cleaned
    return _one(value)


def _one(value: Any) -> Any:
    if not isinstance(value, dict) or not ("data" in value or "errors" in value):
        return None
    errors = value.get("errors")
    if errors is None and value.keys() == {"data"}:
        return value
    left: dict[str, Any] = {}
    if isinstance(errors, list):
        left["errors"] = [_error(each) for each in errors]
    elif errors is not None:
        return None
    if "data" in value:
        left["data"] = value["data"]
    return value if left == value else left


def _error(error: Any) -> dict[str, Any]:
    """An error with its message, where it arose, and its code (GraphQL §7.1.2)."""
    if not isinstance(error, dict):
        return {"message": _HIDDEN}
    left: dict[str, Any] = {"message": _message(error.get("message"))}
    locations = error.get("locations")
    if isinstance(locations, list):
        left["locations"] = [
            {key: each[key] for key in ("line", "column") if type(each.get(key)) is int}
            for each in locations
            if isinstance(each, dict)
        ]
    path = error.get("path")
    if isinstance(path, list) and all(type(step) in (str, int) for step in path):
        left["path"] = path
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    if isinstance(code, str) and _CODE.fullmatch(code):
        left["extensions"] = {"code": code}
    return left


def _message(message: Any) -> str:
    """The first line, up to where it suggests names that the caller did not know."""
    if not isinstance(message, str):
        return _HIDDEN
    # Traces come in lines; no message that is meant for a client needs a second one.
    line = message.strip().partition("\n")[0]
    return _SUGGESTION.split(line, maxsplit=1)[0].strip()[:_LONGEST_MESSAGE] or _HIDDEN
