"""What a request costs at Vallum and at its peers: `python bench/run.py --help`.

CPU microseconds of the whole proxy process per request, on a core of its own; runs of all
contenders interleaved, the median counts. Every contender is first asked to answer right.
"""

from __future__ import annotations

import argparse
import http.client
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from contenders.base import Contender, Running, Setting
from contenders.envoy import Envoy
from contenders.haproxy import HAProxy
from contenders.nginx import Nginx
from contenders.vallum import Vallum
from measure import Load, Sample, measure
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
    """One kind of request and who is measured with it."""

    title: str
    load: Load
    contenders: tuple[Contender, ...]
    baselines: tuple[str, ...]
    """Contenders to which the others are compared."""


def scenarios(issuer: Issuer) -> dict[str, Scenario]:
    """The three that DESIGN measures."""
    bare, full = Vallum(), Vallum(has_controls=True)
    envoy, envoy_full = Envoy(), Envoy(has_controls=True)
    fields = {"Authorization": f"Bearer {issuer.token()}", "Origin": ORIGIN}
    post = Load(method="POST", path="/books", body=BODY, fields=fields)
    firewall = Nginx(with_modsecurity=True)
    return {
        "a": Scenario(
            title="GET, bare proxy",
            load=Load(),
            contenders=(bare, envoy, Nginx(), HAProxy()),
            baselines=(envoy.name,),
        ),
        "b": Scenario(
            title="GET: JWT RS256, scope, limit per principal, CORS, security headers, record",
            load=Load(fields=fields),
            contenders=(full, envoy_full, envoy, firewall),
            baselines=(envoy_full.name, envoy.name),
        ),
        "c": Scenario(
            title="POST: the same, and a JSON body of 250 bytes validated (by Vallum alone)",
            load=post,
            contenders=(full, envoy_full, envoy, firewall),
            baselines=(envoy_full.name, envoy.name),
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
    expected = [(ask(running.port, load), 200, "a good request")]
    if contender.has_controls:
        status = ask(running.port, load, with_fields=False)
        expected.append((status, 401, "a request without a token"))
    if isinstance(contender, Vallum) and contender.has_controls and load.body:
        status = ask(running.port, load, body=b'{"isbn": 1}')
        expected.append((status, 400, "a body against the contract"))
    for status, wanted, request in expected:
        if status != wanted:
            raise RuntimeError(f"{contender.name} answers {request} with {status}, not {wanted}")


def compare(
    scenario: Scenario, setting: Setting, options: argparse.Namespace
) -> dict[str, list[Sample]]:
    """Run all contenders of a scenario in turns; samples by contender name."""
    samples: dict[str, list[Sample]] = {}
    with ExitStack() as stack:
        running = {}
        for number, contender in enumerate(scenario.contenders):
            reason = contender.missing()
            if reason is not None:
                print(f"  skipped {contender.name}: {reason}")
                continue
            home = Path(tempfile.mkdtemp(prefix=f"{number}-", dir=setting.directory))
            own = Setting(directory=home, upstream=setting.upstream, issuer=setting.issuer)
            running[contender.name] = started = stack.enter_context(contender.start(own))
            verify(contender, started, scenario.load)
            samples[contender.name] = []
        for number in range(options.rounds + 1):
            for name, started in running.items():
                seconds = options.seconds if number else min(1.0, options.seconds)
                sample = measure(
                    started.pid,
                    started.port,
                    scenario.load,
                    seconds=seconds,
                    connections=options.connections,
                )
                if number:  # The first round only warms up.
                    samples[name].append(sample)
    return samples


def tabulate(key: str, scenario: Scenario, samples: dict[str, list[Sample]]) -> Table:
    """Medians and their ratios to the baselines."""
    costs = {name: median(s.cpu_us for s in runs) for name, runs in samples.items()}
    columns = ["", "CPU µs / request", "requests / s", "p99 µs"]
    columns += [f"ratio to {name}" for name in scenario.baselines]
    rows = []
    for name, cost in costs.items():
        runs = samples[name]
        row = [name, f"{cost:.1f}", f"{median(s.requests_per_second for s in runs):,.0f}"]
        row.append(f"{median(s.p99_us for s in runs):,.0f}")
        row += [f"{cost / costs[n]:.2f}" if n in costs else "-" for n in scenario.baselines]
        rows.append(row)
    return Table(title=f"({key}) {scenario.title}", columns=columns, rows=rows)


def versions(wanted: dict[str, Scenario]) -> list[str]:
    """Of every program that can take part on this machine."""
    contenders = [c for scenario in wanted.values() for c in scenario.contenders]
    return [c.version() for c in contenders if c.missing() is None]


def main() -> int:
    """Measure what was asked for, print it, and write it where `--write` says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="a,b,c", help="scenarios, such as `a` or `b,c`")
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
