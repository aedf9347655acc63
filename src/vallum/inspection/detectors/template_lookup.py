"""Lookups of Log4j and Commons Text, `${…}` within `${…}`, resolved as those would."""

from __future__ import annotations

import binascii
import re
from typing import Final, NamedTuple

from vallum.inspection.detectors.code_reading import words

_JNDI = re.compile(r"\$\s{0,8}\{[\s\0]{0,8}jndi\b", re.I)
# A lookup that nobody knows is marked, so that it is looked at once.
_UNRESOLVED = re.compile(r"\$\{(?!\0)")
_DATE = re.compile(r"'([^']*)'")
_SPELLING: Final = frozenset({"lower", "upper", "date", "", "base64"})
_LOOKUPS: Final = words(
    "env sys java ctx main map k8s docker web spring bundle log4j marker sd event lower upper date "
    "base64 jvmrunargs const script dns url file xml urlencoder urldecoder base64decoder "
    "base64encoder resourcebundle properties localhost"
)
_RUNNING: Final = frozenset(
    {"script", "dns", "url", "xml", "const", "base64decoder", "urldecoder", "file"}
)
_MARK = re.compile(r"(\$\{|\})")
_MOST_OPEN: Final = 64
_MOST_MARKS: Final = 400
_ROUNDS: Final = 3


class Lookups(NamedTuple):
    """What lookups there are in a text."""

    jndi: bool
    """One resolves to a JNDI lookup, which loads code from a server."""
    running: bool
    """One runs a script, asks a server or reads a file (Commons Text)."""
    spelled: bool
    """Lookups are used to spell letters, which only serves to hide."""
    environment: bool
    """One reads the environment, the system's properties or what else the logger knows."""
    resolved: str


def resolve(text: str) -> Lookups:
    """Resolve the lookups in `text`, the innermost first; what nobody knows becomes its default."""
    state = _State()
    for _ in range(_ROUNDS):
        text = state.expand(text)
        if not _UNRESOLVED.search(text):
            break
    jndi = state.jndi or bool(_JNDI.search(text))
    return Lookups(jndi, state.running, state.spelled, state.environment, text)


class _State:
    __slots__ = ("environment", "jndi", "running", "spelled")

    def __init__(self) -> None:
        self.jndi = self.running = self.spelled = self.environment = False

    def expand(self, text: str) -> str:
        """`text` with each complete lookup replaced by what it yields."""
        pieces: list[list[str]] = [[]]
        for piece in _MARK.split(text, _MOST_MARKS):
            if piece == "${" and len(pieces) < _MOST_OPEN:
                pieces.append([])
            elif piece == "}" and len(pieces) > 1:
                inside = "".join(pieces.pop())
                pieces[-1].append(self.value(inside, nested=len(pieces) > 1))
            elif piece:
                pieces[-1].append(piece)
        while len(pieces) > 1:
            inside = "".join(pieces.pop())
            self.note(inside)
            pieces[-1].append("${" + inside)
        return "".join(pieces[0])

    def note(self, inside: str) -> None:
        start = inside.lstrip(" \t\r\n\0")[:5].lower()
        if start.startswith("jndi") and not start[4:].isalnum():
            self.jndi = True

    def value(self, inside: str, *, nested: bool) -> str:
        """What `${inside}` yields."""
        self.note(inside)
        variable, has_default, default = inside.partition(":-")
        prefix, colon, key = variable.partition(":")
        name = prefix.strip().lower()
        if not colon and not has_default:
            return "${\0" + inside + "}"
        runs = name in _RUNNING and (
            ":" in key or (name in {"dns", "const"} and ("." in key or "|" in key))
        )
        if runs and colon:
            self.running = True
        if name in _LOOKUPS and not has_default:
            self.environment = True
        if name in _SPELLING and (nested or (has_default and not name)):
            self.spelled = self.spelled or name != "date" or nested
        match name:
            case "lower" if colon:
                return key.lower() if key else default
            case "upper" if colon:
                # Java's `toUpperCase` makes an ASCII I of the dotless one.
                return key.replace("ı", "I").upper()
            case "date" if colon:
                return "".join(_DATE.findall(key))
            case "base64" | "base64decoder" if colon:
                return _base64(key)
        if has_default:
            self.spelled = self.spelled or (nested and len(default) <= 2)
            return default
        return "${\0" + inside + "}" if name not in _LOOKUPS else ""


def _base64(key: str) -> str:
    try:
        return binascii.a2b_base64(key + "=" * (-len(key) % 4)).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
