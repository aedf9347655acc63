"""Ways to hide a payload that some receiver undoes; each text is hidden in the same way always."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Final

from efficacy.model import digest

_LEAST_BASE64 = 12
_ENTITIES = {"<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;", "(": "&lpar;", ":": "&colon;"}
_QUOTES = {"'": "ʼ", '"': "ʺ", "/": "∕", "<": "‹", ">": "›"}
_COMMENT_AT = re.compile(r"--|#")


def _choose(text: str, what: str, count: int) -> int:
    return digest(what, text) % count


def _each(text: str, code: Callable[[str], str], *, what: str) -> str:
    """Code all characters, or (for half of the texts) only those that mean something."""
    everything = _choose(text, what, 2) == 0
    return "".join(code(c) if everything or not (c.isalnum() or c == " ") else c for c in text)


def url(text: str) -> str:
    """Percent-coded, on top of what the place demands."""
    return _each(text, lambda c: "".join(f"%{byte:02x}" for byte in c.encode()), what="url")


def url_twice(text: str) -> str:
    """Percent-coded two times."""
    return url(text).replace("%", "%25")


def html(text: str) -> str:
    """Character references: named, decimal, hexadecimal."""

    def code(c: str) -> str:
        kind = digest(c, text) % 3
        if kind == 0 and c in _ENTITIES:
            return _ENTITIES[c]
        return f"&#{ord(c)};" if kind == 1 else f"&#x{ord(c):x};"

    return _each(text, code, what="html")


def escapes(text: str) -> str:
    r"""The escapes of a JSON or JavaScript string, such as `\\u0027`."""

    def code(c: str) -> str:
        if ord(c) > 0xFF or digest(c, text) % 2:
            return "".join(f"\\u{unit:04x}" for unit in _units(c))
        return f"\\x{ord(c):02x}"

    return _each(text, code, what="escapes")


def _units(c: str) -> list[int]:
    data = c.encode("utf-16-be")
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


def full_width(text: str) -> str:
    """Full-width forms; for a third of the texts marks that fonts and code pages confuse."""
    if _choose(text, "wide", 3) == 0 and set(text) & set(_QUOTES):
        return "".join(_QUOTES.get(c, c) for c in text)
    return _each(text, lambda c: chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c, what="full width")


def base64_text(text: str) -> str | None:
    """Base64; too short a text is no text any more."""
    raw = text.encode()
    if len(raw) < _LEAST_BASE64:
        return None
    return base64.b64encode(raw).decode()


def _outside_quotes(text: str, change: Callable[[str], str]) -> str:
    """`change` applied to what stands in no quotes, as far as one can tell."""
    return "".join(
        part if part[:1] in "'\"" and len(part) > 1 else change(part)
        for part in re.split(r"('[^']*'|\"[^\"]*\")", text)
    )


def _mixed_case(text: str) -> str:
    return "".join(
        c.upper() if digest(str(at), text) % 2 else c.lower() for at, c in enumerate(text)
    )


def _sql(text: str) -> str:
    # What follows the first comment is not executed, and `-- ` needs its blank.
    cut = _COMMENT_AT.search(text)
    head, tail = (text[: cut.start()], text[cut.start() :]) if cut else (text, "")
    blank = ("/**/", "/*q*/", "\n", "\t")[_choose(text, "blank", 4)]

    def change(part: str) -> str:
        return _mixed_case(part).replace(" ", blank)

    # A text that closes a string begins within it: then the first quote is no opening one.
    if head[:1] in "'\"":
        return head[0] + _outside_quotes(head[1:], change) + tail
    return _outside_quotes(head, change) + tail


def _markup(text: str) -> str:
    changed = re.sub(r"</?[a-z]+\b", lambda match: _mixed_case(match[0]), text)
    changed = re.sub(r"\bon[a-z]+(?==)", lambda match: _mixed_case(match[0]), changed)
    changed = re.sub(r"javascript:", "jAvAsCrIpT:", changed)
    return re.sub(r"(?<=\w) (?=on|src)", "\n", changed)


def _shell(text: str) -> str:
    words = {"cat": "c''at", "whoami": "who$@ami", "id": "i\\d", "curl": 'cu""rl'}
    changed = re.sub(r"(?<![\w'\"/])(cat|whoami|id|curl)\b(?!['\"])", lambda m: words[m[1]], text)
    return _outside_quotes(changed, lambda part: re.sub(r"(?<=\S) (?=[\w/.-])", "${IFS}", part))


def _php(text: str) -> str:
    return re.sub(
        r"\b(system|eval|phpinfo|passthru|exec|assert)\(",
        lambda match: f"{_mixed_case(match[1])}/**/(",
        text,
    )


def _space(text: str) -> str:
    return re.sub(r"(?<=\{\{)|(?=\}\})|(?<=\$\{)", " ", text)


def _path(text: str) -> str:
    return re.sub(r"(?<=\.\.)/", "/./", text)


def _scheme(text: str) -> str:
    return re.sub(r"^[a-z]+(?=:/)", lambda match: _mixed_case(match[0]), text)


def _ldap(text: str) -> str:
    return re.sub(r"(?<=[(|&])\(", " (", _outside_quotes(text, _mixed_case))


def _xpath(text: str) -> str:
    return re.sub(r" (or|and) ", r"\n\1\t", text)


def _line_ends(text: str) -> str:
    return _mixed_case(text)


_GRAMMARS: Final[dict[str, Callable[[str], str]]] = {
    "sql": _sql,
    "xss": _markup,
    "shell": _shell,
    "code": _php,
    "template": _space,
    "path": _path,
    "ssrf": _scheme,
    "ldap": _ldap,
    "xpath": _xpath,
    "crlf": _line_ends,
}


def grammar(text: str, family: str) -> str | None:
    """Case, comments and white space as the attacked grammar allows them, or None."""
    change = _GRAMMARS.get(family)
    changed = text if change is None else change(text)
    return None if changed == text else changed


def _only(code: Callable[[str], str | None]) -> Callable[[str, str], str | None]:
    return lambda text, _: code(text)


ENCODINGS: Final[dict[str, Callable[[str, str], str | None]]] = {
    "plain": _only(lambda text: text),
    "URL": _only(url),
    "URL twice": _only(url_twice),
    "HTML entities": _only(html),
    "escapes": _only(escapes),
    "full width": _only(full_width),
    "base64": _only(base64_text),
    "grammar": grammar,
}
"""Name → coded text of a payload and its family, or None where it does not apply."""
