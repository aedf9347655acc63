"""Reads a text as a shell would: where commands stand, what they are, and what follows them."""

from __future__ import annotations

import re
from html.entities import html5
from typing import Final, Literal, NamedTuple

from vallum.inspection.detectors.shell_commands import (
    DEVELOPMENT,
    INTERPRETERS,
    NUMBERED,
    NUMBERED_THINGS,
    OPERANDS,
    PREFIXES,
    SAID_OF_PAGES,
    WEIGHTS,
    Weight,
    words,
)

Entry = Literal["start", "separator", "newline", "substitution", "backtick"]
"""What lets a command begin here."""
Arguments = Literal["none", "prose", "word", "plausible", "shell", "sensitive"]
"""What follows a command: nothing; words of a sentence; a word or two; what may be an operand
(a file name, a number, a quoted text); what only shells are told (an option, a path, an address);
and a file that nobody should ask for."""


class Command(NamedTuple):
    """A known command that stands where one would be run."""

    entry: Entry
    start: int
    """Of the mark before it."""
    place: int
    """Where its first word begins."""
    end: int
    """After its last argument."""
    name: str
    weight: Weight
    arguments: Arguments
    hidden: bool
    """Whether quotes, backslashes or variables break up its name."""
    located: bool
    """Whether it is written with its folder (`/bin/id`)."""
    prefixed: bool
    """Whether another command or an assignment stands before it."""


