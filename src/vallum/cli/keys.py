"""`vallum keys`: create, list, rotate and revoke API keys."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

from vallum.cli.granted import read_role, warn_of_unknown
from vallum.cli.groups import Commands
from vallum.cli.policy import (
    exit_with,
    loaded_or_exit,
    policy_or_exit,
    read_option,
    state_options,
)
from vallum.cli.tables import print_rows, when
from vallum.config import values
from vallum.config.diagnostics import suggest
from vallum.config.security import key_fields
from vallum.store.errors import KeyNameTaken, StateUnusable, UnknownKey
from vallum.store.keys import KeyStore, StoredKey
from vallum.store.whole_file import drafted
from vallum.tokens.api_key import generate, key_hash

_NO_POLICY = "`--state FILE` needs no policy"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

_output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A new file for the key, as `curl -H @FILE` takes it, instead of stdout.",
)


def _time(text: str) -> float:
    return read_option(values.duration, text)


def _name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise click.BadParameter(f"`{text}`: use letters, digits, `.`, `_`, `@` and `-`")
    return text


def _scope(text: str) -> str:
    return read_option(values.scope, text)


@click.group(cls=Commands)
def keys() -> None:
    """Create, list, rotate and revoke API keys.

    A key is shown once, when it is made; Vallum keeps only a keyed hash of it. One that can be
    neither printed nor written is not made.

    Example:

    \b
      vallum keys create webshop --scope books:read --expires 90d -o webshop.key
      vallum keys list
      vallum keys rotate webshop
      vallum keys revoke webshop
    """


@keys.command()
@click.argument("name", type=_name)
@click.option(
    "--scope",
    "scopes",
    type=_scope,
    metavar="SCOPE",
    multiple=True,
    help="A scope to grant; repeatable.",
)
@click.option(
    "--role",
    "roles",
    type=read_role,
    metavar="ROLE",
    multiple=True,
    help="A role to grant; repeatable.",
)
@click.option(
    "--expires", type=_time, metavar="TIME", help="Life of the key, such as 30d; default: no end."
)
@_output_option
@state_options
def create(
    name: str,
    scopes: tuple[str, ...],
    roles: tuple[str, ...],
    expires: float | None,
    output: Path | None,
    config: Path,
    state: Path | None,
    as_json: bool,
) -> None:
    """Make a key for the client NAME. The key goes to stdout, all else to stderr.

    Example:

    \b
      vallum keys create webshop --scope books:read --role reader --expires 90d -o webshop.key
      curl -H @webshop.key https://api.example/books
    """
    fields = key_fields(())
    if state is None:
        loaded = loaded_or_exit(config, _NO_POLICY)
        state, fields = loaded.policy.state, key_fields(loaded.contracts.values())
        warn_of_unknown(loaded.policy, scopes=scopes, roles=roles)
    with _store(config, state, is_made=True) as store:
        now = time.time()
        text, key = _make(
            store,
            name=name,
            scopes=frozenset(scopes),
            roles=frozenset(roles),
            created=now,
            expires=None if expires is None else now + expires,
        )
        hand_over = partial(_print, key, text, output, as_json=as_json)
        try:
            with _written(output, text, fields):
                store.add(key, now=now, hand_over=hand_over)
        except KeyNameTaken:
            exit_with(
                f"`{name}` has an active key",
                f"`vallum keys rotate {name}` replaces it without interruption",
            )
        _tell(key, output)


@keys.command(name="list")
@state_options
def list_keys(config: Path, state: Path | None, as_json: bool) -> None:
    """List every key: id, scopes, roles, state, last use (to the minute). Never the key itself.

    Example:

    \b
      vallum keys list --json
    """
    with _store(config, state) as store:
        now = time.time()
        found = list(store.all())
    if as_json:
        click.echo(json.dumps([_as_json(key, now) for key in found], indent=2))
        return
    times = ("created (UTC)", "expires (UTC)", "last used (UTC)")
    rows = [
        (
            key.name,
            key.id,
            _state_of(key, now),
            " ".join(sorted(key.scopes)),
            " ".join(sorted(key.roles)),
            *(when(at) for at in (key.created, key.expires, key.last_used)),
        )
        for key in found
    ]
    print_rows(("name", "id", "state", "scopes", "roles", *times), rows)


@keys.command()
@click.argument("name")
@state_options
def revoke(name: str, config: Path, state: Path | None, as_json: bool) -> None:
    """End every active key of the client NAME, or the one key with this id, at once.

    In effect on all running workers within two seconds; no restart is needed.

    Example:

    \b
      vallum keys revoke webshop
    """
    with _store(config, state) as store:
        now = time.time()
        active = [key for key in _require(store, name) if key.is_active(now)]
        store.revoke([key.id for key in active], now=now)
        if as_json:
            revoked = [_as_json(key, now) for key in store.named(name)]
            click.echo(json.dumps(revoked, indent=2))
        for key in active:
            click.echo(f"revoked key {key.id} of `{key.name}`", err=True)
        if not active:
            click.echo(f"`{name}` had no active key", err=True)


@keys.command()
@click.argument("name")
@click.option(
    "--overlap",
    type=_time,
    metavar="TIME",
    default="24h",
    show_default=True,
    help="How long the old key goes on; 0s ends it at once.",
)
@click.option(
    "--expires",
    type=_time,
    metavar="TIME",
    help="Life of the new key; default: as long as the old one's.",
)
@_output_option
@state_options
def rotate(
    name: str,
    overlap: float,
    expires: float | None,
    output: Path | None,
    config: Path,
    state: Path | None,
    as_json: bool,
) -> None:
    """Replace the newest active key of NAME by a new one with the same rights.

    Both open the API until the overlap ends, so that clients can be changed one by one.

    Example:

    \b
      vallum keys rotate webshop --overlap 48h -o webshop-2.key
    """
    fields, is_made = key_fields(()), state is None
    if state is None and output is not None:
        loaded = loaded_or_exit(config, _NO_POLICY)
        state, fields = loaded.policy.state, key_fields(loaded.contracts.values())
    with _store(config, state, is_made=is_made) as store:
        now = time.time()
        active = [key for key in _require(store, name) if key.is_active(now)]
        if not active:
            exit_with(f"`{name}` has no active key", f"`vallum keys create {name}` makes one")
        old = active[0]
        if expires is None and old.expires is not None:
            expires = old.expires - old.created
        text, key = _make(
            store,
            name=old.name,
            scopes=old.scopes,
            roles=old.roles,
            created=now,
            expires=None if expires is None else now + expires,
        )
        hand_over = partial(_print, key, text, output, as_json=as_json)
        with _written(output, text, fields):
            store.replace(old, key, overlap_until=now + overlap, hand_over=hand_over)
        _tell(key, output)
        click.echo(f"the old key {old.id} ends {when(now + overlap)} UTC at the latest", err=True)


@contextmanager
def _store(config: Path, state: Path | None, *, is_made: bool = False) -> Iterator[KeyStore]:
    """The state file; where it was named and is not there, it `is_made` or was misspelt."""
    try:
        if state is None:
            state = policy_or_exit(config, _NO_POLICY).state
        elif not is_made and not state.exists():
            exit_with(f"there is no state file `{state}`", "check the path and its name")
        store = KeyStore(state)
        try:
            yield store
        finally:
            store.close()
    except StateUnusable as error:
        exit_with(str(error))


def _make(store: KeyStore, **about: Any) -> tuple[str, StoredKey]:
    new = generate(secrets.token_bytes)
    text = new.text.reveal()
    key = StoredKey(id=new.id, hash=key_hash(text, store.pepper()), **about)
    return text.decode("ascii"), key


def _require(store: KeyStore, name: str) -> list[StoredKey]:
    try:
        return store.require(name)
    except UnknownKey:
        exit_with(f"there is no key `{name}`", suggest(name, store.names(), what="key"))


@contextmanager
def _written(output: Path | None, text: str, fields: tuple[str, ...]) -> Iterator[None]:
    """The file with the key, where one is wanted; it goes again where the key is not stored."""
    if output is None:
        yield
        return
    content = "".join(f"{field}: {text}\n" for field in fields).encode("ascii")
    try:
        with drafted(output, content) as draft:
            # SECURITY: a name that is taken, be it by a link, is never followed or opened.
            os.link(draft, output)
    except FileExistsError:
        exit_with(f"`{output}` is there already", "`-o` with another name makes a new file")
    except OSError as error:
        exit_with(f"`{output}` cannot be written: {error.strerror}")
    try:
        yield
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _print(key: StoredKey, text: str, output: Path | None, *, as_json: bool) -> None:
    # The only place where a key is ever printed.
    shown = {"key": text} if output is None else {"file": str(output)}
    if sys.stdout is None and (as_json or output is None):
        # click would say nothing to it.
        exit_with("there is no output; the key was not made", "`-o FILE` writes it into a new file")
    if as_json:
        click.echo(json.dumps({**shown, **_as_json(key, key.created)}, indent=2))
    elif output is None:
        click.echo(text)


def _tell(key: StoredKey, output: Path | None) -> None:
    about = f"key {key.id} of `{key.name}`, expires (UTC): {when(key.expires)}"
    if output is None:
        click.echo(f"{about}; it is not shown again", err=True)
    else:
        use = shlex.quote(f"@{output}")
        click.echo(f"{about}; written to `{output}`, for `curl -H {use}`", err=True)


def _as_json(key: StoredKey, now: float) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "state": _state_of(key, now),
        "scopes": sorted(key.scopes),
        "roles": sorted(key.roles),
        "created": key.created,
        "expires": key.expires,
        "revoked": key.revoked,
        "replaced_by": key.replaced_by,
        "last_used": key.last_used,
    }


def _state_of(key: StoredKey, now: float) -> str:
    if key.revoked is not None:
        return "revoked"
    if not key.is_active(now):
        return "expired"
    return "replaced" if key.replaced_by is not None else "active"
