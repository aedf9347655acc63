"""XML injection: declarations, inclusions and elements in a value that lands in a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.entities import html5
from typing import Final

from vallum.inspection.detectors._text import Look, reads_as_prose, strongest, strongest_of, verdict
from vallum.inspection.detectors.xss_disguise import undressed
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "xml.entity": "declares an entity, or a document type of its own or from elsewhere",
    "xml.include": "includes another resource (XInclude, ESI, schemas, signatures, pictures)",
    "xml.transform": "XSLT, or an instruction to apply it",
    "xml.schema-location": "names a schema for the parser to fetch",
    "xml.charset": "declares a character set that hides what follows",
    "xml.element": "closes an element that it never opened, and opens others",
    "xml.attribute": "leaves an attribute and starts another, which the rest of the document ends",
    "xml.reference": "refers to an entity that no standard defines",
    "xml.cdata": "leaves a CDATA section, or uses one to hide markup",
    "xml.comment": "a comment splits a word, which parsers read in different ways",
    "xml.envelope": "a SOAP envelope, or a call of XML-RPC, inside a value",
}

_ENTITY = re.compile(r"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION)\s", re.IGNORECASE)
_DOCTYPE = re.compile(
    r"<!DOCTYPE\s{1,8}[^\s<>\[]{1,80}(?P<rest>[^<>\[]{0,400})(?P<subset>\[)?", re.IGNORECASE
)
_PUBLIC_HTML = re.compile(r"-//(?:W3C|IETF)//DTD (?:X?HTML|SVG|MathML)", re.IGNORECASE)
_ELSEWHERE = re.compile(r"['\"](?:[a-z][a-z0-9+.-]{1,12}:)?/{1,3}+(?!www\.w3\.org/)", re.IGNORECASE)
_INCLUDE = re.compile(
    r"<\w{0,20}:?include\s[^<>]{0,200}(?:href|parse)\s?=|2001/XInclude|"
    r"<[\w-]{1,20}:(?:import|include|redefine|override)\s[^<>]{0,200}\blocation\s?=|"
    # What a signature or an encryption of a document covers, fetched from elsewhere.
    r"<(?:\w{1,20}:)?(?:Reference|RetrievalMethod|CipherReference|DataReference|KeyInfoReference)\s"
    r"[^<>]{0,200}\bURI\s?=\s?['\"](?:[a-z][a-z0-9+.-]{1,12}:/|//)|"
    # Coders of programs that draw a picture, which no browser knows.
    r"\bhref\s?=\s?['\"]\s?(?:(?:msl|mvg|ephemeral|epi|eps|vid|mpr|pango):|"
    r"label:@|caption:@)",
    re.IGNORECASE,
)
# What a cache in between runs: Edge Side Includes.
_ESI = re.compile(
    r"<esi:(?:include|inline|eval|vars|assign|debug|text|function|foreach|try|choose|when|remove)"
    r"(?:[\s/]|>.)|<!--\s?esi\s[^<>]{0,80}[<$]",
    re.IGNORECASE | re.DOTALL,
)
_STYLESHEET = re.compile(r"<\?xml-stylesheet\s[^<>]{0,200}href", re.IGNORECASE)
_XSLT = re.compile(
    r"<(?:xsl|xslt?):(?:stylesheet|transform|template|value-of|copy-of|include|import|"
    r"import-schema|variable|for-each|message|result-document|output|param|sequence)\b|"
    r"1999/XSL/Transform|"
    # Elements that processors add: they write files and run programs.
    r"<(?:exsl|redirect|saxon|xalan|lxslt|msxsl):(?:document|write|open|close|script|"
    r"assign|component|output|call-template|function)\b|exslt\.org/[a-z]|"
    r"xml\.apache\.org/x(?:alan|slt)\b|icl\.com/saxon|saxon\.sf\.net|"
    r"urn:schemas-microsoft-com:xslt",
    re.IGNORECASE,
)
# A whole style sheet has the words of what it makes.
_SHEET = re.compile(
    r"\s{0,8}(?:<\?xml[^<>]{0,100}\?>\s{0,8})?<(?:xsl|xslt?):(?:stylesheet|transform)\b", re.I
)
_SCHEMA = re.compile(
    r"\b(?:noNamespaceSchemaLocation|schemaLocation)\s?=\s?['\"][^'\"]{0,300}?"
    r"(?:[a-z][a-z0-9+.-]{1,12}:|/|\\)",
    re.IGNORECASE,
)
_CHARSET = re.compile(
    r"<\?xml\s[^<>?]{0,100}encoding\s?=\s?['\"](?:utf-?(?:7|16|32)|ucs|ebcdic|cp037|ibm|utf-16)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?P<end>/)?(?P<name>[A-Za-z_][\w:.-]{0,60})(?P<rest>[^<>]{0,300})>")
# Leaves an attribute and its element, and starts one with a text and an end.
_LEFT_ATTRIBUTE = re.compile(
    r"^[^<>\"']{0,200}[\"']\s{0,4}/?>\s{0,4}<(?P<name>[A-Za-z_][\w:.-]{0,60})>[^<>]{0,200}</"
)
_MOST_TAGS: Final = 60
_CDATA_END = re.compile(r"\]\]>(?:</?[A-Za-z]|\s{0,8}(?:</[A-Za-z]|<!\[CDATA))")
_CDATA_SPLIT = re.compile(r"<!\[CDATA\[\s?[<>/'\"]{1,2}\s?\]\]>|\w<!\[CDATA\[[^\]<>]{0,40}\]\]>\w")
# Not what a blog cuts its articles with.
_HIDDEN = r"<!--(?!more|nextpage|break|excerpt)"
_COMMENT = re.compile(rf"[\w.@-]{_HIDDEN}[^<>\n]{{0,40}}-->[\w.@-]")
# The same in an element, which is no word of a page; and behind a word, where nothing follows.
_COMMENT_INSIDE = re.compile(
    r"<(?P<name>[A-Za-z_][\w:.-]{0,60})(?:\s[^<>]{0,200})?>[^<>]{0,200}[\w.@-]<!--[^<>\s]{0,40}-->"
    r"[^<>]{0,200}</(?P=name)\s?>"
)
_COMMENT_END = re.compile(rf"[\w.@+-]{{1,200}}{_HIDDEN}[^<>\s]{{0,40}}-->")
# A comment that the value did not start is left, or one is started that the value does not end.
_COMMENT_LEFT = re.compile(
    r"[^<]{0,200}--\s?>\s{0,8}<(?P<name>[A-Za-z_][\w:.-]{0,60})(?:\s[^<>]{0,200})?"
    r"(?:/>|>[^<>]{0,200}</)"
)
_COMMENT_OPEN = re.compile(
    r"</?(?P<name>[A-Za-z_][\w:.-]{0,60})(?:\s[^<>]{0,200})?/?>\s{0,8}<!--[^<>-]{0,60}\Z"
)
# An attribute is left with its quote, others follow, and the last waits for the quote that was
# to end the first.
_ATTRIBUTES = re.compile(
    r"[^<>\"'=]{0,200}(?P<quote>[\"'])(?:\s{1,4}[A-Za-z_][\w:.-]{0,60}\s?=\s?(?P=quote)"
    r"[^<>\"'=]{0,200}(?P=quote)){0,8}"
    r"\s{1,4}[A-Za-z_][\w:.-]{0,60}\s?=\s?(?P=quote)[^<>\"'=]{0,200}"
)
_ATTRIBUTE_LEFT = re.compile(
    r"[^<>\"']{0,200}[\"']\s{0,4}/?>\s{0,4}<(?P<name>[A-Za-z_][\w:.-]{0,60})"
    r"(?:\s[^<>/]{0,200})?(?P<end>/>)?"
)
# The text ends within a quoted attribute, as what stands behind it needs.
_IN_ATTRIBUTE = re.compile(
    r"<[A-Za-z_][\w:.-]{0,60}\s[^<>]{0,300}=\s?(?:\"[^<>\"]{0,200}|'[^<>']{0,200})\Z"
)
# A reference to an entity of the document's own, alone or as the text of an element.
_REFERENCE = re.compile(
    r"(?:^\s{0,8}|>\s{0,8})&(?P<name>[A-Za-z_][\w.-]{2,60});(?=\s{0,8}(?:\Z|</))"
)
_PARAMETER = re.compile(r"\s{0,8}(?:%(?P<name>[A-Za-z_][\w.-]{2,60});\s{0,4}){1,20}")
_PRINTED = re.compile(r"[hljztL]{1,2}[diouxXeEfgGcs]")
_ENVELOPE = re.compile(
    r"<[\w-]{1,20}:(?:Envelope|Body)(?:\s[^<>]{0,300})?>|schemas\.xmlsoap\.org/soap/envelope|"
    r"www\.w3\.org/2003/05/soap-envelope|<methodCall>\s{0,8}<methodName>",
    re.IGNORECASE,
)
# Elements of rich text: a fragment of it may well begin with the end of one.
_HTML = re.compile(
    r"^(?:"
    r"a|abbr|address|article|aside|b|blockquote|body|br|button|caption|center|"
    r"cite|code|col|colgroup|dd|del|details|dfn|div|dl|dt|em|fieldset|figcaption|"
    r"figure|font|footer|form|h1|h2|h3|h4|h5|h6|head|header|hr|html|i|iframe|"
    r"img|input|ins|kbd|label|legend|li|link|main|mark|meta|nav|noscript|ol|"
    r"optgroup|option|p|picture|pre|q|s|samp|script|section|select|small|source|"
    r"span|strike|strong|style|sub|summary|sup|svg|table|tbody|td|template|"
    r"textarea|tfoot|th|thead|time|title|tr|tt|u|ul|var|video|wbr"
    r")$"
)


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would add to an XML document that it is pasted into."""
    readings = [text, *undressed(text)] if "+AD" in text else [text]
    return strongest(strongest_of(_LOOKS, each) for each in readings)


