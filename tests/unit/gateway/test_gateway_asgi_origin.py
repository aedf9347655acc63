"""An application in the worker's own process, behind the real proxy (GW-1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.proxy import WAIT_SECONDS, get, make_runtime, run, serving, until
from tests.support.routes import make_route

from vallum.gateway.asgi_origin import ASGIOrigin


class App:
    """A small application: each path does one thing."""

    def __init__(self) -> None:
        self.scopes: list[dict[str, Any]] = []
        self.received: list[dict[str, Any]] = []
        self.events: list[str] = []
        self.gate = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        self.scopes.append(scope)
        try:
            await getattr(self, scope["path"].strip("/").replace("-", "_"))(scope, receive, send)
        except asyncio.CancelledError:
            self.events.append("cancelled")
            raise

    async def _lifespan(self, scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["database"] = "open"
        self.events.append("startup")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        self.events.append("shutdown")
        await send({"type": "lifespan.shutdown.complete"})

    async def whole(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send, headers=[(b"X-Own", b"1"), (b"content-length", b"999")])
        await send({"type": "http.response.body", "body": b"hello"})

    async def pieces(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        for piece in (b"one ", b"", b"two "):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"three"})

    async def echo(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            self.received.append(message)
            body += message["body"]
            if not message["more_body"]:
                break
        await _start(send)
        await send({"type": "http.response.body", "body": body})

    async def no_content(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send, status=204)
        await send({"type": "http.response.body", "body": b"none of this", "more_body": True})
        await send({"type": "http.response.body"})

    async def raises(self, scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("a secret of the application")

    async def raises_late(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise RuntimeError("too late for another answer")

    async def silent(self, scope: Any, receive: Any, send: Any) -> None:
        """Returns without an answer."""

    async def splits(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send, headers=[(b"x-own", b"a\r\nset-cookie: b=c")])
        await send({"type": "http.response.body", "body": b"x"})

    async def switches(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send, status=101)
        await send({"type": "http.response.body", "body": b"x"})

    async def disorder(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.body", "body": b"x"})

    async def watches(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await _start(send)
        await send({"type": "http.response.body", "body": b"x"})
        self.received.append(await receive())
        self.received.append(await receive())
        self.events.append("watched")

    async def waits(self, scope: Any, receive: Any, send: Any) -> None:
        self.received.append(await receive())
        self.events.append("waiting")
        message = await receive()
        self.received.append(message)

    async def hears_nothing(self, scope: Any, receive: Any, send: Any) -> None:
        await self.gate.wait()
        await self.echo(scope, receive, send)

    async def floods(self, scope: Any, receive: Any, send: Any) -> None:
        await _start(send)
        for _ in range(64):
            await send({"type": "http.response.body", "body": b"f" * 65_536, "more_body": True})
            self.events.append("sent")
        await send({"type": "http.response.body"})


async def _start(
    send: Any, *, status: int = 200, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or []})


_PATHS = (
    "whole", "pieces", "no-content", "raises", "raises-late", "silent", "splits", "switches",
    "disorder", "watches", "waits", "floods",
)  # fmt: skip
_ROUTES = (
    *(make_route("GET", f"/{path}") for path in _PATHS),
    make_route("POST", "/echo", body_limit=1_000_000),
    make_route("POST", "/hears-nothing", body_limit=10_000_000),
)


def _serving(app: App) -> Any:
    return serving(make_runtime(_ROUTES, ASGIOrigin(app, "localhost")))


def _ask(path: str, *lines: bytes, method: str = "GET") -> bytes:
    return get(path, *lines, b"Connection: close", method=method)


def _answer(raw: bytes) -> tuple[int, bytes, bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head, body


@pytest.fixture
def quiet(capfd: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    """Swallows the operator's messages; the tests that expect them read them."""
    yield capfd
    capfd.readouterr()


