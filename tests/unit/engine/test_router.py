"""Paths to operations: against a slow matcher that says what is meant, and under attack."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.routes import make_route

from vallum.core.problems import Denied
from vallum.engine.router import Router, allowed_methods


def _router(*operations: str) -> Router:
    router = Router()
    for operation in operations:
        method, _, path = operation.partition(" ")
        router.add(path, make_route(method, path))
    return router


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path[1:].split("/")) if path != "/" else ()


def _match(router: Router, method: str, path: str) -> tuple[str, dict[str, str]]:
    route, parameters = router.match(method, path, _segments(path))
    return route.operation.id, parameters


def _refused(router: Router, method: str, path: str) -> Denied:
    with pytest.raises(Denied) as caught:
        _match(router, method, path)
    return caught.value


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/", "GET /", {}),
        ("GET", "/users/me", "GET /users/me", {}),
        ("GET", "/users/7", "GET /users/{id}", {"id": "7"}),
        ("DELETE", "/users/me", "DELETE /users/{id}", {"id": "me"}),
        ("HEAD", "/users/7", "GET /users/{id}", {"id": "7"}),
        ("HEAD", "/users/me", "GET /users/me", {}),
        ("HEAD", "/own", "HEAD /own", {}),
        ("GET", "/reports/q.json", "GET /reports/{name}.json", {"name": "q"}),
        ("GET", "/reports/a.b.json", "GET /reports/{name}.json", {"name": "a.b"}),
        ("GET", "/reports/q.csv", "GET /reports/{any}", {"any": "q.csv"}),
        ("GET", "/reports/.json", "GET /reports/{any}", {"any": ".json"}),
        ("GET", "/compare/a...b", "GET /compare/{base}...{head}", {"base": "a", "head": "b"}),
        ("GET", "/compare/a....b", "GET /compare/{base}...{head}", {"base": "a", "head": ".b"}),
        ("GET", "/a/b/c", "GET /a/b/{y}", {"y": "c"}),
        ("GET", "/a/z/c", "GET /a/{x}/c", {"x": "z"}),
        ("GET", "/a/b/d", "GET /a/b/{y}", {"y": "d"}),
        ("GET", "/dir/", "GET /dir/", {}),
    ],
)
def test_a_path_leads_to_the_most_literal_operation(
    method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    router = _router(
        "GET /", "GET /users/{id}", "DELETE /users/{id}", "GET /users/me", "GET /own", "HEAD /own",
        "GET /reports/{any}", "GET /reports/{name}.json", "GET /compare/{base}...{head}",
        "GET /a/{x}/c", "GET /a/b/{y}", "GET /dir/",
    )  # fmt: skip
    assert _match(router, method, path) == (operation, parameters)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/user", "/users/", "/users/1/", "/users/1/2", "/USERS/1", "/usersx", "/files/.txt",
        "/files/a.txtx", "/files/xa.txt/", "/static..", "/pairs/-", "/pairs/a-", "/pairs/-b",
    ],
)  # fmt: skip
def test_b078_b087_what_is_not_declared_is_not_found(path: str) -> None:
    router = _router(
        "GET /users", "GET /users/{id}", "GET /files/{name}.txt", "GET /static/{file}",
        "GET /pairs/{left}-{right}",
    )  # fmt: skip
    denied = _refused(router, "GET", path)
    assert (denied.status, denied.reason, denied.fields) == (404, "route.unknown-path", b"")


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/things", b"GET, HEAD, POST"),
        ("/things/1", b"DELETE, PUT"),
        ("/things/new", b"DELETE, GET, HEAD, PUT"),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "FOO", "OPTIONS", "TRACE", "get"])
def test_b092_another_method_is_refused_with_those_that_are_there(
    path: str, allow: bytes, method: str
) -> None:
    router = _router(
        "GET /things", "POST /things", "PUT /things/{id}", "DELETE /things/{id}", "GET /things/new"
    )
    denied = _refused(router, method, path)
    assert (denied.status, denied.reason) == (405, "route.unknown-method")
    assert denied.fields == b"allow: " + allow + b"\r\n"


def test_b092_head_is_not_answered_where_there_is_no_get() -> None:
    denied = _refused(_router("POST /things"), "HEAD", "/things")
    assert denied.fields == b"allow: POST\r\n"


def test_methods_at_a_path_are_those_of_every_template_that_fits() -> None:
    router = _router("GET /a/{id}", "PUT /a/{id}", "GET /a/me", "POST /b")
    methods = router.methods_at(("a", "me"))
    assert {method: route.operation.id for method, route in methods.items()} == {
        "GET": "GET /a/me",
        "PUT": "PUT /a/{id}",
    }
    assert router.methods_at(("c",)) == {}


def test_templates_that_differ_in_names_alone_share_a_place() -> None:
    router = _router("GET /a/{x}/b", "PUT /a/{y}/b")
    assert _match(router, "GET", "/a/1/b") == ("GET /a/{x}/b", {"x": "1"})
    assert _match(router, "PUT", "/a/1/b") == ("PUT /a/{y}/b", {"y": "1"})


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ("GET /a", "GET /a", "two operations for GET /a"),
        ("GET /a/{x}", "GET /a/{y}", "two operations for GET /a/{y}"),
        ("GET /a/{x}.json", "GET /a/{y}.json", "two operations for GET /a/{y}.json"),
        ("GET /a", "GET /{x}/{x}", "a parameter appears twice in /{x}/{x}"),
        ("GET /a", "GET /b{", "unbalanced braces in path segment `b{`"),
        ("GET /a", "GET /{b", "unbalanced braces in path segment `{b`"),
        ("GET /a", "GET /{}", "unbalanced braces in path segment `{}`"),
        ("GET /a", "GET /{b}{c", "unbalanced braces in path segment `{b}{c`"),
        ("GET /a", "GET /{{b}}", "unbalanced braces in path segment `{{b}}`"),
    ],
)
def test_what_cannot_be_told_apart_or_read_is_refused(
    first: str, second: str, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        _router(first, second)


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ([["GET"]], ["GET", "HEAD"]),
        ([["POST"], ["PUT", "POST"]], ["POST", "PUT"]),
        ([["HEAD"]], ["HEAD"]),
        ([], []),
    ],
)
def test_allow_lists_each_method_once(methods: list[list[str]], expected: list[str]) -> None:
    assert allowed_methods(methods) == expected


# --- the slow matcher ----------------------------------------------------------------------------


class _Template(NamedTuple):
    method: str
    path: str

    @property
    def shape(self) -> tuple[str, ...]:
        return tuple(re.sub(r"\{[^{}]+\}", "{}", segment) for segment in _segments(self.path))

    @property
    def names(self) -> list[str]:
        return re.findall(r"\{([^{}]+)\}", self.path)

    def captures(self, segments: tuple[str, ...]) -> tuple[str, ...] | None:
        shape = self.shape
        if len(shape) != len(segments):
            return None
        captured: tuple[str, ...] = ()
        for expected, segment in zip(shape, segments, strict=True):
            pattern = "(.+?)".join(re.escape(text) for text in expected.split("{}"))
            match = re.fullmatch(pattern, segment)
            if match is None:
                return None
            captured += match.groups()
        return captured


def _reference(
    templates: Sequence[_Template], method: str, path: str
) -> tuple[str, dict[str, str]] | int:
    """Operation and parameters, or the status of the refusal."""
    segments = _segments(path)
    shapes = {template.shape: template for template in templates}
    first_seen: dict[tuple[str, ...], int] = {}
    for template in templates:
        for depth in range(len(template.shape)):
            first_seen.setdefault(template.shape[: depth + 1], len(first_seen))

    def rank(shape: tuple[str, ...]) -> list[tuple[int, int]]:
        """Literal before part literal before parameter, from left to right."""
        ranks = []
        for depth, segment in enumerate(shape):
            kind = 2 if segment == "{}" else 1 if "{}" in segment else 0
            ranks.append((kind, first_seen[shape[: depth + 1]] if kind == 1 else 0))
        return ranks

    reached = [shape for shape, each in shapes.items() if each.captures(segments) is not None]
    for shape in sorted(reached, key=rank):
        for candidate in (method, "GET") if method == "HEAD" else (method,):
            for template in templates:
                if template.shape == shape and template.method == candidate:
                    captured = template.captures(segments)
                    assert captured is not None
                    return f"{candidate} {template.path}", dict(
                        zip(template.names, captured, strict=True)
                    )
    return 405 if reached else 404


_TEMPLATE_SEGMENTS = ("a", "b", "ab", "{}", "{}", "{}.x", "a{}", "{}-{}", "{}{}", "a{}a")
_PATH_SEGMENTS = ("a", "b", "ab", "aa", "aaa", "a.x", ".x", "-", "a-", "a-b", "a--b", "c", "a.x.x")


@st.composite
def _templates(draw: st.DrawFn) -> list[_Template]:
    templates: dict[tuple[str, tuple[str, ...]], _Template] = {}
    for _ in range(draw(st.integers(1, 12))):
        shapes = draw(st.lists(st.sampled_from(_TEMPLATE_SEGMENTS), max_size=3))
        path = "/" + "/".join(shapes)
        for number in range(path.count("{}")):
            path = path.replace("{}", f"{{p{number}}}", 1)
        template = _Template(draw(st.sampled_from(("GET", "PUT", "HEAD"))), path)
        templates.setdefault((template.method, template.shape), template)
    return list(templates.values())


@settings(max_examples=150, deadline=None)
@given(
    templates=_templates(),
    method=st.sampled_from(("GET", "HEAD", "PUT", "POST")),
    segments=st.lists(st.sampled_from(_PATH_SEGMENTS), max_size=3),
)
def test_the_tree_finds_what_the_slow_matcher_finds(
    templates: list[_Template], method: str, segments: list[str]
) -> None:
    router = _router(*(f"{template.method} {template.path}" for template in templates))
    path = "/" + "/".join(segments)
    expected = _reference(templates, method, path)
    found: tuple[str, dict[str, str]] | int
    try:
        found = _match(router, method, path)
    except Denied as denied:
        found = denied.status
    assert found == expected


def test_a_thousand_operations_are_all_found() -> None:
    paths = [f"/v1/r{number}/{{id}}/s{number % 7}" for number in range(500)]
    paths += [f"/v1/r{number}" for number in range(500)]
    router = _router(*(f"GET {path}" for path in paths))
    for path in paths:
        concrete = path.replace("{id}", "x")
        operation, parameters = _match(router, "GET", concrete)
        assert operation == f"GET {path}"
        assert parameters == ({"id": "x"} if "{id}" in path else {})


# --- attack --------------------------------------------------------------------------------------


def _calls(run: Callable[[], object]) -> int:
    """How many functions, Python's and native ones, `run` calls."""
    count = 0

    def see(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    previous = sys.getprofile()
    sys.setprofile(see)
    try:
        run()
    finally:
        sys.setprofile(previous)
    return count


@pytest.mark.parametrize(
    "template",
    [
        "/{a}-{b}-{c}-{d}.json",
        "/{base}...{head}.diff",
        "/{a}{b}{c}{d}x",
        "/x{a}x{b}x{c}x",
    ],
)
def test_the_work_for_a_segment_does_not_grow_with_its_length(template: str) -> None:
    # Native calls look at each character once; a pattern with several groups would need length³.
    router = _router(f"GET {template}")
    for character in ("-", ".", "x", "a"):
        short, long = (
            _calls(lambda path="/" + character * size: _attempt(router, path))  # type: ignore[misc]
            for size in (20, 8000)
        )
        assert long <= short + 2


def _attempt(router: Router, path: str) -> None:
    with suppress(Denied):
        router.match("GET", path, _segments(path))


def test_the_work_for_a_path_is_bounded_by_the_contract() -> None:
    # Every template of eight segments that are `a` or a parameter: 256 ways through the tree.
    shapes = [
        "/" + "/".join("a" if number >> bit & 1 else f"{{p{bit}}}" for bit in range(8))
        for number in range(256)
    ]
    router = _router(*(f"GET {shape}" for shape in shapes))
    visited = _calls(lambda: _attempt(router, "/a" * 7 + "/b"))
    deeper = _calls(lambda: _attempt(router, "/a" * 4000))
    assert visited < 10 * 2**8
    assert deeper < 10 * 2**8


def test_a_very_deep_path_is_not_found() -> None:
    router = _router("GET /a/{b}/c")
    assert _refused(router, "GET", "/a" * 4000).status == 404
