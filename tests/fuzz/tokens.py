"""Words of the grammars that are fuzzed."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[bytes, ...]:
    return tuple(word.encode() for word in text.split(" ") if word)


JSON: Final = (
    *_words('{ } [ ] , : " \\" \\\\ \\/ \\n \\u0000 \\u0041 \\ud83d\\ude00 \\ud800 \\uDC00 true'),
    *_words("false null 0 -0 1 -1 1e3 1E-3 0.1 1e400 -1e-400 9007199254740993 1.0 01 1. .5 NaN"),
    *_words('Infinity -Infinity "a": "a":1, "__proto__": "constructor": {} [] "" "x" {"a":"b"}'),
    *(b" ", b"\t", b"\r\n", b"\n", b"\x00", b"\xef\xbb\xbf", b"\xc3\xa9", b"\xff", b"//", b"/**/"),
    *(b"0.12345678901234567890123456789012345", b"18446744073709551616", b"'", b"\xf0\x9f\x98\x80"),
)
FORM: Final = (
    *_words("& = ; + % %00 %26 %3d %2B %25 %u0061 %zz a= =b &a=1 a[]= a[b]=1 a.b= _charset_=utf-8"),
    *_words("_charset_=latin1 %c3%a9 %ff %C0%AF ?a # / %0d%0a && a&a note= list= kind="),
    *(b"\xc3\xa9", b" ", b"\n", b'"'),
)
MULTIPART: Final = (
    *(
        b"\r\n",
        b"\n",
        b"\r",
        b"--x",
        b"--x--",
        b"--",
        b"\r\n--x\r\n",
        b"\r\n--x--\r\n",
        b"\r\n\r\n",
    ),
    *(b"Content-Disposition: form-data", b'; name="a"', b"; name=b", b'; filename="f.txt"', b"; "),
    *(b"; filename=f.png", b"; filename*=utf-8''x", b"; name*=x", b'; name*0="a"', b'\\"', b'"'),
    *(b"Content-Type: text/plain", b"Content-Type: application/json", b"; charset=utf-8", b" "),
    *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: binary", b"\t", b"\xe9"),
    *(b"Content-Type: multipart/mixed; boundary=y", b"=?utf-8?q?a?=", b"%22", b"\xc3\xa9", b":"),
    *(
        b'--x\r\nContent-Disposition: form-data; name="n"\r\n\r\n',
        b"_charset_",
        b"utf-7",
        b"utf-16",
        b"cp037",
        b"\x00",
    ),
    *(b"boundary=x", b'boundary="x"', b"; boundary=y", b"Content-disposition: attachment", b"//"),
)
XML: Final = (
    *(b"<a>", b"</a>", b"<a/>", b"<b x='1'>", b"</b>", b"<p:a xmlns:p='urn:1'>", b"</p:a>", b"x"),
    *(
        b"<!--c-->",
        b"<![CDATA[d]]>",
        b"<?p i?>",
        b"&amp;",
        b"&#65;",
        b"&#x41;",
        b"&x;",
        b" ",
        b"\n",
    ),
    *(b"<!DOCTYPE a>", b"<!DOCTYPE a [<!ENTITY x 'y'>]>", b"<?xml version='1.0'?>", b"]]>", b"'"),
    *(b'<?xml version="1.0" encoding="UTF-8"?>', b" xmlns='urn:2'", b" xmlns=''", b" xml:base='/'"),
    *(
        b" a='1'",
        b' b="2"',
        b"&lt;",
        b"&quot;",
        b"&#0;",
        b"&#xD;",
        b"\r",
        b"\r\n",
        b"\xc3\xa9",
        b">",
    ),
    *(b"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude'/>", b"\xc2\x85", b"\xef\xbf\xbe"),
    *(b" xml:lang='de'", b" xsi:schemaLocation='a b'", b"<note>", b"</note>", b"<id>", b"</id>"),
)
MEDIA: Final = (
    *_words("application/json text/plain text/html multipart/form-data image/svg+xml */* ; = , /"),
    *_words(
        'charset=utf-8 charset="utf-8" boundary=x ;charset=utf-7 q=0.5 " \\ \\" +json + . * ( )'
    ),
    *(b" ", b"\t", b"\r\n", b"\x00", b"\x7f", b"\x80", b"\xc3\xa9", b"=?", b"; a=b", b'; a="b"'),
)
GRAPHQL: Final = (
    *_words("{ } ( ) [ ] : , ! $ @ & | = ... # query mutation subscription fragment on type"),
    *_words(
        '"a" """b""" " """ \\" \\u0041 \\u{1F600} \\n 1 -1 1.5 1e3 01 null true {a} {a:b} $x:Int'
    ),
    *_words(
        "@include(if:true) __schema __typename ...F fragment\tF\ton\tQ{a} (a:1) a:b a(b:{c:[1]})"
    ),
    *(
        b"\n",
        b"\r",
        b"\t",
        b"\xef\xbb\xbf",
        b"\xc3\xa9",
        b'\\"""',
        b"# c\n",
        b" ",
        b"\x00",
        b"query Q",
    ),
)
HEAD: Final = (
    *(
        b"\r\n",
        b"\n",
        b"x-note: ",
        b"cookie: ",
        b"c=",
        b"; d=",
        b'"',
        b"a=b",
        b"?q=",
        b"&q=",
        b"%27",
    ),
    *(
        b"%2e",
        b"%2f",
        b"%5c",
        b"%00",
        b"%25",
        b"+",
        b";",
        b"/",
        b"user-agent: ",
        b"referer: ",
        b",",
    ),
    *(
        b"\xc3\xa9",
        b"%c3%a9",
        b"\xff",
        b"x-id: ",
        b"content-type: ",
        b"\t",
        b" ",
        b"=",
        b"\\",
        b"&",
    ),
)
FILES: Final = (
    *(
        b"\x89PNG\r\n\x1a\n",
        b"PK\x03\x04",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"GIF89a",
        b"\xff\xd8\xff",
    ),
    *(b"%PDF-", b"\x1f\x8b\x08", b"ustar", b"<svg", b"<?php", b"<script", b"#!", b"MZ", b"IHDR"),
    *(b"../", b"/", b"\\", b"\x00" * 4, b"\xff" * 4, b"VP8L", b"VP8X", b"RIFF", b"WEBP", b"ftyp"),
    *(b"IDAT", b"IEND", b"\x01\x00", b"\x00\x01", b"[Content_Types].xml", b"word/", b"vbaProject"),
    *(b".php", b".png", b".svg", b".jpg", b".zip", b".tar", b".docx", b";", b".", b" "),
)
ATTACKS: Final = (
    *_words("' \" ` < > ( ) [ ] { } ; | || && & $ # % @ ! ^ ~ * / // \\ -- /* */ /*! = == === ,"),
    *_words(
        "<!-- --> <script> </script> <img onerror= javascript: data: ${ #{ {{ }} {% <% %> <? $("
    ),
    *_words(
        "\\u0027 \\x27 \\047 &#39; &#x27; &lt; &apos; %27 %2527 %u0027 %c0%a7 0x27 ../ ..\\ file://"
    ),
    *_words(
        "http://127.0.0.1 :// @ [::1] 0x7f.1 union select from where or and 1=1 null sleep( exec"
    ),
    *_words(
        "import eval( system( cmd.exe powershell /bin/sh $IFS ;id |cat `id` O:8: rO0AB ac ed $ne"
    ),
    *_words(
        "__proto__ constructor.prototype (&( )(| *)( count(//* CDATA DOCTYPE ENTITY SYSTEM jndi:"
    ),
    *_words("T(java. @{ *{ ]]> =cmd|' @SUM( \\r\\n Set-Cookie: HTTP/1.1 GET Host: Content-Type:"),
    *(
        b"\r\n",
        b"\n",
        b"\x00",
        b"\t",
        b"\x0b",
        b"\x0c",
        b"\xc2\xa0",
        b"\xef\xbc\x87",
        b"\xe2\x80\x99",
    ),
    *(
        b"\xcf\x81",
        b"\xd0\xb0",
        b"\xf0\x9d\x96\x86",
        b"\xe2\x80\x8b",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98\x80",
    ),
    *(
        b"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        b" ",
        b"\xc5\xbf",
        b"\xc4\xb1",
        b"&",
        b"=",
        b"a" * 64,
    ),
    # What `\s` and `strip` take for blanks, and what they do not.
    *(b"\x1c", b"\x1f", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe3\x80\x80", b" \t", b"\x0c(", b"\x0b{"),
)
HTML: Final = (
    *_words(
        "<a href= <img src= <b> </b> <p> <table> <td> <svg> <math> <style> <script> <template>"
    ),
    *_words(
        "<noscript> <select> <form> <title> <textarea> <!-- <![CDATA[ ]]> <plaintext> </p> <br/>"
    ),
    *_words(
        "<mglyph> <mtext> <annotation-xml> onerror= style= id= title= javascript: data: vbscript:"
    ),
    *_words(
        "' \" > < / = &lt; &amp; &#106; &Tab; &colon; https://a mailto: //x ?y #z &#x0; &nbsp; `"
    ),
    *(b"\x00", b"\t", b"\n", b"\x0c", b"\xc2\xa0", b"\xe2\x80\xa8", b" "),
)
LEAKS: Final = (
    *_words(
        "4111111111111111 5500-0000-0000-0004 DE89370400440532013000 a@b.example AKIA sk_live_ ghp_"
    ),
    *_words(
        "-----BEGIN PRIVATE KEY----- Traceback ORA-00933: SQLSTATE[42000] 10.0.0.1 password secret"
    ),
    *_words(
        "at\tcom.x.Y(Z.java:1) eyJhbGciOiJIUzI1NiJ9.e30.abc 078-05-1120 +49 card iban error token"
    ),
)
