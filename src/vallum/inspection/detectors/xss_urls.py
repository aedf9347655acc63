"""URLs that run: `javascript:` and its kin, and documents inside `data:`."""

from __future__ import annotations

import re
from typing import Final

# Browsers drop controls before a URL and tabs and line feeds in it; old ones dropped more.
_DROPPED: Final = re.compile("[\x00-\x20\x7f-\xa0\xad\u2000-\u200f\u2028\u2029\u3000\ufeff\ufffd]+")
_HEAD: Final = 400
_SCRIPT: Final = re.compile(
    r"(?>(?:feed:|pcast:|view-source:|jar:|url=)*)(javascript|vbscript|livescript|mocha|jscript)"
    r"(?:\.encode)?:"
)
_DOCUMENT: Final = re.compile(
    r"data:(?:[^,;]{0,60}(?:html|xml|xsl|script|x509)|[^,]{0,60},(?:[^<]{0,40}<[a-z!]|\*\{))"
)
_ALONE: Final = re.compile(
    r"[\x00-\x20\"']*+data[\t\n\r]*+:[\x00-\x20]*+[a-z.-]{1,40}/"
    r"(?:html|xml|xsl|xhtml\+xml|svg\+xml(?=[^<%]{0,80},(?:<|%3c)[^,]{0,400}script))[^,\n<]{0,80},",
    re.IGNORECASE,
)
# Also where no type is named, which the browser then guesses.
_MARKUP_ALONE: Final = re.compile(
    r"\s{0,4}data\s{0,4}:\s{0,4}(?:(?:text|application)/[\w.+-]{1,40})?\s{0,4}(?:;[^,<]{0,60})?,"
    r"\s{0,4}<[a-z!?/]",
    re.IGNORECASE,
)
_INERT: Final = re.compile(r"(?:void\(?[0\"']*\)?|undefined|//|#)?;*\Z")
# XML that splits a URL, for parsers that put it together again.
_SPLIT: Final = re.compile(r"<!--[^>]{0,40}-->|\]\]>?<!\[cdata\[", re.IGNORECASE)
_CONTROLS: Final = r"[\x00-\x1f]*+"


def _spaced(word: str) -> str:
    return _CONTROLS.join(word) + _CONTROLS + ":"


# A script URL somewhere in a text, and what stands before it.
_ANYWHERE: Final = re.compile(
    rf"(?<![a-z0-9_])(?:{_spaced('javascript')}|{_spaced('vbscript')})", re.IGNORECASE
)


def plain(url: str) -> str:
    """The beginning of `url` as a browser compares it: lower case, without what it drops."""
    head = url[:_HEAD]
    if "<!" in head:
        head = _SPLIT.sub("", head)
    return _DROPPED.sub("", head).lower()


def script_after(url: str) -> str | None:
    """What a script URL runs, in lower case and without blanks; None for other URLs."""
    head = plain(url)
    match = _SCRIPT.match(head)
    return head[match.end() :] if match else None


def is_inert(script: str) -> bool:
    """Whether the script of a URL is one of the idioms for doing nothing."""
    return _INERT.match(script) is not None


def is_document(url: str) -> bool:
    """Whether this is a `data:` URL of something that may hold script."""
    return _DOCUMENT.match(plain(url)) is not None


def is_document_alone(text: str) -> bool:
    """Whether all of `text` is a `data:` URL of something that may hold script."""
    return _ALONE.match(text) is not None


def is_markup_alone(text: str) -> bool:
    """Whether all of `text` is a `data:` URL of markup whose type says nothing of it."""
    return _MARKUP_ALONE.match(text) is not None


def script_urls(text: str) -> list[tuple[int, int, bool]]:
    """Start and end of the first schemes of script URLs in `text`; whether blanks split them."""
    found: list[tuple[int, int, bool]] = []
    for match in _ANYWHERE.finditer(text):
        found.append((match.start(), match.end(), _DROPPED.search(match[0][:-1]) is not None))
        if len(found) == 8:
            break
    return found
