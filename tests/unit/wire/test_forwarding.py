"""Which request fields reach an upstream (GW-5; hostile cases C)."""

from __future__ import annotations

import pytest

from vallum.core.fields import FieldLine
from vallum.core.problems import Denied
from vallum.wire.forwarding import HOP_BY_HOP, forwardable, is_claim

_NONE: frozenset[bytes] = frozenset()


def _passed(*names: bytes, options: frozenset[bytes] = _NONE) -> list[bytes]:
    items: tuple[FieldLine, ...] = tuple((name, b"v") for name in names)
    return [name for name, _ in forwardable(items, options, _NONE)]


def test_end_to_end_fields_pass_in_order_with_duplicates() -> None:
    items = ((b"accept", b"a"), (b"x-own", b"1"), (b"accept", b"b"), (b"cookie", b"c"))
    assert forwardable(items, _NONE, _NONE) == list(items)


@pytest.mark.parametrize("name", sorted(HOP_BY_HOP))
def test_b045_b066_fields_of_the_connection_stop_here(name: bytes) -> None:
    assert _passed(name) == []


@pytest.mark.parametrize(
    "name",
    [
        b"host", b"content-length", b"expect", b"via", b"x-request-id", b"traceparent",
        b"tracestate",
    ],
)  # fmt: skip
def test_what_the_gateway_writes_itself_is_not_taken_over(name: bytes) -> None:
    assert _passed(name) == []


@pytest.mark.parametrize(
    "name",
    [
        b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-uri",
        b"x-forwarded-prefix", b"x-forwarded-client-cert", b"x-forwarded-email",
        b"x-forwarded-anything-new", b"x-forwarded", b"forwarded", b"x-real-ip", b"true-client-ip",
        b"cf-connecting-ip", b"x-client-ip", b"x-cluster-client-ip", b"x-original-url",
        b"x-rewrite-url", b"x-http-method-override", b"x-user-id", b"x-roles", b"x-groups",
        b"x-authenticated-userid", b"x-consumer-id", b"x-auth-request-user", b"client-cert",
        b"x-ssl-client-verify", b"ssl-client-cert", b"remote-user", b"x-vallum-anything",
        b"vallum-identity", b"ratelimit", b"ratelimit-limit", b"x-ratelimit-remaining",
    ],
)  # fmt: skip
def test_b052_to_b058_b068_claims_of_the_client_stop_here(name: bytes) -> None:
    assert is_claim(name)
    assert _passed(name) == []


@pytest.mark.parametrize("name", [b"authorization", b"cookie", b"x-username-style", b"x-own", b"x"])
def test_other_fields_are_no_claims(name: bytes) -> None:
    assert not is_claim(name)
    assert _passed(name) == [name]


def test_b058_names_of_other_letters_pass_where_they_are_declared() -> None:
    items = ((b"x.count", b"1"), (b"x.other", b"2"), (b"x_own", b"3"))
    declared = frozenset((b"x.count",))
    assert forwardable(items, _NONE, _NONE, declared) == [items[0], items[2]]


def test_withheld_credentials_stop_here() -> None:
    items = ((b"authorization", b"secret"), (b"x-key", b"secret"), (b"accept", b"a"))
    withheld = frozenset({b"authorization", b"x-key"})
    assert forwardable(items, _NONE, withheld) == [(b"accept", b"a")]


def test_a_connection_option_removes_the_field_it_names() -> None:
    options = frozenset({b"close", b"x-hop", b"keep-alive", b"te"})
    assert _passed(b"x-hop", b"x-own", b"keep-alive", b"te", options=options) == [b"x-own"]


@pytest.mark.parametrize(
    "option",
    [
        b"authorization", b"cookie", b"host", b"content-length", b"content-type", b"x-user-id",
        b"x-forwarded-for", b"x-request-id", b"traceparent", b"via", b"vallum-identity", b"dpop",
        b"x-api-key", b"signature", b"content-digest", b"accept", b"cache-control", b"if-match",
        b"origin", b"idempotency-key", b"expect",
    ],
)  # fmt: skip
def test_b060_an_option_that_names_a_protected_field_is_refused(option: bytes) -> None:
    # Refused whether or not the field is there.
    with pytest.raises(Denied) as caught:
        _passed(b"x-own", options=frozenset({b"close", option}))
    assert caught.value.reason == "http.connection-names-protected-field"
    assert caught.value.close
