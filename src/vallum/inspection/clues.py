"""Marks where sentences have none: what most attacks cannot do without, whatever their family.

A trigger that is `Marked` is looked for only in texts with one of these. So each must be found fast
(few words, and none of two letters), and seldom in what people write: they put a quote before a
word or behind it, a parenthesis behind a blank, and have no use for most other marks.
"""

from __future__ import annotations

from typing import Final

_GAP: Final = r"[^\w'\"]*"

_CLAUSE: Final = (
    "between|sounds|union|except|intersect|minus|select|order|group|having|limit|procedure|into|"
    "where|case|collate|waitfor|notnull|isnull|similar"
)

CLUES: Final[tuple[str, ...]] = (
    # Marks that are rare by themselves.
    r"[<>|{}\\^`~=;#*\[\]&\r\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|--|[^:]//|!['a-z]",
    # Calls, and parentheses one after another.
    r"[\w./@$'\")+-]\(|(?:[\t\n\f\v]|\s\s)\(|[)'\"]\s+\(|[()]\s*!\s*\(|_\w*\s*[/(]",
    # Variables, options, addresses, questions in a path.
    r"\$(?:\s*['\"a-z$_@*!?#({]|\w*[a-z_])|%[^\s.,:;)]|^--?[a-z]|/[a-z?!/]*\?",
    r":/+\d|https?:\d|^//\d|:/+[^/\n]*@|p\s*t[\x00-\x20]*:",
    r"\([\s\"'(@]*[^\s,:\"'$?]*(?:['\"]\w|''|\"\"|\$|\?)|\(\s*[\"'(]?[~.a-z]{0,5}/",
    r"^[\d\s]*['\"]?\)|^['\"]\s|^\s*[\w.-]+(?::\d+)?/|['\"]\w*/",
    # One word of a program after another, with blanks; the first line of a request.
    r"\s\.\s*\w|\.(?:[ \t\f\x0b]\s|\n[ \t\f\x0b]|[\t\f\x0b])|http/\d|\s:[/fh]",
    # A formula; letters of UTF-7.
    r"(?:^|[,\t\"'])\s*[+@-][+@( \t-]*[a-z]+\s\(",
    r"[\x00-\x20]A[CDFGH][a-z0-9/]+-",
    # A word in a new line. Texts are scanned joined by three line feeds.
    r"[^\n]\n\n?[ \t\"'(!@+]*[a-z.]|\n\n\n\n[ \t\"'(!@+]*[a-z.]|\A\n[ \t\"'(!@+]*[a-z.]",
    r"[\"'][ \t)]*\n[^\n]|['\"][a-z]*['\"][a-z]",
    # A quote, and behind it what a word of SQL may begin with; another one behind such a word.
    rf"['\"]{_GAP}(?:[oi][rns]|and|xor|not|div|mod|r?like|glob|regexp|match|{_CLAUSE})(?:[^a-z]|$|true|false)",
    rf"['\"][^'\"]*(?:[no][dr]|not|ary){_GAP}['\"]",
    # A quote, an operator, and one more mark; or a call in the open after it.
    r"['\"][\s)]*[-+/%!,][^\w'\"]*[\w.]*[\s()]*['\"/+-]",
    r"[\"'][\s)]*[-+/%?:,\n)][^\"']*\w\s+\(",
    # Conditions without a mark.
    rf"\b(?:r?like|between|regexp)\b(?:\W+not\b)?{_GAP}['\"\d@]",
    r"\bis\W+(?:not\W+)?['\"\d@]|\bin[\s+]*\(",
    r"\W(?:null|true|false)|(?:[(,/+-]|\b(?:and|or))[\s(]*select",
    r"select(?:[^\n]|\n\n?[^\n])*[(@,'\"\d-]|select\W+(?:pg|lo)_|select\W*\n\n\n",
    r"[dr][^\w'\"]+\w+\s+\(",
    r"\d[\s)]*(?:order|group)\s+by\W+[\d('\"]|\d[\s)]*(?:having|limit|where)\b",
    # What every script that is a proof shows.
    r"\b(?:alert|confirm|prompt|eval)",
)
"""Patterns, as detectors have them."""
