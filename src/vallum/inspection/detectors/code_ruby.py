"""Ruby and Perl: commands, code from strings, and interpolation that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import (
    Call,
    Needle,
    Reading,
    judged,
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
_SEND = Needle(
    "send __send__ public_send method instance_eval class_eval module_eval",
    r"\.\s{0,40}+(?:(?:send|__send__|public_send|method)\b\s{0,40}+\(?\s{0,40}+(?::\w|"
    r"['\"](?:system|exec|eval|"
    r"spawn|open|`))|"
    r"(?:instance|class|module)_eval\b\s{0,40}+\(?\s{0,40}+['\"])|"
    r"\b(?:send|__send__|public_send)\s{0,8}+\(?\s{0,8}+:(?:system|exec|eval|spawn|open|`|instance_|class_)|"
    r"\A\W{0,12}(?:instance|class|module)_eval\b\s{0,8}+\(?\s{0,8}+['\"]",
)
_PERCENT = Needle(
    "x qx", r"(?<![\w%])%x\s?([({\[<|!/])[^)}\]>|!/]{1,200}|\bqx\s{0,40}+([({\[<|!/'])[^\n]{1,200}"
)
_TEMPLATE = Needle(
    "erb binding",
    r"\bERB\s{0,40}+\.\s{0,40}+new\s{0,40}+\(?|\bBinding\s{0,40}+\.\s{0,40}+of_caller\b",
)
_REQUIRE = Needle(
    "require",
    r"\brequire\s{0,40}+\(?\s{0,40}+['\"](?:open3|socket|pty|open-uri|erb|"
    r"shell)['\"]\s{0,40}+\)?(\s{0,40}+[;\n]\s{0,40}+\S)?",
)
_WITHOUT = Needle(
    "system exec popen eval spawn",
    r"\b(?:Kernel\s{0,40}+\.\s{0,40}+|IO\s{0,40}+\.\s{0,40}+)?(?:system|exec|popen|eval|"
    r"spawn)\s+(?:['\"]|%[qQw]?[({\[])",
)
# What says much only where it is all there is.
_ALONE = Needle(
    "dir env kernel objectspace",
    r"\A\W{0,12}(?:Dir\s{0,4}\[\s{0,4}['\"]|ENV\s{0,4}\[\s{0,4}['\"]|"
    r"(?:puts\s|p\s)?ENV\.(?:to_\w{1,6}|inspect|each\w{0,8}|map|keys|values)\b|ObjectSpace\.\w|"
    r"Kernel\.(?:fork|exit|abort|eval|open|load|send)\b)",
)
_SHOWN = re.compile(r"\W{0,12}?(?:print|puts|say)\s{0,8}+\(?\s{0,8}+`[^`]{1,200}`[\s;)#'\"]{0,8}")
_PERL_INTERPOLATED = re.compile(r"[@$]\s{0,40}\{\s{0,40}[\[\\]\s{0,40}[\w(!`\"'@$<{:&-]")
_PERL_OPEN = Needle(
    "open",
    r"\bopen\s{0,40}+\(?\s{0,40}+(?:my\s+)?\$?\w+\s{0,40}+,\s{0,40}+['\"]\s{0,40}+(?:\||[-+]?\|)|"
    r"['\"][^'\"]{1,100}\|\s{0,40}+['\"]\s{0,40}+\)?\s{0,40}+;|"
    r"\bopen\s?\(\s?\w{1,20}\s?,\s?['\"][^'\"|]{1,60}\|['\"]\s?\)",
)
_PERL_USE = Needle(
    "use", r"(?:^|;|\bperl\b.{0,20}')\s{0,40}+use\s+(?:Socket|POSIX|IO::\w+|LWP\w*)\b[^;]{0,40};"
)


def judge(reading: Reading) -> Judgement | None:
    """What Ruby or Perl would make of a text."""
    plain = reading.plain
    return strongest(
        (
            *(_call(plain, call) for call in reading.calls(_OF)),
            *_ruby(plain, reading.words),
            *_whole(reading.text, reading.words),
            *_perl(reading.text, reading.words),
        )
    )


def _call(text: str, call: Call) -> Judgement | None:
    owner = receiver(text, call.start)
    if owner not in _OF[call.name] or not call.arguments.strip(" ."):
        return None
    score = 8 if owner in _DEADLY else 6
    # `File.open(path)` is in every program: what counts is a path that is written down.
    if owner in {"file", "io", "dir", "uri"} and call.arguments.lstrip()[0] not in "'\"[":
        score = 4
    if site(text, call.start - len(owner) - 1, call.close) == "prose":
        score = 4
    return judgement("code.ruby_call", score, text, max(0, call.start - len(owner) - 2))


def _ruby(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    rule = "code.ruby_call"
    yield judged(_SEND, rule, 7, text, among)
    yield judged(_PERCENT, rule, 7, text, among)
    yield judged(_TEMPLATE, rule, 7, text, among)
    match = _REQUIRE.search(text, among)
    if match:
        yield judged(_REQUIRE, rule, 6 if match[1] else 4, text, among)
    match = _WITHOUT.search(text, among)
    if match:
        score = 6 if site(text, match.start(), len(text)) == "whole" else 5
        yield judged(_WITHOUT, rule, score, text, among)


def _whole(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    yield judged(_ALONE, "code.ruby_call", 5, text, among)
    if _SHOWN.fullmatch(text):
        yield judgement("code.ruby_call", 6, text, 0)


def _perl(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    rule = "code.perl"
    match = _PERL_INTERPOLATED.search(text) if "{" in text else None
    if match:
        yield judgement(rule, 7, text, match.start())
    yield judged(_PERL_OPEN, rule, 6, text, among)
    yield judged(_PERL_USE, rule, 6, text, among)
