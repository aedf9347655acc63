"""The help of groups of commands."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from vallum.cli.main import main

GROUPS = ("ca", "clients", "grants", "keys", "sessions", "signing-keys", "tokens", "users")


@pytest.mark.parametrize("group", GROUPS)
def test_no_sentence_ends_in_dots(group: str) -> None:
    help_text = CliRunner().invoke(main, [group, "--help"]).stdout
    commands = help_text.partition("\nCommands:\n")[2]
    assert commands
    assert "..." not in commands
