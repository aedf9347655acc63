"""JavaScript on a server: modules, the process object, code from strings, endless loops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import (
    Needle,
    Reading,
    is_prose,
    judgement,
    site,
    strongest,
)
from vallum.inspection.model import Judgement

RULES: Final = {
    "code.node_module": "JavaScript that loads a module which runs commands or reads files",
    "code.node_process": "JavaScript that reaches for the process or global object of a server",
    "code.node_eval": "JavaScript that makes code of a string",
    "code.endless_loop": "loop whose condition is always true and whose body is empty",
}

_MODULE = Needle(
    "require import _load module",
    r"""(?:\brequire|\bimport|_load|\bmodule\s{0,40}+\.\s{0,40}+\w+)\s{0,40}+\(\s{0,40}+['"`]?(?:node:)?(child_process|fs|vm|net|"""
    r"""http|https|os|cluster|worker_threads|dns|repl|inspector|fs/promises)['"`]?\s{0,40}+\)(\s{0,40}+\.\s{0,40}+\w+\s{0,40}+\()?""",
    re.I,
)
_LOADER = Needle(
    "require module constructor _load getbuiltinmodule",
    r"\brequire\s{0,40}+(?:\[|\.\s{0,40}+(?:main|cache|extensions|resolve)\b)|"
    r"\bmodule\s{0,40}+\.\s{0,40}+constructor\b|"
    r"\bconstructor\s{0,40}+\.\s{0,40}+_load\b|_load\s{0,40}+\((?!node:)|=\s{0,40}+require\s{0,40}+[;,]|"
    r"\bgetBuiltinModule\s{0,40}+\(",
)
_EXPORTS = Needle("exports", r"\bmodule\s{0,40}+\.\s{0,40}+exports\s{0,40}+=")
_PROCESS = Needle(
    "process global globalthis root",
    r"\bprocess\s{0,40}+\.\s{0,40}+(mainModule|binding|dlopen|_linkedBinding|getBuiltinModule|"
    r"kill|exit|abort|"
    r"chdir|"
    r"env|argv|cwd|pid|version|exec\w*|title)\b|"
    r"\b(?:global|globalThis|root|GLOBAL)\s{0,40}+\.\s{0,40}+(process|require|eval|Function|"
    r"constructor)\b|"
    r"\breturn\s+(?:this\s{0,40}+\.\s{0,40}+)?process\b|"
    r"\bprocess\s{0,40}+\.\s{0,40}+stdout\s{0,40}+\.\s{0,40}+write\s{0,40}+\(|"
    r"\bprocess\s{0,40}+\[\s{0,40}+[A-Za-z]|"
    # const {mainModule} = process; (function () {return this})().process
    r"\{[^{}]{0,60}\b(?:mainModule|binding|dlopen|_linkedBinding|getBuiltinModule)\b[^{}]{0,60}\}\s{0,4}=\s{0,4}process\b|"
    r"\bthis\s{0,4};?\s{0,4}[)}]{1,2}\s{0,4}\(\s{0,4}\)\s{0,4}\)?\s{0,4}(?:\.|\[\s{0,4}['\"`])\s{0,4}(?:process|require|global)\b",
)
_MILD: Final = frozenset({"env", "argv", "cwd", "pid", "version", "title"})
_MAKER = Needle(
    "constructor function asyncfunction generatorfunction asyncgeneratorfunction eval vm "
    "_ nd_func import fromcharcode reflect __js_function callee",
    r"""\b(?:constructor\s{0,4}\.\s{0,4}){1,3}constructor\s{0,40}+\(|\.\s{0,40}+constructor\s{0,40}+\(\s{0,40}+['"`]|"""
    r"""\bnew\s+(?:Async)?(?:Generator)?Function\s{0,40}+\(|"""
    r"""\bFunction\s{0,40}+\(\s{0,40}+['"`][^'"`]{0,200}['"`]\s{0,40}+\)\s{0,40}+\(|"""
    r"""\beval\s{0,40}+\(\s{0,40}+(?:String\s{0,40}+\.\s{0,40}+fromCharCode|atob|Buffer|unescape|require|decodeURI)|"""
    r"""\bvm\s{0,40}+\.\s{0,40}+run\w+\s{0,40}+\(|_\$\$ND_FUNC\$\$_|\b__js_function\b|\bimport\s{0,40}+\(\s{0,40}+['"`]data:|"""
    r"""\bString\s{0,40}+\.\s{0,40}+fromCharCode\s{0,40}+\(\s{0,40}+\d+\s{0,40}+(?:,\s{0,40}+\d+\s{0,40}+){4}|"""
    r"""\bReflect\s{0,40}+\.\s{0,40}+(?:(?:construct|apply|getOwnPropertyDescriptor)\s{0,40}+\(|"""
    r"""\w{2,24}\s{0,40}+\(\s{0,40}+(?:process|global|globalThis|module|require)\b)|"""
    r"""\bnew\s+vm\s{0,40}+\.\s{0,40}+Script\s{0,40}+\(|"""
    r"""\barguments\s{0,4}\.\s{0,4}callee\s{0,4}\.\s{0,4}caller\b""",
)
_FILES = Needle(
    "readfilesync readdirsync writefilesync createreadstream unlinksync appendfilesync execsync "
    "execfilesync spawnsync execfile",
    r"\b(?:readFileSync|readdirSync|writeFileSync|createReadStream|unlinkSync|appendFileSync|"
    r"execSync|execFileSync|spawnSync|execFile)\s{0,40}+\(\s{0,40}+(?!\.{3}\s{0,4}\))[^)\s]",
)
# Who writes to the console of a server with a constant asks whether it evaluates at all.
_CONSOLE = Needle(
    "console",
    r"\bconsole\s{0,40}+\.\s{0,40}+\w{3,16}\s{0,40}+(?:\.\s{0,40}+(?:call|apply|bind)\s{0,40}+)?"
    r"\(\s{0,40}+(?:\d{1,12}|this|global(?:This)?|process|module|require)\s{0,40}+[,)]",
)
_RESPONSE = re.compile(r"\bres(?:ponse)?\s{0,40}+\.\s{0,40}+(?:end|write|send)\s{0,40}+\(")
# An answer of the server that is a sum shows that it was computed.
_ANSWER = Needle(
    "response res arguments",
    r"\b(?:res(?:ponse)?|arguments\s{0,4}\[\s{0,4}\d\s{0,4}\])\s{0,4}\.\s{0,4}(?:end|write|send)"
    r"\s{0,4}\(\s{0,4}(?:(?P<sum>\d{1,12}\s{0,4}[*+-]\s{0,4}\d{1,12})|['\"\d])",
    re.I,
)
_ENVIRONMENT = Needle(
    "process",
    r"['\"`]\s{0,4}\+\s{0,4}process\s{0,4}\.\s{0,4}(?:env|version|cwd|argv)\b|"
    r"\A\W{0,8}throw\s{1,4}process\.\w{1,12}\W{0,8}\Z|"
    r"\A\W{0,8}(?:console\.(?:log|dir|error|info)|JSON\.stringify|Object\.(?:keys|entries|values|assign))\(\s{0,4}process\.(?:env|argv)\s{0,4}\)\W{0,8}\Z",
)
# A variable of the environment as a value of its own; those that say how a program runs are
# what people search for.
_VARIABLE = re.compile(
    r"(?![^\w]{0,8}process\s?\.\s?env\s?\.\s?(?:NODE_ENV|PORT|HOST|CI|DEBUG|LOG_LEVEL|TZ|(?:NEXT_)?PUBLIC_\w+|"
    r"(?:REACT_APP|VITE)_\w+|npm_\w+)\b)"
    r"[\s;]{0,8}process\s?\.\s?env\s?(?:\.\s?\w{1,60}|\[\s?['\"`]\w{1,60}['\"`]\s?\])[\s;]{0,8}"
)
_LOOP = Needle(
    "while for",
    r"\b(?:while\s{0,40}+\(([^;{}]{1,24})\)|for\s{0,40}+\(\s{0,40}+;\s{0,40}+(?:true|"
    r"1)?\s{0,40}+;\s{0,40}+\))\s{0,40}+(?:;|\{\s{0,40}+\}|$)",
)
_ATOM = re.compile(
    r"""(?P<yes>true|new [a-z]\w{1,20}|string|object|array|date|function|math|json|infinity|this|"""
    r"""\[\s{0,40}+\]|\{\s{0,40}+\}|[1-9]\d*|0+[1-9]|'[^']+'|"[^"]+")|"""
    r"""(?P<no>false|null|nan|undefined|0|''|""|``)""",
    re.I,
)


def judge(reading: Reading) -> Judgement | None:
    """What a JavaScript server would make of a text."""
    text, plain, among = reading.text, reading.plain, reading.words
    return strongest(
        (
            *_modules(plain, among),
            *_process(plain, among),
            *(_maker(each, among) for each in dict.fromkeys((text, plain))),
            _loop(text, among),
            *_probe(plain, among),
        )
    )


def _weighed(rule: str, score: int, text: str, match: re.Match[str]) -> Judgement:
    """Less for what a person only mentions, but not for what would work in the middle of text."""
    if score < 9 and site(text, match.start(), match.end()) == "prose":
        score = min(score, 4)
    return judgement(rule, score, text, match.start())


def _modules(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    for match in _MODULE.first(text, among):
        runs = match[1].lower() == "child_process"
        reads = match[1].lower().startswith("fs")
        score = (
            (9 if match[2] else 7) if runs else 8 if match[2] and reads else 6 if match[2] else 3
        )
        if runs and match[2] and is_prose(text):
            score = 4 if "import" in text or "const" in text else 6
        yield _weighed("code.node_module", score, text, match)
    loader = _LOADER.search(text, among)
    if loader:
        yield _weighed("code.node_module", 7, text, loader)
    exports = _EXPORTS.search(text, among)
    if exports:
        alone = site(text, exports.start(), exports.end()) == "whole"
        yield _weighed("code.node_module", 5 if alone else 3, text, exports)
    files = _FILES.search(text, among)
    if files:
        yield _weighed("code.node_module", 6, text, files)


def _process(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    match = _PROCESS.search(text, among)
    if not match:
        return
    if _VARIABLE.fullmatch(text):
        yield judgement("code.node_process", 5, text, 0)
    mild = match[1] in _MILD
    score = 5 if mild else 7
    if mild and _RESPONSE.search(text):
        score = 7
    if mild and site(text, match.start(), match.end()) == "code" and score == 5:
        score = 4
    yield _weighed("code.node_process", score, text, match)


def _maker(text: str, among: frozenset[str]) -> Judgement | None:
    match = _MAKER.search(text, among)
    return _weighed("code.node_eval", 8, text, match) if match else None


def _loop(text: str, among: frozenset[str]) -> Judgement | None:
    match = _LOOP.search(text, among)
    if not match or not (match[1] is None or _is_true(match[1])):
        return None
    return _weighed("code.endless_loop", 6, text, match)


def _probe(text: str, among: frozenset[str]) -> Iterator[Judgement]:
    match = _CONSOLE.search(text, among)
    if match:
        alone = not any(map(str.isalnum, text[: match.start()]))
        yield _weighed("code.node_process", 5 if alone else 3, text, match)
    match = _ANSWER.search(text, among)
    if match:
        alone = not any(map(str.isalnum, text[: match.start()]))
        sure = match["sum"] or match[0].lower().startswith("arguments")
        yield _weighed("code.node_process", 6 if sure else 4 if alone else 3, text, match)
    match = _ENVIRONMENT.search(text, among)
    if match:
        yield _weighed("code.node_process", 5, text, match)


def _is_true(condition: str) -> bool:
    atom = _ATOM.search(condition)
    if not atom or condition.strip("!+-~() \t\n") not in (atom[0], ""):
        return False
    # A falsy constant that is negated at all is an attempt; a true one must not be negated once.
    negations = condition.count("!", 0, atom.start())
    return negations != 1 if atom["yes"] else negations > 0
