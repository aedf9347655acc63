"""The chunked transfer coding, strictly (RFC 9112 §7.1; hostile cases B-013 … B-018)."""

from __future__ import annotations

import re

from vallum.wire.http1 import malformed, parse_field_lines

MAX_EXTENSION = 256
"""Bytes of extensions that one chunk may carry (B-016)."""
MAX_OVERHEAD = 16 * 1024
"""Bytes of extensions and trailers in one message."""

# RFC 9112 §7.1.1: chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ). What
# goes on is framed anew, so an extension is only read past, never passed on.
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_EXTENSION = rb";[\t ]*" + _TOKEN + rb"(?:[\t ]*=[\t ]*(?:" + _TOKEN + rb"|" + _QUOTED + rb"))?"
# Whitespace right behind the size is refused all the same: other readers do (B-013).
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,8})((?:" + _EXTENSION + rb"(?:[\t ]*" + _EXTENSION + rb")*)?)"
)
_MAX_SIZE_LINE = 8 + MAX_EXTENSION

_FORBIDDEN_TRAILERS = frozenset(
    {
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"expect",
        b"host",
        b"max-forwards",
        b"proxy-authorization",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-user-id",
    }
)
"""RFC 9110 §6.5.1: fields for framing, routing, authentication and modifiers have no place here."""

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class ChunkedDecoder:
    """Decodes one chunked body, fed in pieces of any size."""

    __slots__ = ("_buffer", "_left", "_overhead", "_state", "rest")

    def __init__(self) -> None:
        self._buffer = b""
        self._state = _SIZE
        self._left = 0
        self._overhead = 0
        self.rest = b""
        """What came after the body, once `done`."""

    @property
    def done(self) -> bool:
        """Whether the last chunk and the trailers have been read."""
        return self._state == _DONE

    @property
    def announced(self) -> int:
        """Bytes of the present chunk that have not come yet."""
        return self._left

    def feed(self, data: bytes) -> bytes:
        """The decoded bytes that `data` completes; may be empty.

        Raises:
            Denied: the coding is broken or carries too much besides the data.
        """
        if self._buffer:
            data = self._buffer + data
            self._buffer = b""
        out: list[bytes] = []
        position = 0
        while self._state != _DONE:
            if self._state == _DATA:
                piece = data[position : position + self._left]
                if not piece:
                    return b"".join(out)
                out.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if self._left:
                    return b"".join(out)
                self._state = _DATA_END
            elif self._state == _DATA_END:
                # RFC 9112 §7.1: chunk-data is followed by CRLF, and by nothing else (B-014).
                end = data[position : position + 2]
                if not b"\r\n".startswith(end[:2]):
                    raise malformed("chunk-terminator")
                if len(end) < 2:
                    self._buffer = end
                    return b"".join(out)
                position += 2
                self._state = _SIZE
            else:
                line_end = data.find(b"\r\n", position)
                if line_end < 0:
                    self._keep(data[position:])
                    return b"".join(out)
                line = data[position:line_end]
                position = line_end + 2
                if self._state == _SIZE:
                    self._begin_chunk(line)
                else:
                    self._trailer(line)
        self.rest = data[position:]
        return b"".join(out)

    def _keep(self, partial: bytes) -> None:
        """Hold an unfinished line, within bounds."""
        limit = _MAX_SIZE_LINE if self._state == _SIZE else MAX_OVERHEAD
        if len(partial) > limit:
            raise malformed("chunk-overhead")
        if b"\n" in partial or b"\r" in partial[:-1]:
            raise malformed("chunk-line")
        self._buffer = partial

    def _begin_chunk(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            # CR, LF or a control in an extension is fatal too (B-013, B-015).
            raise malformed("chunk-size")
        extension = match[2]
        if extension:
            self._count(len(extension), MAX_EXTENSION)
        self._left = int(match[1], 16)
        self._state = _DATA if self._left else _TRAILERS

    def _trailer(self, line: bytes) -> None:
        if not line:
            self._state = _DONE
            return
        self._count(len(line), MAX_OVERHEAD)
        ((name, _),) = parse_field_lines(line)
        if name in _FORBIDDEN_TRAILERS or b"_" in name:
            raise malformed("forbidden-trailer")  # B-018

    def _count(self, size: int, most: int) -> None:
        self._overhead += size
        if size > most or self._overhead > MAX_OVERHEAD:
            raise malformed("chunk-overhead")
