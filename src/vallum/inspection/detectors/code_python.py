"""Python: imports by name, the way from any object to every class, and running commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from vallum.inspection.detectors.code_reading import (
    Call,
    Reading,
    judgement,
    receiver,
    site,
    strongest,
    words,
)
from vallum.inspection.model import Judgement

RULES: Final = {
    "code.python_object": "Python attributes that lead from any object to every class",
    "code.python_call": "Python that imports by name, runs code, or starts a process",
}

_OBJECTS: Final = words(
    "__subclasses__ __mro__ __bases__ __base__ __globals__ __builtins__ __getattribute__ __code__ "
    "__import__ __subclasshook__ __reduce__ __reduce_ex__ __loader__ __closure__ __self__ gi_frame "
    "f_globals "
    "f_builtins tb_frame func_globals im_func"
)
_LEADING = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(sorted(_OBJECTS)) + r")(?![A-Za-z0-9_])")
_CLASS = re.compile(r"(?:\(\)|''|\"\"|\[\]|\{\}|\w|[\])|])\s{0,4}\.\s{0,4}__(?:class|init|dict)__")
# The attribute alone, of a constant, a type or in a string that is formatted.
_ATTRIBUTE = re.compile(
    r"(?:\(\)|''|\"\"|\[\]|\{\}|(?<!\w)(?:str|int|type|list|dict|tuple|object|bytes|float|\d))"
    r"\s{0,4}\.\s{0,4}__(?:class|init|dict)__(?!\w)|"
    r"\{\w{0,40}(?:[.\[][\w\]]{1,40}){0,6}\.__(?:class|init|dict|globals|code|module)__(?:[.\[!:][^{}]{0,80})?\}"
)
# A member of a constant, as an argument or a value: no program asks one for its class.
_OF_CONSTANT = re.compile(
    r"[(=,\[:]\s{0,4}(?:\(\)|''|\"\"|\[\]|\{\}|\d)\s{0,4}\.\s{0,4}__(?:class|init|dict)__(?!\w)"
)
_SCOPE = re.compile(
    r"\W{0,8}?(?:(?:p?print|str|repr|list|dict)\(\s{0,4})?(?:breakpoint|globals|locals|vars)\(\)\W{0,8}"
)
_RUNTIME = re.compile(
    r"\bsys\s{0,4}\.\s{0,4}(?:(?P<modules>modules\s{0,4}\[|_getframe\s{0,4}\()|exit\s{0,4}\(\s{0,4}\d{0,3}\s{0,4}\))|"
    r"\bos\s{0,4}\.\s{0,4}environ(?:\s{0,4}(?:\[|\.\s{0,4}\w)|(?=\W{0,4}\Z))"
)
# Whole lines that make a program wait, stop or lose its files.
_LINE = re.compile(
    r"\W{0,8}?(?:\d{1,9}\W{0,4};\W{0,4}?)?(?:(?:import\s+time\s{0,4}[;\n]\s{0,4})?time\.sleep\(\s{0,4}\d{1,4}\s{0,4}\)|"
    r"os\.(?:_exit|kill|remove|unlink|rmdir|fork|abort|uname|get(?:login|cwdb?|pid|uid)|scandir)\([^()]{0,80}\)|"
    r"shutil\.(?:rmtree|move|copy\w{0,4})\(\s{0,4}['\"][^()]{1,120}\)|"
    r"import\s+(?:\w{2,12}\s{0,4},\s{0,4}){1,4}(?:os|subprocess|pty|socket)|"
    r"urllib\d?(?:\.request)?\.urlopen\(\s{0,4}['\"][a-z]{3,6}://[^()]{1,200}\)(?:\.read\(\))?|"
    r"socket\.socket\([^()]{0,60}\)\.connect\(\([^()]{1,120}\)\)|"
    # Without an end, or with none in sight
    r"while\s{0,4}(?:True|1)\s{0,4}:\s{0,4}(?:pass|continue|\.\.\.)|\d{1,9}\*\*\d{1,9}\*\*\d{1,9})\W{0,8}"
)
_REACH = re.compile(
    r"\b(?:vars|globals|locals)\(\)\s{0,4}(?:\[|\.\s{0,4}(?:items|keys|values|get|pop)\()|\btimeit\.timeit\(\s{0,4}['\"]|"
    r"['\"]\s{0,4}%\s{0,4}os\.environ\b|\{os\.environ\b|%\((?:[\w.]{1,40}\.)?__\w{2,20}__\)[sdr]|"
    # Modules on one line, and what is done with them behind it: `import socket,os;s=socket.…(`
    r"\bimport\s{1,4}(?:\w{2,12}\s{0,4},\s{0,4}){0,4}(?:os|subprocess|pty|socket)\s{0,4}"
    r"(?:,\s{0,4}\w{2,12}\s{0,4}){0,4};\s{0,4}[\w.=,'\"\[\]]{1,80}\("
)
_STEP = re.compile(r"__[a-z]{3,14}__")

_OF: Final[dict[str, tuple[str, ...]]] = {
    "system": ("os", "posix", "nt"),
    "popen": ("os", "subprocess", "popen2"),
    "execl": ("os",),
    "execv": ("os",),
    "execve": ("os",),
    "execvp": ("os",),
    "execvpe": ("os",),
    "execlp": ("os",),
    "execle": ("os",),
    "spawnlp": ("os",),
    "spawnle": ("os",),
    "spawnvp": ("os",),
    "spawnve": ("os",),
    "posix_spawn": ("os", "posix"),
    "posix_spawnp": ("os", "posix"),
    "create_subprocess_shell": ("asyncio",),
    "create_subprocess_exec": ("asyncio",),
    "spawnl": ("os",),
    "spawnv": ("os",),
    "spawn": ("pty", "os"),
    "dup2": ("os",),
    "run": ("subprocess",),
    "call": ("subprocess",),
    "check_call": ("subprocess",),
    "check_output": ("subprocess",),
    "getoutput": ("subprocess", "commands"),
    "getstatusoutput": ("subprocess", "commands"),
    "import_module": ("importlib",),
    "loads": ("pickle", "cpickle", "marshal", "dill", "_pickle"),
    "listdir": ("os",),
    "walk": ("os",),
}
"""Functions that are dangerous as members of these modules."""
_BARE: Final = frozenset({"__import__", "eval", "exec", "compile", "execfile", "getattr", "open"})
_NAMES: Final = frozenset(_OF) | _BARE
_INNER = re.compile(
    r"\b(?:compile|__import__|base64|bytes\.fromhex|b64decode|codecs|globals|input|open|chr)\b|"
    r"\bimport\s"
)
_MODULE = re.compile(
    r"""^\s{0,40}+['"](?:os|subprocess|sys|pty|socket|builtins|commands|posix|shutil)['"]"""
)
_FILE = re.compile(r"^\s{0,40}+['\"](?:/|\.\./|[a-z]:)", re.I)
_THEN_READ = re.compile(r"\s{0,40}+\.\s{0,40}+(?:read(?:lines?)?|write)\s{0,40}+\(")
_MODE = re.compile(r",\s{0,8}+(['\"])(?:exec|eval|single)\1")
_IMPORTED = re.compile(
    r"\bfrom\s{1,4}(?:os|posix|subprocess|pty|commands)\s{1,4}import(?:\s{1,4}|(?=\*))"
    r"(?P<name>system|[Pp]open\d?|spawn\w{0,4}|exec\w{1,4}|call|run|check_\w{4,8}|get\w{0,6}output|\*)"
    r"(?:\s{1,4}as\s{1,4}(?P<alias>[A-Za-z_]\w{0,40}))?\s{0,4}[;\n]"
)
_RUNNERS: Final = (
    r"(?:system|[Pp]open\d?|spawn\w{0,4}|exec\w{1,4}|call|run|check_\w{4,8}|get\w{0,6}output)"
)
_FEW: Final = 4
# An ellipsis is an object of Python's, of which none of these can make anything.
_ELIDED = re.compile(r"\s{0,8}(?:\.{3}|…|\[\s{0,4}(?:\.{3}|…)\s{0,4}\])\s{0,8}(?:,|\Z)")
_FENCE = re.compile(r"^ {0,3}```[\w-]{0,20} *$", re.M)
_DEFINED = re.compile(
    r"^def ([A-Za-z_]\w{0,40})\([\w, ]{1,80}\):\n(?>(?:[ \t][^\n]*+\n){0,20})[ \t][^\n]*+\Z", re.M
)
_NAME = re.compile(r"[a-z_]\w{0,40}")
_INDIRECT = re.compile(r"@|\b(?:lambda|globals|locals|vars|eval|exec)\b")
_PRIVATE = re.compile(r"['\"]__|['\"](?:system|popen|eval|exec)['\"]")


