"""Injection into stores that do not speak SQL: operators, scripts, commands, graph queries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors import nosql_graph, nosql_search
from vallum.inspection.detectors._text import (
    Look,
    is_talked_about,
    reads_as_prose,
    strongest_of,
    verdict,
)
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "nosql.operator-name": "a key or parameter name is a query operator, such as `user[$ne]`",
    "nosql.operator-json": "a string value carries an object with query operators",
    "nosql.lookup-name": "a parameter name asks a related record, as `user__key__startswith`",
    "nosql.javascript": "a string is closed and JavaScript of a server-side query follows",
    "nosql.shell": "a call of the database's own shell, such as `db.users.drop()`",
    "nosql.search-body": "a query document of a search engine or document store in a string value",
    "nosql.search-query": "a query string that leaves its group, or chooses its parser",
    "nosql.search-script": "a script of a search engine, or a name that asks for one",
    "nosql.wire-command": "a command of a key-value store after a line break",
    "nosql.cql": "`ALLOW FILTERING` ends an injected query",
    "nosql.cypher": "a graph query, or the end of one and the start of another",
}

# Operators that change what a query matches or runs. Names that other conventions use as well
# (`$filter`, `$top`, `$count`, `$ref`, `$schema`, `$id`, `$type`, `$set`) are not among them.
_MATCHING = (
    r"(?:ne|eq|gte?|lte?|n?in|nor|or|and|not|exists|regex|where|expr|elemMatch|mod|all|size|"
    r"jsonSchema|near|nearSphere|geoWithin|geoIntersects|bits(?:All|Any)(?:Set|Clear)|sampleRate|"
    r"text)"
)
_RUNNING = (
    r"(?:where|func(?:tion)?|accumulator|lookup|graphLookup|unionWith|out|merge|addFields|"
    r"replaceRoot|facet|unwind|rename|currentOp|listSessions|push|pull|pullAll|addToSet|unset|inc|mul|"
    r"setOnInsert|currentDate|redact|replaceWith|bucketAuto|sortByCount|setWindowFields|collStats|"
    r"indexStats|planCacheStats|changeStream)"
)
# More of them that programs call their variables by: operators where a name stands.
_NAMED = (
    r"(?:project|group|match|bucket|densify|geoNear|vectorSearch|options|natural|maxDistance|"
    r"minDistance|centerSphere|geometry|each|slice|bit|pop|cond|ifNull|concat|substr(?:Bytes|CP)?|"
    r"strLenCP|regexMatch|regexFind(?:All)?|objectToArray|arrayElemAt|mergeObjects|getField|"
    r"setField|toString|toUpper|toLower)"
)
_ANY = rf"(?:{_MATCHING}|{_RUNNING})"
_LOOKUPS = (
    r"(?:i?startswith|i?endswith|i?contains|i?regex|i?exact|isnull|gte?|lte?|range|in|"
    r"has_keys?|has_any_keys|contained_by|year|search)"
)
_SHELL_CALLS = (
    r"(?:find|findOne|insert|insertOne|insertMany|update|updateOne|updateMany|remove|"
    r"deleteOne|deleteMany|drop|aggregate|mapReduce|save|count|distinct|createIndex)"
)
_DATABASE_CALLS = (
    r"(?:dropDatabase|getCollection(?:Names|Infos)?|getSiblingDB|shutdownServer|adminCommand|"
    r"runCommand|version|hostInfo|serverStatus|serverBuildInfo|currentOp|killOp|fsyncLock|"
    r"getUsers?|createUser|dropUser|dropAllUsers|updateUser|changeUserPassword|grantRolesToUser|"
    r"getMongo|eval|copyDatabase|cloneDatabase|getName|setProfilingLevel)"
)
_STATEMENT = (
    r"(?:return\b|var\s|let\s|const\s|while\s?\(|for\s?\(|do\s?\{|if\s?\(|sleep\s?\(|throw\b|"
    r"typeof\s|db\.|this[.\[]|emit\s?\(|function\b|print(?:json)?\s?\(|\w{1,20}\s?=\s?new\s)"
)

_BRACKETED = r"(?:set|type|comment|meta|search|min|max|sum|avg)"
# `$set` alone is what analytics call the properties of a person; `a[$set][b]` is not.
_OPERATOR_NAME = re.compile(
    rf"(?:^|[\[.])\s{{0,2}}\$(?:{_ANY}|{_NAMED})\s{{0,2}}(?:$|[\]\[.])|\[\s{{0,2}}\${_BRACKETED}\s{{0,2}}\]|^\$set\[",
    re.IGNORECASE,
)
_OPERATOR_KEY = re.compile(rf"(?:^|[\[{{,'\"])\s{{0,8}}\$({_ANY})['\"]?\s{{0,8}}:", re.IGNORECASE)
_PAIR_START = re.compile(r"(?:\A|[&?])[\w.\[\]-]{1,80}\Z")
# The first quote of a text, the ends of objects, and another member.
_STRING_LEFT = re.compile(r"[^'\"{}]*+['\"]\s{0,8}[}\])]{0,4}\s{0,8},")
# Use {$gt: 5} instead of {$gte: 6}: no JSON begins, or goes on, with words and then an object.
_TOLD = re.compile(
    r"(?!\s*(?:true|false|null|nan|infinity|undefined)\s)"
    r"\s*[^\W\d_](?:[\w '\u2019-]{1,100}+(?<=[^\W_] )|[\w ',-]{0,100}+(?:\.\w{1,40}){1,4}\()\{"
    r"[^{}]{1,200}(?:\{[^{}]{1,200}\}[^{}]{0,100})?\}\)?[,.?!]?\s[^\W\d_]"
    r"(?:[^{}\n'\"]|(?<=\w)'(?=\w)|\{\s?\$\w{1,12}:\s?[\w.-]{1,40}\s?\}){4,400}\s*\Z",
    re.IGNORECASE,
)
# SECURITY: behind the quote that leaves a string, a name is no JSON; a comma goes on.
_ENDS_STRING = re.compile(r"[^']*+'(?![\w$])|[^\"]*+\"(?![\w$])")
_OPERATOR_PAIR = re.compile(rf"\[\$({_ANY})\](?:\[\$?\w{{0,20}}\]){{0,2}}=", re.IGNORECASE)
# The stages of an aggregation; and a type that is asked by its number, which no schema does.
_STAGE = re.compile(
    r"^\s{0,8}\[\s{0,8}\{\s{0,8}['\"]\$(?:project|group|match|sort|limit|skip|sample|count|set)"
    r"['\"]\s{0,8}:|(?<=[\[{,'\"])\$(?:type|rand)['\"]?\s{0,8}:\s{0,8}(?:-?\d|\{\s?\})",
    re.IGNORECASE,
)
_BREAK_OUT = re.compile(
    r"['\"\]}]\s{0,8},\s{0,8}(?:\{\s{0,8})?['\"]?\$[a-z]{2,20}['\"]?\s{0,8}:", re.IGNORECASE
)
# A parameter's name where its value should stand: `user[$ne]`, `[$gt]5`. Names that variables of
# programs have as well (`$size`, `$text`) are not among the operators.
_OPERATOR_PATH = re.compile(
    r"(?:\w[\w.-]{0,60})?(?:\[[\w.-]{0,40}\]){0,4}"
    r"\[\$(?:ne|eq|gte?|lte?|nin|nor|exists|regex|where|expr|elemMatch|jsonSchema|nearSphere|"
    r"geoWithin)\](?:\[[\w.-]{0,40}\]){0,4}[\w.@%+^*-]{0,200}",
    re.IGNORECASE,
)
_LOOKUP_NAME = re.compile(rf"^(?:\w{{1,40}}\[)?[a-z]\w{{0,200}}?__{_LOOKUPS}\]?$", re.IGNORECASE)
_PROBING = re.compile(
    r"(?:with|contains|regex|has_keys?|has_any_keys|contained_by|search)\]?$", re.IGNORECASE
)
_SECRET_FIELD = re.compile(
    r"passw|secret|token|api_?key|hash|is_(?:staff|superuser|admin)", re.IGNORECASE
)
_QUOTE = re.compile(r"['\"]")
_AFTER_QUOTE = re.compile(
    rf"['\"]\s{{0,8}}[)}}\]]{{0,3}}\s{{0,8}}(?:;\s{{0,8}}{_STATEMENT}|(?:\|\||&&)\s{{0,8}}"
    rf"(?:this[.\[]|db\.|Object\.|true\b|!|sleep\s?\(|typeof\s|\(?\s?\d{{1,9}}\s?[<>=!]=?=?\s?\d|\d{{1,9}}\s?//|"
    rf"(?P<q>['\"])[^'\"]{{0,40}}(?P=q)?\s?(?:[<>]|[=!]==?))|\+\s{{0,8}}sleep\s?\()",
    re.IGNORECASE,
)
# A condition on the document: this.a == 'b', this['a'].length > 5, if (this.a …
_OF_THIS = (
    r"(?:(?:if\s?\(\s?)?this(?:\.\w{1,40}|\[\s?['\"]\w{1,40}['\"]\s?\])"
    r"(?:\.match\s?\(|(?:\.\w{1,20}\([^()]{0,60}\)|\.length|\[\d{1,3}\])?\s?(?:[=!]==?|[<>]=?)))"
)
_OF_DOCUMENT = re.compile(
    r"\W{0,6}(?:Object\.(?:keys|values|entries|getOwnPropertyNames)|tojson(?:oneline)?|printjson)\(\s?(?:this|db)\b"
)
_AFTER_NUMBER = re.compile(
    rf"^\s{{0,8}}(?:{_OF_THIS}|-?[\w.]{{0,40}}\s{{0,8}}(?:;\s{{0,8}}{_STATEMENT}|(?:\|\||&&)\s{{0,8}}"
    rf"(?:this[.\[]|db\.\w|\d{{1,9}}\s?===?\s?\d|true\s?(?:$|//|;))))",
    re.IGNORECASE,
)
# A body of `$where` or of a map-reduce is left; or the value is such a function, and nothing else.
_AFTER_BRACE = re.compile(rf"^[^'\"{{}}]{{0,40}}\}}\s{{0,4}};\s{{0,4}}{_STATEMENT}", re.IGNORECASE)
_FUNCTION = re.compile(
    r"\s{0,8}\(?\s?(?:async\s)?function\s?\([\w, ]{0,60}\)\s{0,4}\{(?P<body>.{1,2000})\}"
    r"\s?\)?\s?(?:\(\))?\s?;?\s{0,8}",
    re.DOTALL,
)
_QUERIES = re.compile(
    r"\b(?:emit\s?\(|sleep\s?\(|this\.\w|db\.\w|new Date\b|while\s?\(|do\s?\{|"
    r"return\s{1,4}(?:true|!?[01]|this|db)\b)"
)
_CODE_TAIL = re.compile(
    r"//|/\*|\x00|==|\.length\s?[<>]|\w\[\d{1,3}\]\s?[<>]|return\b|while\b|sleep|match\s?\(|['\"]\s{0,4}$|\bdate\b",
    re.IGNORECASE,
)
_SHELL = re.compile(
    rf"\bdb\.(?:{_DATABASE_CALLS}|[A-Za-z_]\w{{0,60}}\.{_SHELL_CALLS})\s?\(|"
    # RethinkDB's ReQL.
    r"\br\.(?:db\(['\"]|(?:db|table)(?:Drop|Create|List)\(|table\(['\"]\w{1,60}['\"]\)\.\w|js\(['\"]|http\(['\"])"
)
# A call is mentioned: `db.cats.find() is slow`.
_TALK = re.compile(
    r"[^()]{0,100}\)[,.]?\s{1,4}(?!in(?:stanceof)?\b)(?:[A-Za-z']{1,20}+[\s.?!,]{1,3}+){2}"
)
_WIRE = re.compile(
    r"[\r\n](?=[*sarpcfelmkbdhgui])(?:\*\d{1,5}\r?\n\$\d{1,5}\r?\n\w|"
    r"(?:set|add|replace|append|prepend|cas) \S{1,250} \d{1,10} \d{1,12} \d{1,10}"
    r"(?: noreply)?\r?\n|"
    r"(?:flush_?all|flushdb)\s?(?:[\r\n]|$)|config set \w+ \S|(?:slaveof|replicaof) \S{1,100} \w+|"
    r"eval (?:'[^'\r\n]{1,400}'|\"[^\"\r\n]{1,400}\") \d|keys \*\s{0,4}[\r\n]|script flush|"
    r"stats (?:items|slabs|cachedump)\b|config get \*|acl setuser |bgrewriteaof|debug sleep \d|"
    r"script load |module load /|"
    # One command on a line of its own, as Redis takes it.
    r"(?-i:(?:H?SET|[LR]PUSH|SADD|PUBLISH|EXPIRE|RENAME|APPEND|SETEX|GETSET|MIGRATE|LRANGE) "
    r"\S{1,100}(?: \S{1,100}){1,4}|(?:AUTH|DEL|UNLINK|INCR|DECR|DUMP|HGETALL) \S{1,100}|"
    r"SELECT \d{1,3}|SHUTDOWN NOSAVE)\r\n)",
    re.IGNORECASE,
)
_CQL = re.compile(r"\ballow\s{1,8}filtering\b", re.IGNORECASE)
_LUA = re.compile(r"\bredis\.p?call\s?\(\s?['\"]")


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would do in a query of a store without SQL."""
    if context.is_name:
        return _judge_name(text)
    return strongest_of(_LOOKS, text)


