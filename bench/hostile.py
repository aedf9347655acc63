"""The hostile half of the soak test: raw requests, each with the canary, none to be forwarded."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

from recorder import CANARY
from subjects import BODY

Message = bytes
Maker = Callable[[str, str], Message]
"""Makes a message from a good token and the gateway's authority."""

MARK = CANARY.decode()


def _head(line: str, *fields: str) -> str:
    return "\r\n".join([line, *fields, "", ""])


def _get(target: str, token: str, host: str, *fields: str) -> bytes:
    line = f"GET {target} HTTP/1.1"
    return _head(line, f"Host: {host}", f"Authorization: Bearer {token}", *fields).encode()


def _post(
    body: bytes, token: str, host: str, *fields: str, kind: str = "application/json"
) -> bytes:
    head = _head(
        "POST /books HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {token}",
        f"Content-Type: {kind}",
        f"X-Note: {MARK}",
        *(fields or (f"Content-Length: {len(body)}",)),
    )
    return head.encode() + body


def _unsigned(token: str) -> str:
    """The token's claims under `alg: none`."""
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."


_CHUNKED = "Transfer-Encoding: chunked"
_NOTE = f"X-Note: {MARK}"
_WRONG = b'{"isbn": "%s"}' % CANARY
_TWICE = BODY[:-1] + b', "title": "%s"}' % CANARY
_DEEP = b'{"%s":' % CANARY + b"[" * 5000 + b"]" * 5000 + b"}"
_EXTRA = BODY[:-1] + b', "is_admin": "%s"}' % CANARY
_SMUGGLED = f"GET /{MARK} HTTP/1.1\r\nHost: x\r\n\r\n".encode()

FRAMING: tuple[Maker, ...] = (
    lambda t, h: _post(b"0\r\n\r\n" + _SMUGGLED, t, h, "Content-Length: 5", _CHUNKED),
    lambda t, h: _post(b"5\r\nabcde\r\n0\r\n\r\n", t, h, "Content-Length: 4", _CHUNKED),
    lambda t, h: _post(BODY, t, h, f"Content-Length: {len(BODY)}", "Content-Length: 0"),
    lambda t, h: _post(BODY, t, h, f"Content-Length: +{len(BODY)}"),
    lambda t, h: _post(BODY, t, h, "Content-Length: 1_0"),
    lambda t, h: _post(b"0\r\n\r\n", t, h, "Transfer-Encoding: xchunked"),
    lambda t, h: _post(b"0\r\n\r\n", t, h, "Transfer-Encoding : chunked"),
    lambda t, h: _post(b"ffffffffffffffffff\r\n", t, h, _CHUNKED),
    lambda t, h: _post(b"-1\r\n\r\n", t, h, _CHUNKED),
    lambda t, h: _post(b"5;a=\n\r\nabcde\r\n0\r\n\r\n", t, h, _CHUNKED),
    lambda t, h: _get("/books/7", t, h, f"X-A: 1\r\n folded {MARK}"),
    lambda t, h: _get("/books/7", t, h, f"X-A: {MARK}\x00"),
    lambda t, h: _get("/books/7", t, h, f"X-A : {MARK}"),
    lambda t, h: _get("/books/7", t, h, f"X-A: {MARK}\rX-B: 1"),
    lambda t, h: _get("/books/7", t, h, _NOTE).replace(b"\r\n", b"\n"),
    lambda t, h: _get("/books/7", t, h, "Host: other.example", _NOTE),
    lambda t, h: _get("/books/7", t, f"evil.example/{MARK}"),
    lambda t, h: _get("/books/7", t, h, _NOTE).replace(b"HTTP/1.1", b"HTTP/1.9"),
    lambda t, h: _get("/books/7", t, h, _NOTE).replace(b"HTTP/1.1", b"HTTP/1.1 x"),
    lambda t, h: _get(f"http://169.254.10.10/{MARK}", t, h),
    lambda t, h: f"CONNECT {MARK}:443 HTTP/1.1\r\nHost: {MARK}:443\r\n\r\n".encode(),
    lambda t, h: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + CANARY * 30,
    lambda t, h: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + CANARY,
)
"""Messages that two parsers could read differently, and what is no HTTP/1.1 at all."""