def _declaration(text: str) -> Judgement | None:
    entity = _ENTITY.search(text)
    if entity:
        return verdict("xml.entity", 9, text[entity.start() :])
    doctype = _DOCTYPE.search(text)
    if doctype is None:
        return None
    rest = doctype["rest"].upper()
    if doctype["subset"]:
        return verdict("xml.entity", 9, doctype[0])
    is_known = _PUBLIC_HTML.search(rest) and not _ELSEWHERE.search(rest)
    if ("SYSTEM" in rest or "PUBLIC" in rest) and not is_known:
        return verdict("xml.entity", 8, doctype[0])
    is_html = doctype[0][9:].strip().upper().startswith(("HTML", "SVG"))
    if is_html:
        return None
    # Where only a part of a document should be, a declaration means to be read first.
    at_start = doctype.start() == 0 or text.lstrip()[:5].lower() == "<?xml"
    return verdict("xml.entity", 5 if at_start else 4, doctype[0])


def _inclusion(text: str) -> Judgement | None:
    include = _INCLUDE.search(text) or _ESI.search(text)
    if include:
        return verdict("xml.include", 6 if reads_as_prose(text) else 9, include[0])
    transform = _STYLESHEET.search(text) or _XSLT.search(text)
    if transform:
        is_talk = reads_as_prose(text) and not _SHEET.match(text)
        return verdict("xml.transform", 4 if is_talk else 8, transform[0])
    charset = _CHARSET.search(text)
    return charset and verdict("xml.charset", 8 if charset.start() < 8 else 5, charset[0])


