"""The small languages of the policy file: sizes, times, limits, addresses, origins, URLs.

Each function takes text and returns a value or raises `Bad` with what to write instead.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from vallum.config.diagnostics import suggest
from vallum.core.words import nearest
from vallum.filters.limit import Limit, LimitKey
from vallum.wire.authority import is_this_machine

_SIZE = re.compile(r"([0-9]{1,15}) ?(B|KiB|MiB|GiB|kB|KB|MB|GB)?")
_SIZE_UNITS = {
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?(ms|s|m|h|d|w)")
_DURATION_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}
_LIMIT_KEYS: tuple[LimitKey, ...] = ("principal", "key", "address", "operation")
_RATE = re.compile(r"([0-9]{1,9}) ?/ ?(\S+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_HOST = re.compile(
    r"(?:\[[0-9a-fA-F:.]{2,45}\]|[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,251}[a-zA-Z0-9])?\.?)(?::[0-9]{1,5})?"
)
_ORIGIN = re.compile(
    r"https?://(?:\*\.)?(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::[0-9]{1,5})?"
)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")

LIMIT_EXAMPLE = "`60/minute per principal`, and after it `burst 20`, `cost 5`, `group search`"


class Bad(Exception):  # noqa: N818  (caught where the value's place is known)
    """A value that cannot be used, with its code and how to mend it."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def size(text: str | int) -> int:
    """Bytes; `256KiB`, `1MiB` or a number of bytes."""
    match = _SIZE.fullmatch(str(text))
    if match is None:
        raise Bad("bad-size", f"`{text}` is no size", "write bytes, or a size such as `256KiB`")
    return int(match[1]) * _SIZE_UNITS[match[2] or "B"]


def duration(text: str | int) -> float:
    """Seconds; `10s`, `500ms`, `5m`, `1h`, `30d`."""
    match = _DURATION.fullmatch(str(text))
    if match is None:
        example = f"write `{text}s`" if str(text).isdecimal() else "write a time such as `10s`"
        raise Bad(
            "bad-duration", f"`{text}` is no time", f"{example}; units are ms, s, m, h, d and w"
        )
    return float(match[1]) * _DURATION_UNITS[match[2]]


def period(text: str) -> float:
    """Seconds; `minute`, or a time such as `10s`."""
    if text in _PERIODS:
        return _PERIODS[text]
    match = _DURATION.fullmatch(text)
    if match is None:
        close = "minute" if text.startswith("min") else nearest(text, _PERIODS)
        raise Bad(
            "bad-limit",
            f"`{text}` is no period",
            f"did you mean `{close}`?" if close else "write second, minute, hour, day or a time",
        )
    return float(match[1]) * _DURATION_UNITS[match[2]]


def rate(text: str) -> tuple[int, float]:
    """Units and seconds of `60/minute`."""
    match = _RATE.fullmatch(text)
    if match is None:
        raise Bad("bad-limit", f"`{text}` is no rate", f"write {LIMIT_EXAMPLE}")
    units, seconds = int(match[1]), period(match[2])
    if units == 0 or seconds == 0:
        raise Bad(
            "bad-limit",
            f"`{text}` would refuse everything",
            "write at least 1, or `none` to switch the limit off",
        )
    return units, seconds


def limit(text: str) -> Limit:
    """`60/minute per principal burst 20 cost 5 group search`."""
    words = text.split()
    if not words:
        raise Bad("bad-limit", "the limit is empty", f"write {LIMIT_EXAMPLE}")
    units, seconds = rate(words[0])
    clauses: dict[str, str] = {}
    rest = words[1:]
    for name, value in zip(rest[::2], [*rest[1::2], ""], strict=False):
        if name not in {"per", "burst", "cost", "group"}:
            hint = suggest(name, ("per", "burst", "cost", "group"), what="clause")
            raise Bad("bad-limit", f"`{name}` is no part of a limit", hint)
        if name in clauses or not value:
            problem = "stands twice" if name in clauses else "has no value"
            raise Bad("bad-limit", f"`{name}` {problem}", f"write {LIMIT_EXAMPLE}")
        clauses[name] = value
    return make_limit(
        units,
        seconds,
        per=clauses.get("per", "principal"),
        burst=_count(clauses, "burst", units),
        cost=_count(clauses, "cost", 1),
        group=clauses.get("group", ""),
    )


