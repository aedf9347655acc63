"""What a client's access token costs here and at Authlib's Flask server: CPU per request.

Same work: `client_secret_basic`, one scope, a JWT access token (RFC 9068) with ES256, clients in
SQLite. Each server is one process with one core for itself; runs are interleaved, the median
counts.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from measure import PROXY_CORE, Load, Sample, free_port, measure, pinned
from token_servers.common import API, CLIENT, ISSUER, SECRET

PATH = "/oauth/token"
BODY = b"grant_type=client_credentials&scope=orders%3Aread"
FORM = "application/x-www-form-urlencoded"


class Server(NamedTuple):
    """A running token endpoint."""

    name: str
    pid: int
    port: int


@contextmanager
def vallum(folder: Path) -> Iterator[Server]:
    """Vallum's provider on uvicorn."""
    port = free_port()
    (folder / "records").mkdir(parents=True)
    command = [sys.executable, "-m", "token_servers.vallum_provider"]
    command += ["--port", str(port), "--folder", str(folder)]
    with pinned(command, core=PROXY_CORE, log=folder / "log", port=port) as pid:
        yield Server("Vallum", pid, port)


@contextmanager
def flask(name: str, module: str, folder: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """`token_servers.<module>:make()` on gunicorn: one process with threads and kept-alive
    connections."""
    port = free_port()
    folder.mkdir(parents=True)
    variables = {"BENCH_FOLDER": str(folder), **environment}
    command = ["env", *(f"{name}={value}" for name, value in variables.items())]
    command += [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    command += ["--worker-class", "gthread", "--threads", "4", "--keep-alive", "60"]
    command += ["--log-level", "error", f"token_servers.{module}:make()"]
    with pinned(command, core=PROXY_CORE, log=folder / "log", port=port) as pid:
        yield Server(name, pid, port)


def authlib(folder: Path, *, saves: bool) -> AbstractContextManager[Server]:
    """Authlib's authorization server in Flask."""
    name = "Authlib, tokens saved" if saves else "Authlib, tokens not saved"
    return flask(name, "authlib_flask", folder, {"BENCH_SAVES": "yes" if saves else "no"})


def credentials() -> str:
    """`client_secret_basic`."""
    return "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()


def check(server: Server) -> None:
    """Make sure that the server does what is compared.

    Raises:
        RuntimeError: it does not.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    fields = {"authorization": credentials(), "content-type": FORM}
    connection.request("POST", PATH, BODY, fields)
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    head, claims = (
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in said.get("access_token", "e30.e30.").split(".")[:2]
    )
    facts = (head.get("alg"), head.get("typ"), claims.get("iss"), claims.get("scope"))
    audience = claims.get("aud")
    if facts != ("ES256", "at+jwt", ISSUER, "orders:read") or audience not in (API, [API]):
        raise RuntimeError(f"{server.name} answers something else: {answer.status} {said}")


def compare(seconds: float, rounds: int, connections: int) -> dict[str, list[Sample]]:
    """The samples of each server."""
    load = Load(
        method="POST",
        path=PATH,
        body=BODY,
        fields={"authorization": credentials(), "content_type": FORM},
    )
    samples: dict[str, list[Sample]] = {}
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            stack.enter_context(vallum(home / "vallum")),
            stack.enter_context(authlib(home / "stateless", saves=False)),
            stack.enter_context(authlib(home / "saving", saves=True)),
        ]
        for server in servers:
            check(server)
            measure(server.pid, server.port, load, seconds=1, connections=connections)
        for _ in range(rounds):
            for server in servers:
                sample = measure(
                    server.pid, server.port, load, seconds=seconds, connections=connections
                )
                samples.setdefault(server.name, []).append(sample)
    return samples


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    here = Path(__file__).resolve().parent
    os.environ["PYTHONPATH"] = os.pathsep.join([str(here), str(here.parent / "src")])
    samples = compare(arguments.seconds, arguments.rounds, arguments.connections)
    ours = median(sample.cpu_us for sample in samples["Vallum"])
    print("client credentials, CPU µs per request, requests per second of a core")
    for name, each in samples.items():
        cost = median(sample.cpu_us for sample in each)
        ratio = f"{cost / ours:.1f} x" if name != "Vallum" else ""
        print(f"{name:28} {cost:8.0f} µs {1e6 / cost:8.0f}/s {ratio}")


if __name__ == "__main__":
    main()
