"""`docs/first-hour.md` from top to bottom: its commands are run, and its changes made, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.terminal import CANNOT_RUN, ROOT, before_the_bookshop, sessions

PAGE = (ROOT / "docs/first-hour.md").read_text("utf-8")
BLOCK = re.compile(r"^```(console|yaml)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(bool(CANNOT_RUN), reason=CANNOT_RUN)
def test_the_first_hour_goes_as_the_page_says(tmp_path: Path) -> None:
    run = []
    with before_the_bookshop(tmp_path) as terminal:
        for block in BLOCK.finditer(PAGE):
            if block[1] == "yaml":
                terminal.change(block[2])
                continue
            (commands,) = sessions(block[0])
            for command, output in commands:
                terminal.run(command, output)
                run.append(command)
    shown = {command.split()[1] for command in run if command.startswith("vallum ")}
    assert shown == {"init", "check", "keys", "up", "log", "explain", "suggest", "inspect"}
    assert PAGE.count("```") == 2 * len(BLOCK.findall(PAGE))
