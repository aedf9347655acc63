"""libmodsecurity in this process, with the installed Core Rule Set."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from efficacy.engines import rules
from efficacy.engines.base import STOPPING, Judge, Judged, Verdict
from efficacy.model import Sample


class Library:
    """The in-process peer."""

    name = "libmodsecurity + CRS"

    def missing(self) -> str | None:
        """Why it cannot take part on this machine, or None."""
        if importlib.util.find_spec("libmodsecurity") is None:
            return "the package libmodsecurity is not installed"
        return rules.missing()

    def version(self) -> str:
        """Of the program measured."""
        return f"libmodsecurity {version('libmodsecurity')}, {rules.rule_set_version()}"

    @contextmanager
    def open(self) -> Iterator[Judge]:
        """Load the rules.

        Raises:
            RuntimeError: they cannot be loaded.
        """
        from libmodsecurity import ModSecurity, RulesSet

        engine = ModSecurity()
        engine.set_log_callback(_say_nothing)
        loaded = RulesSet()
        if loaded.load(rules.rules()) < 0:
            raise RuntimeError(f"the rules cannot be loaded: {loaded.get_parser_error()}")

        def judge(samples: Sequence[Sample]) -> Judged:
            verdicts, spent = [], 0
            for sample in samples:
                lines = rules.field_lines(sample)
                begun = time.thread_time_ns()
                status = _status(engine, loaded, sample, lines)
                spent += time.thread_time_ns() - begun
                verdicts.append(Verdict(status in STOPPING, str(status or "")))
            return Judged(verdicts, spent / max(1, len(samples)) / 1000)

        try:
            yield judge
        finally:
            engine.set_log_callback(None)


def _say_nothing(line: str) -> None:
    """Where nobody listens, the library writes what it finds to stderr."""


def _status(engine: Any, loaded: Any, sample: Sample, lines: list[tuple[str, str]]) -> int:
    """The status with which a request is stopped, or 0."""
    with engine.transaction(loaded) as transaction:
        transaction.process_connection("192.0.2.7", 50000, "127.0.0.1", 80)
        transaction.process_uri(sample.target, sample.method, "1.1")
        for name, value in lines:
            transaction.add_request_header(name, value)
        transaction.process_request_headers()
        found = transaction.intervention()
        if found is None or not found.disruptive:
            if sample.body:
                transaction.append_request_body(sample.body)
            transaction.process_request_body()
            found = transaction.intervention()
    return found.status if found is not None and found.disruptive else 0
