"""Style sheets that run script or load more style, in any browser that ever did."""

from __future__ import annotations

import re
from typing import Final

_COMMENT: Final = re.compile(r"/\*[^*]*+(?>(?:\*(?!/)[^*]*+)*)(?:\*/|\Z)")
_STRING_OR_COMMENT: Final = re.compile(rf"(\"[^\"\n]*+\"|'[^'\n]*+')|{_COMMENT.pattern}")
_ESCAPE: Final = re.compile(r"\\(?:([0-9a-f]{1,6})[ \t\n]?|(.))", re.IGNORECASE | re.DOTALL)
_BLANK: Final = re.compile(r"[\s\x00-\x20]+")
_RUNS: Final = re.compile(
    r"(?P<nine>expression\(|(?:java|vb|live)script:|url\([\"']?data:[^,]{0,40}(?:html|script))"
    r"|(?P<eight>-moz-binding:|\bbinding:url|behaviou?r:url|(?<![a-z])behaviou?r:)"
    r"|(?P<seven>@import[\"'u(])"
)
_ACTIVE: Final = re.compile(r"[(\\@]")
_BARE: Final = re.compile(
    r"(?:^|[;{])[a-z-]{1,40}:expression\(|-moz-binding:url\(|behaviou?r:url\("
    r"|:url\([\"']?(?:java|vb)script(?::|\Z)"
)
# The rest works on a text without blanks, in lower case. A URL of somebody else's:
_TO_HOST: Final = r"(?:url|src|image|image-set)\([\"']?(?:https?:)?[/\\]{2}"
# A rule that asks what a field holds, and tells a host.
_TELLS: Final = re.compile(
    # `option[value="de"]` has the flag of its country.
    r"(?:\[(?:value|nonce|content|data-[a-z-]{0,30}(?:token|csrf|nonce))[\^$*|~]"
    r"|(?:input|textarea|:has\()[^{}]{0,80}\[(?:value|nonce))=[^\]]{1,80}\]"
    r"[^{}]{0,200}\{[^{}]{0,200}" + _TO_HOST
)
# The end of a rule that this text has not begun, and a rule of its own.
_OUT_OF_RULE: Final = re.compile(
    r"[^{}<>]{0,80}\}(?:@import[\"'u(]|[^{}<>]{1,200}\{[^{}]{0,300}" + _TO_HOST + ")"
)
# A value, and a declaration of its own behind it.
_OUT_OF_VALUE: Final = re.compile(
    r"[^:;{}<>()]{0,40};(?:background|border-image|content|cursor|list-style|mask|src)[a-z-]{0,20}:"
    r"[^;{}()]{0,60}" + _TO_HOST
)
_FONT_OF_ONE: Final = re.compile(
    r"@font-face\{(?=[^}]{0,300}" + _TO_HOST + r")[^}]{0,300}unicode-range:u\+[0-9a-f]{1,6}[;}]"
)
_SCORES: Final = {"nine": 9, "eight": 8, "seven": 7}
LONGEST: Final = 2048
"""Characters of a style that are read."""


def danger_of(style: str) -> int:
    """The score of a style: 0 where it can only change how things look."""
    style = style[:LONGEST]
    if not _ACTIVE.search(style):
        return 0
    if "/*" not in style:
        return _danger_of(style)
    # Whether a quote before a comment opens a string depends on how the page goes on.
    aware = _STRING_OR_COMMENT.sub(lambda match: match[1] or "", style)
    return max(_danger_of(_COMMENT.sub("", style)), _danger_of(aware))


def is_injected(text: str) -> bool:
    """Whether `text` is itself declarations that run script, for pages that print it into some."""
    return _BARE.search(_BLANK.sub("", _COMMENT.sub("", text[:LONGEST])).lower()) is not None


def leak_in(text: str) -> int:
    """The score of a text that adds rules or declarations which tell a host of the page."""
    lower = text[:LONGEST].lower()
    if "(" not in lower and "@import" not in lower:
        return 0
    plain = _BLANK.sub("", _COMMENT.sub("", lower))
    if _TELLS.search(plain):
        return 7
    if _OUT_OF_RULE.match(plain) or _FONT_OF_ONE.search(plain):
        return 6
    return 5 if _OUT_OF_VALUE.match(plain) else 0


def _danger_of(style: str) -> int:
    if "\\" in style:
        style = _ESCAPE.sub(_escape, style)
    match = _RUNS.search(_BLANK.sub("", style).lower())
    return _SCORES[match.lastgroup] if match and match.lastgroup else 0


def _escape(match: re.Match[str]) -> str:
    if match[2]:
        return match[2]
    point = int(match[1], 16)
    return "\ufffd" if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF else chr(point)
