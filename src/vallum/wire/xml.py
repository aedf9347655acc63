"""XML as a tree, under limits (IV-6): nothing is declared, fetched or expanded.

Expat reads the grammar; everything that makes XML dangerous or ambiguous is refused before it
means anything: document types (B-111, B-112), other encodings than UTF-8, processing
instructions, XInclude, schema hints, prefixes that change their meaning on the way (B-113), and
text that a comment or CDATA section splits in two, of which some readers see one half (B-114).
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple
from xml.parsers import expat

from vallum.wire.json_exact import FORBIDDEN_NAMES

MAX_DEPTH: Final = 32
MAX_ELEMENTS: Final = 2_000
MAX_ATTRIBUTES: Final = 32
"""Of one element, declarations of namespaces included."""
MAX_ATTRIBUTES_IN_ALL: Final = 4_000
MAX_TEXT: Final = 64 * 1024
"""Characters of one element's text, or of one attribute."""
MAX_NAME: Final = 512
"""Characters of a name with its namespace."""

_SEPARATOR: Final = " "
_BLANK: Final = " \t\r\n"
_XML_NAMESPACE: Final = "http://www.w3.org/XML/1998/namespace"
_REFUSED_NAMESPACES: Final = ("http://www.w3.org/2001/XInclude", "http://www.w3.org/2003/XInclude")
_SCHEMA_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_SCHEMA_HINTS: Final = frozenset({"schemaLocation", "noNamespaceSchemaLocation"})
# XML 1.0 §2.8 (production 23), and UTF-8 by name.
_DECLARATION: Final = re.compile(
    rb"<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:\"1\.0\"|'1\.0')"
    rb"(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:\"utf-8\"|'utf-8'))?"
    rb"(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:\"(?:yes|no)\"|'(?:yes|no)'))?"
    rb"[ \t\r\n]*\?>",
    re.IGNORECASE,
)
_MAX_DECLARATION: Final = 256


class MalformedXML(Exception):  # noqa: N818  (named for what it says about the body)
    """An XML document that is refused.

    `code`: `encoding`, `syntax`, `doctype`, `instruction`, `include`, `schema-hint`, `namespace`,
    `name`, `split-text`, `depth`, `width` or `text-length`.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Name(NamedTuple):
    """A name with its namespace."""

    namespace: str
    """Empty: none."""
    local: str


class Element:
    """An element with what is in it."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: Name) -> None:
        self.name = name
        self.attributes: dict[Name, str] = {}
        self.children: list[Element] = []
        self.text = ""
        """All character data directly in it; whitespace alone counts for nothing beside
        children."""


def parse_xml(body: bytes) -> Element:
    """Read one document; its root.

    Raises:
        MalformedXML: it is not XML 1.0 in UTF-8, or not within the limits.
    """
    _check_encoding(body)
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except expat.ExpatError:
        raise MalformedXML("syntax") from None
    assert reader.root is not None  # noqa: S101  (expat takes no document without a root)
    return reader.root


def _check_encoding(body: bytes) -> None:
    # SECURITY: expat also reads UTF-16 and Latin-1; what it took for `<!DOCTYPE` in one of them a
    # filter behind us would not see (B-112). So nothing but UTF-8 gets to it.
    if body[:3] == b"\xef\xbb\xbf" or b"\x00" in body:
        raise MalformedXML("encoding")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedXML("encoding") from None
    has_declaration = body[:5] == b"<?xml" and body[5:6] in (b" ", b"\t", b"\r", b"\n")
    if has_declaration and _DECLARATION.match(body[:_MAX_DECLARATION]) is None:
        raise MalformedXML("encoding")


class _Text:
    """The character data of an element that is still open."""

    __slots__ = ("has_comment", "has_plain", "in_section", "length", "pieces", "sections")

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.has_comment = False
        self.has_plain = False
        """Whether there is text outside CDATA sections that is not blank."""
        self.sections = 0
        self.in_section = False


