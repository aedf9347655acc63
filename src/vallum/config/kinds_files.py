"""Kinds of values that name files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vallum.config.kinds import INVALID, Context, Schema, no_variables, wrong_type
from vallum.config.source import Node
from vallum.core.words import nearest


@dataclass(frozen=True, slots=True)
class ExistingFile:
    """A file that must be there; relative paths start at the policy file's folder."""

    expected: str

    def read(self, node: Node, context: Context) -> Any:
        if not isinstance(node.value, str) or not node.value:
            return wrong_type(node, context, self.expected)
        path = resolve(node.value, context)
        if path.is_file():
            return path
        if path.is_dir():
            message = f"`{node.value}` is a folder, not a file"
        else:
            message = f"there is no file `{node.value}`"
        context.report.add("missing-file", message, node, near_file(path, context.base))
        return INVALID

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True, slots=True)
class NewPath:
    """A path that Vallum makes where it is missing."""

    expected: str

    def read(self, node: Node, context: Context) -> Any:
        value = node.value
        if not isinstance(value, str) or not value:
            return wrong_type(node, context, self.expected)
        if "${" in value:
            return no_variables(node, context, "write the path out; `~` is the home folder")
        if "://" in value and not value.startswith("sqlite:///"):
            context.report.add(
                "bad-path",
                f"`{value}` is no path",
                node,
                "write a path such as `var/vallum.db`; state is kept in a SQLite file",
            )
            return INVALID
        return resolve(value.removeprefix("sqlite:///"), context)

    def schema(self) -> Schema:
        return {"type": "string", "minLength": 1}


def resolve(text: str, context: Context) -> Path:
    """A path of the policy file as one of the process."""
    return context.base / Path(text).expanduser()


def near_file(path: Path, base: Path) -> str:
    """A hint that names the file that was probably meant."""
    try:
        names = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return f"paths start at the policy's folder, `{base}`"
    close = nearest(path.name, names[:1000])
    return f"did you mean `{close}`?" if close else f"paths start at the policy's folder, `{base}`"
