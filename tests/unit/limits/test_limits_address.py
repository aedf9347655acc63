"""Who counts as one caller by address."""

from __future__ import annotations

import pytest

from vallum.limits.address import address_keys


def test_ipv4_addresses_are_callers_of_their_own() -> None:
    assert address_keys("192.0.2.1") != address_keys("192.0.2.2")
    assert address_keys("192.0.2.1")[1] is None


@pytest.mark.parametrize(
    "other", ["2001:db8:1:2:ffff::9", "2001:0DB8:0001:0002::1", "2001:db8:1:2:0:0:0:1"]
)
def test_a_64_is_one_caller(other: str) -> None:
    assert address_keys("2001:db8:1:2::1") == address_keys(other)


def test_a_48_is_one_network() -> None:
    caller, network = address_keys("2001:db8:1:2::1")
    other_caller, other_network = address_keys("2001:db8:1:3::1")
    assert caller != other_caller
    assert network is not None
    assert network == other_network
    assert network != address_keys("2001:db8:2:2::1")[1]


def test_a_mapped_address_is_its_ipv4_address() -> None:
    assert address_keys("::ffff:192.0.2.1") == address_keys("192.0.2.1")


def test_a_scope_changes_nothing() -> None:
    assert address_keys("fe80::1%eth0") == address_keys("fe80::1%eth1")


@pytest.mark.parametrize("text", ["", "unix", "192.0.2.1:80", "0192.0.2.1", "\ud800"])
def test_what_is_no_address_is_a_caller_by_its_text(text: str) -> None:
    caller, network = address_keys(text)
    assert caller.startswith(b"?")
    assert network is None
