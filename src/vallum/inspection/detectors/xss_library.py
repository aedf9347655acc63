"""Markup that does nothing by itself, and much on a page whose scripts read it.

Libraries run what an attribute says (htmx, Vue, hyperscript, jQuery's kin), and every script of a
page finds an element by its name where it looks for a property of the document (clobbering).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors.xss_html import Tag


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OUTWARD: Final = re.compile(
    r"[\s\"'`(]{0,8}(?:(?:https?:)?[/\\]{2}|https?:)[^\s\"'<>]", re.IGNORECASE
)
_REQUESTS: Final = frozenset({"get", "post", "put", "patch", "delete"})
_WRITING: Final = frozenset({"post", "put", "patch", "delete"})
# Nobody has to click.
_BY_ITSELF: Final = re.compile(r"\b(?:load|revealed|intersect|every|mutation)\b")
_RUN: Final = re.compile(r"\s{0,8}(?:js|javascript):", re.IGNORECASE)
_SINK: Final = re.compile(
    r"\b(?:alert|confirm|prompt|eval|execscript)\s?"
    r"(?:`|\((?!(?:e?s|ed|ing|ly|ation|ations)\)))",
    re.IGNORECASE,
)
# How libraries call their attributes: `load.trigger`, `up-on-loaded`, `data-ajax-success`, `_`.
_OWN_NAME: Final = re.compile(r"[a-z]\w{0,30}(?:[.:-]\w{1,30}){1,6}\Z")
_PARTED: Final = frozenset(".:-")
_RUN_WHOLE: Final = frozenset({"_", "script"})
"""Where hyperscript stands."""
# Of them those whose values are shown.
_SHOWING: Final = re.compile(
    r"(?:aria-|accept-|http-|xlink:|xml|data-(?:\w{1,20}-){0,3}(?:alt|body|caption|code|content|description|example|help"
    r"|hint|label|message|msg|note|original-title|placeholder|text|title|tooltip|value)\Z)"
)
# Properties that scripts ask of any element, and names that only the document has.
_OF_ELEMENTS: Final = _words(
    "appendChild attributes childNodes cloneNode contentDocument contentWindow "
    "firstChild getAttribute hasAttribute hasAttributes hasChildNodes innerHTML insertBefore "
    "lastChild namespaceURI nextSibling nodeName nodeType nodeValue outerHTML ownerDocument "
    "parentElement parentNode previousSibling removeAttribute removeAttributeNode removeChild "
    "replaceChild setAttribute tagName textContent"
)
_OF_DOCUMENTS: Final = _words(
    "activeElement adoptNode addEventListener body characterSet compatMode cookie createElement "
    "createElementNS createNodeIterator createRange createTextNode createTreeWalker currentScript "
    "defaultView designMode doctype documentElement documentURI domain evaluate execCommand "
    "getElementById getElementsByClassName getElementsByName getElementsByTagName implementation "
    "importNode querySelector querySelectorAll readyState referrer scripts write "
    "writeln"
)
_BY_DOCUMENT: Final = frozenset({"embed", "form", "iframe", "img", "object"})
"""Elements that a document has as properties, by their names."""
_COLLECTED: Final = _BY_DOCUMENT | {"a"}


def directive_of(tag: Tag, values: Mapping[str, str]) -> int:
    """The score of what a library of the page would load or run for `tag`."""
    if tag.name == "component" and values.get("is", "").lower() == "script":
        return 8
    if tag.name == "ng-include" and _OUTWARD.match(values.get("src", "")):
        return 7
    best = 0
    for name, value in values.items():
        if _PARTED.isdisjoint(name) and name not in _RUN_WHOLE:
            continue
        plain = name.removeprefix("data-")
        if plain.startswith("hx-"):
            best = max(best, _of_htmx(plain[3:], value, values))
        elif plain == "ng-include" and _OUTWARD.match(value):
            best = max(best, 7)
        elif plain in {"method", "turbo-method"} and plain != name and "href" in values:
            # A link that writes, with the token of whoever follows it.
            best = max(best, 5 if value.strip().lower() in _WRITING else 0)
        elif _is_run(name) and _SINK.search(value):
            best = max(best, 6)
    return best


def _is_run(name: str) -> bool:
    if name in _RUN_WHOLE:
        return True
    return _OWN_NAME.match(name) is not None and _SHOWING.match(name) is None


def _of_htmx(name: str, value: str, values: Mapping[str, str]) -> int:
    if name in {"vals", "headers", "vars", "request"}:
        return 8 if _RUN.match(value) else 0
    trigger = values.get("hx-trigger") or values.get("data-hx-trigger") or ""
    if name in _REQUESTS and value.strip():
        # To the page's own server, and by a click, is how one writes of it.
        if _OUTWARD.match(value):
            return 7
        return 6 if _BY_ITSELF.search(trigger) else 4
    return 7 if name == "trigger" and _SINK.search(value) else 0


def clobbered(tag: Tag, values: Mapping[str, str], named: set[str]) -> int:
    """The score of the names that `tag` takes; `named` are the ids before it, and gains its own."""
    name, identity = values.get("name", ""), values.get("id", "")
    if {name, identity} & _OF_ELEMENTS:
        return 6
    if tag.name in _BY_DOCUMENT:
        hidden = {name, identity} & _OF_DOCUMENTS
        # Forms are called by plain words too: `<form name="body">`.
        if hidden and not (tag.name == "form" and "".join(hidden).islower()):
            return 6
    if not identity or tag.name not in _COLLECTED:
        return 0
    # Two of one id are a collection, whose members have names: `x.y` is the second.
    is_second = identity in named and bool(name)
    named.add(identity)
    return 7 if is_second else 0
