"""What signing in with a password costs here and in Flask: CPU per request.

Same work, same Argon2id parameters (see `token_servers/flask_sign_in.py`); each server is one
process with one core for itself, runs are interleaved, the median counts. A second comparison has
Argon2id at its least cost: what is spent beside the hash.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from measure import Load, Sample, measure
from token_endpoint import FORM, Server, flask, vallum
from token_servers.common import EMAIL, ISSUER, PASSWORD

PATH = "/sign-in"
CONNECTIONS = 4
"""Fewer than the mistakes that cost no waiting: an attempt counts as one until it succeeds."""


def prepared(server: Server) -> Load:
    """The same sign-in over and over: one browser, its cookie and the token of its form.

    Raises:
        RuntimeError: the server does not sign in.
    """
    page, cookie, text = _exchange(server, "GET", b"", {})
    found = re.search(r'name="csrf" value="([^"]+)"', text)
    if page != 200 or found is None:
        raise RuntimeError(f"{server.name} has no form: {page} {text}")
    body = urlencode({"csrf": found[1], "email": EMAIL, "password": PASSWORD}).encode()
    fields = {"cookie": cookie, "origin": ISSUER, "content-type": FORM}
    answer, session, text = _exchange(server, "POST", body, fields)
    if answer != 303 or "session=" not in session:
        raise RuntimeError(f"{server.name} does not sign in: {answer} {text}")
    named = {name.replace("-", "_"): value for name, value in fields.items()}
    return Load(method="POST", path=PATH, body=body, fields=named)


def _exchange(
    server: Server, method: str, body: bytes, fields: dict[str, str]
) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request(method, PATH, body, fields)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    cookies = (value.partition(";")[0] for value in answer.headers.get_all("set-cookie", []))
    return answer.status, "; ".join(cookies), text


def compare(seconds: float, rounds: int) -> dict[str, list[Sample]]:
    """The samples of each server."""
    samples: dict[str, list[Sample]] = {}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            stack.enter_context(vallum(home / "vallum")),
            stack.enter_context(flask("Flask", "flask_sign_in", home / "flask", {})),
        ]
        loads = [prepared(server) for server in servers]
        for turn in range(rounds + 1):
            for server, load in zip(servers, loads, strict=True):
                span = seconds if turn else 1.0
                sample = measure(
                    server.pid, server.port, load, seconds=span, connections=CONNECTIONS
                )
                if turn:
                    samples.setdefault(server.name, []).append(sample)
    return samples


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    os.environ["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parent / "src")])
    for title, cheap in (("password sign-in", "no"), ("beside the hash", "yes")):
        os.environ["BENCH_CHEAP"] = cheap
        samples = compare(arguments.seconds, arguments.rounds)
        costs = {name: median(each.cpu_us for each in many) for name, many in samples.items()}
        print(f"{title}, CPU µs per request, requests per second of a core", flush=True)
        for name, cost in costs.items():
            ratio = f"{cost / costs['Vallum']:.2f} x" if name != "Vallum" else ""
            print(f"{name:28} {cost:8.0f} µs {1e6 / cost:8.0f}/s {ratio}", flush=True)


if __name__ == "__main__":
    main()
