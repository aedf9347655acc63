"""SOAP's second way to say what is called: the action, which must agree with the body (B-113).

A service may go by `SOAPAction` (SOAP 1.1 §6.1.1), by the `action` of the media type (SOAP 1.2
Part 2 §6.5), or by the element in the body. Where they differ, one of them was checked and the
other one is executed.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.wire.xml import Element

_ENVELOPES: Final = (
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://www.w3.org/2003/05/soap-envelope",
)
_ACTION: Final = re.compile(r'"([^"\\\x00-\x20\x7f-\xff]*)"')


class SOAPMismatch(Exception):  # noqa: N818  (named for what it says about the message)
    """The action names another operation than the body, or the body is no SOAP message."""


def check_action(root: Element, action: str) -> None:
    """Hold an action, without its quotes, against the message.

    The last step of the action must be the name of the body's element, which may have `Request`
    behind it. An empty action says nothing: the body decides.

    Raises:
        SOAPMismatch: they differ.
    """
    name = _operation(root)
    if action and re.split("[/#:]", action)[-1] not in (name, name.removesuffix("Request")):
        raise SOAPMismatch


def unquoted(value: bytes) -> str:
    """The action in a `SOAPAction` field.

    Raises:
        SOAPMismatch: it is not one quoted URI.
    """
    match = _ACTION.fullmatch(value.decode("latin-1"))
    if match is None:
        raise SOAPMismatch
    return match[1]


def _operation(root: Element) -> str:
    namespace = root.name.namespace
    if root.name.local != "Envelope" or namespace not in _ENVELOPES:
        raise SOAPMismatch
    bodies = [child for child in root.children if child.name == (namespace, "Body")]
    if len(bodies) != 1 or len(bodies[0].children) != 1:
        raise SOAPMismatch
    return bodies[0].children[0].name.local