def judge(reading: Reading) -> Judgement | None:
    """What Python would make of a text."""
    return strongest(
        (
            _objects(reading.text),
            _objects(reading.plain),
            *_alone(reading.text),
            *_calls(reading),
            _imported(reading.plain),
        )
    )


def _alone(text: str) -> Iterator[Judgement | None]:
    """What says much only where it is all there is, or the value of a string that is formatted."""
    match = _ATTRIBUTE.search(text) if "__" in text else None
    if match and "__name__" not in text:
        alone = site(text, match.start(), match.end()) == "whole"
        yield judgement("code.python_object", 6 if alone else 4, text, match.start())
    match = _OF_CONSTANT.search(text) if match else None
    if match and "__name__" not in text and site(text, match.start(), match.end()) != "prose":
        yield judgement("code.python_object", 5, text, match.start())
    if _SCOPE.fullmatch(text):
        yield judgement("code.python_call", 5, text, 0)
    if _LINE.fullmatch(text):
        yield judgement("code.python_call", 6, text, 0)
    match = _REACH.search(text)
    if match:
        mention = site(text, match.start(), match.end()) == "prose"
        yield judgement("code.python_call", 4 if mention else 6, text, match.start())
    match = _RUNTIME.search(text)
    if match:
        alone = not any(map(str.isalnum, text[: match.start()]))
        alone = alone and "=" not in text[match.end() :]
        score = 4 if not alone or site(text, match.start(), match.end()) == "prose" else 5
        yield judgement("code.python_call", score + bool(match["modules"]), text, match.start())


