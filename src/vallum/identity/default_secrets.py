"""The provider refuses to start with secrets that everybody knows (B-244)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from vallum.config.provider import IdentitySettings
from vallum.core.default_secrets import is_default
from vallum.core.secret import Secret
from vallum.tokens.weak import is_guessable

_MOST_BYTES: Final = 64 * 1024


class DefaultSecret(Exception):  # noqa: N818  (named for what it says about the secret)
    """A secret that everybody knows. The text says where it stands, and never what it is."""


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
