"""Values that set a cookie, and sessions from elsewhere."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.session import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        'document.cookie="PHPSESSID=1"',
        ".cookie;expires=",
        '<meta http-equiv="Set-Cookie" content="a=b">',
        "sid=1;domain=.evil.example",
        "PHPSESSID=abc; path=/; HttpOnly",
        "blue; JSESSIONID=1234; Path=/",
    ],
)
def test_cookies_in_values_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "name", ["PHPSESSID", "jsessionid", "ASP.NET_SessionId", "connect.sid", "koa:sess", "sessionid"]
)
def test_session_ids_as_parameters_are_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) >= STOPS


@pytest.mark.parametrize(
    "name", ["sessionId", "session_id", "sid", "sidebar", "sessions", "cookie"]
)
def test_other_names_pass(name: str) -> None:
    assert SUSPECTS.score(name, "query", is_name=True) == 0


def test_a_session_cookie_is_where_it_belongs() -> None:
    assert SUSPECTS.score("PHPSESSID", "cookie", is_name=True) == 0


@pytest.mark.parametrize(
    "text", ["color=red", "a=b; c=d", "expires soon; path unknown", "x=1;y=2", "blue; b=1"]
)
def test_ordinary_values_pass(text: str) -> None:
    assert SUSPECTS.score(text) == 0
