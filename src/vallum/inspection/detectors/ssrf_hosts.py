"""What the host of a URL means to a lenient client: addresses in all their spellings, and names."""

from __future__ import annotations

import ipaddress
import re
from typing import Final, Literal, NamedTuple

Kind = Literal["metadata", "loopback", "link-local", "private", "internal-name", "public"]


class Host(NamedTuple):
    """A host as a client would connect to it."""

    kind: Kind
    is_disguised: bool
    """Whether it is spelled as nobody writes it who wants to be understood."""


_METADATA_ADDRESSES: Final = frozenset(
    int(ipaddress.IPv4Address(address))
    for address in (
        "169.254.169.254",  # AWS, Azure, Google, OpenStack, DigitalOcean, ...
        "169.254.170.2",  # AWS ECS
        "169.254.170.23",  # AWS EKS
        "100.100.100.200",  # Alibaba
        "192.0.0.192",  # Oracle, the older
        "168.63.129.16",  # Azure's wire server
    )
)
_METADATA_V6: Final = frozenset(
    ipaddress.IPv6Address(address) for address in ("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254")
)
_METADATA_NAME = re.compile(
    r"^(?:(?:[\w-]{1,20}-)?metadata(?:\.[\w-]{1,40}){0,3}|instance-data(?:\.[\w-]{1,40}){0,3}"
    r"|api\.(?:private\.)?metadata\.cloud\.ibm\.com)$"
)
# Address blocks of RFC 6890 that are not on the public Internet, and what they stand for.
_NAMED_BLOCKS: Final[tuple[tuple[str, Kind], ...]] = (
    ("127.0.0.0/8", "loopback"),
    ("0.0.0.0/8", "loopback"),  # Connects to this host on most systems.
    ("169.254.0.0/16", "link-local"),
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "private"),
    ("192.0.0.0/24", "private"),
    ("198.18.0.0/15", "private"),
    ("224.0.0.0/3", "private"),
)
_BLOCKS: Final = tuple(
    (int(network.network_address), int(network.netmask), kind)
    for network, kind in ((ipaddress.IPv4Network(block), kind) for block, kind in _NAMED_BLOCKS)
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK_NAME = re.compile(
    r"^(?:[\w.-]{1,60}\.)?(?:localhost[46]?|localhost[46]?\.localdomain[46]?|ip6-(?:localhost|loopback)|"
    r"ipv6-localhost|loopback)$"
)
_INTERNAL_NAME = re.compile(
    r"\.(?:internal|local|localdomain|lan|corp|intranet|intra|home\.arpa|private|cluster|svc|consul)$"
)
SERVICES: Final = (
    r"kubernetes(?:\.default)?|internal|intranet|rabbitmq|elasticsearch|opensearch|redis|memcached|mongo(?:db)?|"
    r"postgres(?:ql)?|mysql|mariadb|couchdb|cassandra|clickhouse|influxdb|etcd|zookeeper|kafka|consul|"
    r"jenkins|grafana|prometheus|alertmanager|kibana|minio|portainer|docker|spark-master|airflow"
)
"""Names without a point that networks of containers give to what nobody outside should reach."""
_SERVICE_NAME = re.compile(SERVICES)
# Public names that somebody pointed at the loopback address, or at whatever is asked of them.
_POINTING_HERE = re.compile(
    r"(?:^|\.)(?:localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|yoogle\.com|fbi\.com\.localhost|"
    r"local\.me|fuf\.me|readme\.localtest\.me|rbndr\.us|1u\.ms|rebind\.network|make-127-0-0-1\.com)$"
)
_ADDRESS_NAME = re.compile(
    r"(?:^|[.-])(?P<address>(?:\d{1,3}[.-]){3}\d{1,3}|[0-9a-f]{8})\.(?:nip|sslip|xip|traefik)\.(?:io|me|name)$"
)
_PART = re.compile(r"^(?:0[xX][0-9A-Fa-f]{0,32}|\d{1,40})$")
_PLAIN = re.compile(r"^(?:0|[1-9]\d{0,2})$")
_DOTS = str.maketrans("\u3002\uff0e\uff61", "...")
_MOST_PORT: Final = 65_535


def read_host(host: str) -> Host | None:
    """What `host` (a name, an address, or one in brackets; no port) stands for; None if nothing."""
    folded = host.translate(_DOTS).lower()
    is_disguised = folded != host.lower()
    if folded.startswith("["):
        found = _read_v6(folded[1:].partition("]")[0])
    else:
        folded = folded.removesuffix(".")
        if not folded or len(folded) > 253:
            return None
        found = _read_v4(folded) or _read_name(folded)
    return found._replace(is_disguised=found.is_disguised or is_disguised) if found else None


def _read_v4(host: str) -> Host | None:
    """`inet_aton` as C libraries have it: one to four parts, decimal, octal or hexadecimal."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_PART.match(part) for part in parts):
        return None
    if len(parts) == 1 and parts[0].isdigit() and 0 < int(parts[0]) <= _MOST_PORT:
        return None  # `http:8080` is a port to everybody who writes it.
    is_plain = len(parts) == 4 and all(_PLAIN.match(part) for part in parts)
    values = [_number(part) for part in parts]
    last_bits = 8 * (5 - len(values))
    # Overflowing parts are cut by some clients, so we cut as well (B-307).
    address = values[-1] & ((1 << last_bits) - 1)
    for index, value in enumerate(values[:-1]):
        address |= (value & 0xFF) << (24 - 8 * index)
    return Host(kind_of(address), not is_plain)


def _number(part: str) -> int:
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    if part[0] == "0" and part.strip("01234567") == "":
        return int(part, 8)
    return int(part)


def kind_of(address: int) -> Kind:
    """What an IPv4 address stands for."""
    if address in _METADATA_ADDRESSES:
        return "metadata"
    return next((kind for start, mask, kind in _BLOCKS if address & mask == start), "public")


def _read_v6(host: str) -> Host | None:
    zone_at = host.find("%")
    try:
        address = ipaddress.IPv6Address(host if zone_at < 0 else host[:zone_at])
    except ValueError:
        # Whatever else a bracket holds is a riddle for parsers.
        return Host("public", True)
    if address in _METADATA_V6:
        return Host("metadata", False)
    inner = _embedded(address)
    if inner is not None:
        return Host(kind_of(inner), True)
    if int(address) <= 1:
        return Host("loopback", False)
    if address.is_link_local:
        return Host("link-local", False)
    return Host("private" if address.is_reserved or _is_local(address) else "public", False)


def _is_local(address: ipaddress.IPv6Address) -> bool:
    return int(address) >> 125 != 0b001  # RFC 4291 §2.4: only 2000::/3 is given out.


def _embedded(address: ipaddress.IPv6Address) -> int | None:
    """The IPv4 address that an IPv6 address carries: mapped, compatible, 6to4, NAT64, Teredo."""
    value = int(address)
    if address.ipv4_mapped is not None:
        return int(address.ipv4_mapped)
    if address.sixtofour is not None:
        return int(address.sixtofour)
    if address.teredo is not None:
        return int(address.teredo[1])
    if address in _NAT64 or (value >> 32 == 0 and value > 0xFFFF):
        return value & 0xFFFFFFFF
    return None


def _read_name(host: str) -> Host | None:
    if _METADATA_NAME.match(host):
        return Host("metadata", False)
    if _LOOPBACK_NAME.match(host):
        return Host("loopback", False)
    if _POINTING_HERE.search(host):
        return Host("loopback", True)
    pointed = _ADDRESS_NAME.search(host)
    if pointed:
        spelled = pointed["address"]
        if len(spelled) == 8 and spelled.isalnum():
            return Host(kind_of(int(spelled, 16)), True)
        found = _read_v4(spelled.replace("-", "."))
        return found._replace(is_disguised=True) if found else None
    inside = _INTERNAL_NAME.search(host) or _SERVICE_NAME.fullmatch(host)
    return Host("internal-name", False) if inside else None
