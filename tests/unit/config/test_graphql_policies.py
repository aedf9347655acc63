"""The key `graphql` of a policy: what it becomes, and what is wrong in it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tests.support.graphql_shop import KNOWN, KNOWN_HASH, SDL, write_shop_files
from tests.support.policies import POLICY, changed, write_policy

from vallum.config.diagnostics import Diagnostic
from vallum.config.load import inspect_policy, inspect_with_contracts, load_policy_with_contracts
from vallum.config.model import Controls
from vallum.gateway.resource_metadata import describe

CREATE = "{limit: 10/minute per principal burst 3, body: 16KiB}"


def write(folder: Path, keys: str, *, schema: str = SDL) -> Path:
    write_shop_files(folder)
    (folder / "schema.graphql").write_text(schema, "utf-8")
    text = changed(POLICY, CREATE, f"{{body: 16KiB, graphql: {{{keys}}}}}")
    return write_policy(folder, text)


def controls(folder: Path, keys: str) -> Controls:
    policy = load_policy_with_contracts(write(folder, keys)).policy
    return policy.apis["bookshop"].controls["createBook"]


def errors(folder: Path, keys: str, *, schema: str = SDL) -> list[Diagnostic]:
    policy, found = inspect_policy(write(folder, keys, schema=schema))
    assert policy is None
    return found


def test_defaults_are_safe(tmp_path: Path) -> None:
    graphql = controls(tmp_path, "schema: schema.graphql").graphql

    assert graphql is not None
    assert (graphql.depth, graphql.cost, graphql.tokens) == (10, 1000, 2000)
    assert (graphql.aliases, graphql.root_fields, graphql.directives) == (15, 15, 10)
    assert (graphql.batch, graphql.nodes) == (1, "deny")
    assert (graphql.introspection, graphql.get, graphql.persisted_only) == (False, False, False)
    assert (graphql.persisted, graphql.fields) == ({}, {})


def test_a_line_of_a_field_wins_key_by_key(tmp_path: Path) -> None:
    fields = (
        "Mutation.*: {roles: [admin], cost: 7}, Mutation.login: {cost: 9},"
        " Mutation.addBook: {public: true, limit: 1/minute}"
    )
    graphql = controls(tmp_path, f"schema: schema.graphql, fields: {{{fields}}}").graphql

    assert graphql is not None
    login, add = graphql.fields["Mutation.login"], graphql.fields["Mutation.addBook"]
    assert (login.roles, login.cost) == (frozenset({"admin"}), 9)
    assert (add.public, add.roles, add.cost, len(add.limits)) == (True, frozenset(), 7, 1)


def test_rfc9728_the_api_names_the_scopes_of_fields_to_clients(tmp_path: Path) -> None:
    fields = "Mutation.addBook: {scopes: [books:add]}, Query.*: {scopes: [books:look]}"
    keys = f"schema: schema.graphql, fields: {{{fields}}}"
    api = load_policy_with_contracts(write(tmp_path, keys)).policy.apis["bookshop"]
    said = json.loads(describe(api, "https://api.example", ()))
    assert {"books:add", "books:look"} <= set(said["scopes_supported"])


def test_the_files_belong_to_the_policy(tmp_path: Path) -> None:
    path = write(tmp_path, "schema: schema.graphql, persisted: documents.json")
    first, _ = inspect_with_contracts(path)
    assert first is not None
    assert {file.name for file in first.files} >= {"schema.graphql", "documents.json"}

    (tmp_path / "schema.graphql").write_text(SDL + "scalar Other\n", "utf-8")

    second, _ = inspect_with_contracts(path)
    assert second is not None
    assert second.revision != first.revision


@pytest.mark.parametrize(
    ("schema", "line", "words"),
    [
        ("type Query {\n  a: Foo\n}", 2, "Foo"),
        ("type Query {\n  a: Int\n  b: !\n}", 3, "Expected"),
        ("type A { a: Int }", 1, "Query root"),
        ("type Query { a: Int }\ntype Query { b: Int }", 1, "one type named"),
        ("interface N { id: ID! }\ntype Query implements N { x: Int }", 1, "N.id"),
        ("type Query { a(x: Int @nope): Int }", 1, "nope"),
    ],
)
def test_a_schema_that_cannot_be_used_is_shown_with_its_line(
    tmp_path: Path, schema: str, line: int, words: str
) -> None:
    found = errors(tmp_path, "schema: schema.graphql", schema=schema)

    assert {each.code for each in found} == {"graphql-schema"}
    assert (found[0].file.name, found[0].line) == ("schema.graphql", line)
    assert words in found[0].message


@pytest.mark.parametrize(
    ("keys", "code", "words"),
    [
        ("depth: 3", "missing-key", "schema"),
        ("schema: shema.graphql", "missing-file", "did you mean"),
        ("schema: schema.graphql, depth: 31", "out-of-range", "30"),
        ("schema: schema.graphql, batch: 6", "out-of-range", "5"),
        ("schema: schema.graphql, nodes: some", "bad-value", "deny"),
        ("schema: schema.graphql, fields: {Query.boks: {}}", "graphql-field", "Query.books"),
        ("schema: schema.graphql, fields: {Hit.*: {}}", "graphql-field", "Hit"),
        ("schema: schema.graphql, fields: {books: {}}", "bad-name", "Query.books"),
        ("schema: schema.graphql, fields: {Query.books: {roles: [boss]}}", "unknown-role", "boss"),
        (
            "schema: schema.graphql, fields: {Query.books: {public: true, roles: [admin]}}",
            "public-conflict",
            "remove",
        ),
        ("schema: schema.graphql, fields: {Query.books: {limit: x}}", "bad-limit", "60/minute"),
        ("schema: schema.graphql, persisted_only: true", "bad-value", "persisted:"),
    ],
)
def test_what_is_wrong_is_shown(tmp_path: Path, keys: str, code: str, words: str) -> None:
    (found,) = errors(tmp_path, keys)

    assert found.code == code
    assert words in found.message + found.hint


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ("{", "no JSON"),
        ("[]", "no object"),
        (json.dumps({"00": KNOWN}), KNOWN_HASH),
        (json.dumps({hashlib.sha256(b"{ nothing }").hexdigest(): "{ nothing }"}), "valid"),
    ],
)
def test_documents_that_cannot_be_allowed(tmp_path: Path, documents: str, words: str) -> None:
    path = write(tmp_path, "schema: schema.graphql, persisted: documents.json")
    (tmp_path / "documents.json").write_text(documents, "utf-8")

    policy, found = inspect_policy(path)

    assert policy is None
    assert [each.code for each in found] == ["graphql-document"]
    assert words in found[0].message + found[0].hint
