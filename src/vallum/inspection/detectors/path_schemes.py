"""Addresses where the name of a local file is expected: wrappers, and files of other hosts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.path_files import flattened, sensitive
from vallum.inspection.model import Context, Judgement

_WRAPPER = re.compile(
    r"(?:\A|[=\"'(\s@;,]|url:)((?:php://\s?(?:filter|input|memory|temp|fd|std\w+|output|\Z)|"
    r"(?:phar|zip|rar|zlib|compress\.\w{1,10}|ogg|expect|glob|ssh2(?:\.\w{1,10})?|netdoc|local_file)"
    r"://?|data://|data:text/plain|file:(?:/(?!\\\.\w)/{0,2}|\\(?!\.\w)|[a-z]:)|dict://|gopher://|tftp://|classpath:|"
    r"view-source:(?:file|https?)|jar:(?:file|https?|ftp):)[^\s\"'<>]{0,100})"
)
# Scripts, scratch files and files of text to a program of images, which reads by such prefixes.
_CODER = re.compile(
    r"(?:\A|[=\"'(\s@;,])((?:vid:)?(?:msl|mvg|msvg|ephemeral):(?:@?(?:/|\\|\.{1,2}[/\\]|~/|[a-z]:[/\\])|"
    r"[\w*-]{1,80}\.(?:msl|mvg|svg|jpe?g|png|gif|txt|xml)\b)[^\s\"'<>]{0,100}|"
    r"(?:vid:msl|(?:label|caption|pango|text):@(?=/|\\|\.{1,2}[/\\]|~/|[a-z]:[/\\])):?[^\s\"'<>]{1,100})"
)
_TOLD = re.compile(r"\w[:,.]?\s{1,4}\Z")
# Lenient clients need no slashes, and none of them a scheme where the page has one.
_REMOTE = re.compile(
    r"(?:(?:https?|ftps?):/{0,3}|//)([^\s/?#]{1,255})(?:/([^\s?#]{0,1000}))?([?#]\S*)?\Z"
)
_ADDRESS = re.compile(
    r"(?:\S*@)?(?:\d{1,3}(?:\.\d{1,3}){3}|\d{8,10}|0x[0-9a-f]{8}|\[?[0-9a-f]{0,4}:[0-9a-f:.]{2,}\]?)(?::\d+)?\Z"
)
_SCRIPT = re.compile(
    r"\.(?:php\d?|phtml|inc|asp|aspx|jsp|jspx|cgi|pl|sh|py|exe|dat)(?:\x00|%00|;|\Z)"
)
_TEXT = re.compile(r"\.(?:txt|gif|jpg|png)(?:\x00|%00|\Z)")
_ENDING = re.compile(r"[?&]?#\.\w{2,5}")
"""A fragment that is the ending the page puts behind a name: `#.jpg`."""
_BARE = re.compile(r"(?:file|https?|ftps?)(?:://\S*\?|\?+)#?\Z")
_BASES: Final = re.compile(
    r"(?<![a-z])(?:path|dir|directory|folder|include|inc|require|lang|language|locale|tpl|skin|"
    r"layout)(?![a-z])"
)
"""Words in names of parameters that say where one's own files are. Programs put a name behind it,
`$base . "/lib/x.php"`, so that a host alone is enough for whoever sends an address instead."""
_LINKS: Final = frozenset(
    [
        "url",
        "uri",
        "link",
        "href",
        "callback",
        "webhook",
        "homepage",
        "website",
        "site",
        "redirect",
        "next",
        "return",
        "referer",
        "referrer",
        "origin",
        "target",
        "endpoint",
        "host",
        "server",
    ]
)
_GIVEN: Final = ("expect://", "phar://", "zip://", "ssh2", "rar://")
_RISKY: Final = ("phar", "php", "expect", "data", "zip", "jar", "gopher", "dict", "file", "netdoc")


def inclusion(text: str, expected: bool, words: int, context: Context) -> Iterator[Judgement]:
    """The judgements on `text` as the address of a file to include."""
    for match in _WRAPPER.finditer(text):
        first = match.start(1) == 0
        score = 8 if first and match[1].startswith(_RISKY) else 7
        # What these are given may have blanks: a command, an entry, names of filters.
        taken = first and (match[1].startswith(_GIVEN) or "resource=" in text)
        # `Screenshot: file:///C:/Users/me/a.png`
        start = match.start(1)
        told = words > 0 and _TOLD.search(text, max(0, start - 8), start) is not None
        told = told and match[1].startswith("file:") and not sensitive(flattened(match[1]))
        if (words >= 3 or told) and not taken:
            score = 4
        yield Judgement("path.wrapper", score, match[1][:120])
    coder = _CODER.search(text)
    if coder is not None:
        yield Judgement("path.wrapper", 4 if words >= 3 else 7, coder[1][:120])
    if words == 0:
        yield from _remote(text, expected, context)


def _remote(text: str, expected: bool, context: Context) -> Iterator[Judgement]:
    words = re.split(r"[^a-z]+", context.name)
    link = not _LINKS.isdisjoint(words) or context.location == "header"
    match = _REMOTE.match(text)
    if _BARE.match(text):
        # Builders of links leave a `?` behind where there is nothing to ask.
        honest = match is not None and (link or (context.location == "body" and not expected))
        yield Judgement("path.remote", 4 if honest else 5, text[:120])
    if match is None:
        return
    host, path, query = match[1], match[2] or "", match[3] or ""
    address = _ADDRESS.match(host) is not None
    script = _SCRIPT.search(path) is not None
    shown = _TEXT.search(path) is not None
    if address and script:
        score = 7
    elif script and text.startswith("ftp"):
        score = 6
    elif (script or shown) and (expected or query in ("?", "?#", "#") or _ENDING.fullmatch(query)):
        score = 7 if not link or query == "?" else 4
    elif address and not link:
        score = 5 if expected or text.startswith("ftp") else 4
    elif not link and not path and _BASES.search(context.name):
        score = 5 if context.location != "body" else 4
    else:
        score = 4 if script and not link else 3 if address else 0
    if score:
        yield Judgement("path.remote", score, text[:120])
