"""Rich text made safe: markup that only shapes text stays, everything else goes (IV-2).

What stays is a list of ours, so that a new element or attribute of HTML is dropped until somebody
has thought about it. No element stays that changes how what follows it is parsed (raw text,
foreign content, forms, templates): those are what mutation attacks are made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

import nh3

ELEMENTS: Final = frozenset(
    {
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "wbr"),
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd"),
        *("mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "strike", "strong", "sub", "sup"),
        *("time", "tt", "u", "var", "blockquote", "pre", "figure", "figcaption", "img"),
        *("dl", "dt", "dd", "ol", "ul", "li"),
        *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    }
)
"""Elements that stay."""
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "*": frozenset({"dir", "lang", "title"}),
    "a": frozenset({"href", "hreflang"}),
    "blockquote": frozenset({"cite"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "del": frozenset({"cite", "datetime"}),
    "img": frozenset({"alt", "height", "src", "width"}),
    "ins": frozenset({"cite", "datetime"}),
    "ol": frozenset({"reversed", "start", "type"}),
    "q": frozenset({"cite"}),
    "td": frozenset({"colspan", "headers", "rowspan"}),
    "th": frozenset({"colspan", "headers", "rowspan", "scope"}),
    "time": frozenset({"datetime"}),
}
"""Attributes that stay, by element; `*`: on all. No `id`, `name` or `class`: they collide with
what the page's own scripts and styles call theirs."""
URL_SCHEMES: Final = frozenset({"http", "https", "mailto"})
"""Schemes of links and pictures; relative references stay."""
LINK_RELATION: Final = "noopener"
_DROPPED_WHOLE: Final = frozenset(
    {"iframe", "math", "noembed", "noframes", "noscript", "object", "plaintext", "script"}
    | {"select", "style", "svg", "template", "textarea", "title", "xmp"}
)
_MOST_ROUNDS: Final = 6
"""Readings after which text that still changes is shown as the characters that it is made of."""
_CLEANER: Final = nh3.Cleaner(
    tags=set(ELEMENTS),
    clean_content_tags=set(_DROPPED_WHOLE),
    attributes={element: set(names) for element, names in ATTRIBUTES.items()},
    strip_comments=True,
    link_rel=LINK_RELATION,
    url_schemes=set(URL_SCHEMES),
)


def sanitise_html(text: str) -> str:
    """`text` as HTML of which nothing runs, loads documents or restyles the page.

    Markup that is not allowed goes and its text stays, but for elements whose text is no text
    (`<script>`, `<style>`, `<svg>`). The result is well-formed, and unchanged when done again.
    """
    for _ in range(_MOST_ROUNDS):
        clean = _cleaned(text)
        if clean == text or "<" not in clean:
            return clean
        # SECURITY: misnested tables may be read otherwise when they are read again, as the page
        # does that shows them: what goes on is what reads as itself.
        text = clean
    return _cleaned(escape(text, quote=False))


def _cleaned(text: str) -> str:
    # A carriage return that was written as a reference (`&#13;`) would be a line feed when it is
    # read again (HTML §13.2.3.5).
    return _CLEANER.clean(text).replace("\r\n", "\n").replace("\r", "\n")
