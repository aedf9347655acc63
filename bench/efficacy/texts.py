"""Own benign texts, and values that programs make."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "benign"
_BLOCKS: Final = frozenset({"bugs", "code", "emails", "markdown"})
"""Files whose texts have several lines; `%%` stands between them."""
KINDS: Final = tuple(sorted(path.stem for path in HERE.glob("*.txt")))


def texts(kind: str) -> list[str]:
    """The texts of one file. `;; xx` marks a language."""
    content = (HERE / f"{kind}.txt").read_text()
    if kind in _BLOCKS:
        return [block.strip("\n") for block in content.split("\n%%\n")]
    return [line for line in content.splitlines() if line and not line.startswith(";; ")]


class Values:
    """Values that programs make, from a seeded source."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def any(self) -> str:
        """One of all kinds."""
        make = self._chance.choice(
            (self.uuid, self.jwt, self.image, self.key, self.hash, self.date, self.phone,
             self.email, self.amount, self.version, self.address, self.iban, self.cursor)
        )  # fmt: skip
        return make()

    def uuid(self) -> str:
        """Version 4."""
        return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))

    def jwt(self) -> str:
        """Three parts of base64url; nobody verifies it here."""
        claims = {"sub": f"user-{self._chance.randrange(9999)}", "exp": 1_900_000_000}
        parts = (json.dumps({"alg": "RS256", "typ": "JWT"}), json.dumps(claims))
        head = ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)
        return f"{head}.{base64.urlsafe_b64encode(self._chance.randbytes(96)).decode()}"

    def image(self) -> str:
        """The beginning of a PNG with noise, as base64."""
        return base64.b64encode(
            b"\x89PNG\r\n\x1a\n" + self._chance.randbytes(self._chance.randrange(90, 900))
        ).decode()

    def key(self) -> str:
        """Such as an API key."""
        alphabet = string.ascii_letters + string.digits + "-_"
        return "key_" + "".join(self._chance.choices(alphabet, k=32))

    def hash(self) -> str:
        """SHA-256 in hexadecimal."""
        return self._chance.randbytes(32).hex()

    def date(self) -> str:
        """A date with time and zone."""
        chance = self._chance
        day = f"{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
        time = f"{chance.randrange(24):02}:{chance.randrange(60):02}:00+02:00"
        return f"20{chance.randrange(10, 30)}-{day}T{time}"

    def phone(self) -> str:
        """As people write it."""
        number = self._chance.randrange(1_000_000, 9_999_999)
        return self._chance.choice(("+49 (0)30 {}", "({0:.3}) {0}-77", "+1-555-{}")).format(
            str(number)
        )

    def email(self) -> str:
        """With what people put before the @."""
        name = self._chance.choice(("o'brien", "anna.b", "joe+shop", "x_y-z", "select", "null"))
        return f"{name}{self._chance.randrange(999)}@mail.example"

    def amount(self) -> str:
        """Money."""
        whole = self._chance.randrange(100_000)
        return self._chance.choice(("${:,}.99", "€ {},-", "{} USD", "-{}.50", "{} %")).format(whole)

    def version(self) -> str:
        """Of a program, or a range of them."""
        number = ".".join(str(self._chance.randrange(30)) for _ in range(3))
        return self._chance.choice(("", ">=", "^", "~", "v", "< ")) + number

    def address(self) -> str:
        """IPv4 or IPv6."""
        if self._chance.random() < 0.5:
            return ".".join(str(self._chance.randrange(1, 250)) for _ in range(4))
        return ":".join(f"{self._chance.randrange(65536):x}" for _ in range(8))

    def iban(self) -> str:
        """In groups of four."""
        digits = "".join(self._chance.choices(string.digits, k=20))
        return "DE" + " ".join(digits[at : at + 4] for at in range(0, 20, 4))

    def cursor(self) -> str:
        """An opaque place in a list: JSON as base64."""
        place = {"id": self._chance.randrange(10**6), "name": "O'Brien", "dir": "next"}
        return base64.b64encode(json.dumps(place).encode()).decode()
