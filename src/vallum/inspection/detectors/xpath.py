"""XPath and XQuery injection: leaving a quoted string of a path, and paths that read it all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import (
    Look,
    is_talked_about,
    is_tree,
    reads_as_prose,
    strongest_of,
    verdict,
)
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "xpath.tautology": "a string is closed and a condition that is always true follows",
    "xpath.probe": "a string is closed and a condition about the document follows",
    "xpath.predicate": "a string and its predicate are closed and another path follows",
    "xpath.count": "a count or length of the document is asked",
    "xpath.axis": "a path along an axis, which walks out of the part that was meant",
    "xpath.path": "a complete path with conditions or node tests as a value",
    "xpath.document": "a function of XPath or XQuery that fetches a document or runs something",
}

_FUNCTION = (
    r"(?:count|name|local-name|namespace-uri|string-length|substring|substring-before|"
    r"substring-after|position|last|text|node|starts-with|ends-with|contains|string|concat|"
    r"normalize-space|translate|not|true|doc|doc-available|matches|boolean|number|sum|"
    r"string-to-codepoints|codepoints-to-string|lower-case|upper-case|current|system-property|"
    r"distinct-values|string-join|tokenize|replace|exists|empty|max|min|avg|id|key|lang|root|"
    r"comment|[a-z]{2,20}-[a-zA-Z-]{2,40}|[a-z]{2,12}:[a-z][a-z-]{1,40})"
)
_AXIS = (
    r"(?:ancestor|ancestor-or-self|attribute|child|descendant|descendant-or-self|following|"
    r"following-sibling|namespace|parent|preceding|preceding-sibling|self)"
)
# What binds a name to each node of a path (XQuery).
_BINDING = r"(?:(?:for|some|every)\s{1,4}\$\w{1,40}\s{1,4}in\s|let\s{1,4}\$\w{1,40}\s{0,4}:=)"
_MODULES = (
    r"(?:db:(?:open|get|list|drop|delete|add|store|query|system)|http:send-request|"
    r"file:(?:read-[a-z]{4,12}|list|write|append|delete|exists)|fetch:(?:text|xml|binary|doc)|"
    r"proc:(?:system|execute|fork)|xquery:eval|util:(?:eval|eval-inline|log)|"
    r"xdmp:[a-z-]{3,40}|php:function(?:String)?|saxon:(?:eval|evaluate|expression|parse)|"
    r"dyn:(?:evaluate|map|closure)|xalan:(?:evaluate|nodeset)|exsl:node-set|xmldb:[a-z-]{3,40}|sql:(?:connect|execute)|java\.lang\.\w{1,40}:\w{1,40}|system-property)"
)
_CLOSE = r"['\"]\s{0,4}[)\]]{0,3}\s{0,4}"
_VALUE = r"(?:'[^'\"]{0,60}'?|\"[^'\"]{0,60}\"?|-?\d{1,9}(?:\.\d{1,9})?)"

_TAUTOLOGY = re.compile(
    rf"{_CLOSE}\b(?:or|and)\s{{0,4}}\(?(?P<left>{_VALUE})\s{{0,4}}"
    rf"(?:=|!=|<=?|>=?|\b(?:eq|ne|l[et]|g[et]|i?div|mod)\b)\s{{0,4}}(?P<right>{_VALUE})",
    re.IGNORECASE,
)
_PROBE = re.compile(
    rf"{_CLOSE}\b(?:or|and)\s{{0,4}}(?:not\s?\()?\(?(?:{_FUNCTION}\s?\(|"
    rf"(?:\.{{0,2}}/{{1,2}}|\./)[\w*@(]|\.\s?[=<>]|@[\w*]|{_AXIS}::|"
    rf"(?:\*|\.\.?)\s{{1,4}}(?:or|and)\b|\w{{1,40}}\[\d{{1,4}}\]\s{{1,4}}(?:or|and)\b|{_BINDING})"
)
_QUOTE = re.compile(r"['\"]")
# How a filter of an API begins: `userType eq "x"`, `contains(name,'x')`. Its first quote opens a
# string, and what follows the end of that is the filter's own (SCIM, OData and their kin).
_FILTER = re.compile(
    r"\s{0,4}\(?\s?(?:not\s{0,4}\(?\s?)?(?:[A-Za-z][\w.:/-]{0,80}(?:\[[\w.:-]{1,40}\])?"
    r"(?:\s{1,4}(?:eq|ne|co|sw|ew|gt|ge|lt|le|like|in|has)\s{1,4}\(?|\s?(?:[=!~]=?|=~)\s?)|"
    r"[a-z]{2,20}\([A-Za-z][\w./]{0,60},\s?)(?=['\"])"
)
# A path that the caller writes, as tests of pages do: each bracket is closed, and what stands in
# its quotes goes on from no string that a path around it would have left.
_OWN_START = re.compile(
    r"\s{0,4}(?:(?:xpath|by\.xpath)\s?[=:]\s?)?[(\s]{0,3}\.?/{1,2}(?:\*|[a-zA-Z_][\w.:-]{0,60})\s?[\[/]",
    re.IGNORECASE,
)
_OWN_STRING = re.compile(
    r"'(?P<one>[^'\"]{0,120}+)'(?!\w)|\"(?P<two>[^'\"]{0,120}+)\"(?!\w)",
)
_GOES_ON = re.compile(
    r"\s{0,8}(?:[^\w\s#./]|\.\.|//|(?:or|and|eq|ne|l[et]|g[et]|is|to|i?div|mod|union|intersect|except|return|"
    r"instance|treat|cast|castable|satisfies|in|else)\b)|[^'\"]*[|]",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[()\[\]]")
_PAIRS: Final = {")": "(", "]": "["}
# Elements of pages that tests look for beside others.
_BESIDE = re.compile(
    r"/(?:following-sibling|preceding-sibling|parent|ancestor|ancestor-or-self|child|descendant|"
    r"following|preceding)::(?:a|button|div|form|h[1-6]|i|img|input|label|li|nav|ol|option|p|section|"
    r"select|span|svg|table|tbody|td|textarea|th|tr|ul)\b(?!-)"
)
_WORD = re.compile(r"(?!(?:or|and)\b)[^\W_]", re.IGNORECASE)
_SENTENCE = re.compile(r"(?:\s(?!(?:or|and|union)\b)[a-z]{2,20}+){3}", re.IGNORECASE)
_FEW_QUOTES: Final = 8
_PREDICATE = re.compile(r"\]\s{0,4}(?:\|\s{0,4}/{0,2}|/{1,2}(?:\.\.|[@*]))[\w*.@/ ]|\]/{1,2}\*\[")
# A predicate that was open is closed, or the number left: 1] or //b, 1 or //b
_GOES_TO = re.compile(
    r"[^'\"\[\]]{0,40}\]\s{0,4}(?:or|and|union)\s{1,4}(?:not\s?\(\s?)?/{1,2}[\w*@]|"
    r"[\s(]{0,4}-?\d{1,9}(?:\s(?:div|mod)\s\d{1,9})?\s{1,4}(?:or|and)\s{1,4}//(?![\w-]{1,60}\.\w)[\w*@]"
)
# What a query asks of nodes: if (//a) then
_ASKED = re.compile(r"\bif\s?\(\s?/{1,2}(?:[\w@]|\*[\[/)])[^()]{0,80}\)?\s?then\b")
_COMMENT = re.compile(r"\(:.{0,80}?:\)", re.DOTALL)
_STRING_LEFT = re.compile(r"(['\"])\s{0,4}\)?\s{0,4}\]\Z")
_COUNT = re.compile(
    r"\b(?:count|string-length|name|local-name|string|generate-id)\s?\(\s?(?:\.?/{1,2}|/\*)[\w*@:]|"
    r"(?<![\w.])(?:translate|normalize-space|lower-case|upper-case|concat|contains|starts-with|"
    r"substring|boolean|number|distinct-values|codepoints-to-string|string-to-codepoints|"
    r"string-join)"
    r"\s?\(\s?//[\w*@]"
)
_STEP = re.compile(rf"(?:/|\b){_AXIS}::(?:\*|(?:node|text|comment)\(\))|/{_AXIS}::\w")
_WHOLE = re.compile(r"^\s{0,4}/{1,2}\*(?:/|\[|\s{0,4}$|\|)|^\s{0,4}//@\*|\]\s?\|\s?//")
# Every step a name, with a condition, a test or a wildcard somewhere: `//user[name='x']/text()`.
_PATH = re.compile(
    r"\s{0,4}(?>(?:/{1,2}(?:(?:text|node|comment)\(\)|@?[\w.-]{1,60}|@?\*)"
    r"(?:\[[^\[\]]{1,200}\]){0,3}){1,20})\s{0,4}"
)
_TEST = re.compile(
    r"//@?\*|//\w[\w-]{0,60}\[|/(?:text|node|comment)\(\)|\[@?[\w-]{1,60}\s?(?:=|!=)\s?['\"]|\*\[\d"
)
# A path to what nobody lists: markup that is read on purpose has no such element.
_KEPT = (
    r"(?:\w{0,20}(?:passw(?:or)?d|pwd|secret|credential|creditcard|card-?number|api-?key|ssn)"
    r"\w{0,20})"
)
_KEPT_PATH = re.compile(
    rf"/(?:\w{{1,20}}:)?{_KEPT}(?:\[[^\[\]]{{1,60}}\])?(?:/text\(\))?\s{{0,4}}\Z|"
    rf"(?:local-)?name\(\)\s?=\s?['\"]{_KEPT}['\"]",
    re.IGNORECASE,
)
# Every node, text or attribute of a document.
_EVERYTHING = re.compile(r"\s{0,4}//(?:@\*|(?:node|text)\(\))\s{0,4}")
_UNION = re.compile(
    r"^[^'\"]{0,60}['\"]\s{0,4}[)\]]{0,3}\s{0,4}(?:\||\b(?:union|intersect|except)\b)"
    r"\s{0,4}//?\s{0,4}[\w*|]|^\s{0,4}/{1,2}\s{0,4}\|\s{0,4}//|^(?:-?\d{1,9}|\.{1,2})\s{0,4}\|\s{0,4}//[\w*@][^|]*$"
)
_DOCUMENT = re.compile(
    r"\b(?:doc|doc-available|document|collection|unparsed-text(?:-lines|-available)?)\s?\(\s?"
    rf"(?:['\"](?:[a-z][a-z0-9+.-]{{1,12}}:|/)|concat\s?\()|\b{_MODULES}\s?\(",
    re.IGNORECASE,
)
# A loop over nodes, by itself or behind what ends the one before.
_LOOP = re.compile(
    rf"(?:^|[\s'\")\](]){_BINDING}\s{{0,4}}\(?\s{{0,4}}(?:/{{1,2}}[\w*@]|(?:doc|collection|db:\w+)\s?\()"
)
_RETURN = re.compile(rf"{_CLOSE}return\s{{1,4}}(?:collection\(|doc\(|/{{2}}|\$\w+\s{{1,4}}union\b)")

_PROLOG = re.compile(
    r"\bxquery\s{1,4}version\s{1,4}['\"]\d|\bdeclare\s{1,4}namespace\s{1,4}\w{1,40}\s?="
)


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would do inside the string of a path expression."""
    return strongest_of(_LOOKS, _COMMENT.sub(" ", text) if "(:" in text else text)


