"""Ruby and Perl: commands, code from strings, and interpolation that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import (
    Call,
    calls,
    judgement,
    receiver,
    site,
    strongest,
)
from vallum.inspection.model import Judgement

RULES: Final = {
    "code.ruby_call": "Ruby that runs a command, sends a message by name or evaluates",
    "code.perl": "Perl that interpolates code or runs a command",
}

_OF: Final[dict[str, tuple[str, ...]]] = {
    "system": ("kernel", "object"),
    "exec": ("kernel", "process"),
    "spawn": ("process", "kernel", "pty"),
    "popen": ("io",),
    "popen3": ("open3",),
    "capture2": ("open3",),
    "capture2e": ("open3",),
    "capture3": ("open3",),
    "read": ("file", "io"),
    "readlines": ("file", "io"),
    "open": ("file", "io", "kernel", "uri"),
    "binread": ("file", "io"),
    "entries": ("dir",),
    "glob": ("dir",),
    "load": ("marshal", "yaml", "psych", "kernel"),
    "unsafe_load": ("yaml", "psych"),
    "const_get": ("object", "kernel", "module"),
    "eval": ("kernel", "binding"),
}
_DEADLY: Final = frozenset({"kernel", "process", "open3", "pty", "marshal", "object"})
_SEND = re.compile(
    r"\.\s*(?:(?:send|__send__|public_send|method)\b\s*\(?\s*(?::\w|['\"](?:system|exec|eval|"
    r"spawn|open|`))|"
    r"(?:instance|class|module)_eval\b\s*\(?\s*['\"])"
)
_PERCENT = re.compile(
    r"(?<![\w%])%x\s?([({\[<|!/])[^)}\]>|!/]{1,200}|\bqx\s*([({\[<|!/'])[^\n]{1,200}"
)
_TEMPLATE = re.compile(r"\bERB\s*\.\s*new\s*\(?|\bBinding\s*\.\s*of_caller\b")
_REQUIRE = re.compile(
    r"\brequire\s*\(?\s*['\"](?:open3|socket|pty|open-uri|erb|shell)['\"]\s*\)?(\s*[;\n]\s*\S)?"
)
_WITHOUT = re.compile(
    r"\b(?:Kernel\s*\.\s*|IO\s*\.\s*)?(?:system|exec|popen|eval|spawn)\s+(?:['\"]|%[qQw]?[({\[])"
)
_PERL_INTERPOLATED = re.compile(r"[@$]\s{0,40}\{\s{0,40}[\[\\]\s{0,40}[\w(!`\"'@$<{:&-]")
_PERL_OPEN = re.compile(
    r"\bopen\s*\(?\s*(?:my\s+)?\$?\w+\s*,\s*['\"]\s*(?:\||[-+]?\|)|"
    r"['\"][^'\"]{1,100}\|\s*['\"]\s*\)?\s*;"
)
_PERL_USE = re.compile(
    r"(?:^|;|\bperl\b.{0,20}')\s*use\s+(?:Socket|POSIX|IO::\w+|LWP\w*)\b[^;]{0,40};"
)


def judge(text: str, plain: str) -> Judgement | None:
    """What Ruby or Perl would make of `text`; `plain` has its constants joined."""
    return strongest(
        (
            *(_call(plain, call) for call in calls(plain, _OF)),
            *_ruby(plain),
            *_perl(text),
        )
    )


def _call(text: str, call: Call) -> Judgement | None:
    owner = receiver(text, call.start)
    if owner not in _OF[call.name] or not call.arguments.strip():
        return None
    score = 8 if owner in _DEADLY else 6
    # `File.open(path)` is in every program: what counts is a path that is written down.
    if owner in {"file", "io", "dir", "uri"} and call.arguments.lstrip()[0] not in "'\"[":
        score = 4
    if site(text, call.start - len(owner) - 1, call.close) == "prose":
        score = 4
    return judgement("code.ruby_call", score, text, max(0, call.start - len(owner) - 2))


def _ruby(text: str) -> Iterator[Judgement | None]:
    rule = "code.ruby_call"
    yield _found(_SEND, rule, 7, text)
    yield _found(_PERCENT, rule, 7, text)
    yield _found(_TEMPLATE, rule, 7, text)
    match = _REQUIRE.search(text)
    if match:
        yield _found(_REQUIRE, rule, 6 if match[1] else 4, text)
    match = _WITHOUT.search(text)
    if match:
        score = 6 if site(text, match.start(), len(text)) == "whole" else 5
        yield _found(_WITHOUT, rule, score, text)


def _perl(text: str) -> Iterator[Judgement | None]:
    rule = "code.perl"
    match = _PERL_INTERPOLATED.search(text)
    if match:
        yield judgement(rule, 7, text, match.start())
    yield _found(_PERL_OPEN, rule, 6, text)
    yield _found(_PERL_USE, rule, 6, text)


def _found(pattern: re.Pattern[str], rule: str, score: int, text: str) -> Judgement | None:
    match = pattern.search(text)
    if not match:
        return None
    if site(text, match.start(), match.end()) == "prose":
        score = 4
    return judgement(rule, score, text, match.start())
