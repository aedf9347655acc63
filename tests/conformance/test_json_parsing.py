"""nst/JSONTestSuite: what JSON is, and that the gateway never reads it differently from others."""

from __future__ import annotations

import json

import orjson
import pytest
from tests.support.shared import shared_vectors

from vallum.wire.json import JSONLimits, MalformedJSON, parse_json, read_grammar

# JSON by its grammar, refused all the same because readers differ on it.
REFUSED_BY_RULE = {
    "y_object_duplicated_key.json": "duplicate",  # B-097
    "y_object_duplicated_key_and_value.json": "duplicate",
    "y_object_escaped_null_in_key.json": "name",  # B-098
}

# The suite leaves these free; what the gateway takes of them, everyone reads alike.
ACCEPTED_FREE: set[str] = set()


def _files(prefix: str) -> dict[str, bytes]:
    folder = shared_vectors() / "json-parsing"
    return {path.name: path.read_bytes() for path in sorted(folder.glob(f"{prefix}_*.json"))}


def test_every_valid_text_is_read() -> None:
    files = _files("y")
    assert len(files) == 95
    for name, text in files.items():
        assert read_grammar(text) == json.loads(text), name


def test_every_invalid_text_is_refused_for_its_grammar() -> None:
    files = _files("n")
    assert len(files) == 188
    for name, text in files.items():
        with pytest.raises(MalformedJSON) as refusal:
            parse_json(text)
        assert refusal.value.code in ("syntax", "encoding", "depth"), name


def test_valid_texts_are_refused_only_where_readers_differ() -> None:
    refused = {}
    for name, text in _files("y").items():
        try:
            assert parse_json(text) == orjson.loads(text)
        except MalformedJSON as refusal:
            refused[name] = refusal.code
    assert refused == REFUSED_BY_RULE


def test_free_texts_are_read_as_others_read_them_or_not_at_all() -> None:
    accepted = set()
    for name, text in _files("i").items():
        try:
            value = parse_json(text)
        except MalformedJSON:
            continue
        accepted.add(name)
        assert value == json.loads(text) == orjson.loads(text), name
    assert accepted == ACCEPTED_FREE


def test_free_texts_within_a_deeper_limit_are_read_as_others_read_them() -> None:
    text = (shared_vectors() / "json-parsing" / "i_structure_500_nested_arrays.json").read_bytes()
    assert parse_json(text, JSONLimits(depth=500)) == json.loads(text)
