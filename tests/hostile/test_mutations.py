"""Mutated request streams: the upstream gets only whole, clean requests that were answered.

The mutations are random but the seeds are fixed: a failure can be repeated by its seed.
"""

from __future__ import annotations

import random

import pytest
from tests.support.arena import Arena, post_chunked, post_json, request
from tests.support.raw import Reply

GOOD = [
    post_json(b'{"name":"a"}'),
    post_chunked(b'5;x=y\r\n{"nam\r\n7\r\ne":"a"}\r\n0\r\nX: y\r\n\r\n'),
    request("GET", "/things?q=a%26b&tag=1&tag=2", "Cookie: a=b", "Accept: */*"),
    request("GET", "/files/a%3Fb"),
    request("PUT", "/blobs/x", "Content-Type: application/octet-stream", body=b"z" * 50),
    post_json(b'{"name":"a"}', "Expect: 100-continue"),
]
PIECES = [
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b":",
    b",",
    b";",
    b"\r\n ",
    b"0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\n",
    b"Host: x\r\n",
    request("GET", "/admin"),
    b"%00",
    b"%2e",
    b"../",
    b"//",
    b"\xff",
    b"HTTP/1.1",
    b"-",
    b"+",
    b"_",
    b"#",
    b"\x0b",
    b"Connection: close\r\n",
]


def mutated(raw: bytes, choose: random.Random) -> bytes:
    """The same bytes with up to three mishaps."""
    data = bytearray(raw)
    for _ in range(choose.choice([0, 1, 1, 1, 2, 3])):
        place = choose.randrange(len(data) + 1)
        other = choose.randrange(len(data) + 1)
        match choose.randrange(4):
            case 0:
                data[place:place] = choose.choice(PIECES)
            case 1:
                data[place : place + 1] = bytes([choose.randrange(256)])
            case 2:
                del data[place : place + choose.choice([1, 1, 2, 5])]
            case _:
                data[place:place] = data[min(place, other) : max(place, other)][:80]
    return bytes(data)


def answers(arena: Arena, raw: bytes, size: int) -> list[Reply]:
    """Every answer to a stream that is sent in pieces of `size` and then ended."""
    with arena.connect() as connection:
        connection.send_each(raw[start : start + size] for start in range(0, len(raw), size))
        connection.end_of_sending()
        return [reply for reply in connection.read_all() if reply.status >= 200]


@pytest.mark.parametrize("seed", range(8))
def test_mutated_streams(arena: Arena, seed: int) -> None:
    choose = random.Random(seed)
    for number in range(100):
        parts = [mutated(choose.choice(GOOD), choose) for _ in range(choose.choice([1, 1, 2, 3]))]
        raw = b"".join(parts)
        mark = arena.upstream.mark()
        replies = answers(arena, raw, choose.choice([1, 7, 40, 100_000]))
        received = arena.upstream.requests_since(mark)
        good = [reply for reply in replies if reply.status == 200]
        assert len(received) <= len(good), (number, raw)
        assert arena.upstream.faults == [], (number, raw)
        assert not [each for each in received if each.target.startswith(b"/admin")], (number, raw)
        for each in received:
            assert len(each.all("host")) == 1
            assert len(each.all("content-length") + each.all("transfer-encoding")) <= 1
    arena.good()
