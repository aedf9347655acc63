"""Requests forged by the server: URLs that lead to where only the server can go (B-307, B-310)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final, NamedTuple

from vallum.inspection.detectors._text import reads_as_prose, strongest, verdict
from vallum.inspection.detectors.ssrf_hosts import SERVICES, Host, read_host
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "ssrf.metadata": "a URL of a cloud's metadata service",
    "ssrf.internal": "a URL of a loopback, private or link-local address, or of an internal name",
    "ssrf.disguise": "a URL whose host is spelled so that filters misread it",
    "ssrf.service": "a URL of a service that does not speak HTTP, by its port",
    "ssrf.userinfo": "a URL that shows one host before its `@` and means another",
    "ssrf.scheme": "a URL of a scheme that makes servers talk to other services or read files",
    "ssrf.bare": "an internal host and a path, without a scheme",
    "ssrf.option": "an address that the program which fetches it takes for an option or a command",
    "ssrf.redirect": "the address of another site, without a scheme, where a way back is expected",
}

# What follows a scheme: slashes of either kind, or none at all as lenient clients read it.
_START = re.compile(
    r":[/\\]{1,8}|(?<=http):(?=[\d\[]|localhost)|(?<=https):(?=[\d\[]|localhost)|^[/\\]{2}(?=[\d\[])",
    re.IGNORECASE,
)
_SCHEME_NAME = re.compile(r"[a-z][a-z0-9+._-]{1,20}$", re.IGNORECASE)
_MOST_URLS: Final = 10
_PAST_URL = re.compile(r"[/\s\"'<>]")
_PAST_AUTHORITY = re.compile(r"[/\r\n]")
_LONGEST_AUTHORITY: Final = 260
_FIRST = re.compile(r"\[[^\]/]{0,80}\]?|[^\x00-\x20/?#\\@&:\"'<>`,;)|\]}]{1,253}")
_PORT = re.compile(r":(\d{1,5})(?!\d)")
_WEB = re.compile(r"https?|wss?|ftps?|git|ssh", re.IGNORECASE)
_ASKED = re.compile(
    r"[\w.-]{1,253}(?::\d{1,5})?\?(?:[\w.-]{1,40}=[^\\#&=]{1,80}&){0,8}[\w.-]{1,40}=[\w.+-]{1,64}"
)
_FIRST_FIELD = re.compile(r"[&#?]")
_SPACE = re.compile(r"\s")
# Letters in circles, or of mathematics: a client folds them into the plain ones.
_ORNATE = re.compile("[\u2460-\u24ff\U0001d400-\U0001d7ff]")
_SPLIT_NAME = re.compile(r"\w\\{1,4}\w\\{1,4}\w")
_SITE_NAME = re.compile(
    r"^[\w.-]{1,200}\.(?:com|org|net|io|dev|app|gov|edu|co|uk|de|fr|cn|ru|eu|info|example|test)"
    r"(?::\d{1,5})?(?:%(?:25)?(?:2f|5c|23|3f)\S{0,200})?$",
    re.IGNORECASE,
)
# Ports of services that take orders from whoever connects, and speak no HTTP or no login.
_DISGUISES: Final = frozenset({"unicode", "lookalikes"})
_SERVICES: Final = frozenset(
    (
        21,
        22,
        23,
        25,
        110,
        111,
        143,
        389,
        445,
        465,
        587,
        636,
        873,
        1099,
        1433,
        1521,
        2049,
        2181,
        2375,
        2376,
        2379,
        3306,
        3389,
        5432,
        5672,
        5984,
        6379,
        6443,
        8200,
        8500,
        9042,
        9092,
        9200,
        10250,
        10255,
        11211,
        27017,
        27018,
    )
)
_PORTS = "|".join(str(port) for port in sorted(_SERVICES))
# Schemes by what a URL of them alone is worth, and one inside a longer text.
_SCHEMES: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(("gopher", "dict", "tftp", "netdoc", "ldapi", "local_file", "jar"), (9, 7)),
    **dict.fromkeys(
        ("ldap", "ldaps", "smb", "rmi", "iiop", "iiopname", "corbaname", "npipe"), (7, 5)
    ),
    "dns": (5, 4),  # A name to resolve, of JNDI; `dns:///service` is a target of gRPC.
    "file": (7, 4),
}
_SLASHES = re.compile(
    r"(?<!\bdns):(?!/\\\.\w)[/\\]{2}(?=[^\s*])|(?<=\bdns)://(?=[^/\s])", re.IGNORECASE
)
_CORBA = re.compile(r"\bcorba(?:name|loc):[\w.:-]", re.IGNORECASE)
_JAR = re.compile(r"jar:(?:https?|ftp|file|jar):", re.IGNORECASE)
_SOCKET = re.compile(
    r"\bunix:(?:[^\s|]{1,1000}\||/[^\s|:]{1,300}:)\s?[a-z]{2,8}:|"
    r"(?:\A\W{0,8}(?:https?://)?|http\+)unix:/{0,8}(?:%2f|/)?(?:var(?:%2f|/))?run(?:%2f|/)|"
    r"\bnpipe:[/\\]{2,8}\.[/\\]{1,2}pipe[/\\]",
    re.IGNORECASE,
)
_DATA = re.compile(r"^\s{0,4}data:(?:text|application)/[\w.+-]{1,60}(?:$|[;,])", re.IGNORECASE)
_BARE = re.compile(
    r"^\s{0,4}(?P<host>[\w.-]{3,100}?)(?P<port>:\d{1,5})?/(?P<path>\S{0,400})\s{0,4}$"
)
_MASK = re.compile(r"^\d{1,3}(?!\S)")
_SLASHED = re.compile(
    r"\s{0,4}(?:[/\\]{2,4}|https?:(?![/\\]))(?:[^\s/\\@]{0,80}@)?(?P<host>[\w.-]{3,100})(?::\d{1,5})?"
    r"(?:[/?#]\S{0,400})?\s{0,4}\Z",
    re.IGNORECASE,
)
_SCHEME_FIRST = re.compile(r"[\s\"'<]{0,4}[a-z][a-z0-9+.-]{1,20}", re.IGNORECASE)
# Fields whose values programs fetch, or send people to.
_OF_ADDRESSES = re.compile(
    r"(?<![a-z])(?:link|href|src|callback|webhook|hook|feed|proxy|endpoint|fetch|target|redirect|next|"
    r"dest(?:ination)?|avatar|image|import)(?![a-z])|ur[il](?![a-z])"
)
_WAY_BACK = re.compile(
    r"(?<![a-z])(?:next|continue|go_?to|back|forward|(?:return|redirect|back|success|fail(?:ure)?|cancel|"
    r"error|login|logout|callback|from|origin|target|dest(?:ination)?)_?(?:to|ur[il]|page|path|back)?|"
    r"redir|rurl|returnurl|relaystate|checkout_url)(?![a-z])"
)
_AWAY = re.compile(
    r"[\x00-\x20]{0,4}(?:[/\\][\t\r\n]{0,2}[/\\]{1,4}|https?:(?![/\\]))(?:[^\s/\\?#@]{0,80}@)?"
    r"[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,8}\.[a-z]{2,24}\.?(?::\d{1,5})?(?:[/\\?#]\S{0,1000})?\s{0,4}\Z",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"\A[^?#]{0,400}[^/\\]\.(?:php|html?|aspx?|jsp|json|js|css|png|jpe?g|gif|svg|webp|xml|txt|pdf)(?:[?#]|\Z)",
    re.IGNORECASE,
)
# Where a browser says where it is: that is the developer's machine as often as not.
_OWN_PLACE: Final = frozenset({"referer", "origin", "host", "user-agent"})
# The pages of a program for telephones or desktops itself, which no server can fetch.
_OWN_PAGES: Final = re.compile(
    r"(?:capacitor(?:-electron)?|ionic|tauri|wails|app|electron|cordova|asset|ipc)://localhost",
    re.IGNORECASE,
)
# RFC 8252: a program on somebody's computer is sent back to by its loopback address.
_SENT_BACK: Final = re.compile(
    r"(?:post_?logout_?|oauth_?)?redirect_?uris?|(?:allowed|web|cors|trusted)_?origins?",
    re.IGNORECASE,
)


# No host and no user begins with a dash; a program that is handed one takes it for an option.
_OPTION_HOST = re.compile(
    r"\b(?:[a-z]{2,8}\+)?(?:ssh|git|s?ftp|scp|rsync|svn|hg|bzr|cvs|file|https?)://(?:[^\s/@]{1,60}@)?"
    r"(?:-{1,2}o?[A-Za-z][\w-]{1,60}(?:=|%3d|\s)|-[a-z]\s?/)|"
    r"(?:\A|[\s\"'=])[\w.-]{1,60}@-{1,2}o?[A-Za-z][\w-]{1,60}=",
    re.IGNORECASE,
)
# What git runs for addresses of a scheme that it does not know: `ext::command arguments`.
_REMOTE_HELPER = re.compile(
    r"(?:\A|[\s\"'=+])ext::[\"']?(?:(?:\S{0,80}/)?(?:(?:ba|da|z|k|c|a|tc)?sh|cmd|powershell|pwsh|python[\d.]{0,4}|"
    r"perl|ruby|php|node|env|sudo|nc|ncat|curl|wget|ssh|socat|busybox)(?:\.exe)?(?:[\s%]|\Z)|"
    r"/\S{1,200}|[\w./-]{1,80}(?:\s{1,4}|%\s)(?:-|\S{0,200}(?:/|%\s|%[SGVs])))",
)


class _Target(NamedTuple):
    """A host that a URL may lead to."""

    host: Host
    port: int
    evidence: str


def judge(text: str, context: Context) -> Judgement | None:
    """Where a server would go that fetches `text`."""
    return strongest(
        (
            _scheme(text, context),
            _worst_target(text, context),
            _bare(text),
            _slashed(text),
            _away(text, context),
            _option(text),
        )
    )


def _worst_target(text: str, context: Context) -> Judgement | None:
    has_words = bool(_SPACE.search(text.strip()))
    # A fetched value is a URL and nothing else. In a sentence one is talked about.
    is_talk = has_words and reads_as_prose(text)
    is_part = has_words and "@" not in text[:300]
    best: Judgement | None = None
    for start in islice(_START.finditer(text), _MOST_URLS):
        if start[0][0] == ":" and not _SCHEME_NAME.search(
            text, max(0, start.start() - 21), start.start()
        ):
            continue
        targets = _targets(text, start)
        judged = (*(_judge_target(target, context) for target in targets), _userinfo(text, start))
        found = strongest(judged)
        is_eased = is_talk or (is_part and found is not None and found.score < 7)
        if found and is_eased and not _is_fetched(text, start.start(), context):
            found = found._replace(score=min(found.score, 4))
        best = strongest((best, found))
    return best


def _targets(text: str, start: re.Match[str]) -> Iterator[_Target]:
    """Every host that some client may take for the host of the URL.

    Clients disagree on what ends an authority (`/`, but also `?`, `#`, `\\`, a space) and on which
    `@` ends the user's name, so each piece that one of them would choose is looked at.
    """
    whole = _PAST_AUTHORITY.split(text[start.end() : start.end() + _LONGEST_AUTHORITY], 1)[0]
    pieces = [whole]
    if "@" in whole[:200]:
        pieces += whole.split("@")[1:4]
    for piece in pieces:
        name = _FIRST.match(piece)
        if name is None:
            continue
        port = _PORT.match(piece, name.end())
        host = read_host(name[0])
        number = int(port[1]) if port else 0
        if host is None and (_SPLIT_NAME.match(piece) or _ORNATE.search(name[0])):
            host = Host("public", True)
        if host is None and number in _SERVICES and "." not in name[0]:
            host = Host("internal-name", False)
        if host is not None:
            yield _Target(host, number, _shown(text, start, whole))


def _shown(text: str, start: re.Match[str], authority: str) -> str:
    scheme = _SCHEME_NAME.search(text, max(0, start.start() - 21), start.start())
    return (scheme[0] if scheme else "") + start[0] + authority[:80]


def _judge_target(target: _Target, context: Context) -> Judgement | None:
    host = target.host
    if host.kind == "metadata":
        return verdict("ssrf.metadata", 9, target.evidence)
    if host.kind == "public":
        return verdict("ssrf.disguise", 6, target.evidence) if host.is_disguised else None
    # Someone who wrote a full-width or enclosed digit did not type the address of their computer.
    if host.is_disguised or not _DISGUISES.isdisjoint(context.layers):
        return verdict("ssrf.disguise", 9, target.evidence)
    if target.port in _SERVICES:
        return verdict("ssrf.service", 7, target.evidence)
    if context.location == "header" and context.name in _OWN_PLACE:
        return verdict("ssrf.internal", 3, target.evidence)
    if host.kind == "loopback" and _SENT_BACK.fullmatch(context.name):
        return verdict("ssrf.internal", 3, target.evidence)
    if _OWN_PAGES.fullmatch(target.evidence):
        return verdict("ssrf.internal", 3, target.evidence)
    return verdict("ssrf.internal", 7 if host.kind == "link-local" else 5, target.evidence)


def _userinfo(text: str, start: re.Match[str]) -> Judgement | None:
    authority = _PAST_URL.split(text[start.end() : start.end() + _LONGEST_AUTHORITY], 1)[0]
    user, at, host = authority.partition("@")
    if not at or not host:
        return None
    shown = _shown(text, start, authority)
    if not _SITE_NAME.match(user):
        if not any(mark in user for mark in "#\\?"):
            return None
        scheme = _SCHEME_NAME.search(text, max(0, start.start() - 21), start.start())
        if scheme and _WEB.fullmatch(scheme[0]) is None:
            return None  # `upi://pay?pa=name@bank`: what is before the `?` is no host.
        has_path = text[start.end() + len(authority) :].startswith("/")
        if (
            not has_path
            and _ASKED.fullmatch(user)
            and _SITE_NAME.match(_FIRST_FIELD.split(host, 1)[0])
        ):
            # `https://shop.example?email=me@mail.example`
            return verdict("ssrf.userinfo", 4, shown)
    return verdict("ssrf.userinfo", 6, shown)


def _scheme(text: str, context: Context) -> Judgement | None:
    socket = _SOCKET.search(text)
    if socket:
        return verdict("ssrf.scheme", 4 if reads_as_prose(text) else 9, socket[0])
    found = strongest(_judge_scheme(text, *place) for place in islice(_schemes(text), _MOST_URLS))
    if found is not None:
        is_talk = reads_as_prose(text) and not _is_fetched(text, text.find(":"), context)
        return found._replace(score=min(found.score, 4)) if is_talk else found
    data = _DATA.match(text)
    if data and (context.is_name or context.location in ("query", "path")):
        return verdict("ssrf.scheme", 5, data[0])
    return None


def _schemes(text: str) -> Iterator[tuple[str, int]]:
    """The schemes of URLs in `text`, in lower case, and where each starts."""
    for slashes in _SLASHES.finditer(text):
        name = _SCHEME_NAME.search(text, max(0, slashes.start() - 21), slashes.start())
        if name:
            yield name[0].lower(), name.start()
    for jar in _JAR.finditer(text):
        yield "jar", jar.start()
    for name in _CORBA.finditer(text):
        yield "corbaname", name.start()


def _judge_scheme(text: str, name: str, start: int) -> Judgement | None:
    worth = _SCHEMES.get(name)
    if worth is None:
        return None
    is_alone = not text[max(0, start - 40) : start].strip(" \"'=<([")
    return verdict("ssrf.scheme", worth[0] if is_alone else worth[1], text[start : start + 120])


def _bare(text: str) -> Judgement | None:
    """`169.254.169.254/latest` or `localhost/admin`: what is put behind `http://` by the server."""
    match = _BARE.match(text)
    if match is None:
        return None
    host = read_host(match["host"])
    if host is None or host.kind == "public":
        return None
    if "." in match["host"] and _MASK.match(match["path"]) and match["host"][0].isdigit():
        return None  # A network, `10.0.0.0/8`.
    if host.kind == "metadata":
        # A first step of an ordinary path may be called so.
        is_known = match["path"].lower().startswith(("computemetadata/", "latest/meta-data"))
        return verdict("ssrf.bare", 6, text) if "." in match["host"] or is_known else None
    sure = host.is_disguised and not match["host"].isdigit()
    return verdict("ssrf.bare", 6 if sure else 5, text)


def _slashed(text: str) -> Judgement | None:
    """`//localhost/admin`, `http:localhost`: what becomes a whole URL with the server's slashes."""
    match = _SLASHED.match(text)
    host = read_host(match["host"]) if match else None
    if match is None or host is None or host.kind == "public":
        return None
    named = "." in match["host"] or host.kind == "loopback"
    return verdict("ssrf.bare", 6 if host.kind == "metadata" else 5, text) if named else None


