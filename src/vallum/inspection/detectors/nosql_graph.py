"""Queries of graphs and documents: Cypher, AQL, SPARQL and Gremlin, whole or broken into."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import is_talked_about, strongest, verdict
from vallum.inspection.model import Judgement

_RULE: Final = "nosql.cypher"
_QUOTE = re.compile(r"['\"]")
# A quote after one of these opens a string: a filter that the caller writes, not a value.
_OPENS = re.compile(
    r"(?:[=:~<>!(,\[]|\b(?:eq|ne|co|sw|ew|gt|ge|lt|le|like|in|is|contains|with|has|startswith))"
    r"\s{0,4}$",
    re.IGNORECASE,
)
# The end of a graph's query, behind a string that is closed and before the rest as a comment.
_END = re.compile(
    r"['\"](?!(?:s|t|re|ve|ll|d|m)\b)\s{0,4}[)}\]]{0,3}\s{0,8}[^'\"]{0,80}?\b(?:return\s{1,4}[\w.]{1,60}|"
    r"remove\s{1,4}\w{1,40}\s{1,4}in\s{1,4}\w{1,40})\s{0,4};?\s{0,4}(?://|/\*)",
    re.IGNORECASE,
)
_CLOSE = r"['\"]\s{0,4}[)}\]]{0,3}\s{0,8}"
_NODE = r"\(\s?\w{0,40}\s?(?::\s?\w{2,60}\s?[){]|\{|\)\s?<?-[\[-])"
_ALONG = r"(?:with\s{1,4}\w{1,40}(?:\s?,\s?\w{1,40}){0,4}\s{1,4}|on\s(?:create|match)\s{1,4})"
# What may stand where a condition of Cypher or AQL ends: a clause with the words that it needs.
_CLAUSE_WORDS = (
    r"set\s{1,4}\w{1,40}(?:\.\w{1,40}\s{0,4}\+?=|\s?\+=|:\w{2,40}\s{0,4}(?:$|//|return\b))|"
    r"remove\s{1,4}\w{1,40}(?:[.:]\w|\s{1,4}in\s{1,4}\w)|"
    r"(?:optional\s{1,4})?(?:create|merge|match)\s{0,4}" + _NODE + r"|"
    r"foreach\s?\(\s?\w{1,40}\s{1,4}in\s|unwind\s{1,4}[\w.\[\]$(),]{1,60}\s{1,4}as\s|"
    r"call\s?\{|call\s{1,4}\w{1,40}\.\w{1,40}[.(]|"
    r"union\s{1,4}(?:all\s{1,4})?(?:match\s?\(|return\s)|"
    r"return\s{1,4}(?:document|sleep|collections|attributes|current_user|length|count|collect|"
    r"labels|keys|properties)\s?\(|"
    r"insert\s?\{[^{}]{0,200}\}\s{0,4}(?:in|into)\s|upsert\s?\{|"
    r"(?:update|replace)\s{1,4}(?:\w{1,40}\s{1,4}with\s?\{|\{[^{}]{0,200}\}\s{0,4}(?:with|in)\b)|"
    r"for\s{1,4}\w{1,40}\s{1,4}in\s{1,4}[\w@]{1,60}\s{1,4}(?:filter|return|remove|update|limit)\b|"
    r"filter\s{1,4}\w{1,40}\.\w{1,40}\s{0,4}(?:[=!]=|=~|[<>]|like\b|in\b)|"
    r"let\s{1,4}\w{1,40}\s?=\s?(?:\(|document|sleep|\[)"
)
_TAIL_WORDS = (
    r"(?:detach\s{1,4})?delete\s{1,4}\w{1,40}\s{0,4}(?://|/\*|return\b)|"
    r"(?:or|and|xor)\s{1,4}(?:not\s{1,4})?(?:exists\s?\(\s?\w{1,40}\.\w|\w{1,40}\.\w{1,40}\s{1,4}"
    r"(?:contains|starts\s{1,4}with|ends\s{1,4}with|=~|is\s{1,4}(?:not\s{1,4})?null)\b)"
)
_LEFT = re.compile(
    rf"{_CLOSE}{_ALONG}?(?:{_CLAUSE_WORDS}|{_TAIL_WORDS})|"
    rf"{_CLOSE}{_ALONG}(?:detach\s{{1,4}})?delete\s{{1,4}}\w",
    re.IGNORECASE,
)
_REST = re.compile(r"//\s{0,8}\Z")
_WHOLE_AQL = re.compile(
    r"^\s{0,8}for\s{1,4}(?P<each>\w{1,40})\s{1,4}in\s{1,4}[\w@]{1,60}\s[^\r\n]{0,300}?"
    r"\b(?:return\s{1,4}(?:distinct\s{1,4})?(?:(?P=each)\b|\{)|remove\s{1,4}(?P=each)\b|"
    r"(?:update|replace)\s{1,4}(?P=each)\s{1,4}(?:with|in)\b)",
    re.IGNORECASE,
)
# What begins a query of Cypher or AQL that reads no pattern first.
_START = re.compile(
    r"\s{0,8}(?:unwind\s{1,4}[^\r\n]{1,100}?\sas\s{1,4}\w{1,40}\s{1,4}"
    r"(?:create|merge|match|return|call|set|with|detach)\b|"
    r"return\s{1,4}(?:document|collections|attributes|current_user)\(|"
    r"let\s{1,4}\w{1,40}\s?=\s?\(\s?for\s)",
    re.IGNORECASE,
)
_SPARQL = re.compile(
    r"(?:\}\s{0,4}|;\s{0,4}|^\s{0,8})(?:(?:insert|delete)\s{1,4}data\s{0,4}\{|"
    r"(?:drop|clear)\s{1,4}(?:silent\s{1,4})?graph\s{1,4}<|"
    r"load\s{1,4}(?:silent\s{1,4})?<[a-z]{2,8}:)|"
    r"\}\s{0,4}(?:;\s{0,4})?(?:drop|clear)\s{1,4}(?:silent\s{1,4})?(?:all|default|named)\b|"
    r"\bservice\s{1,4}(?:silent\s{1,4})?<[a-z]{2,8}:|"
    r"[{.;]\s{0,4}\?\w{1,20}\s{1,4}\?\w{1,20}\s{1,4}\?\w{1,20}\b",
    re.IGNORECASE,
)
_GREMLIN = re.compile(r"\bg\.[VE]\([^()]{0,80}\)\s{0,4}\.\w")
_STEP_OUT = re.compile(
    r"^[^'\"(]{0,200}['\"]\s?\)\s?\.(?:drop|valueMap|elementMap|inject|addV|addE|iterate|"
    r"sideEffect)\s?\("
)
_CREATE = re.compile(
    r"^\s{0,8}(?:create|merge)\s{0,4}\(\w{0,20}:\w{1,40}\s{0,4}[{)]", re.IGNORECASE
)
_PATTERN = re.compile(
    r"\bmatch\s{0,8}\(\s?\w{0,40}\s?(?::\s?\w{1,60}\s?)?(?:\{[^{}]{0,100}\}\s?)?\)", re.IGNORECASE
)
_CLAUSE = re.compile(
    r"\b(?:return\s{1,8}[\w*]|delete\s{1,8}\w|set\s{1,8}\w{1,40}\.|remove\s{1,8}\w{1,40}[.:]|"
    r"with\s{1,8}\w{1,40}\s{1,8}(?:as|match|return|where|call|detach)\b|where\s{1,8}\w{1,40}[.(])",
    re.IGNORECASE,
)
_CYPHER = re.compile(
    r"load\s{1,8}csv\s{1,8}(?:with\s{1,8}headers\s{1,8})?from\s{1,8}['\"]|"
    r"detach\s{1,8}delete\s{1,8}[\w(]|call\s{1,8}(?:(?:apoc|dbms)\.\w{1,40}[.(]|"
    r"db\.(?:labels|schema|index|indexes|constraints|propertyKeys|relationshipTypes|ping|info)\b)",
    re.IGNORECASE,
)
_MOST_PATTERNS: Final = 4
_CYPHER_BREAK = re.compile(
    r"^[^'\"]{0,200}['\"][^'\"]{0,40}?[})\]][^'\"]{0,200}"
    r"\b(?:match|return|with|call|delete|union|load\s)",
    re.IGNORECASE,
)

WORDS: Final = (
    *("match", "csv", "delete", "call", "return", "remove", "g.", "create", "merge", "set"),
    *("foreach", "unwind", "union", "insert", "upsert", "update", "replace", "filter", "let"),
    *("contains", "exists", "with", "=~", "null", "').", '").', "data", "drop", "clear"),
    *("service", "?"),
)
"""What a text must hold one of."""

TRIGGERS: Final = (
    r"\bg\.[ve]\(|^\s{0,4}(?:create|merge)\s{0,4}\(\w{0,20}:\w",
    r"return\s{1,4}[\w.]{1,60}\s{0,4};?\s{0,4}/[/*]|remove\s{1,4}\w{1,40}\s{1,4}in\s{1,4}\w{1,40}\s{0,4}/[/*]",
    (
        r"\bmatch\s{0,8}\(\s?\w{0,40}\s?[:){]|load\s{1,8}csv\s|detach\s{1,8}delete\s|"
        r"\bcall\s{1,8}(?:db|apoc|dbms)\."
    ),
    rf"{_CLOSE}{_ALONG}?(?:{_CLAUSE_WORDS}|{_TAIL_WORDS}|delete\s{{1,4}}\w)",
    r"^\s{0,8}for\s{1,4}\w{1,40}\s{1,4}in\s{1,4}[\w@]{1,60}\s{1,4}(?:return|filter|remove|update|replace)\s",
    (
        r"(?:insert|delete)\s{1,4}data\s{0,4}\{|\bgraph\s{1,4}<|"
        r"\}\s{0,4}(?:;\s{0,4})?(?:drop|clear)\s|"
        r"\b(?:service|load)\s{1,4}(?:silent\s{1,4})?<[a-z]{2,8}:|"
        r"\?\w{1,20}\s{1,4}\?\w{1,20}\s{1,4}\?\w"
    ),
    (
        r"\bunwind\s{1,4}[\w.\[$(]|^\s{0,4}return\s{1,4}(?:document|collections|attributes|"
        r"current_user)\s?\(|^\s{0,4}let\s{1,4}\w{1,40}\s?=\s?\(\s?for\s"
    ),
    r"['\"]\s?\)\s?\.(?:drop|valuemap|elementmap|inject|addv|adde|iterate|sideeffect)\s?\(",
)


def look(text: str) -> Judgement | None:
    """What `text` would do as a query of a graph, or as a string in one."""
    return strongest((_string_left(text), _query(text)))


def _string_left(text: str) -> Judgement | None:
    first = _QUOTE.search(text)
    if first is None:
        return None
    end = _END.match(text, first.start())
    if end:
        return _judged(7, end[0], text, first.end())
    left = _LEFT.match(text, first.start())
    if left is None or _is_own(text, first):
        return None
    # Sentences do not end with the start of a comment.
    if _REST.search(text):
        return verdict(_RULE, 8, left[0])
    return _judged(8, left[0], text, first.end())


def _is_own(text: str, quote: re.Match[str]) -> bool:
    """Whether a quote opens a string of a filter that the caller writes, and another ends it."""
    if not _OPENS.search(text, max(0, quote.start() - 16), quote.start()):
        return False
    end = text.find(quote[0], quote.end())
    if end < 0 or text[end + 1 : end + 2].isalnum():
        return False
    return _OPENS.search(text, max(quote.end(), end - 16), end) is None


def _query(text: str) -> Judgement | None:
    match = (
        _CYPHER.search(text)
        or _GREMLIN.search(text)
        or _CREATE.match(text)
        or _graph_pattern(text)
        or _WHOLE_AQL.match(text)
        or _START.match(text)
        or _SPARQL.search(text)
        or _STEP_OUT.match(text)
    )
    if match is None:
        return None
    if _CYPHER_BREAK.match(text):
        return verdict(_RULE, 9, match[0])
    return _judged(6, match[0], text)


def _judged(score: int, evidence: str, text: str, start: int | None = None) -> Judgement:
    return verdict(_RULE, 4 if is_talked_about(text, start) else score, evidence)


def _graph_pattern(text: str) -> re.Match[str] | None:
    """A pattern of nodes with a clause after it that does something with them."""
    for pattern in islice(_PATTERN.finditer(text), _MOST_PATTERNS):
        clause = _CLAUSE.search(text, pattern.end(), pattern.end() + 300)
        if clause and "{" not in text[pattern.end() : clause.start()]:
            return pattern
    return None