def _schema(text: str) -> Judgement | None:
    match = _SCHEMA.search(text)
    is_document = text.lstrip()[:1] == "<" and text.rstrip()[-1:] == ">"
    is_talk = not is_document and reads_as_prose(text)
    return match and verdict("xml.schema-location", 3 if is_talk else 6, match[0])


def _elements(text: str) -> Judgement | None:
    """Whether the text ends elements of the document around it, by a walk over its tags."""
    opened: list[str] = []
    left: str | None = None
    foreign = closed = 0
    followed = False
    for count, tag in enumerate(_TAG.finditer(text)):
        if count == _MOST_TAGS:
            break
        name = tag["name"].lower()
        if tag["end"]:
            if name in opened:
                del opened[len(opened) - 1 - opened[::-1].index(name) :]
            else:
                left = left or name
                closed += _HTML.match(name) is None
            continue
        followed = followed or left is not None
        foreign += left is not None and _HTML.match(name) is None
        if not tag["rest"].endswith("/"):
            opened.append(name)
    if left is None:
        return _attribute_left(text)
    if not followed:
        return verdict("xml.element", 5, text) if closed > 1 and not reads_as_prose(text) else None
    if left in opened and foreign + closed:
        return verdict("xml.element", 9, text)
    is_new = foreign > 0 and foreign + closed > 1
    return verdict("xml.element", 6, text) if is_new and not reads_as_prose(text) else None


def _attribute_left(text: str) -> Judgement | None:
    quoted = _LEFT_ATTRIBUTE.match(text)
    if quoted is None:
        quoted = _ATTRIBUTE_LEFT.match(text)
        if quoted is not None and not (quoted["end"] or _IN_ATTRIBUTE.search(text, quoted.start())):
            return None
    return verdict("xml.element", 6, text) if quoted is not None and _is_new(quoted) else None


def _is_new(element: re.Match[str]) -> bool:
    return _HTML.match(element["name"].lower()) is None


def _attributes(text: str) -> Judgement | None:
    match = _ATTRIBUTES.fullmatch(text)
    # Before the quote that leaves an attribute any words may stand.
    return match and verdict(
        "xml.attribute", 4 if reads_as_prose(text[match.start("quote") :]) else 6, text
    )


def _reference(text: str) -> Judgement | None:
    reference = _REFERENCE.search(text)
    if reference and not _is_standard(reference["name"]):
        return verdict("xml.reference", 4 if reads_as_prose(text) else 6, reference[0])
    parameter = _PARAMETER.fullmatch(text)
    if parameter and not _PRINTED.fullmatch(parameter["name"]):
        return verdict("xml.reference", 5, text)
    return None


