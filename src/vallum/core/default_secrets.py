"""Secrets that everybody knows: of samples, of documentation, of other products' first starts."""

from __future__ import annotations

from typing import Final

_KNOWN: Final = frozenset(
    (
        *("admin", "administrator", "root", "toor", "guest", "user", "test", "demo", "example"),
        *("sample", "default", "vallum", "secret", "supersecret", "topsecret", "mysecret"),
        *("mysecretkey", "secretkey", "secret_key", "secret-key", "client_secret"),
        *("client-secret", "clientsecret", "changeit", "changeme", "changethis", "changemenow"),
        *("replaceme", "replace_me", "todo", "placeholder", "insecure", "password", "passwd"),
        *("pass", "pwd", "letmein", "welcome", "qwerty", "postgres", "postgresql", "keycloak"),
        *("your_secret", "your-secret", "yoursecret", "your-256-bit-secret"),
        *("your_client_secret", "your-client-secret", "shhhhh", "foo", "bar", "foobar"),
        *("hello", "helloworld", "hunter2", "none", "null", "xxx", "xxxx"),
    )
)
_FEWEST: Final = 8
"""Characters of a secret that programs use: nobody has to remember it."""
_TAILS: Final = "0123456789!?.*"


def is_default(secret: str) -> bool:
    """Whether a secret is one that everybody tries: known, short, or without any disorder."""
    text = secret.strip().lower().strip("<>{}[]$%\"'")
    spelt = text.replace(" ", "").rstrip(_TAILS)
    if len(text) < _FEWEST or spelt in _KNOWN or not spelt:
        return True
    return len(set(text)) < 4
