"""A gateway that loses its patience after a second, and what a clean refusal looks like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.arena import Arena
from tests.support.gateway import PolicyText, start
from tests.support.raw import Reply
from tests.support.upstream import (
    RecordingUpstream,
    answer,
)

QUICK = "timeouts: {connect: 500ms, upstream: 1s, headers: 1s, body: 1s, idle: 2s, write: 2s}"


def assert_problem(reply: Reply, status: int) -> None:
    """A clean problem that says nothing about the inside."""
    assert reply.status == status, reply
    assert reply.get("content-type").startswith("application/problem+json")
    content = reply.json()
    assert content["status"] == status
    for secret in (b"127.0.0.1", b"Traceback", b"errno", b"Errno", b"refused", b"asyncio"):
        assert secret not in reply.body


@pytest.fixture(scope="session")
def _quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with RecordingUpstream() as upstream:
        policy = PolicyText(upstream=upstream.url, more=QUICK)
        with start(tmp_path_factory.mktemp("quick"), policy) as gateway:
            yield Arena(gateway, upstream)


@pytest.fixture
def quick(_quick: Arena) -> Iterator[Arena]:
    """A gateway that loses its patience after a second."""
    yield _quick
    _quick.upstream.answers.clear()
    _quick.upstream.default = answer()
    _quick.gateway.assert_healthy()
