"""`docs/problems.md` and the table of problems say the same."""

from __future__ import annotations

import re
from pathlib import Path

from vallum.core.problems import PROBLEMS

_PAGE = Path(__file__).resolve().parents[3] / "docs" / "problems.md"
_SECTION = re.compile(r"^## (\S+)\n\n\*\*(\d{3})\.\*\* (\S.*)$", re.MULTILINE)


def test_every_problem_is_documented_with_its_status_and_nothing_else_is() -> None:
    page = _PAGE.read_text("utf-8")
    sections = {slug: int(status) for slug, status, _ in _SECTION.findall(page)}
    assert sections == {slug: problem.status for slug, problem in PROBLEMS.items()}
    assert page.count("\n## ") == len(PROBLEMS)
