"""Problems as RFC 9457 documents (ER-2)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from vallum.core.problems import ProblemType, Violation

MEDIA_TYPE = b"application/problem+json"
INSTANCE_URI_PREFIX = "urn:vallum:request:"
MOST_VIOLATIONS = 20


@lru_cache(maxsize=256)
def _head(problem: ProblemType, status: int) -> str:
    """Everything but `instance`, which is different each time, and the closing brace."""
    return json.dumps(
        {
            "type": problem.uri,
            "title": problem.title,
            "status": status,
            "detail": problem.detail,
        },
        separators=(",", ":"),
    )[:-1]


def render_problem(
    problem: ProblemType,
    *,
    status: int,
    request_id: str,
    violations: Sequence[Violation] = (),
) -> bytes:
    """The body of a refusal. Says nothing that came with the request but names of parameters.

    Args:
        problem: the type; its fixed texts are all that the caller reads.
        status: the status of the answer; the same number as on the status line (RFC 9457 §3.1.2).
        request_id: leads the operator to the record of the exchange; in `instance`.
        violations: at most the first 20 are listed, under `errors`.

    Returns:
        ASCII JSON: whatever a violation's text holds, no character can act in a page or terminal.
    """
    text = f'{_head(problem, status)},"instance":{json.dumps(INSTANCE_URI_PREFIX + request_id)}'
    if violations:
        errors = [violation._asdict() for violation in violations[:MOST_VIOLATIONS]]
        text += f',"errors":{json.dumps(errors, separators=(",", ":"))}'
    # RFC 8259 §7 allows every character to be escaped. A sniffing browser finds no markup (B-338).
    return (text.replace("<", "\\u003c").replace(">", "\\u003e") + "}").encode("ascii")