def test_the_application_sees_the_request_that_was_judged() -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            status, head, body = _answer(
                await served.talk(_ask("/whole", b"X-Real-IP: 6.6.6.6", b"X-Own: a"))
            )
        assert (status, body) == (200, b"hello")
        assert b"\r\nx-own: 1" in head
        assert b"content-length: 5\r\n" in head + b"\r\n", "what is sent is counted, not believed"
        (scope,) = app.scopes
        assert (scope["method"], scope["scheme"], scope["path"]) == ("GET", "http", "/whole")
        assert (scope["raw_path"], scope["query_string"]) == (b"/whole", b"")
        assert scope["client"][0] == "127.0.0.1"
        assert scope["server"] == ("api.example", 80)
        fields = dict(scope["headers"])
        assert fields[b"host"] == b"localhost"
        assert fields[b"x-own"] == b"a"
        assert fields[b"x-forwarded-host"] == b"api.example"
        assert b"x-real-ip" not in fields
        assert b"connection" not in fields

    run(test())


def test_start_up_and_shutdown_run_once_and_leave_their_state_to_requests() -> None:
    async def test() -> None:
        app = App()
        origin = ASGIOrigin(app, "localhost")
        async with serving(make_runtime(_ROUTES, origin)) as served:
            await origin.start()
            assert app.events == ["startup"]
            await served.talk(_ask("/whole"))
            await served.talk(_ask("/whole"))
        assert app.events == ["startup", "shutdown"]
        assert [scope["state"] for scope in app.scopes] == [{"database": "open"}] * 2
        assert app.scopes[0]["state"] is not app.scopes[1]["state"]

    run(test())


