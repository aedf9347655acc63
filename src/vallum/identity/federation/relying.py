"""The relying party: every provider of the policy, and what its pages share."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, Literal

from starlette.requests import Request

from vallum.identity.errors import PageError
from vallum.identity.federation.upstream import Upstream
from vallum.identity.people.sign_in import load_flow
from vallum.identity.services import Services
from vallum.identity.storage.flows import Flow
from vallum.identity.web.cookies import browser_of

JOIN: Final = "/sign-in/join"
"""Where an identity that is new here becomes somebody's."""

_PLACE: Final = "flows.data/parent"

Step = Literal["away", "new", "claim", "link"]
"""At the provider; about to make an account, to take over one whose address nobody had proved, or
to prove and then link one."""


class Relying:
    """What the pages of federated sign-in work with."""

    def __init__(self, services: Services) -> None:
        """
        Args:
            services: the provider's parts.

        Raises:
            ValueError: a provider of the policy cannot be used.
            OSError: the file of a client secret cannot be read.
        """
        self.services = services
        self.upstreams: Mapping[str, Upstream] = {
            name: Upstream(provider, clock=services.clock, monotonic=time.monotonic)
            for name, provider in services.settings.providers.items()
        }
        self._key = services.sealer.derive(b"federation")

    def upstream(self, request: Request) -> Upstream:
        """The provider that the path names.

        Raises:
            PageError: 404.
        """
        upstream = self.upstreams.get(request.path_params["provider"])
        if upstream is None:
            raise PageError(
                "There is no such sign-in",
                "Please go back and choose one of those on the page.",
                status=404,
                reason="federation.unknown-provider",
            )
        return upstream

    def redirect_uri(self, upstream: Upstream) -> str:
        """Where a provider sends browsers back to: one for each (RFC 9700 §4.4, B-168)."""
        return f"{self.services.settings.issuer}/sign-in/callback/{upstream.provider.name}"

    def verifier(self, state: str) -> str:
        """The PKCE verifier of a sign-in (RFC 7636 §4.1).

        It and the nonce come of the state, which is kept as a hash only: a copied database tells
        neither.
        """
        return self._derived("verifier", state)

    def nonce(self, state: str) -> str:
        """The nonce of a sign-in."""
        return self._derived("nonce", state)

    def _derived(self, purpose: str, state: str) -> str:
        text = f"{purpose}\0{state}".encode()
        return hmac.digest(self._key.reveal(), text, sha256).hex()

    def sealed_parent(self, parent: Flow | None) -> str | None:
        """The flow in which the person wants to go on, as another flow remembers it."""
        if parent is None:
            return None
        return self.services.sealer.seal(parent.id.encode(), _PLACE).hex()

    async def parent_of(self, request: Request, flow: Flow) -> Flow | None:
        """The flow in which the person goes on; None where there was none.

        Raises:
            PageError: it is over.
        """
        sealed = flow.data.get("parent")
        if sealed is None:
            return None
        parent = self.services.sealer.open(bytes.fromhex(sealed), _PLACE).decode()
        found = await self.services.flows.load(parent, browser_of(request))
        if found is None:
            raise out_of_step()
        return found


async def load_step(
    relying: Relying, request: Request, flow_id: str | None, *steps: Step
) -> tuple[Flow, Step]:
    """The flow of this browser, if it is at one of these steps.

    Raises:
        PageError: it is not.
    """
    flow = await load_flow(relying.services, request, flow_id)
    if flow is None or flow.kind != "federation" or flow.data["step"] not in steps:
        raise out_of_step()
    return flow, flow.data["step"]


def out_of_step() -> PageError:
    """What a browser hears that is not, or no longer, in the middle of this."""
    return PageError(
        "This took too long",
        "Please go back to where you came from and start again.",
        reason="federation.flow",
    )
