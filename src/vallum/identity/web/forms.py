"""Queries and forms, read once and strictly: a parameter that comes twice is refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.requests import Request

from vallum.identity.errors import OAuthError, PageError
from vallum.identity.services import Services
from vallum.identity.web.bodies import BodyTooLarge, read_body
from vallum.identity.web.csrf import check_form_token
from vallum.wire.form import MalformedForm, parse_form

MOST_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 64
_FORM: Final = "application/x-www-form-urlencoded"


class _BadInputError(Exception):
    """Why a query or form is refused, in words for whoever sent it."""


def read_page_query(request: Request) -> dict[str, str]:
    """The query of a request from a person's browser.

    Raises:
        PageError: it cannot be read in one way only.
    """
    try:
        return _once(_parse(request.url.query.encode("ascii", "replace")))
    except _BadInputError as error:
        raise PageError("This link is broken", f"Its address cannot be read: {error}.") from None


async def read_page_parameters(request: Request) -> dict[str, str]:
    """The parameters with which an application sends a browser here: a query, or a form.

    Such a form comes from another site and carries no form token: it must change nothing.

    Raises:
        PageError: they cannot be read in one way only.
    """
    if request.method != "POST":
        return read_page_query(request)
    try:
        if request.url.query:
            raise _BadInputError("it has parameters in two places")
        return _once(await _fields(request))
    except _BadInputError as error:
        raise PageError("This request is broken", f"It cannot be read: {error}.") from None


async def read_form(request: Request) -> dict[str, str]:
    """The form that a program sent (OAuth 2.1 §3.2.2: no parameter more than once).

    Raises:
        OAuthError: `invalid_request`.
    """
    try:
        return _once(await _fields(request))
    except _BadInputError as error:
        raise OAuthError("invalid_request", str(error)) from None


async def read_page_form(request: Request, services: Services) -> dict[str, str]:
    """The form that a person sent from a page of ours; its form token is checked and taken off.

    Raises:
        PageError: it is none, or comes from elsewhere.
    """
    try:
        form = _once(await _fields(request))
    except _BadInputError as error:
        raise PageError("This form cannot be read", f"Please try again: {error}.") from None
    check_form_token(services, request, form.pop("csrf", ""))
    return form


async def _fields(request: Request) -> tuple[tuple[str, str], ...]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _FORM:
        raise _BadInputError(f"send the parameters as {_FORM}")
    try:
        return _parse(await read_body(request, MOST_BYTES))
    except BodyTooLarge:
        raise _BadInputError("it is too large") from None


def _parse(raw: bytes) -> tuple[tuple[str, str], ...]:
    try:
        return parse_form(raw, _MOST_FIELDS)
    except MalformedForm as error:
        raise _BadInputError(f"the encoding is wrong ({error.code})") from None


def _once(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in fields:
        if name in found:
            # OAuth 2.1 §4.1.2.1: a parameter that is included more than once is invalid (B-157).
            raise _BadInputError("a parameter comes more than once")
        found[name] = value
    return found