@pytest.mark.parametrize("behaviour", ["returns", "raises", "fails"])
def test_applications_without_start_up_are_served_and_failing_ones_are_not(behaviour: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            if behaviour == "raises":
                raise RuntimeError("no lifespan here")
            if behaviour == "fails":
                await receive()
                await send({"type": "lifespan.startup.failed", "message": "no database"})
            return
        await _start(send)
        await send({"type": "http.response.body", "body": b"ok"})

    async def test() -> None:
        origin = ASGIOrigin(app, "localhost")
        if behaviour == "fails":
            for _ in range(2):  # The next reload asks again: what has failed has not started.
                with pytest.raises(RuntimeError, match="start-up failed"):
                    await origin.start()
            return
        async with serving(make_runtime(_ROUTES, origin)) as served:
            assert _answer(await served.talk(_ask("/whole")))[0] == 200

    run(test())


def test_an_answer_in_pieces_arrives_in_chunks() -> None:
    async def test() -> None:
        async with _serving(App()) as served:
            _, head, body = _answer(await served.talk(_ask("/pieces")))
        assert b"transfer-encoding: chunked" in head
        assert body == b"4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"

    run(test())


@pytest.mark.parametrize("path", ["/pieces", "/whole", "/no-content"])
@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_b030_bodiless_answers_leave_no_byte_behind_their_head(method: str, path: str) -> None:
    if method == "GET" and path != "/no-content":
        return

    async def test() -> None:
        async with _serving(App()) as served:
            link = await served.connect()
            link.send(get(path, method=method))
            first = await link.until(b"\r\n\r\n")
            link.send(_ask("/whole"))
            status, _, body = _answer(await link.rest())
            link.writer.close()
        assert b"transfer-encoding" not in first
        assert (status, body) == (200, b"hello"), "the next answer begins where it should"

    run(test())


def test_an_http_1_0_client_gets_an_answer_in_pieces_until_the_end_of_the_connection() -> None:
    async def test() -> None:
        async with _serving(App()) as served:
            request = get("/pieces", b"Connection: keep-alive", version="1.0")
            _, head, body = _answer(await served.talk(request))
        assert b"transfer-encoding" not in head
        assert b"connection: close" in head
        assert body == b"one two three"

    run(test())


@pytest.mark.parametrize(
    ("framing", "raw", "body"),
    [
        (b"Content-Length: 5", b"hello", b"hello"),
        (b"Transfer-Encoding: chunked", b"3\r\nhel\r\n2;x\r\nlo\r\n0\r\nX-T: 1\r\n\r\n", b"hello"),
        (b"Content-Length: 0", b"", b""),
        (b"Transfer-Encoding: chunked", b"0\r\n\r\n", b""),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_relayed_body_reaches_the_application(
    framing: bytes, raw: bytes, body: bytes, at_once: bool
) -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            link = await served.connect()
            head = _ask("/echo", framing, method="POST")
            pieces = [head + raw] if at_once else [head, *(bytes((byte,)) for byte in raw)]
            for piece in pieces:
                link.send(piece)
                await asyncio.sleep(0)
            status, _, got = _answer(await link.rest())
            link.writer.close()
        assert (status, got) == (200, body)
        assert [message["more_body"] for message in app.received][-1] is False

    run(test())


def test_an_application_that_does_not_read_makes_the_client_wait() -> None:
    async def test() -> None:
        app = App()
        app.gate.clear()
        async with _serving(app) as served:
            link = await served.connect()
            size = 9_000_000
            link.send(_ask("/hears-nothing", b"Content-Length: %d" % size, method="POST"))
            link.send(b"u" * size)
            held = await _settled(lambda: link.writer.transport.get_write_buffer_size())
            assert held > size // 2, "the gateway took far more than it may queue"
            app.gate.set()
            status, _, body = _answer(await link.rest())
            link.writer.close()
        assert (status, len(body)) == (200, size)

    run(test())


def test_a_client_that_does_not_read_makes_the_application_wait() -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            link = await served.connect()
            link.stop_reading()
            link.send(_ask("/floods"))
            sent = await _settled(lambda: app.events.count("sent"))
            assert sent < 64
            link.start_reading()
            raw = await link.rest()
            link.writer.close()
        assert app.events.count("sent") == 64
        assert raw.endswith(b"0\r\n\r\n")
        assert raw.count(b"f") >= 64 * 65_536

    run(test())


async def _settled(measure: Any) -> int:
    """A number once it has not changed for a while."""
    value, same = -1, 0
    async with asyncio.timeout(WAIT_SECONDS):
        while same < 20:
            await asyncio.sleep(0.01)
            now = measure()
            same = same + 1 if now == value else 0
            value = now
    return value


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/raises", 502, "upstream.exception"),
        ("/silent", 502, "upstream.no-answer"),
        ("/splits", 502, "upstream.exception"),
        ("/switches", 502, "upstream.exception"),
        ("/disorder", 502, "upstream.exception"),
    ],
)
def test_a_failure_of_the_application_is_a_clean_problem(
    path: str, status: int, reason: str, quiet: pytest.CaptureFixture[str]
) -> None:
    async def test() -> None:
        async with _serving(App()) as served:
            got, head, body = _answer(await served.talk(_ask(path)))
            (record,) = await served.recorded(1)
        assert got == status
        assert b"application/problem+json" in head
        assert b"secret" not in head + body
        assert b"set-cookie" not in head
        assert (record.decision, record.reason, record.status) == ("error", reason, status)

    run(test())
    expected = "vallum: unexpected exception in the ASGI application" if path != "/silent" else ""
    assert quiet.readouterr().err.startswith(expected)


def test_a_failure_in_the_middle_of_an_answer_breaks_it_off(
    quiet: pytest.CaptureFixture[str],
) -> None:
    async def test() -> None:
        async with _serving(App()) as served:
            raw = await served.talk(_ask("/raises-late"))
            (record,) = await served.recorded(1)
        assert not raw.endswith(b"0\r\n\r\n"), "a client must see that the answer is not whole"
        assert (record.decision, record.reason) == ("error", "upstream.exception")

    run(test())


def test_receive_waits_after_the_body_and_tells_the_end_of_the_exchange() -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            assert _answer(await served.talk(_ask("/watches")))[0] == 200
            await until(lambda: "watched" in app.events)
        assert app.received == [{"type": "http.disconnect"}] * 2

    run(test())


def test_an_application_that_listens_for_the_end_does_not_stop_the_worker() -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            link = await served.connect()
            link.send(_ask("/waits"))
            await until(lambda: "waiting" in app.events)
            # The loop is free: others are served meanwhile.
            assert _answer(await served.talk(_ask("/whole")))[0] == 200
            link.reset()
            await until(lambda: "cancelled" in app.events)
            records = await served.recorded(2)
        assert app.received == [{"type": "http.request", "body": b"", "more_body": False}]
        assert ("aborted", "client.disconnected") in [
            (record.decision, record.reason) for record in records
        ]

    run(test())


def test_stopping_cancels_what_is_in_flight() -> None:
    async def test() -> None:
        app = App()
        async with _serving(app) as served:
            link = await served.connect()
            link.send(_ask("/waits"))
            await until(lambda: "waiting" in app.events)
        await until(lambda: "cancelled" in app.events)
        assert "shutdown" in app.events
        link.writer.close()

    run(test())
