"""What everybody tries, and what nobody does."""

from __future__ import annotations

import pytest

from vallum.core.default_secrets import is_default


@pytest.mark.parametrize(
    "secret",
    [
        *("secret", "Secret123!", " changeme\n", "your-256-bit-secret", "<client_secret>", ""),
        *("short1", "aaaaaaaaaaaaaaaa", "1234567890", "ADMINISTRATOR", "${SECRET_KEY}"),
    ],
)
def test_what_everybody_tries_is_a_default(secret: str) -> None:
    assert is_default(secret)


@pytest.mark.parametrize(
    "secret", ["Zx8-Kq2_Vw9mPn4tRb7y", "administrator-of-zebras-42", "GOCSPX-7hGk2LqPz"]
)
def test_what_nobody_tries_is_none(secret: str) -> None:
    assert not is_default(secret)