class _Reader:
    """Builds the tree from expat's events, and stops at the first thing that is not taken."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._texts: list[_Text] = []
        self._elements = 0
        self._attributes = 0
        self._prefixes: dict[str, str] = {}
        self._declared = 0
        self.parser = parser = expat.ParserCreate("utf-8", _SEPARATOR)
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartDoctypeDeclHandler = _refuser("doctype")
        parser.EntityDeclHandler = _refuser("doctype")
        parser.ExternalEntityRefHandler = _refuser("doctype")
        parser.SkippedEntityHandler = _refuser("doctype")
        parser.ProcessingInstructionHandler = _refuser("instruction")
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.CommentHandler = self._comment
        parser.StartCdataSectionHandler = self._begin_section
        parser.EndCdataSectionHandler = self._end_section

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        name, meaning = prefix or "", uri or ""
        if meaning in _REFUSED_NAMESPACES:
            raise MalformedXML("include")
        self._declared += 1
        # SECURITY: a prefix has one meaning in a document, or a reader that goes by prefixes reads
        # another one than a reader that goes by namespaces (B-113). Expat refuses meanings that
        # hold the separator, so that names are split where they were joined.
        if self._prefixes.setdefault(name, meaning) != meaning:
            raise MalformedXML("namespace")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise MalformedXML("depth")
        count = len(attributes) + self._declared
        self._elements += 1
        self._attributes += count
        if (
            self._elements > MAX_ELEMENTS
            or count > MAX_ATTRIBUTES
            or self._attributes > MAX_ATTRIBUTES_IN_ALL
        ):
            raise MalformedXML("width")
        self._declared = 0
        element = Element(_name(name))
        for key, text in attributes.items():
            if len(text) > MAX_TEXT:
                raise MalformedXML("text-length")
            element.attributes[_name(key)] = text
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._texts.append(_Text())

    def _data(self, data: str) -> None:
        text = self._texts[-1]
        text.length += len(data)
        if text.length > MAX_TEXT:
            raise MalformedXML("text-length")
        text.pieces.append(data)
        if not text.in_section and data.strip(_BLANK):
            text.has_plain = True

    def _comment(self, _: str) -> None:
        if self._texts:
            self._texts[-1].has_comment = True

    def _begin_section(self) -> None:
        self._texts[-1].sections += 1
        self._texts[-1].in_section = True

    def _end_section(self) -> None:
        self._texts[-1].in_section = False

    def _end(self, _: str) -> None:
        text = self._texts.pop()
        if text.sections + text.has_plain + text.has_comment > 1 and (
            text.sections or text.has_plain
        ):
            raise MalformedXML("split-text")
        self._open.pop().text = "".join(text.pieces)


def _refuser(code: str) -> Any:
    def refuse(*_: object) -> None:
        raise MalformedXML(code)

    return refuse


def _name(name: str) -> Name:
    if len(name) > MAX_NAME:
        raise MalformedXML("text-length")
    namespace, _, local = name.rpartition(_SEPARATOR)
    if local in FORBIDDEN_NAMES:
        raise MalformedXML("name")
    if namespace in _REFUSED_NAMESPACES:
        raise MalformedXML("include")
    if namespace == _SCHEMA_INSTANCE and local in _SCHEMA_HINTS:
        raise MalformedXML("schema-hint")
    if namespace == _XML_NAMESPACE and local == "base":
        # XML Base changes where relative references lead.
        raise MalformedXML("include")
    return Name(namespace, local)


def plain(element: Element) -> object:
    """An element as plain values, for readers that know no contract.

    Its text where it has nothing else; otherwise an object of attributes (`@name`), children (in
    lists where a name occurs more than once) and text (`#text`).
    """
    text = element.text.strip(_BLANK)
    if not element.children and not element.attributes:
        return element.text
    found: dict[str, list[object]] = {}
    for name, value in element.attributes.items():
        found.setdefault(f"@{name.local}", []).append(value)
    for child in element.children:
        found.setdefault(child.name.local, []).append(plain(child))
    if text:
        found["#text"] = [text]
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
