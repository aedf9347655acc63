"""Hostile cases B-111 … B-114: XML, through real sockets."""

from __future__ import annotations

import socket

import pytest
from tests.support.arena import Arena, request

GOOD = b"<order id='1'><name>a</name></order>"
VIOLATION = "contract-violation"
MOST_GROWTH = 20 * 1024 * 1024


def post(body: bytes | str, *lines: str, target: str = "/order") -> bytes:
    """A POST of XML."""
    media_type = "text/xml" if target == "/soap" else "application/xml"
    raw = body if isinstance(body, bytes) else body.encode()
    return request("POST", target, f"Content-Type: {media_type}", *lines, body=raw)


def refuse(content: Arena, body: bytes | str) -> None:
    """The body is refused where the contract has a schema, and where it has none."""
    for target in ("/order", "/soap"):
        content.refuse(post(body, target=target), 400, closed=False, problem=VIOLATION)


def test_xml_passes_byte_for_byte(content: Arena) -> None:
    mark = content.upstream.mark()
    assert content.send(post(GOOD)).status == 200
    (received,) = content.upstream.requests_since(mark)
    assert received.body == GOOD


LAUGHS = "".join(f'<!ENTITY l{number} "{f"&l{number - 1};" * 10}">' for number in range(1, 10))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE order [<!ENTITY l0 "lol">{LAUGHS}]><order><name>&l9;</name></order>',
        f'<!DOCTYPE o [<!ENTITY a "{"x" * 50_000}">]><o>{"&a;" * 50_000}</o>',
        '<!DOCTYPE o [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]><o/>',
        "<!DOCTYPE o [<!ENTITY % a \"<!ENTITY &#37; b 'c'>\"> %a; %b;]><o/>",
        "<!DOCTYPE o [" + "<!ENTITY % p0 'x'>" * 1_000 + "]><o/>",
        "<!DOCTYPE o [<!ATTLIST o " + " ".join(f"a{n} CDATA 'x'" for n in range(5_000)) + ">]><o/>",
        "<a>" * 60_000,
        f"<a {' '.join(f'b{number}=' + repr('') for number in range(20_000))}/>",
        f"<a>{'<b/>' * 50_000}</a>",
        f"<{'a' * 200_000}/>",
        f"<a b='{'x' * 200_000}'/>",
        f"<a><!--{'-' * 200_000}",
        f"<a {' '.join(f'xmlns:p{number}=' + repr('urn:x') for number in range(10_000))}/>",
    ],
    ids=lambda body: body[:30],
)
def test_b111_xml_billion(content: Arena, body: str) -> None:
    content.good()
    before = content.gateway.rss_bytes()
    refuse(content, body)
    assert content.gateway.rss_bytes() - before < MOST_GROWTH


