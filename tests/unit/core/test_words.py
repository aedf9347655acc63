"""Help for those who mistype a name."""

from __future__ import annotations

from click.testing import CliRunner

from vallum.cli.main import main
from vallum.core.words import nearest


def test_the_nearest_name_is_found_whatever_its_case() -> None:
    assert nearest("LISTBOOK", ["listBooks", "getBook"]) == "listBooks"
    assert nearest("zzz", ["listBooks"]) is None
    assert nearest("a", []) is None


def test_a_mistyped_command_is_answered_with_the_one_meant() -> None:
    result = CliRunner().invoke(main, ["chek"])
    assert result.exit_code == 2
    assert "Did you mean `check`?" in result.stderr


def test_a_word_that_is_no_command_gets_no_guess() -> None:
    result = CliRunner().invoke(main, ["quux"])
    assert result.exit_code == 2
    assert "Did you mean" not in result.stderr
