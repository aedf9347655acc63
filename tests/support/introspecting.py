"""An issuer of opaque tokens on loopback: says which are active, and notes who asks."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs

CLIENT_ID, CLIENT_SECRET = "gate way", "s3cret:%&+/ü"


class Introspection:
    """The endpoint; `tokens` says what it answers."""

    def __init__(self) -> None:
        self.tokens: dict[str, dict[str, Any]] = {}
        self.raw: tuple[int, bytes] | None = None
        """An answer to everything, in place of a good one."""
        self.asked: list[str] = []
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, answer = endpoint.answer(self.headers["Authorization"], body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Nothing on stderr."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/introspect"

    def answer(self, authorization: str, body: str) -> tuple[int, bytes]:
        """Status and body for one question."""
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        # RFC 6749 §2.3.1: form-encoded before they are joined.
        if pair != "gate+way:s3cret%3A%25%26%2B%2F%C3%BC":
            return 401, b"{}"
        if self.raw is not None:
            return self.raw
        (token,) = parse_qs(body)["token"]
        self.asked.append(token)
        return 200, json.dumps(self.tokens.get(token, {"active": False})).encode()

    def issue(self, token: str, **claims: object) -> None:
        """Make a token active."""
        now = int(time.time())
        self.tokens[token] = {
            "active": True,
            "sub": "alice",
            "client_id": "webshop",
            "aud": "bookshop",
            "scope": "books:read",
            "iat": now,
            "exp": now + 300,
            **claims,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
