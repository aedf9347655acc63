"""Tokens that some APIs hand out on purpose: JWTs, keys for browsers, assignments of secrets."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.model import Find, Form, Leak, Span, mask_all

_JWT: Final = re.compile(r"(?<![\w.-])eyJ[\w-]{10,2000}\.eyJ[\w-]{5,8000}\.[\w-]{0,1400}(?![\w-])")
_GOOGLE: Final = re.compile(r"(?<![\w-])(?:AIza[\w-]{35}|ya29\.[\w-]{20,500})(?![\w-])")
_NAMES: Final = r"password|passwd|secret(?:[_-]?key(?:_base)?)?|(?:api|private)[_-]?key"
_ASSIGNED: Final = re.compile(
    rf"(?i)(?:(?:{_NAMES}|pwd|token|access[_-]?key)[\"']?\s{{0,4}}(?:=>|=)"
    rf"|(?:{_NAMES})[\"']?\s{{0,4}}[:\n])"
    r"\s{0,4}[\"']?([\w+/=.~!@#%^&*-]{16,200})(?![\w(\[])"
)
_BEARER: Final = re.compile(
    r"(?i)Authorization[\"']?\s{0,4}[:=]?\s{0,4}[\"']?(?:Bearer|Token) ([\w+/=.~-]{16,2000})"
)
_HANDED_OUT: Final = re.compile(r"token|jwt|assertion|credential|ticket")
"""Names of properties that hold a token because a token was asked for."""
_RANDOM: Final = 3.7
"""Bits for each character, of which sixteen random letters and digits have more."""


def _token(pattern: re.Pattern[str]) -> Find:
    def find(text: str, name: str) -> Iterator[Span]:
        if not _HANDED_OUT.search(name):
            for match in pattern.finditer(text):
                yield match.span()

    return find


def _given(pattern: re.Pattern[str]) -> Find:
    def find(text: str, name: str) -> Iterator[Span]:
        # The name stands before the text, as it did in the answer.
        shift = len(name) + 1
        for match in pattern.finditer(f"{name}\n{text}"):
            if match.start(1) >= shift and _is_random(match[1]):
                yield match.start(1) - shift, match.end(1) - shift

    return find


def _is_random(text: str) -> bool:
    kinds = (str.isdecimal, str.islower, str.isupper)
    if sum(any(kind(char) for char in text) for kind in kinds) < 2 or not re.search(r"\d", text):
        return False
    size = len(text)
    entropy = -sum(n / size * math.log2(n / size) for n in Counter(text).values())
    return entropy >= _RANDOM


LEAK: Final = Leak(
    kind="token",
    forms=(
        Form("token.jwt", "a JSON Web Token (RFC 7519)", (r"eyJ[a-z0-9_-]+\.eyJ",), _token(_JWT)),
        Form(
            "token.google",
            "an API key or access token of Google",
            (r"AIza[a-z0-9_-]{12}", r"\bya29\.[a-z0-9_-]{8}"),
            _token(_GOOGLE),
        ),
        Form(
            "token.assigned",
            "a text or member that gives a name such as `secret` a random value",
            (
                r"(?:passw(?:or)?d|pwd|secret|token|key)[\"']?\s*=",
                rf"(?:{_NAMES})[\"']?\s*[:\n]\s*[\"']?[^\s\"']{{16}}",
            ),
            _given(_ASSIGNED),
        ),
        Form(
            "token.bearer",
            "a header field with a token",
            (r"Authorization[\"'\\]*\s*[:=]?\s*[\"'\\]*(?:Bearer|Token) [a-z0-9+/=._~-]{16}",),
            _given(_BEARER),
        ),
    ),
    mask=mask_all,
)
