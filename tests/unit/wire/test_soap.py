"""SOAP actions against the message's body."""

from __future__ import annotations

import pytest

from vallum.wire.soap import SOAPMismatch, check_action, unquoted
from vallum.wire.xml import parse_xml

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"


def envelope(inside: str, namespace: str = SOAP_11) -> bytes:
    """A message with this in its body."""
    return (
        f"<s:Envelope xmlns:s='{namespace}'><s:Header/><s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    "action", ["", "GetUser", "urn:GetUser", "urn:users#GetUser", "http://h/IUsers/GetUser"]
)
@pytest.mark.parametrize("name", ["GetUser", "GetUserRequest"])
@pytest.mark.parametrize("namespace", [SOAP_11, "http://www.w3.org/2003/05/soap-envelope"])
def test_agreement(action: str, name: str, namespace: str) -> None:
    check_action(parse_xml(envelope(f"<{name}/>", namespace)), action)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("urn:DeleteUser", envelope("<GetUser/>")),
        ("urn:GetUser/", envelope("<GetUser/>")),
        ("urn:getuser", envelope("<GetUser/>")),
        ("urn:GetUser", envelope("")),
        ("urn:GetUser", envelope("<GetUser/><DeleteUser/>")),
        ("urn:GetUser", envelope("</s:Body><s:Body><GetUser/>")),
        ("", b"<GetUser/>"),
        ("", envelope("<GetUser/>", "urn:other")),
    ],
)
def test_disagreement(action: str, message: bytes) -> None:
    with pytest.raises(SOAPMismatch):
        check_action(parse_xml(message), action)


def test_the_field_is_one_quoted_uri() -> None:
    assert unquoted(b'"urn:x#Y"') == "urn:x#Y"
    assert unquoted(b'""') == ""
    for value in (b"urn:x", b"", b'"a', b'"a", "b"', b'"a b"', b'"\xff"'):
        with pytest.raises(SOAPMismatch):
            unquoted(value)
