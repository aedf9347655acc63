"""Line breaks that start something of the attacker's."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import crlf
from vallum.inspection.detectors.crlf import DETECTOR
from vallum.inspection.model import Location

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize("location", ["query", "path", "header", "cookie"])
@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x\r\nSet-Cookie: a=b", "crlf.field"),
        ("x\nLocation: http://evil.example", "crlf.field"),
        ("x%0d%0aContent-Length:%200", "crlf.field"),
        ("x\u560d\u560aSet-Cookie: a=b", "crlf.field"),
        ("foo\r\n\r\n<html>", "crlf.split"),
        ("a@b.example\nBcc: c@d.example", "crlf.mail-field"),
        ("subject\r\nRCPT TO:<a@b.example>", "crlf.mail-command"),
        ("x\r\nA001 LOGIN a b\r\n", "crlf.mail-command"),
        ("x\r\nb7 logout", "crlf.mail-command"),
        ("x@y.example>\r\nRCPT TO", "crlf.mail-command"),
        ("x\u010d\u010aSet-Cookie: a=b", "crlf.field"),
        ('bob\n127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET / HTTP/1.1" 200', "crlf.log"),
        ("bob\n[INFO] admin logged in", "crlf.log"),
        ("x\r", "crlf.break"),
    ],
)
def test_lines_in_a_value_of_one_line_are_stopped(text: str, rule: str, location: Location) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text, location) if each.score >= STOPS]


def test_unknown_field_is_stopped_where_a_line_break_cannot_be() -> None:
    assert SUSPECTS.score("x%0aInjected: y", "header") == 7
    assert SUSPECTS.score("first\nInjected: y", "query") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "x\r\nSet-Cookie: a=b",
        "foo\r\nLocation: http://evil.example",
        "a@b.example\nBcc: c@d.example",
        "Hello\r\nCc: c@d.example, e@f.example",
        "subject\r\nRCPT TO:<a@b.example>",
        "x\r\n.\r\nMAIL FROM:<a@b.example>\r\n",
        "bob\n[INFO] admin logged in",
    ],
)
def test_a_short_value_of_a_body_with_one_such_line_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS


@pytest.mark.parametrize("location", ["body", "query"])
@pytest.mark.parametrize(
    "text",
    [
        "Attn: John Smith\n12 Main St\nSpringfield",
        "Dear team,\nNote: the meeting is moved.\nWarning: bring a coat.\nThanks",
        "Host: Bob\nLocation: Town hall\nTime: 7pm",
        "Company\nFrom: the desk of Eve\nLink: see below",
        "Name: X\r\nAddress: Y\r\nPhone: 12",
        "Line one\r\nLine two\r\n",
        "Invoice\nTo: ACME Ltd\nFrom: Bob",
        "Hi\n\nHost: Anna\nGuests: 12\n\nBye",
        "Please contact\nTo: sales@example.com",
        "Log:\n[INFO] starting\n[ERROR] failed\n[INFO] done",
        "Привет\nАдрес: ул. Ленина, 1",
        "step\nUSER guide\nTOP 10\n",
        "room\nB12 SEARCH area",
        "listen:\n  host: 127.0.0.1\n  location: cellar\nlevel: 3",
    ],
)
def test_texts_of_several_lines_pass(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) < STOPS


def test_a_mail_pasted_into_a_body_passes() -> None:
    text = "From: bob@x.example\nTo: a@b.example\nCc: d@e.example\nSubject: hi\n\nhello there"
    assert SUSPECTS.score(text, "body") < STOPS


def test_lines_of_a_document_in_a_header_pass() -> None:
    assert SUSPECTS.score(r'{"note": "one\nmore: two"}', "header") < STOPS


@pytest.mark.parametrize("location", ["body", "query"])
@pytest.mark.parametrize(
    "text",
    [
        "\r\nX-Owner: eve",
        "red\r\nLast-Modified: Tue, 03 Feb 2026 10:00:00 GMT",
        "red\r\nReferrer-Policy: unsafe-url",
        "red\r\nProxy: http://evil.example:8080",
        "\u560a\u560dX-Owner: eve",
        "red\\r\\nX-Owner: eve",
        "ann@a.example\r\nSubject: win a prize",
        "red%0d%0aReply-To:%20eve@evil.example",
        "%09%0d%0aX-Owner:%20eve",
        "red\r\nPASS guess\r\nDELE 4",
        '2\r\n--cut\r\nContent-Disposition: form-data; name="owner"\r\n\r\neve',
    ],
)
def test_fields_and_parts_behind_one_word_are_stopped(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


@pytest.mark.parametrize("text", ["red\r\nTo: eve@evil.example", "red\r\nowner: eve"])
def test_fields_behind_one_word_are_stopped_in_a_query(text: str) -> None:
    assert SUSPECTS.score(text, "query") >= STOPS


@pytest.mark.parametrize("location", ["body", "query"])
@pytest.mark.parametrize(
    "text",
    [
        "Findings\nX-ray: normal",
        "Anna\r\nTel: 555 0100",
        "Cake\nExpires: next Friday",
        "Team\nAge: 12 and above",
        "\nWarning: wet floor",
        "Dear all,\r\nVia: Rome and Pisa",
        "Shelf 4\nAllow: two hands",
        "Thanks\nFrom: all of us",
        "Room\r\nKeep-alive: no",
        "Team\r\nContent-wise: good",
        "Release\r\nx-large: yes",
        "Ann\r\nnote: vegan",
        "Ann\r\nreply-to: desk 5",
        "\n\nNote: bring bread\nTime: noon\nX-factor: none\n\n",
    ],
)
def test_lines_of_notes_with_words_of_fields_pass(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) < STOPS


@pytest.mark.parametrize("location", ["query", "body"])
@pytest.mark.parametrize(
    "text",
    [
        "a b\r\nSet-Cookie: c=d" + "\r\n" * 12,
        "\r\nSet-Cookie: c=d" + "\r\n" * 12,
        "\r\nX-Tenant: 3" + "\r\n" * 8,
        "a b\r\nBcc: c@d.example" + "\r\n" * 12,
        "bob\n[INFO] admin logged in\n\n\n",
        "Hello to all\r\nReply-To: c@d.example",
        "Hello to all\r\nMIME-Version: 1.0",
    ],
)
def test_empty_lines_and_words_before_a_field_hide_nothing(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


def test_a_field_of_an_application_counts_below_a_name_too() -> None:
    assert SUSPECTS.score("Ann Lee\r\nX-Tenant: 3") >= STOPS
    assert SUSPECTS.score("Ann Lee\r\nX-Tenant: three of us") < STOPS


@pytest.mark.parametrize("location", ["query", "body"])
@pytest.mark.parametrize(
    "text",
    [
        "Shirts\nX-Small: 3\nX-Large: 5",
        "Films to see\nX-Men: 2",
        "It stops with this:\n\nERROR: no disk\n",
        "Write to us\nTo: the house at the corner",
        "A list\n\n\nSubject: trees\n",
    ],
)
def test_lists_below_a_title_pass(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) < STOPS


def test_line_breaks_at_the_end_are_read_once() -> None:
    """They were read from each of them again: minutes for a text of this length."""
    assert not crlf._BREAKS.findall("\r\n" * 100_000)
    assert len(crlf._BREAKS.findall("\r\na\n\nb\r\n")) == 2


@pytest.mark.parametrize("location", ["body", "query"])
@pytest.mark.parametrize(
    "text",
    [
        "a@b.example>\r\nSTARTTLS\r\n",
        "x\r\nVRFY root",
        "x%0d%0aSTOR%20shell.php",
        "x\r\nPORT 10,0,0,9,0,80",
        "x\r\nSITE CPFR /a/b",
        "bob\r\nINVITE sip:a@b.example SIP/2.0",
        "bob\r\nPRIVMSG #a :b",
    ],
)
def test_commands_of_other_protocols_of_lines_are_stopped(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


@pytest.mark.parametrize("location", ["body", "query"])
@pytest.mark.parametrize(
    "text",
    [
        "To do\r\nport 10, then lunch",
        "Hello\r\nSTOR is an old word",
        "x\r\nsite exec meeting",
        "We\r\nREGISTER today",
        "notes\nRETR shows a mail",
    ],
)
def test_lines_with_words_of_these_pass(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) < STOPS


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("\x1b]0;title\x07", "body"),
        ("bob\n\x1b]52;c;aWQ=\x07", "body"),
        ("x%1b%5d8;;a", "query"),
        ("\x1bP+q616263\x1b\\", "body"),
        ("\x1b[2J\x1b[1;1Hroot", "header"),
    ],
)
def test_control_of_a_terminal_is_stopped(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mfailed\x1b[0m",
        "\x1b[2K\x1b[1A 3 of 9\ndone",
        "\x1b]0;make\x07\nbuilt",
        "a\x1b[1;1Hb",
        "[2J and ]0;a",
    ],
)
def test_what_a_program_has_printed_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
