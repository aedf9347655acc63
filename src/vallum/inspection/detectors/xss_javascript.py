"""Text that goes on as script where a page has put it into one: out of a string, or as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors import xss_css, xss_urls
from vallum.inspection.detectors._text import is_talked_about
from vallum.inspection.detectors.xss_script import Reading, reading_of
from vallum.inspection.model import Context, Judgement

# What may follow a string: an operator, a separator, a bracket that closes, a new statement.
_GOES_ON: Final = re.compile(r"[\x00-\x20]*+(?:[-+*/%^|&?:;,<>=)}\]]|//|\n|in(?:stanceof)?\s)")
_EMPTY: Final = re.compile(r"\w[\w ]{0,40}\(\)\s*\Z")
# `prompt(ly)`, `confirm(ed)/alert(s): 5`: words with an ending, no names of variables.
_ENDINGS: Final = re.compile(
    r"(?>(?:\w[\w ]{0,40}\((?:e?s|ed|ing|e?n|e?rs?|ors?|ly|ness|able|ant|ance|ments?|ations?|ive)\)"
    r"[\s,/|&]{0,3}){1,8})(?::\s{0,3}\d[\d.,]{0,12}%?)?\s*\Z"
)
_CLOSES: Final = re.compile(r"\s*+(?:(?:\w{1,20}+\s*+)?[;)}\]]|\*/)")
_PROGRAM: Final = re.compile(
    r"\s*(?:async|class|const|export|function|import|interface|let|package|public|type|var|def|#)\s"
)
# A function of the page by a name that is put together.
_COMPUTED: Final = re.compile(
    r"(?<![\w.])(?:window|self|top|parent|frames|this|globalThis)\s?"
    r"(?:\[[\s(]?(?:[\"'`/]|\d)[^\]+\n]{0,60}\+[^\]\n]{0,60}\]"
    r"|\[\s?(?:\d{3,15}\s?\.?\.\s?toString\s?\(|Object\.(?:keys|values|getOwnPropertyNames)\s?\()"
    r"[^\n()\[\]]{0,20}\)\s?(?:\[[^\]\n]{1,20}\])?\s?\])\s?[(`]"
)
# A function that is handed to what calls it, by ways that no program has to go.
_HANDED: Final = re.compile(
    r"\[\s?Symbol\s?\.\s?\w{4,20}\s?\]\s?[:=]\s?(?:alert|confirm|prompt|eval|Function)\b"
    r"|\.\s?replace(?:All)?\s?\(\s?/[^/\n]{1,60}/[a-z]{0,6}\s?,"
    r"\s?(?:alert|confirm|prompt|eval)\s?\)"
    r"|\bassign\s?\(\s?(?:window|self|top|parent|globalThis)\s?,\s?\{[^{}]{0,60}\bon\w{3,20}\s?:"
)
# What stands behind the address of the page, or who sent its reader, becomes the page.
_TAKEN: Final = re.compile(
    r"\blocation(?:\.href)?\s{0,4}=\s{0,4}(?:(?:window|document|self|top|parent)\.){0,2}"
    r"(?:location\.(?:hash|search)\b(?!\s?\()|document\.referrer)|"
    r"\bdocument\s?\.\s?forms\b[^=;\n]{0,40}\.\s?action\s?=\s?[\"'`](?:https?:)?[/\\]{2}"
)
_ELSEWHERE: Final = re.compile(
    r"(?:(?:window|self|top|parent|opener|frames|globalThis)\.){0,2}"
    r"(?:name|location(?:\.(?:hash|search|href))?|document\.(?:referrer|cookie|URL|documentURI))\W{0,4}"
)
# A page that is sent elsewhere, and nothing else.
_MOVED: Final = re.compile(
    r"[\s;'\"`)}\]]{0,8}(?:(?:top|parent|self|this|opener|window|document|globalThis)(?:\.location|\[[\"'`]location[\"'`]\])"
    r"(?:\.(?:href|assign|replace))?|location\.(?:href|assign|replace))\s{0,4}[=(]\s{0,4}"
    r"[\"'`](?:[/\\]{2}|https?:|(?:java|vb)script:|data:)[^\n]{0,400}|"
    # `location="https://…"` is an attribute, and a setting.
    r"[\s;'\"`)}\]]{0,8}location\s{0,4}=\s{0,4}[\"'`](?:[/\\]{2}|(?:java|vb)script:|data:)[^\n]{0,400}"
)
# What a browser keeps of its user, put behind the address of somebody.
_SENT: Final = re.compile(
    r"[\"'`](?:https?:|wss?:)?[/\\]{2}[^\"'`\s$]{1,300}(?:[\"'`]\s{0,4}\+\s{0,4}|\$\{\s{0,4})"
    r"(?:[\w.]{1,40}\(\s{0,4}){0,4}(?:(?:window|self|top|parent|opener|globalThis)\.)?"
    r"(?:localStorage|sessionStorage|cookieStore|document\.(?:cookie|body|documentElement)|indexedDB)\b"
)
# Script of somebody that a library is told to get.
_GOT: Final = re.compile(
    r"(?:\A\s{0,8}|[;{}()\],=>*/+&|?!~^-]\s{0,4})(?:(?:window|self|top|parent)\.)?(?:(?:(?:\$|jQuery)\s?\.\s?getScript)\s?(?:\(\s?[\"'`]|`)(?:https?:)?|"
    r"(?:(?:\$|jQuery)\s?\.\s?(?:get|post|ajax|load|getJSON)|fetch|navigator\s?\.\s?(?:sendBeacon|serviceWorker\s?\.\s?register)|postMessage|"
    r"new\s+(?:WebSocket|EventSource|Worker|SharedWorker))\s?\(\s?[\"'`])[/\\]{2}[\w\[]"
)
_SAID_BEFORE: Final = re.compile(r"(?:\A|[\w.,:;!?/]\s{1,4}\(?|[\w,;]\s{1,4}\[)\Z")
_SAID_BEHIND: Final = re.compile(
    r"[)\]]?(?:[.,:;!?]?\s{0,4}\Z|[.,:;!?/]?\s{1,4}(?:[\"'`(]?\w|[-&–—]\s))"
)
_LINK_BEFORE: Final = frozenset("\"'`=(<[:,;{|")
_MOST_BEFORE: Final = 40


def judgements_on_script(text: str, context: Context) -> Iterator[Judgement]:
    """What `text` would run from inside a script of the page."""
    for quote in "\"'`":
        position = text.find(quote) + 1
        if position and _GOES_ON.match(text, position):
            score = _broken_out(reading_of(text, position))
            if score:
                start = max(0, position - 1)
                yield Judgement("xss.javascript", score, text[start : start + 120])
    yield from _in_template_literal(text)
    moved = _MOVED.fullmatch(text) if "location" in text else None
    if moved is not None:
        yield Judgement("xss.javascript", 5, text[:120])
    sent = _SENT.search(text)
    got = None if sent else _GOT.search(text)
    if (sent or got) and not is_talked_about(text):
        score = 6 if sent else 5
        yield Judgement("xss.javascript", _eased(score, context), (sent or got or "")[0][:120])
    taken = _TAKEN.search(text) if "=" in text and ("location" in text or "forms" in text) else None
    if taken is not None and not is_talked_about(text):
        yield Judgement("xss.javascript", _eased(5, context), taken[0][:120])
    handed = _HANDED.search(text) if "(" in text or "Symbol" in text else None
    if handed is not None:
        yield Judgement("xss.javascript", 7, handed[0][:120])
    computed = _COMPUTED.search(text) if "[" in text else None
    if computed is not None:
        yield Judgement("xss.javascript", 7, computed[0][:120])
    yield from _before_end_of_script(text)
    score = _bare(text, context)
    if score:
        yield Judgement("xss.javascript", score, text[:120])


def judgements_on_urls(text: str, context: Context) -> Iterator[Judgement]:
    """The script URLs in `text`: all of it, or links of any notation."""
    if xss_urls.is_document_alone(text):
        yield Judgement("xss.url", 7, text[:120])
    elif xss_urls.is_markup_alone(text):
        yield Judgement("xss.url", 5, text[:120])
    if xss_css.is_injected(text):
        yield Judgement("xss.style", 7, text[:120])
    elif not context.is_part and (leak := xss_css.leak_in(text)):
        yield Judgement("xss.style", leak, text[:120])
    for start, end, is_split in xss_urls.script_urls(text):
        before = text[max(0, start - _MOST_BEFORE) : start].rstrip("\x00\t\n\r ")
        script = text[end : end + 400].lstrip()
        if _is_named(text, start, end):
            yield Judgement("xss.url", 3, text[start : start + 120])
            continue
        is_whole = not before and start < _MOST_BEFORE
        linked = is_whole or (before != "" and before[-1] in _LINK_BEFORE)
        score = _url_score(script, is_split=is_split)
        quote = before[-1:]
        if quote in {'"', "'", "`"} and not is_split and script.startswith("void"):
            # `<a href="javascript:void(0)">` is how one writes of a link that leads nowhere.
            is_inert = xss_urls.is_inert(script.partition(quote)[0])
            score = min(score, 4) if is_inert else score
        if score:
            # In the middle of a sentence it is talked about.
            score -= 0 if linked else 2
            yield Judgement("xss.url", score, text[start : start + 120])


def _is_named(text: str, start: int, end: int) -> bool:
    """Whether somebody names the scheme in a sentence: `javascript:` between a pair of marks.

    SECURITY: `"javascript:" + name` is a program that makes such a URL.
    """
    quote = text[start - 1 : start]
    if not quote or quote not in "\"'`" or text[end : end + 1] != quote:
        return False
    before = _SAID_BEFORE.search(text, max(0, start - _MOST_BEFORE), start - 1)
    return before is not None and _SAID_BEHIND.match(text, end + 1) is not None


def judgements_on_links(text: str) -> Iterator[Judgement]:
    """The script URLs among the links of Markdown: `[x](url)`, `[x]: url`, `<url>`."""
    for start, end, is_split in xss_urls.script_urls(text):
        before = text[max(0, start - _MOST_BEFORE) : start].rstrip("\x00\t\n\r ")
        if before.endswith(("](", "](<", "]:", "<")):
            score = _url_score(text[end : end + 400].lstrip(), is_split=is_split)
            if score:
                yield Judgement("xss.url", score, text[start : start + 120])


def _url_score(script: str, *, is_split: bool) -> int:
    if is_split:
        return 8
    if xss_urls.is_inert(xss_urls.plain(script)):
        return 4
    head = script.split('"')[0].split("'")[0] if script[:1] not in {'"', "'"} else script
    reading = reading_of(head if "(" in head or "=" in head else script)
    if script[:1] in {"/", "\\", "%", '"', "'", "`"} or "=" in script[:20]:
        return 8
    if reading.sink or (reading.is_code and reading.calls):
        return 8
    # What a page, or who opened it, wrote elsewhere becomes the document.
    if _ELSEWHERE.fullmatch(script):
        return 5
    # `JavaScript: The Good Parts`.
    return 5 if script[:1].strip() and re.match(r"[\w.$]+\s*[(`\[=]", script) else 0


def _broken_out(reading: Reading) -> int:
    if not reading.is_code:
        return 0
    if reading.sink >= 2:
        return 9
    if reading.sink == 1 and reading.calls:
        return 7
    if reading.sink == 1:
        return 6 if reading.ends or reading.reopens else 4
    return 6 if reading.calls and (reading.ends or reading.reopens) else 0


def _in_template_literal(text: str) -> Iterator[Judgement]:
    start = text.find("${")
    if start < 0:
        return
    end = text.find("}", start)
    inner = text[start + 2 : end] if end >= 0 else text[start + 2 :]
    if reading_of(inner).sink >= 2:
        yield Judgement("xss.javascript", 7, text[start : start + 120])


def _before_end_of_script(text: str) -> Iterator[Judgement]:
    lower = text.lower()
    end = lower.find("</script")
    if end <= 0 or "<script" in lower[:end]:
        return
    reading = reading_of(text[:end])
    if reading.is_code:
        score = 7 if reading.calls or reading.sink else 6
        yield Judgement("xss.javascript", score, text[:120])


def _bare(text: str, context: Context) -> int:
    """The score of a text that is script as it stands, for pages that print it into one."""
    head = text.strip()
    if _ENDINGS.match(head):
        return 0
    if _EMPTY.match(head):
        is_called = reading_of(head).sink > 1 and head[0].islower()
        return _eased(5, context) if is_called else 0
    if head.startswith("*/"):
        head = head[2:]
    reading = reading_of(head)
    if not reading.is_code and ">" in head and "=>" not in head:
        # The rest of a handler without quotes.
        head = head.partition(">")[0]
        reading = reading_of(head)
    if not reading.is_code or reading.sink < 2:
        return 0
    if reading.sink == 3:
        return 8
    score = 5
    if _CLOSES.match(text) or reading.ends or reading.reopens:
        score = 7
    elif reading.calls and ("cookie" in head or reading.calls > 1):
        score = 6
    if _PROGRAM.match(head) and "\n" in head:
        score = 4
    return _eased(score, context)


def _eased(score: int, context: Context) -> int:
    """A step of a path, and a sentence, hold names of functions for other reasons."""
    if context.content == "prose":
        return max(score - 2, 0)
    return max(score - 1, 0) if context.location == "path" else score
