"""Bodies of requests, bounded."""

from __future__ import annotations

from starlette.requests import Request


class BodyTooLarge(Exception):  # noqa: N818  (a verdict on a body)
    """More than is read of anybody."""


async def read_body(request: Request, most: int) -> bytes:
    """The body of a request.

    Args:
        request: that brings it.
        most: bytes.

    Raises:
        BodyTooLarge: it has more; the rest was not read.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise BodyTooLarge
    return bytes(body)
