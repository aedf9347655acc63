"""Paths out of their folder, to files of the system, and files included from elsewhere."""

from __future__ import annotations

import csv

import pytest
from tests.support.shared import shared_vectors
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.path import DETECTOR, RULES

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("../../etc/passwd", "path.climb"),
        ("..\\..\\windows\\win.ini", "path.climb"),
        ("....//....//etc/x", "path.climb"),
        ("..;/manager/html", "path.climb"),
        ("/%5c../%5c../x", "path.climb"),
        ("0x2e0x2e0x2fx", "path.climb"),
        ("a/../../b", "path.climb"),
        ("/./././././././x/../y", "path.climb"),
        ("..%00/x", "path.climb"),
        ("a" * 2_000 + "/../../../../etc/hosts", "path.climb"),
        ("?page=../../../etc/passwd", "path.climb"),
        ("/static../etc/passwd", "path.climb"),
        ("/img../proc/self/environ", "path.climb"),
        ("proc/self/cmdline", "path.system"),
        ("/etc/letsencrypt/live/a.example/privkey.pem", "path.system"),
        ("/etc/passwd", "path.system"),
        ("//etc///shadow", "path.system"),
        ("~root", "path.system"),
        ("\\??\\c:\\a.txt", "path.system"),
        ("C:\\Users\\Guest\\NTUSER.DAT", "path.system"),
        ("C:\\Program Files\\Apache Group\\a", "path.system"),
        ("\\\\evil.example@ssl@443\\a", "path.windows"),
        ("config/secrets.yml", "path.private"),
        (".dockerenv", "path.private"),
        ("me.gif.php5", "path.upload"),
        ("me.jsp.png", "path.upload"),
        ("me.aspx;.png", "path.upload"),
        ("me.phtml/.", "path.upload"),
        ("me.php%20", "path.upload"),
        ("me.phP", "path.upload"),
        ("me.php..", "path.upload"),
        ("me.asp;1.jpg", "path.upload"),
        ("/dev/fd/3", "path.system"),
        ("config/master.key", "path.private"),
        ("http://evil.example/a.txt#.php", "path.remote"),
        ("//etc/./passwd", "path.system"),
        ("/proc/self/environ", "path.system"),
        ("/var/log/apache2/access.log", "path.system"),
        ("~/.ssh/id_rsa", "path.system"),
        ("c:\\windows\\system32\\config\\SAM", "path.system"),
        ("boot.ini", "path.system"),
        (".env", "path.private"),
        ("app/.git/config", "path.private"),
        ("WEB-INF/web.xml", "path.private"),
        ("wp-config.php.bak", "path.private"),
        ("\\\\files.evil.example\\share\\x", "path.windows"),
        ("//10.9.8.7/share/x", "path.windows"),
        ("file.txt::$DATA", "path.windows"),
        ("image.php\x00.png", "path.null"),
        ("php://filter/convert.base64-encode/resource=index", "path.wrapper"),
        ("phar://x.phar/a", "path.wrapper"),
        ("data://text/plain;base64,PD9waHA=", "path.wrapper"),
        ("jar:http://evil.example/x!/y", "path.wrapper"),
        ("file:///srv/x", "path.wrapper"),
        ("expect://ls", "path.wrapper"),
        ("http://10.0.0.1/shell.php", "path.remote"),
        ("http://evil.example/shell.txt?", "path.remote"),
        ("http://evil.example/shell?", "path.remote"),
        ("ftp://203.0.113.9", "path.remote"),
        ("ftps://203.0.113.9:2121/pub/x", "path.remote"),
        ("........etcpasswd", "path.climb"),
        ("%2e%2e%2f%2e%2e%2fx", "path.climb"),
        ("%252e%252e%252fx/y", "path.climb"),
        ("/%2f%2e%2e/%2f%2e%2e/x", "path.climb"),
        (">/var/tmp/out", "path.system"),
        ("2>/dev/shm/x", "path.system"),
        (">>/home/app/x.php", "path.system"),
        ("@fs/etc/hosts", "path.private"),
        ("etc/shadow", "path.system"),
        ("page=/tmp/sess_0f3a9b", "path.system"),
        ("//tmp/upload_7.phtml", "path.system"),
        ("/var/lib/php7/sessions/x", "path.system"),
        ("/@fs/root/.ssh/id_rsa?raw", "path.private"),
        ("/@id/__x00__virtual", "path.null"),
        ("msl:/srv/in/a.msl", "path.wrapper"),
        ("vid:msl:/srv/in/up*", "path.wrapper"),
        ("mvg:../in/a.mvg", "path.wrapper"),
        ("caption:@/srv/in/a.txt", "path.wrapper"),
        ("\\etc\\shadow", "path.system"),
        ("\\proc\\self\\environ", "path.system"),
        (".+./.+./.+./etc/group", "path.climb"),
        ("team/..%2fowner", "path.climb"),
        ("team/..%255cowner", "path.climb"),
    ],
)
def test_a_path_to_where_nobody_should_go_is_stopped(text: str, rule: str) -> None:
    found = [judgement for _, judgement in SUSPECTS.judge(text) if judgement.score >= STOPS]
    assert rule in {judgement.rule for judgement in found}


