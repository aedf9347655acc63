"""An OpenAPI document, parsed already, to a compiled contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from vallum.openapi.body_reader import BodyReader
from vallum.openapi.dialect import Dialect, dialect_of
from vallum.openapi.document import BadReferenceError, Document, Node, Resolve
from vallum.openapi.model import Contract, Operation, ParameterInfo, SecurityScheme, Unknown
from vallum.openapi.parameter_reader import ParameterReader, ReadParameter, judge_of
from vallum.openapi.problems import ContractErrors, ContractProblem, Problems
from vallum.openapi.response_reader import ResponseReader
from vallum.openapi.rights import Rights, RightsReader
from vallum.openapi.schemas import SchemaBook
from vallum.openapi.security import Security, read_schemes, read_security
from vallum.openapi.texts import TextPlan, TextReader
from vallum.wire.media_type import parse_range

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
"""The fields of a path item that are operations (OpenAPI 3.1 §4.8.9)."""

_VERSION = re.compile(r"3\.[01]\.\d+(?:-.+)?")
_TEMPLATE = re.compile(r"\{([^{}/]*)\}")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


def load_contract(
    document: Mapping[str, Any],
    *,
    unknown: Unknown = "refuse",
    overrides: Mapping[str, Unknown] | None = None,
    resolve: Resolve | None = None,
) -> Contract:
    """Compile an OpenAPI 3.0 or 3.1 document.

    Args:
        document: the parsed document. Nothing of it is kept.
        unknown: what happens to parameters and properties that it does not declare.
        overrides: the same by operation id, for operations that differ.
        resolve: reads the files that the document refers to; None: it may refer to none.

    Raises:
        ContractErrors: with every error found.
    """
    try:
        return _Loader(document, unknown, overrides or {}, resolve).contract()
    except RecursionError:
        raise ContractErrors(
            [ContractProblem("", "schemas are parts of each other too deep")]
        ) from None


class _Loader:
    def __init__(
        self,
        document: Mapping[str, Any],
        unknown: Unknown,
        overrides: Mapping[str, Unknown],
        resolve: Resolve | None,
    ) -> None:
        self._problems = Problems()
        self._document = Document(document, resolve)
        self._unknown = unknown
        self._overrides = overrides
        self._version = _version(document)
        book = SchemaBook(self._document, self._dialect(), self._problems)
        self._texts = TextReader(book.reader, self._problems)
        self._parameters = ParameterReader(self._document, book, self._texts, self._problems)
        self._bodies = BodyReader(self._document, book, self._problems)
        self._rights = RightsReader(document, book.reader, self._problems)
        self._responses = ResponseReader(
            self._document, self._dialect(), self._rights, self._problems
        )
        self._schemes: dict[str, SecurityScheme] = {}
        self._security = Security()
        self._ids: set[str] = set()
        self._routes: dict[tuple[str, str], str] = {}

    def contract(self) -> Contract:
        root = self._document.root
        self._schemes = read_schemes(self._document, self._problems)
        self._security = read_security(root, self._schemes, self._problems) or Security()
        operations = tuple(self._operations())
        if not operations and not self._problems.errors:
            self._problems.error("/paths", "the document has no operations")
        info = root.value.get("info")
        info = info if isinstance(info, dict) else {}
        contract = Contract(
            title=str(info.get("title", "")),
            version=str(info.get("version", "")),
            openapi=self._version,
            base_path=self._base_path(),
            security_schemes=self._schemes,
            operations=operations,
            warnings=self._problems.warnings,
        )
        if self._problems.errors:
            raise ContractErrors(self._problems.errors)
        return contract

    def _dialect(self) -> Dialect:
        if self._version.startswith("3.0"):
            return Dialect.OPENAPI_30
        named = self._document.root.value.get("jsonSchemaDialect")
        if named is None:
            return Dialect.DRAFT_2020
        dialect = dialect_of(named) if isinstance(named, str) else None
        if dialect is None:
            self._problems.error(
                "/jsonSchemaDialect",
                f"the dialect `{named}` is not known",
                "use draft 2020-12, the default of OpenAPI 3.1",
            )
        return dialect or Dialect.DRAFT_2020

    def _operations(self) -> Iterator[Operation]:
        paths = self._document.root.get("paths")
        if paths is None or not isinstance(paths.value, dict):
            self._problems.error("/paths", "the document has no `paths`")
            return
        for path, node in paths.members():
            if path.startswith("x-"):
                continue
            if not path.startswith("/"):
                self._problems.error(node.pointer, "a path must begin with `/`")
                continue
            if "#" in path or "?" in path:
                # A request's path never holds either, so there is nothing to protect.
                self._problems.warn(paths.pointer, f"the path `{path}` can never match: left out")
                continue
            try:
                item = self._document.follow(node)
            except BadReferenceError as error:
                self._problems.error(node.pointer, str(error), error.hint)
                continue
            for method in METHODS:
                operation = item.get(method)
                if operation is not None:
                    yield self._operation(path, method.upper(), item, operation)

    def _operation(self, path: str, method: str, item: Node, node: Node) -> Operation:
        value = node.value
        if not isinstance(value, dict):
            self._problems.error(node.pointer, "an operation must be an object")
            node = node._replace(value={})
            value = node.value
        operation_id = self._operation_id(value.get("operationId"), path, method, node)
        self._note_route(path, method, node)
        unknown = self._overrides.get(operation_id, self._unknown)
        is_closed = unknown == "refuse"
        parameters = self._parameters.read_all(item, node, is_closed=is_closed)
        self._check_template(path, parameters, node)
        security = read_security(node, self._schemes, self._problems) or self._security
        bodies, body_is_required = self._bodies.read(node, is_closed=is_closed)
        tags = value.get("tags")
        return Operation(
            id=operation_id,
            method=method,
            path=path,
            tags=tuple(str(tag) for tag in tags) if isinstance(tags, list) else (),
            summary=str(value.get("summary") or ""),
            security=security.requirements,
            security_is_explicit_none=security.is_explicit_none,
            check_parameters=judge_of(
                list(parameters.values()), self._api_keys(security), is_closed=is_closed
            ),
            bodies=bodies,
            body_is_required=body_is_required,
            body_rights=self._body_rights(node) if bodies else {},
            answers=self._responses.read(node),
            texts=self._body_texts(node) if bodies else {},
            declared_headers=frozenset(
                info.name.encode("ascii")
                for info in _infos(parameters)
                if info.location == "header"
            ),
            parameters=_infos(parameters),
            unknown=unknown,
            pointer=node.pointer,
        )

    def _body_texts(self, operation: Node) -> dict[str, TextPlan]:
        """Where each body of an operation holds free text; the body reader has reported errors."""
        content = self._document.follow(operation.child("requestBody")).child("content")
        plans: dict[str, TextPlan] = {}
        for name, media in content.members():
            try:
                plans[parse_range(name)] = self._texts.plan(media.get("schema"))
            except ValueError:
                continue
        return plans

    def _body_rights(self, operation: Node) -> dict[str, Rights]:
        """Who may write what of each body; the body reader has reported errors."""
        found: dict[str, Rights] = {}
        content = self._document.follow(operation.child("requestBody")).child("content")
        for name, media in content.members():
            rights = self._rights.read(media.get("schema"))
            if rights is not None:
                found[name.partition(";")[0].strip().lower()] = rights
        return found

    def _operation_id(self, declared: object, path: str, method: str, node: Node) -> str:
        fallback = f"{method} {path}"
        if not isinstance(declared, str) or not declared:
            return fallback
        if declared in self._ids:
            self._problems.warn(
                node.pointer,
                f"the operationId `{declared}` is used twice: this one is called `{fallback}`",
            )
            return fallback
        self._ids.add(declared)
        return declared

    def _note_route(self, path: str, method: str, node: Node) -> None:
        # OpenAPI 3.1 §4.8.8.1: templates that differ in names only are identical and invalid.
        route = (method, _TEMPLATE.sub("{}", path))
        other = self._routes.setdefault(route, path)
        if other != path:
            self._problems.error(node.pointer, f"`{path}` and `{other}` are the same path")

    def _check_template(
        self, path: str, parameters: dict[tuple[str, str], ReadParameter], node: Node
    ) -> None:
        named = _TEMPLATE.findall(path)
        declared = {name for location, name in parameters if location == "path"}
        for name in named:
            if name not in declared:
                self._problems.warn(
                    node.pointer, f"the path parameter `{name}` is not declared: any text is taken"
                )
        if len(named) != len(set(named)):
            self._problems.error(node.pointer, f"`{path}` names a parameter twice")
        for name in sorted(declared.difference(named)):
            del parameters[("path", name)]
            self._problems.warn(node.pointer, f"the path has no parameter `{name}`")

    def _api_keys(self, security: Security) -> list[str]:
        names = {name for requirement in security.requirements for name in requirement}
        return [
            self._schemes[name].parameter
            for name in sorted(names)
            if name in self._schemes and self._schemes[name].location == "query"
        ]

    def _base_path(self) -> str:
        servers = self._document.root.get("servers")
        server = next(servers.items(), None) if servers else None
        if server is None or not isinstance(server.value, dict):
            return ""
        variables = server.value.get("variables")

        def default(match: re.Match[str]) -> str:
            variable = variables.get(match[1]) if isinstance(variables, dict) else None
            return str(variable.get("default", "")) if isinstance(variable, dict) else ""

        try:
            url = urlsplit(_VARIABLE.sub(default, str(server.value.get("url", ""))))
        except ValueError:
            self._problems.error(server.pointer, "the server's `url` is not a URL")
            return ""
        path = unquote(url.path).rstrip("/")
        return path if not path or path.startswith("/") else f"/{path}"


def _infos(parameters: Mapping[tuple[str, str], ReadParameter]) -> tuple[ParameterInfo, ...]:
    return tuple(parameter.info for parameter in parameters.values())


def _version(document: Mapping[str, Any]) -> str:
    """The version of OpenAPI that the document is in.

    Raises:
        ContractErrors: one that is not supported, and so not worth looking further.
    """
    version = document.get("openapi")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return version
    if "swagger" in document:
        message, hint = "Swagger 2.0 is not supported", "convert the document to OpenAPI 3"
    elif version is None:
        message, hint = "this is not an OpenAPI document: it has no `openapi` version", ""
    else:
        message = f"OpenAPI `{version}` is not supported"
        hint = 'use 3.0.x or 3.1.x, as a string: `openapi: "3.1.0"`'
    raise ContractErrors([ContractProblem("/openapi", message, hint)])
