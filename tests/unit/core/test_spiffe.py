"""SPIFFE IDs (B-206)."""

from __future__ import annotations

import pytest

from vallum.core.spiffe import InvalidSpiffeId, parse_spiffe_id, parse_workload_id


@pytest.mark.parametrize(
    ("text", "domain", "path"),
    [
        ("spiffe://example.org/billing", "example.org", "/billing"),
        ("spiffe://td/a/b-c/d_e/F.1", "td", "/a/b-c/d_e/F.1"),
        ("spiffe://my_td-1.example/...", "my_td-1.example", "/..."),
        ("spiffe://example.org", "example.org", ""),
        (f"spiffe://{'a' * 255}/x", "a" * 255, "/x"),
        (f"spiffe://td/{'a' * 2036}", "td", "/" + "a" * 2036),
    ],
)
def test_good_ids(text: str, domain: str, path: str) -> None:
    found = parse_spiffe_id(text)
    assert (found.trust_domain, found.path) == (domain, path)
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "spiffe:",
        "spiffe://",
        "spiffe:///path",
        "SPIFFE://td/x",
        "Spiffe://td/x",
        "https://td/x",
        "spiffe://TD/x",
        "spiffe://td:8443/x",
        "spiffe://user@td/x",
        "spiffe://t d/x",
        "spiffe://tdü/x",
        "spiffe://xn--td%2e/x",
        "spiffe://td/",
        "spiffe://td/x/",
        "spiffe://td//x",
        "spiffe://td/../x",
        "spiffe://td/x/..",
        "spiffe://td/./x",
        "spiffe://td/%2e%2e/x",
        "spiffe://td/x%41",
        "spiffe://td/x?q",
        "spiffe://td/x#f",
        "spiffe://td/x y",
        "spiffe://td/x\n",
        "spiffe://td\n/x",
        "spiffe://td/x\0",
        "spiffe://td/é",
        "spiffe://td/x;y",
        "spiffe://td/x:y",
        "spiffe://td\\x",
        " spiffe://td/x",
        f"spiffe://{'a' * 256}/x",
        f"spiffe://td/{'a' * 2037}",
        "spiffe://td/" + "a/" * 1018,
        f"spiffe://td/{'a' * 4096}%",
    ],
)
def test_b206_spiffe_parse_refuses(text: str) -> None:
    with pytest.raises(InvalidSpiffeId):
        parse_spiffe_id(text)


def test_b206_spiffe_parse_trust_domain_is_no_workload() -> None:
    with pytest.raises(InvalidSpiffeId):
        parse_workload_id("spiffe://example.org")
    assert parse_workload_id("spiffe://example.org/x").path == "/x"
