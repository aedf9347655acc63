"""Mail to people about their accounts: one for each change, and no secret in any (AN-12, B-331).

Every sentence is ours. Of what strangers can choose, only the client's address and a browser in our
own words get in: a notice must not carry anybody's message.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from vallum.identity.people.browsers import browser_in_words
from vallum.identity.people.later import later
from vallum.identity.people.mail import MailFailed
from vallum.identity.services import Services
from vallum.identity.web.caller import address_of, agent_of

Notice = Literal[
    "new-device",
    "password-changed",
    "password-reset",
    "email-changed",
    "factor-added",
    "factor-renamed",
    "factor-removed",
    "recovery-codes-made",
    "recovery-code-used",
    "identity-linked",
    "identity-unlinked",
    "account-deleted",
]

_TEXTS: Final[Mapping[Notice, tuple[str, str]]] = {
    "new-device": (
        "New sign-in",
        "Somebody signed in to your account in a browser that we did not know.",
    ),
    "password-changed": ("Your password was changed", "The password of your account was changed."),
    "password-reset": (
        "Your password was changed",
        (
            "A new password was chosen for your account with a link that we had mailed to you. "
            "All other sessions have ended."
        ),
    ),
    "email-changed": (
        "Your e-mail address was changed",
        "Your account has another e-mail address now. Mail does not come here any more.",
    ),
    "factor-added": (
        "A second factor was added",
        "Another way to confirm your sign-in was added to your account.",
    ),
    "factor-renamed": (
        "A second factor was renamed",
        "A way to confirm your sign-in has another name now.",
    ),
    "factor-removed": (
        "A second factor was removed",
        "A way to confirm your sign-in was removed from your account.",
    ),
    "recovery-codes-made": (
        "New recovery codes",
        "New recovery codes were made for your account. The old ones do not work any more.",
    ),
    "recovery-code-used": (
        "A recovery code was used",
        "A recovery code was used to sign in to your account. It does not work again.",
    ),
    "identity-linked": (
        "A sign-in was connected",
        "An account at another provider can sign in to your account now.",
    ),
    "identity-unlinked": (
        "A sign-in was disconnected",
        "An account at another provider cannot sign in to your account any more.",
    ),
    "account-deleted": ("Your account was deleted", "Your account and its data were deleted."),
}


def notify(
    services: Services, request: Request, response: Response, to: str, notice: Notice
) -> None:
    """Tell a person what happened, once the answer is out.

    Args:
        services: the provider's parts.
        request: with which it happened.
        response: its answer.
        to: the address that the person reads.
        notice: what happened.
    """
    subject, sentence = _TEXTS[notice]
    at = datetime.fromtimestamp(services.clock(), UTC)
    text = (
        f"{sentence}\n\n"
        f"When:    {at:%Y-%m-%d %H:%M} UTC\n"
        f"Where:   {_printable(address_of(request))}\n"
        f"Browser: {browser_in_words(agent_of(request))}\n\n"
        "If that was you, there is nothing to do. If it was not, choose a new password at\n"
        f"{services.settings.issuer}/account/reset\n"
    )
    later(response, send_mail, services, to, subject, text)


async def send_mail(services: Services, to: str, subject: str, text: str) -> None:
    """Send one mail; a failure is an alert, for nobody would miss the mail."""
    name = services.settings.name
    try:
        await services.mail.send(to=to, subject=f"{name}: {subject}", text=f"{text}\n-- \n{name}\n")
    except MailFailed as error:
        await services.events.record("mail.failed", alert=True, reason=str(error))


def _printable(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:
        return "unknown"
