"""The contract as values: what an OpenAPI document says, compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, Protocol

from vallum.core.fields import Fields
from vallum.core.request import Target
from vallum.openapi.answers import AnswerContract
from vallum.openapi.problems import ContractProblem
from vallum.openapi.rights import Rights
from vallum.openapi.texts import TextPlan
from vallum.wire.media_type import MediaType
from vallum.wire.multipart import Part

SecurityRequirement = Mapping[str, tuple[str, ...]]
"""Scheme name → scopes; all schemes of one requirement are needed together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityScheme:
    """An entry of `components.securitySchemes`."""

    name: str
    type: Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"]
    location: str = ""
    """For `apiKey`: `header`, `query` or `cookie`."""
    parameter: str = ""
    """For `apiKey`: the field's name."""
    http_scheme: str = ""
    """For `http`: `bearer`, `basic` … in lower case."""


UNREAD: Final = object()
"""Stands for a body that nothing has looked into."""


class Rewritten(NamedTuple):
    """What a validator read, where the upstream must get other bytes that say just that."""

    value: object
    body: bytes
    files: tuple[Part, ...] = ()
    """Those of a form, also where what they hold is in the value."""


Unknown = Literal["refuse", "ignore"]
"""What happens to parameters and properties that the contract does not declare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterInfo:
    """What a contract says about a parameter, for those who advise on it."""

    name: str
    location: Literal["path", "query", "header", "cookie"]
    is_numeric: bool
    """Whether every value is a number, so that ids can be counted through."""
    content: str = "text"
    """What free text its value holds, one of `texts.CONTENTS`; empty where there is none."""


class ParameterValidator(Protocol):
    """Judges path, query, header and cookie parameters of one operation."""

    def __call__(self, target: Target, path: Mapping[str, str], fields: Fields) -> None:
        """Raises `ContractViolation` with every violation found."""


class BodyValidator(Protocol):
    """Judges a body of one media type."""

    def __call__(self, body: bytes, media_type: MediaType) -> object:
        """What was read: plain values, and the `Part` itself for a file of a form; `UNREAD` where
        nothing looked into the body.

        The value comes in a `Rewritten` where the body must not go on as it was spelled.

        Raises `ContractViolation` with the violations found (at most 20).

        `media_type` is the body's own; a validator of a range reads the body by it.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the contract, compiled."""

    id: str
    """`operationId`, or `METHOD /path` where the contract has none."""
    method: str
    path: str
    """The path template as written in the contract, without the server's base path."""
    tags: tuple[str, ...] = ()
    summary: str = ""
    security: tuple[SecurityRequirement, ...] = ()
    """Alternatives; empty when the contract asks for no authentication."""
    security_is_explicit_none: bool = False
    """Whether the contract itself says that the operation is public (`security: []` or `{}`)."""
    check_parameters: ParameterValidator = field(repr=False)
    bodies: Mapping[str, BodyValidator] = field(default_factory=dict, repr=False)
    """Validator per accepted media type, lower case (`application/json`); ranges as `text/*`."""
    body_is_required: bool = False
    texts: Mapping[str, TextPlan] = field(default_factory=dict, repr=False)
    """Where bodies hold free text, by the same names as `bodies`."""
    body_rights: Mapping[str, Rights] = field(default_factory=dict, repr=False)
    """Who may write what of its bodies, by the same names; only those that say so."""
    answers: AnswerContract = field(default_factory=AnswerContract, repr=False)
    """What it may answer."""
    declared_headers: frozenset[bytes] = frozenset()
    """Header parameters (lower case) that the contract declares."""
    parameters: tuple[ParameterInfo, ...] = ()
    unknown: Unknown = "refuse"
    """How `check_parameters` and `bodies` were compiled."""
    pointer: str = ""
    """JSON Pointer of the operation in the document, for messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """An OpenAPI document, compiled."""

    title: str
    version: str
    openapi: str
    """`3.0.x` or `3.1.x`, as the document says."""
    base_path: str
    """Path of the first server URL without trailing slash, or the empty string."""
    security_schemes: Mapping[str, SecurityScheme]
    operations: tuple[Operation, ...]
    warnings: tuple[ContractProblem, ...] = ()
    """What is legal but not enforced as its author may expect, such as a dropped pattern."""
