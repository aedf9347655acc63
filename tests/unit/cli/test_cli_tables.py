"""Tables that a command prints, at every width."""

from __future__ import annotations

import pytest

from vallum.cli.tables import print_rows

ROWS = [("a", "書店 [red]", ""), ("longer", "b", "end")]


def test_columns_stand_below_their_headings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    print_rows(("name", "what", "more"), ROWS)
    assert capsys.readouterr().out.splitlines() == [
        "name    what        more",
        "a       書店 [red]",
        "longer  b           end",
    ]


@pytest.mark.parametrize(("width", "second"), [("23", "書店 [red]"), ("24", "two\nlines")])
def test_what_fits_no_line_is_told_row_by_row(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: str, second: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    print_rows(("name", "what", "more"), [("a", second, ""), ROWS[1]])
    told = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert told[0] == ["name", "a"]
    assert ["name", "longer"] in told
    assert told[-2] == ["more", "end"]


def test_without_rows_there_are_headings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "8")
    print_rows(("name", "what", "more"), [])
    assert capsys.readouterr().out.split() == ["name", "what", "more"]
