"""Cuts SQL into tokens, and spells a statement as a word over a small alphabet, its shape.

The alphabet, a letter a token (blanks, comments and parentheses have none):

    n number     s string     v variable   g @@variable   b TRUE, NULL     w name
    z string that does not end             j empty string at the end       r `name`   : cast
    q a last quote with nothing behind it  J first string, of words or in ` `   p word of a sentence
    5 first string, of words, that is ended by no quote of a phrase
    u call       f known call t time call  e leaking call i condition      h CHAR()   y USER()
    A AND OR XOR P ||         C = < >      L LIKE IS      N NOT, DISTINCT  O + -      / % & |
    U UNION      S SELECT     Q (SELECT    F FROM         W WHERE          I INTO     o OUTFILE
    G ORDER      B BY         H HAVING     M LIMIT        V VALUES         a AS       k CASE
    K WHEN, END  D DROP…      1 INSERT     2 UPDATE       3 DELETE         Y SET      T TABLE…
    E EXEC       X DECLARE    Z WAITFOR    R ANALYSE      d, m catalogues  l leaking procedure
    4 name of a call of databases, without its parenthesis                 6 IN (
    x other word # cuts off   c comment of words          * , ; ? themselves
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from vallum.inspection.detectors.sql_words import (
    CALLS,
    CATALOGUES,
    LETTERS,
    OF_DATABASES,
    PACKAGES,
    PROCEDURES,
    SYSTEM,
)

# The alternatives of every lexer, from here on, in order. Most tokens are words before words, which
# need not be held against all of them; but IN BOOLEAN MODE and MEMBER OF are one token.
_WORD_BEFORE_WORD: Final = r"(?!in\s|member\s)[^\W\d_][\w$]*+(?=\s\w)"
_TYPES: Final = "int\\d?|integer|bigint|bool|boolean|numeric|float\\d?|reg\\w++"
_MORE_TYPES: Final = (
    "text|jsonb?|date|time(?:stamp)?(?:tz)?|interval|double\\s+precision|real|money|uuid|bytea|xml"
    "|(?:bp|var)?char|character(?:\\s+varying)?|inet|oid|name"
)
"""That other languages have names of after `::` too, but not after a parenthesis."""
_COMMON: Final = rf"""
    \)\s*+::\s*+(?:{_TYPES}|{_MORE_TYPES})\b
  | [,;()+%]
  | q'[^\w\s][^']*+'                                    # Oracle: q'[it is]'
  | \$\w{{0,16}}\$[^$]*+\$\w{{0,16}}\$                  # PostgreSQL: $$it's$$, $x$it's$x$
  | `[^`]*+`(?>(?:\s*\.\s*`[^`]*+`)*)                      # MySQL: names
  | \[[^\]\['"]{{1,128}}+\]                             # SQL Server: names
  | /\*m?!(?>\d{{5,6}}|\d{{1,4}}(?=[a-z_])|) | \*/      # run by MySQL in spite of looking so
  | /\*.*?\*/ | /\*.*+                                  # the last one never ends
  | (?:\#>>?|@[>?]|<@)(?=\s*')
  | 0x[0-9a-f]++ | 0b[01]++
  | \d++\.e(?![\w+-])
  | (?:\d++(?>(?:\.\d*+)?)|\.\d++)(?>(?:e[+-]?\d++|[fd](?=union|order|and|x?or))?)
  | @{{1,2}}[\w.$]*+(?>(?:`[^`]*+`|:=)?)
  | \bin\s++boolean\s++mode\b | \bmember\s++of(?=\s*+\()
  | \\n(?:(?!\w)|(?=(?:union|and|x?or|is|in|like|from|limit|order|into|procedure)\b))
  | [^\W\d][\w$]*+(?>(?:\.{{1,2}}(?:[^\W\d][\w$]*+|\*))*)
    (?>(?:\s*+(?>(?:(?:/\*(?!m?!)[^*]*+\*/|/\*m?!(?>(?:\d{{5,6}})?)|\*/)\s*+)*)\()?)
  | ::\s*(?:{_TYPES})\b | ::\s*(?:text|jsonb?|date)\b
  | \{{\s*[a-z_]\w*+(?=[\s'"(/]) | \|\|\|?+ | &&++ | [=<>!~^]++ | ->>? | \?[|&]
  | [-*/|&?:\\`]
"""


def _lexer(tokens: str) -> Callable[[str], list[str]]:
    # No token begins with a blank: to hold all of them against each blank took half of the time.
    pattern = rf"(?=\S)(?:{_WORD_BEFORE_WORD} | {tokens})"
    return re.compile(pattern, re.VERBOSE | re.DOTALL).findall


_MYSQL: Final = _lexer(
    r"""
    [nbxe]?+'[^'\\]*+(?>(?:(?:''|\\.)[^'\\]*+)*)(?:'|\\?\Z)
  | _\w++\s*+'[^'\\]*+(?>(?:(?:''|\\.)[^'\\]*+)*)(?:'|\\?\Z)
  | "[^"\\]*+(?>(?:(?:""|\\.)[^"\\]*+)*)(?:"|\\?\Z)
  | --(?=[\s+'"`-]|\Z)[^\n]*+\n? | \#(?!>>?\s*')[^\n]*+\n?
  | """
    + _COMMON
)
_STANDARD: Final = _lexer(
    r"""
    [nbxe]?+'[^']*+(?>(?:''[^']*+)*)(?:'|\Z)
  | "[^"]*+(?>(?:""[^"]*+)*)(?:"|\Z)
  | --[^\n]*+\n?
  | """
    + _COMMON
    + r"| \#"
)
_DIFFERS: Final = re.compile(r"""\\|--[^\s+'"`-]|#""").search

_SIGNS: Final = 2
"""Of a system variable's name, which is longer."""
_BLANK: Final = " "
"""The letter of what is none."""
_FIRST: Final = {
    **dict.fromkeys("0123456789.", "n"),
    **dict.fromkeys("'\"$", "s"),
    **dict.fromkeys("=<>!~^?", "C"),
    "[": "w", ":": ":", ")": ":", "{": _BLANK, "|": "P", "&": "A",
}  # fmt: skip
_SEVERAL_WORDS: Final = re.compile(r"\w\s").search
_EMPTY: Final = frozenset(("''", '""', "``"))
_CUT: Final = re.compile(
    r"""#[\s+'"`;#*/\\%,.()-]*+|(?:--|/\*)[\s+'"`;#*/\\%,.()-]*+\w?[\s+'"`;#*/\\%,.()-]*+"""
).fullmatch
_WHOLE: Final = (
    re.compile(r"[^'\"$`]*+(['\"`])(?>(?:(?!\1|\\).|\1\1|\\.)*)\1", re.DOTALL).fullmatch,
    re.compile(r"[^'\"$`]*+(['\"`])(?>(?:(?!\1).|\1\1)*)\1", re.DOTALL).fullmatch,
)
_NONE: Final = str.maketrans("", "", "()")


def _called(letter: str) -> str:
    """IN (, AND (, and the like are no calls: a SELECT may follow."""
    return "u" if letter in "wp" else f"{letter}("


class _Letters(dict[str, str]):
    """The letter of each token."""

    def __missing__(self, token: str) -> str:
        if token.isalpha():
            return "w"
        if token[-1] == "(" and token[:-1].isalpha():
            return "u"
        if token.endswith(".e"):  # MySQL reads over 1.e
            return _BLANK
        return _FIRST.get(token[0]) or _letter(token)


_LETTERS: Final = _Letters(
    {
        **LETTERS,
        **dict.fromkeys(("=", "<", ">", "<>", "!=", "<=", ">=", "==", "<=>"), "C"),
        **dict.fromkeys(("->", "->>", "#>", "#>>", "@>", "@?", "<@"), "C"),
        "=>": "?",
        **dict.fromkeys(("!", "~", "!!"), "N"),
        **dict.fromkeys(("/", "%", "^", "|", "&", "#"), "/"),
        **dict.fromkeys(("*/", "\\", "::text", "::json", "::jsonb", "::date"), _BLANK),
        **{f"{word}(": _called(letter) for word, letter in LETTERS.items()},
        **{f"{word}(": letter for word, letter in CALLS.items()},
        **{mark: mark for mark in "(),;?*"},
        "+": "O", "-": "O", "||": "P", "&&": "A", ":": "?", "`": "q", "\\n": "b",
    }
)  # fmt: skip


def tokenise(text: str, dialect: int) -> list[str]:
    """The tokens of `text`, in lower case, for MySQL (0) or the other databases (1)."""
    return (_STANDARD if dialect else _MYSQL)(text)


def differs(text: str) -> bool:
    """Whether dialects read `text` differently."""
    return _DIFFERS(text) is not None


def shape(tokens: list[str], dialect: int) -> str:
    """The letters of `tokens`."""
    if not tokens:
        return ""
    letters = "".join(map(_LETTERS.__getitem__, tokens))
    if letters[-1] == "s" or tokens[-1] == "#":
        letters = letters[:-1] + _last(tokens[-1], dialect)
    if letters[0] == "r" or (letters[0] == "s" and _SEVERAL_WORDS(tokens[0])):
        letters = "J" + letters[1:]
    return letters.replace(_BLANK, "").replace("(S", "Q").translate(_NONE)


def excerpt(tokens: list[str], start: int, end: int) -> str:
    """The tokens behind the letters from `start` to `end` of a shape."""
    kept = [token for token in tokens if _LETTERS[token] not in " ()"]
    return " ".join(kept[start:end])


def _letter(token: str) -> str:
    first = token[0]
    if first in "-#/":
        return _comment(token)
    if first == "@":
        return "g" if token.startswith("@@") and len(token) > _SIGNS else "v"
    if first == "`":
        return "d" if token.strip("`") in CATALOGUES else "r"
    if token[-1] == "(":
        return _call(token)
    if token[-1] in "'\"":
        return "s"
    if len(words := token.split()) > 1:  # IN BOOLEAN MODE
        return "L" if words[0] == "member" else _BLANK
    return _name(token)


def _name(token: str) -> str:
    last = token.rpartition(".")[2]
    if last.startswith(PROCEDURES) or token.startswith(PACKAGES):
        return "l"
    if last == token:
        return "4" if token in CALLS and token.startswith(OF_DATABASES) else "w"
    if token.partition(".")[0] in CATALOGUES or LETTERS.get(last) == "d":
        return "d"
    return "l" if token.startswith(SYSTEM) else "w"


def _call(token: str) -> str:
    """The letter of what stands before an opening parenthesis, with the parenthesis."""
    word = token[:-1].partition("/")[0].rstrip().rstrip("*").rstrip()
    if word.startswith(OF_DATABASES) and word not in CALLS:
        return "f"
    return CALLS.get(word) or _called(LETTERS.get(word) or _name(word))


def _comment(token: str) -> str:
    """Nothing, if SQL goes on after a comment."""
    if token.startswith("/*"):
        if token.startswith(("/*!", "/*m!")) or (len(token) > 3 and token.endswith("*/")):
            return _BLANK
    elif token[-1] == "\n":
        return _BLANK
    return "#" if _CUT(token) else "c"


def _last(token: str, dialect: int) -> str:
    if token.startswith("#"):
        return "/" if dialect else "#"
    if len(token) == 1:
        return "q"
    if token in _EMPTY:
        return "j"
    return "s" if token[0] == "$" or _WHOLE[dialect](token) else "z"
