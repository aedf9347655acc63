"""`docs/policy.md` cannot lie: every key and code is in it, and its example works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from tests.support.policies import POLICY, write_policy

from vallum.config import keys
from vallum.config.codes import CODES
from vallum.config.keys_controls import LEVEL_KEYS
from vallum.config.kinds import Section
from vallum.config.load import inspect_policy
from vallum.config.model import Controls
from vallum.config.schema import policy_schema

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs/policy.md").read_text("utf-8")


def _sections(value: Any, seen: set[int]) -> Iterator[Section]:
    """Every section of the file, wherever it is nested."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Section):
        yield value
        for key in value.keys.values():
            yield from _sections(key.kind, seen)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _sections(getattr(value, each.name), seen)


SECTIONS = {section.name: section for section in _sections(keys.TOP, set())}


def _chapter(name: str) -> str:
    """The text under the heading that names a section, up to the next heading."""
    parts = re.split(r"^#+ ", DOCUMENT, flags=re.MULTILINE)
    chapters = {heading.lower(): text for heading, _, text in (p.partition("\n") for p in parts)}
    return next(text for heading, text in chapters.items() if heading.split(":")[0] == name.lower())


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_is_documented_in_its_section(name: str) -> None:
    text = _chapter(name)
    names = [key for key in SECTIONS[name].keys if name != "an API" or key not in LEVEL_KEYS]

    documented = re.findall(r"^\| `([a-z_]+)` \|", text, flags=re.MULTILINE)

    assert documented == names


def test_all_sections_are_found() -> None:
    assert len(SECTIONS) == 31


def test_every_control_is_a_key() -> None:
    names = {each.name for each in fields(Controls)} - {"limits"} | {"limit"}

    assert set(LEVEL_KEYS) == names


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_every_code_is_documented(severity: str) -> None:
    text = _chapter("Errors" if severity == "error" else "Warnings")
    documented = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", text, flags=re.MULTILINE))

    assert documented == {
        name: code.meaning for name, code in CODES.items() if code.severity == severity
    }


def test_the_example_is_a_policy_without_findings(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(version: 1\n.*?)```", DOCUMENT, flags=re.DOTALL)

    policy, found = inspect_policy(write_policy(tmp_path, example))

    assert policy is not None
    assert found == []


def test_shipped_examples_have_no_findings() -> None:
    examples = sorted((ROOT / "examples").glob("*/vallum.yaml"))

    assert examples
    for example in examples:
        policy, found = inspect_policy(example)
        assert policy is not None
        assert [str(diagnostic) for diagnostic in found] == []


def test_the_schema_is_a_schema() -> None:
    jsonschema_rs.Draft202012Validator(policy_schema(), validate_formats=True)
    assert policy_schema()["$schema"].endswith("2020-12/schema")


def test_the_schema_accepts_good_policies() -> None:
    validator = jsonschema_rs.Draft202012Validator(policy_schema())
    texts = [POLICY, *(path.read_text("utf-8") for path in (ROOT / "examples").glob("*/*.yaml"))]

    for text in texts:
        data = yaml.safe_load(text)
        if "apis" in data:
            assert [error.message for error in validator.iter_errors(data)] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1", "version: 2"),
        ("tls: local", "tls: lokal"),
        ("openapi: openapi.yaml", "openapy: openapi.yaml"),
        ("{scopes: [books:read]}\n  admin", "{scope: [books:read]}\n  admin"),
        ("public: true", "public: 1"),
    ],
)
def test_the_schema_refuses_bad_policies(old: str, new: str) -> None:
    validator = jsonschema_rs.Draft202012Validator(policy_schema())
    data = yaml.safe_load(POLICY.replace(old, new))

    assert not validator.is_valid(data)
