"""The policy file as JSON Schema, for editors that complete and check as one types."""

from __future__ import annotations

from typing import Any

from vallum.config.keys import TOP


def policy_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the policy file.

    It knows keys and forms. What must fit the contract (operations, tags) or another part of the
    file (issuers, roles), only `vallum check` can tell.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Vallum policy",
        **TOP.schema(),
    }
