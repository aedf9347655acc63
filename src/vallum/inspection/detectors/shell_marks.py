"""What is shell syntax wherever it stands: expansions, functions, sockets, wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from vallum.inspection.detectors.shell_commands import NUMBERED, WEIGHTS
from vallum.inspection.detectors.shell_pattern import mark, seen
from vallum.inspection.detectors.shell_words import known
from vallum.inspection.model import Judgement

_SHELL: Final = r"(?:ba|da|z|k|c|tc|a)?sh\b"


_EX, _NET, _FUN = "shell.expansion", "shell.network", "shell.function"
_MARKS: Final = (
    mark(_EX, 9, "ifs", r"\$\{?ifs\b|\{ifs\}"),
    mark(_EX, 8, "${", r"\$\{!?\w{1,40}:\s?-?\d{1,6}(?::-?\d{1,6})?\}"),
    mark(
        _EX,
        6,
        "${",
        r"\$\{!?\w{1,40}(?:[#%]{1,2}[^}\s]|//?[^}\s]|\^\^?|,,?|@[a-z])[^}\n]{0,40}\}",
    ),
    mark(_EX, 6, "${!", r"\$\{!\w{1,40}[@*}]"),
    mark(_EX, 8, "$'", r"\$'[^'\n]{0,80}\\(?:x[0-9a-f]{2}|[0-3]?[0-7]{2}|u[0-9a-f]{4})"),
    # What a program of CGI answers with, and what it does then
    mark(
        "shell.command",
        7,
        "content-",
        r"\becho\s{1,9}[\"']?content-type:[^;|&\n]{0,80}[;|&\n]\s{0,9}[\"';]{0,3}\s{0,9}echo\b",
    ),
    # The quote around an address that a program fetches is left: url("a"|id), url('a';id)
    mark(
        _FUN,
        7,
        "url(",
        r"\burl\(\s?[\"']?https?://[^\"'()\s]{0,80}[\"']\s?[|;&`]{1,2}\s?\w",
    ),
    mark(_EX, 6, "$((", r"\$\(\(\s{0,9}-?\d{1,9}\s{0,9}[-+*/%]\s{0,9}\d{1,9}\s{0,9}\)\)"),
    mark(_EX, 6, "$[", r"\$\[\s{0,9}-?\d{1,9}\s{0,9}[-+*/%]\s{0,9}\d{1,9}\s{0,9}\]"),
    mark(_EX, 5, "~+ ~- !-", r"\A\s{0,9}(?:~[+-]\d?|!-\d(?:!-\d){0,9})\s{0,9}\Z"),
    mark("shell.windows", 8, ":~", r"%[a-z_()]{2,30}:~-?\d{1,6}(?:,-?\d{1,6})?%"),
    mark(_NET, 9, "/dev/tcp/ /dev/udp/", r"/dev/(?:tcp|udp)/[^\s/]{1,255}/\S"),
    mark(_NET, 7, "/dev/tcp /dev/udp", r"/dev/(?:tcp|udp)\b"),
    mark(_NET, 9, "-i", rf"\b{_SHELL}[ \t]{{1,9}}-i\b[ \t]{{0,9}}(?:\d?[<>&|]|\d>)"),
    mark(
        _NET,
        9,
        "-e -c --exec --sh-exec",
        r"\b(?:nc|ncat|netcat)\b(?:\.\w{1,5})?[^;|\n]{0,60}\s-{1,2}(?:\w{0,6}e|c|exec|sh-exec)\s{1,9}\S",
    ),
    mark(_NET, 8, "mkfifo", r"\bmkfifo\s{1,9}[^\s;&|]{1,80}\s{0,9}[;&|]"),
    mark(_NET, 8, "mknod", r"\bmknod\s{1,9}\S{1,80}\s{1,9}p\b"),
    mark(_NET, 9, "socat", r"\bsocat\b[^;|\n]{0,80}\b(?:exec|system):"),
    mark(_FUN, 9, "()", r"(?:\A|[\s\"':=])\(\)\s?\{\s?(?::|_|[a-z]{0,20}\s?;)\s?;?\s?\}?"),
    mark(_FUN, 8, "()", r"\A\s{0,9}\(\)\s?\{"),
    mark(
        _FUN,
        9,
        "<!--",
        r"<!--\s?#\s?(?:exec|include|config|printenv)\s{0,9}(?:cmd|cgi|file|virtual|-->|\w)",
    ),
    mark(
        "shell.command",
        7,
        "done",
        r"[;|&]\s?(?:while|until|for)\s[^;\n]{1,80};\s?do\s[^\n]{1,200}?;\s?done\b",
    ),
    mark("shell.command", 7, "then", r"[;|&]\s?if\s[^;\n]{1,80};\s?then\s[^\n]{1,200}?;\s?fi\b"),
    mark("shell.command", 7, "esac", r"[;|&]\s?case\s[^;\n]{1,60}\sin\s[^\n]{1,200}?;;\s?esac\b"),
    mark(
        "shell.command",
        6,
        "trap",
        r"[;&|\n]\s{0,8}trap\s{1,8}\S{1,60}\s{1,8}(?:exit|err|debug|int|term|hup|return|\d{1,2})\b",
    ),
    mark("shell.command", 7, "expr", r"[;|&`(\n]\s{0,3}expr\s{1,3}\d{1,20}\s{0,3}[-+*/%\\]"),
    mark(_EX, 6, "ifs=", r"(?:\A|[;&|\n]\s?)ifs=\S"),
    mark("shell.command", 8, ".", r"[;|&`(\n]\s{0,3}\.\s{1,3}(?:~|\.{1,2})?/\w"),
    mark("shell.command", 7, "$", r"[;|&]\s{0,3}(?:\$\{?[a-z_]\w{0,30}\}?){2,8}(?:[\s;|&]|\Z)"),
    mark("shell.command", 6, "trap", r"[;&|\n]\s{0,8}trap\s{1,8}['\"]"),
    mark("shell.command", 7, "for", r"[;&|\n]\s?for\s?\(\([^()]{0,40}\)\)\s?;?\s?do\s"),
    # $(<file) and `<file`: what stands in a file, without a command.
    mark("shell.substitution", 7, "$(", r"\$\(\s?<\s?[\w./~-]{1,80}\s?\)"),
    mark("shell.substitution", 7, "`", r"`\s?<\s?[\w./~-]{1,80}\s?`"),
    # ;${x:-id}: a variable without a value, or else
    mark(_EX, 6, "${", r"[;|&`]\s?\$\{\w{1,30}:?[-=+][a-z./]"),
    mark(
        "shell.command",
        6,
        "alias",
        r"\balias\s{1,8}(?:[-+][\w+]{1,4}\s{1,4})?['\"]?[\w.-]{1,30}['\"]?\s?=",
    ),
    # Behind a value: what ssh, tar and git run.
    mark(
        "shell.option",
        6,
        "-oproxycommand= --checkpoint-action=exec --to-command= -pack=",
        r"[\s\"'](?:-oproxycommand=|--checkpoint-action=exec|--to-command=|"
        r"--(?:upload|receive)-pack=)\S",
    ),
)
_INLINE = re.compile(r"\b(?:python[\d.]{0,4}|perl|ruby|php|lua|node)\s-\w{0,4}[cer]\w{0,4}\s?['\"]")
_STARTS = re.compile(r"socket|os\.|exec|system|spawn|popen|fsockopen|\b(?:eval|require|import)\b")
_PIPED = re.compile(rf"\|\s{{0,4}}(?:sudo\s)?(?:-?{_SHELL}|python|perl|php)")
_SOURCE = re.compile(
    r"\b(?:curl|wget|fetch)\s|\bbase(?:32|64)\s{1,4}(?:-d|--decode)\b|\b(?:xxd|rev)\b"
)
_FORK = re.compile(r"([^\s;|&(){}<>'\"]{1,20})\(\)\s?\{([^{}]{1,60})\}\s?;?\s?([^\s;|&(){}]{1,20})")
# ;f(){ id;};f
_DEFINED = re.compile(
    r"[;&|]\s?(?:(?:function\s)?\w{1,20}\(\)|function\s\w{1,20})\s?\{\s([^\s;|&{}]{2,30})[^{}]{0,80};\s?\}\s?;\s?\w"
)
_BRACES = re.compile(r"\{([^{},\s:\"]{0,60},[^{}\s]{0,100})\}(\w{0,8})")
_PREFIX = re.compile(r"[\w$]{0,8}\Z")
_CALL = re.compile(
    r"\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|execsync|spawnsync|spawn|"
    r"check_output|getoutput|subprocess\.\w+|os\.\w+|eval)\s?\(\s?\[?[\"'`]+\s?([^\s\"'`;|&)]+)"
)
_GLOB = re.compile(r"(?<![\w*?\]./])/(?:[^\s/;|&\"'<>()\[\]]|/|\[[^\s\]]{1,40}\]){1,80}")
_SINGLE = re.compile(r"/(?:[a-z]{0,12}\[!?([a-z])?/*\][a-z]|[a-z]?\[[a-z]?/+\])")
_WELL_KNOWN: Final = tuple(
    path.split("/")[1:]
    for path in (
        "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/issue", "/etc/hostname",
        "/bin/cat", "/bin/ls", "/bin/sh", "/bin/id", "/bin/nc", "/bin/ps", "/bin/bash", "/bin/ping",
        "/bin/uname", "/bin/more", "/bin/less", "/bin/tac", "/bin/rm", "/bin/cp", "/bin/mv",
        "/bin/dd", "/bin/od", "/bin/nl", "/bin/dash", "/bin/base64", "/bin/netcat", "/bin/sleep",
        "/bin/head", "/bin/tail", "/bin/grep", "/bin/echo", "/bin/chmod", "/usr/bin/id",
        "/usr/bin/cat", "/usr/bin/bash", "/usr/bin/sh",
        "/usr/bin/curl", "/usr/bin/wget", "/usr/bin/whoami", "/usr/bin/nc",
        "/usr/bin/ls", "/usr/bin/head", "/usr/bin/tail", "/usr/bin/tac", "/usr/bin/xxd",
        "/usr/bin/perl", "/usr/bin/python3", "/usr/bin/base64", "/usr/bin/find", "/usr/bin/env",
        "/sbin/ifconfig", "/usr/bin/uname", "/usr/bin/sort", "/usr/bin/nslookup", "/usr/bin/dig",
    )
)  # fmt: skip
_OF_DEPTH: Final = {
    depth: [each for each in _WELL_KNOWN if len(each) == depth]
    for depth in {len(each) for each in _WELL_KNOWN}
}
_FOLDERS: Final = frozenset(each[0] for each in _WELL_KNOWN)
_WILD: Final = frozenset("?*[")
_ANY_OF = re.compile(r"\[[^\]]*\]")
_MOST_GLOBS: Final = 24
_MOST_PIPES: Final = 32


def marks(text: str) -> Iterator[Judgement]:
    """The judgements on syntax that needs no surroundings, in a text in lower case."""
    for each, match in seen(_MARKS, text):
        if each.rule != "shell.command" or _leads(text, match.start()):
            yield Judgement(each.rule, each.score, match[0][:120])
    yield from _interpreted(text)
    yield from _functions(text)
    yield from _braces(text)
    yield from _globs(text)


def _leads(text: str, at: int) -> bool:
    """Whether a shell would take the word at `at` for a command."""
    before = text[max(0, at - 12) : at].rstrip(" \t")
    inside = text[at] == "`" or text[max(0, at - 1) : at + 1] in ("$(", "<(", ">(")
    return inside or not before or before[-1] in ";&|\n" or text[at] in ";&|\n"


def _interpreted(text: str) -> Iterator[Judgement]:
    """Programs that are given to an interpreter on its command line or through a pipe."""
    inline = _INLINE.search(text) if "-" in text else None
    if inline is not None and _STARTS.search(text, inline.end()):
        yield Judgement("shell.network", 8, text[inline.start() :][:120])
    if "|" not in text:
        return
    for match in islice(_PIPED.finditer(text), _MOST_PIPES):
        before = text[max(0, match.start() - 160) : match.start()]
        if _SOURCE.search(before):
            yield Judgement("shell.pipe", 8, (before + match[0])[-120:])
            return


def _functions(text: str) -> Iterator[Judgement]:
    """Functions that call themselves, and calls of a language that start a command."""
    for match in _DEFINED.finditer(text) if "{ " in text else ():
        if known(match[1]) is not None:
            yield Judgement("shell.function", 7, match[0][:120])
    if "(" not in text:
        return
    for match in _FORK.finditer(text) if "()" in text else ():
        name, body, call = match.groups()
        if call == name and name in body and ("|" in body or "&" in body):
            yield Judgement("shell.function", 9, match[0][:120])
    for match in _CALL.finditer(text):
        if known(match[1]) is not None:
            yield Judgement("shell.call", 8, match[0][:120])


def _braces(text: str) -> Iterator[Judgement]:
    """`{cat,/etc/passwd}`: a list in braces that expands to a command and its arguments."""
    if "{" not in text or "," not in text:
        return
    for match in _BRACES.finditer(text):
        inside, suffix = match.groups()
        if "=" in inside or '":' in inside:
            continue
        at = match.start()
        joined = _PREFIX.search(text[max(0, at - 8) : at])
        prefix = joined[0] if joined else ""
        words = [word for word in inside.split(",") if word]
        word = prefix + words[0] + suffix if words else ""
        found = known(word) if word in WEIGHTS or not word.isalpha() else None
        if found is None or found[0].isdigit():
            continue
        argued = any(word[0] in "-/~.$" or "/" in word or "." in word for word in words[1:])
        empty = inside[0] == "," or inside[-1] == ","
        placed = text[max(0, at - 4) : at].rstrip()[-1:] in (";", "|", "&", "`")
        placed = placed or (found[0] in NUMBERED and match.span() == (0, len(text)))
        if argued or empty or placed or words[0][0] in "\"'$\\":
            yield Judgement("shell.expansion", 8, match[0][:120])


def _globs(text: str) -> Iterator[Judgement]:
    """`/???/c?t`: wildcards that name a well-known file and nothing that people write."""
    if "/" not in text or not ("?" in text or "*" in text or "[" in text):
        return
    left = _MOST_GLOBS
    for match in _GLOB.finditer(text):
        path = match[0]
        if not ("?" in path or "*" in path or "[" in path):
            continue
        left -= 1
        if left < 0:
            return
        if _SINGLE.search(path):
            yield Judgement("shell.glob", 6, path[:120])
        elif _names_known(path):
            yield Judgement("shell.glob", 7, path[:120])


def _names_known(path: str) -> bool:
    parts = [part for part in path.split("/") if part]
    # The first part of most paths is a folder that nobody knows, or a host.
    if not parts or (_WILD.isdisjoint(parts[0]) and parts[0] not in _FOLDERS):
        return False
    literal = sum(letter.isalpha() for letter in path)
    if "?" not in path and literal < 2 * len(parts):
        return False
    patterns = [_without_brackets(part) for part in parts]
    return any(all(map(_globbed, patterns, each)) for each in _OF_DEPTH.get(len(parts), ()))


def _without_brackets(part: str) -> str:
    """`part` of a path with every `[…]` as what it stands for: one letter."""
    # Behind the last end none ends: each would be looked for to the end of the text.
    closed, end, rest = part.rpartition("]")
    return _ANY_OF.sub("?", closed + end) + rest


def _globbed(pattern: str, name: str) -> bool:
    """Whether a wildcard pattern of one path segment, without brackets, matches `name`."""
    at = star = -1
    index = position = 0
    while position < len(name):
        if index < len(pattern) and pattern[index] in ("?", name[position]):
            index += 1
            position += 1
        elif index < len(pattern) and pattern[index] == "*":
            star, at = index, position
            index += 1
        elif star >= 0:
            at += 1
            index, position = star + 1, at
        else:
            return False
    return pattern[index:].strip("*") == ""