def _judge_name(text: str) -> Judgement | None:
    operator = _OPERATOR_NAME.search(text)
    if operator:
        return verdict("nosql.operator-name", 9, text)
    if _LOOKUP_NAME.match(text):
        if _SECRET_FIELD.search(text):
            return verdict("nosql.lookup-name", 7, text)
        # One step is how many an honest filter is named; several walk to other tables.
        walks = text.count("__") > 1 and _PROBING.search(text) is not None
        return verdict("nosql.lookup-name", 5 if walks else 3, text)
    return nosql_search.judge_name(text) or _operator_json(text)


def _operator_json(text: str) -> Judgement | None:
    match = (
        _OPERATOR_KEY.search(text)
        or _OPERATOR_PAIR.search(text)
        or _BREAK_OUT.search(text)
        or _STAGE.search(text)
    )
    if match is None:
        return None
    if match.re is _BREAK_OUT:
        is_left = text.count("{") < text.count("}")
        return verdict("nosql.operator-json", 7 if is_left else 3, match[0])
    if match.re is _OPERATOR_PAIR:
        # A pair of a query may have any value.
        before = text[max(0, match.start() - 82) : match.start()]
        is_pair = _PAIR_START.search(before) is not None
        is_talk = not is_pair and reads_as_prose(text)
        return verdict("nosql.operator-json", 4 if is_talk else 8, match[0])
    # JSON in a string is only parsed as a whole, or where the string that holds it is left.
    if text.lstrip()[:1] in ("{", "["):
        return verdict("nosql.operator-json", 9, match[0])
    left = _STRING_LEFT.match(text)
    if text.find("{", 0, match.start() + 1) < 0 or left:
        is_talk = is_talked_about(text, left.end() if left else 0)
        return verdict("nosql.operator-json", 4 if is_talk else 9, match[0])
    if _BREAK_OUT.search(text) and text.count("{") < text.count("}"):
        return verdict("nosql.operator-json", 8, match[0])
    is_told = _TOLD.match(text) is not None and _ENDS_STRING.match(text) is None
    is_talk = is_told or reads_as_prose(text)
    return verdict("nosql.operator-json", 4 if is_talk else 6, match[0])


