"""Limits of several worker processes on one machine, exact, in one mapped file.

The file is a table of buckets; a key may live in any slot of its one bucket:

    header 4096 │ bucket 0 │ bucket 1 │ …        bucket: 15 digests of 16 bytes, then 16 TATs

The sixteenth TAT has no digest: it is shared by the keys that found no room, so a full table
refuses more, never less. The first half of the buckets is for `ANYONE`, the second for `KNOWN`.

Every change happens under a POSIX record lock on the byte of the file whose offset is the bucket's
number. The kernel releases it when its process dies, however it dies, so no worker can leave the
table locked. Every byte of the table is valid at every instant: a slot without an owner holds a TAT
of the past, and a half-made slot belongs to nobody.
"""

from __future__ import annotations

import mmap
import os
import secrets
import struct
from fcntl import LOCK_EX, LOCK_UN, lockf
from hashlib import blake2b
from pathlib import Path

from vallum.limits.gcra import take

_MAGIC = b"vallum-limits-1\n"
_HEADER = struct.Struct("=16sQ16s")
_HEADER_BYTES = 4096
_SLOTS = 15
_DIGEST_BYTES = 16
_TATS_AT = _SLOTS * _DIGEST_BYTES
_BUCKET_BYTES = _TATS_AT + (_SLOTS + 1) * 8
_MOST_PLACES = 16_384
"""Keys whose place a process remembers; all are forgotten when there are more."""

_Place = tuple[int, bytes, int, int]
"""Bucket number, digest, and of the slot where the key was last seen: the offset of its digest in
the file, and the index of its TAT among all eight-byte words of the file."""


def create_table(path: Path, *, slots: int = 131_072) -> None:
    """Make an empty table at `path`, in place of one that may be there.

    Processes that have the old one mapped keep it. Every page is reserved, so that a disk that
    fills up later cannot end a worker in the middle of a write.

    Args:
        path: the file; readable and writable by its owner alone.
        slots: about how many keys it can hold; 25 bytes each.

    Raises:
        OSError: the file cannot be made.
    """
    half = max(1, slots // (2 * _SLOTS))
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, _HEADER_BYTES + 2 * half * _BUCKET_BYTES)
        # The secret keeps strangers from finding many addresses that share a bucket.
        os.pwrite(fd, _HEADER.pack(_MAGIC, 2 * half, secrets.token_bytes(16)), 0)
    finally:
        os.close(fd)
    fresh.replace(path)


class SharedLimitStore:
    """A `LimitStore` in a file that several processes map.

    INVARIANT: one object per process and file, used by one thread. POSIX record locks belong to
    the process: they do not keep two threads apart, and closing a second descriptor of the file
    would release them.
    """

    __slots__ = ("_fd", "_half", "_map", "_places", "_secret", "_tats")

    def __init__(self, path: Path) -> None:
        """Map a table that `create_table` made.

        Raises:
            OSError: the file cannot be opened.
            ValueError: the file is not such a table.
        """
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        size = os.fstat(self._fd).st_size
        head = os.pread(self._fd, _HEADER.size, 0).ljust(_HEADER.size, b"\0")
        magic, buckets, self._secret = _HEADER.unpack(head)
        if magic != _MAGIC or size != _HEADER_BYTES + buckets * _BUCKET_BYTES:
            os.close(self._fd)
            raise ValueError(f"`{path}` is not a limit table of this version")
        self._half = buckets // 2
        self._map = mmap.mmap(self._fd, size)
        self._tats = memoryview(self._map).cast("d")
        self._places: dict[bytes, _Place] = {}

    def close(self) -> None:
        """Unmap the table; other processes keep it."""
        self._tats.release()
        self._map.close()
        os.close(self._fd)

    def read_note(self, offset: int, form: struct.Struct) -> tuple[float, ...]:
        """What the maker of the table wrote into its header, behind the table's own."""
        return form.unpack_from(self._map, offset)

    def take(self, key: bytes, *, now: float, interval: float, burst: float, cost: float) -> float:
        """See `LimitStore.take`. Waits while another process is inside the key's bucket."""
        bucket, digest, at, word = self._places.get(key) or self._locate(key)
        if not cost:
            # One aligned word is read whole or not at all, so that asking needs no lock.
            if self._map[at : at + _DIGEST_BYTES] != digest:
                word = self._find(key, bucket, digest) or self._overflow(bucket)
            return take(self._tats[word], now, interval, burst, cost)[0]
        lockf(self._fd, LOCK_EX, 1, bucket)
        try:
            if self._map[at : at + _DIGEST_BYTES] != digest:
                return self._take_elsewhere(key, now, interval, burst, cost)
            answer, tat = take(self._tats[word], now, interval, burst, cost)
            if tat is not None:
                self._tats[word] = tat
            return answer
        finally:
            lockf(self._fd, LOCK_UN, 1, bucket)

    def _locate(self, key: bytes) -> _Place:
        """Choose the bucket of `key`; say the first slot, whoever owns that."""
        digest = blake2b(key, digest_size=_DIGEST_BYTES, key=self._secret).digest()
        bucket = int.from_bytes(digest[:8], "little") % self._half + key[0] * self._half
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        start = _HEADER_BYTES + bucket * _BUCKET_BYTES
        place = self._places[key] = bucket, digest, start, (start + _TATS_AT) >> 3
        return place

    def _find(self, key: bytes, bucket: int, digest: bytes) -> int:
        """The word of the slot that `digest` owns, or 0."""
        start = _HEADER_BYTES + bucket * _BUCKET_BYTES
        at = self._map.find(digest, start, start + _TATS_AT)
        while at >= 0 and (at - start) % _DIGEST_BYTES:
            at = self._map.find(digest, at + 1, start + _TATS_AT)
        if at < 0:
            return 0
        word = (start + _TATS_AT >> 3) + (at - start) // _DIGEST_BYTES
        self._places[key] = bucket, digest, at, word
        return word

    def _claim(self, key: bytes, now: float) -> int:
        """Give `key` a slot whose bucket is full again, and return its word; 0 if there is none."""
        bucket, digest, _, _ = self._places[key]
        start = _HEADER_BYTES + bucket * _BUCKET_BYTES
        first = start + _TATS_AT >> 3
        for slot in range(_SLOTS):
            if self._tats[first + slot] <= now:
                # The key may have been served from the shared TAT before, so it starts there.
                # Until the digest is written this only makes the last owner wait.
                self._tats[first + slot] = self._tats[first + _SLOTS]
                at = start + slot * _DIGEST_BYTES
                self._map[at : at + _DIGEST_BYTES] = digest
                self._places[key] = bucket, digest, at, first + slot
                return first + slot
        return 0

    def _overflow(self, bucket: int) -> int:
        """The word of the TAT that keys without a slot share."""
        return (_HEADER_BYTES + bucket * _BUCKET_BYTES + _TATS_AT >> 3) + _SLOTS

    def _take_elsewhere(
        self, key: bytes, now: float, interval: float, burst: float, cost: float
    ) -> float:
        """Take from wherever `key` lives, under the lock of its bucket."""
        bucket, digest, _, _ = self._places[key]
        word = self._find(key, bucket, digest) or self._claim(key, now)
        if word:
            answer, tat = take(self._tats[word], now, interval, burst, cost)
            if tat is not None:
                self._tats[word] = tat
            return answer
        # Unlike limits share this one, so it holds the largest debt of any of them and is never
        # reset as if the clock had gone back.
        word = self._overflow(bucket)
        answer, tat = take(self._tats[word], now, interval, burst, cost)
        if tat is not None and tat > self._tats[word]:
            self._tats[word] = tat
        return answer