def _is_talk(text: str) -> bool:
    # Two slashes begin no comment here.
    return is_talked_about(text.replace("//", "/"))


def _tautology(text: str) -> Judgement | None:
    # The quote that leaves a string is the first one: a later one closes what was quoted.
    first = _QUOTE.search(text)
    match = first and _TAUTOLOGY.match(text, first.start())
    if match is None or (text.lstrip()[:1] in ("[", "{") and is_tree(text)):
        return None
    # A condition goes on with another one, or with a string, and not with a sentence.
    is_talk = _SENTENCE.match(text, match.end()) is not None and reads_as_prose(text)
    return verdict("xpath.tautology", 4 if is_talk else 7, match[0])


def _is_own_path(text: str) -> bool:
    """Whether `text` is a whole path, and nothing of one that it stands in."""
    if not _OWN_START.match(text) or any(
        _GOES_ON.match(string["one"] or string["two"] or "")
        for string in _OWN_STRING.finditer(text)
    ):
        return False
    rest = _OWN_STRING.sub("", text)
    if "'" in rest or '"' in rest:
        return False
    opened: list[str] = []
    for mark in _BRACKETS.findall(rest):
        if mark in "([":
            opened.append(mark)
        elif not opened or opened.pop() != _PAIRS[mark]:
            return False
    return not opened