def _objects(text: str) -> Judgement | None:
    if "_" not in text:
        return None
    steps = set(_STEP.findall(text)) if "__" in text else set()
    match = _LEADING.search(text)
    if not match:
        bare = _CLASS.search(text)
        if bare and len(steps) > 1 and "__name__" not in steps and _is_code(text, bare):
            return judgement("code.python_object", 6, text, bare.start())
        return None
    chained = len(steps) > 1 or "(" in text[match.end() : match.end() + 2]
    score = 8 if chained and ("." in text or "|" in text or "[" in text) else 5
    if len(steps) > 2 or ({"__subclasses__", "__globals__"} & steps and len(steps) > 1):
        score = 9
    if site(text, match.start(), match.end()) == "prose":
        score = 4 if score < 9 else 5
    return judgement("code.python_object", score, text, max(0, match.start() - 40))


def _is_code(text: str, match: re.Match[str]) -> bool:
    return site(text, match.start(), match.end()) != "prose"


def _calls(reading: Reading) -> Iterator[Judgement | None]:
    text = reading.plain
    for call in reading.calls(_NAMES):
        score = _score(text, call)
        if not score:
            continue
        if _is_shown(text, call) or site(text, call.start, call.close) == "prose":
            score = 4
        yield judgement("code.python_call", score, text, max(0, call.start - 20), call.close)


def _imported(text: str) -> Judgement | None:
    """`from os import system as s`, and a call of what was imported by that name."""
    for match in islice(_IMPORTED.finditer(text) if "import" in text else (), _FEW):
        name = match["alias"] or match["name"].replace("*", _RUNNERS)
        call = re.compile(rf"\b{name}\s{{0,4}}\(\s{{0,4}}['\"\[]").search(text, match.end())
        if call is not None and site(text, match.start(), call.end()) != "prose":
            return judgement("code.python_call", 7, text, match.start())
    return None


def _is_shown(text: str, call: Call) -> bool:
    """Whether who writes the call shows it to somebody, or it would do nothing by itself."""
    if _ELIDED.match(call.arguments):
        return True
    # A fence of Markdown is no Python.
    if len(_FENCE.findall(text, 0, call.start)) % 2:
        return True
    # A function that nobody calls, and that is given what to run.
    defined = _DEFINED.search(text, 0, call.start)
    return (
        defined is not None
        and _NAME.fullmatch(call.arguments.partition(",")[0].strip()) is not None
        and len(re.findall(rf"\b{defined[1]}\b", text)) == 1
        and not _INDIRECT.search(text)
    )


def _score(text: str, call: Call) -> int:
    argument = call.arguments
    if call.name in _OF:
        if receiver(text, call.start) not in _OF[call.name]:
            return 9 if text[: call.start].rstrip().endswith(").") and "__import__" in text else 0
        return 8 if argument.strip() else 4
    match call.name:
        case "__import__":
            return 9 if _MODULE.match(argument) else 7
        case "eval" | "exec" | "execfile":
            file = call.name == "execfile" and _FILE.match(argument)
            return 9 if _INNER.search(argument) else 6 if file else 0
        case "compile":
            return 8 if _MODE.search(argument) else 0
        case "getattr":
            return 8 if _PRIVATE.search(argument) else 0
        case "open":
            after = _THEN_READ.match(text, call.close)
            return 8 if after and _FILE.match(argument) else 6 if after else 0
        case _:
            return 0
