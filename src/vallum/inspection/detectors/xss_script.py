"""JavaScript by its tokens: whether a text is any, and whether it reaches for the browser."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_MOST_TOKENS: Final = 160
_TOKEN: Final = re.compile(
    r"""(?P<blank>[^\S\n\u2028\u2029]++)
    |(?P<line>[\n\u2028\u2029]++)
    |(?P<comment>//[^\n\u2028\u2029]*+|/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/|\Z)|<!--[^\n]*+)
    |(?P<string>"(?>(?:[^"\\\n]++|\\.)*)"|'(?>(?:[^'\\\n]++|\\.)*)')
    |(?P<template>`(?>(?:[^`\\]++|\\.)*)`)
    |(?P<number>[0-9][\w.]*+)
    |(?P<word>(?>(?:[\w$#]|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\})+))
    |(?P<mark>=>|[=!]==?|[<>]=|&&|\|\||\?\?|\+\+|--|\?\.(?![0-9])|\.\.\.|[-+*/%^|&]=|.)""",
    re.VERBOSE | re.DOTALL,
)
_REGEX: Final = re.compile(
    r"/(?![/*])(?>(?:[^/\\\n\[]|\\.|\[(?>(?:[^\]\\\n]|\\.){0,60})\]){1,120})/[a-z]{0,8}+"
)
_ESCAPE: Final = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these another word may follow: they are no operands.
_KEYWORDS: Final = _words(
    "async await break case catch class const continue debugger default delete do else export "
    "extends finally for from function get if import in instanceof let new of return set static "
    "switch throw try typeof var void while with yield"
)
_CONTROLS: Final = _words("catch for function if switch while with")
# What a test of a hole, or an exploit, calls in a page.
_SINKS: Final = _words(
    "alert atob btoa confirm eval execscript function import importscripts msgbox prompt "
    "setimmediate"
)
# These too, but programs of every kind have functions of these names.
_TIMERS: Final = frozenset({"setinterval", "settimeout"})
"""They run strings; given a function they are only programming."""
_WEAK_SINKS: Final = _words(
    "$ jquery decodeuricomponent escape fetch find getscript image open postmessage print "
    "queuemicrotask requestanimationframe sendbeacon unescape websocket write writeln "
    "xmlhttprequest"
)
_PAGE: Final = frozenset({"document", "globalthis", "window"})
_FRAMES: Final = frozenset({"frames", "opener", "parent", "self", "top"})
_ROOTS: Final = _PAGE | _FRAMES
_OBJECTS: Final = _ROOTS | _words(
    "cookiestore history indexeddb localstorage location navigator sessionstorage this"
)
_READS: Final = _words(
    "body cookie createelement domain execcommand location queryselector write writeln"
)
_WRITES: Final = frozenset({"cookie", "innerhtml", "outerhtml", "srcdoc"})
_REACHES: Final = frozenset({"__proto__", "constructor", "fromcharcode", "globaleval"})
_COERCIONS: Final = frozenset({"tostring", "valueof"})
"""Members that JavaScript calls by itself: `1+{valueOf:alert}`."""
_CALLERS: Final = _words(
    "catch every filter find findindex findlast flatmap foreach from map queuemicrotask "
    "requestanimationframe requestidlecallback some sort then"
)
"""They call the function that they are given: `[1].find(alert)`."""
_OWN_CALLERS: Final = frozenset({"queuemicrotask", "requestanimationframe", "requestidlecallback"})
"""Of them those that are no members."""
_NAMED: Final = frozenset({"alert", "eval"})
"""What a page calls by other names only to hide it: `a=alert,a(1)`."""
_HOLE: Final = re.compile(r"\$\{\s{0,4}(?:alert|confirm|prompt|eval)\s{0,4}\}")
"""Of a template: what calls it is given a function to call."""
_MEMBER: Final = 2
"""Words that make a path of members."""
_BOUND: Final = frozenset({"apply", "bind", "call"})
_APPLIERS: Final = frozenset({"apply", "call", "map", "sort"})
_OPERANDS: Final = frozenset({"number", "regex", "string", "template", "word"})
_QUOTED: Final = frozenset({"string", "template"})
_QUOTES: Final = frozenset("\"'`")


