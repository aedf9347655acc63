"""Options that programs of mail, git and their kin find in addresses."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.crlf import DETECTOR as CRLF
from vallum.inspection.detectors.ssrf import DETECTOR as SSRF

SUSPECTS = Suspects(CRLF, SSRF)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (r'"m\" -oQ/var/tmp -X/srv/web/a.php n"@mail.example', "crlf.mail-option"),
        (r'"m\" -OQueueDirectory=/var/tmp"@mail.example', "crlf.mail-option"),
        ("anna@mail.example -X/srv/web/a.php", "crlf.mail-option"),
        ("anna@mail.example -X ./a.php", "crlf.mail-option"),
        ("anna@mail.example and some more people -C/srv/web/m.cf", "crlf.mail-option"),
        ("one two three four five six seven eight@mail.example -X/a.php", "crlf.mail-option"),
        ("=?utf-8?q?anna=40attacker.example=3e?=@mail.example", "crlf.mail-address"),
        ("=?iso-8859-1?Q?Hi=0D=0ABcc=3A=20anna=40mail.example?=", "crlf.mail-address"),
        ("anna@mail.example>, <ben@attacker.example", "crlf.mail-address"),
        ("anna@mail.example\0@attacker.example", "crlf.mail-address"),
        ("ssh://-oProxyCommand=xcalc/repo", "ssrf.option"),
        ("svn+ssh://-oLocalCommand=xcalc/repo", "ssrf.option"),
        ("ssh://git@-oProxyCommand=xcalc/repo", "ssrf.option"),
        ("https://--upload-pack=xcalc/repo", "ssrf.option"),
        ("git@-oProxyCommand=xcalc:repo", "ssrf.option"),
        ("ext::sh -c xcalc", "ssrf.option"),
        ("ext::/srv/a.sh", "ssrf.option"),
        ("ext::touch% /srv/a", "ssrf.option"),
        ("url = ext::python3 /srv/a.py", "ssrf.option"),
    ],
)
def test_options_in_addresses_are_stopped(text: str, rule: str) -> None:
    found = [each.rule for _, each in SUSPECTS.judge(text, "body") if each.score >= STOPS]
    assert rule in found


@pytest.mark.parametrize(
    "text",
    [
        "curl -X POST https://api.example.com/a -H 'x: anna@mail.example'",
        "git -C /srv/repo log --author=anna@mail.example",
        "sendmail keeps its log where -X /var/log/m.log says, and its queue where the settings do",
        "Anna <anna@mail.example>, Ben <ben@mail.example>",
        "<anna@mail.example>,<ben@mail.example>",
        "anna@mail.example; ben@mail.example",
        "=?UTF-8?Q?J=C3=B6rg_K=C3=A4fer?= <joerg@mail.example>",
        "=?utf-8?B?R3LDvMOfZQ==?=",
        "https://-a.example/",
        "anna@-ben",
        "ssh://git@git.example/team/-old-repo=1",
        "ext::shared_ptr<int> count",
        "ext::vector is what we use",
        "std::ext::sh(1)",
    ],
)
def test_addresses_and_commands_of_people_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
