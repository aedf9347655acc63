"""Reading source code as an interpreter would: hidden names spelled out, calls, their place."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, Literal, NamedTuple

from vallum.inspection.marks import alternatives
from vallum.inspection.model import Judgement

_JOINED = re.compile(r"""['"`]\s{0,8}+[.+~]\s{0,8}+['"`]|(?<=\w)(['"])\s{0,8}+\1(?=\w)""")
_MEMBER = re.compile(r"""(?<=[\w)\]}])\[\s{0,8}+(['"`])([A-Za-z_$][\w$]{0,40}+)\1\s{0,8}+\]""")
_CHARACTERS = re.compile(
    r"""(?>(?:(?:chr|\.chr|fromcharcode)\s?\(\s?(?:0x)?[0-9a-f]{1,3}\s?\)\s?[.+~]?\s?){2,64})""",
    re.I,
)
_NUMBER = re.compile(r"\(\s?(0x)?([0-9a-f]{1,3})", re.I)

GAP: Final = r"(?>(?:\s{1,40}+|/\*[^*]{0,80}+\*/|(?://|\#)[^\n]{0,80}+\n){0,6})"
"""What may stand between two tokens of a language of the C family, or Perl's and PHP's."""

_WORD = re.compile(r"\w+")
_CALL = re.compile(rf"(?<![\w$])([A-Za-z_]\w{{1,60}}+)({GAP})\(")
_RECEIVER = re.compile(r"([A-Za-z_$\])}'\"][\w$]{0,60})\s{0,4}(\.|->|::|\?\.)\s{0,4}$")
MOST_CALLS: Final = 12
"""Calls of one text that are looked at: the first six and the last six."""
_LONGEST_ARGUMENTS: Final = 400
_MOST_PARENTHESES: Final = 12
_PARENTHESIS = re.compile(r"[()]")
_NEARBY: Final = 160
_LONGEST_PROSE: Final = 400
_BLANK: Final = "\0"


class Call(NamedTuple):
    """A function's name with parentheses after it."""

    name: str
    """Lower case."""
    gap: str
    """What stands between the name and the parenthesis."""
    start: int
    arguments: str
    """At most 400 characters."""
    close: int
    """After the closing parenthesis, or the end of what was read."""


Site = Literal["whole", "code", "prose"]
"""Where a piece of code stands: it is all there is, among other code, or mentioned by a person."""


def words(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())


def spelled_out(text: str) -> str:
    """`text` with constants joined that are concatenated, and `a["b"]` written `a.b`."""
    if "(" in text:
        text = _CHARACTERS.sub(_character_string, text)
    if "'" in text or '"' in text or "`" in text:
        text = _JOINED.sub("", text)
        text = _MEMBER.sub(r".\2", text)
    return text


def _character_string(match: re.Match[str]) -> str:
    points = (int(digits, 16 if base else 10) for base, digits in _digits(match[0]))
    return "'" + "".join(chr(point) for point in points) + "'"


def _digits(text: str) -> Iterator[tuple[str | None, str]]:
    for match in _NUMBER.finditer(text):
        if match[1] or match[2].isdigit():
            yield match[1], match[2]


class Reading:
    """A text, and what all languages want to know of it."""

    __slots__ = ("_calls", "plain", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain = spelled_out(text)
        """The text with its constants joined."""
        self.words = frozenset(_WORD.findall(self.plain.lower()))
        """In lower case."""
        self._calls = [(match[1].lower(), match) for match in _CALL.finditer(self.plain)]

    def calls(self, names: Container[str]) -> list[Call]:
        """The calls in `plain` of one of `names` (in lower case), at most `MOST_CALLS`."""
        matches = [match for name, match in self._calls if name in names]
        if len(matches) > MOST_CALLS:
            half = MOST_CALLS // 2
            matches = matches[:half] + matches[-half:]
        return [_call(self.plain, match) for match in matches]


class Needle:
    """A pattern that is looked for only where one of the words it needs occurs."""

    __slots__ = ("_needs", "_pattern")

    def __init__(self, needs: str, pattern: str, flags: int = 0) -> None:
        self._needs = words(needs)
        self._pattern = re.compile(_bounded_once(pattern), flags)

    def search(self, text: str, among: frozenset[str]) -> re.Match[str] | None:
        """The first match in `text`, whose words are `among`."""
        return None if self._needs.isdisjoint(among) else self._pattern.search(text)

    def first(self, text: str, among: frozenset[str]) -> Iterator[re.Match[str]]:
        """The first eight matches."""
        return islice(() if self._needs.isdisjoint(among) else self._pattern.finditer(text), 8)


def _bounded_once(pattern: str) -> str:
    r"""`pattern` with the `\b` of its alternatives said once: it is tried at every character.

    `\ba|\bb|=c` becomes `\b(?:a|b)|=c`. Of those that begin otherwise none matches where one of
    these does, or what it says is the same.
    """
    parts = alternatives(pattern)
    bounded = [part.removeprefix(r"\b") for part in parts if part.startswith(r"\b")]
    others = [part for part in parts if not part.startswith(r"\b")]
    return "|".join([rf"\b(?:{'|'.join(bounded)})", *others] if bounded else others)


def _call(text: str, match: re.Match[str]) -> Call:
    close = closing(text, match.end())
    inside = text[match.end() : close].removesuffix(")")
    return Call(match[1].lower(), match[2], match.start(), inside, close)


def closing(text: str, position: int) -> int:
    """Where the parenthesis ends whose inside starts at `position`."""
    depth = 1
    end = min(len(text), position + _LONGEST_ARGUMENTS)
    for match in islice(_PARENTHESIS.finditer(text, position, end), _MOST_PARENTHESES):
        depth += 1 if match[0] == "(" else -1
        if not depth:
            return match.end()
    return end


def receiver(text: str, start: int) -> str:
    """The last name before the point or arrow that precedes `start`, in lower case; or nothing."""
    match = _RECEIVER.search(text, max(0, start - 72), start)
    return match[1].lower() if match else ""


_WORDS = re.compile(
    r"(?<![\w$'\"./\\-])[^\W\d_]{1,20}+[,.:;!?]?(?:[ \n]++[^\W\d_]{1,20}+[,.:;!?]?){3,}"
)
_PAIR = re.compile(r"([^\W\d_]++)[ \n]++(?=([^\W\d_]++))")
_OTHER_SCRIPT = re.compile(r"[^\W\d_\x00-\u024f]{6}")
# A name in another script, which most languages let one choose.
_ASSIGNED = re.compile(r"\$?[^\W\d]\w{0,40}+\s{0,4}+=(?!=)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)([,:]?) +[('\"`*@$]{0,3}$")
_WORD_AFTER = re.compile(r"[\"'`*)]{0,3}[,.:]? +([^\W\d_]+)(?![\w(=.\[])")
_BREAKOUT = re.compile(r"""['"`][\s)\]}]{0,8}(?:[;.+|&,*/-]|or|and)\s{0,8}@?$""")
_REST_IS_COMMENT = re.compile(r"[\s;.)}'\"\]]{0,12}(?://|#|/\*|<!--|--|\(\*|%\s)")
# Strings and comments of programs: words in them are said to nobody.
_LITERAL = re.compile(
    r"/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/|\Z)|\(\*[^*]*+\*\)|\(:[^:]*+:\)|"
    r"<!--(?>(?:[^-]++|-(?!->))*)(?:-->|\Z)|"
    r"(?:^|(?<=[\s;{}()]))(?://|\#(?!\{)|__END__\b)[^\n]*+|^--[^\n]*+|"
    r"(?<!\w)[bruf]{0,2}(?:'{3}(?>(?:[^']++|'(?!''))*)'{3}|\"{3}(?>(?:[^\"]++|\"(?!\"\"))*)\"{3}|"
    r"'(?>(?:[^'\\\n]++|\\.)*)'(?!\w)|\"(?>(?:[^\"\\\n]++|\\.)*)\"|`[^`]*+`)|"
    r"(?<!\w)(?:%[qQwWiI]|q[qw])\s?[({\[][^(){}\[\]\n]*+[)}\]]",
    re.I | re.M,
)
# In the text around these a server runs nothing.
_OPENED = re.compile(r"<[?%]|\{%|\[%|\{!!|@php\b")
_CLOSED = re.compile(r"[?%]>|[%!]\}|%\]|@endphp\b")
_OPEN_STRING = re.compile(r"[=(,+.\[{:|&]\s{0,4}['\"][^'\"]*+\Z")
_KEYWORDS: Final = words(
    "echo print return new await else then do and or not xor if elsif elif while for in is as "
    "yield throw typeof void delete case begin end unless lambda def import include require "
    "assert try exec eval let var const static final public set die exit puts say my our from of "
    "with rescue until raise except finally catch async function global del pass warn class "
    "extends instanceof process module exports this self super"
)


def site(text: str, start: int, close: int) -> Site:
    """Where the code in `text[start:close]` stands."""
    before, after = text[max(0, start - _NEARBY) : start], text[close : close + _NEARBY]
    if not (_has_word(before) or _has_word(after)):
        return "whole"
    if _REST_IS_COMMENT.match(after):
        after = ""
    left = _BREAKOUT.search(before, max(0, len(before) - 40)) is not None
    code = without_literals(text)
    # In a string it is talked about, unless it is all the string: a name.
    quotes = text[start - 1 : start] + text[close : close + 1] if start else ""
    if code[start : start + 1] != _BLANK or quotes in {'""', "''", "``"}:
        before = code[max(0, start - _NEARBY) : start]
        after = after and code[close : close + _NEARBY]
    if left:
        before, after = "", _OPEN_STRING.sub("", after)
    opened = list(_OPENED.finditer(before))
    if opened:
        before = before[opened[-1].end() :]
        after = _CLOSED.split(after, maxsplit=1)[0]
    if is_prose(before) or is_prose(after):
        return "prose"
    word = _WORD_BEFORE.search(before, max(0, len(before) - 40))
    if word and word[1].lower() not in _KEYWORDS and not (word[2] and _is_inside(before)):
        return "prose"
    word = _WORD_AFTER.match(after)
    return "prose" if word and word[1].lower() not in _KEYWORDS else "code"


def _has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _is_inside(before: str) -> bool:
    """Whether a bracket is open where `before` ends."""
    return any(before.count(opening) > before.count(end) for opening, end in ("()", "[]", "{}"))


@lru_cache(maxsize=1)
def without_literals(text: str) -> str:
    """`text` with its strings and comments blanked, each character where it was."""
    return _LITERAL.sub(_blanked, text)


def _blanked(match: re.Match[str]) -> str:
    inside = len(match[0]) - 2
    return match[0][0] + _BLANK * inside + match[0][-1] if inside > 0 else match[0]


def is_prose(text: str) -> bool:
    """Whether there are words in a row in it as people write them, and no program."""
    text = text[:_LONGEST_PROSE]
    # Two words that are none of a language's own stand side by side in no program.
    if any(
        not (pair[1].lower() in _KEYWORDS or pair[2].lower() in _KEYWORDS)
        for run in _WORDS.finditer(text)
        for pair in _PAIR.finditer(run[0])
    ):
        return True
    return not text.isascii() and _OTHER_SCRIPT.search(_ASSIGNED.sub("", text)) is not None


def judgement(rule: str, score: int, text: str, start: int, end: int | None = None) -> Judgement:
    """A judgement on `text[start:end]`, whose evidence is the start of that."""
    stop = start + 120 if end is None else min(end, start + 120)
    return Judgement(rule, min(score, 10), text[start:stop])


def judged(
    needle: Needle, rule: str, score: int, text: str, among: frozenset[str]
) -> Judgement | None:
    """A judgement on the first match of `needle`; a trace where a person mentions it."""
    match = needle.search(text, among)
    if not match:
        return None
    if site(text, match.start(), match.end()) == "prose":
        score = 4
    return judgement(rule, score, text, match.start())


def strongest(found: Iterable[Judgement | None]) -> Judgement | None:
    """The one with the highest score; the first of several."""
    best: Judgement | None = None
    for each in found:
        if each is not None and (best is None or best.score < each.score):
            best = each
    return best
