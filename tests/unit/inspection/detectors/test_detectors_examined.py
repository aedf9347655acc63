"""Families as an examiner found them wanting: what must be stopped, and what stands beside it."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.model import THRESHOLDS, Context, Location

_BY_FAMILY = {each.family: each for each in DETECTORS}
_QUERY = Context("query", "q")


def _score(family: str, text: str, context: Context = _QUERY) -> int:
    found = _BY_FAMILY[family].judge(text, context)
    return found.score if found is not None else 0


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("sql", "admin' or '"),
        ("sql", "' or ''-'"),
        ("sql", "'-'"),
        ("sql", "' or 1 group by concat(version(),floor(rand(0)*2)) having min(0)#"),
        ("ldap", "(&(uid=admin)(userPassword=*))"),
        ("ldap", "(objectClass=*)"),
        ("ldap", r"\2a\29\28uid=*"),
        ("ldap", "*)(1.2.840.113556.1.4.803:=2"),
        ("xpath", "' | //user | '"),
        ("xpath", "translate(//a,'a','b')"),
        ("prototype", '["constructor","prototype","x"]'),
        ("prototype", "/constructor/prototype/x"),
        ("prototype", "__pro__proto__to__[x]"),
        ("prototype", "constconstructorructor[protoprototypetype][x]"),
        ("deserialisation", '{"py/object":"os.system"}'),
        ("deserialisation", '{"json_class":"Gem::Installer"}'),
        ("deserialisation", '{"^o":"Gem::Installer"}'),
        ("deserialisation", "AC ED 00 05 73 72 00 11"),
        ("code", "print(md5(31337));"),
        ("code", r"index/think\app/invokefunction"),
        ("code", "filter[]=system&method=get"),
        ("ssrf", "unix:/var/run/docker.sock:http://x/"),
    ],
)
def test_what_an_examiner_wrote_is_stopped(family: str, text: str) -> None:
    assert _score(family, text) >= THRESHOLDS["default"]


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("sql", "Is 5 > 3? Yes. Is 3 < 2? No. And 1 = 1, obviously."),
        ("sql", "Execute the plan as discussed; shutdown of line 4 is on Monday."),
        ("sql", "'yes' or 'no'"),
        ("shell", "CRON[999]: (root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.daily)"),
        ("ldap", "(a) first (b) second"),
        ("ldap", "(x=1)"),
        ("xpath", "/items[0]/name"),
        ("xpath", "//cdn.example.com/lib/jquery.min.js"),
        ("xpath", "'a' | 'b' | 'c'"),
        ("prototype", "The constructor, and its prototype chain"),
        ("deserialisation", "json_class diagram"),
        ("code", r"CORP\bob/input"),
        ("code", "filter[status]=open"),
        ("crlf", "mailto:bob@example.com?subject=Hi&body=Hello\r\nRegards: Bob"),
    ],
)
def test_what_stands_beside_it_passes(family: str, text: str) -> None:
    assert _score(family, text) < THRESHOLDS["default"]


@pytest.mark.parametrize(
    "text", ["C:\\Users\\anna\\report.docx", "\\\\fileserver\\team\\plan.xlsx"]
)
def test_a_document_may_hold_paths_in_a_field_called_path(text: str) -> None:
    assert _score("path", text, Context("body", "path")) < THRESHOLDS["default"]
    assert _score("path", text, Context("query", "path")) >= THRESHOLDS["default"]


@pytest.mark.parametrize("agent", ["crlfuzz/1.4", "sqlibrute v2.1", "subfinder/2.6"])
def test_tools_are_known_by_what_they_call_themselves(agent: str) -> None:
    assert _score("scanner", agent, Context("header", "user-agent")) >= THRESHOLDS["default"]


@pytest.mark.parametrize("agent", ["QRScan/1.2", "ReconcileMe 2024 edition", "okhttp/4.12.0"])
def test_clients_with_such_names_are_no_tools(agent: str) -> None:
    score = _score("scanner", agent, Context("header", "x-client"))
    assert score < THRESHOLDS["default"]


@pytest.mark.parametrize("location", ["query", "header"])
def test_a_callback_host_counts_beside_a_tool_name(location: Location) -> None:
    context = Context(location, "x-note")
    assert _score("scanner", "http://nuclei.oast.pro/", context) >= THRESHOLDS["default"]


def test_a_coded_line_break_before_a_field_counts_in_bodies_too() -> None:
    context = Context("body", "comment", layers=("url",))
    assert _score("crlf", "\r\nX-Original-URL:/admin", context) >= THRESHOLDS["default"]
    assert _score("crlf", "\r\nRegards: Bob", context) < THRESHOLDS["default"]


def test_the_name_of_a_function_counts_where_one_is_called_by_name() -> None:
    assert _score("code", "call_user_func_array", Context("query", "function")) >= 5
    assert _score("code", "system", Context("query", "category")) < 5
