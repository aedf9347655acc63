"""`docs/inspection.md` cannot lie: its tables are the code's, and its YAML is taken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.support.policies import write_policy

from vallum.config.load import inspect_policy
from vallum.filters.inspect_ruling import MODES
from vallum.inspection.decoders.layers import DECODERS
from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.model import THRESHOLDS
from vallum.openapi.pinned import PINNING_FORMATS
from vallum.openapi.texts import CONTENTS

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = (ROOT / "docs/inspection.md").read_text("utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
(CONTRACT,) = (block for block in BLOCKS if block.startswith("openapi:"))
(POLICY,) = (block for block in BLOCKS if block.startswith("version:"))
LEVELS = [block for block in BLOCKS if block not in (CONTRACT, POLICY)]


def _rows(heading: str) -> dict[str, str]:
    """The last table under a heading: first cell, without its marks, and second."""
    chapter = DOCUMENT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([^`|]+)` \| (.*?) \|(?: .* \|)?$", chapter, re.MULTILINE)
    assert rows, heading
    return dict(rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def test_every_rule_is_told_in_the_words_of_its_detector() -> None:
    told = DOCUMENT.split("\n## Rules\n", 1)[1]
    expected = [
        f"| `{rule}` | {_cell(text)} |" for each in DETECTORS for rule, text in each.rules.items()
    ]

    assert [line for line in told.splitlines() if line.startswith("| `")] == expected


def test_every_family_is_named() -> None:
    assert list(_rows("Families")) == [detector.family for detector in DETECTORS]


def test_every_decoder_is_named() -> None:
    assert list(_rows("How a text is decoded")) == list(DECODERS)


def test_every_content_is_named() -> None:
    assert set(_rows("What a field is for")) == set(CONTENTS)


def test_every_mode_and_level_is_named() -> None:
    for mode in MODES:
        assert f"`{mode}`" in DOCUMENT
    for level, score in THRESHOLDS.items():
        assert f"`{level}` ({score})" in DOCUMENT


def test_formats_that_pin_a_text_are_named() -> None:
    (line,) = re.findall(r"^- `format`: (.*)$", DOCUMENT, re.MULTILINE)

    assert set(re.findall(r"`([^`]+)`", line)) == PINNING_FORMATS


def test_the_policy_for_watching_is_taken_with_the_warning_that_the_page_tells_of(
    tmp_path: Path,
) -> None:
    policy, found = inspect_policy(write_policy(tmp_path, POLICY, CONTRACT))

    assert policy is not None
    assert [diagnostic.code for diagnostic in found] == ["inspection-off"]


@pytest.mark.parametrize("block", LEVELS)
def test_the_keys_of_a_level_are_taken(block: str, tmp_path: Path) -> None:
    policy = yaml.safe_load(POLICY)
    policy["apis"]["notes"] |= yaml.safe_load(block)

    loaded, found = inspect_policy(write_policy(tmp_path, yaml.safe_dump(policy), CONTRACT))

    assert loaded is not None
    assert [str(diagnostic) for diagnostic in found] == []


def test_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\(([^)#]*)#?([^)]*)\)", DOCUMENT)
    assert targets
    for name, anchor in targets:
        path = ROOT / "docs" / (name or "inspection.md")
        headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
        known = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
        assert not anchor or anchor in known, (name, anchor)
