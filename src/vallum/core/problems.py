"""Every refusal that Vallum can answer, as RFC 9457 problem types (ER-2), and how to raise one.

`docs/problems.md` documents each slug under a heading of the same name; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

PROBLEM_URI_PREFIX = "urn:vallum:problem:"


class ProblemType(NamedTuple):
    """One kind of problem: what a caller may learn, and nothing more (B-337)."""

    slug: str
    status: int
    title: str
    detail: str
    """A fixed sentence for the caller. Never holds anything from the request (no echo)."""

    @property
    def uri(self) -> str:
        """The stable `type` URI."""
        return PROBLEM_URI_PREFIX + self.slug


class Violation(NamedTuple):
    """One way in which a message breaks the contract. Holds no value of the message."""

    location: str
    """`path`, `query`, `header`, `cookie` or `body`."""
    pointer: str
    """Parameter name as `/name`, or the JSON Pointer (RFC 6901) inside the body."""
    code: str
    """Stable code: `required`, `type`, `unknown`, `duplicate`, `pattern`, `enum`, …"""
    detail: str
    """What was expected, in words, without the value received."""


def _table(*types: ProblemType) -> dict[str, ProblemType]:
    table = {problem.slug: problem for problem in types}
    if len(table) != len(types):
        raise ValueError("a problem slug is defined twice")
    return table


PROBLEMS: dict[str, ProblemType] = _table(
    ProblemType(
        "malformed-request",
        400,
        "Malformed request",
        "The message is not valid HTTP, or can be read in more than one way.",
    ),
    ProblemType(
        "invalid-target",
        400,
        "Invalid request target",
        "The path or query is not in canonical form.",
    ),
    ProblemType(
        "contract-violation",
        400,
        "Request breaks the contract",
        "The request does not fit the API's contract; see errors.",
    ),
    ProblemType(
        "content-digest",
        400,
        "Content does not match its digest",
        "Send Content-Digest with the sha-256 or sha-512 of the content as it is sent.",
    ),
    ProblemType(
        "ambiguous-credentials", 400, "More than one credential", "Send exactly one credential."
    ),
    ProblemType(
        "unauthenticated",
        401,
        "Authentication required",
        "This operation needs a valid credential.",
    ),
    ProblemType(
        "insufficient-authentication",
        401,
        "Sign in again",
        "This operation asks for a stronger or more recent sign-in; see WWW-Authenticate.",
    ),
    ProblemType(
        "https-required",
        403,
        "HTTPS required",
        "This API is served over HTTPS only. The credential that was sent is exposed; replace it.",
    ),
    ProblemType("forbidden", 403, "Not allowed", "The caller may not use this operation."),
    ProblemType(
        "cors-forbidden",
        403,
        "Origin not allowed",
        "This origin may not call this operation from a browser.",
    ),
    ProblemType(
        "content-refused",
        403,
        "Content refused",
        "The request holds content that is not accepted here; quote the instance to ask why.",
    ),
    ProblemType("not-found", 404, "No such operation", "The API has no operation at this path."),
    ProblemType(
        "method-not-allowed",
        405,
        "Method not allowed",
        "The API has no operation for this method at this path; see Allow.",
    ),
    ProblemType("request-timeout", 408, "Request timeout", "The request did not arrive in time."),
    ProblemType(
        "idempotency-in-progress",
        409,
        "Request was sent before",
        "A request with this key is running, or has run and its answer cannot be repeated.",
    ),
    ProblemType(
        "length-required",
        411,
        "Length required",
        "Send a Content-Length or use chunked transfer coding.",
    ),
    ProblemType(
        "body-too-large", 413, "Body too large", "The body is larger than this operation accepts."
    ),
    ProblemType(
        "target-too-long",
        414,
        "Target too long",
        "The path and query are longer than this gateway accepts.",
    ),
    ProblemType(
        "unsupported-media-type",
        415,
        "Unsupported media type",
        "This operation does not accept this content type or content coding.",
    ),
    ProblemType(
        "expectation-failed",
        417,
        "Expectation failed",
        "Only the expectation 100-continue is supported.",
    ),
    ProblemType(
        "misdirected-request",
        421,
        "Misdirected request",
        "This gateway does not serve the requested host.",
    ),
    ProblemType(
        "upload-refused",
        422,
        "Upload refused",
        "A file is not what it is said to be, or not of a kind that this operation accepts.",
    ),
    ProblemType(
        "idempotency-mismatch",
        422,
        "Key of another request",
        "This key was sent before with another request. Every request needs a key of its own.",
    ),
    ProblemType(
        "rate-limited",
        429,
        "Too many requests",
        "The limit for this caller is used up; see Retry-After.",
    ),
    ProblemType(
        "headers-too-large",
        431,
        "Header fields too large",
        "The header fields are larger or more than this gateway accepts.",
    ),
    ProblemType(
        "internal-error",
        500,
        "Internal error",
        "The gateway could not decide about this request, so it was refused.",
    ),
    ProblemType("not-implemented", 501, "Not implemented", "The transfer coding is not supported."),
    ProblemType("upstream-failed", 502, "Upstream failed", "The API did not give a usable answer."),
    ProblemType(
        "answer-withheld",
        502,
        "Answer withheld",
        "The API's answer is not one that may leave the gateway.",
    ),
    ProblemType("upstream-error", 502, "Upstream error", "The API failed to handle the request."),
    ProblemType(
        "overloaded",
        503,
        "Temporarily overloaded",
        "The gateway has no capacity for this request now; see Retry-After.",
    ),
    ProblemType(
        "upstream-unavailable",
        503,
        "Upstream unavailable",
        "The API cannot be reached now; see Retry-After.",
    ),
    ProblemType(
        "records-unavailable",
        503,
        "Records unavailable",
        "Exchanges cannot be recorded now, and the policy refuses what cannot be recorded.",
    ),
    ProblemType(
        "draining", 503, "Shutting down", "This gateway process is shutting down; try again."
    ),
    ProblemType("upstream-timeout", 504, "Upstream timeout", "The API did not answer in time."),
    ProblemType("version-not-supported", 505, "HTTP version not supported", "Use HTTP/1.1."),
    ProblemType(
        "loop-detected",
        508,
        "Loop detected",
        "The request has passed through this gateway already.",
    ),
)
"""Every problem type by slug."""


class Denied(Exception):  # noqa: N818  (a refusal is a decision, not an error)
    """A control refuses the exchange. The only way for a filter to say no."""

    def __init__(
        self,
        slug: str,
        reason: str,
        *,
        fields: bytes = b"",
        violations: Sequence[Violation] = (),
        close: bool = False,
    ) -> None:
        """
        Args:
            slug: a key of `PROBLEMS`.
            reason: stable machine code for the record, such as `jwt.expired`. Never shown to the
                caller.
            fields: complete field lines (`name: value\\r\\n`) for the answer, such as a challenge.
            violations: contract violations to list in the answer.
            close: whether the connection must end after the answer.
        """
        super().__init__(reason)
        self.problem = PROBLEMS[slug]
        self.reason = reason
        self.fields = fields
        self.violations = tuple(violations)
        self.close = close
        self.status = self.problem.status
