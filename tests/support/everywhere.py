"""What all workers say about a token: calls from many addresses, so that no source looks like one
that guesses, on connections of their own, so that the kernel gives them to each worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count

import httpx2
from tests.support.arena import Arena, request
from tests.support.raw import RawConnection
from tests.support.signing_in import Deployment

BOUND_SECONDS = 5.0
"""Within this a revocation is in effect everywhere (AN-2, B-150)."""

_IN_A_ROW = 8
_sources = count(1)


def status(deployment: Deployment, token: str, path: str = "/orders") -> int:
    """The answer of the API to a bearer token, on a new connection from a new address."""
    transport = httpx2.HTTPTransport(verify=deployment.context(), local_address=_new_address())
    with httpx2.Client(transport=transport, base_url=deployment.api) as http:
        return http.get(path, headers={"authorization": f"Bearer {token}"}).status_code


def seconds_until_refused(deployment: Deployment, token: str, path: str = "/orders") -> float:
    """How long a bearer token works from now on, on any worker."""
    return _seconds_until_refused(lambda: status(deployment, token, path))


def seconds_until_no_entry(arena: Arena, target: str, line: str | bytes) -> float:
    """The same of the credential in a field line, on an arena's gateway."""

    def ask() -> int:
        with RawConnection(arena.gateway.port, source=_new_address()) as connection:
            connection.send(request("GET", target, line))
            return connection.read_final("GET").status

    return _seconds_until_refused(ask)


def _new_address() -> str:
    number = next(_sources)
    return f"127.20.{number // 250}.{number % 250 + 1}"


def _seconds_until_refused(ask: Callable[[], int]) -> float:
    begun = time.monotonic()
    in_a_row, first = 0, 0.0
    while in_a_row < _IN_A_ROW:
        elapsed = time.monotonic() - begun
        assert elapsed < 3 * BOUND_SECONDS, "the credential still works"
        answer = ask()
        assert answer in (200, 401)
        first = elapsed if answer == 401 and not in_a_row else first
        in_a_row = in_a_row + 1 if answer == 401 else 0
    return first