# The look-behind keeps a run of separators from being tried once per character.
_PLACE = re.compile(
    r"(?<![;|&\n\r`])(\A|[;|&\n\r`]++|[$<>]\()[ \t\"'(!@{+]*+"
    r"(?:\d?[<>]{1,2}[ \t]?[^\s;|&<>`]{1,80}[ \t]{1,9})?"
    r"((?:[^\s;|&`<>()$]|\$(?!\())+)"
)
_PLAIN = re.compile(r"[a-z0-9_.-]+\Z")
_SIMPLE = re.compile(r"[\w.:,#-]+\Z")
_VERSION = re.compile(r"(?<=[a-z])\d[\d.]*\Z")
_SWITCHED = re.compile(r"([a-z][a-z0-9_.]+)/[a-z?]{1,4}\Z")
_ASSIGNMENT = re.compile(r"[a-z_]\w*=")
# Options, numbers, assignments and redirections between a prefix and the command that it runs.
_NEXT = re.compile(
    r"[\s\"'(]*+(?>(?:-\S++\s++|\d\S*+\s++|[A-Za-z_]\w*+=\S*+\s++|\d?[<>]&?\s*+\S++\s++)*)"
    r"[\"'(]*+([^\s;|&`<>()]+)"
)
_EMPTY = re.compile(r"\$[@*!?_#$-]|\$\d|\$\{?[A-Za-z_]\w*\}?|\$|[\"'\\^]|``")
_SPELLED = re.compile(r"[$\"'\\^`\[]")
_BRACKET = re.compile(r"\[([a-z])\1?\]")
_FOLDER = re.compile(r"(?:/|\./|~/|[a-z]:[\\/]|(?:usr/)?s?bin/)")
_SUFFIX = re.compile(r"\.(?:exe|com|bat|cmd|ps1)\Z")
_LINE_ENDS = re.compile(r"[\r\n]+")
_STOP = re.compile(r"[;|&\n\r`]")
_STOPS_INSIDE = re.compile(r"[;|&\n\r`)]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_SPOKEN = re.compile(r"(?<![^\s(])[^\W\d_]{2,}(?:'[a-z]{1,2})?[,.!?:]?(?![^\s)])")
_SHELLISH = re.compile(
    r"[\"']?(?:--?[a-z\d]|/(?:\S|\s*\Z|\s+-)|~/|\.{1,2}(?:/|\Z|\s+-)|[a-z]:[\\/]?(?:\Z|[\s\w\"'])|\\\\|"
    r"[a-z]{2,12}://|\d+\.\d+\.\d+|\$[\w{(*@]|%\w+%|<|>|\d?>|\+(?:x|short|trace|tcp|noall)\b|\*)",
    re.IGNORECASE,
)
_PLAUSIBLE = re.compile(
    r"[\"'{]|@\S|[\w*-]+(?:\.[\w*-]+)+|\w+=|[\w-]*[*?\[]|[0-7]{3,4}\s|localhost|\w+/\w|"
    r"\w{1,40}\d?[<>]\Z"
)
_SENSITIVE = re.compile(
    r"/(?:etc|proc|root|var/(?:log|www)|boot|sys|dev/(?:tcp|udp|shm))/|/et|passwd|shadow|/(?:usr/)?bin/|"
    r"\.ssh|\.bash|\.env\b|\.aws|[a-z]:[\\/]windows|boot\.ini|win\.ini|system32|id_rsa|/dev/null",
    re.IGNORECASE,
)
# The name of a file that somebody keeps.
_NAMED_FILE = re.compile(
    r"[\w/-]{1,80}\.(?:txt|log|conf|cfg|ini|php|py|js|env|ya?ml|json|xml|csv|key|pem|sql|db|bak|sh)\b"
)
# A file that no sentence is about; and one that a command is told first of all.
_FILE = re.compile(
    r"(?<!\S)/(?:etc|proc|root|home|opt|var/(?:log|www))/\w"
    r"|\A[\w.-]{1,40}/[\w./-]{0,80}\.\w{1,5}(?!\S)"
)
# What a shell reads over: `# and so on`; but #1 is a number.
_COMMENT = re.compile(r"(?<!\S)#(?!\d)")
_SCALAR = re.compile(r"\$[a-z_]\w*[\s;,)]*\Z")
# `node>=18`, `python==3.11.4`: which of them, and nothing to read or write.
_ADDRESS = re.compile(r"https?://\S+(?:\s[A-Za-z]{1,20}[,.!?]?){0,8}\Z")
_ORDINAL = re.compile(r"#\d{1,6}\Z")
_VERSIONED = re.compile(r"(?:[<>~!=]=|[~^])\s?v?\d[\w.]{0,20}")
# `date tonight?`, `who else?`
_ASKED = re.compile(r"[A-Za-z]{2,20}(?:\s[A-Za-z']{1,20}){0,5}\?")
# `ab 1.12.`: from then on, in German.
_DAY = re.compile(r"\d{1,2}\.(?:\d{1,2}\.?)?(?:\d{2,4})?(?:\s|\Z)")
_DATE = re.compile(r"\d{1,2}[/.]\d{1,2}(?:[/.]\d{2,4})?(?:\s|\Z)")
_DATA = re.compile(r"data:\w+/[\w.+-]+(?:;[\w.-]+=[\w.-]+)?")
_NUMBER = re.compile(r"[\s\"']*\d+[smhd]?\s*(?:[\"')#/]|--|\Z)")
_SHELLS: Final = frozenset({"SHELL", "BASH", "0", "COMSPEC"})
_OF_SENTENCES: Final = words(
    "a an and are as at be but by can der des die du el en es for from ha has he in is it la le "
    "les me my no not of on or our que so that the them their they this to un und us was we were "
    "will with "
    "works would y you your"
)
_HEADS: Final = frozenset({*WEIGHTS, *PREFIXES})
# `&#39;n&#39; more</p>`: a shell would read the file `/p`, and run nothing where there is none.
_ELEMENT_END = re.compile(r"</(?:p|b|i|u|em|strong|small|span|div|li|td|th|h[1-6])>(?:[<\s]|\Z)")
_REST = 200
_STEPS = 5
_LONGEST = 80
_PAGE = 8
_MOST_COMMANDS = 96
_MOST_SLOW = 200


def commands(text: str) -> tuple[list[Command], bool]:
    """The known commands that stand where a shell would run them, in order; and whether all.

    Who writes more than the limits allow wants to hide one of them.
    """
    found: list[Command] = []
    paged = lines(text) > _PAGE
    slow = 0
    for match in _PLACE.finditer(text):
        head = match[2]
        if head.isalpha() and head.lower() not in _HEADS:
            continue
        if paged and match[1] and not match[1].strip("\r\n"):
            continue  # at the start of a line: a list, a query, a text of many lines
        if head in PREFIXES or not _SIMPLE.match(head):
            slow += 1
        command = _command(text, match)
        if command is not None:
            found.append(command)
        if len(found) == _MOST_COMMANDS or slow == _MOST_SLOW:
            return found, False
    return found, True


def _command(text: str, match: re.Match[str]) -> Command | None:
    """The command that a place holds."""
    mark, head = match.groups()
    place = match.start(2)
    found = _resolve(text, head, place, match.end())
    if found is None:
        return None
    name, end, hidden, located, prefixed = found
    if hidden and head.count("'") % 2 and text[place - 1 : place] != "'":
        hidden = False  # I'd: an apostrophe, not a quoted part of a word.
    rest = text[end : end + _REST]
    stop = (_STOPS_INSIDE if mark[-1:] == "(" else _STOP).search(rest)
    given = rest[: stop.start()] if stop else rest
    arguments = _arguments(name, given)
    if arguments in ("none", "prose", "word") and _is_coding(text, match.start()):
        return None
    if mark == "&" and WEIGHTS[name] == 1 and _is_reference(name, rest):
        return None
    if mark[-1:] == ";" and _ends_reference(text, match.start()):
        # SECURITY: what a page shows as a mark, a shell runs: `x&gt;cat /etc/passwd`.
        last = arguments == "none" and WEIGHTS[name] == 3 and not rest.strip()
        told = arguments == "shell" and name not in DEVELOPMENT and not _ELEMENT_END.match(rest)
        if not (last or told or arguments == "sensitive"):
            return None
    return Command(
        entry=_entry(mark),
        start=match.start(),
        place=place,
        end=end + len(given),
        name=name,
        weight=WEIGHTS[name],
        arguments=arguments,
        hidden=hidden,
        located=located,
        prefixed=prefixed,
    )


def spoken(text: str) -> int:
    """How many words of a sentence `text` has."""
    return len(_SPOKEN.findall(text))


def lines(text: str) -> int:
    """How many lines of `text` say something."""
    return sum(1 for line in _LINE_ENDS.split(text) if line.strip())


def is_told_first(text: str) -> bool:
    """Whether `text`, behind a command, begins with what only shells are told."""
    told = text.lstrip()
    return (_SHELLISH.match(told) or _NAMED_FILE.match(told)) is not None


def without_comment(text: str) -> str:
    """`text` without what a shell reads over at its end."""
    comment = _COMMENT.search(text, text.rfind("\n") + 1)
    return text[: comment.start()] if comment else text


def known(word: str) -> tuple[str, bool, bool] | None:
    """The command that a word spells, whether it hides it, and whether it names its folder."""
    if len(word) > _LONGEST:
        return None
    word = word.lower()
    if _PLAIN.match(word):
        name = _VERSION.sub("", _SUFFIX.sub("", word)) if word not in WEIGHTS else word
        return (name, False, False) if name in WEIGHTS else None
    switched = _SWITCHED.match(word)
    if switched is not None and WEIGHTS.get(switched[1]) == 3:
        return switched[1], False, False
    if word.count('"') % 2 or word.count("'") % 2:
        word = word.strip("\"'")
    bare = word.strip("\"'").rstrip(")}#,\0\"'")
    clear = _BRACKET.sub(r"\1", _EMPTY.sub("", bare)) if _SPELLED.search(bare) else bare
    for candidate in (clear, bare.rpartition("\\")[2]):
        folder, _, last = candidate.rpartition("/")
        name = _SUFFIX.sub("", last)
        if name in WEIGHTS:
            located = bool(folder or "\\" in bare) and _FOLDER.match(bare) is not None
            if folder and not located:
                return None
            return name, clear != bare and candidate is clear, located
    return None


def _resolve(
    text: str, head: str, place: int, end: int
) -> tuple[str, int, bool, bool, bool] | None:
    """The command that `head`, or what it runs, spells; with where its last word ends."""
    prefixed = hidden_before = False
    best: tuple[str, int, bool, bool, bool] | None = None
    for step in range(_STEPS):
        found = _variable(text, head, place) if head[0] == "$" else None
        found = known(head) if found is None else found
        if found is not None:
            name, hidden, located = found
            hidden_before = hidden_before or hidden
            if best is None or WEIGHTS[best[0]] <= WEIGHTS[name]:
                best = name, end, hidden_before, located, prefixed
            if name not in PREFIXES:
                return best
        elif not (
            head in PREFIXES or _ASSIGNMENT.match(head.lower()) or (head[0] == "$" and not step)
        ):
            return best
        follow = _NEXT.match(text, end, min(len(text), end + _REST))
        if follow is None or (follow.start(1) == end):
            return best
        # After an unknown word of a sentence, `time will tell`, the search stops above.
        prefixed, head, end = True, follow[1], follow.end()
    return best


def _variable(text: str, head: str, place: int) -> tuple[str, bool, bool] | None:
    """The command behind `$a`, where the same text says `a=nc`."""
    name = head.lstrip("${").rstrip("}\"'")
    if name in _SHELLS:
        return "sh", True, False
    if not name.isidentifier():
        return None
    at = text.rfind(name + "=", 0, place)
    if at < 0:
        return None
    value = re.match(r"[^\s;|&`<>()]{1,40}", text[at + len(name) + 1 : place])
    found = known(value[0]) if value else None
    return (found[0], True, found[2]) if found else None


def _entry(mark: str) -> Entry:
    if not mark:
        return "start"
    last = mark[-1]
    if last == "(":
        return "substitution"
    if "`" in mark:
        return "backtick"
    return "newline" if not mark.strip("\r\n") else "separator"


def _is_coding(text: str, at: int) -> bool:
    """Whether what stands behind the semicolon at `at` is the coding of a `data:` URL."""
    before = text[max(0, at - 80) : at]
    start = before.rfind("data:")
    return (
        start >= 0 and text.startswith(";base64", at) and _DATA.fullmatch(before, start) is not None
    )


def _is_reference(name: str, rest: str) -> bool:
    """Whether `name`, behind an ampersand, is a character reference: `&copy;`, `&copy 2026`."""
    if rest[:1] == ";":
        return f"{name};" in html5
    return name in html5 and rest.lstrip()[:1].isdigit()


def _ends_reference(text: str, at: int) -> bool:
    """Whether the semicolon at `at` ends a character reference (`&amp;`, `&#39;`)."""
    start = text.rfind("&", max(0, at - 10), at)
    name = text[start + 1 : at]
    return start >= 0 and (f"{name};" in html5 or (name[:1] == "#" and name[1:].isalnum()))


def _arguments(name: str, given: str) -> Arguments:
    given = without_comment(given).strip().lstrip(")} ")
    if not given.strip("\"'#)}\0 "):
        return "none"
    if WEIGHTS[name] == 1 and given in (">", ">>"):
        return "none"  # < back | next > | more >>
    if name in DEVELOPMENT | INTERPRETERS and _VERSIONED.fullmatch(given.rstrip()):
        return "prose"
    if name in ("date", "who") and _ASKED.fullmatch(given):
        return "prose"
    said = _SPOKEN.findall(_QUOTED.sub(" ", given))
    sentence = len(said)
    if not _OF_SENTENCES.isdisjoint(said):
        sentence += 2
    if sentence > 3:
        told = WEIGHTS[name] == 3 and given.partition(" ")[0].lower() in OPERANDS.get(name, ())
        if WEIGHTS[name] > 1 and name not in DEVELOPMENT:
            told = told or _FILE.search(given) is not None
        return "shell" if told else "prose"
    if name in SAID_OF_PAGES and _ADDRESS.match(given):
        return "prose"
    if _SENSITIVE.search(given):
        return "sensitive"
    if _SHELLISH.match(given):
        return "word" if _SCALAR.match(given) else "shell"
    if name in NUMBERED and _NUMBER.match(given):
        return "shell"
    if name in NUMBERED_THINGS and _ORDINAL.match(given):
        return "prose"
    if name == "date" and _DATE.match(given):
        return "prose"
    if name == "ab" and _DAY.match(given):
        return "prose"
    if _PLAUSIBLE.match(given):
        return "plausible"
    if given.partition(" ")[0].strip("\"')").lower() in OPERANDS.get(name, ()):
        return "shell"
    first, _, rest = given.partition(" ")
    if WEIGHTS[name] > 1 and rest and _SHELLISH.match(rest.lstrip()) and first.isalnum():
        return "shell"
    if _NAMED_FILE.match(rest):
        return "plausible"
    if first in ("#", "--", "//", ")", "*/", ">", "<", "\\"):
        return "none"
    return "word" if sentence < 2 + (WEIGHTS[name] == 3) and len(given) < 40 else "prose"
