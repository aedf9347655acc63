"""What a form, a careless filter or a server makes of a text: `1+or+1=1`, `ununionion`, `\\0`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_WORDS: Final = ("union", "select", "from", "where", "and", "or")


def _nested(word: str) -> tuple[str, ...]:
    """`word` with itself inside, of which a filter that takes it out leaves it."""
    return tuple(word[:at] + word + word[at:] for at in range(1, len(word)))


NESTED: Final = tuple(each for word in ("union", "select") for each in _nested(word))
"""What no text but such a one has."""
_WITHIN: Final[dict[str, str]] = {each: word for word in _WORDS for each in _nested(word)}
_NESTED: Final = re.compile(r"\b(?:" + "|".join(_WITHIN) + r")(?![^\W\d_])")
_MORE_NESTED: Final = re.compile(r"['\"\d]\W{0,8}(?:oorr|aandnd|anandd)\b|" + "|".join(NESTED))
_IN_NESTED: Final = ("union", "select", "oorr", "aandnd", "anandd")
_INNER_COMMENT: Final = re.compile(r"(?<=[a-z])/\*[^*]{0,40}\*/(?=[a-z])")
_SPLIT: Final = re.compile(
    r"(?:u/\*[^*]*\*/nion|un/\*[^*]*\*/ion|uni/\*[^*]*\*/on|unio/\*[^*]*\*/n"
    r"|s/\*[^*]*\*/elect|se/\*[^*]*\*/lect|sel/\*[^*]*\*/ect|sele/\*[^*]*\*/ct|selec/\*[^*]*\*/t)"
)
# What only a later MySQL runs, and this one reads over.
_LATER: Final = re.compile(r"/\*m?!\d{5,6}[^*]*+(?>(?:\*(?!/)[^*]*+)*)\*/")
_FEWEST: Final = 2
# O'Brien' or 1=1: whoever escapes one quote of two is attacked behind the other.
_NAME: Final = re.compile(r"([^'\"]{0,40}[^\W\d_])'([^\W\d_]{1,30}')")
_INDEX: Final = re.compile(r"\[([^\[\]]{3,400}+)(?:\]|\Z)").findall
_MOST_INDICES: Final = 8


def disguised(text: str) -> Iterator[str]:
    """The texts that `text`, in lower case, may become on its way to a statement."""
    if "\0" in text:  # where a statement ends for who wrote his server in C
        yield text[: text.index("\0")]
    if "/*!" in text or "/*m!" in text:
        # Behind the last end none ends: each would be looked for to the end of the text.
        closed, end, rest = text.rpartition("*/")
        yield _LATER.sub(" ", closed + end) + rest
    if text.count("+") >= _FEWEST and " " not in text:
        yield text.replace("+", " ")
    if (name := _NAME.match(text)) is not None:
        yield name[1] + name[2] + text[name.end() :]
    if "/*" in text and _SPLIT.search(text):
        yield _INNER_COMMENT.sub("", text)
    if any(word in text for word in _IN_NESTED) and _MORE_NESTED.search(text):
        yield _NESTED.sub(lambda match: _WITHIN[match[0]], text)


def indices(name: str) -> list[str]:
    """What a parameter's name has in brackets, `id[1) or (1=1]`: keys that servers build with."""
    return _INDEX(name)[:_MOST_INDICES] if "[" in name else []
