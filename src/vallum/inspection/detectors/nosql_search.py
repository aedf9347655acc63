"""Queries of search engines and document stores: their documents, scripts and query strings."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.detectors._text import is_talked_about, verdict
from vallum.inspection.model import Judgement

_BODY = re.compile(
    r"\"(?:script_fields|script_score|_script)\"\s{0,8}:|"
    r"\"script\"\s{0,8}:\s{0,8}(?:\{\s{0,8}\"(?:source|inline|lang|id)\"|\"[^\"]{0,200}\w\s?\()|"
    r"\"query\"\s{0,8}:\s{0,8}\{\s{0,8}\"(?:match_all|query_string|bool|wildcard|regexp|term)\"|"
    r"\"selector\"\s{0,8}:\s{0,8}\{\s{0,8}\"_?\w{1,40}\"\s{0,8}:\s{0,8}\{|"
    r"function\s?\(\s?doc\s?\)\s{0,4}\{\s{0,8}(?:emit|if|for|return)|"
    r"\"mapReduce\"\s{0,8}:"
)
# What reads or changes a document in Painless, the language of such scripts.
_SCRIPT = re.compile(r"\bctx\._source\b|\bparams\._source\b|\bdoc\[['\"]\w[\w.]{0,60}['\"]\]\.\w")
_SCRIPT_NAMES = (
    r"(?:script_fields|script_score|_script|scripted_metric|(?:init|map|combine|reduce)_script|"
    r"runtime_mappings|scripted_upsert|bucket_script)"
)
_SCRIPT_NAME = re.compile(rf"{_SCRIPT_NAMES}(?:$|[.\[])")
_CLAUSES = (
    r"(?:match(?:_all|_phrase|_none)?|terms?|bool|query_string|simple_query_string|wildcard|regexp|"
    r"prefix|range|exists|nested|fuzzy|ids|script|constant_score|multi_match)"
)
# The end of a clause that the value stands in, and the start of the next one.
_CLAUSE_LEFT = re.compile(
    r"^[^{\"]{0,200}\"?\s{0,4}(?:[\]}]\s{0,4}){1,6},\s{0,4}(?:\{\s{0,4})?\""
    + _CLAUSES
    + r"\"\s{0,4}:"
)
# Solr takes a value's own word for which parser reads it.
_PARSERS = (
    r"(?:join|func|frange|xmlparser|parent|child|filters|query|lucene|e?dismax|complexphrase|"
    r"surround|simple|switch|graph|geofilt|bbox|collapse|rerank|mlt|raw|terms?|prefix|field|boost|"
    r"bool|hash_range|ltr|type|df|v|q\.op|cache|tag|key|ex)"
)
_LOCAL_PARAMETERS = re.compile(
    rf"\{{!\s?(?:{_PARSERS}(?:\s{{1,4}}[\w.]{{1,40}})?=[^{{}}]{{0,300}}\}}|"
    r"(?:func|xmlparser|lucene|e?dismax|complexphrase|surround)\})"
)
# Names of a part of the query, where its values are kept, and which of equals is shown.
_LABELS = re.compile(
    r"\{!\s?(?:(?:collapse|terms|geofilt|bbox)\s{1,4})?"
    r"(?:(?:tag|ex|key|cache|cost|q\.op|field|f|sfield|pt|d|separator|min|max|sort|nullPolicy)="
    r"(?:'[^'{}$]{0,80}'|[^\s'\"{}$]{1,80})\s{0,4}){1,6}\}"
)
_SECRETS = r"(?:\w{0,20}(?:passw(?:or)?d|secret|api_?key)\w{0,20})"
_SECRET = re.compile(_SECRETS)
# Any value, a range of them, or an expression for them: `password: ***` is none of these.
_ANY_VALUE = r":(?:\*(?![*\w])|\[[^\]]{1,40} TO |/[^/\s]{1,60}/(?:$|[\s)]))"
_SECRET_ASKED = re.compile(
    rf"^(?:.{{0,100}}?(?:\b(?:OR|AND|NOT)\s{{1,4}}|\|\|\s?|&&\s?)\(?|\s{{0,4}})"
    rf"(?:_exists_:{_SECRETS}|{_SECRETS}{_ANY_VALUE})"
)
_GROUP_LEFT = re.compile(
    r"^[^()]{0,60}\)\s{1,4}(?:OR|AND|NOT)\s{1,4}\(?(?:\*:\*|_exists_:\w|\w[\w.]{0,60}:(?:\*|\[|\w|\"))"
)

WORDS: Final = (
    *("script", "query", "selector", "function", "mapreduce", "_source", "doc[", "match", "term"),
    *("bool", "exists", "{!", "wildcard", "regexp", "prefix", "range", "nested", "fuzzy", "ids"),
    *("constant_score", ":"),
)
"""What a text must hold one of."""

TRIGGERS: Final = (
    r"\"(?:script|script_fields|script_score|_script|query|selector|mapreduce)\"\s{0,8}:\s{0,8}[{\"]",
    r"function\s?\(\s?doc\s?\)|^\s{0,8}\(?\s?(?:async\s)?function\s?\(",
    rf"\b(?:ctx|params)\._source|\bdoc\[['\"]\w|^{_SCRIPT_NAMES}(?:$|[.\[])",
    rf"[\]}}]\s{{0,4}},\s{{0,4}}(?:\{{\s{{0,4}})?\"{_CLAUSES}\"\s{{0,4}}:",
    r"\{!\s?[a-z_.]{1,20}[\s}=]",
    r"(?:passw(?:or)?d|secret|api_?key)\w{0,20}:[*\[/]|_exists_:\w{0,20}(?:passw|secret|api_?key)",
    r"\)\s{1,4}(?:or|and|not)\s{1,4}\(?(?:\*:\*|_exists_:\w|\w[\w.]{0,60}:[*\[\w\"])",
)


def judge_name(text: str) -> Judgement | None:
    """Whether a member of this name holds a script for a search engine."""
    match = _SCRIPT_NAME.match(text)
    return match and verdict("nosql.search-script", 6, text)


def _unless_secret(label: re.Match[str]) -> str:
    """The label, if what it names is kept from readers."""
    return label[0] if _SECRET.search(label[0]) else ""


def look(text: str) -> Judgement | None:
    """What `text` would do as a query, or inside one."""
    body = _BODY.search(text)
    if body:
        return verdict("nosql.search-body", 4 if is_talked_about(text) else 6, body[0])
    script = _SCRIPT.search(text)
    if script:
        return verdict("nosql.search-script", 4 if is_talked_about(text) else 6, script[0])
    left = _CLAUSE_LEFT.match(text)
    if left:
        return verdict("nosql.search-body", 7, left[0])
    parser = _LOCAL_PARAMETERS.search(_LABELS.sub(_unless_secret, text) if "{!" in text else text)
    if parser:
        text = parser.string
        # What follows the parameters is what the parser reads, in words if need be.
        chosen = not text[: parser.start()].strip() or text.endswith('"', 0, parser.start())
        is_talk = not chosen and is_talked_about(text)
        return verdict("nosql.search-query", 4 if is_talk else 6, parser[0])
    asked = _GROUP_LEFT.match(text) or _SECRET_ASKED.match(text)
    if asked:
        return verdict("nosql.search-query", 5, asked[0])
    return None
