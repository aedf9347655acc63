"""The key `signature`: which signed requests are taken (CR-3)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any, Final

from vallum.config.keys_server import DURATION
from vallum.config.kinds import (
    INVALID,
    Context,
    Either,
    Key,
    Made,
    Many,
    Quantity,
    Section,
    Text,
    Values,
)
from vallum.config.kinds_files import ExistingFile
from vallum.config.values import Bad
from vallum.filters.signature import SignatureSettings
from vallum.store.jwks_file import LoadError, read_file
from vallum.tokens.http_signature import ALGORITHMS
from vallum.tokens.jwks import KeySet, parse_jwks
from vallum.tokens.signature_base import NoBase, component

_TAG: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")


def _tag(text: str) -> str:
    if not _TAG.fullmatch(text):
        raise Bad("bad-name", f"`{text}` is no tag", "up to 64 visible characters without quotes")
    return text


def _component(text: str) -> str:
    try:
        return component(text).name
    except NoBase:
        raise Bad(
            "bad-name",
            f"`{text}` is no component of a request",
            "write a field name in lower case, `@method`, `@target-uri`, `@authority`, `@scheme`, "
            "`@request-target`, `@path` or `@query`",
        ) from None


_KEYS = {
    "keys": Key(
        ExistingFile("a path"),
        "a JWK Set with the keys of signers, each with `kid` and `alg`",
        is_needed=True,
    ),
    "tag": Key(
        Text("the tag of signatures", _tag),
        "the `tag` that tells signatures for this API from those for others",
        is_needed=True,
    ),
    "components": Key(
        Many(Text("a component", _component), can_be_empty=False, limit=40),
        "what signatures must cover at least; default @method and @target-uri",
    ),
    "max_age": Key(
        Quantity(DURATION, 1, 300, ("1s", "5m")), "how old signatures may be; default 60s"
    ),
}


def _signature(found: Values, context: Context) -> Any:
    if "keys" not in found or "tag" not in found:
        return INVALID
    settings: dict[str, Any] = dict(found)
    path: Path = settings.pop("keys")
    try:
        document = read_file(path)
        keys = _usable(parse_jwks(document, algorithms=tuple(ALGORITHMS)))
    except (LoadError, ValueError) as error:
        context.report.add(
            "bad-keys",
            f"the keys of signers cannot be used: {error}",
            found.places["keys"],
            f"write a JWK Set in which each key has a `kid` and an `alg`: {', '.join(ALGORITHMS)}",
        )
        return INVALID
    return SignatureSettings(
        keys={key.kid: key for key in keys.keys if key.kid is not None},
        file=path,
        digest=hashlib.sha256(document).digest(),
        **settings,
    )


def _usable(keys: KeySet) -> KeySet:
    """A registry of ours, where nothing is left out in silence.

    Raises:
        ValueError: a key could never be used.
    """
    if keys.problems:
        raise ValueError("; ".join(keys.problems))
    if any(key.kid is None for key in keys.keys):
        raise ValueError("a key has no `kid`")
    return keys


SIGNATURE = Either(
    "`off` or the keys of `signature`",
    words={"off": None},
    mapping=Made(Section("`signature`", _KEYS), _signature),
)
