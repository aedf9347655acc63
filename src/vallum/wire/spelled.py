"""Names that spell places: what readers of forms and documents take them to mean.

No standard says it. What is collected here is what frameworks do with a name that nobody has
declared; whoever guards a place asks for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

Steps = tuple[str, ...]
"""The names and indexes that lead to a place; an empty one is an item of whatever index."""

_BETWEEN: Final = re.compile(r"[\[.]")
_UNWORDED: Final = re.compile(r"[ .\[]")
_MARKS: Final = ("_", "!")
_METHOD_OVERRIDES: Final = frozenset({"_method"})


def place_in(name: str) -> Steps | None:
    """The place that a name with dots or brackets leads to: `owner.role`, `owner[role]`.

    None for a name without them, which is the name of a member and no more.
    """
    if "." not in name and "[" not in name:
        return None
    return tuple(_BETWEEN.split(name.replace("]", "")))


def places_of_field(name: str, *, is_declared: bool = False) -> frozenset[Steps]:
    """The places that the name of a form's field may lead to, beside the field of that name.

    Args:
        name: of the field.
        is_declared: whether it is a name that the upstream knows: then nobody makes another of it.
    """
    names = (name,) if is_declared else _as_read(name)
    found = {place_in(each) or (each,) for each in names}
    return frozenset(found - {(name,)})


def is_read_as(name: str, names: Collection[str]) -> bool:
    """Whether somebody reads the name of a parameter, or field, as one of `names` (lower case)."""
    return any(each.partition("[")[0].lower() in names for each in _as_read(name))


def is_method_override(name: str) -> bool:
    """Whether frameworks run another method when a parameter, or field, of this name says so."""
    return is_read_as(name, _METHOD_OVERRIDES)


def _as_read(name: str) -> Iterator[str]:
    """A field's name, and what readers make of it."""
    yield name
    # Spring's data binding: `_name` says that the field was in the form, `!name` is its default.
    if name.startswith(_MARKS):
        yield name[1:]
    # PHP's variables: spaces before a name go, and what no word may hold becomes `_`, a bracket
    # too that nothing closes. What is within closed brackets stays.
    word = name.lstrip(" ")
    base, bracket, inner = word.partition("[") if "]" in word else (word, "", "")
    as_variable = _UNWORDED.sub("_", base) + bracket + inner
    if as_variable != name:
        yield as_variable
