"""Names and places of applications in words that cannot deceive."""

from __future__ import annotations

import pytest

from vallum.identity.protocol.answers import form_target
from vallum.identity.protocol.plain import plain_name, plain_place


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Shop", "Shop"),
        ("  Müllers\u00a0 Bücher ", "Müllers Bücher"),
        ("बुकशॉप", "बुकशॉप"),
        ("a\x00b\u202ec\u200bd", "abcd"),
        ("one\ntwo\u2028three", "one two three"),
        ("e" + "\u0336" * 9, "e\u0336\u0336"),
        ("", "An unnamed application"),
        ("\u2066\u2069", "An unnamed application"),
        ("x" * 61, "x" * 60 + "…"),
    ],
)
def test_names_are_plain(name: str, shown: str) -> None:
    assert plain_name(name) == shown


@pytest.mark.parametrize(
    ("uri", "place", "target"),
    [
        ("https://shop.example/cb?a=1", "shop.example", "https://shop.example"),
        ("https://shop.example:8443/cb", "shop.example:8443", "https://shop.example:8443"),
        ("https://[2001:db8::1]/cb", "[2001:db8::1]", "https:"),
        ("http://127.0.0.1:51004/cb", "a program on this device", "http://127.0.0.1:51004"),
        ("http://[::1]:51004/cb", "a program on this device", "http:"),
        (
            "com.example.app:/cb",
            "an application on this device (com.example.app)",
            "com.example.app:",
        ),
    ],
)
def test_places_are_named_and_forms_may_end_there(uri: str, place: str, target: str) -> None:
    assert plain_place(uri) == place
    assert form_target(uri) == target
