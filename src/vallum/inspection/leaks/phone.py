"""Telephone numbers in international form (ITU-T E.164): a plus sign and 8 to 15 digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, Span, mask_but_last_four

_NUMBER: Final = re.compile(r"(?<![\w+.-])\+[1-9][0-9]{0,2}(?:[ -]?[0-9]){6,13}(?![\w-]|\.[0-9])")


def _find(text: str, name: str) -> Iterator[Span]:
    """Numbers in a text."""
    for match in _NUMBER.finditer(text):
        if 8 <= sum(char.isdecimal() for char in match[0]) <= 15:
            yield match.span()


LEAK: Final = Leak(
    kind="phone",
    forms=(
        Form(
            "phone.number",
            "a telephone number in international form",
            (r"\+[1-9][0-9]{0,2}(?:[ -]?[0-9]){6}",),
            _find,
        ),
    ),
    mask=mask_but_last_four,
)
