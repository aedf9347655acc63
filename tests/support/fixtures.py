"""Fixtures that every suite through real sockets shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.arena import Arena
from tests.support.gateway import Gateway, PolicyText, create_key
from tests.support.upstream import RecordingUpstream


@pytest.fixture(scope="session")
def _arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    folder = tmp_path_factory.mktemp("arena")
    with RecordingUpstream() as upstream:
        PolicyText(upstream=upstream.url).write(folder)
        key = create_key(folder, "tester")
        with Gateway(folder) as gateway:
            arena = Arena(gateway, upstream, key)
            yield arena
        assert upstream.faults == []


@pytest.fixture
def arena(_arena: Arena) -> Iterator[Arena]:
    """The shared gateway with its recording upstream; healthy before and after each test."""
    _arena.gateway.assert_healthy()
    yield _arena
    _arena.gateway.assert_healthy()
    _arena.upstream.answers.clear()
    _arena.upstream.early_answers.clear()
    faults, _arena.upstream.faults = _arena.upstream.faults, []
    assert faults == [], "the gateway sent what a strict parser refuses"
