"""Security schemes and requirements of a document (OpenAPI 3.1 §4.8.27, §4.8.30)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, cast

from vallum.openapi.document import BadReferenceError, Document, Node
from vallum.openapi.model import SecurityRequirement, SecurityScheme
from vallum.openapi.problems import Problems, did_you_mean

_TYPES = ("apiKey", "http", "oauth2", "openIdConnect", "mutualTLS")
_LOCATIONS = ("header", "query", "cookie")


class Security(NamedTuple):
    """Who may call an operation, as the contract has it."""

    requirements: tuple[SecurityRequirement, ...] = ()
    """Alternatives."""
    is_explicit_none: bool = False
    """Whether the contract itself says that no credential is needed."""


def read_schemes(document: Document, problems: Problems) -> dict[str, SecurityScheme]:
    """The entries of `components.securitySchemes` by name."""
    components = document.root.get("components")
    declared = components.get("securitySchemes") if components else None
    schemes: dict[str, SecurityScheme] = {}
    for name, node in declared.members() if declared else ():
        try:
            found = document.follow(node)
        except BadReferenceError as error:
            problems.error(node.pointer, str(error), error.hint)
            continue
        scheme = _scheme(name, found, problems)
        if scheme is not None:
            schemes[name] = scheme
    return schemes


def _scheme(name: str, node: Node, problems: Problems) -> SecurityScheme | None:
    value = node.value if isinstance(node.value, dict) else {}
    kind = value.get("type")
    if kind not in _TYPES:
        message = f"a security scheme's `type` is one of {', '.join(_TYPES)}"
        problems.error(node.pointer, message, did_you_mean(str(kind), _TYPES))
        return None
    location, parameter = str(value.get("in", "")), str(value.get("name", ""))
    if kind == "apiKey" and (location not in _LOCATIONS or not parameter):
        message = f"an API key needs `name` and `in` ({', '.join(_LOCATIONS)})"
        problems.error(node.pointer, message, did_you_mean(location, _LOCATIONS))
        return None
    http_scheme = str(value.get("scheme", "")).lower()
    if kind == "http" and not http_scheme:
        problems.error(node.pointer, "an HTTP security scheme needs `scheme`, such as `bearer`")
        return None
    return SecurityScheme(
        name=name,
        type=cast(Literal["apiKey", "http", "oauth2", "openIdConnect", "mutualTLS"], kind),
        location=location if kind == "apiKey" else "",
        parameter=parameter if kind == "apiKey" else "",
        http_scheme=http_scheme if kind == "http" else "",
    )


def read_security(
    owner: Node, schemes: Mapping[str, SecurityScheme], problems: Problems
) -> Security | None:
    """The `security` of an operation or of the document; None where it has none of its own."""
    node = owner.get("security")
    if node is None:
        return None
    if not isinstance(node.value, list):
        problems.error(node.pointer, "`security` must be a list")
        return Security()
    requirements: list[SecurityRequirement] = []
    # OpenAPI 3.1 §4.8.2.1: `{}` makes security optional, an empty list removes it.
    is_explicit_none = not node.value
    for item in node.items():
        if not isinstance(item.value, dict):
            problems.error(item.pointer, "a security requirement must be an object")
            continue
        is_explicit_none = is_explicit_none or not item.value
        if item.value:
            requirements.append(_requirement(item, schemes, problems))
    return Security(tuple(requirements), is_explicit_none)


def _requirement(
    node: Node, schemes: Mapping[str, SecurityScheme], problems: Problems
) -> dict[str, tuple[str, ...]]:
    requirement: dict[str, tuple[str, ...]] = {}
    for name, scopes in node.members():
        if name not in schemes:
            message = f"the security scheme `{name}` is not defined"
            problems.error(scopes.pointer, message, did_you_mean(name, schemes))
        if not isinstance(scopes.value, list):
            problems.error(scopes.pointer, "scopes must be a list")
        requirement[name] = tuple(str(scope.value) for scope in scopes.items())
    return requirement
