"""What is remembered of verified credentials."""

from __future__ import annotations

import pytest

from vallum.core.principal import Principal
from vallum.tokens.cache import MAX_ENTRY_SECONDS, VerifiedTokenCache


def someone(expires_at: float | None = None) -> Principal:
    """A principal."""
    return Principal(kind="user", issuer="i", subject="s", expires_at=expires_at)


def test_the_oldest_go_first_by_number() -> None:
    cache = VerifiedTokenCache(3, 1000)
    for number in range(5):
        cache.put(bytes([number]), someone(), size=10, now=0.0)
    assert list(cache.entries) == [b"\x02", b"\x03", b"\x04"]
    assert len(cache) == 3


def test_the_oldest_go_first_by_size() -> None:
    cache = VerifiedTokenCache(100, 100)
    for number in range(5):
        cache.put(bytes([number]), someone(), size=40, now=0.0)
    assert list(cache.entries) == [b"\x03", b"\x04"]
    cache.put(b"\x04", someone(), size=60, now=0.0)
    assert list(cache.entries) == [b"\x03", b"\x04"]
    cache.put(b"big", someone(), size=101, now=0.0)
    assert len(cache) == 0
    cache.put(b"fits", someone(), size=100, now=0.0)
    assert len(cache) == 1


def test_entries_end_with_the_credential_and_after_minutes() -> None:
    cache = VerifiedTokenCache(3, 1000)
    assert cache.put(b"a", someone(10.0), size=1, now=5.0).expires_at == 10.0
    assert cache.put(b"b", someone(1e9), size=1, now=5.0).expires_at == 5.0 + MAX_ENTRY_SECONDS
    assert cache.put(b"c", someone(), size=1, now=5.0).expires_at == 5.0 + MAX_ENTRY_SECONDS


def test_clear_forgets_the_bytes_too() -> None:
    cache = VerifiedTokenCache(10, 10)
    for _ in range(3):
        cache.put(b"a", someone(), size=10, now=0.0)
        cache.clear()
        assert len(cache) == 0
    assert cache.put(b"b", someone(), size=10, now=0.0) is cache.entries[b"b"]


@pytest.mark.parametrize(("entries", "size"), [(0, 1), (1, 0), (-1, -1)])
def test_a_cache_without_room_is_a_mistake(entries: int, size: int) -> None:
    with pytest.raises(ValueError, match="room"):
        VerifiedTokenCache(entries, size)
