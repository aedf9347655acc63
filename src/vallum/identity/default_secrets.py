"""Secrets that everybody knows: of samples, of documentation, of other products' first starts.

The provider refuses to start with any of them (B-244).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from vallum.config.provider import IdentitySettings
from vallum.core.secret import Secret
from vallum.tokens.weak import is_guessable

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
_MOST_BYTES: Final = 64 * 1024


class DefaultSecret(Exception):  # noqa: N818  (named for what it says about the secret)
    """A secret that everybody knows. The text says where it stands, and never what it is."""


def is_default(secret: str) -> bool:
    """Whether a secret is one that everybody tries: known, short, or without any disorder."""
    text = secret.strip().lower().strip("<>{}[]$%\"'")
    spelt = text.replace(" ", "").rstrip(_TAILS)
    if len(text) < _FEWEST or spelt in _KNOWN or not spelt:
        return True
    return len(set(text)) < 4


def require_own_secrets(settings: IdentitySettings, sealing_key: Secret) -> None:
    """Refuse secrets that everybody knows.

    Raises:
        DefaultSecret: there is one.
    """
    if is_guessable(sealing_key.reveal()):
        raise DefaultSecret(
            "the sealing key of `identity` has a pattern; remove its file, and a random one is made"
        )
    for place, secret in _secrets(settings):
        if is_default(secret):
            raise DefaultSecret(f"{place} is a default that everybody knows; choose a random one")


def _secrets(settings: IdentitySettings) -> Iterator[tuple[str, str]]:
    password = urlsplit(settings.database).password
    if password is not None and not settings.database.startswith("sqlite:"):
        yield "the password in `identity.database`", unquote(password)
    for name, provider in settings.providers.items():
        if provider.client_secret_file is not None:
            yield f"the client secret of the provider `{name}`", _read(provider.client_secret_file)
    if settings.mail.password_file is not None:
        yield "the password for mail", _read(settings.mail.password_file)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")