def _operator_path(text: str) -> Judgement | None:
    match = _OPERATOR_PATH.fullmatch(text.strip())
    return match and verdict("nosql.operator-name", 6, text)


def _javascript(text: str) -> Judgement | None:
    first = _QUOTE.search(text)
    if first is not None:
        # In code the first quote opens a string; in an injection it closes one.
        match = _AFTER_QUOTE.match(text, first.start())
        if match:
            return verdict("nosql.javascript", 8, match[0])
    match = _AFTER_BRACE.match(text) or _OF_DOCUMENT.match(text)
    if match:
        return verdict("nosql.javascript", 4 if is_talked_about(text) else 6, match[0])
    match = _FUNCTION.fullmatch(text)
    if match and _QUERIES.search(match["body"]):
        return verdict("nosql.javascript", 6, text)
    match = _AFTER_NUMBER.match(text)
    if match and _CODE_TAIL.search(text, match.start()):
        return verdict("nosql.javascript", 4 if is_talked_about(text) else 6, text)
    return None


def _shell(text: str) -> Judgement | None:
    match = _SHELL.search(text) or _LUA.search(text)
    if match is None:
        return None
    is_talk = is_talked_about(text) or _TALK.match(text, match.end()) is not None
    return verdict("nosql.shell", 4 if is_talk else 6, match[0])


