"""One labelled request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

HOST: Final = "api.example"
"""The host whose requests keep to the contract."""
FOREIGN_HOST: Final = "any.example"
"""The host for requests that were made for other APIs, which no contract of ours fits."""
LOCATIONS: Final = (
    "path segment",
    "query",
    "header",
    "cookie",
    "form field",
    "JSON value",
    "JSON key",
    "JSON array item",
    "nested JSON",
    "multipart field",
)

Half = Literal["development", "held-out"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A request, what it is, and where it comes from."""

    is_attack: bool
    corpus: str
    family: str
    """Of attacks; of benign requests the kind of text."""
    encoding: str = "plain"
    location: str = ""
    half: Half = "held-out"
    level: str = ""
    """Of requests of the Core Rule Set: the paranoia level of the rule."""
    text: str = ""
    """What was put into the request, before any coding."""
    method: str = "GET"
    target: str = "/"
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def host(self) -> str:
        """Where it is sent."""
        return HOST if self.corpus.startswith("own") else FOREIGN_HOST

    def block(self) -> bytes:
        """The field lines, as a client sends them, without the empty line."""
        lines = [f"{name}: {value}" for name, value in self.fields]
        if "host" not in {name.lower() for name, _ in self.fields}:
            lines.insert(0, f"Host: {self.host}")
        if self.body or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join(lines).encode("utf-8")

    def raw(self) -> bytes:
        """The whole message."""
        return b"%b %b HTTP/1.1\r\n%b\r\n\r\n%b" % (
            self.method.encode(),
            self.target.encode("utf-8"),
            self.block(),
            self.body,
        )


def digest(*parts: str) -> int:
    """A number that depends on the parts alone: the same in every run and on every machine."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8], "big")


def half_of(text: str) -> Half:
    """Which half of a corpus a text belongs to."""
    return "development" if digest("half", text) % 2 else "held-out"


def without_duplicates(samples: list[Sample]) -> list[Sample]:
    """The first of all samples that are the same request."""
    return list({sample.raw(): sample for sample in reversed(samples)}.values())[::-1]
