"""What people choose for their accounts: names and passwords, judged in one place."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from vallum.identity.people.addresses import BadAddress
from vallum.identity.people.password_rules import (
    SECOND_FACTOR_MINIMUM,
    SINGLE_FACTOR_MINIMUM,
    why_refused,
)
from vallum.identity.people.sign_in import demands_second_factor, has_second_factor
from vallum.identity.services import Services
from vallum.identity.storage.users import User

_LONGEST_NAME: Final = 100


class BadChoice(ValueError):  # noqa: N818  (a verdict on what somebody typed)
    """What was typed is not taken; the text says why, in plain words."""


def chosen_name(text: str) -> str:
    """A name to be shown: one line, without marks that turn or hide what stands around it.

    Raises:
        BadChoice: it is none.
    """
    name = " ".join(unicodedata.normalize("NFC", text[:1000]).split())
    if not name:
        raise BadChoice("Write the name by which others know you.")
    if len(name) > _LONGEST_NAME:
        raise BadChoice(f"A name has at most {_LONGEST_NAME} characters here.")
    # Control and format characters, unpaired surrogates, private use and unassigned ones.
    if any(unicodedata.category(each)[0] == "C" for each in name):
        raise BadChoice("The name has characters that cannot be shown.")
    return name


class NewAccount(NamedTuple):
    """What somebody chose for an account of their own."""

    name: str
    email: str
    password: str
    errors: dict[str, str]
    """By field, in plain words; where there are any, the rest counts for nothing."""


def choose_account(
    services: Services,
    form: Mapping[str, str],
    *,
    minimum: int,
    judge_address: Callable[[str], str],
) -> NewAccount:
    """Judge a form with a name, an address and a password.

    Args:
        services: the provider's parts.
        form: what was sent.
        minimum: characters of the password.
        judge_address: the canonical form of an address; raises `BadAddress` where it is not taken.
    """
    errors: dict[str, str] = {}
    name = email = ""
    try:
        name = chosen_name(form.get("name", ""))
    except BadChoice as error:
        errors["name"] = str(error)
    try:
        email = judge_address(form.get("email", ""))
    except BadAddress as error:
        errors["email"] = str(error)
    password = form.get("password", "")
    try:
        judge_password(services, password, minimum=minimum, email=email, name=name)
    except BadChoice as error:
        errors["password"] = str(error)
    return NewAccount(name, email, password, errors)


async def minimum_for(services: Services, user: User | None) -> int:
    """How many characters a person's password needs; None for somebody who signs up."""
    if user is None:
        has_two = services.settings.mfa == "required"
    else:
        has_two = demands_second_factor(services, user) or await has_second_factor(
            services, user.id
        )
    return SECOND_FACTOR_MINIMUM if has_two else SINGLE_FACTOR_MINIMUM


def judge_password(
    services: Services, password: str, *, minimum: int, email: str, name: str
) -> None:
    """Refuse a new password that would soon be guessed.

    Raises:
        BadChoice: it would.
    """
    context = (services.settings.name, services.settings.host, "vallum", email, name)
    reason = why_refused(password, minimum=minimum, context=context)
    if reason is not None:
        raise BadChoice(reason)
