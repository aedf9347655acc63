"""What a request costs at Vallum and at its peers: `python bench/run.py --help`.

CPU microseconds of the whole proxy process per request, on a core of its own; runs of all
contenders interleaved, the median counts. Every contender is first asked to answer right.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from contenders.base import Contender, Running, Setting
from contenders.envoy import Envoy
from contenders.haproxy import HAProxy
from contenders.nginx import Nginx
from contenders.vallum import Vallum
from measure import Load, Sample, measure, resident_megabytes
from report import Table, write_results
from subjects import BODY, ORIGIN, Issuer, upstream

METHOD = (
    "user and system time of the proxy's process tree over a wrk run ({connections} connections "
    "kept alive, {seconds:g} s), divided by the answered requests; median of {rounds} interleaved "
    "runs; the proxy has one core, wrk and the upstream (nginx, 200 bytes of JSON) the other; "
    "plain HTTP"
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One comparison."""

    title: str
    entries: tuple[tuple[Contender, Load], ...]
    """Who is measured, and with which requests."""
    baselines: tuple[str, ...]
    """Contenders to which the others are compared."""


def scenarios(issuer: Issuer) -> dict[str, Scenario]:
    """Everything that is measured."""
    bare, full = Vallum(), Vallum(has_controls=True)
    envoy, envoy_full = Envoy(), Envoy(has_controls=True)
    firewall = Nginx(with_modsecurity=True)
    fields = {"Authorization": f"Bearer {issuer.token()}", "Origin": ORIGIN}
    get = Load(fields=fields)
    post = Load(method="POST", path="/books", body=BODY, fields=fields)
    small = Vallum(has_controls=True, resources=10, keys=10)
    large = Vallum(has_controls=True, resources=1000, keys=100_000)
    peers = (full, envoy_full, envoy, firewall)
    return {
        "a": Scenario(
            title="GET, bare proxy",
            entries=tuple((peer, Load()) for peer in (bare, envoy, Nginx(), HAProxy())),
            baselines=(envoy.name,),
        ),
        "b": Scenario(
            title="GET: JWT RS256, scope, limit per principal, CORS, security headers, record",
            entries=tuple((peer, get) for peer in peers),
            baselines=(envoy_full.name, envoy.name),
        ),
        "c": Scenario(
            title="POST: the same, and a JSON body of 250 bytes validated (by Vallum alone)",
            entries=tuple((peer, post) for peer in peers),
            baselines=(envoy_full.name, envoy.name),
        ),
        "size": Scenario(
            title="GET: API key, scope, limit, record; spread over all operations and, of 100,000 "
            "keys, 1,000",
            entries=((small, Load(operations=10)), (large, Load(operations=1000))),
            baselines=(small.name,),
        ),
        "table": Scenario(
            title="GET: the same, but the requests keep to 10 of the operations, so that only the "
            "size of the tables differs",
            entries=((small, Load(operations=10)), (large, Load(operations=10))),
            baselines=(small.name,),
        ),
    }


def ask(port: int, load: Load, *, with_fields: bool = True, body: bytes | None = None) -> int:
    """The status of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    fields = dict(load.fields) if with_fields else {}
    content = load.body if body is None else body
    if content:
        fields["Content-Type"] = "application/json"
    connection.request(load.method, load.path, content or None, fields)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def verify(contender: Contender, running: Running, load: Load) -> None:
    """A contender that does not do the work is not measured.

    Raises:
        RuntimeError: it gave another answer than it must.
    """
    expected = []
    if not load.operations:  # Of many requests each answer is verified while they are measured.
        expected.append((ask(running.port, load), 200, "a good request"))
    if contender.has_controls:
        status = ask(running.port, load, with_fields=False)
        expected.append((status, 401, "a request without a token"))
    if isinstance(contender, Vallum) and contender.has_controls and load.body:
        status = ask(running.port, load, body=b'{"isbn": 1}')
        expected.append((status, 400, "a body against the contract"))
    for status, wanted, request in expected:
        if status != wanted:
            raise RuntimeError(f"{contender.name} answers {request} with {status}, not {wanted}")


@dataclass(kw_only=True)
class Result:
    """What was measured of one contender."""

    samples: list[Sample] = field(default_factory=list)
    megabytes: float = 0.0

    def median(self, figure: Callable[[Sample], float]) -> float:
        """Over the runs."""
        return median(map(figure, self.samples))


def compare(scenario: Scenario, setting: Setting, options: argparse.Namespace) -> dict[str, Result]:
    """Run all contenders of a scenario in turns; results by contender name."""
    taking_part: dict[str, tuple[Running, Load, Result]] = {}
    with ExitStack() as stack:
        for contender, load in scenario.entries:
            reason = contender.missing()
            if reason is not None:
                print(f"skipped {contender.name}: {reason}")
                continue
            home = Path(tempfile.mkdtemp(dir=setting.directory))
            own = replace(setting, directory=home)
            running = stack.enter_context(contender.start(own))
            load = replace(load, keys=running.keys)
            verify(contender, running, load)
            taking_part[contender.name] = (running, load, Result())
        for number in range(options.rounds + 1):
            # The first round only warms up.
            seconds = options.seconds if number else min(1.0, options.seconds)
            for running, load, result in taking_part.values():
                sample = measure(
                    running.pid,
                    running.port,
                    load,
                    seconds=seconds,
                    connections=options.connections,
                )
                if number:
                    result.samples.append(sample)
        for running, _, result in taking_part.values():
            result.megabytes = resident_megabytes(running.pid)
    return {name: result for name, (_, _, result) in taking_part.items()}


def tabulate(key: str, scenario: Scenario, results: dict[str, Result]) -> Table:
    """Medians and their ratios to the baselines."""
    costs = {name: result.median(lambda s: s.cpu_us) for name, result in results.items()}
    columns = ["", "CPU µs / request", "requests / s", "p99 µs", "MB"]
    columns += [f"ratio to {name}" for name in scenario.baselines]
    rows = []
    for name, result in results.items():
        row = [name, f"{costs[name]:.1f}"]
        row.append(f"{result.median(lambda s: s.requests_per_second):,.0f}")
        row += [f"{result.median(lambda s: s.p99_us):,.0f}", f"{result.megabytes:.0f}"]
        row += [f"{costs[name] / costs[n]:.2f}" if n in costs else "-" for n in scenario.baselines]
        rows.append(row)
    return Table(title=f"({key}) {scenario.title}", columns=columns, rows=rows)


def versions(wanted: dict[str, Scenario]) -> list[str]:
    """Of every program that can take part on this machine."""
    contenders = [contender for s in wanted.values() for contender, _ in s.entries]
    return [c.version() for c in contenders if c.missing() is None]


def main() -> int:
    """Measure what was asked for, print it, and write it where `--write` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", default="a,b,c,size,table", help="scenarios, such as `a` or `b,c`"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one run")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--write", type=Path, help="Markdown file for the results")
    options = parser.parse_args()
    issuer = Issuer()
    wanted = scenarios(issuer)
    tables = []
    with tempfile.TemporaryDirectory(prefix="vallum-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        port = stack.enter_context(upstream(directory))
        setting = Setting(directory=directory, upstream=port, issuer=issuer)
        for key in options.only.split(","):
            scenario = wanted[key]
            table = tabulate(key, scenario, compare(scenario, setting, options))
            print(table.text(), flush=True)
            tables.append(table)
    if options.write:
        method = METHOD.format(**vars(options))
        write_results(options.write, tables, method=method, versions=versions(wanted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