class Reading(NamedTuple):
    """What a text is as JavaScript."""

    is_code: bool
    """Whether it parses, more or less, and can do something."""
    calls: int
    """Of functions, by any name."""
    sink: int
    """0: nothing of the browser. 1: what other programs have too. 2: what attacks reach for.
    3: what only attacks do."""
    ends: bool
    """Whether it ends in a comment, which swallows what follows it in the page."""
    reopens: bool
    """Whether it ends in a string that is still open: the rest of one that it broke."""


class _Reader:
    """Takes tokens one after another, and remembers what they amount to."""

    __slots__ = (
        "aliases", "assigned", "calls", "had_control", "had_timer", "is_broken", "is_handler",
        "kind", "line", "marks", "path", "sink", "text", "was_dot", "was_gap",
    )  # fmt: skip

    def __init__(self, kind: str) -> None:
        self.calls = self.sink = self.marks = 0
        self.is_broken = self.had_control = self.had_timer = self.is_handler = self.line = False
        self.was_dot = self.was_gap = False
        self.kind = kind
        self.text = ""
        self.assigned = ""
        self.aliases: set[str] = set()
        """Names of `_NAMED` functions, of the text's own choice."""
        self.path: list[str] = []
        """Words of the member expression that is being read, `["x"]` included."""

    def expects_operand(self) -> bool:
        """Whether no operand stands before, so that `/` begins a regular expression."""
        if self.kind == "word":
            return self.text in _KEYWORDS and len(self.path) < _MEMBER and self.text != "import"
        return self.kind not in _OPERANDS and self.text not in {")", "]"}

    def operand(self, kind: str, text: str) -> None:
        """A word or literal; two of them in a row are no JavaScript."""
        follows = not self.expects_operand()
        if kind == "template" and (follows or self.text == "?."):
            self._call()
            if self.path and self.path[-1] in _APPLIERS:
                # What calls is itself called with a template: a call without parentheses.
                self.sink = 3 if "${" in text else max(self.sink, min(len(self.path), 2))
            elif self.path and self.path[-1] in _CALLERS and _HOLE.search(text):
                self.sink = 3
            elif self.path and self.path[-1] in _TIMERS:
                self.sink = max(self.sink, 2)
        elif follows and not self.line and not self.was_dot:
            is_control = self.text == ")" and self.had_control
            self.is_broken |= text not in _KEYWORDS and not is_control
        plain = _plain(text[1:-1] if kind in _QUOTED and self.was_dot else text).lower()
        self.path = [*self.path[-4:], plain] if self.was_dot else [plain]
        if self.was_dot:
            self._member(is_escaped=plain != text.lower() and "\\" in text)
        if self.had_timer and self.text == "(" and text not in _KEYWORDS:
            self.sink = max(self.sink, 2)
        if self.is_handler and plain in _SINKS and plain not in _KEYWORDS:
            self.sink = max(self.sink, 2)
        if self.assigned and plain in _NAMED:
            self.aliases.add(self.assigned)
        self.assigned = ""
        self.is_handler &= kind != "word"
        self.had_control |= text in _CONTROLS
        self.kind, self.text = kind, text
        self.line = self.was_dot = self.was_gap = False

    def _member(self, *, is_escaped: bool) -> None:
        first, last = self.path[0], self.path[-1]
        if first in _ROOTS and is_escaped:
            self.sink = 3
        elif (first in _PAGE and last in _READS) or (first in _ROOTS and last in _SINKS):
            self.sink = max(self.sink, 2)
        elif first in _ROOTS:
            self.sink = max(self.sink, 1)

    def mark(self, mark: str) -> None:
        """An operator or bracket."""
        self.marks += 1
        if mark == "(" and (not self.expects_operand() or self.text == "?."):
            self._call()
        elif mark in {"=", "+="} and self.path:
            self._assign()
        elif mark == ":" and self.path:
            self.is_handler = self.path[-1] in _COERCIONS
        self.was_dot = mark in {".", "?.", "["} and bool(self.path)
        if mark not in {".", "?.", "[", "]", ")"}:
            self.path = []
        self.kind, self.text = "mark", mark
        self.line = self.was_gap = False

    def _call(self) -> None:
        self.calls += 1
        if not self.path or self.kind == "number":
            return
        first, last = self.path[0], self.path[-1]
        self.is_handler = last in (_CALLERS if len(self.path) > 1 else _OWN_CALLERS)
        reached = sum(each in _REACHES for each in self.path[1:])
        is_browsers = len(self.path) == 1 or first in _OBJECTS
        if reached:
            self.sink = max(self.sink, 3 if reached > 1 else 2)
        elif first in self.aliases or (
            last in _BOUND and self.path[-2:-1] in (["alert"], ["eval"])
        ):
            self.sink = max(self.sink, 2)
        elif last in _TIMERS and is_browsers:
            self.sink = max(self.sink, 1)
            self.had_timer = True
        elif last in _SINKS and is_browsers:
            # `Function (mathematics)` is a title.
            self.sink = max(self.sink, 1 if self.was_gap else 2)
        elif (last in _WEAK_SINKS and is_browsers) or first in _OBJECTS:
            self.sink = max(self.sink, 1)

    def _assign(self) -> None:
        first, last = self.path[0], self.path[-1]
        self.assigned = first if len(self.path) == 1 else ""
        # A method of every object is another function from here on.
        is_inherited = "prototype" in self.path[1:-1]
        self.is_handler = last == "onerror" or last in _COERCIONS or is_inherited
        if last in _WRITES and len(self.path) > 1:
            self.sink = max(self.sink, 2)
        elif "location" in self.path or last == "onerror":
            # `location = Berlin` is a setting.
            self.sink = max(self.sink, 2 if first in _PAGE else 1)
        elif first in _ROOTS:
            self.sink = max(self.sink, 1)


