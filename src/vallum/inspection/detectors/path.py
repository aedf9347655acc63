"""Path traversal and file inclusion (B-118's file names aside: B-120).

A text is read as paths, parted by white space, quotes and the like. What counts is how a path
climbs, where it leads, and whether the text is nothing but a path; people write of files too, and
link to `../images/a.png`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.inspection.detectors.path_files import (
    MARKS,
    flattened,
    private,
    sensitive,
    system_file,
)
from vallum.inspection.detectors.path_schemes import inclusion
from vallum.inspection.detectors.path_triggers import TRIGGERS
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "path.climb": "a path that climbs out of its folder: ../, ..\\, ..;/, ....//",
    "path.system": "an absolute path to a file of the system or of another user",
    "path.private": "a file that applications keep to themselves: .env, .git/, web.config",
    "path.windows": "a drive, a share, a device or an alternate data stream of Windows",
    "path.null": "a null byte in the name of a file",
    "path.wrapper": "a scheme that reads files or runs code: php://, phar://, file:, jar:",
    "path.remote": "the address of a remote file where a local one is expected",
    "path.upload": "a file name that a server may take for a script",
}
"""Rule id → what it means, for an operator."""

_FILE_NAMES: Final = re.compile(
    r"(?<![a-z])(?:file|filename|filepath|path|dir|directory|folder|template|tpl|include|inc|require|"
    r"doc|document|page|pg|view|load|read|download|module|mod|lang|locale|language|conf|config|log|"
    r"root|layout|style|theme|skin|content|src|source|attachment|upload|pdf|img|image|show|cat)"
    r"(?![a-z])|(?:file|filename|path|template|folder)\Z"
)
_PIECE = re.compile(r"[^\s\"'<>|,`]+")
_STEP = re.compile(
    r"(?<![\w.])\.{2,4}(?:[;\x00][^/\\]{0,20})?[/\\]+|(?<![\w.])\.[\\+]\.[/\\;]|\.;\.?[/\\]?"
)
_LAST = re.compile(r"[/\\]\.\.(?:\x00|;|\Z)")
_ODD_STEP = re.compile(
    r"(?<!\.)\.\.\.+[/\\]|\.\.[;\x00]|\.\.//|\.\.\\\\|\./\.\\|\.[\\+]\.[/\\;]|\.;\.|\.\x00|\.\./?\\|\\\./|\.//\.|"
    r"(?:/\.){3}|/\.//|//\.\.|\.%(?:00|01|2e)"
)
_CODED_STEP = re.compile(
    r"(?:\.|0x2e|%2e|%c0%ae)(?:\.|x?0?x2e|%2e|%00|%c0%ae)(?:0x2f|0x5c|%2f|%5c|%c0%af|x?0?x2e)|"
    r"0x2e0x2e|0x(?:5c|2f)(?:\.\.?|0x2e)|0x2e\.?(?:\x00|%00)?/?0x2f|0x2e\.\x00"
)
_DOTS = re.compile(
    r"(?:\A|[/\\])(?:\.{3,}|\.\.)(?=[^\s./\\])|\.\.\{|(?<!\.)\.{6,}(?=[a-z{/])|(?:\./){6}|(?:/\.){6}"
)
_ELLIPSIS = re.compile(r"\.{3,5}(?!\.)[^/\\{]*\Z")
"""`...And justice for all`, with its blanks coded or none."""
_LINK = re.compile(r"\.{1,2}/[\w./#@-]*\Z")
_PAGES: Final = frozenset(
    {"", "png", "jpg", "jpeg", "gif", "svg", "webp", "md", "rst", "txt", "htm", "html", "css"}
    | {"scss", "less", "js", "mjs", "jsx", "ts", "tsx", "vue", "json", "pdf", "py", "rs", "go"}
    | {"java", "c", "h", "cpp", "rb", "ipynb", "yaml", "yml", "toml"}
)
"""Endings of what documents and programs refer to."""
_DRIVE = re.compile(r"[a-z]:(?:[/\\]|\Z)")
_FAKE = re.compile(r"c:\\fakepath\\")
_SHARE = re.compile(
    r"\\\\([\w.-]{1,255}(?:@(?:ssl|\d{1,5})){0,2}|\?|\.)\\[\w.$?-]|//(\d{1,3}(?:\.\d{1,3}){3})/\w"
)
# Every Windows has these; a share that is only hidden ends with the same mark.
_ADMINISTRATIVE = re.compile(r"\\(?:[a-z]|admin|ipc|print|fax|sysvol|netlogon)\$|\$(?!\\|\Z)")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d) {0,4}(?:[.:][\w.]{0,20})?\Z|\\\\\.\\\w")
_STREAM = re.compile(r":(?::\$(?:data|index_allocation)|\$(?:i30|attribute_list))")
_NULL = re.compile(r"[\w/.\\-]\x00(?:\.?\w{1,5}\Z|[/.\\]|\Z)")
_SCRIPT = re.compile(
    r"\.(?:php\d?|phtml|phar|asp|aspx|jsp|jspx|cgi|exe)(?:\.+|;\.?\w{0,5}|/|\s+)\Z"
)
# Two endings of which a server goes by the first, and what is dropped from the end of a name.
_RUN: Final = r"(?:php\d?|phtml|phar|asp|aspx|jsp|jspx|cgi)"
_SHOWN: Final = r"(?:jpe?g|png|gif|svg|webp|bmp|ico)"
_DISGUISED = re.compile(
    rf"\.{_RUN}(?:\.{_SHOWN}|;\w{{0,8}}\.\w{{1,5}}|:\.\w{{1,5}}|/\.)\Z|\.{_SHOWN}\.{_RUN}\Z|\A[\w-]{{1,80}}\.{_RUN}\.{{2,8}}\Z"
)
_TRAILING = re.compile(rf"\S{{1,200}}\.{_RUN}\s{{1,8}}", re.IGNORECASE)
_CASED = re.compile(r"\.(?!php|PHP)[pP][hH][pP]\d?\Z")
_NATIVE = re.compile(r"\\\?\?\\[a-z]|\\\\[?.]\\globalroot")
_OUTSIDE = re.compile(r"[.@]")
_HOME = re.compile(r"~root/?\Z")
_LOG = re.compile(r"var/log/")
_PLACEHOLDER = re.compile(r"[/\\](?:[/\\.]+|(\w)\1*)\{file(?:name)?\}\Z")
_DEVELOPED = re.compile(r"/?@fs/[^/]")
_WRITTEN = re.compile(r"[0-9&]?>{1,2}\|?\s?/(?:tmp|var|dev(?!/null)|etc|home|root|usr|srv|opt)/\S+")
# Where a program stood: `/srv/a.php(12)`, `/srv/a.js:3:14`. No file is called so.
_SOURCE_LINE = re.compile(
    r"\.(?:php|phtml|inc|[cm]?[jt]sx?|py|rb|java|go|rs|pl|sh|c|cc|cpp|h|conf|cfg|ini|ya?ml|toml|xml)(?:\(\d{1,6}\)|:\d{1,6}(?::\d{1,6})?)[\])]{0,2}[:,.;]?\Z"
)
# From the root, without the slash that a program puts before it.
_ROOTLESS = re.compile(
    r"etc/+(?:passwd|shadow)\b|proc/+(?:self|\d{1,7})/+(?:environ|cmdline|maps|mem|fd|cwd|root)\b"
)
# Above a folder that a server shows under the name before the dots: `/static../`.
_ALIASED = re.compile(r"/[\w-]{1,60}\.\./")
_NAMED_NULL = re.compile(r"(?:\A|/)__x00__")
_WORD = re.compile(r"(?<![^\s(])[^\W\d_]{2,}[,.!?:]?(?![^\s)])")
# An escaped dot and a name, behind what begins an alternative. A bar is in no name of Windows,
# where the backslash would part a path.
_ALTERNATIVE = re.compile(r"(?:/?\(|\^|\(\?:)?/?\\\.\w{1,20}\)?/?")
_NOTABLE = re.compile(
    r"\.[./\\;\x00]|/(?:etc|proc|sys|var|root|home|users|run|dev|usr|opt|boot|tmp)/|/\.|\\\.|0x[25]|%00|"
    r"%2e|%c0|%5c|%2f|etc[/\\]?passwd|\\(?:etc|proc)\\|(?:web|meta)-inf|[a-z]:[/\\]|inetpub|winnt|system32|ntds\.|"
    r"id_(?:rsa|dsa|ecdsa|ed)|authorized_keys|known_hosts|\.(?:php|conf|cnf|ini|xml|asa|json|ya?ml|"
    r"lock|log|out|sql|tar|zip|tgz|gz|rar|7z|bak|old|orig|save|swp|inc|env|py|rb|jsp|asp)\b|_log\b"
)
"""What is looked at; the rest of a text is not read as paths."""
_REPEATED = re.compile(r"((?:\.\.[/\\]){8})(?:\.\.[/\\])+|(\.{8})\.+")
_ENDS: Final = " \t\r\n\"'<>|,`"
_LONGEST = 300
_MOST_PIECES: Final = 64
_CERTAIN: Final = 8
_TRACE: Final = 4


def judge(text: str, context: Context) -> Judgement | None:
    """The strongest judgement on the paths in `text`."""
    trailing = "url" in context.layers and _TRAILING.fullmatch(text) is not None
    # The parenthesis that ends a link of Markdown says that it is one.
    text = text.replace("\u0130", "i").strip(" \t\r\n\"'" if "](" in text else " \t\r\n\"'()")
    stripped = text.lower()  # of the same length but for that letter
    if not stripped:
        return None
    alone = " " not in stripped or not _WORD.search(stripped)
    words = 0 if alone else len(_WORD.findall(stripped))
    best: Judgement | None = None
    if alone and "://" not in text and (trailing or _CASED.search(text)):
        # With coded blanks behind it, or in letters that no file is named in.
        best = Judgement("path.upload", 5, stripped[:120])
    for each in _judgements(stripped, alone, words, context):
        if best is None or best.score < each.score:
            best = each
            if best.score >= _CERTAIN:
                break
    if best is None:
        return None
    at = stripped.find(best.evidence)
    return best._replace(evidence=text[at : at + len(best.evidence)])


def expects_file(context: Context) -> bool:
    """Whether a file, page or template is expected, by the parameter's name."""
    return _FILE_NAMES.search(context.name) is not None


