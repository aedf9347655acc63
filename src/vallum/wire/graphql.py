"""The tokens of a GraphQL document, counted before any parser builds anything (GraphQL §2.1).

A parser spends memory on every token and a call on every bracket. This pass spends one match on
each and stops at the first that is too many; what a document means is not its business.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

MOST_NESTED: Final = 64
"""Brackets of all kinds within each other: what a recursive parser can stand."""

LONGEST_NAME: Final = 256

# Atomic where a group repeats: nothing is tried twice, so the pass is linear.
_TOKEN: Final = re.compile(
    r"""(?P<ignored>[\t\n\r ,\ufeff]++)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<open>[({\[])
      | (?P<close>[)}\]])
      | (?P<colon>:)
      | (?P<at>@)
      | (?P<other>\.\.\.|[!$&=|]|-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
      | (?P<string>\"\"\"(?>(?:[^"\\]++|\\\"\"\"|\\|"(?!""))*)\"\"\"
        |"(?!"")(?>(?:[^"\\\n\r]++|\\.)*)")
      | (?P<comment>\#[^\n\r]*+)
      | (?P<unknown>.)""",
    re.VERBOSE | re.DOTALL,
)
_NO_TOKENS: Final = frozenset({"ignored", "comment"})


class MalformedGraphQL(Exception):  # noqa: N818  (named for what it says about the text)
    """A document that is refused. `code` says why; the text itself is never in it."""

    def __init__(self, code: str) -> None:
        """
        Args:
            code: `syntax`, `tokens`, `nesting`, `aliases`, `directives`, `fragments` or `name`.
        """
        super().__init__(code)
        self.code = code


class TokenLimits(NamedTuple):
    """Bounds on what a document may be made of (B-297, B-299)."""

    tokens: int = 2_000
    aliases: int = 15
    directives: int = 10
    fragments: int = 250
    """Spreads and inline fragments as written: each is much to walk and compare for a few bytes."""


class Tokens(NamedTuple):
    """What the pass has found."""

    total: int
    comments: tuple[str, ...]
    """Text that no GraphQL service reads, and that its log may hold."""


def scan_document(text: str, limits: TokenLimits) -> Tokens:
    """Count the tokens of a document, up to the first that is too many.

    Raises:
        MalformedGraphQL: it holds what is no token, or more than the limits allow.
    """
    tokens = aliases = directives = fragments = nested = within = 0
    before = ""
    comments: list[str] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind in _NO_TOKENS:
            if kind == "comment":
                comments.append(match[0][1:].strip())
            continue
        tokens += 1
        if tokens > limits.tokens:
            raise MalformedGraphQL("tokens")
        if kind == "name":
            if match.end() - match.start() > LONGEST_NAME:
                raise MalformedGraphQL("name")
        elif kind == "open":
            nested += 1
            if nested > MOST_NESTED:
                raise MalformedGraphQL("nesting")
            # Within arguments a colon follows the argument's name, not an alias.
            within += match[0] == "("
        elif kind == "close":
            nested -= 1
            within -= match[0] == ")"
        elif kind == "colon":
            aliases += before == "name" and not within
            if aliases > limits.aliases:
                raise MalformedGraphQL("aliases")
        elif kind == "at":
            directives += 1
            if directives > limits.directives:
                raise MalformedGraphQL("directives")
        elif kind == "other":
            fragments += match[0] == "..."
            if fragments > limits.fragments:
                raise MalformedGraphQL("fragments")
        elif kind == "unknown":
            raise MalformedGraphQL("syntax")
        before = kind or ""
    return Tokens(tokens, tuple(comment for comment in comments if comment))
