"""XML: what is taken, another reader takes as the same tree."""

from __future__ import annotations

from xml.dom import minidom

from tests.fuzz import seeds, tokens
from tests.fuzz.target import Target, require

from vallum.wire.xml import MAX_DEPTH, Element, MalformedXML, parse_xml, plain


def _ours(element: Element) -> object:
    attributes = sorted(
        (name.namespace, name.local, text) for name, text in element.attributes.items()
    )
    children = [_ours(child) for child in element.children]
    return element.name.namespace, element.name.local, attributes, element.text, children


def _theirs(element: minidom.Element) -> object:
    attributes = sorted(
        (each.namespaceURI or "", each.localName, each.value)
        for each in element.attributes.values()
        if each.name != "xmlns" and not each.name.startswith("xmlns:")
    )
    text = "".join(
        child.data
        for child in element.childNodes
        if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE)
    )
    children = [
        _theirs(child) for child in element.childNodes if child.nodeType == child.ELEMENT_NODE
    ]
    return element.namespaceURI or "", element.localName, attributes, text, children


def _depth(element: Element) -> int:
    return 1 + max((_depth(child) for child in element.children), default=0)


def _run(body: bytes) -> None:
    try:
        root = parse_xml(body)
    except MalformedXML:
        return
    document = minidom.parseString(body)  # noqa: S318  (what we took; so it is harmless)
    require(document.doctype is None, "a document type was taken", body)
    require(
        b"<?" not in body.removeprefix(b"<?xml") or b"<![" in body or b"<!--" in body, "<?", body
    )
    require(document.documentElement is not None, "no root", body)
    if document.documentElement is not None:
        theirs = _theirs(document.documentElement)
        require(_ours(root) == theirs, "another tree", _ours(root), theirs)
    require(_depth(root) <= MAX_DEPTH, "too deep")
    plain(root)


def make_xml() -> Target:
    """XML against minidom."""
    return Target(name="xml", run=_run, seeds=seeds.XML, tokens=tokens.XML)