def _judgements(text: str, alone: bool, words: int, context: Context) -> Iterator[Judgement]:
    expected = expects_file(context)
    if alone or words < 2:
        # No file system takes a longer name; what leads to it is judged as a path below.
        yield from _whole(text[-_LONGEST:], expected, context)
    yield from inclusion(text, expected, words, context)
    whole = _PIECE.fullmatch(text) is not None
    end = -1
    left = _MOST_PIECES
    for notable in _NOTABLE.finditer(text):
        if notable.start() < end:
            continue  # of the piece before
        before = text[max(end, 0, notable.start() - _LONGEST) : notable.start()]
        begin = max(before.rfind(mark) for mark in _ENDS) + 1
        match = _PIECE.match(text, notable.start() - len(before) + begin)
        if match is None:
            continue
        end = match.end()
        left -= 1
        if left < 0:
            return
        piece = match[0]
        if not expected and _is_alternative(text, match):
            continue
        # `filename="/var/log/a.log"` is how one searches logs.
        sought = text.endswith('="', 0, match.start()) and _LOG.search(piece) is not None
        # A parameter that chooses a file takes blanks in its name.
        chosen = match.start() == 0 and expected and context.location != "body"
        around = 0 if chosen and piece.startswith("..") else words or int(sought)
        yield from _piece(piece, whole, around, expected, context)


