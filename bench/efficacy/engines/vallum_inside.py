"""Vallum without sockets: the real parsers, router and chain of a compiled policy."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import yaml

from efficacy.contract import contract, policy
from efficacy.engines.base import STOPPING, Judge, Judged, Verdict
from efficacy.model import Sample
from efficacy.places import PLACES
from vallum.app import compile_runtime, open_services
from vallum.config.load import load_policy_with_contracts
from vallum.core.problems import Denied
from vallum.core.request import Client, Request, Target
from vallum.engine.exchange import Exchange
from vallum.gateway.body import check_declared_body
from vallum.gateway.routing import locate, match
from vallum.gateway.runtime import Runtime
from vallum.limits.memory import MemoryLimitStore
from vallum.wire.http1 import RequestFields, parse_request_fields

WARM_UP: Final = tuple(
    Sample(
        is_attack=False,
        corpus=corpus,
        family="",
        method=shape.method,
        target=shape.target,
        fields=shape.fields,
        body=shape.body,
    )
    for corpus in ("own", "foreign")
    for make in PLACES.values()
    if (shape := make("a text")) is not None
)
"""Schemas are compiled when they are first asked; that is not what a request costs."""
_NO_TARGET = Target("", (), b"", (), b"")
_CLIENT = Client("192.0.2.7", "192.0.2.7", 50000)


def runtime_of(directory: Path, *, inspect: str = "block") -> Runtime:
    """The compiled runtime of the policy, written to `directory`."""
    (directory / "openapi.json").write_text(json.dumps(contract()))
    path = directory / "vallum.yaml"
    path.write_text(yaml.safe_dump(policy(inspect=inspect)))
    loaded = load_policy_with_contracts(path)
    return compile_runtime(loaded, open_services(loaded.policy, MemoryLimitStore()))


def process(
    runtime: Runtime, sample: Sample, block: bytes | RequestFields
) -> tuple[Exchange | None, Denied | None]:
    """Push a request through everything that a worker does before it forwards.

    Args:
        runtime: the policy.
        sample: the request.
        block: its field lines, or what they were read as when they came before on a connection.

    Returns:
        The exchange, as far as there came to be one, and the refusal, if it is refused.
    """
    exchange = None
    try:
        exchange = _exchange(runtime, sample, block)
        for check in exchange.route.head_checks:
            check(exchange)
        exchange.body = sample.body
        for check in exchange.route.body_checks:
            check(exchange)
    except Denied as refusal:
        return exchange, refusal
    return exchange, None


def _exchange(runtime: Runtime, sample: Sample, block: bytes | RequestFields) -> Exchange:
    fields = block
    if isinstance(fields, bytes):
        fields = parse_request_fields(fields, 1, runtime.underscored)
    host = fields.host.decode("ascii").lower()
    head = Request(sample.method, _NO_TARGET, fields, runtime.scheme, host, _CLIENT)
    request, router = locate(runtime, head, sample.target.encode("utf-8"))
    route, parameters = match(router, request)
    exchange = Exchange(request, route, parameters)
    if sample.body:
        check_declared_body(route, sample.method, len(sample.body))
    return exchange


def _evidence(exchange: Exchange) -> str:
    return "; ".join(
        f"{each.rule} {each.score} at {each.location} {each.at}"
        f"{' via ' + '+'.join(each.layers) if each.layers else ''}: {each.evidence}"
        for each in exchange.findings
    )


class VallumInside:
    """The in-process engine."""

    name = "Vallum"

    def missing(self) -> str | None:
        """It is always there."""
        return None

    def version(self) -> str:
        """Of the program measured."""
        return f"vallum {version('vallum')}, Python {sys.version.split()[0]}"

    @contextmanager
    def open(self) -> Iterator[Judge]:
        """Compile the policy in a directory of its own."""
        with tempfile.TemporaryDirectory() as directory:
            runtime = runtime_of(Path(directory))
            for sample in WARM_UP:
                process(runtime, sample, sample.block())

            def judge(samples: Sequence[Sample]) -> Judged:
                verdicts, spent = [], 0
                for sample in samples:
                    block = sample.block()
                    begun = time.thread_time_ns()
                    exchange, refusal = process(runtime, sample, block)
                    spent += time.thread_time_ns() - begun
                    if refusal is None:
                        verdicts.append(Verdict(False))
                    else:
                        evidence = _evidence(exchange) if exchange else ""
                        verdicts.append(
                            Verdict(refusal.status in STOPPING, refusal.reason, evidence)
                        )
                return Judged(verdicts, spent / max(1, len(samples)) / 1000)

            yield judge