def _probe(text: str) -> Judgement | None:
    filtering = _FILTER.match(text)
    inside = ""
    for count, quote in enumerate(islice(_QUOTE.finditer(text), _FEW_QUOTES)):
        opens = filtering or inside or (count == 0 and _opens(text, quote.start()))
        if opens and inside in ("", quote[0]):
            inside = "" if inside else quote[0]
            if not inside:
                continue
        match = _PROBE.match(text, quote.start())
        if match:
            # What leaves a string does so by the first quote of its kind.
            is_first = count == 0 or text.find(quote[0]) == quote.start()
            is_talk = reads_as_prose(text)
            score = (7 if is_first else 4) if is_talk else 9
            return verdict("xpath.probe", 4 if _is_own_path(text) else score, match[0])
    return None


def _opens(text: str, position: int) -> bool:
    """Whether a quote stands before a word as people set it: what follows its end is theirs."""
    is_first = position == 0 or text[position - 1].isspace()
    return is_first and _WORD.match(text, position + 1) is not None


def _predicate(text: str) -> Judgement | None:
    match = _PREDICATE.search(text)
    if match is None:
        return None
    left = _STRING_LEFT.search(text, max(0, match.start() - 12), match.start() + 1)
    if left and text.find(left[1]) == left.start():
        return verdict("xpath.predicate", 9, match[0])
    opened = text.count("[", 0, match.end()) >= text.count("]", 0, match.end())
    if opened or _is_talk(text):
        return verdict("xpath.predicate", 3, match[0])
    return verdict("xpath.predicate", 9, match[0])


