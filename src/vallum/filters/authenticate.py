"""Who is calling (AN-1). Three answers from each authenticator, and deny when nobody answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.core.request import Request
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Attachment
from vallum.engine.phases import Phase
from vallum.filters.challenges import addressed
from vallum.openapi.model import Operation


class Authenticator(Protocol):
    """One way in which a caller may prove itself."""

    @property
    def name(self) -> str:
        """As in the policy: `api_key`, `jwt:corp`."""
        ...

    @property
    def field(self) -> bytes:
        """The request field (lower case) that carries the credential; empty where the connection
        itself does."""
        ...

    @property
    def challenge(self) -> bytes:
        """Complete `www-authenticate` lines for callers without a credential; `addressed` makes
        them ready for a request."""
        ...

    def authenticate(self, request: Request) -> Principal | Awaitable[Principal | None] | None:
        """Judge the request's credential.

        Returns:
            None: it has none of this kind. A principal: it has one, and it is good.

        Raises:
            Denied: it has one, and it is bad. Nothing else is tried then.
        """
        ...


Guard = Callable[[Request], None]
"""Runs before a credential is verified that is not known already; refuses by raising `Denied`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthenticateSettings:
    """Who may call one operation."""

    authenticators: tuple[Authenticator, ...] = ()
    public: bool = False
    """Whether a request without any credential may pass. One with a bad credential never does."""


class Authenticate:
    """Puts the verified principal into the exchange."""

    name: ClassVar[str] = "authenticate"
    phase: ClassVar[Phase] = Phase.KNOW

    def __init__(self) -> None:
        self._attached: dict[AuthenticateSettings, Attachment] = {}
        """Operations with equal settings share a check."""

    def attach(self, operation: Operation, settings: AuthenticateSettings) -> Attachment | None:
        """Compile the control for one operation.

        Raises:
            ValueError: nobody could ever call it, or two authenticators read one field.
        """
        authenticators = settings.authenticators
        if not authenticators:
            if settings.public:
                return None
            raise ValueError(
                f"operation `{operation.id}` has no authenticator; "
                "name one under `authenticate`, or say `public: true`"
            )
        known = self._attached.get(settings)
        if known is not None:
            return known
        if len({authenticator.field for authenticator in authenticators}) < len(authenticators):
            raise ValueError(f"two authenticators of `{operation.id}` read the same field")
        names = " or ".join(authenticator.name for authenticator in authenticators)
        decide = _Decide(authenticators, public=settings.public)
        attachment = self._attached[settings] = Attachment(
            summary=f"public, or {names}" if settings.public else names,
            check=decide.check_one if len(authenticators) == 1 else decide.check_any,
            explain=_explain,
        )
        return attachment


class _Decide:
    """The decision for one operation, compiled."""

    __slots__ = ("_all", "_challenges", "_connection", "_first", "_public")

    def __init__(self, authenticators: tuple[Authenticator, ...], *, public: bool) -> None:
        self._all = tuple((each.field, each.authenticate) for each in authenticators if each.field)
        self._connection = next(
            (each.authenticate for each in authenticators if not each.field), None
        )
        self._first = authenticators[0].authenticate
        self._public = public
        # RFC 9110 §11.6.1: a 401 MUST carry at least one challenge; ours names every way in.
        self._challenges = b"".join(each.challenge for each in authenticators)

    def check_one(self, exchange: Exchange) -> Awaitable[None] | None:
        """The check where there is one authenticator."""
        answer = self._first(exchange.request)
        if answer.__class__ is Principal:
            exchange.principal = answer
            return None
        return self._otherwise(exchange, answer)

    def check_any(self, exchange: Exchange) -> Awaitable[None] | None:
        """The check where there are several."""
        request = exchange.request
        fields = request.fields
        # A certificate beside a token is no second credential: the token may be bound to it.
        chosen = self._connection
        is_shown = False
        for field, authenticate in self._all:
            if field in fields:
                # SECURITY: whichever we checked, the upstream could believe the other (B-064;
                # RFC 6750 §2: clients MUST NOT use more than one method in each request).
                if is_shown:
                    raise Denied("ambiguous-credentials", "auth.two-credentials")
                chosen, is_shown = authenticate, True
        return self._otherwise(exchange, None if chosen is None else chosen(request))

    def _otherwise(
        self, exchange: Exchange, answer: Principal | Awaitable[Principal | None] | None
    ) -> Awaitable[None] | None:
        if isinstance(answer, Principal):
            exchange.principal = answer
            return None
        if answer is None:
            self._nobody(exchange.request)
            return None
        return self._wait(exchange, answer)

    async def _wait(self, exchange: Exchange, answer: Awaitable[Principal | None]) -> None:
        principal = await answer
        if principal is None:
            self._nobody(exchange.request)
        exchange.principal = principal

    def _nobody(self, request: Request) -> None:
        if not self._public:
            # RFC 6750 §3.1: without authentication information, no error code is included.
            challenges = addressed(self._challenges, request)
            raise Denied("unauthenticated", "auth.none", fields=challenges)


def _explain(exchange: Exchange) -> str:
    principal = exchange.principal
    if principal is None:
        return "no credential, and the operation is public"
    credential = f", credential {principal.credential}" if principal.credential else ""
    return f"{principal.kind} `{principal.subject}` vouched for by `{principal.issuer}`{credential}"
