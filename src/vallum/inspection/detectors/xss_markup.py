"""Markup that a browser would run, or that would load something into the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.inspection.detectors import xss_css, xss_events, xss_library, xss_urls
from vallum.inspection.detectors.xss_html import (
    Attribute,
    Tag,
    TooMuchMarkupError,
    attributes_at,
    body_of,
    dereferenced,
    tags_in,
)
from vallum.inspection.detectors.xss_script import reading_of
from vallum.inspection.detectors.xss_template import is_dangerous_expression
from vallum.inspection.model import Context, Judgement

_RICH: Final = frozenset({"html", "markdown"})
_SHEETS: Final = frozenset({"script", "style"})
_MOST_SHEETS: Final = 5
"""Script and style elements in one text, each of which is read."""
_MOST_NESTED: Final = 16
_DEEPEST: Final = 2
_LONG_TAG: Final = 80
_ACTIVE: Final = 7

# Element -> attributes that make it load a document, a program or a destination, and the score.
_LOADERS: Final[Mapping[str, tuple[frozenset[str], int]]] = {
    name: (frozenset(attributes.split()), score)
    for name, attributes, score in (
        ("iframe", "src srcdoc", 8),
        ("frame", "src", 8),
        ("portal", "src", 8),
        ("fencedframe", "src config", 8),
        ("layer", "src", 7),
        ("ilayer", "src", 7),
        ("vmlframe", "src", 8),
        ("object", "data classid codebase", 8),
        ("embed", "src code", 8),
        ("applet", "code codebase archive object", 8),
        ("base", "href", 8),
        ("form", "action", 7),
        ("isindex", "action", 7),
        ("bgsound", "src", 5),
        ("xml", "src", 7),
        ("event-source", "src", 7),
        ("listener", "handler", 7),
        ("handler", "event ev:event", 7),
        ("?import", "implementation", 7),
        ("import", "implementation", 7),
        ("?xml-stylesheet", "href type", 6),
        ("?xml:namespace", "ns", 5),
    )
}
# Attributes of any element that send a form elsewhere or bring markup along.
_ANYWHERE: Final[Mapping[str, int]] = {"srcdoc": 8, "formaction": 7, "ev:handler": 7}
_LINKS: Final = re.compile(r"stylesheet|import|preload|prefetch|prerender|manifest|dns-|preconnect")
_ANIMATIONS: Final = frozenset({"animate", "set", "animatetransform", "animatecolor", "animation"})
_TARGETS: Final = frozenset({"to", "from", "by", "values"})
_DOCUMENT_HOLDERS: Final = frozenset(
    {
        "action",
        "by",
        "code",
        "codebase",
        "content",
        "data",
        "formaction",
        "from",
        "href",
        "src",
        "to",
    }
    | {"values", "xlink:href"}
)
_INNOCENT_DATA: Final = frozenset({"img", "image", "source", "video", "audio", "picture"})
_DIRECTIVE: Final = re.compile(r"(?:data-)?(?:ng-|v-|x-|hx-on|data-bind|bind-|on-)|[:@#*(\[_]")
_NESTED: Final = re.compile(r"<[a-z/!]", re.IGNORECASE)
# A sheet that begins with a name that is spelled by escapes.
_ESCAPED_FIRST: Final = re.compile(r"\s*+[^\s\\<:]{0,40}+\\")
_LOADED: Final = re.compile(r"\{[^{}]{0,400}\burl\s{0,4}\(", re.IGNORECASE)
_MUTATING: Final = re.compile(
    r"<(?:style|noscript|svg|math|xmp|noembed|noframes|iframe|template|plaintext|textarea|title"
    r"|select|table|!--)",
    re.IGNORECASE,
)
# Browsers take either slash, and drop line ends and tabs between them.
_OUTWARD: Final = re.compile(
    r"[\x00-\x20]*+(?:(?:https?:[\t\r\n]*+)?[/\\][\t\r\n]*+[/\\]|https?:(?![/\\]))[^\s\"'<>]+",
    re.IGNORECASE,
)
# A sentence that goes on with a tag: `How to use <script type="module">?`
_SAID_BEFORE: Final = re.compile(
    r"(?:\A|\s)[A-Za-z]{2,20}(?:\s{1,4}[A-Za-z]{1,20}){1,3}\s{1,4}[`(]?\Z"
)
_SENTENCE: Final = re.compile(r"[\w\s.,;:!?'\"`)-]*")
_ABSORBING: Final = frozenset({"applet", "base", "embed", "iframe", "link", "meta", "object"})
_SWALLOWERS: Final = frozenset(
    {"action", "background", "content", "data", "href", "poster", "src", "srcset"}
)
_REFRESH: Final = re.compile(r"refresh|set-cookie|content-security-policy|\blink\b", re.IGNORECASE)
_MOVIES: Final = frozenset({"code", "data", "movie", "object", "src", "url"})
_OLD_CHARSET: Final = re.compile(r"utf-?7|imap4|utf7", re.IGNORECASE)
_ACTIVE_VALUE: Final = re.compile(r"&\{[^}(=]{0,200}+[(=]")
_INCLUDE: Final = re.compile(
    r"<!--\s*+#\s*+(?:exec|include|echo|set|printenv|config)\b", re.IGNORECASE
)


def judgements_on(text: str, context: Context, depth: int = 0) -> Iterator[Judgement]:
    """What is active in `text` as HTML, as it is found; the caller stops when it knows enough.

    Raises:
        TooMuchMarkupError: there are more tags or attributes than may be looked at.
    """
    if "<!--" in text and (match := _INCLUDE.search(text)):
        yield _judgement("load", 8, text, match.start())
    sheets = nested = 0
    named: set[str] = set()
    for tag in tags_in(text):
        if tag.name in _SHEETS:
            sheets += 1
            if sheets > _MOST_SHEETS:
                raise TooMuchMarkupError
            reads = _on_script if tag.name == "script" else _on_style
            yield reads(text, tag, context)
        if tag.attributes:
            yield from _on_element(text, tag, context, named)
            is_last = _is_unfinished(text, tag) or tag.attributes[-1].is_open
            for attribute in tag.attributes:
                score, rule = score_of(attribute, tag.name, is_last=is_last)
                if score:
                    yield _judgement(rule, score, text, tag.start, attribute.position)
                if depth < _DEEPEST and "<" in attribute.value and _NESTED.search(attribute.value):
                    nested += 1
                    if nested > _MOST_NESTED:
                        raise TooMuchMarkupError
                    yield from _on_nested(text, tag, attribute, context, depth)


# A value's quote, the end of a tag that this text has not begun, and markup of its own: "><h1>
# The end of an element that holds no markup, and nothing else: the page's own is meant.
_ENDS_ELEMENT: Final = re.compile(
    # Between a pair of quotes it is named.
    r"(?!\s{0,4}([\"'`])[^\"'`]{0,200}\1\s{0,4}\Z)"
    r"[^\w<]{0,8}(?:</\s?(?:iframe|math|noembed|noframes|noscript|script|select|style|svg|template"
    r"|textarea|title|xmp)(?:[\s/][^<>]{0,40})?>[^\w<]{0,8}){1,4}\Z",
    re.IGNORECASE,
).match


_ENDS_TAG: Final = re.compile(
    r"[^<>\"']{0,60}([\"']{1,3}\s{0,8}/?>)\s{0,8}(?:[^<>]{0,60}</?[a-z!][^<>]{0,200}>)", re.I
).match


def judgements_on_breakouts(text: str) -> Iterator[Judgement]:
    """What `text` adds to a tag when it lands in one of its attributes' values.

    Raises:
        TooMuchMarkupError: there are more attributes than may be looked at.
    """
    if _ENDS_ELEMENT(text):
        yield _judgement("breakout", 5, text, 0)
    ended = _ENDS_TAG(text)
    if ended is not None:
        yield _judgement("breakout", 6, text, ended.start(1))
    for quote in ('"', "'", "`", ""):
        position = text.find(quote) + len(quote) if quote else 0
        if quote and not position:
            continue
        if "=" not in text[position:]:
            continue
        attributes, end = attributes_at(text, position)
        for attribute in attributes:
            if not attribute.is_assigned and attribute.name[:2] != "on":
                continue
            score, _ = score_of(attribute, "", is_last=end >= len(text))
            if not quote:
                is_alone = text.strip() == f"{attribute.name}="
                score = _unquoted(attribute, score, is_alone=is_alone)
            elif quote == "`" and attribute.raw and not xss_events.has_effect(attribute.value):
                # Only old browsers took it for a quote, and everybody for that of code.
                score = min(score, 4)
            if score:
                yield _judgement(
                    "breakout", min(score, 9 if quote else 7), text, attribute.position
                )


def _unquoted(attribute: Attribute, score: int, *, is_alone: bool) -> int:
    """Without a quote to end, only what cannot be anything but a handler counts."""
    handler = xss_events.handler_of(attribute.name)
    if handler is None or handler not in xss_events.HANDLERS:
        return 0
    if xss_events.has_effect(attribute.value):
        return score
    return min(score, 5 if is_alone else 4)


def score_of(attribute: Attribute, element: str, *, is_last: bool) -> tuple[int, str]:
    """The score of an attribute by itself, on an element of that name (empty: unknown), and why."""
    name = attribute.name
    if name[:2] == "on":
        score = xss_events.score_of(name, attribute.value, is_last)
        if score or not _DIRECTIVE.match(name):
            return score, "handler"
    if not attribute.raw:
        # The page goes on with the value.
        is_cut = is_last and attribute.is_assigned and name in _ANYWHERE
        return (5, "load") if is_cut else (0, "")
    value = attribute.value
    if name == "style":
        return xss_css.danger_of(value), "style"
    if ":" in value or "{" in value:
        script = xss_urls.script_after(value)
        if script is not None:
            return (4 if xss_urls.is_inert(script) else 9), "url"
        if _holds_document(element, name) and xss_urls.is_document(value):
            return 8, "url"
        if "&{" in attribute.raw and _ACTIVE_VALUE.search(attribute.raw):
            return 6, "handler"
        if name == "content" and xss_urls.script_after(value.rpartition(";")[2]) is not None:
            return 9, "url"
    if name == "value" and value.lstrip().lower().startswith("javascript"):
        return 0, ""
    if name in _ANYWHERE:
        return _ANYWHERE[name], "load"
    if _DIRECTIVE.match(name) and is_dangerous_expression(value):
        return 8, "template"
    return 0, ""


def _holds_document(element: str, name: str) -> bool:
    return name in _DOCUMENT_HOLDERS and element not in _INNOCENT_DATA


def _on_script(text: str, tag: Tag, context: Context) -> Judgement:
    names = {attribute.name for attribute in tag.attributes if attribute.raw}
    body, is_closed = body_of(text, tag)
    script = dereferenced(body)
    is_said = _SENTENCE.fullmatch(script) is not None and not xss_events.has_effect(script)
    runs = (is_closed or not is_said) and reading_of(script).is_code
    if names & {"src", "href", "xlink:href"} or runs:
        score = 9
    elif context.content in _RICH:
        score = 8
    elif is_closed and body.strip():
        score = 7
    else:
        # The word for the element, in a sentence: nothing runs.
        said = _SAID_BEFORE.search(text, max(0, tag.start - _LONG_TAG), tag.start)
        score = 5 if names and not said else 4
    return _judgement("script", score, text, tag.start)


def _on_style(text: str, tag: Tag, context: Context) -> Judgement:
    body, is_closed = body_of(text, tag)
    score = xss_css.danger_of(dereferenced(body[: xss_css.LONGEST]))
    if not score and is_closed and body.strip():
        kind = next((each.value for each in tag.attributes if each.name == "type"), "text/css")
        score = 4 if context.content in _RICH else 5
        score = 7 if "script" in kind.lower() else score
    if not score and context.content not in _RICH:
        # What is not closed is closed by the end of the page.
        score = 5 if _ESCAPED_FIRST.match(body) or _LOADED.search(body[: xss_css.LONGEST]) else 0
    return _judgement("style", score or 3, text, tag.start)


def _on_element(text: str, tag: Tag, context: Context, named: set[str]) -> Iterator[Judgement]:
    values = {each.name: each.value for each in tag.attributes if each.is_assigned}
    name = tag.name
    if name == "param" and values.get("name", "").lower() in _MOVIES:
        # Of an object, that plays or runs what is named here.
        yield _judgement(
            "load", 6 if _OUTWARD.match(values.get("value", "")) else 3, text, tag.start
        )
    if directive := xss_library.directive_of(tag, values):
        yield _judgement("library", directive, text, tag.start)
    if ("id" in values or "name" in values) and (
        score := xss_library.clobbered(tag, values, named)
    ):
        yield _judgement("clobber", score, text, tag.start)
    if name in _LOADERS:
        wanted, score = _LOADERS[name]
        if any(values.get(each, "").strip(" .\u2026") for each in wanted):
            yield _judgement("load", _eased(name, values, score, context), text, tag.start)
        elif wanted & values.keys():
            # `<iframe src="...">` is how one writes of any.
            is_named = any(values.get(each, "").strip() for each in wanted)
            yield _judgement("load", 4 if is_named else 5, text, tag.start)
    elif name == "meta":
        yield _judgement("load", _meta(values), text, tag.start)
    elif name == "link" and "href" in values:
        relation = values.get("rel", "").lower()
        loads = not relation or _LINKS.search(relation)
        yield _judgement("load", 7 if loads else 3, text, tag.start)
    elif name in _ANIMATIONS:
        yield from _on_animation(text, tag, values)
    elif name == "use":
        target = values.get("href", values.get("xlink:href", "#")).strip()
        yield _judgement("load", 3 if target.startswith("#") else 7, text, tag.start)
    elif name == "input" and values.get("type", "").lower() == "image" and "src" in values:
        yield _judgement("load", 3, text, tag.start)
    if values.get("dataformatas", "").lower() == "html":
        yield _judgement("load", 7, text, tag.start)
    if name in _ABSORBING and _is_unfinished(text, tag) and not context.is_part:
        # The page goes on inside of it, and gives it what it lacks.
        yield _judgement("load", 5, text, tag.start)
    last = tag.attributes[-1]
    if (
        last.is_open
        and not context.is_part
        and context.content not in _RICH
        and _is_swallowing(last)
    ):
        # A link has to be followed, and texts are cut in the middle of one.
        yield _judgement("dangling", 4 if name == "a" else 6, text, tag.start)


def _eased(name: str, values: Mapping[str, str], score: int, context: Context) -> int:
    """A form that posts home, and a page that says it is at home, are no attack by themselves."""
    action = values.get("action")
    if name == "form" and action is not None and not _OUTWARD.match(action):
        return 3 if context.content in _RICH else 4
    if name == "base" and values.get("href") in {"/", "./"} and "target" not in values:
        return 4
    return score


def _meta(values: Mapping[str, str]) -> int:
    if _REFRESH.search(values.get("http-equiv", "")):
        return 8
    charset = values.get("charset", "") + values.get("content", "")
    return 8 if _OLD_CHARSET.search(charset) else 3


def _is_unfinished(text: str, tag: Tag) -> bool:
    return tag.end >= len(text) and not text.endswith(">")


def _on_animation(text: str, tag: Tag, values: Mapping[str, str]) -> Iterator[Judgement]:
    animated = values.get("attributename", "").lower().strip()
    targets = [value for name, value in values.items() if name in _TARGETS]
    if animated[:2] == "on" and animated in xss_events.HANDLERS:
        yield _judgement("handler", 9, text, tag.start)
    elif animated in {"href", "xlink:href", "src", "innerhtml"}:
        # Without a target in sight the text was cut; with a harmless one it is a picture.
        active = any(_OUTWARD.match(each) or "<" in each for each in targets)
        data = any(xss_urls.is_document(each) for each in targets)
        yield _judgement("url", 8 if active or data else 4, text, tag.start)


def _is_swallowing(attribute: Attribute) -> bool:
    """Whether an unclosed value sends what follows it in the page to somebody (dangling markup)."""
    return attribute.name in _SWALLOWERS and (
        _OUTWARD.match(attribute.value.rpartition("url=")[2]) is not None
    )


def _on_nested(
    text: str, tag: Tag, attribute: Attribute, context: Context, depth: int
) -> Iterator[Judgement]:
    best = max(
        (each.score for each in judgements_on(attribute.value, context, depth + 1)), default=0
    )
    if best < _ACTIVE:
        return
    if attribute.name == "srcdoc" or "<" in attribute.raw:
        score = 9 if attribute.name == "srcdoc" else 7
    elif tag.name in _ANIMATIONS or _MUTATING.search(text):
        score = 7
    else:
        # Quoted as it should be: it is only text, unless a script reads and writes it again.
        score = 4 if context.content in _RICH else 6
    yield _judgement("mutation", score, text, tag.start, attribute.position)


def _judgement(rule: str, score: int, text: str, start: int, deciding: int = 0) -> Judgement:
    """A judgement whose evidence shows where the tag begins and what in it decided."""
    if deciding - start > _LONG_TAG:
        evidence = f"{text[start : start + 20]}…{text[deciding : deciding + 99]}"
        return Judgement(f"xss.{rule}", score, evidence)
    return Judgement(f"xss.{rule}", score, text[start : start + 120])
