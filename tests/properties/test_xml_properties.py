"""XML on arbitrary and broken documents: no crash, and the tree is what another reader sees."""

from __future__ import annotations

from xml.dom import minidom

from hypothesis import given, settings
from hypothesis import strategies as st

from vallum.wire.xml import Element, MalformedXML, parse_xml, plain

_SETTINGS = settings(max_examples=300, deadline=None)
_PIECES = st.sampled_from(
    [
        *("<a>", "</a>", "<a/>", "<b x='1'>", "</b>", "<p:a xmlns:p='urn:1'>", "</p:a>", "text"),
        *("<!--c-->", "<![CDATA[d]]>", "<?p i?>", "&amp;", "&#65;", "&x;", " ", "\n", "]]>", "é"),
        *("<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY x 'y'>]>", "<?xml version='1.0'?>", "<", "&", "'"),
        *("xmlns:p='urn:2'", "<p:b xmlns:p='urn:2'/>", "\x0b", "\ufffe", "\x85"),
    ]
)


def shown(element: Element) -> object:
    """The tree as nested tuples."""
    return (
        element.name.local,
        sorted((name.local, text) for name, text in element.attributes.items()),
        element.text,
        [shown(child) for child in element.children],
    )


def shown_by_minidom(element: minidom.Element) -> object:
    """The same of another reader's tree."""
    attributes = list(element.attributes.values())
    return (
        element.localName,
        sorted((a.localName, a.value) for a in attributes if not a.name.startswith("xmlns")),
        "".join(
            child.data
            for child in element.childNodes
            if child.nodeType in (child.TEXT_NODE, child.CDATA_SECTION_NODE)
        ),
        [
            shown_by_minidom(child)
            for child in element.childNodes
            if child.nodeType == child.ELEMENT_NODE
        ],
    )


@given(pieces=st.lists(_PIECES, max_size=12))
@_SETTINGS
def test_what_is_taken_is_read_alike(pieces: list[str]) -> None:
    body = f"<r>{''.join(pieces)}</r>".encode()
    try:
        root = parse_xml(body)
    except MalformedXML:
        return
    document = minidom.parseString(body)  # noqa: S318  (what we took; so it is harmless)
    assert document.doctype is None
    assert document.documentElement is not None
    assert shown(root) == shown_by_minidom(document.documentElement)


@given(
    body=st.binary(max_size=300) | st.lists(_PIECES, max_size=12).map(lambda p: "".join(p).encode())
)
@_SETTINGS
def test_arbitrary_bytes(body: bytes) -> None:
    try:
        root = parse_xml(body)
    except MalformedXML:
        return
    plain(root)
    assert b"<!DOCTYPE" not in body or b"<![CDATA[" in body or b"<!--" in body
