"""The keys of the gateway itself: listen, records, caps, timeouts."""

from __future__ import annotations

from typing import Any

from vallum.config import values
from vallum.config.keys_trust import CLIENT_CERTIFICATES
from vallum.config.kinds import (
    INVALID,
    Choice,
    Context,
    Either,
    Flag,
    Integer,
    Key,
    Made,
    Many,
    Quantity,
    Section,
    Text,
    Values,
)
from vallum.config.kinds_files import ExistingFile, NewPath
from vallum.config.model import DEFAULT_RECORDS, Caps, Listen, Records, Timeouts, TLSFiles

KIB, MIB, GIB, TIB = 1024, 1024**2, 1024**3, 1024**4

SIZE = Text("a size such as `256KiB`", values.size, numbers=True)
DURATION = Text("a time such as `10s`", values.duration)


def size(low: int, high: int, *shown: str) -> Quantity:
    """A size from `low` to `high` bytes."""
    return Quantity(SIZE, low, high, (shown[0], shown[1]))


def duration(low: float, high: float, *shown: str) -> Quantity:
    """A time from `low` to `high` seconds."""
    return Quantity(DURATION, low, high, (shown[0], shown[1]))


def _tls_files(found: Values, _: Context) -> Any:
    if "certificate" not in found or "key" not in found:
        return INVALID
    return TLSFiles(certificate=found["certificate"], key=found["key"])


TLS_FILES = Made(
    Section(
        "a certificate",
        {
            "certificate": Key(
                ExistingFile("a path"), "the certificate and its chain, PEM", is_needed=True
            ),
            "key": Key(ExistingFile("a path"), "the private key, PEM", is_needed=True),
        },
    ),
    _tls_files,
)

_LISTEN_KEYS = {
    "address": Key(
        Text("HOST:PORT", values.address), "HOST:PORT to listen on; default 127.0.0.1:8443"
    ),
    "tls": Key(
        Either(
            "`local`, `off` or a certificate",
            words={"local": "local", "off": "off"},
            mapping=TLS_FILES,
        ),
        "`local` makes and keeps a local CA; or certificate and key files; or `off`",
    ),
    "client_certificates": Key(
        CLIENT_CERTIFICATES, "asks clients for certificates: who vouches for them; default: no"
    ),
    "hosts": Key(
        Many(Text("a host name", values.host)),
        "names that clients use; requests for others are answered 421",
    ),
    "insecure_plain_http": Key(Flag(), "allows `tls: off` on addresses other than loopback"),
    "trusted_proxies": Key(
        Many(Text("a network such as `10.0.0.0/8`", values.network)),
        "networks of your own proxies, whose X-Forwarded-For is believed",
    ),
}


def _listen(found: Values, context: Context) -> Any:
    settings: dict[str, Any] = dict(found)
    address = settings.pop("address", None)
    if address is not None:
        settings |= {"address": address.host, "port": address.port}
    listen = Listen(**settings)
    is_exposed = listen.tls == "off" and not values.is_loopback(listen.address)
    if is_exposed and not listen.insecure_plain_http:
        context.report.add(
            "plain-http",
            f"plain HTTP on `{listen.address}` would show every credential to the network",
            found.places.get("tls", found.node),
            "write `tls: local` or certificate files; or `insecure_plain_http: true` where "
            "something before the gateway ends TLS",
        )
    if listen.client_certificates is not None and listen.tls == "off":
        context.report.add(
            "bad-value",
            "clients show certificates in TLS, and there is none here",
            found.places["client_certificates"],
            "write `tls: local` or certificate files",
        )
    return listen


def _listen_short(address: Any, _: Context) -> Any:
    return Listen(address=address.host, port=address.port)


LISTEN = Either(
    "HOST:PORT or the keys of `listen`",
    text=Made(Text("HOST:PORT", values.address), _listen_short),
    mapping=Made(Section("`listen`", _LISTEN_KEYS), _listen),
)

_RECORDS_KEYS = {
    "path": Key(NewPath("a path"), "folder of the records; default var/records"),
    "keep": Key(duration(60, 3650 * 86_400, "1m", "3650d"), "age at which records go; default 30d"),
    "segment_size": Key(size(MIB, 4 * GIB, "1MiB", "4GiB"), "size of one file; default 64MiB"),
    "max_size": Key(size(MIB, 64 * TIB, "1MiB", "65536GiB"), "size of all files; default 2GiB"),
    "on_failure": Key(
        Choice(("continue", "deny")),
        "what happens to requests when records cannot be written; default continue",
    ),
}


def _records(found: Values, context: Context) -> Any:
    names = {"segment_size": "segment_bytes", "max_size": "max_bytes"}
    settings = {names.get(name, name): value for name, value in found.items()}
    settings.setdefault("path", context.base / DEFAULT_RECORDS)
    if "keep" in settings:
        settings["keep_days"] = settings.pop("keep") / 86_400
    return Records(**settings)


RECORDS = Either(
    "`off` or the keys of `records`",
    words={"off": Records(path=None)},
    mapping=Made(Section("`records`", _RECORDS_KEYS), _records),
)

_CAPS_KEYS = {
    "connections": Key(Integer(1, 1_000_000), "open connections; default 10000"),
    "connections_per_address": Key(
        Integer(1, 1_000_000),
        "open connections of one address or IPv6 /64 that is no trusted proxy; default 256",
    ),
    "target": Key(size(64, MIB, "64B", "1MiB"), "size of the request target; default 8KiB"),
    "query_parameters": Key(Integer(0, 100_000), "parameters in one query; default 256"),
    "header_count": Key(Integer(1, 10_000), "field lines of one request; default 100"),
    "header_bytes": Key(
        size(256, 16 * MIB, "256B", "16MiB"), "size of all field lines; default 32KiB"
    ),
    "header_line": Key(size(64, 16 * MIB, "64B", "16MiB"), "size of one field line; default 16KiB"),
    "in_flight_body_bytes": Key(
        size(KIB, TIB, "1KiB", "1024GiB"),
        "size of all bodies that one worker holds at a time; default 256MiB",
    ),
}
CAPS = Made(Section("`caps`", _CAPS_KEYS), lambda found, _: Caps(**found))

_TIMES = duration(0.05, 86_400, "50ms", "1d")
_TIMEOUTS_KEYS = {
    "headers": Key(_TIMES, "from the first byte of a request to the end of its head; default 10s"),
    "body": Key(_TIMES, "between two reads of a request body; default 30s"),
    "idle": Key(_TIMES, "a kept-alive connection without a request; default 75s"),
    "write": Key(_TIMES, "a client that does not read its answer; default 30s"),
    "connect": Key(_TIMES, "connecting to the upstream; default 5s"),
    "upstream": Key(_TIMES, "until the upstream answers; default 30s"),
    "drain": Key(_TIMES, "for requests in flight when the gateway stops; default 20s"),
}
TIMEOUTS = Made(Section("`timeouts`", _TIMEOUTS_KEYS), lambda found, _: Timeouts(**found))
