"""Addresses and paths of the inside."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, each, mask_all

_BYTE: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NETWORKS: Final = rf"(?:10\.{_BYTE}|127\.{_BYTE}|192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01]))"
_DOMAINS: Final = "internal|local|localdomain|intranet|corp|lan|cluster\\.local|svc|consul"
_FOLDERS: Final = (
    "home|root|Users|var/(?:www|lib|task|log|run)|usr/(?:src|local|lib|share)|opt|srv|etc|tmp|app"
    "|run|mnt|data/volumes"
)
_WINDOWS: Final = r"users|windows|program files|programdata|projects|src|apps|sites|websites|dev"


def _form(rule: str, words: str, triggers: tuple[str, ...], form: str) -> Form:
    return Form(f"internal.{rule}", words, triggers, each(re.compile(form)))


LEAK: Final = Leak(
    kind="internal",
    forms=(
        _form(
            "address",
            "an address of a private network (RFC 1918, loopback, link-local)",
            (
                r"\b(?:10|127|192\.168|169\.254|172\.(?:1[6-9]|2[0-9]|3[01]))\.[0-9]+\.[0-9]",
                r"\blocalhost:[0-9]|\bf[cd][0-9a-f]{2}:[0-9a-f]{1,4}:",
            ),
            rf"(?<![\w.]){_NETWORKS}\.{_BYTE}\.{_BYTE}(?::[0-9]{{2,5}})?(?!\w|\.\d)"
            r"|\blocalhost:[0-9]{2,5}\b|(?<![\w:])f[cd][0-9a-f]{2}:[0-9a-f]{1,4}:[0-9a-f:]{1,30}",
        ),
        _form(
            "host",
            "a host name of a private network",
            (rf"\.(?:{_DOMAINS})\b",),
            rf"(?<![\w.-])(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_DOMAINS})(?::[0-9]{{2,5}})?(?![\w.-])",
        ),
        _form(
            "path",
            "a path on a server's disk",
            (
                rf"/(?:{_FOLDERS})/",
                rf"[a-z]:\\(?:{_WINDOWS})\\",
                r"[\\/]inetpub\b",
                r"\\\\[a-z0-9-]+\\[a-z0-9$_-]+\\",
            ),
            rf"(?<![\w./:])/(?:{_FOLDERS})/[\w.@+-]{{1,100}}(?:/[\w.@+-]{{1,100}}){{0,20}}"
            rf"|(?<!\w)(?i:[a-z]:\\(?:{_WINDOWS}))\\[^\s\"'<>|]{{1,200}}|(?i:[\\/]inetpub\b)"
            r"|(?<![\\\w])\\\\[A-Za-z][\w-]{2,62}\\[\w$-]{2,80}\\[\w.-]",
        ),
        _form(
            "passwd",
            "lines of a Unix password file",
            (r":[x*!]?:[0-9]+:[0-9]+:",),
            r"(?m)^[a-z_][\w-]{0,31}:[x*!]?:[0-9]{1,6}:[0-9]{1,6}:[^:\n]{0,100}:/",
        ),
    ),
    mask=mask_all,
)
