"""What mutation begins with: the payloads of the efficacy corpora, and small documents."""

from __future__ import annotations

from functools import cache
from typing import Final

from efficacy.attacks import FAMILIES, payloads
from efficacy.texts import KINDS, texts

_OF_EACH: Final = 40


@cache
def attacks(family: str = "") -> tuple[bytes, ...]:
    """Attack payloads of a family, or some of all."""
    if family in FAMILIES:
        return tuple(payload.text.encode() for payload in payloads(family))
    return tuple(
        payload.text.encode() for each in FAMILIES for payload in payloads(each)[:_OF_EACH]
    )


@cache
def harmless() -> tuple[bytes, ...]:
    """Texts of people, a few of each kind."""
    return tuple(text.encode() for kind in KINDS for text in texts(kind)[:4])


JSON: Final = (
    b"{}",
    b'{"note":"hello","id":7,"ok":true,"none":null,"list":["a","b"],"nested":{"note":"x"}}',
    b'[1,-2.5,1e3,"\\u00e9\\n\\ud83d\\ude00",[[[]]],{"a":{"b":{"c":[]}}}]',
    b' { "a" : [ 1 , 2 ] , "b" : "\\\\\\"" }\r\n',
    b'{"html":"<b>x</b><script>1</script>","kind":"book","words":["one two"],"free":{"k":"v"}}',
    b"9007199254740991",
    b'"text"',
)
FORM: Final = (
    b"a=1&b=two+words&c=%C3%A9",
    b"note=hello%20there&note2=&list=a&list=b",
    b"a&b",
    b"=",
)
MULTIPART: Final = (
    b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n--x--\r\n',
    (
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\nContent-Disposition: '
        b'form-data; name="f"; filename="f.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nfile\r\n--x--\r\n"
    ),
    (
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\n'
        b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9\r\n--x--\r\n"
    ),
    (
        b"--x\r\nContent-Type: application/json; charset=utf-8\r\nContent-Disposition: form-data; "
        b'name=j\r\n\r\n{"a":"b"}\r\n--x\r\nContent-Disposition: form-data; name="p"; '
        b'filename="p.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\0\xff\r\n--x--'
    ),
)
XML: Final = (
    b"<r>text</r>",
    (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<r a="1"><b>x</b><b c="2">y</b> <n:d '
        b'xmlns:n="urn:n">&amp;&#233;</n:d></r>'
    ),
    b"<r><note><![CDATA[<b>]]></note><!-- c --><e/></r>",
)
GRAPHQL: Final = (
    b"query Q($id: ID!) @a { x: y(z: {a: [1.5e3, $id, null, E]}) { ...F ...on T { b } } } # c",
    b'fragment F on T { a(s: "\\"\\u0041", b: """x \\""" y""") }',
)
HTML: Final = (
    b'<p title="x">Hello <a href="https://example.test/?a=1&amp;b=2">you</a><br><img src="/a.png">',
    b"<table><tr><td colspan=2>1</td></tr></table><ul><li>a<li>b</ul>",
    b"<svg><style><img src=x onerror=alert(1)></style></svg><math><mtext><table><mglyph><style>",
    b"<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    b'<a href="jav&#x09;ascript:alert(1)">x</a><!--><script>--></script>&lt;b&gt;',
)