def _away(text: str, context: Context) -> Judgement | None:
    """`//attacker.example` as the way back: browsers take it, and odd spellings, for an address."""
    if not _WAY_BACK.search(context.name) or _PAGE.search(text) or not _AWAY.match(text):
        return None
    return verdict("ssrf.redirect", 5, text)


def _option(text: str) -> Judgement | None:
    """`ssh://-oProxyCommand=x/y` and `ext::sh -c x`: what git, ssh and their kin run."""
    found = _OPTION_HOST.search(text) or _REMOTE_HELPER.search(text)
    if found is None:
        return None
    return verdict("ssrf.option", 4 if reads_as_prose(text[: found.start()]) else 8, found[0])


def _is_fetched(text: str, position: int, context: Context) -> bool:
    """Whether a field of addresses begins with the one at `position`, whatever words it has."""
    is_first = _SCHEME_FIRST.fullmatch(text, 0, max(position, 0)) is not None
    return is_first and _OF_ADDRESSES.search(context.name) is not None


_NAMES = (
    r"(?:localhost|loopback|localdomain|metadata|instance-data|\.internal\b|\.local\b|\.lan\b|"
    r"\.corp\b|\.intra(?:net)?\b|\.home\.arpa|\.private\b|\.cluster\b|\.svc\b|\.consul\b|"
    r"\.(?:nip|sslip|xip|traefik)\.(?:io|me|name)|localtest\.me|lvh\.me|vcap\.me|lacolhost\.com|"
    r"yoogle\.com|local\.me|fuf\.me|rbndr\.us|1u\.ms|rebind\.network|make-127)"
)

