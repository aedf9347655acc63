"""An issuer that is asked about its tokens, because nobody else can read them (RFC 7662)."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Final, Protocol

from vallum.store.errors import IntrospectionFailed
from vallum.tokens.claims import IssuerExpectations, VerifiedClaims
from vallum.tokens.introspection import BadAnswer, judge_answer, read_answer
from vallum.tokens.jws import MAX_TOKEN

MOST_SECONDS: Final = 5.0
"""For which an answer may be believed: within this a revocation takes effect (B-150)."""

# RFC 6750 §2.1: b64token.
_OPAQUE: Final = re.compile(rb"[A-Za-z0-9._~+/-]+=*")

_log = logging.getLogger(__name__)


class Endpoint(Protocol):
    """Where tokens are asked about; `vallum.store.introspection.Introspector`."""

    async def ask(self, token: bytes) -> bytes:
        """The issuer's answer about a token.

        Raises:
            IntrospectionFailed: there is none.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectedIssuer:
    """An issuer whose opaque tokens an operation accepts."""

    name: str
    """As in the policy."""
    expectations: IssuerExpectations
    endpoint: Endpoint
    seconds: float = MOST_SECONDS
    """For which its answers are believed."""

    def can_be_opaque(self, token: bytes) -> bool:
        """Whether a text is of the form that tokens have."""
        return len(token) <= MAX_TOKEN and _OPAQUE.fullmatch(token) is not None

    async def ask(self, token: bytes) -> bytes:
        """The issuer's answer about a token.

        Raises:
            IntrospectionFailed: there is none; the log says why.
        """
        try:
            return await self.endpoint.ask(token)
        except IntrospectionFailed as error:
            _log.warning("introspection at issuer %s: %s", self.name, error)
            raise

    def judge(self, answer: bytes, now: float) -> VerifiedClaims:
        """What the answer says of the token.

        Raises:
            InvalidToken: it is not one to be accepted.
            IntrospectionFailed: the answer does not say.
        """
        try:
            return judge_answer(read_answer(answer), self.expectations, now)
        except BadAnswer as error:
            _log.warning("introspection at issuer %s: %s", self.name, error)
            raise IntrospectionFailed(str(error)) from None
