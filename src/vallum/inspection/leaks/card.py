"""Payment card numbers (ISO/IEC 7812): issuer's range, length, grouping and check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.digits import luhn
from vallum.inspection.leaks.model import Form, Leak, Span, mask_but_last_four

_NUMBER: Final = re.compile(
    r"(?<![\w.+-])[3-6][0-9]{3}"
    r"(?:[0-9]{10,12}|([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}|([ -])[0-9]{6}\2[0-9]{4,5})"
    r"(?![\w-]|\.[0-9])"
)
_MASTERCARD_2: Final = re.compile(
    r"(?<![\w.+-])2[2-7][0-9]{2}(?:[0-9]{12}|([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4})(?![\w-]|\.[0-9])"
)
_ISSUERS: Final = re.compile(
    r"4[0-9]{15}|5[1-5][0-9]{14}"
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-59]|[689][0-9])[0-9]{11}"
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|62[0-9]{14}"
)
"""Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay."""
_COUNTED: Final = re.compile(
    r"(?:^|[_.-])(?:u?id|ids|guid|key|isbn|ean|gtin|upc|sku|imei|serial|barcode|tracking|timestamp|"
    r"ts|time|nanos|offset|cursor|sequence|seq|version|hash|checksum|etag|phone|tel)$|[a-z]ids?$"
)
"""Names of numbers that count something. One in ten of such numbers has a valid check digit."""


def _find(text: str, name: str) -> Iterator[Span]:
    """Card numbers in a text."""
    for pattern in (_NUMBER, _MASTERCARD_2):
        for match in pattern.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            is_grouped = len(digits) < len(match[0])
            if not is_grouped and name and _COUNTED.search(name):
                continue
            if _ISSUERS.fullmatch(digits) and len(set(digits)) > 1 and luhn(digits):
                yield match.span()


LEAK: Final = Leak(
    kind="card",
    forms=(
        Form(
            "card.number",
            "the number of a payment card, with a valid check digit",
            (
                r"\b[2-6][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{2,4}\b",
                r"\b3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}\b",
            ),
            _find,
        ),
    ),
    mask=mask_but_last_four,
)