def _count(clauses: dict[str, str], name: str, default: int) -> int:
    if name not in clauses:
        return default
    if not clauses[name].isdecimal() or len(clauses[name]) > 9:
        raise Bad("bad-limit", f"`{name} {clauses[name]}` needs a number", f"write `{name} 5`")
    return int(clauses[name])


def make_limit(units: int, seconds: float, *, per: str, burst: int, cost: int, group: str) -> Limit:
    """A limit whose parts fit together."""
    key = next((known for known in _LIMIT_KEYS if known == per), None)
    if key is None:
        raise Bad(
            "bad-limit", f"a limit cannot count per `{per}`", suggest(per, _LIMIT_KEYS, what="key")
        )
    if burst < 1 or cost < 1:
        raise Bad("bad-limit", "`burst` and `cost` are at least 1", f"write {LIMIT_EXAMPLE}")
    if cost > burst:
        raise Bad(
            "bad-limit",
            f"cost {cost} is more than the burst of {burst}, so no request could ever pass",
            f"raise the burst to {cost} or lower the cost",
        )
    if group and not _NAME.fullmatch(group):
        raise Bad("bad-limit", f"`{group}` is no group name", "use letters, digits, `_`, `.`, `-`")
    return Limit(units=units, seconds=seconds, per=key, burst=burst, cost=cost, group=group)


def name(text: str) -> str:
    """A name that the policy gives to something of its own."""
    if not _NAME.fullmatch(text):
        raise Bad("bad-name", f"`{text}` is no name", "use letters, digits, `_`, `.` and `-`")
    return text


class Address(NamedTuple):
    """A host and a port to listen on."""

    host: str
    port: int


def address(text: str) -> Address:
    """`127.0.0.1:8443`, `[::1]:8443` or `localhost:8443`; port 0 takes a free one."""
    host, colon, port = text.rpartition(":")
    if host and port.isdecimal() and (len(port) > 5 or int(port) > 65_535):
        raise Bad("bad-address", f"the port of `{text}` is too large", "ports end at 65535")
    if not colon or not port.isdecimal() or not host:
        raise Bad("bad-address", f"`{text}` is no HOST:PORT", "write `127.0.0.1:8443`")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare and bare is host:
        raise Bad("bad-address", f"`{text}` is no HOST:PORT", f"write `[{host}]:{port}`")
    if not _HOST.fullmatch(host):
        raise Bad("bad-address", f"`{host}` is no host", "write an IP address or a host name")
    return Address(bare.lower(), int(port))


def is_loopback(host: str) -> bool:
    """Whether what listens under a host's name can be reached from this machine only."""
    return is_this_machine(host) or host.endswith(".localhost")  # RFC 6761 §6.3


def host(text: str) -> str:
    """An authority that clients name: `api.example` or `api.example:8443`."""
    if "*" in text:
        raise Bad(
            "wildcard-host",
            f"`{text}` would serve names that are not yours",
            "list each name; requests for any other host are answered 421",
        )
    if not _HOST.fullmatch(text):
        hint = "write a name without scheme and path, such as `api.example`"
        raise Bad("bad-host", f"`{text}` is no host", hint)
    return text.lower().removesuffix(".")


def network(text: str) -> str:
    """An IP address or a CIDR range."""
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        pass
    try:
        wide = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Bad("bad-network", f"`{text}` is no network", "write `10.0.0.0/8`") from None
    raise Bad("bad-network", f"`{text}` has bits beyond its prefix", f"write `{wide}`")


def origin(text: str) -> str:
    """A web origin as browsers send it, `https://*.example.com`, or `*`."""
    if text == "*":
        return text
    if text.lower() == "null":
        # B-280: sandboxed frames, `data:` and `file:` pages of anybody all send `null`.
        raise Bad(
            "cors-null-origin",
            "the origin `null` is shared by every sandboxed page and local file",
            "name the real origin, such as `https://shop.example`",
        )
    if not _ORIGIN.fullmatch(text):
        raise Bad("bad-origin", f"`{text}` is no origin", _origin_hint(text))
    scheme, _, rest = text.partition("://")
    name, colon, port = rest.rpartition(":")
    if colon and "]" not in port and int(port) == (443 if scheme == "https" else 80):
        return f"{scheme}://{name}"  # Browsers leave the default port out (RFC 6454 §6.2).
    return text


