"""What is shell syntax wherever it stands: expansions, functions, sockets, wildcards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.shell_words import known
from vallum.inspection.model import Judgement

_SHELL: Final = r"(?:ba|da|z|k|c|tc|a)?sh\b"
_MARKS: Final[tuple[tuple[str, int, re.Pattern[str]], ...]] = tuple(
    (rule, score, re.compile(pattern, re.IGNORECASE))
    for rule, score, pattern in (
        ("shell.expansion", 9, r"\$\{?IFS\b|\{IFS\}"),
        ("shell.expansion", 8, r"\$\{!?\w+:\s?-?\d+(?::-?\d+)?\}"),
        (
            "shell.expansion",
            6,
            r"\$\{!?\w+(?:[#%]{1,2}[^}\s]|//?[^}\s]|\^\^?|,,?|@[a-z])[^}\n]{0,40}\}",
        ),
        ("shell.expansion", 6, r"\$\{!\w+[@*}]"),
        ("shell.expansion", 8, r"\$'[^'\n]{0,80}\\(?:x[0-9a-f]{2}|[0-3]?[0-7]{2}|u[0-9a-f]{4})"),
        ("shell.expansion", 6, r"\$\(\(\s*-?\d+\s*[-+*/%]\s*\d+\s*\)\)"),
        ("shell.expansion", 6, r"\$\[\s*-?\d+\s*[-+*/%]\s*\d+\s*\]"),
        ("shell.expansion", 5, r"\A\s*~[+-]\d?\s*\Z|\A\s*!-\d(?:!-\d)*\s*\Z"),
        ("shell.expansion", 8, r"%[a-z_()]{2,30}:~-?\d+(?:,-?\d+)?%"),
        ("shell.network", 9, r"/dev/(?:tcp|udp)/[^\s/]+/\S"),
        ("shell.network", 7, r"/dev/(?:tcp|udp)\b"),
        ("shell.network", 9, rf"\b{_SHELL}[ \t]+-i\b[ \t]*(?:\d?[<>&|]|\d>)"),
        (
            "shell.network",
            9,
            r"\b(?:nc|ncat|netcat)\b(?:\.\w+)?[^;|\n]{0,60}\s-{1,2}(?:\w{0,6}e|c|exec|sh-exec)\s+\S",
        ),
        ("shell.network", 8, r"\bmkfifo\s+\S+\s*[;&|]|\bmknod\s+\S+\s+p\b"),
        ("shell.network", 9, r"\bsocat\b[^;|\n]{0,80}\b(?:exec|system):"),
        (
            "shell.network",
            8,
            (
                r"\b(?:python[\d.]{0,4}|perl|ruby|php|lua|node)\s+-\w{0,4}[cer]\w{0,4}\s*['\"][^\n]{0,120}"
                r"(?:socket|os\.|exec|system|spawn|popen|fsockopen|TCPSocket)"
            ),
        ),
        (
            "shell.pipe",
            8,
            rf"\bbase(?:32|64)\s+(?:-d|-D|--decode)\b[^|\n]{{0,40}}\|\s*(?:sudo\s+)?{_SHELL}",
        ),
        (
            "shell.pipe",
            7,
            rf"\b(?:curl|wget|fetch)\s[^|\n]{{1,160}}\|\s*(?:sudo\s+)?(?:-?{_SHELL}|python|perl|php)",
        ),
        ("shell.function", 9, r"(?:\A|[\s\"':=])\(\)\s?\{\s?(?::|_|[a-z]*\s?;)\s?;?\s?\}?"),
        ("shell.function", 8, r"\A\s*\(\)\s?\{"),
        (
            "shell.function",
            9,
            r"<!--\s?#\s?(?:exec|include|config|printenv)\s*(?:cmd|cgi|file|virtual|-->|\w)",
        ),
        (
            "shell.command",
            6,
            r"[;&|\n]\s*trap\s+['\"]|(?:\A|[;&|\n])\s*alias\s+(?:[-+][\w+]{1,4}\s+)?['\"]?[\w.-]{1,30}['\"]?\s?=",
        ),
    )
)
_FORK = re.compile(r"([^\s;|&(){}<>'\"]{1,20})\(\)\s?\{([^{}]{1,60})\}\s?;?\s?([^\s;|&(){}]{1,20})")
_BRACES = re.compile(r"([\w$]{0,8})\{([^{}\s:\"]{0,100},[^{}\s]{0,100})\}(\w{0,8})")
_CALL = re.compile(
    (
        r"\b(?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|execsync|spawnsync|spawn|"
        r"check_output|getoutput|subprocess\.\w+|os\.\w+|eval)\s?\(\s?\[?[\"'`]+\s?([^\s\"'`;|&)]+)"
    ),
    re.IGNORECASE,
)
_GLOB = re.compile(r"(?<![\w*?\]./])/(?:[^\s/;|&\"'<>()\[\]]|/|\[[^\s\]]{1,40}\]){1,80}")
_SINGLE = re.compile(r"/(?:[a-z]{0,12}\[!?([a-z])?/*\][a-z]|[a-z]?\[[a-z]?/+\])", re.IGNORECASE)
_WELL_KNOWN: Final = tuple(
    path.split("/")[1:]
    for path in (
        "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/hosts", "/etc/issue", "/etc/hostname",
        "/bin/cat", "/bin/ls", "/bin/sh", "/bin/id", "/bin/nc", "/bin/ps", "/bin/bash", "/bin/ping",
        "/bin/uname", "/bin/more", "/bin/less", "/bin/tac", "/bin/rm", "/bin/cp", "/bin/mv",
        "/bin/dd", "/bin/od", "/bin/nl", "/bin/dash", "/bin/base64", "/bin/netcat", "/bin/sleep",
        "/bin/head", "/bin/tail", "/bin/grep", "/bin/echo", "/bin/chmod", "/usr/bin/id",
        "/usr/bin/cat", "/usr/bin/curl", "/usr/bin/wget", "/usr/bin/whoami", "/usr/bin/nc",
        "/usr/bin/ls", "/usr/bin/head", "/usr/bin/tail", "/usr/bin/tac", "/usr/bin/xxd",
        "/usr/bin/perl", "/usr/bin/python3", "/usr/bin/base64", "/usr/bin/find", "/usr/bin/env",
        "/sbin/ifconfig", "/usr/bin/uname", "/usr/bin/sort", "/usr/bin/nslookup", "/usr/bin/dig",
    )
)  # fmt: skip
_MOST_GLOBS: Final = 24


def marks(text: str) -> Iterator[tuple[Judgement, int]]:
    """The judgements on syntax that needs no surroundings, with where it stands."""
    for rule, score, pattern in _MARKS:
        match = pattern.search(text)
        if match is not None:
            yield Judgement(rule, score, match[0][:120]), match.start()
    yield from _functions(text)
    yield from _braces(text)
    yield from _globs(text)


def _functions(text: str) -> Iterator[tuple[Judgement, int]]:
    """Functions that call themselves, and calls of a language that start a command."""
    if "(" not in text:
        return
    for match in _FORK.finditer(text):
        name, body, call = match.groups()
        if call == name and name in body and ("|" in body or "&" in body):
            yield Judgement("shell.function", 9, match[0][:120]), match.start()
    for match in _CALL.finditer(text):
        if known(match[1]) is not None:
            yield Judgement("shell.call", 8, match[0][:120]), match.start()


def _braces(text: str) -> Iterator[tuple[Judgement, int]]:
    """`{cat,/etc/passwd}`: a list in braces that expands to a command and its arguments."""
    if "{" not in text:
        return
    for match in _BRACES.finditer(text):
        prefix, inside, suffix = match.groups()
        if "=" in inside or prefix.isdigit() or '":' in inside:
            continue
        words = [word for word in inside.split(",") if word]
        found = known(prefix + words[0] + suffix) if words else None
        if found is None or found[0].isdigit():
            continue
        argued = any(word[0] in "-/~.$" or "/" in word or "." in word for word in words[1:])
        empty = inside[0] == "," or inside[-1] == ","
        if argued or empty or words[0][0] in "\"'$\\":
            yield Judgement("shell.expansion", 8, match[0][:120]), match.start()


def _globs(text: str) -> Iterator[tuple[Judgement, int]]:
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
            yield Judgement("shell.glob", 6, path[:120]), match.start()
        elif _names_known(path):
            yield Judgement("shell.glob", 7, path[:120]), match.start()


def _names_known(path: str) -> bool:
    parts = [part for part in path.split("/") if part]
    literal = sum(letter.isalpha() for letter in path)
    if "?" not in path and literal < 2 * len(parts):
        return False
    return any(len(parts) == len(each) and all(map(_globbed, parts, each)) for each in _WELL_KNOWN)


def _globbed(pattern: str, name: str) -> bool:
    """Whether a wildcard pattern of one path segment matches `name`; `[...]` matches any one."""
    pattern = re.sub(r"\[[^\]]*\]", "?", pattern)
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
