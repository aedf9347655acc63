"""File names that make a server, a shell or a person run what was uploaded (B-124)."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.files.model import BadFile

_MAX_NAME: Final = 255
_SERVED: Final = frozenset(
    [
        *("php", "php3", "php4", "php5", "php7", "php8", "phps", "pht", "phtml", "phar"),
        *("asp", "aspx", "asa", "asax", "ascx", "ashx", "asmx", "cer", "cshtml", "svc"),
        *("jsp", "jspx", "jspf", "jsw", "jsv", "cfm", "cfml", "cfc"),
        *("cgi", "fcgi", "shtml", "shtm", "stm", "htaccess", "htpasswd"),
    ]
)
"""What web servers run, some of them wherever it stands in a name."""
_RUN: Final = frozenset(
    [
        *("exe", "com", "dll", "sys", "scr", "pif", "cpl", "msi", "msp", "msc", "lnk", "url"),
        *("bat", "cmd", "ps1", "psm1", "vbs", "vbe", "jse", "wsf", "wsh", "hta", "reg", "inf"),
        *("sh", "bash", "zsh", "csh", "ksh", "run", "bin", "elf", "so", "dylib", "app", "dmg"),
        *("jar", "war", "ear", "class", "apk", "ipa", "deb", "rpm", "pkg", "appimage", "desktop"),
        *("pl", "pm", "py", "pyc", "pyw", "rb", "lua", "js", "mjs", "swf", "xap", "mht", "mhtml"),
        *("docm", "dotm", "xlsm", "xltm", "xlam", "pptm", "potm", "ppam", "ppsm", "iso", "vhd"),
    ]
)
"""What runs when somebody opens it."""
_RESERVED: Final = frozenset(
    ["web.config", "php.ini", ".user.ini", "crossdomain.xml", "clientaccesspolicy.xml"]
)
# Where servers and file systems end a name early: `a.php;.jpg`, `a.php::$DATA`, `a.php%00`.
_STEPS: Final = re.compile("[.;:%]")
# Controls, and what turns the direction of writing, so that `gpj.exe` is shown as `exe.jpg`.
_HIDING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def extension_of(filename: str) -> str:
    """The extension in lower case, or the empty string; raises BadFile for a name that harms."""
    if len(filename) > _MAX_NAME or _HIDING.search(filename):
        raise BadFile("name")
    name = filename.lower().strip()
    if name in _RESERVED or "/" in name or "\\" in name:
        raise BadFile("name")
    steps = [step.strip() for step in _STEPS.split(name)[1:]]
    if not _SERVED.isdisjoint(steps):
        raise BadFile("executable-name")
    # Windows drops dots and spaces at the end.
    while steps and not steps[-1]:
        steps.pop()
    extension = steps[-1] if steps else ""
    if extension in _RUN:
        raise BadFile("executable-name")
    return extension
