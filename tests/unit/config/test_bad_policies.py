"""What is wrong in a policy: each case with its code, its line and its help (OP-2)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.policies import POLICY, changed, write_policy

from vallum.config.codes import CODES
from vallum.config.diagnostics import PolicyErrors
from vallum.config.load import inspect_policy, load_policy_with_contracts

MARK = "#!"
"""Stands on the line that the error must name."""

LISTEN = "listen: {address: 127.0.0.1:8443, tls: local}"
RECORDS = "records: {path: var/records, keep: 30d}"
CORP = "  corp: {issuer: https://login.corp.example, audience: bookshop}"
READER = "  reader: {scopes: [books:read]}"
DEFAULT_LIMIT = "  limit: 60/minute per principal"
DEFAULT_BODY = "  body: 256KiB"
OPENAPI = "    openapi: openapi.yaml"
UPSTREAM = "    upstream: http://127.0.0.1:8000"
CORS = "    cors: {origins: [https://shop.example]}"
HEALTH = "      health: {public: true, limit: 60/minute per address}"
LIST = "      listBooks: {scopes: [books:read]}"
CREATE = "      createBook: {limit: 10/minute per principal burst 3, body: 16KiB}"
WRITING = "      tag:writing: {roles: [admin]}"


class Case(NamedTuple):
    """A change to the good policy that makes it wrong."""

    name: str
    old: str
    new: str
    """Has `MARK` on the line of the error."""
    code: str
    hint: str
    """Words of the help."""


def _issuer(name: str, keys: str, code: str, hint: str) -> Case:
    return Case(name, CORP, f"  corp: {{{keys}}} {MARK}", code, hint)


def _sign_in_with(name: str, keys: str, code: str, hint: str) -> Case:
    identity = (
        "identity:\n  issuer: https://login.example\n"
        "  resources: {books: {identifier: https://api.example}}\n"
        f"  providers: {{as: {{client_id: x, {keys}}}}} {MARK}\nroles:\n"
    )
    return Case(name, "roles:\n", identity, code, hint)


def _limit(name: str, text: str, hint: str) -> Case:
    return Case(name, DEFAULT_LIMIT, f"  limit: {text} {MARK}", "bad-limit", hint)


def _cors(name: str, keys: str, code: str, hint: str) -> Case:
    return Case(name, CORS, f"    cors: {{{keys}}} {MARK}", code, hint)


def _listen(name: str, keys: str, code: str, hint: str) -> Case:
    return Case(name, LISTEN, f"listen: {{{keys}}} {MARK}", code, hint)


def _upstream(name: str, value: str, code: str, hint: str) -> Case:
    return Case(name, UPSTREAM, f"    upstream: {value} {MARK}", code, hint)


def _level(name: str, text: str, code: str, hint: str) -> Case:
    return Case(name, DEFAULT_BODY, f"  {text} {MARK}", code, hint)


GOOD_ISSUER = "issuer: https://login.corp.example, audience: bookshop"

CASES = (
    # The file.
    Case("syntax", LISTEN, f"listen: {{address: ] {MARK}", "yaml-syntax", "check indentation"),
    Case("tab", DEFAULT_BODY, f"\tbody: 1 {MARK}", "yaml-syntax", "spaces"),
    Case(
        "yaml-tag", "state: var/vallum.db", f"state: !!python/name:os {MARK}", "yaml-tag", "remove"
    ),
    Case("no-anchor", "state: var/vallum.db", f"state: *nothing {MARK}", "unknown-anchor", ""),
    Case("documents", "roles:\n", f"--- {MARK}\nroles:\n", "yaml-syntax", "remove the `---`"),
    Case("twice", "roles:\n", f"version: 1 {MARK}\nroles:\n", "duplicate-key", "keep one"),
    Case("twice-inside", LIST, f"{LIST}\n{LIST} {MARK}", "duplicate-key", "keep one"),
    # Keys and kinds.
    Case("version", "version: 1", f"version: 2 {MARK}", "wrong-version", "version: 1"),
    Case("version-text", "version: 1", f'version: "1" {MARK}', "wrong-version", "version: 1"),
    Case("no-version", "version: 1\nlisten", f"listen {MARK}"[:6], "missing-key", "version"),
    Case("unknown-key-top", "roles:\n", f"rolls: {{}} {MARK}\nroles:\n", "unknown-key", "`roles`"),
    Case(
        "misplaced-top", "roles:\n", f"scopes: [a] {MARK}\nroles:\n", "unknown-key", "`defaults:`"
    ),
    Case(
        "misplaced-in-api",
        UPSTREAM,
        f"{UPSTREAM}\n    roles: [admin]\n    state: x {MARK}",
        "unknown-key",
        "top of the file",
    ),
    Case(
        "synonym",
        LIST,
        f"      listBooks: {{rate_limit: 1/minute}} {MARK}",
        "unknown-key",
        "`limit`",
    ),
    Case("later-key", LIST, f"      listBooks: {{xyzzy: block}} {MARK}", "unknown-key", "valid:"),
    Case(
        "inspect-key", LIST, f"      listBooks: {{inspct: off}} {MARK}", "unknown-key", "`inspect`"
    ),
    _level("field", "fields: {note: prose}", "bad-selector", "`/note`"),
    _level("field-word", "fields: {/note: prosa}", "bad-value", "`prose`"),
    _level("family", "detectors: {sqli: off}", "unknown-family", "one of"),
    _level(
        "exclusion-rule",
        "exclude: {reason: a good reason, until: 2999-03-31, rule: sql.unoin}",
        "unknown-rule",
        "`sql.union`",
    ),
    _level(
        "exclusion-date",
        "exclude: {reason: a good reason, until: next year, field: /a}",
        "bad-date",
        "2027",
    ),
    _level("exclusion-reason", "exclude: {until: 2027-03-31, field: /a}", "missing-key", "reason"),
    _level(
        "exclusion-of-all",
        "exclude: {reason: a good reason, until: 2999-03-31}",
        "exclusion-too-wide",
        "family",
    ),
    Case(
        "typo-in-operation",
        LIST,
        f"      listBooks: {{scope: [a]}} {MARK}",
        "unknown-key",
        "`scopes`",
    ),
    Case(
        "list-for-mapping", LIST, f"      listBooks: [public] {MARK}", "wrong-type", "docs/policy"
    ),
    Case("text-for-flag", HEALTH, f"      health: {{public: yes}} {MARK}", "wrong-type", "`true`"),
    Case(
        "number-for-scope", LIST, f"      listBooks: {{scopes: [1]}} {MARK}", "wrong-type", "quote"
    ),
    Case("empty-issuers", "issuers:\n" + CORP, f"issuers: [] {MARK}", "wrong-type", ""),
    Case("no-apis", "apis:\n", "apis: {} #!\nx:\n", "no-apis", "add one"),
    Case("missing-upstream", f"{UPSTREAM}\n", "", "missing-key", "upstream"),
    # Where it listens.
    _listen("address", "address: localhost", "bad-address", "127.0.0.1:8443"),
    _listen("port", "address: 127.0.0.1:99999", "bad-address", "65535"),
    _listen("bare-ipv6", 'address: "::1:8443"', "bad-address", "[::1]:8443"),
    _listen("tls-word", "tls: lokal", "bad-value", "`local`"),
    _listen("tls-acme", "tls: acme", "bad-value", "valid:"),
    _listen("tls-half", "tls: {certificate: openapi.yaml}", "missing-key", "key"),
    _listen(
        "tls-file", "tls: {certificate: cert.pem, key: openapi.yaml}", "missing-file", "folder"
    ),
    _listen("plain-http", "address: 0.0.0.0:80, tls: off", "plain-http", "tls: local"),
    _listen("wild-host", 'hosts: ["*.example"]', "wildcard-host", "421"),
    _listen("host-url", 'hosts: ["https://api.example"]', "bad-host", "without scheme"),
    _listen("proxy-network", "trusted_proxies: [proxy]", "bad-network", "10.0.0.0/8"),
    _listen("network-bits", "trusted_proxies: [10.1.0.0/8]", "bad-network", "10.0.0.0/8"),
    # Records, caps, timeouts.
    Case("duration", RECORDS, f"records: {{keep: 30 days}} {MARK}", "bad-duration", "units"),
    Case("duration-bare", RECORDS, f"records: {{keep: 30}} {MARK}", "bad-duration", "`30s`"),
    Case("failure-mode", RECORDS, f"records: {{on_failure: refuse}} {MARK}", "bad-value", "valid:"),
    Case("records-word", RECORDS, f"records: none {MARK}", "bad-value", "`off`"),
    Case(
        "postgres", "state: var/vallum.db", f"state: postgresql://db/x {MARK}", "bad-path", "SQLite"
    ),
    # The identity provider.
    Case(
        "identity-http",
        "roles:\n",
        f"identity:\n  issuer: http://login.example {MARK}\n"
        "  resources: {books: {identifier: https://api.example}}\nroles:\n",
        "insecure-issuer",
        "https",
    ),
    _sign_in_with("provider-http", "issuer: http://as.example", "insecure-issuer", "https"),
    _sign_in_with(
        "provider-http-away",
        "insecure_http: true, issuer: http://10.0.0.1",
        "insecure-issuer",
        "loopback",
    ),
    _sign_in_with(
        "provider-http-name",
        "insecure_http: true, issuer: http://idp.localhost",
        "insecure-issuer",
        "loopback",
    ),
    _sign_in_with("provider-query", "issuer: 'https://as.example/?a=b'", "bad-url", "leave"),
    Case(
        "identity-path",
        "roles:\n",
        f"identity:\n  issuer: https://login.example/realm {MARK}\n"
        "  resources: {books: {identifier: https://api.example}}\nroles:\n",
        "bad-url",
        "path",
    ),
    Case(
        "identity-resource",
        "roles:\n",
        f"identity: {MARK}\n  issuer: https://login.example\n"
        "  resources: {nothing: {identifier: https://api.example}}\nroles:\n",
        "unknown-api",
        "valid",
    ),
    Case(
        "identity-misspelt",
        "version: 1\n",
        f"version: 1\nidentity: {MARK}\n  issuer: https://login.example\n"
        "  resources: {bokshop: {identifier: https://api.example}}\n",
        "unknown-api",
        "bookshop",
    ),
    Case(
        "identity-database",
        "roles:\n",
        f"identity:\n  issuer: https://login.example\n  database: mysql://db/x {MARK}\n"
        "  resources: {books: {identifier: https://api.example}}\nroles:\n",
        "bad-url",
        "postgresql",
    ),
    Case(
        "cap-range",
        "roles:\n",
        f"caps: {{connections: 0}} {MARK}\nroles:\n",
        "out-of-range",
        "1 to",
    ),
    Case(
        "cap-size", "roles:\n", f"caps: {{target: 8 kilo}} {MARK}\nroles:\n", "bad-size", "256KiB"
    ),
    Case("cap-kind", "roles:\n", f"caps: {{connections: many}} {MARK}\nroles:\n", "wrong-type", ""),
    Case("timeout", "roles:\n", f"timeouts: {{idle: 0s}} {MARK}\nroles:\n", "out-of-range", "50ms"),
    Case(
        "timeout-key",
        "roles:\n",
        f"timeouts: {{read: 1s}} {MARK}\nroles:\n",
        "unknown-key",
        "`headers`",
    ),
    # Issuers and roles.
    _issuer("no-audience", "issuer: https://login.corp.example", "missing-key", "audience"),
    _issuer("algorithm", f"{GOOD_ISSUER}, algorithms: [RS265]", "unknown-algorithm", "`RS256`"),
    _issuer("alg-none", f"{GOOD_ISSUER}, algorithms: [none]", "unknown-algorithm", "valid:"),
    _issuer("no-algorithms", f"{GOOD_ISSUER}, algorithms: []", "wrong-type", ""),
    _issuer("mixed", f"{GOOD_ISSUER}, algorithms: [HS256, RS256]", "bad-value", "either"),
    _issuer("hmac-url", f"{GOOD_ISSUER}, algorithms: [HS256]", "hmac-from-url", "RS256"),
    _issuer(
        "http-issuer", "issuer: http://login.corp.example, audience: a", "insecure-jwks", "https"
    ),
    _issuer(
        "http-jwks",
        f"{GOOD_ISSUER}, insecure_http_jwks: true, jwks: http://x.example/k",
        "insecure-jwks",
        "loopback",
    ),
    # Resolvers know such names, too, and whoever answers to them could make tokens.
    _issuer(
        "http-jwks-name",
        f"{GOOD_ISSUER}, insecure_http_jwks: true, jwks: http://idp.localhost/k",
        "insecure-jwks",
        "loopback",
    ),
    _issuer("issuer-name", "issuer: corp, audience: a", "bad-url", "https://"),
    _issuer("issuer-query", "issuer: https://a.example/?x=1, audience: a", "bad-url", "RFC 8414"),
    _issuer("jwks-file", f"{GOOD_ISSUER}, jwks: openapi.yml", "missing-file", "`openapi.yaml`"),
    _issuer(
        "variable", "issuer: {env: VALLUM_TEST_UNSET}, audience: a", "missing-variable", "set it"
    ),
    _issuer("leeway", f"{GOOD_ISSUER}, leeway: 5m", "out-of-range", "60s"),
    Case("issuer-twice", CORP, f"{CORP}\n  two: {{{GOOD_ISSUER}}} {MARK}", "issuer-twice", "merge"),
    Case(
        "issuer-api-key",
        CORP,
        f"{CORP}\n  api_key: {{issuer: https://b.example, audience: a}} {MARK}",
        "bad-name",
        "another",
    ),
    Case("inherits", READER, f"  reader: {{inherits: [amdin]}} {MARK}", "unknown-role", "`admin`"),
    Case("role-cycle", READER, f"  reader: {{inherits: [admin]}} {MARK}", "role-cycle", "circle"),
    Case(
        "role-scope",
        READER,
        f'  reader: {{scopes: ["books read"]}} {MARK}',
        "bad-scope",
        "without spaces",
    ),
    Case("role-name", READER, f'{READER}\n  "a b": {{}} {MARK}', "bad-name", "letters"),
    # Limits and sizes.
    _limit("limit-unit", "60/min", "`minute`"),
    _limit("limit-form", "sixty a minute", "`60/minute per principal`"),
    _limit("limit-zero", "0/minute", "`none`"),
    _limit("limit-key", "60/minute per user", "`principal`"),
    _limit("limit-word", "60/minute bursts 20", "`burst`"),
    _limit("limit-count", "60/minute burst many", "burst 5"),
    _limit("limit-cost", "60/minute burst 2 cost 5", "raise the burst"),
    _limit("limit-group", "60/minute group a/b", "letters"),
    _limit("limit-twice", "60/minute per key per address", "60/minute"),
    _limit("limit-mapping", "{rate: 60/minute, per: ip}", "valid:"),
    _level("body-size", "body: lots", "bad-size", "256KiB"),
    _level("body-negative", "body: -1", "bad-size", "256KiB"),
    Case(
        "body-over",
        CREATE,
        f"      createBook: {{body: 1GiB}} {MARK}",
        "body-over-cap",
        "in_flight_body_bytes",
    ),
    Case(
        "keep-under-timeout",
        DEFAULT_BODY,
        f"  idempotency: {{keep: 1m}} {MARK}\ntimeouts: {{upstream: 31s}}",
        "keep-too-short",
        "`keep: 62s`",
    ),
    _level("mode", "validate: blok", "bad-value", "`block`"),
    _level("unknown-mode", "unknown: allow", "bad-value", "valid:"),
    _issuer("dollar", "issuer: 'https://${HOST}', audience: a", "bad-value", "{env: NAME}"),
    Case("dollar-path", "state: var/vallum.db", f"state: '${{HOME}}/x' {MARK}", "bad-value", "~"),
    _level("header-twice", "headers: {X-A: a, x-a: b}", "duplicate-key", "keep one"),
    _level("header-line", 'headers: {x-a: "b\\nc"}', "bad-header", "docs/policy.md"),
    _level("header-cors", "headers: {access-control-allow-origin: a}", "bad-header", "docs"),
    # CORS.
    _cors("null", 'origins: ["null"]', "cors-null-origin", "real origin"),
    _cors(
        "wild-credentials",
        'origins: ["*"], credentials: true',
        "cors-wildcard-credentials",
        "list each",
    ),
    _cors(
        "label-credentials",
        'origins: ["https://*.example"], credentials: true',
        "cors-wildcard-credentials",
        "list each",
    ),
    _cors("wild-protected", 'origins: ["*"]', "cors-wildcard-protected", "list the origins"),
    _cors("wild-and-one", 'origins: ["*", "https://a.example"]', "bad-origin", "cors"),
    _cors(
        "origin-slash", "origins: [https://shop.example/]", "bad-origin", "`https://shop.example`"
    ),
    _cors("origin-case", "origins: [https://Shop.example]", "bad-origin", "`https://shop.example`"),
    _cors("max-age", "origins: [https://shop.example], max_age: 1d", "out-of-range", "2h"),
    _cors("no-origins", "credentials: true", "missing-key", "origins"),
    _cors(
        "star-header",
        'origins: [https://a.example], request_headers: ["*"]',
        "bad-name",
        "each field",
    ),
    # The API.
    Case(
        "contract-file",
        OPENAPI,
        f"    openapi: openapi.yml {MARK}",
        "missing-file",
        "`openapi.yaml`",
    ),
    _upstream("upstream-scheme", "ftp://a.example", "bad-url", "http://host:port"),
    _upstream("upstream-path", "http://127.0.0.1:8000/v1", "bad-url", "base_path"),
    _upstream("upstream-user", "http://a:b@127.0.0.1", "bad-url", "before `@`"),
    _upstream("upstream-asgi", "asgi:app", "bad-url", "package.module:app"),
    _upstream("upstream-unix", "unix:api.sock", "bad-url", "unix:/"),
    _upstream("upstream-ca", "{url: http://127.0.0.1, ca: openapi.yaml}", "bad-value", "https"),
    _upstream("upstream-env", "{env: VALLUM_TEST_UNSET}", "missing-variable", "set it"),
    Case("base-path", UPSTREAM, f"{UPSTREAM}\n    base_path: v1 {MARK}", "bad-path", "`/v1`"),
    Case("api-name", "  bookshop:", f'  "book shop": {MARK}', "bad-name", "letters"),
    Case(
        "overlap",
        "apis:\n",
        "apis:\n  other: {openapi: openapi.yaml, upstream: 'http://[::1]:8',"
        " operations: {health: {public: true}}}\n",
        "overlapping-apis",
        "base_path",
    ),
    # Operations.
    Case(
        "operation",
        LIST,
        f"      listBook: {{scopes: [a]}} {MARK}",
        "unknown-operation",
        "`listBooks`",
    ),
    Case(
        "operation-route",
        LIST,
        f'      "GET /book": {{}} {MARK}',
        "unknown-operation",
        "`GET /books`",
    ),
    Case("operation-path", LIST, f'      "/health": {{}} {MARK}', "unknown-operation", "method"),
    Case(
        "operation-tag", LIST, f"      writing: {{}} {MARK}", "unknown-operation", "`tag:writing`"
    ),
    Case(
        "tag", WRITING, f"      tag:writings: {{roles: [admin]}} {MARK}", "unknown-tag", "`writing`"
    ),
    Case(
        "by-two-names",
        LIST,
        f'{LIST}\n      "get /books": {{}} {MARK}',
        "operation-twice",
        "keep one",
    ),
    Case(
        "tags-differ",
        WRITING,
        f"      tag:books: {{roles: [reader]}}\n{WRITING} {MARK}",
        "tag-conflict",
        "itself",
    ),
    Case(
        "authenticator",
        LIST,
        f"      listBooks: {{authenticate: api_keys}} {MARK}",
        "unknown-authenticator",
        "`api_key`",
    ),
    Case(
        "unknown-issuer",
        LIST,
        f"      listBooks: {{authenticate: jwt:crop}} {MARK}",
        "unknown-issuer",
        "`corp`",
    ),
    Case("role", LIST, f"      listBooks: {{roles: [raeder]}} {MARK}", "unknown-role", "`reader`"),
    Case(
        "deny-role",
        LIST,
        f"      listBooks: {{deny_roles: [guest]}} {MARK}",
        "unknown-role",
        "valid:",
    ),
    Case(
        "not-public",
        HEALTH,
        f"      health: {{limit: 60/minute}} {MARK}",
        "no-authenticator",
        "public: true",
    ),
    Case(
        "public-scopes",
        LIST,
        f"      listBooks: {{public: true, scopes: [a]}} {MARK}",
        "public-conflict",
        "remove `scopes`",
    ),
    Case(
        "public-above",
        DEFAULT_BODY,
        f"{DEFAULT_BODY}\n  public: true",
        "public-conflict",
        "public: false",
    ),
    Case(
        "group",
        LIST,
        f"      listBooks: {{limit: 9/minute group a}}\n"
        f"      createBook: {{limit: 8/minute group a}} {MARK}",
        "group-mismatch",
        "same rate",
    ),
)


def _broken(case: Case) -> str:
    policy = POLICY
    if case.name == "group":
        policy = changed(policy, f"{CREATE}\n", "")
    return changed(policy, case.old, case.new)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_mistake_has_its_code_line_and_help(tmp_path: Path, case: Case) -> None:
    text = _broken(case)
    policy, found = inspect_policy(write_policy(tmp_path, text))

    assert policy is None
    matching = [diagnostic for diagnostic in found if diagnostic.code == case.code]
    assert matching, [str(diagnostic) for diagnostic in found]
    marked = [number for number, line in enumerate(text.split("\n"), 1) if MARK in line]
    hits = [d for d in matching if not marked or d.line == marked[0]]
    assert hits, [str(diagnostic) for diagnostic in matching]
    assert any(case.hint in diagnostic.hint for diagnostic in hits), [d.hint for d in hits]
    assert CODES[case.code].severity == "error"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_all_errors_come_at_once_and_in_order(tmp_path: Path) -> None:
    text = changed(POLICY, LISTEN, "listen: {adress: 1}")
    text = changed(text, DEFAULT_BODY, "  body: big")
    text = changed(text, LIST, "      listBook: {}")

    with pytest.raises(PolicyErrors) as caught:
        load_policy_with_contracts(write_policy(tmp_path, text))

    found = caught.value.diagnostics
    assert [diagnostic.code for diagnostic in found] == [
        "unknown-key",
        "bad-size",
        "unknown-operation",
    ]
    assert [diagnostic.line for diagnostic in found] == sorted(d.line for d in found)
    assert "did you mean `address`?" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty-file"),
        (b"# nothing\n", "empty-file"),
        (b"version: \xff\n", "not-utf8"),
        (b"version: 1\nx: \x07\n", "yaml-syntax"),
        (b"[1]\n", "wrong-type"),
        (b"[" * 100_000, "too-deep"),
        (b"a: &a [*a]\n", "unknown-anchor"),
        (b"x" * (4 * 1024 * 1024 + 1), "file-too-large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_no_policy(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "vallum.yaml"
    path.write_bytes(content)

    policy, found = inspect_policy(path)

    assert policy is None
    assert [diagnostic.code for diagnostic in found] == [code]


def test_b260_a_few_lines_of_aliases_cannot_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefghi", "bcdefghij", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    path = tmp_path / "vallum.yaml"
    path.write_text("\n".join(lines), "utf-8")

    _, found = inspect_policy(path)

    assert [diagnostic.code for diagnostic in found] == ["too-many-values"]


@pytest.mark.parametrize("name", ["missing.yaml", "."])
def test_a_policy_that_is_not_there(tmp_path: Path, name: str) -> None:
    _, found = inspect_policy(tmp_path / name)

    assert [diagnostic.code for diagnostic in found] == ["missing-file"]
