"""Every form of leak by what it is and by what only looks like it. All values are made up."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.inspection.leaks.finder import Budget, Found, LeakFinder, leak_patterns
from vallum.inspection.leaks.registry import LEAKS
from vallum.inspection.scan import compile_patterns, load_scan

FINDER = LeakFinder(LEAKS, load_scan(compile_patterns(leak_patterns(LEAKS))))
KINDS = {leak.kind for leak in LEAKS}


def found(text: str, name: str = "") -> list[Found]:
    """Everything in a text."""
    return FINDER.find(text, name, KINDS, Budget(1_000_000))


def rules(text: str, name: str = "") -> set[str]:
    """The rules that find something in a text."""
    return {each.rule for each in found(text, name)}


def joined(*parts: str) -> str:
    """A text that stands nowhere as a whole, so that nobody takes this file for a leak."""
    return "".join(parts)


LEAKING = [
    ("card.number", "4111111111111111"),
    ("card.number", "paid with 4111 1111 1111 1111, thanks"),
    ("card.number", "5555-5555-5555-4444"),
    ("card.number", "3782 822463 10005"),
    ("card.number", "2223003122003222"),
    ("card.number", "6011111111111117"),
    ("card.number", "30569309025904"),
    ("iban.number", "DE89370400440532013000"),
    ("iban.number", "send it to GB82 WEST 1234 5698 7654 32 today"),
    ("iban.number", "NO9386011117947"),
    ("national_id.us-ssn", "078-05-1120"),
    ("national_id.uk-nino", "AB 12 34 56 C"),
    ("national_id.fr-nir", "1 84 12 76 451 089 46"),
    ("national_id.de-tax", "Steuer-ID 86095742719"),
    ("national_id.es-dni", "12345678Z"),
    ("national_id.es-dni", "X1234567L"),
    ("national_id.it-cf", "RSSMRA85T10A562S"),
    ("national_id.nl-bsn", "BSN: 111222333"),
    ("national_id.pl-pesel", "PESEL 44051401359"),
    ("national_id.fi-hetu", "131052-308T"),
    ("national_id.br-cpf", "529.982.247-25"),
    ("email.address", "write to ann.o'neil+x@mail.shop.example."),
    ("phone.number", "call +44 20 7946 0958"),
    ("secret.aws", joined("AKIA", "IOSFODNN7ABCDEFG")),
    ("secret.github", joined("gh", "p_", string.ascii_lowercase, "0123456789")),
    ("secret.slack", joined("xo", "xb-1234567890-abcdefghijklmnop")),
    ("secret.stripe", joined("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc")),
    ("secret.url-password", "postgres://app:hunter22@db.example:5432/shop"),
    ("secret.password-hash", "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW"),
    (
        "secret.password-hash",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$RdescudvJCsgt3ub+b0dWRWJTmaaJObG",
    ),
    ("private_key.pem", joined("-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE")),
    ("private_key.pem", joined("-----BEGIN ", "PRIVATE KEY-----")),
    ("token.jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"),
    ("token.assigned", "API_SECRET=kJ8s0Dk3lZpQ9xV7bN2m"),
    ("stack_trace.java", "\tat com.acme.shop.Basket.add(Basket.java:12)"),
    ("stack_trace.java-exception", "java.lang.NullPointerException: basket"),
    ("stack_trace.python", 'Traceback (most recent call last):\n  File "/app/x.py", line 3, in f'),
    ("stack_trace.node", "TypeError: x\n    at Object.<anonymous> (/srv/app/index.js:10:15)"),
    ("stack_trace.php", "Fatal error: no in /var/www/html/index.php on line 3"),
    ("stack_trace.dotnet", "   at Acme.Shop.Add(String x) in C:\\src\\Shop.cs:line 12"),
    ("stack_trace.ruby", "/app/lib/shop.rb:12:in `call'"),
    ("stack_trace.go", "goroutine 1 [running]:\nmain.main()"),
    ("stack_trace.rust", "thread 'main' panicked at src/main.rs:2"),
    ("sql_error.mysql", "You have an error in your SQL syntax; check the manual"),
    ("sql_error.postgresql", 'ERROR:  syntax error at or near "FROM"'),
    ("sql_error.oracle", "ORA-00933: SQL command not properly ended"),
    ("sql_error.sqlserver", "Unclosed quotation mark after the character string 'x'."),
    ("sql_error.sqlite", 'near "FROM": syntax error'),
    ("sql_error.driver", "SQLSTATE[42000]: Syntax error or access violation"),
    ("sql_error.mongodb", "E11000 duplicate key error collection: shop.users"),
    ("internal.address", "connect to 10.2.3.4:5432 failed"),
    ("internal.host", "no route to orders.shop.svc.cluster.local"),
    ("internal.path", "cannot open /home/deploy/shop/settings.py"),
    ("internal.path", r"C:\inetpub\wwwroot\shop"),
    ("internal.passwd", "root:x:0:0:root:/root:/bin/bash"),
]

HARMLESS = [
    ("4111111111111112", ""),
    ("4111111111111111", "order_id"),
    ("4111111111111111", "trackingid"),
    ("0.4111111111111111", ""),
    ("41111111-1111-4111-8111-111111111111", ""),
    ("978-0-306-40615-7", "isbn"),
    ("1700000000000", "created"),
    ("1234567890123456789", "snowflake"),
    ("DE89370400440532013001", ""),
    ("de89 is a postcode", ""),
    ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""),
    ("000-12-3456", ""),
    ("666-12-3456", ""),
    ("2026-01-05T09:00:00Z", ""),
    ("12345678A", ""),
    ("111222333", "stock"),
    ("44051401359", "total"),
    ("https://shop.example/a@b/c", ""),
    ("https://user@shop.example/", ""),
    ("postgres://user:password@localhost/db", ""),
    ("https://user:${PASSWORD}@host/", ""),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "access_token"),
    ("password = your password here, please", ""),
    ("the secret is out", ""),
    ("look at com.acme for more", ""),
    ("the error on line 3 of the poem", ""),
    ("SELECT * FROM books WHERE id = 1", ""),
    ("version 10.2.3", ""),
    ("11.2.3.4", ""),
    ("/books/9790000000018/cover", ""),
    ("eat local food, be local", ""),
    ("Peter O'Neil, 12 Long Street", ""),
    ("Straße 5, 10115 Berlin", ""),
]


@pytest.mark.parametrize(
    ("rule", "text"), LEAKING, ids=[f"{r}-{n}" for n, (r, _) in enumerate(LEAKING)]
)
def test_what_leaks_is_found(rule: str, text: str) -> None:
    assert rule in rules(text)


@pytest.mark.parametrize(("text", "name"), HARMLESS)
def test_what_only_looks_like_it_is_not(text: str, name: str) -> None:
    assert rules(text, name) == set()


def test_every_form_has_an_example_and_a_name() -> None:
    every = {form.rule for leak in LEAKS for form in leak.forms}
    kinds = {rule.partition(".")[0] for rule, _ in LEAKING}
    assert kinds == KINDS
    assert {rule for rule, _ in LEAKING} <= every
    assert all(form.words for leak in LEAKS for form in leak.forms)


def test_names_say_what_numbers_are() -> None:
    assert rules("86095742719", "steuer_id") == {"national_id.de-tax"}
    assert rules("111222333", "bsn") == {"national_id.nl-bsn"}


def test_long_texts_are_read_to_their_end() -> None:
    text = "word " * 5_000 + "4111111111111111" + " word" * 5_000
    (card,) = found(text)
    assert text[card.start : card.end] == "4111111111111111"


def test_what_begins_a_secret_counts_to_the_end() -> None:
    text = joined("a -----BEGIN EC ", "PRIVATE KEY-----\n", "x" * 9_000)
    (key,) = found(text)
    assert (key.start, key.end) == (2, len(text))


def test_the_budget_is_kept() -> None:
    budget = Budget(5_000)
    FINDER.find("4111 1111 1111 1111 " * 2_000, "", KINDS, budget)
    assert budget.left < 0
    assert budget.left > -5_000


def test_masks_tell_little() -> None:
    masks = {leak.kind: leak.mask for leak in LEAKS}
    assert masks["card"]("4111 1111 1111 1111") == "**** **** **** 1111"
    assert masks["email"]("ann@mail.example") == "a***@mail.example"
    assert masks["secret"]("anything") == "***"


@given(st.text(alphabet=string.printable + "éß漢", max_size=300), st.sampled_from(["", "note"]))
def test_whatever_is_found_lies_in_the_text(text: str, name: str) -> None:
    for each in found(text, name):
        assert 0 <= each.start < each.end <= len(text)


@pytest.mark.parametrize("prefix", ["4539", "5105", "6011"])
@given(st.integers(0, 10**11 - 1))
def test_every_valid_card_and_no_other_is_found(prefix: str, middle: int) -> None:
    body = f"{prefix}{middle:011d}"
    doubled = sum(
        digit if place % 2 else (digit * 2 - 9 if digit > 4 else digit * 2)
        for place, digit in enumerate(map(int, body))
    )
    check = -doubled % 10
    assert "card.number" in rules(f"{body}{check}")
    assert "card.number" not in rules(f"{body}{(check + 1) % 10}")
