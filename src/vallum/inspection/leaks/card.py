"""Payment card numbers (ISO/IEC 7812): issuer's range, length, grouping and check digit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.digits import luhn
from vallum.inspection.leaks.model import Form, Leak, Span, mask_but_last_four

_NUMBER: Final = re.compile(
    r"(?<![\w.+-])[2-69][0-9]{3}"
    r"(?:[0-9]{10,12}(?:[0-9]{3})?|([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    r"|([ -])[0-9]{6}\2[0-9]{4,5})(?![\w-]|\.[0-9])"
)
_ISSUERS: Final = re.compile(
    r"4[0-9]{15}|5[1-5][0-9]{14}"
    r"|2(?:22[1-9]|2[3-9][0-9]|[3-6][0-9]{2}|7[01][0-9]|720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-59]|[689][0-9])[0-9]{11}"
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}|62[0-9]{14}"
    r"|220[0-4][0-9]{12}|(?:50(?:18|19|20|38)|5893|6304|6759|676[1-3])[0-9]{12}"
    r"|(?:506(?:099|1[0-9]{2}|699|7[0-9]{2})|509[0-9]{3}|504175|50(?:8[5-9][0-9]{2}|7[89][0-9]{2}))"
    r"[0-9]{10}"
    r"|(?:606(?:282|98[5-9]|99[0-9])|607[0-9]{3}|608[0-4][0-9]{2}|6362(?:97|68))[0-9]{10}"
    r"|9792[0-9]{12}"
)
"""Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay; Mir; Maestro and
Dankort; Verve, Elo, RuPay; Hipercard; Troy."""
_LONG: Final = re.compile(r"(?:4|62)[0-9]{17,18}")
"""Visa and UnionPay with 19 digits. Many counters have as many, so the groups or the name tell."""
_CALLED: Final = re.compile(r"card|(?:^|[_.-])(?:pan|cc)(?:$|[_.-])")
_COUNTED: Final = re.compile(
    r"(?:^|[_.-])(?:u?id|ids|guid|key|isbn|ean|gtin|upc|sku|imei|serial|barcode|tracking|timestamp|"
    r"ts|time|nanos|offset|cursor|sequence|seq|version|hash|checksum|etag|phone|tel|"
    r"amounts?|balance|total|wei|nonce)$|[a-z]ids?$"
    r"|(?:order|invoice|tracking|parcel|shipment|ticket|serial|part|reference|confirmation)"
    r"_?(?:numbers?|nos?|nr|code)$"
)
"""Names of numbers that count something. One in ten of such numbers has a valid check digit."""


def _find(text: str, name: str) -> Iterator[Span]:
    """Card numbers in a text."""
    for match in _NUMBER.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        is_grouped = len(digits) < len(match[0])
        if not is_grouped and name and _COUNTED.search(name):
            continue
        is_long = is_grouped or _CALLED.search(name) is not None
        is_issued = _ISSUERS.fullmatch(digits) or (is_long and _LONG.fullmatch(digits))
        if is_issued and len(set(digits)) > 1 and luhn(digits):
            yield match.span()


LEAK: Final = Leak(
    kind="card",
    forms=(
        Form(
            "card.number",
            "the number of a payment card, with a valid check digit",
            (
                r"\b[2-69][0-9]{3}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{2,4}(?:[ -]?[0-9]{3})?\b",
                r"\b3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}\b",
            ),
            _find,
        ),
    ),
    mask=mask_but_last_four,
)
