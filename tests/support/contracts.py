"""Contracts for tests without sockets: a schema or some parameters in, verdicts out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vallum.core.fields import Fields
from vallum.openapi.load import load_contract
from vallum.openapi.model import Contract, Operation, Unknown
from vallum.openapi.problems import ContractErrors, ContractProblem, ContractViolation
from vallum.wire.media_type import parse_media_type
from vallum.wire.target import canonical_target, split_target

Found = list[tuple[str, str]]
"""Pointer and code of each violation."""


def document(
    paths: Mapping[str, Any], *, openapi: str = "3.1.0", schemas: Any = None, **more: Any
) -> dict[str, Any]:
    """An OpenAPI document."""
    components = {"components": {"schemas": schemas}} if schemas is not None else {}
    return {
        "openapi": openapi,
        "info": {"title": "Test", "version": "1"},
        "paths": paths,
        **components,
        **more,
    }


def body_operation(
    schema: Any,
    *,
    media_type: str = "application/json",
    openapi: str = "3.1.0",
    schemas: Any = None,
    unknown: Unknown = "refuse",
    encoding: Any = None,
) -> Operation:
    """An operation that takes a body of one schema."""
    media = {"schema": schema} if encoding is None else {"schema": schema, "encoding": encoding}
    post = {"requestBody": {"required": True, "content": {media_type: media}}}
    contract = load_contract(
        document({"/x": {"post": post}}, openapi=openapi, schemas=schemas), unknown=unknown
    )
    return contract.operations[0]


def judge_body(operation: Operation, body: bytes | str, media_type: str | None = None) -> Found:
    """The violations of a body of the operation's only media type."""
    declared, validator = next(iter(operation.bodies.items()))
    raw = body.encode() if isinstance(body, str) else body
    try:
        validator(raw, parse_media_type((media_type or declared).encode()))
    except ContractViolation as refusal:
        return [(violation.pointer, violation.code) for violation in refusal.violations]
    return []


def judge(schema: Any, body: str, **more: Any) -> Found:
    """The violations of a JSON body against one schema."""
    return judge_body(body_operation(schema, **more), body)


def parameter_operation(
    *parameters: Mapping[str, Any], path: str = "/x", unknown: Unknown = "refuse", **more: Any
) -> Operation:
    """A GET operation with parameters."""
    get = {"parameters": list(parameters), **more}
    return load_contract(document({path: {"get": get}}), unknown=unknown).operations[0]


def judge_request(
    operation: Operation,
    query: str = "",
    *,
    path: Mapping[str, str] | None = None,
    fields: tuple[tuple[bytes, bytes], ...] = (),
) -> Found:
    """The violations of a request's parameters; `query` as on the wire."""
    target = canonical_target(split_target(b"/x?" + query.encode()))
    try:
        operation.check_parameters(target, path or {}, Fields(fields))
    except ContractViolation as refusal:
        return [(violation.pointer, violation.code) for violation in refusal.violations]
    return []


def problems_of(value: Mapping[str, Any], **more: Any) -> tuple[ContractProblem, ...]:
    """The errors of a document; empty when it can be enforced."""
    try:
        load_contract(value, **more)
    except ContractErrors as errors:
        return errors.problems
    return ()


def warnings_of(value: Mapping[str, Any]) -> tuple[ContractProblem, ...]:
    """The warnings of a document."""
    contract: Contract = load_contract(value)
    return contract.warnings
