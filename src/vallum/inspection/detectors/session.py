"""Session fixation: a value that sets a cookie, or brings a session of the attacker's choice."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors._text import reads_as_prose, verdict
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "session.script": "script or markup that sets a cookie",
    "session.attributes": "a cookie with attributes, as a server would set it",
    "session.parameter": "a session id as a parameter, where only a cookie should bring one",
}

# What frameworks call their cookie; a parameter of the name is a session that somebody else chose.
_NAMES = (
    r"(?:__(?:host|secure)-)?(?:(?:j|php|asp|asp\.net_|jserv|jw|cf|weblogic|zend_|play_|ci_|laravel_|"
    r"_?rails_|_?flask_|rack\.|next-?auth\.|authjs\.)(?:session(?:[-_]?id|[-_]?token)?|sess|sessid|sid)|"
    r"connect\.sid|sails\.sid|koa[.:]sess|meteor_login_token|cfid|cftoken|cakephp|shiny-?token|"
    r"aspsessionid[a-z]{8})"
)
# Written like this it is a cookie of a framework, or a bad habit: an id in a URL can be planted.
_GENERIC = r"(?:sessionid|session-id|_session_id)"
_PARAMETER = re.compile(rf"^{_NAMES}$", re.IGNORECASE)
_COMMON_PARAMETER = re.compile(rf"^{_GENERIC}$")
_SCRIPT = re.compile(
    r"\.cookie\s{0,4}=(?!=)|\.cookie\s?;\s?(?:expires|domain|path)\s?=|"
    r"http-equiv\s?=\s?['\"]?set-cookie",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(
    r"^(?:[^;=\s]{0,60};\s?)?[^;\s]{0,60}=[^;\s]{0,200};\s?(?:[a-z-]{4,8}(?:=[^;]{0,60})?;\s?){0,4}"
    r"(?:domain=\.?[\w-]{1,63}\.[\w.-]{2,}|path=/|httponly|expires=\w)",
    re.IGNORECASE,
)


def judge(text: str, context: Context) -> Judgement | None:
    """Whether `text` would bring a session of somebody else's choice."""
    script = _SCRIPT.search(text)
    if script:
        return verdict("session.script", 4 if reads_as_prose(text) else 7, script[0])
    if context.is_name and context.location in ("query", "body"):
        if _PARAMETER.match(text):
            return verdict("session.parameter", 6, text)
        if context.location == "query" and _COMMON_PARAMETER.match(text):
            return verdict("session.parameter", 5, text)
    attributes = _ATTRIBUTES.match(text)
    if attributes and context.location in ("query", "path", "body"):
        return verdict("session.attributes", 5, attributes[0])
    return None


DETECTOR = Detector(
    family="session",
    rules=RULES,
    triggers=(
        rf"^(?:{_NAMES}|{_GENERIC})$",
        r"\.cookie\s{0,4}[=;]|http-equiv\s?=\s?['\"]?set-cookie",
        r";\s?(?:domain=\.?[\w-]{1,63}\.|path=/|httponly|expires=)",
    ),
    judge=judge,
)
