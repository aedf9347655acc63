"""Command injection: shells of Unix, cmd and PowerShell (B-118).

A name of a command counts where a shell would run it: after a separator, in a substitution, or at
the start of the text. How much it counts depends on the name (`whoami` says more than `time`), on
what follows (options and paths, or the words of a sentence), and on what stands around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from vallum.inspection.detectors.shell_commands import (
    COMMAND_NAMES,
    DEVELOPMENT,
    INTERPRETERS,
    LIST_NAMES,
)
from vallum.inspection.detectors.shell_marks import marks
from vallum.inspection.detectors.shell_option import option
from vallum.inspection.detectors.shell_triggers import TRIGGERS
from vallum.inspection.detectors.shell_windows import windows
from vallum.inspection.detectors.shell_words import Arguments, Command, commands, spoken
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "shell.command": "a command after a separator, where a shell would run it",
    "shell.line": "the text is itself a command line",
    "shell.substitution": "a command in $(…), backticks, <(…) or >(…)",
    "shell.expansion": "an expansion that spells a command: ${IFS}, ${PATH:0:1}, $'\\x63', {cat,x}",
    "shell.glob": "a path spelt with wildcards, such as /???/c?t",
    "shell.pipe": "text piped into an interpreter",
    "shell.network": "a shell tied to a network connection",
    "shell.function": "a function or directive that runs on its own: Shellshock, fork bomb, SSI",
    "shell.call": "a call such as system('id')",
    "shell.option": "a value that a command takes for an option",
    "shell.windows": "syntax of cmd: for, if, %x:~0,1%, carets, cmd /c",
    "shell.powershell": "syntax of PowerShell: iex, encoded commands, .NET calls",
}
"""Rule id → what it means, for an operator."""

_BY_SEPARATOR: Final[dict[Arguments, tuple[int, int, int]]] = {
    "none": (3, 6, 7),
    "prose": (0, 1, 2),
    "word": (2, 4, 5),
    "plausible": (5, 6, 8),
    "shell": (7, 8, 9),
    "sensitive": (9, 9, 9),
}
_BY_START: Final[dict[Arguments, tuple[int, int, int]]] = {
    "none": (1, 3, 4),
    "prose": (0, 1, 2),
    "word": (1, 2, 4),
    "plausible": (2, 3, 5),
    "shell": (4, 5, 6),
    "sensitive": (6, 7, 7),
}
_TRACE: Final = 4
_MANY_WORDS: Final = 12
_SOME_WORDS: Final = 4
_SEPARATORS = re.compile(r"[;|&\n]+")
_TABLE = re.compile(r"\|\s{0,9}:?-{3,}")
_ROW = re.compile(r"^\s*\|\s.+\s\|\s*$", re.MULTILINE)
_UNKNOWN = re.compile(
    r"(?:(?<!\w)\$\(|\A<\(|(?<==)<\(|(?<![\w:;=])>\()\s{0,9}([a-z_][\w.-]{1,30})(?=[\s)$`])(?!\)\.)"
)
_PAGE: Final = frozenset(
    {"this", "document", "window", "function", "event", "target", "self", "parent"}
)


def judge(text: str, context: Context) -> Judgement | None:
    """The strongest judgement on `text`, or None where no shell would do anything with it."""
    if text.startswith("-"):
        return option(text, context)
    return _Reading(text, context).strongest()


class _Reading:
    """One text on its way to a judgement."""

    __slots__ = ("_best", "_context", "_lines", "_pieces", "_text", "_words")

    def __init__(self, text: str, context: Context) -> None:
        self._text = text
        self._context = context
        self._best: Judgement | None = None
        self._words = -1
        self._pieces: Sequence[str] | None = None

    def strongest(self) -> Judgement | None:
        text = self._text
        if "+" in text and " " not in text:  # spaces, as forms write them
            self._text = text.replace("+", " ")
        found = list(commands(self._text))
        partners = self._partners(found)
        for command in found:
            rule, score = self._command(command)
            if partners and 0 < score < 9 and command.arguments not in ("prose", "none"):
                score = max(score, 5)
            if score:
                self._note(rule, score, self._text[command.start : command.end])
        for judgement, _ in marks(text):
            self._note(judgement.rule, self._in_prose(judgement), judgement.evidence)
        for judgement, _ in windows(text):
            self._note(judgement.rule, self._in_prose(judgement), judgement.evidence)
        if self._best is None or self._best.score < 5:
            self._unknown()
        return self._best

    def _note(self, rule: str, score: int, evidence: str) -> None:
        if score > 0 and (self._best is None or self._best.score < score):
            self._best = Judgement(rule, score, evidence.strip()[:120])

    def _command(self, command: Command) -> tuple[str, int]:
        if command.entry == "start":
            return "shell.line", self._start(command)
        if command.entry == "substitution":
            return "shell.substitution", self._substitution(command)
        if command.entry == "backtick":
            return "shell.substitution", self._backtick(command)
        return "shell.command", self._separated(command)

    def _start(self, command: Command) -> int:
        score = _BY_START[command.arguments][command.weight - 1]
        word = self._text[command.place : command.place + len(command.name)]
        if word.istitle() and "-" not in word and not command.prefixed:
            score = min(score, 3)
        if command.located and command.arguments != "prose":
            return max(score, 6)
        if command.hidden and command.arguments != "prose":
            score += 2
        if command.arguments == "none":
            score = self._first(command, score)
        if command.prefixed and command.weight > 1 and command.arguments != "prose":
            score += 1
        if command.name in DEVELOPMENT and command.arguments != "sensitive":
            score = min(score, _TRACE)
        if self._context.is_name and command.arguments in ("none", "word"):
            return min(score, 2)
        if score >= 3 and _words_of(self._context.name) & COMMAND_NAMES:
            score += 2
        return min(score, 9)

    def _first(self, command: Command, score: int) -> int:
        """The score of a first command without arguments: what ends it?"""
        rest = self._text[command.end :]
        if rest and not rest.strip("; |&`\n"):
            return score + 2
        return score + 1 if rest[:1] in (";", "|", "&") and len(self._list()) < 3 else score

    def _separated(self, command: Command) -> int:
        text = self._text
        score = _BY_SEPARATOR[command.arguments][command.weight - 1]
        if command.hidden and command.arguments != "prose":
            score = max(score + 1, 6)
        if command.located and command.arguments != "prose":
            score = max(score, 8)
        before = text[: command.start]
        if command.arguments == "none":
            score = self._alone(command, score, before)
        if command.arguments not in ("shell", "sensitive") and _in_query(text, command.start):
            score = min(score, _TRACE)
        if command.name in INTERPRETERS and "|" in text[command.start : command.place]:
            score = max(score, 6) if command.arguments == "none" else score
        if command.entry == "newline":
            score = score - 1 if text.count("\n") < 2 else min(score, _TRACE)
        loose = before[-1:].isspace() or text[command.start + 1 : command.start + 2].isspace()
        wordy = loose and command.arguments != "sensitive" and self._spoken() >= _MANY_WORDS
        if wordy or _TABLE.search(text):
            score = min(score, _TRACE)
        return min(score, 9)

    def _alone(self, command: Command, score: int, before: str) -> int:
        """The score of a command without arguments, which might be a word of a list."""
        text = self._text
        leading = before.strip(" \t\r\n\"'`)(}]0123456789.,:-;|&") == ""
        if command.weight == 1:
            mark = text[command.start : command.place]
            if leading and "\n" not in mark:
                score = 5
            elif before.endswith(("'", '"', ")")):
                score = 4
        pieces = self._list()
        if len(pieces) > 2 and not leading:
            plain = sum(piece.strip(" \t\"'").replace("_", "").isalnum() for piece in pieces)
            blank = not pieces[0].strip() or not pieces[-1].strip()
            if plain >= 3 or (plain >= 2 and not blank):
                score = min(score, _TRACE)
        elif leading and sum(bool(piece.strip()) for piece in pieces) > 1 and _ROW.search(text):
            score = min(score, _TRACE)
        if _words_of(self._context.name) & LIST_NAMES and command.weight < 3:
            score = min(score, _TRACE)
        return score

    def _substitution(self, command: Command) -> int:
        if command.arguments == "prose" and command.weight < 3:
            return 3
        if self._text[command.end : command.end + 2].startswith(")."):
            return 3
        score = 8 if command.weight == 1 else 9
        inside = self._text[command.place : command.end]
        if command.weight == 1 and re.match(r"\w+\)\.[a-z]", inside):
            return 3  # `$(form).submit()`
        return score

    def _backtick(self, command: Command) -> int:
        """Backticks are also how Markdown writes code, `like this`."""
        text = self._text
        if text.count("`", 0, command.place) % 2 == 0 and "`" in text[: command.start + 1]:
            return 0  # it stands after the closing one
        if command.arguments == "prose":
            return 2
        before = text[command.start - 1 : command.start] if command.start else ""
        outside = self._spoken() - spoken(text[command.place : command.end])
        score = 5 + command.weight + (command.arguments in ("shell", "sensitive"))
        mark = text[command.start : command.place]
        tight = bool(before) and not before.isspace() and before not in "(*_[>,.:"
        if "```" in mark:
            return min(score, _TRACE)
        if tight or ";" in mark or "|" in mark or "&" in mark:
            return min(score, 9)
        if outside >= _SOME_WORDS or (outside > 0 and command.arguments == "none"):
            return min(score, _TRACE)
        return min(score, 9)

    def _unknown(self) -> None:
        """A substitution of something that is no command we know."""
        match = _UNKNOWN.search(self._text)
        if match is not None and match[1] not in _PAGE:
            self._note(
                "shell.substitution", 5 if self._spoken() < _SOME_WORDS else _TRACE, match[0]
            )

    def _partners(self, found: Sequence[Command]) -> bool:
        """Whether the text is nothing but commands, one after another."""
        telling = [each for each in found if each.arguments != "prose"]
        if len(telling) < 2 or telling[0].entry != "start":
            return False
        strong = any(
            (each.weight > 1 and each.arguments != "none")
            or each.arguments in ("shell", "sensitive", "plausible")
            for each in telling
        )
        return (
            strong and len(telling) >= len([piece for piece in self._list() if piece.strip()]) - 1
        )

    def _in_prose(self, judgement: Judgement) -> int:
        """The score of syntax that is also what people write to each other about."""
        score = judgement.score
        if self._spoken() >= _MANY_WORDS and score < 8:
            return min(score, _TRACE)
        return score

    def _list(self) -> Sequence[str]:
        if self._pieces is None:
            self._pieces = _SEPARATORS.split(self._text)
        return self._pieces

    def _spoken(self) -> int:
        if self._words < 0:
            self._words = spoken(self._text)
        return self._words


def _in_query(text: str, at: int) -> bool:
    """Whether the `&` at `at` parts parameters of a URL."""
    before = text[:at]
    return text[at] == "&" and "=" in before and " " not in before


def _words_of(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z]+", name))


DETECTOR: Final = Detector(family="shell", triggers=TRIGGERS, judge=judge, rules=RULES)