_NO_CODE: Final = Reading(False, 0, 0, False, False)


def reading_of(text: str, position: int = 0) -> Reading:
    """Read `text` from `position`, behind the string that ends there, as JavaScript."""
    reader = _Reader("string" if position else "")
    ends = reopens = False
    end = len(text)
    for _ in range(_MOST_TOKENS):
        match = _TOKEN.match(text, position)
        if match is None:
            break
        kind, piece, start = match.lastgroup or "", match[0], position
        position = match.end()
        if kind == "mark" and piece == "/" and reader.expects_operand():
            regex = _REGEX.match(text, start)
            if regex is not None:
                kind, piece, position = "regex", regex[0], regex.end()
        if kind in _OPERANDS:
            reader.operand(kind, piece)
        elif kind == "mark" and piece in _QUOTES:
            # The page goes on inside this string.
            reopens = reader.expects_operand()
            if not reopens:
                return _NO_CODE
            break
        elif kind == "mark":
            reader.mark(piece)
        elif kind == "line":
            reader.line = True
        else:
            reader.was_gap |= kind == "blank"
            ends = kind == "comment" and position >= end
        if reader.is_broken:
            return _NO_CODE  # Most prose is none from its second word on.
    does = bool(reader.calls or reader.sink or reader.marks)
    return Reading(does, reader.calls, reader.sink, ends, reopens)


def _plain(word: str) -> str:
    return _ESCAPE.sub(_character, word) if "\\" in word else word


def _character(match: re.Match[str]) -> str:
    point = int(match[1] or match[2] or match[3], 16)
    return "\ufffd" if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF else chr(point)
