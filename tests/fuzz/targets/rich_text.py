"""Sanitised HTML: unchanged when done again, and nothing in it that is not allowed."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require

from vallum.inspection.identifiers import is_canonical_identifier
from vallum.inspection.sanitise import ATTRIBUTES, ELEMENTS, URL_SCHEMES, sanitise_html

_URLS = frozenset({"href", "src", "cite"})


class _Reader(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        require(tag in ELEMENTS, "an element that is not allowed", tag)
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, frozenset()) | {"rel"}
        for name, value in attrs:
            require(name in allowed, "an attribute that is not allowed", tag, name)
            if name in _URLS:
                _check_url(value or "")

    def handle_comment(self, data: str) -> None:
        require(False, "a comment", data)

    def handle_decl(self, decl: str) -> None:
        require(False, "a declaration", decl)

    def handle_pi(self, data: str) -> None:
        require(False, "an instruction", data)


def _check_url(url: str) -> None:
    # What browsers leave out before they read a scheme (URL Standard §4.4).
    bare = re.sub("[\t\r\n]", "", url).lstrip("".join(map(chr, range(33))))
    scheme = re.match("([A-Za-z][A-Za-z0-9+.-]*):", bare)
    if scheme is not None:
        require(scheme[1].lower() in URL_SCHEMES, "a scheme that is not allowed", url)


def _sanitise(data: bytes) -> None:
    clean = sanitise_html(data.decode("utf-8", "replace"))
    require(sanitise_html(clean) == clean, "no fixed point", data, clean, sanitise_html(clean))
    reader = _Reader(convert_charrefs=True)
    reader.feed(clean)
    reader.close()


def _identifier(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if not is_canonical_identifier(text):
        return
    require(unicodedata.normalize("NFKC", text) == text, "not normal", text)
    require(text.isprintable() and " " not in text, "unseen characters", text)
    for other in (text.lower(), text.upper()):
        require(other.casefold() == text.casefold(), "case changes it", text, other)


def make_sanitiser() -> Target:
    """The sanitiser."""
    given = (*seeds.HTML, *seeds.attacks("xss"))
    return Target(name="sanitiser", run=_sanitise, seeds=given, tokens=tokens.HTML)


def make_identifier() -> Target:
    """Identifiers."""
    given = ("Alice", "zoë", "имя", "名前", "a1-b_2", "ﬁx", "раypal", "x\u0301y", "İ", "ß")
    words = tuple(
        chr(point).encode() for point in (0x301, 0x200D, 0x3164, 0x131, 0x17F, 0x661, 0x430)
    )
    return Target(
        name="identifier",
        run=_identifier,
        seeds=tuple(each.encode() for each in given),
        tokens=(*words, *tokens.ATTACKS),
        longest=200,
    )
