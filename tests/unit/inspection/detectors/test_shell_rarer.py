"""Rarer words and marks of shells: programs, redirections, PowerShell, options behind a value."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        # Programs.
        ";elinks -dump http://a.example",
        ";w3m a.example",
        ";http a.example",
        "a;hostid",
        ";systemd-run id",
        "a|lsmem",
        "&explorer a",
        "&md a",
        "& format d: /y",
        "&query session",
        "& dism /online",
        ";winver",
        ";read y<&4",
        "a=whoami&systeminfo",
        "Room 7 || whoami || thanks",
        "7 & echo abc & rem",
        # Parted from what the application appends.
        "a & reboot&",
        "b.png && hostname &&",
        "a & hostname &",
        # Answers of CGI, and the quotes around an address that a program fetches.
        "echo Content-Type: text/plain; echo; id",
        "echo 'content-type: text/html'; echo; a",
        "fill 'url(https://a.example/b.png\"|id\")'",
        "fill \"url(https://a.example/b.png';id')\"",
        # A command on its own line.
        "a\nid\n",
        "\nuname -a\n",
        "a\r\nping -n 3 10.0.0.1\r\n\r\n",
        "\n\nid\n\n",
        # Redirections.
        ";>a",
        "a; > /srv/www/index.html",
        "a>/etc/cron.d/a",
        "a >> /var/www/a.php",
        ";:>a.log",
        ";function f { id; }; f",
        # PowerShell.
        "&('ie'+'x') 'id'",
        "&.('ie'+'x') id",
        ".('ie' + 'x') id",
        "i`w`r a.example",
        "Invoke`-Expression whoami",
        "a;.{calc}",
        "a;gc C:\\a",
        "a;ri -r C:\\a",
        "a;ii c:\\a.exe",
        ";sp hklm:\\a b",
        ";[char]105+[char]101",
        ";('{1}{0}' -f 'x','ie')",
        "& (Get-Alias iex) a",
        ";{calc}.Invoke()",
        ";.$a",
        "[Type].Assembly.GetType('a')",
        "a; [Environment]::Exit(1)",
        # Options.
        "a.tar --checkpoint-action=exec=id",
        "a -oProxyCommand=id",
        "-exec id \\;",
        "-e 'sh -c id'",
    ],
)
def test_rarer_words_of_shells_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "1;2;control;4",
        "http;https",
        "quality; control group",
        "Tom & query",
        "photos; explorer edition",
        "a;ri;b",
        "EU;GC;3",
        "a > b > c",
        "home > /var",
        ";>",
        "5 > 3; 2 < 4",
        "rock`n`roll",
        "l`ami",
        "a;.{b}",
        ".{0,5}",
        '.("hello")',
        "[Type].Assembly.cs",
        "go; si c est",
        "name [char](9)",
        ";format;",
        "rows[i].getField(a)",
        "[Note]::see(5)",
        "curl -X POST b@a.example",
        "a=1&date",
        "gin || lime || soda",
        "red\n\ntop\n",
        "-e 5",
        "Port & Host &",
        "date & time &",
        "tests & labels &&",
        "salt & pepper & more &",
        "You should echo Content-Type: text/html first, then echo the page",
        'a { background: url("https://a.example/b.png"); color: red }',
        "src: url('https://a.example/b.woff') format('woff'); b",
    ],
)
def test_what_only_looks_like_them_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