TARGETS: tuple[Maker, ...] = (
    lambda t, h: _get(f"/books/..%2f..%2f{MARK}", t, h),
    lambda t, h: _get(f"/books/../{MARK}", t, h),
    lambda t, h: _get(f"/books/%2e%2e/{MARK}", t, h),
    lambda t, h: _get(f"/books/7%00{MARK}", t, h),
    lambda t, h: _get(f"//books//7/{MARK}", t, h),
    lambda t, h: _get(f"/books/7;{MARK}", t, h),
    lambda t, h: _get(f"/books/7%252f{MARK}", t, h),
    lambda t, h: _get(f"/books/%c0%ae{MARK}", t, h),
    lambda t, h: _get(f"/books/7%20OR%201=1--{MARK}", t, h),
    lambda t, h: _get(f"/books/7?debug={MARK}", t, h),
    lambda t, h: _get(f"/{MARK}", t, h),
    lambda t, h: _get(f"/books/{'7' * 9000}{MARK}", t, h),
    lambda t, h: _get("/books/7", t, h, _NOTE).replace(b"GET", b"DELETE"),
    lambda t, h: _get("/books/7", t, h, _NOTE).replace(b"GET", b"TRACE"),
)
"""Paths, queries and methods that the contract does not have."""

CALLERS: tuple[Maker, ...] = (
    lambda t, h: _head("GET /books/7 HTTP/1.1", f"Host: {h}", _NOTE).encode(),
    lambda t, h: _get("/books/7", _unsigned(t), h, _NOTE),
    lambda t, h: _get("/books/7", t[:-6] + "AAAAAA", h, _NOTE),
    lambda t, h: _get("/books/7", MARK, h),
    lambda t, h: _get("/books/7", t, h, f"Authorization: Bearer {MARK}"),
    lambda t, h: _head("GET /books/7 HTTP/1.1", f"Host: {h}", f"X-API-Key: {MARK}").encode(),
    lambda t, h: _get("/books/7", t, "foreign.example", _NOTE),
    lambda t, h: _get("/books/7", t, h, *[f"X-{i}: {MARK}" for i in range(150)]),
    lambda t, h: _get("/books/7", t, h, f"X-A: {MARK}{'x' * 40_000}"),
)
"""Callers without a good credential, for a foreign host, or with too much to say."""

BODIES: tuple[Maker, ...] = (
    lambda t, h: _post(_WRONG, t, h),
    lambda t, h: _post(_TWICE, t, h),
    lambda t, h: _post(_DEEP, t, h),
    lambda t, h: _post(_EXTRA, t, h),
    lambda t, h: _post(BODY[:-1], t, h),
    lambda t, h: _post(BODY.replace(b"1996", b"NaN"), t, h),
    lambda t, h: _post(BODY.replace(b"1996", b"1e400"), t, h),
    lambda t, h: _post(BODY.replace(b"paperback", b"paper\xff"), t, h),
    lambda t, h: _post(BODY, t, h, kind="text/plain"),
    lambda t, h: _post(b"<a>" + CANARY + b"</a>", t, h, kind="application/xml"),
    lambda t, h: _post(b"x" * 300_000, t, h),
    lambda t, h: _post(b"", t, h, "Content-Length: 99999999999"),
    lambda t, h: _post(BODY, t, h, f"Content-Length: {len(BODY)}", "Content-Encoding: gzip"),
    lambda t, h: _post(BODY, t, h, f"Content-Length: {len(BODY)}", "Expect: 200-ok"),
)
"""Bodies against the contract."""

ABORTS: tuple[Maker, ...] = (
    lambda t, h: _get("/books/7", t, h, _NOTE)[:60],
    lambda t, h: _post(BODY, t, h)[:-40],
    lambda t, h: _post(b"5\r\nab", t, h, _CHUNKED),
    lambda t, h: b"",
)
"""Messages that never end: the client goes away, and no answer is due."""

ANSWERED = FRAMING + TARGETS + CALLERS + BODIES


def garbage(chance: random.Random) -> bytes:
    """A few random bytes with the canary."""
    return chance.randbytes(chance.randrange(1, 200)) + CANARY + b"\r\n\r\n"