def _is_alternative(text: str, match: re.Match[str]) -> bool:
    """Whether a pattern has the name among others: `exclude: '\\.git|\\.venv|dist'`."""
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return "|" in beside and _ALTERNATIVE.fullmatch(match[0]) is not None


def _piece(
    piece: str, alone: bool, words: int, expected: bool, context: Context
) -> Iterator[Judgement]:
    piece = _REPEATED.sub(r"\1\2", piece) if len(piece) > _LONGEST else piece
    path = flattened(piece)
    climbs = _climb(piece, path, alone, words, expected, context)
    if climbs is not None:
        yield climbs
    system = system_file(path)
    # People search the logs of a machine, and tell what stands in them.
    log = words > 0 and not alone and _LOG.search(path) is not None and not climbs
    if system is not None:
        score = _place_score(path, system, words)
        if climbs is None and _SOURCE_LINE.search(path):
            score = min(score, _TRACE)
        yield Judgement("path.system", min(score, _TRACE) if log else score, piece[:120])
    if "/" in path and private(path):
        score = _private_score(path, words, expected)
        yield Judgement("path.private", min(score, _TRACE) if log else score, piece[:120])


def _place_score(path: str, start: int, words: int) -> int:
    """An absolute path says much when it is all there is, or what a parameter is set to."""
    if ":/" in path[:start] and "=" not in path[:start]:
        return 3  # the path of a URL, `https://host/etc/hosts`
    if start and path[start - 1] not in MARKS:
        return _TRACE
    return 8 if words == 0 else 6 if words < 3 else _TRACE


def _private_score(path: str, words: int, expected: bool) -> int:
    if words > 2:
        return 3
    if path.startswith(("http:/", "https:/")):
        return _TRACE
    return 7 if expected or path[0] in "/.~" else 6


