"""Documents in YAML and JSON: their data, their positions, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vallum.config.document import read_document
from vallum.config.source import MAX_DEPTH, SourceError, parse_yaml, plain


def _yaml(text: str) -> Any:
    return plain(parse_yaml(text)[0])


def _refused(text: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        parse_yaml(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("off", "off"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("Null", None),
        ("2020-01-01", "2020-01-01"),
        ("12:30:45", "12:30:45"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e3", 1000.0),
        ("-1.5", -1.5),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("+", "+"),
        ("'1'", "1"),
        ("!!str 1", "1"),
        ("9" * 500, "9" * 500),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    found = _yaml(f"a: {text}\n")["a"]

    assert found == value
    assert type(found) is type(value)


def test_keys_are_text() -> None:
    assert _yaml("200: ok\ntrue: yes\n~: x\n") == {"200": "ok", "true": "yes", "~": "x"}


def test_aliases_and_merge_keys_are_carried_out() -> None:
    text = "base: &b {a: 1, b: 2}\nuse: *b\nmore:\n  <<: *b\n  b: 3\nmost:\n  <<: [*b, {c: 4}]\n"

    assert _yaml(text) == {
        "base": {"a": 1, "b": 2},
        "use": {"a": 1, "b": 2},
        "more": {"a": 1, "b": 3},
        "most": {"a": 1, "b": 2, "c": 4},
    }


def test_depth_is_bounded_without_recursion() -> None:
    assert _refused("[" * (MAX_DEPTH + 1)).code == "too-deep"
    assert _refused("- " * 100_000).code == "too-deep"
    assert _yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH)


def test_expansion_is_bounded() -> None:
    with pytest.raises(SourceError) as caught:
        parse_yaml("a: &a [1, 2, 3]\nb: [*a, *a, *a]\n", max_nodes=10)

    assert caught.value.code == "too-many-values"


def test_a_key_must_be_a_word() -> None:
    assert _refused("? [a, b]\n: 1\n").code == "wrong-type"


def test_errors_of_yaml_have_their_place() -> None:
    error = _refused("a: 1\nb: c: d\n")

    assert (error.code, error.line) == ("yaml-syntax", 2)


JSON_TEXT = """{
  "a": {"b": [1, {"c": [], "d": {}}], "z~/": 1},
  "q": [[], [3,
    4]], "e": "x\\"{,"
}
"""


@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_a_document_is_read_by_its_content(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(JSON_TEXT, "utf-8")

    document = read_document(path)

    assert document.is_json
    assert document.data == json.loads(JSON_TEXT)


@pytest.mark.parametrize(
    ("pointer", "position"),
    [
        ("", (1, 1)),
        ("/a", (2, 3)),
        ("/a/b/1/c", (2, 19)),
        ("/a/b/1/d", (2, 28)),
        ("/a/z~0~1", (2, 39)),
        ("/q/1/1", (4, 5)),
        ("/e", (4, 10)),
        ("/q/9/x", (3, 3)),
    ],
)
def test_positions_in_json(tmp_path: Path, pointer: str, position: tuple[int, int]) -> None:
    path = tmp_path / "x.json"
    path.write_text(JSON_TEXT, "utf-8")

    assert read_document(path).position(pointer) == position


@pytest.mark.parametrize(
    ("pointer", "position"),
    [("", (1, 1)), ("/a/1/b", (2, 8)), ("/a/0", (2, 4)), ("/c/nothing", (3, 1))],
)
def test_positions_in_yaml(tmp_path: Path, pointer: str, position: tuple[int, int]) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a:\n  [1, {b: 2}]\nc: {}\n", "utf-8")

    assert read_document(path).position(pointer) == position


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ('{"a": 1,\n "a": 2}', "duplicate-key", 2),
        ('{"a": {"b": 1,\n\n "b": 2}, "c": {"b": 1}}', "duplicate-key", 3),
        ('{"a": 1,\n "b"}', "json-syntax", 2),
        ('{"a": NaN}', "json-syntax", 1),
        ('{"a": "\\ud800"}', "json-syntax", 1),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "json-syntax", 1),
    ],
)
def test_json_that_two_readers_could_read_differently(
    tmp_path: Path, text: str, code: str, line: int
) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, "utf-8")

    with pytest.raises(SourceError) as caught:
        read_document(path)

    assert (caught.value.code, caught.value.line) == (code, line)


def test_the_same_name_in_other_objects_is_no_duplicate(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}', "utf-8")

    assert read_document(path).data["b"] == [{"a": 1}, {"a": 2}]


def test_a_byte_order_mark_and_a_flow_mapping_of_yaml(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf{a: 1, b: [x]}\n")

    document = read_document(path)

    assert document.data == {"a": 1, "b": ["x"]}
    assert not document.is_json


def test_size_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: " + "x" * 100, "utf-8")

    with pytest.raises(SourceError) as caught:
        read_document(path, max_bytes=50)

    assert caught.value.code == "file-too-large"
