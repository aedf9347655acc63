"""Line breaks that start a header field, a mail command or a log line of the attacker's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from vallum.inspection.detectors._text import reads_as_prose, strongest, verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "crlf.field": "a well-known header field of HTTP after a line break",
    "crlf.unknown-field": "something that looks like a header field after a line break",
    "crlf.split": "a whole second message after an empty line",
    "crlf.mail-field": "a header field of mail after a line break",
    "crlf.mail-command": "a command of SMTP, IMAP, POP, FTP, SIP or IRC after a line break",
    "crlf.mail-option": "an address that gives a program of mail an option",
    "crlf.mail-address": "an address of mail that holds another one, in code or behind a mark",
    "crlf.log": "a line in the form of a log after a line break",
    "crlf.terminal": "a control sequence for the terminal that a log is shown in",
    "crlf.break": "a line break where none can be meant",
}

_HTTP = (
    r"(?:set-cookie2?|cookie|location|refresh|content-(?:length|type|encoding|disposition|location|"
    r"security-policy)|transfer-encoding|host|link|authorization|www-authenticate|"
    r"access-control-[a-z-]{3,20}|cache-control|connection|upgrade|server|vary|etag|"
    r"strict-transport-security|user-agent|referer|origin|remote-addr|x-(?:forwarded|real|original|rewrite|http|frame|xss|"
    r"content|powered|accel|sendfile)[a-z-]{0,24}|forwarded|status|clear-site-data|trailer|te)"
)
# Fields that no trigger knows by name: all that a line break starts is looked at.
_MORE_HTTP = (
    r"(?:last-modified|expires|pragma|age|allow|via|warning|range|proxy|keep-alive|"
    r"proxy-(?:authenticate|authorization|connection|status)|sec-(?:fetch|websocket|ch|gpc)[a-z-]{0,24}|"
    r"accept(?:-(?:ch|charset|datetime|encoding|language|patch|post|ranges))?|"
    r"if-(?:match|none-match|modified-since|unmodified-since|range)|"
    r"content-(?:language|range|md5|digest|base|id|dpr|version|script-type|style-type)|"
    r"cross-origin-[a-z-]{3,24}|(?:permissions|referrer|feature)-policy|max-forwards|"
    r"public-key-pins|report-to|nel|p3p|alt-svc|retry-after|timing-allow-origin|expect-ct|"
    r"http2-settings)"
)
_MAIL = r"(?:bcc|cc|to|from|reply-to|subject|mime-version|return-path|x-mailer|sender)"
# Characters that become CR and LF where only the low byte of each is kept.
_CUT = {0x560A: "\n", 0x560D: "\r"}
# These two are letters of languages as well, but not of the same one.
_CUT_PAIR: Final = "\u010d\u010a"

_HEAD = re.compile(
    r"[\r\n][ \t]{0,4}(?P<name>[A-Za-z][A-Za-z0-9_-]{1,40})[ \t\r]{0,4}:(?P<value>[^\r\n]{0,200})"
)
_MOST_HEADS: Final = 100
_IS_HTTP = re.compile(rf"{_HTTP}|{_MORE_HTTP}", re.IGNORECASE)
_IS_MAIL = re.compile(_MAIL, re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w.-]{2,}")
_SPLIT = re.compile(r"(?:\n\r?\n|\r\r)[ \t]{0,4}(?:<[!a-z?/]|HTTP/\d)", re.IGNORECASE)
_COMMAND = re.compile(
    r"[\r\n][ \t]{0,4}(?=[A-Za-z])(?:(?:MAIL FROM|RCPT TO)\s?:\s?<?\S|RCPT TO\s{0,4}(?:[\r\n]|$)|"
    r"[A-Za-z]\d{1,5} (?i:logout|capability|expunge)\s{0,4}(?:[\r\n]|$)|"
    r"(?:EHLO|HELO) [\w.-]{1,100}\s{0,4}(?:[\r\n]|$)|"
    r"DATA\s?\r?\n(?:[A-Z][\w-]{1,30}:|\.)|"
    r"[A-Za-z]\d{1,2} (?:LOGIN|LOGOUT|FETCH|CAPABILITY|EXPUNGE|EXAMINE)\b|"
    r"[A-Za-z]\d{3,5} (?:LOGIN|SELECT|FETCH|CAPABILITY|DELETE|"
    r"CREATE|RENAME|LIST|LOGOUT|STORE|COPY|EXPUNGE|SEARCH|APPEND|EXAMINE|STATUS|AUTHENTICATE|"
    r"SUBSCRIBE)\b|USER \S{1,80}\r?\nPASS |"
    r"PASS \S{1,80}\r?\n(?:RETR|DELE|TOP|LIST|STAT)\b|(?:RETR|DELE) \d{1,6}\s{0,4}(?:[\r\n]|$)|"
    r"TOP \d{1,6} \d{1,6}\s{0,4}(?:[\r\n]|$))|\r\n(?:QUIT|RSET|NOOP|STARTTLS|PASV|EPSV)(?:\r\n|$)|"
    r"\r\n(?:(?:VRFY|EXPN|STOR|RETR|DELE|CWD) [^\s]{1,200}(?:\r\n|$)|PORT \d{1,3}(?:,\d{1,3}){5}|"
    r"SITE (?:EXEC|CHMOD|CPFR|CPTO) |(?:INVITE|REGISTER|MESSAGE) sips?:|PRIVMSG \S{1,60} :)"
)
# What a terminal does that a log is shown in: its title, its clipboard, keys that it seems to get.
_TERMINAL = re.compile(r"\x1b(?:\]\d{1,4};|[P_^].|\[[\d;?]{0,12}[A-JLPXn-t])", re.DOTALL)
_LOG = re.compile(
    r"[\r\n][ \t]{0,4}(?=[\dA-Z\[])(?:\d{1,3}(?:\.\d{1,3}){3} \S{1,40} \S{1,40} \[|"
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[^\r\n]{0,60}"
    r"\b(?:INFO|DEBUG|WARN(?:ING)?|ERROR|NOTICE|CRITICAL|SUCCESS)\b|"
    r"\[?(?:INFO|DEBUG|WARN(?:ING)?|ERROR|NOTICE|CRITICAL|SUCCESS|AUDIT)\]?[: ]|"
    r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,60} [\w./-]{1,40}(?:\[\d{1,8}\])?:)"
)
# What a machine writes as the value of a field whose name is also a word of people.
_MACHINE_VALUE: Final[Mapping[str, re.Pattern[str]]] = {
    "location": re.compile(r"\s?(?:(?:https?:)?//|/|$)", re.IGNORECASE),
    "host": re.compile(
        r"\s?(?:[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}|[a-z\d_-]{1,63}|\w{1,63}(?=:))(?::\d+)?\s?$"
    ),
    "refresh": re.compile(r"\s?(?:\d{1,4}\s?;\s?url|https?:|\w+\.)", re.IGNORECASE),
    "link": re.compile(r"\s?<"),
    "status": re.compile(r"\s?\d{3}\b"),
    "server": re.compile(r"\s?[\w.-]{1,40}/\d"),
    "connection": re.compile(r"\s?(?:close|keep-alive|upgrade)", re.IGNORECASE),
    "upgrade": re.compile(r"\s?(?:h2c|websocket)", re.IGNORECASE),
    "origin": re.compile(r"\s?(?:https?://|null)", re.IGNORECASE),
    "authorization": re.compile(r"\s?(?:basic|bearer|digest)\s", re.IGNORECASE),
    "cookie": re.compile(r"\s?[\w.-]{1,64}="),
    "proxy": re.compile(r"\s?[a-z][a-z0-9+.-]{1,12}://", re.IGNORECASE),
    "via": re.compile(r"\s?(?:HTTP/)?\d\.\d\s", re.IGNORECASE),
    "expires": re.compile(r"\s?(?:0|-1|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4})"),
    "pragma": re.compile(r"\s?no-cache", re.IGNORECASE),
    "range": re.compile(r"\s?bytes=", re.IGNORECASE),
    "accept": re.compile(r"\s?[\w*]{1,40}/[\w*]"),
    "warning": re.compile(r"\s?\d{3}\s\S"),
    "allow": re.compile(r"\s?(?:[A-Z]{3,8})(?:,\s?[A-Z]{3,8}){0,9}\s?$"),
    "age": re.compile(r"(?!)"),
    "keep-alive": re.compile(r"\s?(?:timeout|max)\s?=", re.IGNORECASE),
    "nel": re.compile(r"\s?\{"),
    "p3p": re.compile(r"\s?(?:CP|policyref)=", re.IGNORECASE),
    **dict.fromkeys(
        ("te", "trailer", "vary", "etag", "forwarded"), re.compile(r"\s?[\w\"*,= ;-]{1,40}$")
    ),
}
# Fields that a body of several lines may not hold either, with such a value.
_SURE_IN_TEXT: Final[Mapping[str, re.Pattern[str]]] = {
    "set-cookie": re.compile(r"\s?[\w.-]{1,64}="),
    "content-length": re.compile(r"\s?\d"),
    "transfer-encoding": re.compile(r"\s?chunked", re.IGNORECASE),
    "location": re.compile(r"\s?(?:https?:)?//", re.IGNORECASE),
    "refresh": re.compile(r"\s?\d{1,4}\s?;\s?url", re.IGNORECASE),
    "content-type": re.compile(r"\s?(?:text|multipart)/", re.IGNORECASE),
    "x-forwarded-for": re.compile(r"\s?[\d:a-f]"),
}
_LINK_TEXT = re.compile(r"[^\s?]{1,400}+\?[^\s=]{1,100}+=")
_LONE = re.compile(r"\r(?!\n)")
_LINES = re.compile(r"\r\n|\r|\n")
# SECURITY: breaks with nothing between are no lines; whoever attacks can add them.
_BREAKS = re.compile(r"(?<![\r\n])[\r\n]++(?=[^\r\n])")
# Names that begin as those of fields do which applications make up.
_WORDS_WITH_X: Final = frozenset(
    {"x-ray", "x-rays", "x-mas", "x-axis", "x-factor", "x-large", "x-small", "x-men", "x-files"}
)
# One more part of a form, with a name of its own.
_PART = re.compile(
    r"[\r\n]--[\w'()+,./:=?-]{1,70}\r?\nContent-Disposition\s?:\s?form-data\s?;", re.IGNORECASE
)
# What sendmail and its kin are told on their command line: a log (`-X`), a queue, other settings.
_MAIL_OPTION = re.compile(
    r"(?:\A|[\s\"'\\])(?P<sure>-O\s?QueueDirectory\s?=\s?\S|-oQ\s?[/~.])|"
    r"(?:\A|[\s\"'\\])-(?:X\s?|C)(?:/|~/|\.{1,2}/|[a-zA-Z]:[/\\])\S"
)
_MAILED = re.compile(r"[\w\"'.+-]@[\w-]{1,63}\.\w|[\w\"']@localhost\b")
# RFC 2047 §5: an encoded word is no part of an address. Some programs decode it there.
_CODED_ADDRESS = re.compile(
    r"=\?[\w-]{1,20}\?[qb]\?(?:[^?\s]{0,400}\?=[\w.+-]{0,64}@[\w.-]|[^?\s]{0,400}=0[ad][^?\s]{0,400}\?=)|"
    r"\A[^\s<>@]{1,64}@[\w.-]{1,80}(?:>[\s,;]{0,3}<?|\x00[^\s<>@]{0,8})[^\s<>@]{0,64}@[\w.-]",
    re.IGNORECASE,
)
_SHORT: Final = 200
_FEW_LINES: Final = 8
_FEW_BREAKS: Final = 4
_FEW_OF_LOG: Final = 3


def judge(text: str, context: Context) -> Judgement | None:
    """What `text` would add to a message or file that it is written into unescaped."""
    text = text.translate(_CUT).replace(_CUT_PAIR, "\r\n")
    found = [_mail_option(text), _mail_address(text), _terminal(text, context)]
    # JSON and base64 may carry text of several lines into any place.
    is_single = context.location != "body" and not {"base64", "escapes"} & set(context.layers)
    if is_single or context.is_name:
        return strongest((*found, *(look(text, context) for look in _LOOKS_AT_LINE)))
    found += [look(text) for look in _LOOKS_AT_TEXT]
    # Whoever writes a line break as %0d%0a into a text does not break a line of it.
    if "url" in context.layers:
        found.append(_coded_field(text))
    return strongest(found)


def _mail_option(text: str) -> Judgement | None:
    option = _MAIL_OPTION.search(text)
    if option is None:
        return None
    # Words around an address do no harm to it: they are more addresses.
    if _MAILED.search(text):
        return verdict("crlf.mail-option", 8 if option["sure"] else 7, option[0].strip())
    is_sure = option["sure"] is not None and not reads_as_prose(text)
    return verdict("crlf.mail-option", 6 if is_sure else 3, option[0].strip())


def _mail_address(text: str) -> Judgement | None:
    address = _CODED_ADDRESS.search(text)
    return verdict("crlf.mail-address", 6, address[0]) if address is not None else None


def _terminal(text: str, context: Context) -> Judgement | None:
    match = _TERMINAL.search(text)
    if match is None:
        return None
    # What a program has printed is pasted with where its cursor went, and with its titles.
    is_move = match[0][1] == "["
    is_title = match[0][1] == "]" and match[0] != "\x1b]52;" and "\n" in text
    is_pasted = context.location == "body" and (is_move or is_title)
    return verdict("crlf.terminal", 4 if is_pasted else 6, text[match.start() :])


def _heads(text: str) -> Iterator[re.Match[str]]:
    """Whatever looks like a header field after a line break."""
    return islice(_HEAD.finditer(text), _MOST_HEADS)


def _field_in_line(text: str, context: Context) -> Judgement | None:
    return strongest(_judge_head(text, head, context) for head in _heads(text))


def _judge_head(text: str, head: re.Match[str], context: Context) -> Judgement | None:
    is_query = context.location == "query"
    name = head["name"].lower()
    if _IS_HTTP.fullmatch(name):
        value = _MACHINE_VALUE.get(name)
        sure = not is_query or value is None or value.match(head["value"]) is not None
        sure = sure and not _is_below(text, head)
        return verdict("crlf.field", 9 if sure else 4, head[0])
    if _IS_MAIL.fullmatch(name):
        named = name == "cc" and _ADDRESS.search(head["value"])
        odd = _follows_one_word(text, head.start()) and (
            _is_for_machines(name, head["value"])
            or _ADDRESS.fullmatch(head["value"].strip()) is not None
        )
        odd = odd or ("-" in name and _is_mail_for_machines(name, head["value"]))
        sure = not is_query or odd or name == "bcc" or bool(named) or _is_addressed(text, head)
        return verdict("crlf.mail-field", 9 if sure else 4, head[0])
    if not head["value"].strip() or head["value"].startswith("//"):
        return None
    # Links carry texts of several lines as well: `mailto:…&body=Hello%0D%0ARegards:%20Bob`.
    is_lines = is_query or ("url" in context.layers and _LINK_TEXT.match(text) is not None)
    odd = _is_set(text, head) or (
        _follows_one_word(text, head.start())
        and (
            _is_made_up(name)
            or (head["name"].islower() and head[0][0] == "\n" and _is_last(text, head))
        )
    )
    return verdict("crlf.unknown-field", 4 if is_lines and not odd else 7, head[0])


def _message_in_line(text: str, context: Context) -> Judgement | None:
    split = _SPLIT.search(text)
    if split:
        return verdict("crlf.split", 8, split[0])
    log = _LOG.search(text)
    if log is None:
        return None
    return verdict("crlf.log", 7 if _is_forged(text, log.start()) else 4, log[0])


def _command_in_line(text: str, context: Context) -> Judgement | None:
    command = _COMMAND.search(text)
    return command and verdict("crlf.mail-command", 9, command[0])


def _break_in_line(text: str, context: Context) -> Judgement | None:
    if "\r" not in text and "\n" not in text:
        return None
    if context.is_name or context.location in ("path", "header", "cookie"):
        is_link = "url" in context.layers and _LINK_TEXT.match(text) is not None
        return verdict("crlf.break", 4 if is_link else 6, text)
    # Forms on the web send CR LF; a CR alone is typed by nobody.
    return verdict("crlf.break", 5, text) if _LONE.search(text) else None


_LOOKS_AT_LINE = (_field_in_line, _message_in_line, _command_in_line, _break_in_line)


def _field_in_text(text: str) -> Judgement | None:
    return strongest(
        _judge_head_in_text(text, head) for head in _heads(text) if not _is_below(text, head)
    )


def _judge_head_in_text(text: str, head: re.Match[str]) -> Judgement | None:
    name = head["name"].lower()
    after_address = _ADDRESS.fullmatch(text[: head.start()].rstrip("\r")) is not None
    sent = "-" in name and _is_mail_for_machines(name, head["value"])
    if sent and _is_appended(text, head.start()):
        return verdict("crlf.mail-field", 6, head[0])
    if after_address and (name == "subject" or _is_mail_for_machines(name, head["value"])):
        return verdict("crlf.mail-field", 6, head[0])
    sure = _SURE_IN_TEXT.get(name)
    if sure is not None and sure.match(head["value"]):
        return verdict("crlf.field", 6 if _is_appended(text, head.start()) else 4, head[0])
    if _follows_one_word(text, head.start()) and _is_for_machines(name, head["value"]):
        return verdict("crlf.field", 6, head[0])
    if name not in ("bcc", "cc", "to", "from") or not _ADDRESS.search(head["value"]):
        return None
    # A letter may end with an address to write to.
    is_added = _is_appended(text, head.start()) and (
        name not in ("to", "from") or _is_addressed(text, head)
    )
    return verdict("crlf.mail-field", (7 if name == "bcc" else 6) if is_added else 3, head[0])


def _coded_field(text: str) -> Judgement | None:
    head = next(_heads(text), None)
    if head is None or _LINK_TEXT.match(text):
        return None
    name = head["name"].lower()
    is_first = text[: head.start()].strip("\r\n\t\x00 /?#") == ""
    if is_first and _is_for_machines(name, head["value"]):
        return verdict("crlf.field", 6, head[0])
    is_mail = _IS_MAIL.fullmatch(name) and _ADDRESS.fullmatch(head["value"].strip())
    if is_mail and _follows_one_word(text, head.start()):
        return verdict("crlf.mail-field", 6, head[0])
    return None


def _is_below(text: str, head: re.Match[str]) -> bool:
    """Whether it stands below a name, as in YAML; a server takes it for the rest of a line."""
    return head[0].startswith("\n  ") and text[max(0, head.start() - 1)] != "\r"


def _is_for_machines(name: str, value: str) -> bool:
    """Whether a field is one that people do not write under a word."""
    if _is_made_up(name):
        return not value.strip().count(" ")
    if _IS_HTTP.fullmatch(name):
        expected = _MACHINE_VALUE.get(name)
        return "-" in name if expected is None else expected.match(value) is not None
    return "-" in name and _is_mail_for_machines(name, value)


def _is_mail_for_machines(name: str, value: str) -> bool:
    if _IS_MAIL.fullmatch(name) is None:
        return False
    return name in ("mime-version", "x-mailer") or "@" in value


def _is_made_up(name: str) -> bool:
    return name.startswith("x-") and name not in _WORDS_WITH_X


def _is_set(text: str, head: re.Match[str]) -> bool:
    """Whether a field that an application makes up is given one word below a short value."""
    value = head["value"].strip()
    return (
        _is_made_up(head["name"].lower())
        and not any(map(str.isspace, value))
        and _is_appended(text, head.start())
    )


def _is_last(text: str, head: re.Match[str]) -> bool:
    """Whether a field as programs write it, behind what is no name, is all behind CR LF."""
    value = head["value"].strip()
    return (
        head["name"].islower()
        and head["name"] not in _WORDS_WITH_X
        and text[head.start() - 1 : head.start() + 1] == "\r\n"
        and not text[:1].isupper()
        and not any(map(str.isspace, value))
        and not text[head.end() :].strip()
    )


def _follows_one_word(text: str, position: int) -> bool:
    """Whether what stands at `position` was added to a value without blanks: a name, an address."""
    before = text[:position].rstrip("\r\n")
    if not before:
        # Who begins with a line break writes something below it; not many lines, in an attack.
        return len(_BREAKS.findall(text)) <= _FEW_BREAKS
    return len(before) <= _SHORT and not any(map(str.isspace, before))


def _split_in_text(text: str) -> Judgement | None:
    split = _SPLIT.search(text)
    if split is None or not _follows_one_word(text, split.start()):
        return None
    return verdict("crlf.split", 6, split[0])


def _is_addressed(text: str, field: re.Match[str]) -> bool:
    return "@" in text[: field.start()]


def _command_in_text(text: str) -> Judgement | None:
    command = _COMMAND.search(text)
    if command is None:
        return None
    return verdict("crlf.mail-command", 7 if _is_appended(text, command.start()) else 4, command[0])


def _log_in_text(text: str) -> Judgement | None:
    log = _LOG.search(text)
    if log is None:
        return None
    return verdict("crlf.log", 5 if _is_forged(text, log.start()) else 3, log[0])


def _part_in_text(text: str) -> Judgement | None:
    part = _PART.search(text)
    is_added = part is not None and _is_appended(text, part.start())
    return verdict("crlf.field", 6, part[0]) if part and is_added else None


_LOOKS_AT_TEXT = (_field_in_text, _part_in_text, _split_in_text, _command_in_text, _log_in_text)


def _is_forged(text: str, position: int) -> bool:
    """Whether one line of a log is added to a short value; a report of an error shows many."""
    # `It fails:`, an empty line, and what it says.
    is_quoted = text[:position].endswith((":\n", ":\r\n"))
    lines = len(_LINES.findall(text.rstrip())) + 1
    return _is_appended(text, position) and lines <= _FEW_OF_LOG and not is_quoted


def _is_appended(text: str, position: int) -> bool:
    """Whether `position` follows one short value, which is not itself a line of such a text."""
    if position > 2 * _SHORT:
        return False
    before = text[:position].strip().removesuffix(".").strip()
    if len(before) > _SHORT or _LINES.search(before) or len(_BREAKS.findall(text)) > _FEW_LINES:
        return False
    head = before.split(" ", 1)[0]
    return not head.endswith(":") and not before.upper().startswith(("HTTP/", "$ ", "> ", "```"))


DETECTOR = Detector(
    family="crlf",
    rules=RULES,
    triggers=(
        rf"(?:[\r\n]|\xe5\x98[\x8a\x8d])\s{{0,4}}(?:{_HTTP}|{_MAIL})\s{{0,4}}:",
        r"(?:\xe5\x98[\x8a\x8d]|\xc4\x8d\xc4\x8a)\s{0,4}[a-z][a-z0-9_-]{1,40}[\r ]{0,4}:",
        # Texts are scanned joined by three line feeds: fewer or more are part of one of them.
        r"\r[ \t]{0,4}[a-z][a-z0-9_-]{1,40}[\r ]{0,4}: ?[^\s/]",
        r"(?:[^\n]\n?|\n\n\n|\A)\n[ \t]{0,4}[a-z][a-z0-9_-]{1,40}[\r ]{0,4}: ?[^\s/]",
        r"(?:\n\r?\n|\r\r)[ \t]{0,4}(?:<[!a-z?/]|HTTP/\d)",
        (
            r"[\r\n]\s{0,4}(?:mail from\s?:|rcpt to|(?:ehlo|helo) \S|user \S+\r?\npass |"
            r"data\s?\r?\n(?:[a-z][\w-]+:|\.)|[a-z]\d{1,5} [a-z]{4,12}\b|(?:retr|dele|top) \d)|"
            r"\r\n(?:quit|rset|noop|starttls|pasv|epsv)(?:\r\n|\z)|"
            r"\r\n(?:(?:vrfy|expn|stor|retr|dele|cwd) \S|port \d+,|site [ec]|"
            r"(?:invite|register|message) sips?:|privmsg \S+ :)"
        ),
        (
            r"[\r\n]\s{0,4}(?:\d{1,3}(?:\.\d{1,3}){3} |\[?\d{4}-\d\d-\d\d[t ][\d:.,]+[ \]]|"
            r"\[?(?:info|debug|warn|error|notice|critical|success|audit)"
            r"[a-z]{0,3}\]?[: ]|[a-z]{3} [ \d]\d \d\d:\d\d:\d\d )"
        ),
        r"(?:^|[\s\"'\\])-(?:(?:x\s?|c)(?:[/~.]|[a-z]:[/\\])|oq\s?[/~.]|o\s?queuedirectory)",
        r"=\?[a-z0-9_-]+\?[qb]\?[^?\s]*(?:=0[ad]|\?=[^\s@]*@)|^[^\s<>@]+@[^\s<>@]+(?:>[\s,;]*<?|\x00)[^\s<>@]*@",
        r"\r(?:[^\n]|\z)|\r\n(?:\n|\z)",
        r"\x1b(?:\]\d|[P_^]|\[[\d;?]{0,12}[A-JLPXn-t])",
    ),
    judge=judge,
)
