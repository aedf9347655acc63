"""Short texts that are nothing but a value and the command behind it."""

from __future__ import annotations

import re
from typing import Final

# A value that another one is hardly listed with: x;date; or any before && and || without a blank.
_SINGLE: Final = re.compile(r"[a-z](?=[;|&\n]{1,2}\S)|\w{1,24}(?=(?:&&|\|\|)\S)")
# test;echo owned
_ECHOED: Final = re.compile(
    r"[\w.@-]{1,40}\s?(?:;|\|\|?|&&?)\s?echo\s{1,4}(?:\w{1,60}|\"[^\"]{0,60}\"|'[^']{0,60}')[\s;|&#]{0,8}(?:rem\s?)?\Z"
)
# ; >/var/www/x, ;>x: a file is emptied, or written with what the command before says.
_WRITTEN: Final = re.compile(
    r"[\w.@-]{0,40}\s?(?:;|\|\|?|&&?)\s?:?\s?\d?>{1,2}(?:\s?(?:(?:~|\.{1,2})?/|[\w-]{1,40}[./])|[a-z])"
    r"[\w./-]{0,80}[\s;|&#]{0,8}\Z"
    r"|[\w.@-]{0,40}\s?\d?>{1,2}\s?/(?:etc|root|tmp|dev/shm|srv/www|(?:usr|opt|var)/\w{1,16})/"
    r"[\w./-]{1,80}\s?\Z"
)


# 127.0.0.1;/tmp/x, ;./x, && $HOME/x: a file of one's own is run.
_RUN: Final = re.compile(
    r"[\w.@-]{0,40}\s?(?:;|\|\|?|&&)\s?(?:(?:\.{1,2}|~)/|/(?:tmp|var/tmp|dev/shm)/|\$(?:\{\w+\}|\w+)/)"
    r"[\w./-]{1,80}[\s;|&#]{0,8}\Z"
)
_SCRIPT: Final = re.compile(
    r"(?:\w{1,24}\s?)?[;|&]{1,2}\s?(?:(?:source|exec|\.)\s{1,4})[\w-]{1,40}\.(?:sh|bash)[\s;|&#]{0,8}\Z"
    r"|[;|&]{1,2}\s?[\w-]{1,40}\.(?:sh|bash|bat|cmd|ps1|exe)[\s;|&#]{0,8}\Z"
)
# x;GET http://…: the client of libwww-perl.
_FETCHED: Final = re.compile(
    r"[\w.@-]{0,40}\s?[;|&]{1,2}\s?(?:GET|HEAD|POST)\s{1,4}https?://\S+[\s;|&#]{0,8}\Z"
)


def runs(text: str) -> bool:
    """Whether all of `text` is a value, if any, a separator, and what a shell would run by name."""
    return any(each.match(text) for each in (_RUN, _SCRIPT, _FETCHED, _WRITTEN))


def single(text: str) -> int:
    """Where the value ends that `text` begins with, if it is none of a list; or 0."""
    match = _SINGLE.match(text)
    return match.end() if match else 0


def echoes(text: str) -> bool:
    """Whether all of `text` is a value, a separator, and an `echo` that is told one thing."""
    return _ECHOED.match(text) is not None
