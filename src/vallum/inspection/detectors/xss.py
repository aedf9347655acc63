"""Cross-site scripting: what a browser would run or load, wherever a page puts the text (B-117).

A text is read as HTML, as the inside of an attribute's value (quoted or not), as the inside of a
JavaScript string, as script, as a URL and as a client-side template. Where a field is declared to
be rich text, only active markup counts: it is HTML, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.inspection.detectors import xss_disguise
from vallum.inspection.detectors.xss_html import TooMuchMarkupError, dereferenced
from vallum.inspection.detectors.xss_javascript import (
    judgements_on_links,
    judgements_on_script,
    judgements_on_urls,
)
from vallum.inspection.detectors.xss_markdown import without_code
from vallum.inspection.detectors.xss_markup import judgements_on, judgements_on_breakouts
from vallum.inspection.detectors.xss_template import judge_templates
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "xss.script": "a script element",
    "xss.handler": "an event handler on an element, or an animation that sets one",
    "xss.url": "a URL that runs: javascript:, vbscript:, a document in data:",
    "xss.load": "an element that embeds, redirects, rebases, restyles or posts elsewhere",
    "xss.style": "a style that runs script or loads more style",
    "xss.breakout": "ends an attribute's value and adds an active attribute",
    "xss.javascript": "goes on as script inside a script of the page",
    "xss.template": "an expression of a client-side template that leaves its sandbox",
    "xss.library": "an attribute by which a library of the page loads or runs something",
    "xss.clobber": "a name that stands in for a property of the document or its elements",
    "xss.mutation": "active markup in an attribute, that becomes real when it is parsed again",
    "xss.dangling": "an unclosed value that sends the rest of the page to somebody",
    "xss.disguise": "markup or script in UTF-7, in brackets only, or spelled with blanks",
    "xss.flood": "more tags or attributes than anybody writes in so little text",
}
# Nobody calls a parameter so, whether or not a browser knows the event.
_HANDLER_NAME: Final = re.compile(r"(?:\A|[\s\"'`/])on[a-z]{3,40}\s{0,8}=", re.IGNORECASE)
_RICH: Final = frozenset({"html", "markdown"})
_SURE: Final = 9
_TRACE: Final = 4
_ENOUGH: Final = 24
"""Judgements after which anything above a trace will do."""


def _judge(text: str, context: Context) -> Judgement | None:
    best: Judgement | None = None
    try:
        for count, judgement in enumerate(_judgements(text, context)):
            if best is None or judgement.score > best.score:
                best = judgement
            if best.score >= (_SURE if count < _ENOUGH else _TRACE + 1):
                break
    except TooMuchMarkupError:
        flood = Judgement("xss.flood", 5, text[:120])
        best = flood if best is None or best.score < flood.score else best
    if best is None or best.score < 1:
        return None
    if context.content in _RICH and "html" in context.layers:
        # References spell text, not markup, where HTML is what is expected.
        return best._replace(score=min(best.score, _TRACE))
    return best


def _judgements(text: str, context: Context) -> Iterator[Judgement]:
    if "\x00" in text:
        yield from _judgements(text.replace("\x00", ""), context)
    if context.content in _RICH:
        if context.content == "markdown" and not context.is_part:
            text = without_code(text)
        yield from judgements_on(text, context)
        if context.content == "markdown":
            yield from judgements_on_links(dereferenced(text))
        return
    if "<" in text:
        yield from judgements_on(text, context)
    yield from judgements_on_urls(dereferenced(text), context)
    if "=" in text or "<" in text:
        yield from judgements_on_breakouts(text)
    if "=" in text and context.is_name and (handler := _HANDLER_NAME.search(text)):
        yield Judgement("xss.breakout", 6, handler[0])
    template = judge_templates(text)
    if template is not None:
        yield template
    yield from judgements_on_script(text, context)
    yield from _on_disguises(text, context)


def _on_disguises(text: str, context: Context) -> Iterator[Judgement]:
    for plain in xss_disguise.undressed(text):
        for found in (*judgements_on(plain, context), *judgements_on_breakouts(plain)):
            yield Judgement("xss.disguise", max(found.score, 7), found.evidence)
        if xss_disguise.has_new_element(plain, text):
            yield Judgement("xss.disguise", 5, plain[:120])
    if xss_disguise.is_bracket_code(text):
        yield Judgement("xss.disguise", 7, text[:120])
    spelled = xss_disguise.spaced_out(text)
    if spelled is not None:
        yield Judgement("xss.disguise", 5, spelled)


_QUOTE: Final = "[\"'`]"
_GOES_ON: Final = _QUOTE + r"[\s)}\]]{0,8}[-+*/%^|&?:;,<>=\n)}\]]{1,6}"
_SINKS: Final = (
    r"\b(?:alert|confirm|prompt|eval|execscript|function|import|importscripts|msgbox|atob|btoa"
    r"|setimmediate|setinterval|settimeout|fromcharcode|globaleval)"
)
_ROOTS: Final = r"(?:document|window|globalthis|self|top|parent|frames)"
_GAP: Final = r"(?:\s|/\*[^*]{0,40}\*/|\)){0,8}"
_MEMBERS: Final = (
    r"(?:body|cookie|createelement|domain|execcommand|location|queryselector|write"
    r"|alert|confirm|prompt|eval)"
)
DETECTOR: Final = Detector(
    family="xss",
    triggers=(
        # A tag, or the end of an element that holds no markup.
        r"<[?:]?[a-z]",
        r"</\s?(?:script|style|textarea|title|noscript|xmp|template)",
        r"<!--\s*#",
        r"<\s{0,3}[a-z]\s{1,3}[a-z]\s{1,3}[a-z]\b",
        r"<\s{0,8}(?:[a-z]{0,16}\s{0,4}:)?\s{0,8}(?:script|iframe|object|embed|applet)\b",
        # Attributes.
        r"(?:^|[\x00-\x20\"'`/])on[a-z]{3,40}[\x00-\x20]*=",
        r"[\x00-\x20\"'`/](?:style|formaction|srcdoc|href|src|action|xlink:href)[\x00-\x20]*=",
        # URLs.
        r"(?:j\s*a\s*v\s*a|v\s*b)\s*s\s*c\s*r\s*i\s*p\s*t[\x00-\x20]*:",
        r"&(?:tab|newline|colon);",
        r":\s*expression\s*\(|-moz-binding\s*:|behaviou?r\s*:\s*url",
        r":\s*url\(\s*[\"']?\s*(?:java|vb)script",
        # A style sheet goes on: out of a rule or a value, or with what a field holds.
        r"^[^{}<>]{0,80}\}[^<>]{0,200}(?:url|src|image|image-set)\s?\(\s{0,8}[\"']?\s{0,8}(?:https?:)?[/\\]{2}",
        r"^[^:;{}<>()]{0,40};[^<>{}]{0,120}(?:url|src|image|image-set)\s?\(\s{0,8}[\"']?\s{0,8}(?:https?:)?[/\\]{2}",
        r"[\w\"'*]\]\s{0,8}[)\s\w:.#>+~-]{0,40}\{[^{}]{0,200}(?:url|src|image|image-set)\s?\(\s{0,8}[\"']?\s{0,8}(?:https?:)?[/\\]{2}",
        r"^[^{}]{0,80}\}\s{0,8}@import|@font-face\s{0,8}\{[^}]{0,300}unicode-range",
        r"data\s*:\s*[a-z/+.-]{0,40}(?:html|xml|xsl|script|x509)",
        r"^\s{0,4}data\s{0,4}:\s{0,4}(?:(?:text|application)/[a-z.+-]{1,40})?\s{0,4}[;,][^<]{0,60}<",
        # Out of a string: a quote, what may follow one, and a call or an assignment.
        _GOES_ON + r"[^\"'`]{0,80}[a-z0-9_$\])}]\s{0,4}[(`=]",
        _GOES_ON + r".{0,80}\b(?:alert|confirm|prompt|eval)\b",
        # Script as it stands.
        _SINKS + r"[\"'\])]{0,3}\s{0,4}[(`]",
        _SINKS + r" \(",
        r"\b(?:alert|confirm|prompt|eval)(?:\s?\?\.|\.(?:call|apply|bind)\b)|=\s?(?:alert|eval)\s?[,;\n]",
        r"\b(?:then|from|requestanimationframe|queuemicrotask)\s?\([^()\n]{0,40}\b(?:alert|eval)\s?\)",
        # A function that somebody else calls: onerror=alert, [1].find(alert)
        (
            r"(?:\b(?:onerror|tostring|valueof|prototype\.[a-z]{2,24})\s{0,4}=|\.\s{0,4}(?:every|filter|find|findindex|flatmap|foreach|map|some)"
            r"\s{0,4}\()\s{0,4}(?:alert|confirm|prompt|eval)\s{0,4}(?:[,;)}]|$)"
        ),
        _ROOTS + _GAP + r"(?:\[|\.\s*(?:/\*[^*]{0,40}\*/\s*)?" + _MEMBERS + ")",
        r"\.\s*(?:cookie|innerhtml|outerhtml)\s*=",
        r"\[\s?\d{3,15}\s?\.?\.\s?tostring\s?\(|\bsymbol\s?\.[a-z]{4,20}\s?\]\s?[:=]\s?(?:alert|confirm|prompt|eval|function)\b",
        r"replace(?:all)?\s?\(\s?/[^/\n]{1,60}/[a-z]{0,6}\s?,\s?(?:alert|confirm|prompt|eval)\s?\)",
        r"assign\s?\(\s?(?:window|self|top|parent|globalthis)\s?,\s?\{|\bdocument\s?\.\s?forms\b",
        r"\blocation(?:\.href)?\s{0,4}=\s{0,4}(?:(?:window|document|self|top|parent)\.){0,2}(?:location\.(?:hash|search)\b|document\.referrer)",
        r"\blocation(?:[\"'`]\])?(?:\.(?:href|assign|replace))?\s{0,4}[=(]\s{0,4}[\"'`](?:[/\\]{2}|[a-z]{4,10}:)",
        r"\.\s*(?:call|apply|map|sort)\s*`",
        r"constructor[\"'\]]{0,2}\s{0,3}(?:\.|\[|\()",
        r"(?:[+{(]|\$\{)\s{0,4}(?:[a-z.]{1,40}\(\s{0,4}){0,3}(?:[a-z]{3,10}\.)?(?:(?:local|session)storage|cookiestore)\b",
        r"getscript`|serviceworker\s?\.\s?register\s?\(",
        (
            r"(?:getscript|(?:\$|jquery)\s?\.\s?(?:get|post|ajax|load|getjson)|\bfetch|sendbeacon|postmessage"
            r"|websocket|eventsource|worker)\s?\(\s?[\"'`](?:https?:)?[/\\]{2}"
        ),
        r"`[^`\n]{0,60}\$\{\s{0,4}(?:alert|confirm|prompt|eval)\s{0,4}\}",
        # Templates and disguises.
        r"\{\{[^}]{0,200}(?:[(\[`]|__proto__|constructor)",
        r"\+A[CDFGH][a-z0-9/]",
        r"[\x00-\x20&]A[CDFGH][a-z0-9/]{1,60}-",
        r"\xc2\xbc[/a-z!]",
        r"[!~+]\s?[!~+]?\s?\[\s?\]|\[\s?\]\s?[\[(+]|\(\s?!\s?\[",
    ),
    rules=RULES,
    judge=_judge,
)
