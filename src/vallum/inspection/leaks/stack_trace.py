"""Traces of calls, by the languages that print them."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, first_and_rest, mask_all


def _shape(rule: str, words: str, trigger: str, form: str) -> Form:
    return Form(f"stack_trace.{rule}", words, (trigger,), first_and_rest(re.compile(form)))


_PLACE: Final = r":[0-9]{1,6}:[0-9]{1,6}"

_SHAPES: Final = (
    _shape(
        "java",
        "frames of a Java virtual machine",
        r"\.(?:java|kt|scala|groovy):[0-9]+\)|\(Native Method\)|Exception in thread \"",
        r"\bat [\w$.<>/]{3,200}\((?:[\w$]{1,100}\.(?:java|kt|scala|groovy):[0-9]|Native Method)"
        r"|Exception in thread \"[^\"\n]{1,100}\" [\w$.]{5,200}",
    ),
    _shape(
        "java-exception",
        "an exception of a Java virtual machine by its full name",
        r"[a-z0-9_]\.[a-z0-9_]+\.[a-z0-9_$]*(?:Exception|Error)\b",
        r"\b(?:[a-z][a-z0-9_]{0,40}\.){2,8}[A-Z][\w$]{0,80}(?:Exception|Error)\b",
    ),
    _shape(
        "python",
        "a traceback of Python",
        r"Traceback \(most recent call last\)|\", line [0-9]+, in ",
        r"Traceback \(most recent call last\):"
        r"|File \"[^\"\n]{1,200}\", line [0-9]{1,6}, in [\w<>]{1,100}",
    ),
    _shape(
        "node",
        "frames of Node.js",
        r"\s{4}at [a-z/<]",
        rf"\s{{4}}at (?:[^\n()]{{1,100}}\()?(?:/|[A-Za-z]:\\|node:|file:)[^\s()]{{1,200}}{_PLACE}",
    ),
    _shape(
        "php",
        "an error of PHP with its place",
        r"\.php(?:</b>)? on line |\.php\([0-9]+\)",
        r"\bin (?:<b>)?[^\s<]{1,200}\.php(?:</b>)? on line |\.php\([0-9]{1,6}\): [\w\\>:{(-]",
    ),
    _shape(
        "dotnet",
        "frames of .NET",
        r":line [0-9]|\bSystem\.[a-z.]*Exception: ",
        r"\s{3}at [\w.<>`+\[\],]{3,200}\([^\n)]{0,200}\) in [^\n]{1,200}:line [0-9]{1,6}"
        r"|\bSystem\.[A-Za-z.]{0,60}Exception: ",
    ),
    _shape(
        "ruby",
        "frames of Ruby",
        r"\.rb:[0-9]+:|Action(?:View|Controller|Dispatch)::|undefined (?:local|method)|NoMethodErr",
        r"\w\.rb:[0-9]{1,6}:|\bAction(?:View|Controller|Dispatch)::[A-Z]\w{2,60}"
        r"|\bNoMethodError\b|undefined (?:local variable or )?method [`'][\w?!]{1,80}'",
    ),
    _shape(
        "go",
        "a panic of Go",
        r"goroutine [0-9]+ \[|panic: runtime error:",
        r"goroutine [0-9]{1,9} \[[a-z, 0-9]{1,60}\]:|panic: runtime error: ",
    ),
    _shape("rust", "a panic of Rust", r"' panicked at ", r"thread '[^'\n]{1,60}' panicked at "),
)

LEAK: Final = Leak(kind="stack_trace", forms=_SHAPES, mask=mask_all)
