"""Compiled patterns become what searches texts; a part of the composition root."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.inspector import Inspector, compile_detectors
from vallum.inspection.leaks.finder import LeakFinder, leak_patterns
from vallum.inspection.leaks.registry import LEAKS
from vallum.inspection.scan import VERSION as SCAN_VERSION
from vallum.inspection.scan import compile_patterns, engine_version, load_scan
from vallum.inspection.sieve import VERSION as SIEVE_VERSION
from vallum.inspection.sieve import compile_sieve
from vallum.store.pattern_cache import cache_directory, compiled_patterns


def make_inspector() -> Inspector:
    """What inspects free text in this process. Compiling its patterns takes seconds, once."""
    compiled = compile_detectors(DETECTORS, partial(_compiled, compile_sieve, SIEVE_VERSION))
    return Inspector(DETECTORS, compiled, time.thread_time)


def make_leak_finder() -> LeakFinder:
    """What finds leaks in this process."""
    return LeakFinder(
        LEAKS, load_scan(_compiled(compile_patterns, SCAN_VERSION, leak_patterns(LEAKS)))
    )


def _compiled(
    compile_: Callable[[Sequence[str]], bytes], version: str, patterns: Sequence[str]
) -> bytes:
    version = f"{engine_version()} {compile_.__name__} {version}"
    return compiled_patterns(patterns, cache_directory(), version, compile_)