DETECTOR = Detector(
    family="ssrf",
    rules=RULES,
    triggers=(
        r":[/\\]{1,8}(?:\d|\[)|\bhttps?:(?:\d|\[|localhost)|^[/\\]{2}(?:\d|\[)",
        (
            r"^\s{0,4}(?:[/\\]\s{0,2}[/\\]{1,4}|https?:)(?:[^\s/\\?#@]{0,80}@)?[a-z0-9-]{1,63}\.[a-z0-9]|"
            r"^[/\\]{2,4}(?:localhost|metadata)\b"
        ),
        rf":[/\\]{{1,8}}[^/\s]*{_NAMES}",
        rf":[/\\]{{2}}(?:{SERVICES})(?:[:/]|$)",
        r":[/\\]{2,8}[^/\r\n]*@",
        rf":[/\\]{{2,8}}[\w-]+:(?:{_PORTS})(?:\D|$)",
        r":[/\\]{2,8}[^/\s]*(?:\xe3\x80\x82|\xef\xbc\x8e|\xef\xbd\xa1)",
        r":[/\\]{2,8}[^/\s]*(?:\xe2[\x91-\x93]|\xf0\x9d[\x90-\x9f])",
        r":[/\\]{2,8}\w\\{1,4}\w\\",
        (
            r"\b(?:gopher|dict|tftp|netdoc|ldapi?s?|local_file|smb|rmi|file|iiop(?:name)?|dns|npipe):"
            r"[/\\]{2}|\bjar:[a-z]{3,5}:|\bcorba(?:name|loc):"
        ),
        r"\bunix:[^\s|]+\||\bunix:/[^\s|:]+:[a-z/]|\bunix:/{0,8}(?:%2f|/)?(?:var|run)(?:%2f|/)",
        r"^\s{0,4}data:(?:text|application)/",
        r"://(?:[^\s/@]{1,60}@)?--?[a-z]|@--?[a-z][\w-]+=|(?:^|[\s\"'=+])ext::[\"'a-z/]",
        (
            rf"^\s{{0,4}}(?:[\w.-]*{_NAMES}[\w.]*|169\.254\.[\d.]{{3,7}}|127\.[\d.]{{3,11}}|"
            rf"10\.[\d.]{{5,11}}|192\.168\.[\d.]{{3,7}})(?::\d{{1,5}})?/"
        ),
    ),
    judge=judge,
)
