"""What readers take a name for."""

from __future__ import annotations

import pytest

from vallum.wire.spelled import is_method_override, is_read_as, place_in, places_of_field


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("role", None),
        ("a]b", None),
        ("owner.role", ("owner", "role")),
        ("owner[role]", ("owner", "role")),
        ("members[0].owner[role]", ("members", "0", "owner", "role")),
        ("members[][role]", ("members", "", "role")),
        ("role[]", ("role", "")),
        (".", ("", "")),
    ],
)
def test_dots_and_brackets_are_steps(name: str, place: tuple[str, ...] | None) -> None:
    assert place_in(name) == place


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("role", set()),
        ("_role", {("role",)}),
        ("!a.b", {("!a", "b"), ("a", "b"), ("!a_b",)}),
        ("is admin", {("is_admin",)}),
        ("  is.admin[]", {("  is", "admin", ""), ("is_admin", "")}),
        ("is[admin", {("is", "admin"), ("is_admin",)}),
    ],
)
def test_fields_of_forms_are_what_frameworks_make_of_them(
    name: str, places: set[tuple[str, ...]]
) -> None:
    assert places_of_field(name) == places


def test_a_declared_field_is_what_it_says() -> None:
    assert places_of_field("_role", is_declared=True) == set()
    assert places_of_field("owner[role]", is_declared=True) == {("owner", "role")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_method", True),
        ("_METHOD", True),
        ("!_method", True),
        ("__method", True),
        (" .method", True),
        ("_method[x]", True),
        ("[method", True),
        ("method", False),
        ("_methods", False),
        ("form[_method]", False),
    ],
)
def test_b093_a_method_is_overridden_by_what_frameworks_read_so(name: str, expected: bool) -> None:
    assert is_method_override(name) is expected


def test_any_spelling_of_a_name_is_read_as_it() -> None:
    names = {"operation_name"}
    assert is_read_as("operation.Name", names)
    assert is_read_as("Operation_Name[0]", names)
    assert not is_read_as("name", names)
