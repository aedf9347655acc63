"""Request ids and trace context."""

from __future__ import annotations

import re

import pytest

from vallum.telemetry.trace import client_request_id, new_request_id, trace_context

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
GOOD = f"00-{TRACE}-00f067aa0ba902b7-01".encode()


def is_trace(value: bytes) -> bool:
    """The grammar once more, and no id of zeros only."""
    match = re.fullmatch(rb"00-([0-9a-f]{32})-([0-9a-f]{16})-0[01]", value)
    return match is not None and all(int(group, 16) for group in match.groups())


def test_request_ids_are_unique_hexadecimal() -> None:
    ids = {new_request_id() for _ in range(10_000)}
    assert len(ids) == 10_000
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


def test_a_trace_is_begun() -> None:
    one, parent = trace_context(None)
    other, _ = trace_context(None)
    assert one != other
    assert is_trace(parent)
    assert parent.startswith(f"00-{one}-".encode())
    assert parent.endswith(b"-01")


@pytest.mark.parametrize(
    ("flags", "sent_on"), [(b"00", b"00"), (b"01", b"01"), (b"03", b"01"), (b"fe", b"00")]
)
def test_a_trace_is_continued_under_our_own_parent_id(flags: bytes, sent_on: bytes) -> None:
    trace_id, parent = trace_context(GOOD[:-2] + flags)
    assert trace_id == TRACE
    assert is_trace(parent)
    assert parent.startswith(f"00-{TRACE}-".encode())
    assert parent[36:52] != GOOD[36:52]
    assert parent.endswith(b"-" + sent_on)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        GOOD.upper(),
        GOOD + b"\n",
        GOOD + b"-extra",
        GOOD[:-1],
        b" " + GOOD,
        b"01" + GOOD[2:],
        b"ff" + GOOD[2:],
        b"00-" + b"0" * 32 + GOOD[35:],
        GOOD[:36] + b"0" * 16 + GOOD[52:],
        GOOD.replace(b"-", b"_"),
        GOOD.replace(b"4b", b"zz"),
        GOOD + b"\r\nX-Evil: 1",
        b"0" * 65_536,
    ],
)
def test_b069_a_field_that_breaks_the_grammar_is_as_none(value: bytes) -> None:
    trace_id, parent = trace_context(value)
    assert trace_id != TRACE
    assert is_trace(parent)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (None, ""),
        (b"", ""),
        (b"order-17/retry.2", "order-17/retry.2"),
        (b"a" * 128, "a" * 128),
        (b"a" * 129, ""),
        (b"a b", ""),
        (b"a\r\nX: y", ""),
        (b'a"', ""),
        (b"a\n", ""),
        (b"\xff", ""),
        (b"${jndi:ldap://x}", ""),
    ],
)
def test_a_clients_own_id_is_kept_if_it_is_safe(value: bytes | None, kept: str) -> None:
    assert client_request_id(value) == kept
