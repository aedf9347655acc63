"""Passwords where programs write them down: URLs, connection strings, headers, hashes."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Final

from vallum.inspection.leaks.model import Form, Span

PLACEHOLDER: Final = re.compile(
    r"(?i)example|sample|placeholder|change_?me|redacted|your|x{5}|\*{3}|<|\$\{|\{\{|%[sd]"
    r"|^[a-z_]{0,20}(?:pass(?:word|wd|phrase)?|pwd?)$|^\{[\w.-]{1,40}\}$|^\$\w{1,40}$"
    r"|^my[_-]|^(?:none|null|nil|true|false|undefined|string|tiger)$"
    r"|([0-9A-Za-z])\1{6}"
)
"""What documentation writes in place of a secret."""
_WEAK: Final = re.compile(r"(?i)secret|root|admin|test|guest|postgres|dev|hunter2")
_HERE: Final = re.compile(r"(?i)localhost|127\.0\.0\.1|0\.0\.0\.0|host(?:name)?|server")
_NOWHERE: Final = re.compile(r"(?i)(?:[\w-]{1,63}\.){0,8}example\.(?:com|net|org)")
_IN_STANDARDS: Final = frozenset({b"Aladdin", b"aladdin", b"s6BhdRkqt3", b"Mufasa"})
"""Users in the examples of RFC 7617, 6749 and 7616."""

# From the scheme's mark on: what stands before it is no secret.
_URL: Final = re.compile(
    r"://(?P<user>[^\s/@:\"'<>]{0,64}):(?P<word>[^\s/@\"'<>]{3,128})@(?P<host>[\w.-]{0,100})"
)
_PAIR: Final = re.compile(
    r"(?i)(?P<mark>[?&_]?)(?<![a-z])(?:password|pwd)=\"?(?P<word>[^\s;&\"',()]{4,128})"
    r"|\bjdbc:oracle:\w{1,10}:\w{1,64}/(?P<oracle>[^\s/@\"'<>]{3,128})@"
)
_BESIDE: Final = re.compile(
    r"(?i)(?:\b|_)(?:server|data ?source|host|user ?id|uid|username|user|initial catalog|database"
    r"|dbname|driver|sslmode|ssl|abortconnect|encrypt)\s?=|\bjdbc:[a-z]"
)
"""What stands beside the password in a connection string."""
_NEXT: Final = re.compile(r"\"?[;,]\S|;$")
_CODE: Final = re.compile(r"[A-Za-z_]\w{0,40}(?:[\[(]|\.[A-Za-z_.]{1,60}$)")
"""What a program puts there when it runs."""
_REACH: Final = 200
"""Characters before and behind a password that are its connection string, if any is."""
_NETRC: Final = re.compile(
    r"\bmachine\s{1,8}(?P<host>[\w-]{1,60}\.[\w.-]{1,100})\s{1,8}login\s{1,8}\S{1,100}"
    r"\s{1,8}password\s{1,8}(?P<word>\S{4,200})"
)
_BASIC: Final = re.compile(
    r"(?i)Authorization[\"']?\s{0,3}[:=]?\s{0,3}[\"']?Basic (?P<code>[a-z0-9+/]{8,400}={0,2})"
)
_HASHES: Final = re.compile(
    r"\$(?:wp\$)?2[abxy]?\$[0-9]{2}\$[./A-Za-z0-9]{53}"
    r"|\$argon2(?:id|i|d)\$v=[0-9]{1,3}\$[\w=,]{3,60}\$[A-Za-z0-9+/]{8,100}\$[A-Za-z0-9+/]{16,200}"
    r"|\$[56]\$(?:rounds=[0-9]{1,9}\$)?[./\w]{1,16}\$[./A-Za-z0-9]{43,86}"
    r"|\$(?:1|apr1)\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}"
    r"|\$[89]\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}"
    r"|\$[PH]\$[./A-Za-z0-9]{31}|\$S\$[./A-Za-z0-9]{52}"
    r"|\$sha1\$[0-9]{1,9}\$[./A-Za-z0-9]{1,64}\$[./A-Za-z0-9]{28}"
    r"|\$scrypt\$ln=[0-9]{1,2}[\w=,$+/]{20,250}|\$y\$j[./A-Za-z0-9$]{40,150}"
    r"|\$pbkdf2(?:-sha(?:1|256|512))?\$[0-9]{2,9}\$[\w+/.=]{1,90}\$[A-Za-z0-9+/.=]{20,120}"
    r"|\bpbkdf2_sha(?:1|256|512)\$[0-9]{2,9}\$[\w+/=]{1,64}\$[A-Za-z0-9+/=]{20,120}"
    r"|\bpbkdf2:sha(?:1|256|512):[0-9]{2,9}\$\w{1,64}\$[0-9a-f]{40,128}"
    r"|\bscrypt:[0-9]{2,9}:[0-9]{1,3}:[0-9]{1,3}\$\w{1,64}\$[0-9a-f]{64,128}"
    r"|\bscrypt\$[0-9]{2,9}\$[\w+/=]{1,64}\$[0-9]{1,3}\$[0-9]{1,3}\$[A-Za-z0-9+/=]{40,120}"
    r"|\b(?:md5|sha1)\$\w{1,64}\$[0-9a-f]{32,40}\b"
    r"|\{(?:SMD5|S?SHA(?:256|384|512)?|MD5|PBKDF2[\w-]{0,10})\}[A-Za-z0-9+/=$.]{22,200}"
    r"|\bSCRAM-SHA-(?:1|256)\$[0-9]{2,9}:[A-Za-z0-9+/=]{8,60}\$[A-Za-z0-9+/=]{20,60}:"
    r"|\bAQAAAA[EI]AA(?:CcQ|Yag)[A-Za-z0-9+/]{60,74}"
    r"|\b[0-9a-f]{32}:[0-9a-f]{32}:::|\$A\$[0-9]{3}\$[^\s\"']{40,90}"
    r"|\$krb5(?:tgs|asrep|pa)\$[0-9]{1,3}\$[^\s\"']{20,400}"
)
"""Of crypt(3), PHC, Django, Werkzeug, LDAP, PostgreSQL, ASP.NET, WordPress, Drupal, Windows."""


def _is_known(user: str, word: str, host: str) -> bool:
    """Whether it is what documentation shows, or what every such server has when it is new."""
    if PLACEHOLDER.search(word) or user == "anonymous" or _NOWHERE.fullmatch(host):
        return True
    is_here = _HERE.fullmatch(host) is not None
    return (is_here and _WEAK.fullmatch(word) is not None) or (
        user == word and (is_here or "." not in host)
    )


def _find_url(text: str, name: str) -> Iterator[Span]:
    for match in _URL.finditer(text):
        if not _is_known(match["user"], match["word"], match["host"]):
            yield match.start(), match.end("word") + 1


def _is_string(text: str, match: re.Match[str], around: str) -> bool:
    is_listed = text[match.start() - 1 : match.start()] in (";", ",") or bool(
        _NEXT.match(text, match.end())
    )
    if match["oracle"]:
        return True
    if match["mark"] and match["word"].islower() and match["word"].isalpha():
        return False  # A variable of the environment, as manuals set it.
    # One word beside it may be prose, unless the password stands in a list.
    beside = _BESIDE.finditer(around)
    return next(beside, None) is not None and (is_listed or next(beside, None) is not None)


def _find_pair(text: str, name: str) -> Iterator[Span]:
    for match in _PAIR.finditer(text):
        word = match["word"] or match["oracle"]
        around = text[max(0, match.start() - _REACH) : match.end() + _REACH]
        # What is sent to sign in, as manuals show it, looks the same but for its beginning.
        is_sent = match["mark"] in ("?", "&")
        is_string = "jdbc:" in around if is_sent else _is_string(text, match, around)
        if is_string and not PLACEHOLDER.search(word) and not _CODE.match(word):
            yield match.span()


def _find_netrc(text: str, name: str) -> Iterator[Span]:
    for match in _NETRC.finditer(text):
        if not PLACEHOLDER.search(match["word"]) and not _NOWHERE.fullmatch(match["host"]):
            yield match.span("word")


def _find_basic(text: str, name: str) -> Iterator[Span]:
    # The name stands before the text, as it did in the answer.
    shift = len(name) + 1
    for match in _BASIC.finditer(f"{name}\n{text}"):
        code = match["code"].rstrip("=")
        # Of a length that no bytes have, the last character says nothing.
        code = code[:-1] if len(code) % 4 == 1 else code
        user, mark, word = b64decode(code + "=" * (-len(code) % 4)).partition(b":")
        is_pair = (
            mark
            and match.start("code") >= shift
            and len(word) >= 3
            and word != user
            and user.isascii()
            and user not in _IN_STANDARDS
        )
        if is_pair and not PLACEHOLDER.search(word.decode("latin-1")):
            yield match.start("code") - shift, match.end("code") - shift


def _find_hash(text: str, name: str) -> Iterator[Span]:
    return (match.span() for match in _HASHES.finditer(text))


FORMS: Final = (
    Form(
        "secret.password-hash",
        "the hash of a password",
        (
            r"\$2[abxy]?\$[0-9]{2}\$|\$argon2|\$[15689]\$[a-z0-9./=]|\$scrypt\$|\$y\$j|\$apr1\$",
            r"\$[phs]\$[a-z0-9./]{31}|\$sha1\$[0-9]|\$a\$[0-9]{3}\$|\$pbkdf2|\$krb5",
            r"pbkdf2[_:]sha|\bscrypt[:$][0-9]|\b(?:md5|sha1)\$[a-z0-9]|\bSCRAM-SHA-[0-9]{1,3}\$",
            r"\{(?:SMD5|S?SHA(?:256|384|512)?|MD5|PBKDF2[a-z0-9-]{0,10})\}[a-z0-9+/]{8}",
            r"\bAQAAAA[EI]AA(?:CcQ|Yag)|[0-9a-f]{8}:[0-9a-f]{32}:::",
        ),
        _find_hash,
    ),
    Form(
        "secret.url-password",
        "a URL with a password",
        (r"://[^\s/@\"'<>]*:[^\s/@\"'<>]+@",),
        _find_url,
    ),
    Form(
        "secret.connection",
        "a connection string with a password",
        (r"(?:password|pwd)=[^\s;&]", r"\bjdbc:oracle:[a-z0-9]+:[a-z0-9_]+/"),
        _find_pair,
    ),
    Form(
        "secret.netrc",
        "a password in a .netrc file",
        (r"\bmachine\s+[a-z0-9.-]+\s+login\s",),
        _find_netrc,
    ),
    Form(
        "secret.basic",
        "a password in a header field",
        (r"Authorization[\"'\\]*\s*[:=]?\s*[\"'\\]*Basic [a-z0-9+/]{8}",),
        _find_basic,
    ),
)
