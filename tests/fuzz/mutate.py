"""Changes inputs at random, the same way for the same seed."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

_MOST_STEPS: Final = 6
_INTERESTING: Final = b"\x00\x01\x09\x0a\x0d\x20\"'<>&%\\/;:=,{}[]()|`$#*+-.0A\x7f\x80\xc0\xe2\xff"


def _percent(piece: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in piece)


def _unicode(piece: bytes) -> bytes:
    return b"".join(b"\\u%04x" % ord(char) for char in piece.decode("latin-1"))


def _reference(piece: bytes) -> bytes:
    return b"".join(b"&#x%x;" % ord(char) for char in piece.decode("latin-1"))


def _fullwidth(piece: bytes) -> bytes:
    text = piece.decode("latin-1")
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text).encode("utf-8")


def _overlong(piece: bytes) -> bytes:
    return b"".join(bytes([0xC0 | byte >> 6, 0x80 | byte & 0x3F]) for byte in piece)


CODINGS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    _percent,
    lambda piece: _percent(_percent(piece)),
    _unicode,
    _reference,
    _fullwidth,
    _overlong,
    base64.b64encode,
    bytes.upper,
    bytes.lower,
    lambda piece: piece.decode("latin-1").encode("utf-16-le"),
    lambda piece: piece.decode("latin-1").encode("utf-8"),
    lambda piece: piece[::-1],
)
_PAIRS: Final = (
    *((b"[", b"]"), (b"{", b"}"), (b"(", b")"), (b'"', b'"'), (b"'", b"'"), (b"<a>", b"</a>")),
    *((b'{"a":', b"}"), (b"<![CDATA[", b"]]>"), (b"<!--", b"-->"), (b"${", b"}"), (b"{{", b"}}")),
    *((b"/*", b"*/"), (b"$(", b")"), (b"%", b""), (b"\\", b""), (b"&", b";")),
)


class Mutator:
    """Makes new inputs out of known ones."""

    def __init__(self, random: Random, tokens: Sequence[bytes], longest: int) -> None:
        """
        Args:
            random: the only source of chance.
            tokens: words to put in.
            longest: bytes of an input.
        """
        self._random = random
        self._tokens = tokens or (b"",)
        self._longest = longest
        self._steps: tuple[Callable[[bytes, Sequence[bytes]], bytes], ...] = (
            self._flip,
            self._set,
            self._insert,
            self._delete,
            self._double,
            self._move,
            self._splice,
            self._cross,
            self._truncate,
            self._nest,
            self._repeat,
            self._encode,
            self._number,
            # Words are what grammars are made of: they come more often.
            *([self._token] * 4),
            *([self._replace] * 3),
        )

    def mutate(self, pool: Sequence[bytes]) -> bytes:
        """A new input out of one or two of `pool`."""
        random = self._random
        # Those that were found last reach furthest.
        recent = len(pool) > 8 and random.random() < 0.4
        data = pool[-random.randrange(1, 9)] if recent else random.choice(pool)
        for _ in range(random.randrange(1, _MOST_STEPS + 1)):
            data = random.choice(self._steps)(data, pool)
            if random.random() < 0.3:
                break
        return data[: self._longest]

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._random.randrange(len(data) + 1)
        longest = len(data) - start
        length = min(longest, int(self._random.expovariate(1 / 8)) + 1)
        if self._random.random() < 0.1:
            length = self._random.randrange(longest + 1)
        return start, start + length

    def _flip(self, data: bytes, _: Sequence[bytes]) -> bytes:
        if not data:
            return data
        at = self._random.randrange(len(data))
        return data[:at] + bytes([data[at] ^ 1 << self._random.randrange(8)]) + data[at + 1 :]

    def _set(self, data: bytes, _: Sequence[bytes]) -> bytes:
        at = self._random.randrange(len(data) + 1)
        return data[:at] + bytes([self._random.choice(_INTERESTING)]) + data[at + 1 :]

    def _insert(self, data: bytes, _: Sequence[bytes]) -> bytes:
        at = self._random.randrange(len(data) + 1)
        return data[:at] + self._random.randbytes(self._random.randrange(1, 5)) + data[at:]

    def _delete(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _double(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:end] + data[start:end] + data[end:]

    def _move(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        rest = data[:start] + data[end:]
        at = self._random.randrange(len(rest) + 1)
        return rest[:at] + data[start:end] + rest[at:]

    def _splice(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        other = self._random.choice(pool)
        start, end = self._span(other)
        at = self._random.randrange(len(data) + 1)
        return data[:at] + other[start:end] + data[at:]

    def _cross(self, data: bytes, pool: Sequence[bytes]) -> bytes:
        other = self._random.choice(pool)
        start = self._random.randrange(len(data) + 1)
        return data[:start] + other[self._random.randrange(len(other) + 1) :]

    def _truncate(self, data: bytes, _: Sequence[bytes]) -> bytes:
        return data[: self._random.randrange(len(data) + 1)]

    def _nest(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        left, right = self._random.choice(_PAIRS)
        depth = self._random.choice((1, 1, 1, 2, 3, 20, 33, 65))
        return data[:start] + left * depth + data[start:end] + right * depth + data[end:]

    def _repeat(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        piece = data[start:end] or b"a"
        most = max(1, (self._longest - len(data)) // len(piece))
        times = min(most, self._random.choice((2, 3, 8, 33, 100, 1_000, 70_000)))
        return data[:start] + piece * times + data[end:]

    def _encode(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._random.choice(CODINGS)(data[start:end]) + data[end:]

    def _number(self, data: bytes, _: Sequence[bytes]) -> bytes:
        at = self._random.randrange(len(data) + 1)
        bits = self._random.choice((4, 8, 16, 32, 53, 54, 63, 64, 128))
        value = self._random.getrandbits(bits) * self._random.choice((1, -1))
        return data[:at] + str(value).encode() + data[at:]

    def _token(self, data: bytes, _: Sequence[bytes]) -> bytes:
        at = self._random.randrange(len(data) + 1)
        return data[:at] + self._random.choice(self._tokens) + data[at:]

    def _replace(self, data: bytes, _: Sequence[bytes]) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._random.choice(self._tokens) + data[end:]