@pytest.mark.parametrize(
    "text",
    [
        "proc/self-service portal",
        "process/self/environ",
        "/static../css/a.css",
        "we found /img../etc/hosts in the logs of yesterday",
        "see ../README.md",
        "../images/a.png",
        "../../src/util",
        "![logo](../images/logo.png)",
        "[link](../../docs/index.md)",
        '<a href="../">up</a>',
        "The file /etc/hosts contains host names for your machine",
        "edit ~/.bashrc and add the line",
        "Copy C:\\Users\\me\\Documents\\file.docx please",
        "C:\\fakepath\\photo.png",
        "\\\\fileserver\\team\\plan.xlsx",
        "assets/../assets/logo.svg",
        "/var/log/app/2024-01-05.log",
        "backup.tar.gz",
        "and/or his/her n/a 24/7 km/h",
        "http://example.com/a/b/../c",
        "https://example.com/index.php?id=5",
        "https://github.com/a/b/blob/main/.github/workflows/ci.yml",
        ".github/workflows/ci.yml",
        ".gitignore",
        "src/main/java/App.java",
        "wait... what? and then...",
        "v1.0..v2.0",
        "main...feature/x",
        "1..10",
        "con",
        "/api/v1/users/{id}",
        "file://server/share is not allowed in our documents, please see",
        "The data: text is here; jar: of jam",
        "...and_justice_for_all",
        "...really?",
        "https%3A%2F%2Fexample.com%2Fa%2Fb",
        "ftp://ftp.example.com/pub/readme",
        "> /tmp is where the quoted folder of the last mail was",
        "<code>/tmp/x</code>",
        'source="/var/log/messages" | rex field=_raw "user=(.*)"',
        "In /var/log/nginx/error.log I see 502",
        '{job="web", filename="/var/log/nginx/access.log"} |= "error"',
        ".htaccess redirect",
        "index.php:12",
        "/dev/zero-downtime",
        "c:\\program files",
        "C:\\Program Files\\App\\app.exe",
        "report.pdf.aspx",
        "index.php",
        "my.cat.jpg.png",
        "@fs/promises",
        "2>/dev/null",
        " /tmp/report.pdf",
        " /tmp/session.log",
        "docs/etc/passwd-hashing.md",
        "//cdn.example.com/lib/app.js",
        "https:/example.com/a",
        "call __x00__ with care, please",
        "MSL: 310 m",
        "caption:@anna and ben",
        "a%2F..%2Fb.html",
        "C:\\etc\\notes.txt",
        "./run.sh",
        "/home",
        "",
    ],
)
def test_how_people_write_of_files_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_link_counts_for_more_in_a_url() -> None:
    link = "../images/a.png"
    assert SUSPECTS.score(link, "body") < STOPS <= SUSPECTS.score(link, "query")


def test_a_link_that_climbs_to_a_known_file_is_no_link() -> None:
    assert SUSPECTS.score("please open ../../etc/passwd for me", "body") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        *(
            "C:\\",
            "shell.php.",
            "con",
            "http://evil.example/page.php",
            "https://evil.example/x.txt",
        ),
        *("//evil.example/x.php", "http:evil.example/x.phtml", "https:/evil.example/x.asp?a=b"),
        "http://evil.example/x.jsp;.gif",
    ],
)
def test_some_names_count_where_a_file_is_asked_for(text: str) -> None:
    assert SUSPECTS.score(text, name="comment") < STOPS
    assert SUSPECTS.score(text, name="template_file") >= STOPS


@pytest.mark.parametrize("name", ["base_path", "conf[dir]", "include", "lang", "tpl"])
@pytest.mark.parametrize(
    "text", ["https://evil.example", "http://evil.example/", "ftp://e.example"]
)
def test_a_host_alone_is_no_folder_of_ours(name: str, text: str) -> None:
    assert SUSPECTS.score(text, name=name) >= STOPS


@pytest.mark.parametrize(
    "name", ["url", "homepage", "avatar_url", "redirect_path", "callback_dir", "q", "pathology"]
)
def test_an_address_is_welcome_where_addresses_stand(name: str) -> None:
    assert SUSPECTS.score("https://example.com", name=name) < STOPS
    assert SUSPECTS.score("https://example.com/", "body", name=name) < STOPS


@pytest.mark.parametrize("name", ["avatar_url", "homepage", "avatar"])
def test_a_link_may_end_with_a_question_that_asks_nothing(name: str) -> None:
    assert SUSPECTS.score("https://cdn.example.com/u/17?", "body", name=name) < STOPS


def test_the_doors_of_a_server_for_development_are_no_segments() -> None:
    assert SUSPECTS.score("@fs", "path") >= STOPS
    assert SUSPECTS.score("@fsmith", "path") < STOPS
    assert SUSPECTS.score("@fs", "body") < STOPS


def test_the_evidence_is_the_path_as_it_was_sent() -> None:
    ((_, judgement),) = SUSPECTS.judge("x ../../Etc/Passwd y")
    assert judgement.evidence == "../../Etc/Passwd"


def test_every_rule_is_explained() -> None:
    assert DETECTOR.rules is RULES
    assert all(rule.startswith("path.") and text for rule, text in RULES.items())


def test_paths_of_the_shared_vectors_are_stopped() -> None:
    with (shared_vectors() / "attacks" / "httpparams_train.csv").open(errors="replace") as lines:
        rows = [row for row in csv.DictReader(lines) if row["attack_type"] == "path-traversal"]
    missed = [row["payload"] for row in rows if SUSPECTS.score(row["payload"]) < STOPS]
    assert len(rows) > 150
    assert len(missed) <= len(rows) * 0.03


def test_texts_that_look_like_attacks_pass() -> None:
    path = shared_vectors() / "benign" / "libinjection_false_positives.txt"
    texts = path.read_text(errors="replace").splitlines()
    assert len(texts) > 400
    assert [text for text in texts if SUSPECTS.score(text) >= STOPS] == []