def _goes_to(text: str) -> Judgement | None:
    match = _GOES_TO.match(text) or _ASKED.search(text)
    return match and verdict("xpath.predicate", 4 if _is_talk(text) else 7, match[0])


def _count(text: str) -> Judgement | None:
    match = _COUNT.search(text)
    if match is None:
        return None
    # A condition on what is below the element that a path is about.
    is_below = "(." in match[0] and _is_own_path(text)
    return verdict("xpath.count", 3 if is_below or _is_talk(text) else 6, match[0])


def _step(text: str) -> Judgement | None:
    match = _STEP.search(_BESIDE.sub("/", text) if _is_own_path(text) else text)
    return match and verdict("xpath.axis", 3 if _is_talk(text) else 6, match[0])


def _whole(text: str) -> Judgement | None:
    match = _WHOLE.search(text)
    return match and verdict("xpath.axis", 4, match[0])


def _path(text: str) -> Judgement | None:
    union = _UNION.search(text)
    if union:
        return verdict("xpath.path", 4 if _is_talk(text) else 7, union[0])
    if _EVERYTHING.fullmatch(text):
        return verdict("xpath.path", 5, text)
    if _PATH.fullmatch(text) and _TEST.search(text):
        # Documents are searched like this, too.
        return verdict("xpath.path", 6 if _KEPT_PATH.search(text) else 4, text)
    return None


def _document(text: str) -> Judgement | None:
    match = _DOCUMENT.search(text)
    return match and verdict("xpath.document", 4 if _is_talk(text) else 7, match[0])


def _query(text: str) -> Judgement | None:
    first = _QUOTE.search(text)
    match = (
        (first and _RETURN.match(text, first.start())) or _LOOP.search(text) or _PROLOG.search(text)
    )
    return match and verdict("xpath.document", 4 if _is_talk(text) else 7, match[0])


_LOOKS: Final[tuple[Look, ...]] = (
    (("'", '"'), _tautology),
    (("'", '"'), _probe),
    (("]",), _predicate),
    (("/",), _goes_to),
    (("(/", "( /", "(.", "( ."), _count),
    (("::",), _step),
    (("/",), _whole),
    (("/",), _path),
    (("doc(", "doc (", "doc-avail", "document(", "collection(", "unparsed-text", ":"), _document),
    (("return ", "for $", "some $", "every $", "let $", "xquery", "declare"), _query),
)

DETECTOR = Detector(
    family="xpath",
    rules=RULES,
    triggers=(
        rf"{_CLOSE}(?:or|and)\s{{0,4}}\(?['\"\d-]",
        (
            rf"{_CLOSE}(?:or|and)\s{{0,4}}(?:not\s?\()?\(?(?:{_FUNCTION}\s?\(|\.{{0,2}}/|\.\s?[=<>]|"
            rf"@[\w*]|{_AXIS}::|(?:\*|\.\.?)\s{{1,4}}(?:or|and)\b|"
            r"\w{1,40}\[\d{1,4}\]\s{1,4}(?:or|and)\b)"
        ),
        rf"\b{_BINDING}",
        rf"\b{_MODULES}\s?\(",
        r"['\")\]]\s{0,4}return\s{1,4}(?:collection\(|doc\(|//|\$\w+\s{1,4}union)",
        r"['\")]\s{0,4}\]\s{0,4}(?:\||/{1,2}[.@*])",
        r"\]\s{0,4}\|\s{0,4}/",
        r"\]\s{0,4}(?:or|and|union)\s{1,4}(?:not\s?\(\s?)?/{1,2}[\w*@]|\d\s{1,4}(?:or|and)\s{1,4}//[\w*@]",
        r"['\")]\s?\(:[^\n]{0,80}:\)|\bif\s?\(\s?/{1,2}[\w*@]",
        r"\b(?:count|string-length|name|local-name|string|generate-id)\s?\(\s?\.?/",
        (
            r"(?:translate|normalize-space|-case|concat|contains|-with|substring|boolean|number|"
            r"-values|-to-string|-to-codepoints|-join)\s?\(\s?//[\w*@]"
        ),
        r"^\s{0,4}/[\w./@*-]*(?:\[|\(\))|^\s{0,4}//@?\*|^/{1,2} ?\|",
        r"['\"]\s{0,4}[)\]]{0,3}\s{0,4}(?:\||union|intersect|except)\s{0,4}/",
        r"^(?:-?\d{1,9}|\.{1,2})\s{0,4}\|\s{0,4}//|xquery\s{1,4}version|declare\s{1,4}namespace\s",
        rf"\b{_AXIS}::",
        r"^\s{0,4}/{1,2}\*(?:/|\[|$|\|)|^\s{0,4}//@\*",
        r"\b(?:doc|doc-available|document|collection|unparsed-text[a-z-]{0,10})\s?\(\s?['\"c]",
    ),
    judge=judge,
)
