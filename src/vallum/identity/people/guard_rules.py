"""How many failures cost how much waiting, for each thing that can be guessed at (TR-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, Literal

What = Literal[
    "password",
    "second-factor",
    "recovery-code",
    "user-code",
    "client-secret",
    "introspection",
    "sign-up-mail",
    "address-mail",
    "reset-mail",
    "ticket",
]

_DAY: Final = 86_400.0
_EVER: Final = 100
"""SP 800-63B-4 §3.2.2: at most so many consecutive failures on one account."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What failures on one key cost. Waiting doubles with each failure, up to the longest."""

    free: int
    """Failures that cost nothing: people mistype."""
    first_wait: float
    longest_wait: float
    forget: float | None = None
    """Seconds without a failure after which counting starts anew; None: a success only."""
    most: int | None = None
    """Failures in a row after which the key is closed until somebody clears it."""

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        if failures <= self.free:
            return 0.0
        return min(self.longest_wait, self.first_wait * 2.0 ** min(failures - self.free - 1, 30))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The keys on which failures of one kind are counted."""

    account: Rule | None = None
    """All strangers together on one account."""
    account_source: Rule | None = None
    """One source on one account."""
    source: Rule | None = None
    """One source on all accounts."""
    everywhere: Rule | None = None
    """Everybody together: for codes that are not of an account until somebody finds one."""
    device: Rule | None = None
    """A browser that the person has used before: counted here, and on no other key (B-223)."""
    watches_ratio: bool = False
    """Whether failures everywhere are weighed against successes (B-222)."""
    counts_before: bool = True
    """Each attempt counts as a failure until it succeeds, so that a thousand at once are a
    thousand. Not so where what is guessed at is 128 bits or more: that would only cost time."""


_FROM_ONE_SOURCE: Final = Rule(30, 2.0, 900.0, forget=1800.0)
_TO_ONE_ADDRESS: Final = Rule(3, 300.0, 3600.0, forget=_DAY)
_MAIL_OF_ONE_SOURCE: Final = Rule(20, 60.0, 3600.0, forget=3600.0)

RULES: Final[Mapping[What, Rules]] = {
    "password": Rules(
        account=Rule(20, 5.0, 3600.0, most=_EVER),
        account_source=Rule(5, 2.0, 900.0, forget=_DAY),
        source=_FROM_ONE_SOURCE,
        device=Rule(10, 2.0, 900.0, most=_EVER),
        watches_ratio=True,
    ),
    # Who gets so far knows the password already: waiting starts sooner, and on the account.
    "second-factor": Rules(account=Rule(5, 5.0, 900.0, most=_EVER)),
    "recovery-code": Rules(account=Rule(5, 5.0, 900.0, most=_EVER)),
    "user-code": Rules(
        account=Rule(5, 10.0, 900.0, forget=_DAY),
        source=Rule(10, 10.0, 900.0, forget=_DAY),
        everywhere=Rule(200, 1.0, 60.0, forget=600.0),
    ),
    "client-secret": Rules(
        account_source=Rule(10, 1.0, 300.0, forget=3600.0),
        source=_FROM_ONE_SOURCE,
        counts_before=False,
    ),
    # Expired tokens are asked about all the time; a flood of unknown ones is a search (B-185).
    "introspection": Rules(account_source=Rule(600, 1.0, 60.0, forget=60.0), counts_before=False),
    # Not guessing, but mail that strangers make us send to somebody. Each kind by itself: who signs
    # up with somebody's address must not use up the mail with which she gets her account back, nor
    # who asks for that mail what her own browsers may ask for.
    "sign-up-mail": Rules(account=_TO_ONE_ADDRESS, source=_MAIL_OF_ONE_SOURCE),
    "address-mail": Rules(account=_TO_ONE_ADDRESS, source=_MAIL_OF_ONE_SOURCE),
    "reset-mail": Rules(
        account=_TO_ONE_ADDRESS, source=_MAIL_OF_ONE_SOURCE, device=_TO_ONE_ADDRESS
    ),
    "ticket": Rules(source=_FROM_ONE_SOURCE, counts_before=False),
}

PACE: Final = Rule(0, 1.0, 1.0)
"""What all strangers together get while nearly all of what they try fails."""
RATIO_WINDOW: Final = 300.0
RATIO_ATTEMPTS: Final = 100
RATIO_FAILED: Final = 0.9


def source_of(address: str) -> str:
    """The network that one party has at least: /24, or /64 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        mapped = found.ipv4_mapped
        if mapped is None:
            return str(ip_network((int(found), 64), strict=False))
        found = mapped
    return str(ip_network((int(found), 24), strict=False))
