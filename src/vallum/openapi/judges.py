"""All parameters of an operation together: unknown, missing and repeated ones (B-106)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vallum.core.fields import Fields
from vallum.core.problems import Violation
from vallum.core.request import Target
from vallum.openapi.parameters import GroupParameter, TextParameter
from vallum.openapi.problems import ContractViolation
from vallum.wire.pointer import json_pointer
from vallum.wire.spelled import is_method_override


class QueryJudge:
    """Judges the pairs of a query."""

    __slots__ = ("_catch_all", "_deep", "_groups", "_is_closed", "_required", "_singles")

    def __init__(
        self,
        singles: Sequence[TextParameter],
        *,
        groups: Mapping[str, GroupParameter],
        deep: Mapping[str, GroupParameter],
        catch_all: GroupParameter | None,
        is_closed: bool,
    ) -> None:
        """
        Args:
            singles: parameters that occur once at most.
            groups: exploded arrays by name, exploded objects by each of their property names.
            deep: `deepObject` parameters by name.
            catch_all: an exploded object that takes any property name.
            is_closed: whether an undeclared parameter is refused.
        """
        self._singles = {parameter.name: parameter for parameter in singles}
        self._groups = groups
        self._deep = deep
        self._catch_all = catch_all
        self._is_closed = is_closed
        every: list[TextParameter | GroupParameter] = [*singles, *groups.values(), *deep.values()]
        self._required = tuple({p.name: p for p in every if p.is_required}.values())

    @property
    def is_empty(self) -> bool:
        """Whether no query parameter is declared at all."""
        return not (self._singles or self._groups or self._deep or self._catch_all)

    @property
    def has_required(self) -> bool:
        """Whether an empty query breaks the contract."""
        return bool(self._required)

    def judge(self, query: Sequence[tuple[str, str]]) -> list[Violation]:
        """Every violation in a query."""
        found: list[Violation] = []
        seen: set[str] = set()
        grouped: dict[GroupParameter, list[tuple[str, str]]] = {}
        singles = self._singles
        for pair in query:
            name, text = pair
            parameter = singles.get(name)
            if parameter is None:
                self._assign(pair, grouped, found)
            elif name in seen:
                found.append(parameter.violation("duplicate", "must occur once"))
            else:
                seen.add(name)
                if not parameter.accepts(text):
                    found += parameter.explain(text)
        for group, pairs in grouped.items():
            seen.add(group.name)
            found += group.judge(pairs)
        if self._required:
            for required in self._required:
                if required.name not in seen:
                    found.append(required.violation("required", "is required"))
        return found

    def _assign(
        self,
        pair: tuple[str, str],
        grouped: dict[GroupParameter, list[tuple[str, str]]],
        found: list[Violation],
    ) -> None:
        name, text = pair
        group = self._groups.get(name)
        if group is None and name.endswith("]"):
            base, bracket, inner = name[:-1].partition("[")
            # Nested brackets: no style of OpenAPI spells that.
            if bracket and not ("[" in inner or "]" in inner):
                group = self._deep.get(base)
                pair = (inner, text) if group is not None else pair
        # SECURITY: a parameter that takes any name has not declared this one (B-093).
        is_override = group is None and is_method_override(name)
        if group is None and not is_override:
            group = self._catch_all
        if group is not None:
            grouped.setdefault(group, []).append(pair)
        elif self._is_closed or is_override:
            found.append(unknown_parameter(name))


def unknown_parameter(name: str) -> Violation:
    """The violation of an undeclared query parameter."""
    return Violation("query", json_pointer((name,)), "unknown", "is not declared")


class ParameterJudge:
    """Judges path, query, header and cookie parameters of one operation."""

    __slots__ = ("_cookies", "_headers", "_path", "_query")

    def __init__(
        self,
        *,
        path: Sequence[TextParameter],
        query: QueryJudge,
        headers: Sequence[TextParameter],
        lists: frozenset[str],
        cookies: Sequence[TextParameter],
    ) -> None:
        """
        Args:
            path: path parameters.
            query: what judges the query.
            headers: header parameters, names in lower case.
            lists: names of the headers that may be sent as several lines.
            cookies: cookie parameters.
        """
        self._path = tuple(path)
        self._query = query
        self._headers = tuple((p.name.encode("latin-1"), p, p.name in lists) for p in headers)
        self._cookies = tuple((p.name.encode(), p) for p in cookies)

    def __call__(self, target: Target, path: Mapping[str, str], fields: Fields) -> None:
        """Raises ContractViolation with every violation found, at most 20."""
        found: list[Violation] | None = None
        for parameter in self._path:
            text = path.get(parameter.name, "")
            if not parameter.accepts(text):
                found = (found or []) + parameter.explain(text)
        query = target.query
        if query or self._query.has_required:
            violations = self._query.judge(query)
            if violations:
                found = (found or []) + violations
        if self._headers:
            found = (found or []) + self._judge_headers(fields)
        if self._cookies:
            found = (found or []) + self._judge_cookies(fields)
        if found:
            raise ContractViolation(found)

    def _judge_headers(self, fields: Fields) -> list[Violation]:
        found: list[Violation] = []
        for name, parameter, is_list in self._headers:
            if name not in fields:
                if parameter.is_required:
                    found.append(parameter.violation("required", "is required"))
                continue
            lines = fields.all(name)
            if len(lines) > 1 and not is_list:
                found.append(parameter.violation("duplicate", "must occur once"))
                continue
            # RFC 9110 §5.3: several lines of a list are one list.
            found += _judge_bytes(parameter, b",".join(lines))
        return found

    def _judge_cookies(self, fields: Fields) -> list[Violation]:
        sent = _cookies(fields)
        found: list[Violation] = []
        for name, parameter in self._cookies:
            values = sent.get(name, ())
            if not values:
                if parameter.is_required:
                    found.append(parameter.violation("required", "is required"))
            elif len(values) > 1:
                found.append(parameter.violation("duplicate", "must occur once"))
            else:
                found += _judge_bytes(parameter, values[0])
        return found


def _judge_bytes(parameter: TextParameter, value: bytes) -> list[Violation]:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return [parameter.violation("encoding", "must be UTF-8")]
    return [] if parameter.accepts(text) else parameter.explain(text)


def _cookies(fields: Fields) -> dict[bytes, list[bytes]]:
    """The values of every cookie by its name."""
    found: dict[bytes, list[bytes]] = {}
    # RFC 6265 §4.2.1: pairs are separated by `;` and a space.
    for piece in b";".join(fields.all(b"cookie")).split(b";"):
        name, _, value = piece.strip(b" \t").partition(b"=")
        found.setdefault(name, []).append(value)
    return found


class NoParameters:
    """Judges an operation that declares no parameter at all."""

    __slots__ = ()

    def __call__(self, target: Target, path: Mapping[str, str], fields: Fields) -> None:
        """Raises ContractViolation when there is a query."""
        if target.query:
            raise ContractViolation([unknown_parameter(name) for name, _ in target.query])
