"""README's commands are run as they stand there, and say what stands under them.

What the other documents name is there, and nothing that they should name is missing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.terminal import CANNOT_RUN, ROOT, Terminal, before_the_bookshop, sessions

README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "bench/*.md", "examples/*/*.md", "clients/*/*.md")
    for path in ROOT.glob(pattern)
)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with before_the_bookshop(tmp_path) as terminal:
        yield terminal


@pytest.mark.skipif(bool(CANNOT_RUN), reason=CANNOT_RUN)
def test_readme_commands_do_what_readme_says(terminal: Terminal) -> None:
    commands = [command for session in sessions(README) for command in session]
    own = [(text, output) for text, output in commands if not text.startswith("make ")]
    assert len(own) >= 8
    for text, output in own:
        terminal.run(text, output)
    assert terminal.gateway_works()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_in_documents_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = re.findall(r"`make ([a-z]+)|^\$ make ([a-z]+)", (ROOT / name).read_text(), re.M)
    for target in (inline or shown for inline, shown in targets):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_between_documents_lead_somewhere(name: str) -> None:
    document = ROOT / name
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=~ ]", each)[0] for each in project["dependencies"]}
    _, _, chapter = (ROOT / "ARCHITECTURE.md").read_text().partition("\n## Dependencies")
    rows = re.findall(r"^\| ([a-z0-9, -]+) \| \S", chapter, re.MULTILINE)
    explained = {name for row in rows for name in row.split(", ")} - {"package"}
    assert explained == needed


def test_the_map_shows_every_room() -> None:
    _, _, chapter = (ROOT / "ARCHITECTURE.md").read_text().partition("\nsrc/vallum/\n")
    source = ROOT / "src/vallum"
    rooms = {path.parent.name for path in source.glob("**/__init__.py")} - {"vallum"}
    shown = set(re.findall(r"^ +([a-z]+)/", chapter.partition("```")[0], re.MULTILINE))
    assert shown == rooms
