"""XML under limits: what is read, and everything that is refused before it means anything."""

from __future__ import annotations

import pytest

from vallum.wire.xml import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_ELEMENTS,
    MAX_TEXT,
    MalformedXML,
    parse_xml,
    plain,
)

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def code_of(body: str | bytes) -> str:
    """Why a document is refused."""
    with pytest.raises(MalformedXML) as caught:
        parse_xml(body.encode() if isinstance(body, str) else body)
    return caught.value.code


def value_of(body: str) -> object:
    """A document as plain values."""
    return plain(parse_xml(body.encode()))


def test_a_document_as_plain_values() -> None:
    assert value_of("<a> x </a>") == " x "
    assert value_of("<a/>") == ""
    assert value_of('<a i="1"><b>x</b><b>&lt;y&gt;&#33;</b><c><![CDATA[<z>]]></c></a>') == {
        "@i": "1",
        "b": ["x", "<y>!"],
        "c": "<z>",
    }
    assert value_of("<a>\n <b>é</b>\n t\n</a>") == {"b": "é", "#text": "t"}


@pytest.mark.parametrize(
    "declaration",
    [
        "",
        '<?xml version="1.0"?>',
        "<?xml version='1.0' encoding='UTF-8'?>\n",
        '<?xml version="1.0" encoding="utf-8" standalone="yes" ?>',
        "<!-- before -->",
    ],
)
def test_declarations(declaration: str) -> None:
    assert value_of(f"{declaration}<a>x</a><!-- behind -->") == "x"


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="UTF-16"?><a/>',
        '<?xml version="1.0" encoding="utf-7"?><a/>',
        '<?xml version="1.0" encoding="iso-8859-1"?><a/>',
        '<?xml version="1.1"?><a/>',
        '<?xml version="1.0" encoding="utf-8" encoding="utf-16"?><a/>',
        '<?xml version="1.0" standalone="maybe"?><a/>',
        f'<?xml version="1.0"{" " * 300}?><a/>',
        b"\xef\xbb\xbf<a/>",
        "<a/>".encode("utf-16"),
        "<a/>".encode("utf-16-le"),
        "<a/>".encode("utf-32"),
        b"<a>\xff</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\x00</a>",
    ],
)
def test_other_encodings(body: str | bytes) -> None:
    assert code_of(body) == "encoding"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<!DOCTYPE a><a/>", "doctype"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "doctype"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "doctype"),
        ("<?php x?><a/>", "instruction"),
        ("<a><?xml-stylesheet href='x'?></a>", "instruction"),
        ("<a/><?x?>", "instruction"),
        ("<a xmlns:x='http://www.w3.org/2001/XInclude'/>", "include"),
        ("<a><b xmlns='http://www.w3.org/2003/XInclude'/></a>", "include"),
        ("<a xml:base='http://h/'/>", "include"),
        (f"<a xmlns:i='{INSTANCE}' i:schemaLocation='a b'/>", "schema-hint"),
        (f"<a xmlns:i='{INSTANCE}' i:noNamespaceSchemaLocation='b'/>", "schema-hint"),
        ("<p:a xmlns:p='urn:1'><p:b xmlns:p='urn:2'/></p:a>", "namespace"),
        ("<a xmlns='urn:1'><b xmlns='urn:2'/></a>", "namespace"),
        ("<a xmlns='urn:1'><b xmlns=''/></a>", "namespace"),
        ("<a><b>admin<!-- -->@evil</b></a>", "split-text"),
        ("<a>admin<![CDATA[@evil]]></a>", "split-text"),
        ("<a><![CDATA[admin]]><![CDATA[@evil]]></a>", "split-text"),
        ("<a><!-- --><![CDATA[x]]></a>", "split-text"),
        ("<a><__proto__/></a>", "name"),
        ("<a constructor=''/>", "name"),
        ("<a>&x;</a>", "syntax"),
        ("<a>&#0;</a>", "syntax"),
        ("<a>", "syntax"),
        ("<a/><b/>", "syntax"),
        ("<a b='1' b='2'/>", "syntax"),
        ("<a xmlns:p='urn:1' xmlns:q='urn:1' p:b='1' q:b='2'/>", "syntax"),
        ("<p:a/>", "syntax"),
        ("x<a/>", "syntax"),
        (" <?xml version='1.0'?><a/>", "syntax"),
        ("", "syntax"),
        ("<a>]]></a>", "syntax"),
        (f"<{'a' * 600}/>", "text-length"),
    ],
)
def test_refused(body: str, code: str) -> None:
    assert code_of(body) == code


def test_limits() -> None:
    def nested(depth: int) -> str:
        return "<a>" * depth + "</a>" * depth

    assert parse_xml(nested(MAX_DEPTH).encode()).name.local == "a"
    assert code_of(nested(MAX_DEPTH + 1)) == "depth"
    assert parse_xml(f"<a>{'<b/>' * (MAX_ELEMENTS - 1)}</a>".encode()).children
    assert code_of(f"<a>{'<b/>' * MAX_ELEMENTS}</a>") == "width"
    many = " ".join(f"a{number}=''" for number in range(MAX_ATTRIBUTES))
    assert parse_xml(f"<a {many}/>".encode()).attributes
    assert code_of(f"<a {many} b=''/>") == "width"
    few = " ".join(f"a{number}=''" for number in range(30))
    assert code_of(f"<a>{f'<b {few}/>' * 134}</a>") == "width"
    declared = " ".join(f"xmlns:a{number}='urn:x'" for number in range(MAX_ATTRIBUTES))
    assert code_of(f"<a {declared} b=''/>") == "width"
    assert parse_xml(f"<a>{'x' * MAX_TEXT}</a>".encode()).text
    assert code_of(f"<a>{'x' * MAX_TEXT}<b/>x</a>") == "text-length"
    assert code_of(f"<a b='{'x' * (MAX_TEXT + 1)}'/>") == "text-length"


def test_a_prefix_may_be_declared_again_with_its_meaning() -> None:
    root = parse_xml(b"<a><p:b xmlns:p='urn:1'/><p:b xmlns:p='urn:1'/></a>")
    assert [child.name for child in root.children] == [("urn:1", "b")] * 2