@pytest.fixture
def lure() -> object:
    """A listener that nobody must ever connect to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server
        with pytest.raises(BlockingIOError):
            server.accept()


def test_b112_xxe_file(content: Arena, lure: socket.socket) -> None:
    url = f"http://127.0.0.1:{lure.getsockname()[1]}/x"
    for address in ("file:///etc/passwd", url, "http://169.254.169.254/", "php://filter", "x"):
        refuse(content, f'<!DOCTYPE o [<!ENTITY x SYSTEM "{address}">]><o><name>&x;</name></o>')
        refuse(content, f'<!DOCTYPE o PUBLIC "-//x" "{address}"><order><name>a</name></order>')
        include = f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{address}"/>'
        refuse(content, f"<order><name>a</name>{include}</order>")
        instance = 'xmlns:s="http://www.w3.org/2001/XMLSchema-instance"'
        refuse(content, f'<order {instance} s:schemaLocation="a {address}"/>')
        refuse(content, f'<order {instance} s:noNamespaceSchemaLocation="{address}"/>')
        refuse(content, f'<?xml-stylesheet href="{address}"?><order/>')
        refuse(content, f'<?xml-model href="{address}"?><order/>')
        refuse(content, f'<order xml:base="{address}"/>')


def test_b112_xxe_file_in_soap(content: Arena) -> None:
    inside = "<!DOCTYPE x SYSTEM 'http://127.0.0.1:9/'>"
    refuse(content, f"{inside}<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>")


DOCTYPE = "<!DOCTYPE o [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><o>&x;</o>"


@pytest.mark.parametrize(
    "encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "utf-8-sig", "cp037"]
)
@pytest.mark.parametrize("declared", [True, False])
def test_b112_xxe_file_encodings_that_hide(
    content: Arena, encoding: str, *, declared: bool
) -> None:
    name = encoding.removesuffix("-sig").upper()
    head = f'<?xml version="1.0" encoding="{name}"?>' if declared else ""
    refuse(content, (head + DOCTYPE).encode(encoding))
    refuse(content, (head + "<order><name>a</name></order>").encode(encoding)[:-1])


@pytest.mark.parametrize("charset", ["utf-16", "utf-7", "iso-8859-1"])
def test_b112_xxe_file_charsets_of_the_type(content: Arena, charset: str) -> None:
    raw = request("POST", "/order", f"Content-Type: application/xml; charset={charset}", body=GOOD)
    content.refuse(raw, 415, closed=False)


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml", "image/svg+xml"])
def test_b112_xxe_file_xml_only_where_it_is_declared(content: Arena, media_type: str) -> None:
    for target in ("/anything", "/things", "/text", "/form"):
        raw = request("POST", target, f"Content-Type: {media_type}", body=GOOD)
        content.refuse(raw, 415, closed=False, problem="unsupported-media-type")


@pytest.mark.parametrize(
    "body",
    [
        "<order><name>x</name><role>user</role><name>y</name></order>",
        "<order><name>x</name><role>user</role><role>admin</role></order>",
        "<order><name>x</name><ROLE>admin</ROLE></order>",
        "<order><name>x</name><e:role xmlns:e='urn:evil'>admin</e:role></order>",
        "<order><name>x]]></name></order>",
        "<order><name>x<![CDATA[</name><role>admin</role><name>]]></name></order>",
        "<order><name><![CDATA[a]]><![CDATA[b]]></name></order>",
        "<p:order xmlns:p='urn:a'><p:name xmlns:p='urn:b'>x</p:name></p:order>",
        "<order xmlns='urn:a'><name xmlns=''>x</name></order>",
        "<order><name>x</name><constructor/></order>",
        "<order id='1' is_admin='true'><name>x</name></order>",
        "<order><name>x</name><is_admin>true</is_admin></order>",
    ],
)
def test_b113_xml_inject(content: Arena, body: str) -> None:
    content.refuse(post(body), 400, closed=False, problem=VIOLATION)


ENVELOPE = (
    "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>"
    "<GetUser xmlns='urn:users'/></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    "line",
    [
        'SOAPAction: "urn:users#DeleteUser"',
        "SOAPAction: urn:users#GetUser",
        'SOAPAction: "urn:users#GetUser", "urn:users#DeleteUser"',
        "SOAPAction: ",
    ],
)
def test_b113_xml_inject_soap_action(content: Arena, line: str) -> None:
    content.refuse(post(ENVELOPE, line, target="/soap"), 400, closed=False, problem=VIOLATION)
    raw = post(ENVELOPE, 'SOAPAction: "urn:users#GetUser"', line, target="/soap")
    content.refuse(raw, 400, closed=False)


def test_b113_xml_inject_soap_action_of_the_type(content: Arena) -> None:
    for action, status in (("urn:users#GetUser", 200), ("urn:users#DeleteUser", 400)):
        media_type = f'text/xml; action="{action}"'
        raw = request("POST", "/soap", f"Content-Type: {media_type}", body=ENVELOPE.encode())
        assert content.send(raw).status == status


def test_b113_xml_inject_soap_action_that_agrees(content: Arena) -> None:
    mark = content.upstream.mark()
    for line in ('SOAPAction: "urn:users#GetUser"', 'SOAPAction: ""'):
        assert content.send(post(ENVELOPE, line, target="/soap")).status == 200
    assert len(content.upstream.requests_since(mark)) == 2


@pytest.mark.parametrize(
    "body",
    [
        "<order><name>admin<!---->@evil</name></order>",
        "<order><name>admin<!-- x -->@evil</name></order>",
        "<order><name>admin<![CDATA[]]>@evil</name></order>",
        "<order><name>admin<?x?>@evil</name></order>",
    ],
)
def test_b114_xml_sigwrap(content: Arena, body: str) -> None:
    """Text that one reader takes whole and another one to the first comment."""
    refuse(content, body)
