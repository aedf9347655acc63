"""Addresses of databases for Java (`jdbc:…`) whose properties make the driver run something."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from vallum.inspection.detectors.code_reading import is_prose, judgement
from vallum.inspection.model import Judgement

TRIGGER: Final = r"\bjdbc:[a-z]"

_URL = re.compile(r"\bjdbc:[a-z]", re.I)
_LONGEST: Final = 1_000
_MOST: Final = 4
_ON: Final = r"(?:true|yes|on|1)\b"
# Packages of the Java runtime and of what is found beside it: no driver has its parts there.
_INNER: Final = (
    r"(?:javax?|sun|com\.sun|org\.springframework|org\.apache\.(?:commons|xbean)|groovy)\."
)
_PROPERTY = re.compile(
    # H2: statements at the start. `classpath:` is one's own file, as tests have it.
    r"[;:?&]\s{0,8}+(?:"
    r"(?P<created>init\s{0,8}+=[^=]{0,200}?\b(?:create\s+(?:force\s+)?(?:alias|trigger|aggregate)|"
    r"link_schema|linked\s+table|file_read|csvread|call\s))|"
    r"(?P<script>init\s{0,8}+=[^=]{0,200}?\brunscript\s+from\s{0,8}+['\"]?(?!['\"]?classpath:))|"
    r"(?P<lenient>forbid_creation\s{0,8}+=\s{0,8}+false)|"
    # MySQL and MariaDB: what the other side sends is read as objects; it may ask for any file.
    rf"(?P<objects>autoDeserialize\s{{0,8}}+=\s{{0,8}}+{_ON}|"
    r"(?:query|statement)Interceptors\s{0,8}+=[\w.]{0,80}\b(?:ServerStatusDiff|jdbc\.interceptors)|"
    rf"detectCustomCollations\s{{0,8}}+=\s{{0,8}}+{_ON})|"
    rf"(?P<files>allow(?:LoadLocalInfile|UrlInLocalInfile|LocalInfile)\s{{0,8}}+=\s{{0,8}}+{_ON}|"
    r"allowLoadLocalInfileInPath\s{0,8}+=|"
    r"user\s{0,8}+=\s{0,8}+(?:fileread_|deser_|yso_))|"
    # PostgreSQL and its kin: an object of any class, and a log that becomes a page.
    r"(?P<made>(?:socketFactory|ssl(?:_?hostname_?verifier|_?factory|passwordcallback)|"
    r"authenticationPluginClassName|xmlFactoryFactory|propertiesTransform|"
    rf"connectionLifecycleInterceptors|exceptionInterceptors)\s{{0,8}}+=\s{{0,8}}+{_INNER})|"
    r"(?P<argument>(?:socketFactory|sslfactory)arg\s{0,8}+=\s{0,8}+(?:https?|ftp|file|jar|rmi|ldaps?)"
    r":)|"
    r"(?P<log>logger(?:File|Location)\s{0,8}+=[^&;]{0,200}(?:\.(?:jspx?|php\d?|phtml|war|aspx?|sh|"
    r"xml|html?|py|rb)\b|\.\./))|"
    # Others
    r"(?P<jndi>\w{0,60}jndi\w{0,40}\s{0,8}+=\s{0,8}+(?:ldaps?|rmi|dns|iiop|corbaname):)|"
    r"(?P<jaas>krbJAASFile\s{0,8}+=\s{0,8}+[\\/]{2})|"
    rf"(?P<extension>enable_load_extension\s{{0,8}}+=\s{{0,8}}+{_ON})|"
    r"(?P<backup>(?:restore|create|rollForwardRecovery)From\s{0,8}+=\s{0,8}+[\\/]{2})|"
    rf"(?P<slave>startMaster\s{{0,8}}+=\s{{0,8}}+{_ON}))|"
    r"[/,;?&]\s{0,8}+(?P<browser>browser\s{0,8}+=\s{0,8}+['\"]?[\w/.\\-])",
    re.I,
)
# MySQL takes its properties in parentheses too: `address=(host=h)(autoDeserialize=yes)`.
_BRACKETED = re.compile(
    rf"[(,]\s{{0,8}}+(?:autoDeserialize|allow(?:LoadLocalInfile|UrlInLocalInfile))\s{{0,8}}+=\s{{0,8}}+{_ON}",
    re.I,
)
_START = re.compile(
    r"jdbc:(?:sqlite::resource:(?:https?|ftp|jar:(?:https?|ftp)):|"
    r"jcr:jndi:(?:ldaps?|rmi|dns|iiop|corbaname):|"
    r"calcite:[^\s]{0,200}?(?:model\s{0,8}+=\s{0,8}+(?:inline:|https?:)|schemaFactory=))",
    re.I,
)
_SCORES: Final = {"files": 7, "lenient": 6, "log": 8, "slave": 7, "extension": 7, "browser": 8}


def judge(text: str) -> Judgement | None:
    """What the driver would do that is given an address in `text`."""
    for url in islice(_URL.finditer(text), _MOST):
        found = _score(text, url.start())
        if found:
            score = min(found, 4) if is_prose(text[: url.start()]) else found
            return judgement("deserialisation.jdbc", score, text, url.start())
    return None


def _score(text: str, start: int) -> int:
    end = min(len(text), start + _LONGEST)
    if _START.match(text, start, end):
        return 8
    match = _PROPERTY.search(text, start, end)
    if match:
        return _SCORES.get(match.lastgroup or "", 9)
    return 8 if _BRACKETED.search(text, start, end) else 0
