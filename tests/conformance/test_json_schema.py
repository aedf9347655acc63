"""The JSON Schema Test Suite: the library as it is set up here, and our rewriting of schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import pytest
from tests.support.shared import shared_vectors

from vallum.openapi.dialect import Dialect
from vallum.openapi.document import Document
from vallum.openapi.patterns import LINEAR
from vallum.openapi.problems import Problems
from vallum.openapi.schemas import SchemaBook

# `format.json` of 2020-12 says that formats only annotate. Here they are asserted (IV-1).
ASSERTED_FORMATS = 19

LIBRARY = {
    "draft4": (jsonschema_rs.Draft4Validator, 837, 0),
    "draft7": (jsonschema_rs.Draft7Validator, 1603, 0),
    "draft2020-12": (jsonschema_rs.Draft202012Validator, 2063, ASSERTED_FORMATS),
}


class Case(NamedTuple):
    """One instance of the suite with its verdict."""

    name: str
    schema: Any
    instance: Any
    is_valid: bool


def _cases(draft: str) -> Iterator[Case]:
    folder = shared_vectors() / "json-schema" / draft
    for path in sorted(folder.rglob("*.json")):
        for group in json.loads(path.read_text("utf-8")):
            for case in group["tests"]:
                name = f"{path.relative_to(folder)}: {group['description']}: {case['description']}"
                yield Case(name, group["schema"], case["data"], case["valid"])


def _retrieve(uri: str) -> Any:
    remotes: Path = shared_vectors() / "json-schema" / "remotes"
    path = uri.removeprefix("http://localhost:1234/").partition("#")[0]
    return json.loads((remotes / path).read_text("utf-8"))


@pytest.mark.parametrize("draft", LIBRARY)
def test_library_at_its_best(draft: str) -> None:
    validator_class, expected_total, expected_failures = LIBRARY[draft]
    total = 0
    failures = []
    compiled: dict[str, jsonschema_rs.Validator] = {}
    for case in _cases(draft):
        key = json.dumps(case.schema)
        if key not in compiled:
            compiled[key] = validator_class(
                case.schema, validate_formats=True, pattern_options=LINEAR, retriever=_retrieve
            )
        total += 1
        if compiled[key].is_valid(case.instance) != case.is_valid:
            failures.append(case.name)
    assert total == expected_total
    assert len(failures) == expected_failures, failures
    assert all("is only an annotation by default" in name for name in failures), failures


# 2020-12 knows RFC 5890 host names, draft 4 knew those of RFC 1123.
STRICTER = {
    "format/hostname.json: validation of host names: hostname with consecutive hyphens (RFC1123)",
}

# Cases that need what an OpenAPI document cannot bring here (remote schemas, `$id` as a base,
# `$dynamicRef`): the document is refused at load, never half enforced.
REWRITTEN = {
    "draft4": (Dialect.DRAFT_4, 837, 31),
    "draft7": (Dialect.DRAFT_7, 1603, 59),
    "draft2020-12": (Dialect.DRAFT_2020, 2063, 124),
}


@pytest.mark.parametrize("draft", REWRITTEN)
def test_rewritten_schemas_say_what_they_said(draft: str) -> None:
    dialect, expected_total, expected_refused = REWRITTEN[draft]
    total = refused = 0
    failures = []
    for case in _cases(draft):
        total += 1
        problems = Problems()
        document = Document(case.schema, None)
        book = SchemaBook(document, dialect, problems)
        validator = book.validator(document.root, is_closed=False)
        if problems.errors:
            refused += 1
        elif validator.compile()(case.instance) != case.is_valid:
            failures.append(case.name)
    assert total == expected_total
    assert refused == expected_refused
    differing = {name for name in failures if "is only an annotation by default" not in name}
    assert differing == (STRICTER if draft == "draft4" else set())
