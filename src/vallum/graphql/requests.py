"""What a client asks for: the members of a request, and documents known by their hash.

GraphQL over HTTP, §5: `query`, `operationName`, `variables`, `extensions`. Of extensions only
persisted documents are taken, and only those that the operator has allowed (B-302).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from vallum.graphql.model import RefusedGraphQL

MEMBERS: Final = frozenset({"query", "operationName", "variables", "extensions"})
"""Every member that a request may have, and every parameter of one in a URL."""
_HEX: Final = frozenset("0123456789abcdef")

Persisted = Mapping[str, str]
"""Allowed documents by the SHA-256 of their UTF-8 bytes, in lower-case hexadecimal."""


class GraphQLRequest(NamedTuple):
    """One operation that a client asks for. The document is always there."""

    text: str
    operation_name: str | None
    variables: dict[str, Any]
    is_persisted: bool
    """Whether its document is one of those that are allowed by their hash."""
    by_hash: bool
    """Whether the client has sent the hash alone."""

    def body(self) -> dict[str, Any]:
        """The request with its document in full, for an upstream that need not know hashes."""
        found: dict[str, Any] = {"query": self.text, "variables": self.variables}
        if self.operation_name is not None:
            found["operationName"] = self.operation_name
        return found


def read_requests(
    value: object, persisted: Persisted, *, most: int
) -> tuple[list[GraphQLRequest], bool]:
    """The requests of a JSON body, and whether it is a batch.

    Args:
        value: the body.
        persisted: the documents that may be named by their hash.
        most: operations of a batch; with 1 there are no batches.

    Raises:
        RefusedGraphQL: it is no request, or a batch that may not be (B-298).
    """
    if not isinstance(value, list):
        return [read_request(value, persisted)], False
    if most < 2 or not 0 < len(value) <= most:
        raise RefusedGraphQL("batch", "")
    found = []
    for index, each in enumerate(value):
        try:
            found.append(read_request(each, persisted))
        except RefusedGraphQL as error:
            raise RefusedGraphQL(error.code, f"/{index}{error.pointer}") from None
    return found, True


def read_request(value: object, persisted: Persisted) -> GraphQLRequest:
    """One request.

    Raises:
        RefusedGraphQL: it is none.
    """
    if not isinstance(value, dict):
        raise RefusedGraphQL("type", "")
    if not MEMBERS.issuperset(value):
        raise RefusedGraphQL("member", "")
    text = _member(value, "query", str)
    hashed = _hash(_member(value, "extensions", dict))
    known = persisted.get(hashed) if hashed is not None else None
    if hashed is not None and (known is None or (text is not None and digest_of(text) != hashed)):
        # A hash that goes with another document would put that one into the upstream's cache.
        raise RefusedGraphQL("persisted", "/extensions")
    if text is None and known is None:
        raise RefusedGraphQL("type")
    document = text if text is not None else known or ""
    return GraphQLRequest(
        text=document,
        operation_name=_member(value, "operationName", str),
        variables=_member(value, "variables", dict) or {},
        is_persisted=known is not None or (bool(persisted) and digest_of(document) in persisted),
        by_hash=text is None,
    )


def digest_of(text: str) -> str:
    """The hash by which a document is known."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _member(value: dict[str, Any], name: str, kind: type) -> Any:
    """A member of this kind; null is as good as none."""
    found = value.get(name)
    if found is not None and not isinstance(found, kind):
        raise RefusedGraphQL("type", f"/{name}")
    return found


def _hash(extensions: dict[str, Any] | None) -> str | None:
    if extensions is None:
        return None
    said = extensions.get("persistedQuery")
    if set(extensions) != {"persistedQuery"} or not isinstance(said, dict):
        raise RefusedGraphQL("member", "/extensions")
    found = said.get("sha256Hash")
    if set(said) != {"version", "sha256Hash"} or said["version"] != 1 or not isinstance(found, str):
        raise RefusedGraphQL("type", "/extensions")
    if len(found) != 64 or not _HEX.issuperset(found):
        raise RefusedGraphQL("persisted", "/extensions")
    return found
