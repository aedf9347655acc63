"""Files and addresses that people write of, and the attacks that look alike."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.path import DETECTOR as PATH
from vallum.inspection.detectors.ssrf import DETECTOR as SSRF

SUSPECTS = Suspects(PATH, SSRF)


@pytest.mark.parametrize(
    "text",
    [
        "#2 /var/www/shop/cart.php(88): Cart->total('eur')",
        "/var/www/html/lib/mail.php:41",
        "at run (/root/jobs/main.mjs:7:21)",
        "Attachment: file:///D:/Users/anna/Pictures/receipt.jpg",
        "See file:///home/anna/notes.pdf",
        r"file:\.tsx?$ useState",
        r"repo:web file:\.test\.js",
        ".env.sample",
        ".env.dist",
        ".env.staging.example",
        r"file:/\.tsx?$/",
        "/etc/nginx/conf.d/shop.conf:12: unknown directive",
        r"\\files02\team$\plan.xlsx",
        "capacitor://localhost",
        "tauri://localhost",
        "upi://pay?pa=anna@bank&pn=Bakery&am=12",
        "https://shop.example.com?email=anna@mail.example.com",
        "https://shop.example.com?a=1&email=anna.b@mail.example.com&b=2",
    ],
)
def test_what_is_only_told_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "/var/www/html/mail.php",
        "../../var/www/html/mail.php:41",
        "/etc/passwd:4",
        "See file:///etc/shadow",
        "See file:///home/anna/.ssh/id_ed25519",
        "url=file:///D:/Users/anna/a.jpg",
        r"file:\.ssh\id_rsa",
        r"file:\srv\a.key",
        r"file:/\.ssh/id_rsa",
        r"file:/\srv/a.key",
        "/etc/nginx/conf.d/shop.conf",
        "../.env",
        ".env.example.bak/../.env",
        r"\\files02\c$\plan.xlsx",
        r"\\files02\ADMIN$",
        "capacitor://localhost@10.0.0.1/",
        "app://localhost:6379",
        "https://shop.example.com?a=x@attacker.example/",
        "https://shop.example.com?@attacker.example",
        "https://shop.example.com?a=x@10.0.0.1",
    ],
)
def test_what_is_asked_for_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS
