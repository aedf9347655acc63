"""Where a server would go that fetches a value."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.ssrf import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule", "score"),
    [
        ("http://169.254.169.254/latest/meta-data/", "ssrf.metadata", 9),
        ("http://metadata.google.internal/computeMetadata/v1/", "ssrf.metadata", 9),
        ("http://[fd00:ec2::254]/", "ssrf.metadata", 9),
        ("http://2852039166/", "ssrf.metadata", 9),
        ("http://localhost:3000/callback", "ssrf.internal", 5),
        ("http://10.0.0.1/", "ssrf.internal", 5),
        ("http://127.1/", "ssrf.disguise", 9),
        ("http://0x7f000001/", "ssrf.disguise", 9),
        ("http://[::ffff:127.0.0.1]/", "ssrf.disguise", 9),
        ("http://①②⑦.⓪.⓪.①/", "ssrf.disguise", 9),
        ("http://127。0。0。1/", "ssrf.disguise", 9),
        ("http://app.127-0-0-1.sslip.io/", "ssrf.disguise", 9),
        ("http:127.0.0.1", "ssrf.internal", 5),
        (r"http:\\127.0.0.1\x", "ssrf.internal", 5),
        ("http://good.example@127.0.0.1/", "ssrf.userinfo", 6),
        ("http://good.com@evil.example/", "ssrf.userinfo", 6),
        ("https://good.com%2fa@evil.example/", "ssrf.userinfo", 6),
        ("https://good.com:443%23@evil.example/", "ssrf.userinfo", 6),
        ("http://google.com:80 &@1.2.3.4# @127.88.23.245:22/", "ssrf.service", 7),
        ("http://127.0.0.1:6379/", "ssrf.service", 7),
        ("http://redis:6379/", "ssrf.service", 7),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "ssrf.scheme", 9),
        ("dict://evil.example:11211/", "ssrf.scheme", 9),
        ("file:///etc/passwd", "ssrf.scheme", 7),
        ("jar:http://evil.example/x!/y", "ssrf.scheme", 9),
        ("unix:/run/docker.sock|http://x/", "ssrf.scheme", 9),
        ("169.254.169.254/latest/meta-data", "ssrf.bare", 6),
        ("localhost/admin", "ssrf.bare", 5),
        ("//shop.example@127.0.0.1/", "ssrf.bare", 5),
        ("//a@169.254.169.254/latest", "ssrf.bare", 6),
        ("http:localtest.me/admin", "ssrf.bare", 5),
        ("https:host.docker.internal", "ssrf.bare", 5),
        ("http:@169.254.169.254/", "ssrf.bare", 6),
        ("http://a.127.0.0.1.xip.name/", "ssrf.disguise", 9),
        ("http://api.metadata.cloud.ibm.com/instance_identity/v1/token", "ssrf.metadata", 9),
        ("unix:///var/run/podman.sock", "ssrf.scheme", 9),
        ("http+unix://%2Frun%2Fdocker.sock/info", "ssrf.scheme", 9),
        ("http://unix:/run/docker.sock:/info", "ssrf.scheme", 9),
        ("npipe:////./pipe/docker_engine", "ssrf.scheme", 9),
        ("iiop://evil.example/a", "ssrf.scheme", 7),
        ("corbaname:iiop:evil.example#a", "ssrf.scheme", 7),
        ("dns://evil.example/a", "ssrf.scheme", 5),
        ("http://ⓔxample.test/", "ssrf.disguise", 6),
        ("https://kubernetes.default/api", "ssrf.internal", 5),
        ("http://grafana:3000/login", "ssrf.internal", 5),
    ],
)
def test_targets_are_stopped_by_what_they_are(text: str, rule: str, score: int) -> None:
    found = [each for _, each in SUSPECTS.judge(text)]
    best = max(found, key=lambda each: each.score)
    assert best.score >= score
    assert rule in {each.rule for each in found} or best.score > score


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/?a=1&b=2#x",
        "https://203.0.113.7/",
        "https://[2606:4700::1111]/",
        "https://user:token@github.com/foo/bar.git",
        "https://user:p%2Fss%40@db.example.com/",
        "ssh://git@github.com/foo/bar.git",
        "https://medium.com/@user/post",
        "https://unpkg.com/react@18/umd/react.js",
        "https://1password.com/",
        "https://example.com/redirect?to=https://b.example.org",
        "data:image/png;base64,iVBORw0KGgo=",
        "10.0.0.0/8",
        "10.1.2.3",
        "localhost:8080",
        "ports http:80, https:443",
        "file: report.pdf, jar: of honey, dict: a book",
        "mailto:john.doe@example.com",
        "users/metadata/",
        "dns:///users.example.com:50051",
        "proxy_pass http://unix:/run/gunicorn.sock;",
        "fastcgi_pass unix:/run/php/php-fpm.sock;",
        "https://kubernetes.io/docs/",
        "http://münchen.example/ and https://例え.example/",
        "https://example.com/a?step=①",
        "http://www.intranet-company.example/",
        "docker://ghcr.io/org/image:1.2",
        "http:example.com",
        "https:see below",
        "//user@cdn.example/a.js",
        "// localhost is where it runs",
    ],
)
def test_public_targets_and_other_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_an_address_in_a_sentence_is_a_trace() -> None:
    text = "I started the server and opened http://localhost:3000/ but the page does not load."
    assert 0 < SUSPECTS.score(text, "body") < STOPS


def test_where_a_browser_comes_from_is_a_trace() -> None:
    assert SUSPECTS.score("http://localhost:3000/", "header", name="referer") < STOPS


@pytest.mark.parametrize("name", ["redirect_uri", "redirectUris", "post_logout_redirect_uris"])
@pytest.mark.parametrize("text", ["http://127.0.0.1:51004/", "http://[::1]/a", "http://localhost/"])
def test_a_program_is_sent_back_to_its_own_computer(name: str, text: str) -> None:
    assert 0 < SUSPECTS.score(text, "query", name=name.lower()) < STOPS
    assert SUSPECTS.score(text, "query", name="webhook_url") >= STOPS


def test_nobody_is_sent_back_to_a_service_or_a_disguise() -> None:
    for text in ("http://127.0.0.1:6379/", "http://2130706433/", "http://169.254.169.254/"):
        assert SUSPECTS.score(text, "query", name="redirect_uri") >= STOPS
