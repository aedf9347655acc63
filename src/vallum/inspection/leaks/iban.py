"""Bank account numbers (ISO 13616): country, length and check digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.digits import mod_97
from vallum.inspection.leaks.model import Form, Leak, Span, mask_but_last_four

_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
_NUMBER: Final = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})[0-9]{2}(?: ?[A-Z0-9]){11,29}")


def _find(text: str, name: str) -> Iterator[Span]:
    """Account numbers in a text."""
    for match in _NUMBER.finditer(text):
        length = _LENGTHS.get(match[1])
        if length is None:
            continue
        end, taken = match.start(), 0
        while taken < length and end < match.end():
            taken += text[end] != " "
            end += 1
        # Not a part of a longer word; behind the last group more text may follow.
        if taken < length or text[end : end + 1].isalnum():
            continue
        number = text[match.start() : end].replace(" ", "")
        if mod_97(number[4:] + number[:4]) == 1:
            yield match.start(), end


LEAK: Final = Leak(
    kind="iban",
    forms=(
        Form(
            "iban.number",
            "an international bank account number, with valid check digits",
            (r"\b[a-z]{2}[0-9]{2} ?[a-z0-9]{4} ?[a-z0-9]{4} ?[a-z0-9]{3}",),
            _find,
        ),
    ),
    mask=mask_but_last_four,
)
