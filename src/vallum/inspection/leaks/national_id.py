"""Numbers of persons: those with check digits, or a form that hardly anything else has.

Numbers that are digits only look like any other: they count where a name or a word beside them
says what they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from vallum.inspection.leaks.digits import mod_11_10, weighted
from vallum.inspection.leaks.model import Form, Leak, Span, mask_all

_NINO_NOT: Final = frozenset({"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"})
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_MARKS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CF_ODD_VALUES: Final = (
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21),
    *(1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
)
_CF_ODD: Final = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", _CF_ODD_VALUES, strict=True))
_PESEL_WEIGHTS: Final = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
_BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def _ssn(text: str) -> bool:
    # SSA, POMS RM 10201.035: areas 000, 666 and 900 to 999 are never given out.
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _ssn_digits(text: str) -> bool:
    return _ssn(f"{text[:3]}-{text[3:5]}-{text[5:]}")


def _nino(text: str) -> bool:
    return text[:2] not in _NINO_NOT


def _nir(text: str) -> bool:
    number = text.replace(" ", "")
    digits = number[:13].replace("2A", "19").replace("2B", "18")
    return digits.isdecimal() and 97 - int(digits) % 97 == int(number[13:])


def _tax(text: str) -> bool:
    digits = text.replace(" ", "")
    counts = Counter(digits[:10]).values()
    # Of the first ten digits one occurs twice or three times, and no other does.
    return sorted(counts)[-1] in (2, 3) and sorted(counts)[-2] == 1 and mod_11_10(digits)


def _dni(text: str) -> bool:
    number = text.replace("-", "")
    digits = number[:-1].translate({ord("X"): "0", ord("Y"): "1", ord("Z"): "2"})
    return _DNI_LETTERS[int(digits) % 23] == number[-1]


def _codice(text: str) -> bool:
    total = sum(
        int(char, 36) - (0 if char.isdecimal() else 10) if place % 2 else _CF_ODD[char]
        for place, char in enumerate(text[:15])
    )
    return chr(ord("A") + total % 26) == text[15]


def _bsn(text: str) -> bool:
    return weighted(text, _BSN_WEIGHTS) % 11 == 0 and len(set(text)) > 2


def _pesel(text: str) -> bool:
    month, day = int(text[2:4]) % 20, int(text[4:6])
    return 1 <= month <= 12 and 1 <= day <= 31 and weighted(text, _PESEL_WEIGHTS) % 10 == 0


def _hetu(text: str) -> bool:
    return _HETU_MARKS[int(text[:6] + text[7:10]) % 31] == text[10]


def _cpf(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    for length in (9, 10):
        check = weighted(digits[:length], tuple(range(length + 1, 1, -1))) * 10 % 11 % 10
        if check != int(digits[length]):
            return False
    return len(set(digits)) > 1


def _form(
    rule: str,
    words: str,
    triggers: tuple[str, ...],
    form: str,
    is_valid: Callable[[str], bool],
    hint: str = "",
) -> Form:
    pattern = re.compile(rf"(?<![\w.+-])(?:{form})(?![\w-]|\.[0-9])")
    said = re.compile(hint, re.IGNORECASE)

    def find(text: str, name: str) -> Iterator[Span]:
        if hint and not said.search(name) and not said.search(text):
            return
        for match in pattern.finditer(text):
            if is_valid(match[0]):
                yield match.span()

    return Form(f"national_id.{rule}", words, (hint,) if hint else triggers, find)


LEAK: Final = Leak(
    kind="national_id",
    forms=(
        _form(
            "us-ssn",
            "a United States social security number",
            (r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b",),
            r"[0-9]{3}-[0-9]{2}-[0-9]{4}",
            _ssn,
        ),
        _form(
            "us-ssn",
            "a United States social security number",
            (),
            r"[0-9]{9}",
            _ssn_digits,
            hint=r"(?:^|[^a-z])ssn(?:$|[^a-z])|social.?security.?n",
        ),
        _form(
            "uk-nino",
            "a British national insurance number",
            (r"\b[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]\b",),
            r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]",
            _nino,
        ),
        _form(
            "fr-nir",
            "a French social security number, with a valid key",
            (r"\b[12] ?[0-9]{2} ?[0-9]{2} ?[0-9][0-9ab] ?[0-9]{3} ?[0-9]{3} ?[0-9]{2}\b",),
            r"[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3}"
            r" ?[0-9]{2}",
            _nir,
        ),
        _form(
            "de-tax",
            "a German tax identification number, with a valid check digit",
            (),
            r"[1-9][0-9] ?[0-9]{3} ?[0-9]{3} ?[0-9]{3}",
            _tax,
            hint=r"steuer|tax.?(?:id|no|num)|idnr",
        ),
        _form(
            "es-dni",
            "a Spanish identity number, with a valid letter",
            (r"\b[0-9xyz][0-9]{7}-?[a-z]\b",),
            r"(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]",
            _dni,
        ),
        _form(
            "it-cf",
            "an Italian tax code, with a valid check letter",
            (r"[a-z][0-9]{2}[a-ehlmprst][0-9]{2}[a-z][0-9]{3}[a-z]\b",),
            r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]",
            _codice,
        ),
        _form(
            "nl-bsn",
            "a Dutch citizen number, with a valid check digit",
            (),
            r"[0-9]{9}",
            _bsn,
            hint=r"bsn|burgerservice|sofi.?num",
        ),
        _form(
            "pl-pesel",
            "a Polish citizen number, with a valid check digit",
            (),
            r"[0-9]{11}",
            _pesel,
            hint=r"pesel",
        ),
        _form(
            "fi-hetu",
            "a Finnish personal code, with a valid check mark",
            (r"\b[0-9]{6}[+a-fu-y-][0-9]{3}[0-9a-y]\b",),
            r"[0-3][0-9][01][0-9]{3}[+A-FU-Y-][0-9]{3}[0-9A-FHJ-NPR-Y]",
            _hetu,
        ),
        _form(
            "br-cpf",
            "a Brazilian taxpayer number, with valid check digits",
            (r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b",),
            r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}",
            _cpf,
        ),
        _form(
            "br-cpf",
            "a Brazilian taxpayer number, with valid check digits",
            (),
            r"[0-9]{11}",
            _cpf,
            hint=r"(?:^|[^a-z])cpf(?:$|[^a-z])",
        ),
    ),
    mask=mask_all,
)
