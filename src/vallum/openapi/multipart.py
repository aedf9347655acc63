"""The outer structure of `multipart/*` bodies (RFC 2046 §5.1.1, B-096).

Only what two parsers must agree on to find the same parts is checked here: where the first part
begins and that the last one ends. The parts themselves go on unread.
"""

from __future__ import annotations

import re
from typing import Final

from vallum.wire.media_type import MediaType

# RFC 2046 §5.1.1: 1 to 70 of these characters, and no space at the end.
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")


def check_multipart(body: bytes, media_type: MediaType) -> None:
    """Check the frame of a multipart body.

    Raises:
        ValueError: the boundary is missing or malformed, text stands before the first part or
            after the last one, or the final boundary is missing.
    """
    boundary = media_type.parameter("boundary")
    if boundary is None or _BOUNDARY.fullmatch(boundary) is None:
        raise ValueError("must name a valid boundary")
    delimiter = b"--" + boundary.encode("ascii")
    if not body.startswith(delimiter + b"\r\n"):
        raise ValueError("must begin with its boundary")
    end = b"\r\n" + delimiter + b"--"
    if not body.removesuffix(b"\r\n").endswith(end) or body.count(end) != 1:
        raise ValueError("must end with its final boundary")
