"""Example values of a real OpenAPI document, fetched at run time and never kept in the project."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from efficacy.model import Sample, digest, without_duplicates
from efficacy.places import PLACES, Shape, json_bytes, placed, post_json

PACKAGE: Final = "@octokit/openapi@23.0.2"
"""The document of GitHub's API, as npm has it."""
MEMBER: Final = "package/generated/api.github.com.json"
_PATIENCE: Final = 120
_LONGEST: Final = 200_000
_PLACES: Final = ("query", "form field", "JSON value", "nested JSON")


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "vallum-efficacy"


def document() -> dict[str, Any]:
    """The document, from the cache or from npm.

    Raises:
        OSError: it can be had from neither.
    """
    folder = _cache()
    kept = folder / f"{PACKAGE.replace('/', '-')}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(folder, kept)
    content: dict[str, Any] = json.loads(kept.read_text())
    return content


def _fetch(folder: Path, kept: Path) -> None:
    try:
        done = subprocess.run(
            ["npm", "pack", PACKAGE, "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
            timeout=_PATIENCE,
        )
    except subprocess.SubprocessError as error:
        raise OSError(f"npm does not deliver {PACKAGE}: {error}") from error
    archive = folder / done.stdout.strip().splitlines()[-1]
    with tarfile.open(archive) as packed:
        member = packed.extractfile(MEMBER)
        if member is None:
            raise OSError(f"{PACKAGE} has no {MEMBER}")
        kept.write_bytes(member.read())
    archive.unlink()


def _examples(node: Any) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _examples(item)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name == "example":
                yield value
            elif name == "examples" and isinstance(value, dict):
                yield from (e["value"] for e in value.values() if _is_example(e))
            elif name == "examples" and isinstance(value, list):
                yield from value
            else:
                yield from _examples(value)


def _is_example(entry: Any) -> bool:
    return isinstance(entry, dict) and "value" in entry


def _shape(value: Any) -> tuple[str, Shape] | None:
    if isinstance(value, str):
        place = _PLACES[digest("openapi", value) % len(_PLACES)]
        shape = PLACES[place](value)
        return None if shape is None else (place, shape)
    if isinstance(value, dict | list) and value:
        shape = post_json(value, "/examples")
        return ("JSON document", shape) if len(json_bytes(value)) <= _LONGEST else None
    return None


def openapi_examples() -> list[Sample]:
    """A request for every distinct example that is a string, an object or an array.

    Raises:
        OSError: the document cannot be had.
    """
    found = []
    for value in _examples(document()):
        formed = _shape(value)
        if formed is None:
            continue
        place, shape = formed
        text = value if isinstance(value, str) else json.dumps(value)[:400]
        found.append(
            placed(shape, place, text, is_attack=False, corpus="openapi examples", family="openapi")
        )
    return without_duplicates(found)