def _climb(
    piece: str, path: str, alone: bool, words: int, expected: bool, context: Context
) -> Judgement | None:
    """How a path climbs: how often, how oddly it is spelt, and to what."""
    evidence = piece[:120]
    coded = len(_CODED_STEP.findall(piece))
    steps = len(_STEP.findall(piece)) + len(_LAST.findall(piece)) + coded
    odd = coded > 0 or _ODD_STEP.search(piece) is not None
    target = sensitive(path)
    if steps == 0:
        dotted = _DOTS.search(piece) is not None and (target or not _ELLIPSIS.match(piece))
        dotted = dotted or (target and _ALIASED.match(path) is not None)
        if alone and (dotted or (odd and "/" in piece)) and "://" not in piece:
            return Judgement("path.climb", 7 if target else 5, evidence)
        return None
    if target and (steps > 1 or alone):
        return Judgement("path.climb", 9 if alone or words < 3 else 7, evidence)
    if steps == 1 and not odd and _stays(path):
        return Judgement("path.climb", _TRACE, evidence)
    is_linked = "](" in piece and (not alone or ")" in piece.partition("](")[2])
    if (words >= 3 and not odd) or is_linked or ("://" in piece and steps < 3):
        return Judgement("path.climb", _TRACE, evidence)
    score = 5 + min(steps, 3) + odd
    if not alone:
        score = min(score - 1, 6) if steps > 1 or odd else _TRACE
    body = context.location == "body"
    if _is_link(piece):
        score = min(score, 7 if expected else 4 if steps < 3 else 5) if body else min(score, 7)
    elif body and not odd and not expected:
        score = min(score, 4 if steps < 2 else 6)
    return Judgement("path.climb", min(score, 8), evidence)


def _stays(path: str) -> bool:
    """Whether `a/../b` ends where it began: below its own first folder's parent."""
    return not path.startswith(("/", "..")) and re.match(r"[\w.-]*\w/", path) is not None


def _is_link(piece: str) -> bool:
    """Whether documents and programs refer to others like this: `../images/a.png`, `../util`."""
    last = piece.rpartition("/")[2].partition("#")[0]
    return _LINK.match(piece) is not None and last.rpartition(".")[2].lower() in (
        _PAGES if "." in last else (last.lower(),)
    )


def _whole(text: str, expected: bool, context: Context) -> Iterator[Judgement]:
    """What only a text that is nothing but a file name says."""
    evidence = text[:120]
    chosen = expected and context.location != "body"
    null = _NULL.search(text)
    if null is not None and ("." in text or "/" in text or "\\" in text):
        yield Judgement("path.null", 7, evidence)
    if _STREAM.search(text):
        yield Judgement("path.windows", 8, evidence)
    if _DRIVE.match(text) and not _FAKE.match(text):
        # A document whose field is called `path` holds paths; a parameter that is chooses a file.
        yield Judgement("path.windows", 7 if chosen else 4, evidence)
    share = _SHARE.match(text)
    if share is not None:
        near = not chosen and share[1] is not None and not _OUTSIDE.search(share[1])
        near = near and not _ADMINISTRATIVE.search(text)
        yield Judgement("path.windows", _TRACE if near and share[1] != "?" else 6, evidence)
    if expected and _DEVICE.match(text):
        yield Judgement("path.windows", 5, evidence)
    if "://" not in text and " " not in text and _DISGUISED.search(text):
        yield Judgement("path.upload", 6, evidence)
    if _SCRIPT.search(text) and "://" not in text:
        yield Judgement("path.upload", 6 if expected else 4, evidence)
    if _NATIVE.match(text) or _HOME.match(text):
        yield Judgement("path.system", 6, evidence)
    if private(flattened(text)) and (expected or not _WORD.search(text)):
        yield Judgement("path.private", _alone_score(expected, context), evidence)
    if "/" not in text and system_file(flattened(text)) == 0:
        yield Judgement("path.system", 6, evidence)
    yield from _developed(text, context)
    if _WRITTEN.fullmatch(text) or _ROOTLESS.match(text):
        yield Judgement("path.system", 6, evidence)
    if _PLACEHOLDER.match(text):
        yield Judgement("path.climb", 5, evidence)


def _developed(text: str, context: Context) -> Iterator[Judgement]:
    """What a server for development hands out by its own names: any file, and hidden modules."""
    if _DEVELOPED.match(text) and sensitive(flattened(text)):
        yield Judgement("path.private", 7, text[:120])
    elif context.location == "path" and (text == "@fs" or text.startswith(("@fs/", "/@fs/"))):
        yield Judgement("path.private", 5, text[:120])
    if _NAMED_NULL.search(text):
        yield Judgement("path.null", 6, text[:120])


def _alone_score(expected: bool, context: Context) -> int:
    """A private file by its bare name: worth asking for in a URL, a word elsewhere."""
    if expected or context.location == "path":
        return 6
    return 5


DETECTOR: Final = Detector(family="path", triggers=TRIGGERS, judge=judge, rules=RULES)
