"""Hosts in all the spellings that lenient clients understand."""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.ssrf_hosts import Kind, read_host


@pytest.mark.parametrize(
    ("host", "kind", "is_disguised"),
    [
        ("127.0.0.1", "loopback", False),
        ("127.1", "loopback", True),
        ("2130706433", "loopback", True),
        ("017700000001", "loopback", True),
        ("0x7f.0x0.0x0.0x1", "loopback", True),
        ("7147006462", "metadata", True),
        ("0251.00376.000251.0000376", "metadata", True),
        ("169.254.43518", "metadata", True),
        ("0.0.0.0", "loopback", False),
        ("0", "loopback", True),
        ("169.254.1.1", "link-local", False),
        ("192.168.1.1", "private", False),
        ("172.31.255.255", "private", False),
        ("172.32.0.1", "public", False),
        ("100.100.100.200", "metadata", False),
        ("8.8.8.8", "public", False),
        ("134744072", "public", True),
        ("[::1]", "loopback", False),
        ("[::]", "loopback", False),
        ("[::ffff:a9fe:a9fe]", "metadata", True),
        ("[::127.0.0.1]", "loopback", True),
        ("[2002:7f00:1::]", "loopback", True),
        ("[64:ff9b::a00:1]", "private", True),
        ("[fe80::1%25eth0]", "link-local", False),
        ("[fc00::1]", "private", False),
        ("[2606:4700::1111]", "public", False),
        ("[zz]", "public", True),
        ("LOCALHOST.", "loopback", False),
        ("a.localhost", "loopback", False),
        ("ip6-loopback", "loopback", False),
        ("metadata", "metadata", False),
        ("metadata.google.internal", "metadata", False),
        ("host.docker.internal", "internal-name", False),
        ("kubernetes.default.svc", "internal-name", False),
        ("printer.local", "internal-name", False),
        ("lvh.me", "loopback", True),
        ("7f000001.nip.io", "loopback", True),
        ("10.0.0.1.nip.io", "private", True),
        ("127\u30020\u30020\u30021", "loopback", True),
    ],
)
def test_host_is_read(host: str, kind: Kind, is_disguised: bool) -> None:
    assert read_host(host) == (kind, is_disguised)


@pytest.mark.parametrize("host", ["example.com", "mylocalhost", "8080", "1.2.3.4.5", "", "a" * 300])
def test_other_names_stand_for_nothing(host: str) -> None:
    assert read_host(host) is None
