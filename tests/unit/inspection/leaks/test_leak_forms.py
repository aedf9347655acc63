"""Every form of leak by what it is and by what only looks like it. All values are made up."""

from __future__ import annotations

import string
from base64 import b64encode

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


def armoured(*parts: str) -> str:
    """Base64 of a text that stands nowhere as a whole."""
    return b64encode(joined(*parts).encode()).decode()


RANDOM_43 = "Kx9dR3b7yYp0QhTz5mV1nW8uJc2fLs4Ae6gHiOwkPqB"

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
    ("private_key.pem", joined('"-----BEGIN ', 'PRIVATE KEY-----\\n" + "MIIEvgIBADANBgkqhkiG9w0B')),
    ("private_key.pem", joined("---- BEGIN SSH2 ", "PRIVATE KEY ----")),
    ("private_key.base64", armoured("-----BEGIN EC ", "PRIVATE KEY-----\nMHcCAQEE")),
    ("private_key.base64", armoured("Bag\n-----BEGIN ", "PRIVATE KEY-----\nMIIE")),
    ("private_key.base64", armoured("it\n-----BEGIN RSA ", "PRIVATE KEY-----\nMIIE")),
    (
        "private_key.base64",
        joined("MIIEvQ", "IBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQ", "QwErTy"),
    ),
    ("private_key.base64", joined("MHcCAQ", "EEI", RANDOM_43)),
    ("private_key.jwk", f'{{"kty":"EC","crv":"P-256","d":"{RANDOM_43}"}}'),
    ("private_key.xml", "<InverseQ>kJ8s0Dk3lZpQ9xV7bN2mTT==</InverseQ>"),
    ("private_key.wireguard", f"[Interface]\nPrivateKey = {RANDOM_43}="),
    ("private_key.putty", "PuTTY-User-Key-File-3: ssh-ed25519"),
    ("private_key.age", joined("AGE-SECRET-", "KEY-1", "QPZRY9X8GF" * 5, "QPZRY9X8")),
    ("private_key.nostr", joined("nsec", "1", "qpzry9x8gf" * 5, "qpzry9x8")),
    # The master key of the first test vector of BIP 32.
    (
        "private_key.wallet",
        joined(
            "xprv",
            "9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKm",
            "PGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        ),
    ),
    ("secret.aws-secret", f"aws_secret_access_key = {RANDOM_43[:40]}"),
    ("secret.azure", f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKey={RANDOM_43}="),
    ("secret.connection", "Server=sql1;Database=Shop;User Id=app;Password=s3cr3t-Pa;"),
    ("secret.connection", "host=db port=5432 dbname=shop user=app password=s3cr3tPa sslmode=on"),
    ("secret.connection", "jdbc:mysql://db/shop?user=app&password=s3cr3tPa&useSSL=false"),
    ("secret.connection", "jdbc:oracle:thin:app/s3cr3tPa@ora:1521:ORCL"),
    ("secret.connection", "cache:6379,password=s3cr3tPa,ssl=False"),
    ("secret.connection", "DB_HOST=db\nDB_USERNAME=app\nDB_PASSWORD=s3cr3tPa\n"),
    ("private_key.pem", joined("-----BEGIN ", "PRIVATE KEY-----<br>MIIEvQ", RANDOM_43)),
    ("private_key.pem", joined("-----BEGIN ", "PRIVATE KEY-----\nand here it is:\n", RANDOM_43)),
    ("secret.github", joined("key%3D", "gh", "p_", string.ascii_lowercase, "0123456789")),
    ("token.assigned", f"SECRET_KEY = '{RANDOM_43}'"),
    ("secret.netrc", "machine api.shop.io\n  login ann\n  password s3cr3tPa"),
    ("secret.basic", "Authorization: Basic YW5uOnMzY3IzdFBh"),
    ("secret.url-password", "postgres://app:app@db.shop.io/shop"),
    ("secret.password-hash", "$1$abcdefgh$" + RANDOM_43[:22]),
    ("secret.password-hash", "$apr1$abcdefgh$" + RANDOM_43[:22]),
    ("secret.password-hash", "$P$B" + RANDOM_43[:30]),
    ("secret.password-hash", "argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$" + RANDOM_43),
    ("secret.password-hash", "pbkdf2:sha256:600000$saltsalt$" + "0a1b" * 16),
    ("secret.password-hash", "scrypt:32768:8:1$saltsalt$" + "0a1b" * 32),
    ("secret.password-hash", "{SSHA512}" + RANDOM_43 * 2),
    ("secret.password-hash", "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0$" + RANDOM_43 + "=:" + RANDOM_43),
    ("secret.password-hash", "AQAAAAIAAYag" + RANDOM_43 + RANDOM_43[:27]),
    ("secret.password-hash", "ann:1001:" + "0a1b" * 8 + ":" + "2c3d" * 8 + ":::"),
    ("token.bearer", "> Authorization: Bearer kJ8s0Dk3lZpQ9xV7bN2m"),
    ("card.number", "2200 0000 0000 0004"),
    ("card.number", "6759 6498 2643 8453"),
    ("card.number", "6200 0000 0000 0000 000"),
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
    ("stack_trace.rust", "called `Option::unwrap()` on a `None` value"),
    ("stack_trace.java", "\tat shop.core$handler.invoke(core.clj:20)"),
    ("stack_trace.java-exception", "kotlin.KotlinNullPointerException"),
    ("stack_trace.python-exception", "AttributeError: 'Basket' object has no attribute 'sum'"),
    ("stack_trace.python-exception", "KeyError: 'total'"),
    (
        "stack_trace.python-exception",
        "TypeError: add() missing 1 required positional argument: 'x'",
    ),
    ("stack_trace.python-exception", "celery.exceptions.NotRegistered: shop.pay"),
    ("stack_trace.node-error", "TypeError: Cannot read properties of undefined (reading 'sum')"),
    ("stack_trace.node-error", "TypeError: basket.items.map is not a function"),
    ("stack_trace.php", "Call to a member function sum() on null"),
    ("stack_trace.php", r"Target class [App\Http\Controllers\Basket] does not exist."),
    ("stack_trace.dotnet", "Object reference not set to an instance of an object."),
    ("stack_trace.dotnet", "Acme.Shop.BasketException: no"),
    ("stack_trace.ruby", "uninitialized constant Shop::Basket"),
    ("stack_trace.go", "runtime error: index out of range [5] with length 3"),
    ("stack_trace.go", "json: cannot unmarshal string into Go struct field Basket.sum"),
    ("stack_trace.go", "dial tcp 192.0.2.7:5432: connect: connection refused"),
    ("stack_trace.beam", "** (FunctionClauseError) no function clause matching in Shop.add/1"),
    ("stack_trace.beam", "    lib/shop_web/basket.ex:12: Shop.Basket.show/2"),
    ("stack_trace.perl", 'Can\'t call method "id" on undef at lib/Shop/Basket.pm line 12.'),
    ("stack_trace.lua", "/etc/nginx/lua/auth.lua:42: attempt to index local 'user' (a nil value)"),
    ("stack_trace.native", "terminate called after throwing an instance of 'std::bad_alloc'"),
    ("stack_trace.functional", "CallStack (from HasCallStack):\n  error, called at app/Main.hs"),
    ("stack_trace.functional", "#1  main (file:///srv/bin/server.dart:12:9)"),
    ("stack_trace.page", "FreeMarker template error (DEBUG mode)"),
    ("sql_error.mysql", "You have an error in your SQL syntax; check the manual"),
    ("sql_error.postgresql", 'ERROR:  syntax error at or near "FROM"'),
    ("sql_error.oracle", "ORA-00933: SQL command not properly ended"),
    ("sql_error.sqlserver", "Unclosed quotation mark after the character string 'x'."),
    ("sql_error.sqlite", 'near "FROM": syntax error'),
    ("sql_error.driver", "SQLSTATE[42000]: Syntax error or access violation"),
    ("sql_error.mongodb", "E11000 duplicate key error collection: shop.users"),
    ("stack_trace.python-words", "'NoneType' object is not iterable"),
    ("stack_trace.python-words", "[Errno 111] Connection refused"),
    ("stack_trace.java-words", "Index 5 out of bounds for length 3"),
    ("stack_trace.java-words", "Failed to convert value of type 'java.lang.String' to required"),
    ("stack_trace.dotnet-words", "Sequence contains no elements"),
    ("stack_trace.dotnet-words", "Value cannot be null. (Parameter 'source')"),
    ("stack_trace.php-words", 'Warning: Undefined array key "sum"'),
    ("stack_trace.php-words", "add(): Argument #1 ($x) must be of type int, string given"),
    ("stack_trace.node-words", "connect ECONNREFUSED 192.0.2.7:5432"),
    ("stack_trace.node-words", "ENOENT: no such file or directory, open 'x'"),
    ("stack_trace.ruby-words", "Couldn't find Basket with 'id'=7"),
    ("stack_trace.ruby-words", "wrong number of arguments (given 1, expected 2)"),
    ("sql_error.mysql", "Column count doesn't match value count at row 1"),
    ("sql_error.postgresql", 'FATAL:  database "shop" does not exist'),
    ("sql_error.sqlserver", "Error converting data type varchar to int."),
    ("sql_error.sqlite", "ambiguous column name: id"),
    ("sql_error.store", "ReplyError: ERR wrong number of arguments for 'get' command"),
    ("sql_error.mysql", "Duplicate entry 'ann' for key 'users.name'"),
    ("sql_error.mysql", "Table 'shop.baskets' doesn't exist"),
    ("sql_error.mysql", "Cannot add or update a child row: a foreign key constraint fails"),
    ("sql_error.postgresql", 'relation "baskets" does not exist'),
    (
        "sql_error.postgresql",
        'null value in column "a" of relation "b" violates not-null constraint',
    ),
    ("sql_error.postgresql", 'duplicate key value violates unique constraint "users_name"'),
    ("sql_error.postgresql", "function sum_of(integer, text) does not exist"),
    ("sql_error.postgresql", "ERROR: canceled (SQLSTATE 57014)"),
    ("sql_error.sqlserver", "Invalid column name 'sum'."),
    ("sql_error.sqlserver", "Violation of PRIMARY KEY constraint 'PK_Baskets'."),
    ("sql_error.sqlite", "UNIQUE constraint failed: users.name"),
    ("sql_error.sqlite", "no such table: baskets"),
    ("sql_error.oracle", "TNS-12541: TNS:no listener"),
    ("sql_error.db2", "[IBM][CLI Driver][DB2/LINUXX8664] SQL0104N"),
    ("sql_error.driver", "could not execute statement; SQL [n/a]; constraint [uk_name]"),
    ("sql_error.driver", "sql: no rows in result set"),
    ("sql_error.driver", r"Illuminate\Database\QueryException"),
    ("sql_error.statement", 'insert failed: select * from "baskets" where "id" = $1'),
    ("sql_error.statement", "UPDATE `baskets` SET `sum` = ?"),
    ("sql_error.other", "Code: 60. DB::Exception: Table shop.baskets"),
    ("sql_error.mongodb", "Cast to ObjectId failed for value"),
    ("sql_error.store", "WRONGTYPE Operation against a key holding the wrong kind of value"),
    ("internal.address", "connect to 10.2.3.4:5432 failed"),
    ("internal.address", "http://localhost:3000/health refused"),
    ("internal.address", "no route to fd12:3456:789a::1"),
    ("internal.path", r"open \\files01\share\baskets.csv"),
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
    (joined("A key begins with -----BEGIN ", "PRIVATE KEY----- and ends with a line"), ""),
    (joined("-----BEGIN RSA ", "PRIVATE KEY-----\n...\n-----END"), ""),
    (joined('START = "-----BEGIN ', 'PRIVATE KEY-----"\n_END = "-----"'), ""),
    (armoured("-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUQ"), ""),
    (armoured("-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKo"), ""),
    ("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDPI4tJLRa8ut7USs1arSpWZynlKhvcoy", ""),
    (f'{{"kty":"EC","crv":"P-256","x":"{RANDOM_43}","y":"{RANDOM_43}"}}', ""),
    ("amqp://guest:guest@host:5672/", ""),
    ("mysql://root:secret@server/test", ""),
    ("postgresql://{user}:{password}@{host}/{db}", ""),
    ("postgres://scott:tiger@db/shop", ""),
    ("Server=sql1;User Id=myUsername;Password=myPassword;", ""),
    ("connect(host=host, user=user, password=settings.password, port=1)", ""),
    ("def connect(host=None, user=None, password=None, port=None):", ""),
    ("$password = getenv('DB_PASSWORD');", ""),
    ("MYSQL_DATABASE=shop\nMYSQL_USER=shop\nMYSQL_PASSWORD=wordpress\n", ""),
    ("MYSQL_DATABASE=shop\nMYSQL_USER=shop\nMYSQL_ROOT_PASSWORD=my-secret-pw\n", ""),
    ("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ""),
    ("Basic authentication is used", ""),
    ("each machine needs a login and a password, or a key", ""),
    (joined("https://a.example/?AWSAccessKeyId=", "AKIA", "Q2W3E4R5T6Y7UABC", "&Signature=x"), ""),
    (joined("AKIA", "Q2W3E4R5T6Y7UABC", "/20260105/eu-west-1/s3/aws4_request"), ""),
    (joined("X-Amz-Credential=", "AKIA", "Q2W3E4R5T6Y7UABC", "%2F20260105%2Feu-west-1"), ""),
    ("4111111111111111", "order_number"),
    ("4111111111111111", "trackingnumber"),
    ("4111111111111111", "balance"),
    ("6200000000000000000", ""),
    ('Column "Total" does not exist in sheet 2', ""),
    ("Table 'Orders' doesn't exist in this workspace", ""),
    ("Duplicate entry 'A-7' in row 3", ""),
    ('Cannot copy from "Drafts" where you are no owner', ""),
    ("function total(price, tax) does not exist", ""),
    ("permission denied for table 7", ""),
    ("Catalog Error: item 5 is missing", ""),
    ("ImportError: row 5 has no e-mail", ""),
    ("Runtime error: the film is too long", ""),
    ("Cannot read property listing 77", ""),
    ("com.acme.shop is no bundle id", ""),
    ("Undefined variable in formula: rate", ""),
    ("Undefined index for this stock", ""),
    ("Wrong number of arguments for SUM: give 2", ""),
    ("Couldn't find the order with number 7", ""),
    ("must be of type integer, a string was given", ""),
    ("Index 5 is out of bounds", ""),
    ("The value cannot be null", ""),
    ("Connection refused by the recipient's bank", ""),
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
    assert rules("536228714", "ssn") == {"national_id.us-ssn"}
    assert rules("52998224725", "cpf") == {"national_id.br-cpf"}
    assert rules("6200000000000000000", "card_number") == {"card.number"}
    assert rules(RANDOM_43, "d") == {"private_key.jwk"}
    assert rules(RANDOM_43[:40], "secretaccesskey") == {"secret.aws-secret"}
    assert rules("kJ8s0Dk3lZpQ9xV7bN2m", "client_secret") == {"token.assigned"}
    assert rules("Basic YW5uOnMzY3IzdFBh", "authorization") == {"secret.basic"}


def test_groups_of_an_account_number_are_no_card() -> None:
    (one,) = found("FR96 4111 1111 1111 1111 0000 063")
    assert one.rule == "iban.number"


@pytest.mark.parametrize("length", range(8, 24))
def test_a_code_of_any_length_is_read(length: int) -> None:
    rules("Basic " + "YW5uOnMzY3IzdFBhQUJDREVG"[:length], "authorization")
    # What stands in the name is no piece of the text.
    assert found("nothing", "authorization: basic YW5uOnMzY3IzdFBh") == []


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