def _origin_hint(text: str) -> str:
    folded = text.lower().strip()
    parts = urlsplit(folded if "://" in folded else f"https://{folded}")
    candidate = f"{parts.scheme}://{parts.netloc}"
    if _ORIGIN.fullmatch(candidate):
        return f"write `{candidate}`: scheme, host and port, in lower case, and nothing after"
    return "write scheme, host and port only, such as `https://shop.example`"


def scope(text: str) -> str:
    """A scope token (RFC 6749 §3.3)."""
    if not _SCOPE.fullmatch(text):
        raise Bad(
            "bad-scope", f"`{text}` is no scope", "one word without spaces, such as `books:read`"
        )
    return text


def token(text: str) -> str:
    """A field name or a method (RFC 9110 §5.6.2)."""
    if not _TOKEN.fullmatch(text):
        raise Bad("bad-name", f"`{text}` is no field name", "letters, digits and `-` only")
    return text


def upstream_url(text: str) -> str:
    """`http://host:port`, `https://host:port`, `unix:/path` or `asgi:package.module:app`."""
    if text.startswith("unix:"):
        if not text.removeprefix("unix:").startswith("/"):
            raise Bad("bad-url", f"`{text}` names no absolute path", "write `unix:/run/api.sock`")
        return text
    if text.startswith("asgi:"):
        if not _MODULE.fullmatch(text.removeprefix("asgi:")):
            raise Bad(
                "bad-url", f"`{text}` names no application", "write `asgi:package.module:app`"
            )
        return text
    parts = _split(text, "write `http://127.0.0.1:8000`")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Bad(
            "bad-url",
            f"`{text}` is no upstream",
            "write `http://host:port`, `https://host:port`, `unix:/path` or `asgi:module:app`",
        )
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise Bad(
            "bad-url",
            f"the upstream `{text}` has more than scheme, host and port",
            f"write `{parts.scheme}://{parts.netloc}`; a path goes into `base_path:`",
        )
    if parts.username is not None:
        raise Bad(
            "bad-url", "an upstream's URL must not hold a password", "remove what is before `@`"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


class URL(NamedTuple):
    """The parts of a URL that the policy looks at."""

    scheme: str
    hostname: str
    has_extras: bool
    """User, query or fragment."""


def web_url(text: str) -> URL:
    """An `http` or `https` URL.

    Raises:
        Bad: it is none, or has no host.
    """
    parts = _split(text, "write `https://login.example`")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Bad("bad-url", f"`{text}` is no web address", "write `https://login.example`")
    extras = bool(parts.query or parts.fragment) or parts.username is not None
    return URL(parts.scheme, parts.hostname, extras)


def acr(text: str) -> str:
    """An authentication context class (OpenID Connect Core §2), as a quoted list can hold it."""
    if re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]{1,128}", text) is None:
        raise Bad("bad-value", f"`{text}` is no `acr`", "write a name or a URI without spaces")
    return text


def public_url(text: str) -> str:
    """Scheme and authority by which clients know an API, in their normal form."""
    hint = "write scheme and host only, such as `https://api.example`"
    parts = _split(text, hint)
    url = web_url(text)
    if url.has_extras or parts.path not in {"", "/"}:
        raise Bad("bad-url", f"`{text}` is more than a scheme and a host", hint)
    default = 443 if url.scheme == "https" else 80
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    port = "" if parts.port in {None, default} else f":{parts.port}"
    return f"{url.scheme}://{host}{port}"


def _split(text: str, hint: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise Bad("bad-url", f"`{text}` is no URL", hint) from None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise Bad("bad-url", f"`{text}` is no URL", hint)
    return parts


def base_path(text: str) -> str:
    """`/v1`, or the empty string for the root."""
    if text in {"", "/"}:
        return ""
    is_clean = re.fullmatch(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+/?", text)
    if is_clean is None or any(part in {".", ".."} for part in text.split("/")):
        raise Bad("bad-path", f"`{text}` is no base path", "write `/v1`, or `/` for the root")
    return text.removesuffix("/")
