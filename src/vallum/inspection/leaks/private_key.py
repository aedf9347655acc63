"""Private keys in the armours that tools write them in, and in the forms of programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, Span, first_and_rest, mask_all

_DIGITS_58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_EXTENDED: Final = re.compile(rf"(?<!\w)[xyzt]prv[{_DIGITS_58}]{{107}}(?!\w)")
# The lengths are those of scalars of Ed25519, P-256, P-384, P-521, Ed448 and of RSA's numbers.
_JWK_D: Final = re.compile(r"[\w-]{43}|[\w-]{64}|[\w-]{76}|[\w-]{88}|[\w-]{342}|[\w-]{512}")
_JWK_PRIME: Final = re.compile(r"[\w-]{86}|[\w-]{171}|[\w-]{256}|[\w-]{342}")
_JWK_TEXT: Final = re.compile(r"\"(?:d|dp|dq|qi)\\?\"\s{0,4}:\s{0,4}\\?\"[\w-]{43,800}\\?\"")
# SECURITY: what looks like prose after it is believed only where no key comes soon.
_COMES: Final = (
    r"(?:(?=[\s\S]{0,400}?[A-Za-z0-9+/]{32})|(?!(?:[`'\")+.,;\s]|\\[nr]){0,12}"
    r"(?:\.\.|…|[<\[{*]|\$[{(]|x{3,40}\b|[a-z_]\w{0,20}[ ,.(;:)=]|-----END)))"
)
_DER: Final = (
    r"MII[BCEJ][A-Za-z0-9+/]{2}IBAAK(?:CA[QYg][A-Z]A|BgQ)[A-Za-z0-9+/]{20}"
    r"|MII[BCEJ][A-Za-z0-9+/]{2}IBADANBgkqhkiG9w0BAQEFAASC[A-Za-z0-9+/]{20}"
    r"|MHcCAQEEI[A-Za-z0-9+/]{40}|MIG[A-Za-z0-9+/]{3}EAMB[MA][A-Za-z0-9+/]{6}[A-Za-z0-9+/]{40}AgEBB"
    r"|MC4CAQAwBQYDK2V[wu]BCIEI[A-Za-z0-9+/]{40}"
)


def _form(rule: str, words: str, trigger: str, form: str) -> Form:
    return Form(f"private_key.{rule}", words, (trigger,), first_and_rest(re.compile(form)))


def _find_jwk(text: str, name: str) -> Iterator[Span]:
    by_name = _JWK_D if name == "d" else _JWK_PRIME if name in ("dp", "dq", "qi") else None
    if by_name is not None:
        if by_name.fullmatch(text) and re.search("[0-9]", text) and text != text.lower():
            yield 0, len(text)
    elif "kty" in text:
        for match in _JWK_TEXT.finditer(text):
            yield match.span()


def _find_extended(text: str, name: str) -> Iterator[Span]:
    for match in _EXTENDED.finditer(text):
        number = 0
        for char in match[0]:
            number = number * 58 + _DIGITS_58.index(char)
        key, check = divmod(number, 1 << 32)
        twice = sha256(sha256(key.to_bytes(78, "big")).digest()).digest()
        if twice[:4] == check.to_bytes(4, "big"):
            yield match.span()


LEAK: Final = Leak(
    kind="private_key",
    forms=(
        _form(
            "pem",
            "a private key in PEM, OpenPGP or SSH2 armour",
            r"PRIVATE KEY(?: BLOCK)?(?:-----| ----)",
            r"-----BEGIN (?:[A-Z0-9]{2,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            rf"{_COMES}|---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----",
        ),
        _form(
            "base64",
            "a private key in Base64: of its armour, or without one",
            # "PRIVATE KEY" in Base64 at each of the three places in which it may begin; the
            # beginnings of PKCS #1, PKCS #8 and SEC 1.
            r"UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW|IBAAKCA[QYg]|IBAAKBgQ"
            r"|IBADANBgkqhkiG9w0BAQEFAASC|MHcCAQEEI|EAMB[MA]GByqGSM49AgEG|MC4CAQAwBQYDK2V",
            rf"UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW|(?<![\w+/])(?:{_DER})",
        ),
        Form(
            "private_key.jwk",
            "a private JSON Web Key (RFC 7517)",
            (
                r"\"(?:d|dp|dq|qi)\\?\"\s*:\s*\\?\"[a-z0-9_-]{43}",
                r"(?:^|\n)(?:d|dp|dq|qi)\n[a-z0-9_-]{43}",
            ),
            _find_jwk,
        ),
        _form(
            "xml",
            "a private key of .NET in XML",
            r"<InverseQ>",
            r"<InverseQ>\s{0,8}[A-Za-z0-9+/]{16}",
        ),
        _form(
            "putty",
            "a private key of PuTTY",
            r"PuTTY-User-Key-File-[0-9]",
            r"PuTTY-User-Key-File-[0-9]: [a-z0-9-]{3,40}",
        ),
        _form("age", "a secret key of age", r"AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
        _form(
            "wireguard",
            "a private key of WireGuard",
            r"PrivateKey\s?=\s?[a-z0-9+/]{43}=",
            r"\bPrivateKey\s?=\s?[A-Za-z0-9+/]{43}=",
        ),
        Form(
            "private_key.wallet",
            "an extended private key of a wallet (BIP 32)",
            (r"\b[xyzt]prv[a-z0-9]{100}",),
            _find_extended,
        ),
        _form("nostr", "a private key of Nostr", r"\bnsec1[a-z0-9]{58}", r"\bnsec1[a-z0-9]{58}\b"),
    ),
    mask=mask_all,
)
