"""Private keys in the armours that tools write them in."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, first_and_rest, mask_all


def _form(rule: str, words: str, trigger: str, form: str) -> Form:
    return Form(f"private_key.{rule}", words, (trigger,), first_and_rest(re.compile(form)))


LEAK: Final = Leak(
    kind="private_key",
    forms=(
        _form(
            "pem",
            "a private key in PEM or OpenPGP armour",
            r"PRIVATE KEY(?: BLOCK)?-----",
            r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----",
        ),
        _form(
            "putty",
            "a private key of PuTTY",
            r"PuTTY-User-Key-File-[0-9]",
            r"PuTTY-User-Key-File-[0-9]: [a-z0-9-]{3,40}",
        ),
        _form("age", "a secret key of age", r"AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    ),
    mask=mask_all,
)
