"""Command injection: shells of Unix, cmd and PowerShell (B-118).

A name of a command counts where a shell would run it: after a separator, in a substitution, or at
the start of the text. How much it counts depends on the name (`whoami` says more than `time`), on
what follows (options and paths, or the words of a sentence), and on what stands around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Final

from vallum.inspection.detectors.shell_breakout import TRIGGER, breakout
from vallum.inspection.detectors.shell_commands import (
    COMMAND_NAMES,
    DEVELOPMENT,
    FILTERS,
    IDLE,
    INTERPRETERS,
    LABELS,
    LIST_NAMES,
    SPOKEN_BY_PROGRAMS,
    TOLD,
    TOLD_ONLY,
    WEIGHTS,
    WINDOWS_NAMES,
)
from vallum.inspection.detectors.shell_lines import echoes, runs, single
from vallum.inspection.detectors.shell_marks import marks
from vallum.inspection.detectors.shell_option import option
from vallum.inspection.detectors.shell_spared import (
    is_code_of_text,
    is_column,
    is_filter,
    is_row,
    is_told_in_row,
)
from vallum.inspection.detectors.shell_triggers import TRIGGERS
from vallum.inspection.detectors.shell_windows import windows
from vallum.inspection.detectors.shell_words import (
    Arguments,
    Command,
    commands,
    is_told_first,
    known,
    lines,
    spoken,
    without_comment,
)
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
_SEEN: Final = 5
_ECHO: Final = 5
_RUN: Final = 6
_LONGEST_LINE: Final = 80
_LONGEST_ORDER: Final = 32
_OPTIONED: Final = 6
_MANY_WORDS: Final = 12
_SOME_WORDS: Final = 4
_FEW_LINES: Final = 2
_SEPARATORS = re.compile(r"[;|&\n]+")
_LEAD = re.compile(r"[\s\"'`)(}\]\d.,:;|&<>-]*")
_BROKEN_UP = re.compile(r"\w(?:''|\"\"|\\|\$[@*])\w")
_NAMES: Final = frozenset({"curl", "dig", "ed", "mysql", "time"})
_SILENT: Final = IDLE | INTERPRETERS | DEVELOPMENT
_SPAN = re.compile(r"`[^`]*`")
_CLOSING: Final = frozenset(("&", "&&", "||"))
_CELLS: Final = frozenset(";&`(")
_CELL = re.compile(r"\W*\w+\W*\Z")
_WORD_BEFORE = re.compile(r"\w\s\(\Z")
_OPTION = re.compile(r"\s--?[A-Za-z][\w-]{0,40}(?=[\s=,;|&]|\Z)")
_TABLE = re.compile(r"\|\s{0,9}:?-{3,}")
_UNKNOWN = re.compile(
    r"(?:(?<!\w)\$\(|\A<\(|(?<==)<\(|(?<![\w:;=])>\()\s{0,9}([a-z_][\w.-]{1,30})(?=[\s)$`]|<<)(?!\)\.)"
)
_FILLED_IN = re.compile(r"\)(?:\Z|[ ,!?:]|\.(?!\w))")
_SUBSTITUTIONS: Final = ("$(", "<(", ">(")
# SECURITY: `$(hostname).attacker.example` asks a server of names.
_OF_PAGE = re.compile(
    r"\)\.(?:[A-Za-z]\w{0,30}\s?\(|(?:length|value|id|name|text|checked|src|href|style|parent)\b(?!\.))"
)
_PAGE: Final = frozenset(
    {"this", "document", "window", "function", "event", "target", "self", "parent"}
)
# Of two words that are one; and where a shell would not read the quote of one, or stop before it.
_APOSTROPHE: Final = re.compile(
    r"[a-z]n't\b|\b(?:what|that|there|here|where|who|how|it|he|she|let)'s\b|"
    r"\b(?:i|you|we|they)'(?:m|re|ve|ll|d)\b",
    re.IGNORECASE,
)
_UNREAD: Final = frozenset('"#\\\r\n\0`')


def judge(text: str, context: Context) -> Judgement | None:
    """The strongest judgement on `text`, or None where no shell would do anything with it."""
    found = _Reading(text, context).strongest()
    named = option(text, context)
    return named if found is None or (named is not None and named.score > found.score) else found


class _Reading:
    """One text on its way to a judgement."""

    def __init__(self, text: str, context: Context) -> None:
        text = text.replace("\u0130", "i")  # whose lower case has two letters
        self._sent = text
        if text.count("+") > text.count(" "):  # spaces, as forms write them
            text = text.replace("+", " ")
        text = text.replace("$()", "")  # which expands to nothing, as two backticks do
        self._text = text if "```" in text else text.replace("``", "")
        self._context = context
        self._best: Judgement | None = None

    def strongest(self) -> Judgement | None:
        found, complete = commands(self._text)
        floor = 5 if self._all_commands(found) else 0
        for command in found:
            rule, score = self._command(command)
            if score > 0 and command.arguments not in ("prose", "none"):
                score = max(score, floor)
            self._note(rule, score, self._text[command.start : command.end])
        if not complete:
            self._note("shell.command", 5, self._text)
        if runs(self._text):
            self._note("shell.command", _RUN, self._text)
        left = breakout(self._text)
        if left is not None:
            self._note(*left)
        lower = self._sent.lower()
        for judgement in (*marks(lower), *windows(lower)):
            score = judgement.score
            if score < 8 and self._spoken >= _MANY_WORDS:
                score = min(score, _TRACE)
            at = lower.find(judgement.evidence)
            self._note(judgement.rule, score, self._sent[at : at + len(judgement.evidence)])
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
        if command.entry == "backtick" and not self._behind_backtick(command):
            return "shell.substitution", self._backtick(command)
        return "shell.command", self._separated(command)

    def _start(self, command: Command) -> int:
        """The score of a command that the text begins with, where nothing was broken out of."""
        arguments = command.arguments
        score = _BY_START[arguments][command.weight - 1]
        if arguments == "prose":
            return score
        if command.located:
            everyday = command.name in DEVELOPMENT or command.name in INTERPRETERS
            bare = arguments == "none" and self._text[:1] == "/"
            return max(score, _TRACE if everyday and bare else 6)  # a setting: `/bin/bash`
        ordered = arguments in ("shell", "sensitive") and command.name in WINDOWS_NAMES
        if self._titled(command) and not command.prefixed and not ordered:
            score = min(score, 3)
        if arguments == "none":
            score += self._ending(command)
        if command.hidden and _BROKEN_UP.search(self._text, command.place, command.end):
            score = max(score, 3)
        score += 2 * command.hidden + (command.prefixed and command.weight > 1)
        if command.name in DEVELOPMENT and arguments != "sensitive":
            score = min(score, _TRACE)
        if self._context.is_name and arguments in ("none", "word"):
            return min(score, 2)
        if score >= 3 and _words_of(self._context.name) & COMMAND_NAMES:
            score += 2
        if score > _TRACE and self._apostrophised(command):
            return _TRACE
        return min(score, 9)

    def _apostrophised(self, command: Command) -> bool:
        """Whether the only quote is one of a word: `ls -la shows nothing; what's wrong?`

        A shell that is given the text would wait for the quote to end, and run nothing.
        """
        text = self._text
        if text.count("'") != 1 or command.name in WINDOWS_NAMES or command.hidden:
            return False
        return _APOSTROPHE.search(text) is not None and not _UNREAD.intersection(text)

    def _titled(self, command: Command) -> bool:
        """Whether its name is written as the first word of a sentence."""
        word = self._text[command.place : command.place + len(command.name)]
        return word.istitle() and "-" not in word

    def _ending(self, command: Command) -> int:
        """What the end of a first command without arguments adds to its score."""
        rest = self._text[command.end : command.end + 20]
        if rest and not rest.strip("; |&`\n"):
            return 2
        return 1 if rest[:1] in (";", "|", "&") and len(self._pieces) < 3 else 0

    def _separated(self, command: Command) -> int:
        text = self._text
        arguments = command.arguments
        score = _BY_SEPARATOR[arguments][command.weight - 1]
        if self._optioned(command):
            score = max(score, _OPTIONED)
        elif arguments == "prose" and self._begins(command) and len(text) <= _LONGEST_ORDER:
            score = max(score, 5)
        elif arguments == "prose" and self._tight(command):
            score = max(score, _OPTIONED)
        elif arguments == "prose":
            return score
        if command.hidden:
            score = max(score + 1, 6)
        if command.located:
            score = max(score, 8)
        if arguments == "none" and not command.located:
            score = self._alone(command, score)
            if score < _SEEN and self._closed(command):
                score = _SEEN + (command.entry == "newline")
        elif arguments == "word" and self._told(command):
            score = max(score, 5)
        elif arguments == "plausible" and command.start > self._lead:
            score = min(score, _TRACE) if command.name in SPOKEN_BY_PROGRAMS else score
        if arguments not in ("shell", "sensitive") and (
            self._in_query(command) or self._named(command)
        ):
            score = min(score, _TRACE)
        if command.entry == "newline":
            score = score - 1 if lines(text) <= _FEW_LINES else min(score, _TRACE)
        if (
            self._enclosed(command)
            or self._celled(command)
            or is_filter(text, command)
            or (arguments != "sensitive" and self._loose(command))
        ):
            score = min(score, _TRACE)
        if score < _ECHO and command.name == "echo" and echoes(self._sent):
            score = _ECHO
        return min(score, 9)

    def _in_query(self, command: Command) -> bool:
        """Whether the `&` before it parts parameters of a URL."""
        text = self._text
        before = text[: command.start]
        if text[command.start] != "&" or text[command.start + 1 : command.start + 2] == "&":
            return False
        value = known(re.split(r"[=&]", before)[-1]) if command.weight == 3 else None
        if value is not None and WEIGHTS[value[0]] > 1 and command.name not in DEVELOPMENT:
            return False  # name=whoami&ipconfig
        return "=" in before and " " not in before

    def _named(self, command: Command) -> bool:
        """Whether it is the name of a product: `Java, PHP & MySQL`, `HTML; bash scripting`."""
        text = self._text
        mark = text[command.start : command.place].strip()
        is_inside = command.start > self._lead
        spoken_of = command.name in INTERPRETERS or command.name in DEVELOPMENT
        if mark in ("&", ";", "|") and text[command.place].isupper() and is_inside:
            # SECURITY: Windows runs commands in any case, so only what does nothing there.
            apart = mark == "&" or text[command.start + 1].isspace()
            idle = command.arguments == "none" and (spoken_of or command.name in _NAMES)
            return apart and (idle or command.name == "date")
        return spoken_of and command.arguments == "word" and self._loose(command, _SOME_WORDS)

    def _optioned(self, command: Command) -> bool:
        """Whether the text begins with a separator and a command, among whose words is an option.

        `;docker run -v /:/mnt x`: what the words before the option say, only that command knows.
        """
        if command.entry != "separator" or command.start > self._lead:
            return False
        return _OPTION.search(self._text, command.place, command.end) is not None

    def _tight(self, command: Command) -> bool:
        """Whether no blank stands beside the mark, and what follows is first told to a shell."""
        text = self._text
        blank = any(map(str.isspace, text[max(0, command.start - 1) : command.place]))
        rest = text[command.place + len(command.name) : command.end]
        return not blank and command.weight > 1 and is_told_first(rest)

    def _told(self, command: Command) -> bool:
        """Whether a short text begins with a separator and a command that is told a word or two.

        `;cat notes`; but `10;cat food` is a row, and `| time flies` a title.
        """
        if command.entry != "separator" or command.start > self._lead:
            return False
        mark = self._text[command.start : command.place]
        if self._text[command.end :].strip(" ;|&#"):
            return False
        if command.name in TOLD or self._begins(command):
            return True
        if self._text[0] == "&" and command.place == 1 and command.name in WINDOWS_NAMES:
            return True
        return command.start == 0 and not mark[-1:].isspace() and command.weight > 1

    def _begins(self, command: Command) -> bool:
        """Whether the text begins with a semicolon and the command, as no sentence does."""
        return self._text[0] == ";" and command.place == 1

    def _enclosed(self, command: Command) -> bool:
        """Whether it is told of in parentheses, as cron logs: no shell runs `word (a || /b)`."""
        before = self._text[: command.start]
        opened = before.rfind("(")
        return (
            opened > before.rfind(")")
            and _WORD_BEFORE.search(before, max(0, opened - 2), opened + 1) is not None
            and not any(quote in before for quote in "'\"`")
            and "/" in self._text[command.start : command.end]
            and command.name not in WINDOWS_NAMES
        )

    def _celled(self, command: Command) -> bool:
        """Whether it stands in the cell of a table, as nothing does that a file is told of."""
        mark = self._text[command.start : command.place]
        if not _CELLS.isdisjoint(mark) or command.arguments == "sensitive":
            return False
        return self._table or (is_told_in_row(command) and is_row(self._text))

    def _behind_backtick(self, command: Command) -> bool:
        """Whether it stands after the closing one."""
        return self._text.count("`", 0, command.place) % 2 == 0

    def _loose(self, command: Command, words: int = _MANY_WORDS) -> bool:
        """Whether the separator stands as in a sentence of a text with so many words.

        For a filter fewer will do: `pipe it through sort | uniq -c`.
        """
        at = command.start
        around = self._text[max(0, at - 1) : at + 2]
        piped = "|" in self._text[at : command.place]
        if piped and command.name in FILTERS:
            words = _SOME_WORDS
        elif command.arguments == "shell" or (
            command.arguments in ("none", "plausible")
            and command.weight == 3
            and command.name not in DEVELOPMENT
        ):
            return False  # SECURITY: whoever attacks can write sentences around it.
        return self._spoken >= words and (around[:1].isspace() or around[-1:].isspace())

    def _alone(self, command: Command, score: int) -> int:
        """The score of a command without arguments, which might be a word of a list."""
        text = self._text
        leading = command.start <= self._lead
        mark = text[command.start : command.place]
        if command.name in INTERPRETERS and command.weight > 1 and "|" in mark:
            score = max(score, 6)
        elif command.name in _SILENT and not leading and mark[:1] in "&;" and mark[1:2] == " ":
            score = min(score, _TRACE)
        if command.weight == 1 and leading and "\n" not in mark:
            score = 5 if self._is_line(command) else _TRACE
        elif command.weight == 1 and text[command.start - 1 : command.start] in ("'", '"', ")"):
            score = _TRACE
        inner = len(self._pieces) > 3 and command.end + len(self._pieces[-1]) < len(text)
        inner = inner and command.weight < 3 and self._pieces[-1].strip() != ""
        inner = inner and mark[:2] not in ("&&", "||")  # which part no list
        listed = self._listed and not (mark.startswith("||") and command.weight == 3)
        if (listed or inner) and not leading:
            score = min(score, _TRACE)
        if _words_of(self._context.name) & LIST_NAMES and command.weight < 3:
            score = min(score, _TRACE)
        return score

    def _closed(self, command: Command) -> bool:
        """Whether a separator stands behind it too, and nothing behind that: `a & reboot &`."""
        rest = self._text[command.end :].strip()
        if rest != "|" if command.entry == "newline" else rest not in _CLOSING:
            return False
        idle = command.name in LABELS or command.name in TOLD_ONLY or len(command.name) == 1
        few = len(self._pieces) - (not self._pieces[-1].strip()) <= _FEW_LINES
        return (
            few and not idle and self._text[command.place].islower() and self._spoken < _SOME_WORDS
        )

    def _is_line(self, command: Command) -> bool:
        """Whether a short text ends in a command alone that is hardly a word of a list."""
        if command.name in TOLD_ONLY:
            return False
        if command.name in LABELS:
            return self._begins(command)
        lined = command.start > self._marks
        return not lined or (len(command.name) > 1 and command.name not in SPOKEN_BY_PROGRAMS)

    def _substitution(self, command: Command) -> int:
        rest = self._text[command.place + len(command.name) : command.end]
        if command.arguments == "prose" and command.weight < 3 and not is_told_first(rest):
            return 3
        if command.weight == 1 and _OF_PAGE.match(self._text, command.place + len(command.name)):
            return 3  # `$(form).submit()`
        if command.weight == 1 and command.arguments == "none" and self._spoken >= _SOME_WORDS:
            return _TRACE
        return 8 if command.weight == 1 else 9

    def _backtick(self, command: Command) -> int:
        """Backticks are also how Markdown writes code, `like this`."""
        text = self._text
        before = text[command.start - 1 : command.start] if command.start else " "
        attached = not before.isspace() and before not in "(*_[>,.:"
        if command.arguments == "prose" and not attached:
            return 2
        if text.startswith("SELECT", command.place) or is_column(text, command):
            return _TRACE
        mark = text[command.start : command.place]
        score = 5 + command.weight + (command.arguments in ("shell", "sensitive"))
        if "```" in mark:
            return min(score, _TRACE)
        if attached or len(mark.strip()) > 1:
            return min(score, 9)
        if self._outside >= _SOME_WORDS or (self._outside and command.arguments == "none"):
            return min(score, _TRACE)
        if self._outside and (command.name in DEVELOPMENT or is_code_of_text(text, command)):
            return min(score, _TRACE)
        return min(score, 9)

    def _unknown(self) -> None:
        """A substitution of something that is no command we know."""
        text = self._text
        match = _UNKNOWN.search(text) if any(mark in text for mark in _SUBSTITUTIONS) else None
        if match is not None and match[1] not in _PAGE:
            at = match.start()
            alone = text[max(0, at - 1) : at] in ("", " ") and _FILLED_IN.match(text, match.end())
            score = 5 if self._spoken < _SOME_WORDS and not alone else _TRACE
            self._note("shell.substitution", score, match[0])

    def _all_commands(self, found: Sequence[Command]) -> bool:
        """Whether the text is commands from its start, one after another, all but one known."""
        telling = [each for each in found if each.arguments != "prose"]
        if len(telling) < 2 or telling[0].entry != "start" or self._titled(telling[0]):
            return False
        strong = any(
            (each.weight > 1 and each.arguments != "none")
            or each.arguments in ("shell", "sensitive", "plausible")
            for each in telling
        )
        return strong and len(telling) + 1 >= sum(bool(piece.strip()) for piece in self._pieces)

    @cached_property
    def _pieces(self) -> Sequence[str]:
        """What separators part."""
        return _SEPARATORS.split(self._text)

    @cached_property
    def _listed(self) -> bool:
        """Whether separators part the words of a list, and nothing else."""
        pieces = self._pieces
        if len(pieces) < 3 or "&&" in self._text or not (pieces[0].strip() and pieces[-1].strip()):
            return False
        return all(_CELL.match(piece) for piece in pieces[1:])

    @cached_property
    def _table(self) -> bool:
        """Whether the text is a table of Markdown, or a row of one."""
        text = self._text.strip()
        row = text.startswith("| ") and text.endswith(" |") and " | " in text
        return row or _TABLE.search(text) is not None

    @cached_property
    def _marks(self) -> int:
        """Where the marks and digits end that the text begins with."""
        match = _LEAD.match(self._text)
        return match.end() if match else 0

    @cached_property
    def _lead(self) -> int:
        """Where what the command line was given ends: marks and digits, or a single value."""
        text = self._text
        if self._marks or len(text) > _LONGEST_LINE or "{" in text or "(" in text:
            return self._marks
        return single(text)

    @cached_property
    def _spoken(self) -> int:
        """Words of sentences in the text."""
        return spoken(without_comment(self._text))

    @cached_property
    def _outside(self) -> int:
        """Words of sentences outside backticks."""
        return spoken(_SPAN.sub(" ", self._text)) if "`" in self._text else self._spoken


def _words_of(name: str) -> frozenset[str]:
    return frozenset(re.split(r"[^a-z]+", name))


DETECTOR: Final = Detector(family="shell", triggers=(*TRIGGERS, TRIGGER), judge=judge, rules=RULES)