def _wire_command(text: str) -> Judgement | None:
    match = _WIRE.search(text)
    return match and verdict("nosql.wire-command", 9, match[0])


def _cql(text: str) -> Judgement | None:
    match = _CQL.search(text)
    if match is None:
        return None
    closes = "'" in text[: match.start()] or text[match.end() :].strip()[:2] in (";", "--", "/*")
    is_talk = is_talked_about(text, text.find("'") + 1)
    return verdict("nosql.cql", 7 if closes and not is_talk else 3, match[0])


_LOOKS: Final[tuple[Look, ...]] = (
    (("$",), _operator_json),
    (("[$",), _operator_path),
    ((";", "||", "&&", "sleep", "this.", "this[", "(this", "(db", "function"), _javascript),
    (("db.", "redis.", "r."), _shell),
    (nosql_search.WORDS, nosql_search.look),
    (("\r", "\n"), _wire_command),
    (("filtering",), _cql),
    (nosql_graph.WORDS, nosql_graph.look),
)

DETECTOR = Detector(
    family="nosql",
    rules=RULES,
    triggers=(
        (
            rf"(?:^|[\[.'\"{{, ])\${_ANY}(?:$|[\]\[.'\" :])|"
            rf"(?:^|[\[.])\s?\${_NAMED}\s?(?:$|[\]\[.])|\[\s?\${_BRACKETED}\s?\]|^\$set\["
        ),
        rf"\w__{_LOOKUPS}\]?$",
        r"['\"\]}]\s{0,8},\s{0,8}(?:\{\s{0,8})?['\"]?\$[a-z]{2,20}['\"]?\s{0,8}:",
        (
            rf"^\s{{0,8}}{_OF_THIS}|(?:\bobject\.\w{{4,20}}|\btojson(?:oneline)?|\bprintjson)\(\s?(?:this|db)\b|"
            r"['\"]\s{0,8}\+\s{0,8}sleep\s?\(|"
            r"(?:\|\||&&)\s{0,8}Object\."
        ),
        rf"['\")}}\]]\s{{0,8}}(?:;|\|\||&&)\s{{0,8}}(?:{_STATEMENT}|true|typeof\s|!|['\"(]|\d{{1,9}}\s?[<>=!/])",
        rf"^\s{{0,8}}-?[\w.]{{0,40}}\s{{0,8}};\s{{0,8}}{_STATEMENT}",
        r"(?:\|\||&&)\s{0,8}(?:this[.\[]|db\.|\d{1,9}\s?==|true\s?(?:$|//|;))",
        (
            r"\bdb\.[a-z_]\w{0,60}(?:\(|\.[a-z]{4,12}\s?\()|"
            r"\br\.(?:(?:db|table|js|http)\(['\"]|(?:db|table)(?:drop|create|list)\()"
        ),
        (
            r"[\r\n](?:\*\d{1,5}\r?\n\$\d|"
            r"(?:set|add|replace|append|prepend|cas) \S+ \d{1,10} \d|"
            r"flush_?all|flushdb|config set |config get \*|slaveof |replicaof |eval ['\"]|"
            r"keys \*|stats (?:items|slabs|cachedump)|acl setuser |bgrewriteaof|debug sleep |"
            r"script flush|script load |module load |"
            r"(?:h?set|[lr]push|sadd|publish|expire|rename|append|setex|getset|migrate|lrange|auth|del|incr|decr|dump|hgetall|"
            r"unlink|select|shutdown) \S{1,100}(?: \S{1,100}){0,4}\r\n)"
        ),
        r"allow\s{1,8}filtering",
        r"\[\s{0,8}\{\s{0,8}['\"]\$[a-z]{3,8}['\"]\s{0,8}:|\$(?:type|rand)['\"]?\s{0,8}:\s{0,8}[-\d{]",
        r"\bredis\.p?call",
        *nosql_graph.TRIGGERS,
        *nosql_search.TRIGGERS,
    ),
    judge=judge,
)
