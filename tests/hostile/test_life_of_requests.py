"""Who waits out a deadline gets nothing of it: what was sent as a body stays one."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.support.arena import request
from tests.support.gateway import PolicyText, start
from tests.support.minting import ISSUER, Minter
from tests.support.raw import RawConnection
from tests.support.upstream import RecordingUpstream

HIDDEN = request("GET", "/public/page")


@pytest.mark.parametrize("together", [True, False])
def test_b030_the_body_of_a_request_whose_check_took_too_long(
    tmp_path: Path, together: bool
) -> None:
    """A body that nobody has read when the deadline comes is not read as the next request."""
    with (
        RecordingUpstream() as upstream,
        socket.create_server(("127.0.0.1", 0)) as silent,  # An issuer that never answers.
    ):
        mark = upstream.mark()
        jwks = f"http://127.0.0.1:{silent.getsockname()[1]}/keys"
        policy = PolicyText(
            upstream=upstream.url,
            more=(
                "timeouts: {upstream: 500ms}\n"
                f"issuers: {{corp: {{issuer: '{ISSUER}', audience: bookshop, "
                f"algorithms: [ES256], jwks: '{jwks}', insecure_http_jwks: true}}}}"
            ),
            operations={"privatePost": "authenticate: corp"},
        )
        head = request(
            "POST",
            "/private",
            b"Authorization: Bearer " + Minter().token(),
            b"Content-Type: text/plain",
            b"Content-Length: %d" % len(HIDDEN),
        )
        with start(tmp_path, policy) as gateway, RawConnection(gateway.port) as connection:
            connection.send(head + HIDDEN if together else head)
            reply = connection.read()
            last = request("GET", "/health", b"Connection: close")
            connection.send(last if together else HIDDEN + last)
            later = connection.read_all()
        assert reply.status == 504
        # What is here whole is skipped; after what is not, the connection ends.
        assert len(later) == together
        assert [each.target for each in upstream.requests_since(mark)] == [b"/health"] * together