def _is_standard(entity: str) -> bool:
    return f"{entity};" in html5 or f"{entity.lower()};" in html5


def _sections(text: str) -> Judgement | None:
    end = _CDATA_END.search(text)
    if end and text.find("<![CDATA[", 0, end.start()) < 0:
        return verdict("xml.cdata", 8, text[end.start() :])
    split = _CDATA_SPLIT.search(text)
    if split:
        # A bracket in a section of its own hides markup, whatever words stand around.
        is_talk = split[0][-1] != ">" and reads_as_prose(text)
        return verdict("xml.cdata", 4 if is_talk else 7, split[0])
    return _comment(text)


def _comment(text: str) -> Judgement | None:
    comment = _COMMENT.search(text) or _COMMENT_END.fullmatch(text)
    if comment and text.count("<") == 1:
        return verdict("xml.comment", 3 if reads_as_prose(text) else 6, comment[0])
    inside = _COMMENT_INSIDE.search(text)
    if inside and _is_new(inside):
        return verdict("xml.comment", 4 if reads_as_prose(text) else 6, inside[0])
    edge = _COMMENT_LEFT.match(text) or _COMMENT_OPEN.search(text)
    return verdict("xml.element", 6, text) if edge and _is_new(edge) else None


def _envelope(text: str) -> Judgement | None:
    match = _ENVELOPE.search(text)
    return match and verdict("xml.envelope", 4 if reads_as_prose(text) else 7, match[0])


_LOOKS: Final[tuple[Look, ...]] = (
    (("<!",), _declaration),
    (
        ("include", "xsl", "stylesheet", "<?xml", "esi", "xalan", "uri", "location", "href", ":"),
        _inclusion,
    ),
    (("schemalocation",), _schema),
    (("<",), _elements),
    (("]]>", "<![cdata[", "<!--", "-->"), _sections),
    (("=",), _attributes),
    ((";",), _reference),
    ((":envelope", ":body", "soap", "<methodcall"), _envelope),
)

DETECTOR = Detector(
    family="xml",
    rules=RULES,
    triggers=(
        r"<!(?:ENTITY|ELEMENT|ATTLIST|NOTATION|DOCTYPE)\s",
        # In UTF-7, which parsers guess by themselves.
        r"\+ADw(?:AIQ)?-?!?(?:ENTITY|ELEMENT|ATTLIST|NOTATION|DOCTYPE)\s",
        (
            r"<\w{0,20}:?include\s|2001/XInclude|<[\w-]{1,20}:(?:import|redefine|override)\s|"
            r"<(?:\w{1,20}:)?(?:Reference|RetrievalMethod|CipherReference|DataReference|"
            r"KeyInfoReference)\s|"
            r"href\s?=\s?['\"]\s?(?:(?:msl|mvg|ephemeral|epi|eps|vid|mpr|pango):|"
            r"label:@|caption:@)"
        ),
        r"<esi:|<!--\s?esi\s",
        (
            r"<\?xml-stylesheet|<xslt?:[a-z]|1999/XSL/Transform|"
            r"<(?:exsl|redirect|saxon|xalan|lxslt|msxsl):[a-z]|exslt\.org/|"
            r"xml\.apache\.org/x|icl\.com/saxon|saxon\.sf\.net|urn:schemas-microsoft-com:xslt"
        ),
        r"schemaLocation\s?=",
        r"<\?xml\s[^<>?]{0,100}encoding\s?=\s?['\"](?:utf-?[7123]|ucs|ebcdic|cp037|ibm)",
        # The end of an element, and the start of another after it.
        r"</[a-z_][\w:.-]{0,60}\s{0,4}>\s{0,8}</?[a-z_]",
        r"['\"]\s{0,4}/?>\s{0,4}<[a-z_]",
        r"\]\]>\s{0,8}<|<!\[CDATA\[",
        # A comment behind a word, or in the end of a text; and the end of one that is left.
        r"[\w.@-]<!--[^<>\n]{0,40}-->|>\s{0,8}<!--[^<>-]{0,60}\z|--\s?>\s{0,8}<[a-z_]",
        r"<[\w-]{1,20}:(?:Envelope|Body)[\s>]|soap[/-]envelope|<methodCall>",
        r"['\"]\s{1,4}[a-z_][\w:.-]{0,60}\s?=\s?['\"][^<>\"'=]{0,200}\z",
        r"(?:^|>)\s{0,8}&[a-z_][\w.-]{1,60};\s{0,8}(?:$|</)|^\s{0,8}%[a-z_][\w.-]{2,60};",
    ),
    judge=judge,
)
