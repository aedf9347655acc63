"""JavaScript on a server: modules, the process object, code from strings, endless loops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from vallum.inspection.detectors.code_reading import is_prose, judgement, site, strongest
from vallum.inspection.model import Judgement

RULES: Final = {
    "code.node_module": "JavaScript that loads a module which runs commands or reads files",
    "code.node_process": "JavaScript that reaches for the process or global object of a server",
    "code.node_eval": "JavaScript that makes code of a string",
    "code.endless_loop": "loop whose condition is always true and whose body is empty",
}

_MODULE = re.compile(
    r"""(?:\brequire|\bimport|_load|\bmodule\s*\.\s*\w+)\s*\(\s*['"`]?(?:node:)?(child_process|fs|vm|net|"""
    r"""http|https|os|cluster|worker_threads|dns|repl|inspector|fs/promises)['"`]?\s*\)(\s*\.\s*\w+\s*\()?""",
    re.I,
)
_LOADER = re.compile(
    r"\brequire\s*(?:\[|\.\s*(?:main|cache|extensions|resolve)\b)|\bmodule\s*\.\s*constructor\b|"
    r"\bconstructor\s*\.\s*_load\b|_load\s*\(|=\s*require\s*[;,]|\bgetBuiltinModule\s*\(",
)
_EXPORTS = re.compile(r"\bmodule\s*\.\s*exports\s*=")
_PROCESS = re.compile(
    r"\bprocess\s*\.\s*(mainModule|binding|dlopen|_linkedBinding|getBuiltinModule|kill|exit|abort|"
    r"chdir|"
    r"env|argv|cwd|pid|version|exec\w*|title)\b|"
    r"\b(?:global|globalThis|root|GLOBAL)\s*\.\s*(process|require|eval|Function|constructor)\b|"
    r"\breturn\s+(?:this\s*\.\s*)?process\b|\bprocess\s*\.\s*stdout\s*\.\s*write\s*\("
)
_MILD: Final = frozenset({"env", "argv", "cwd", "pid", "version", "title"})
_MAKER = re.compile(
    r"""\b(?:constructor\s{0,4}\.\s{0,4}){1,3}constructor\s*\(|\.\s*constructor\s*\(\s*['"`]|"""
    r"""\bnew\s+(?:Async)?(?:Generator)?Function\s*\(|"""
    r"""\bFunction\s*\(\s*['"`][^'"`]{0,200}['"`]\s*\)\s*\(|"""
    r"""\beval\s*\(\s*(?:String\s*\.\s*fromCharCode|atob|Buffer|unescape|require|decodeURI)|"""
    r"""\bvm\s*\.\s*run\w+\s*\(|_\$\$ND_FUNC\$\$_|\bimport\s*\(\s*['"`]data:|"""
    r"""\bString\s*\.\s*fromCharCode\s*\(\s*\d+\s*(?:,\s*\d+\s*){4}|"""
    r"""\bRe?flect\s*\.\s*(?:construct|apply|getOwnPropertyDescriptor)\s*\("""
)
_FILES = re.compile(
    r"\b(?:readFileSync|readdirSync|writeFileSync|createReadStream|unlinkSync|appendFileSync|"
    r"execSync|execFileSync|spawnSync|execFile)\s*\(\s*[^)\s]"
)
_RESPONSE = re.compile(r"\bres(?:ponse)?\s*\.\s*(?:end|write|send)\s*\(")
_LOOP = re.compile(
    r"\b(?:while\s*\(([^;{}]{1,24})\)|for\s*\(\s*;\s*(?:true|1)?\s*;\s*\))\s*(?:;|\{\s*\}|$)"
)
_ATOM = re.compile(
    r"""(?P<yes>true|infinity|this|\[\s*\]|\{\s*\}|[1-9]\d*|0+[1-9]|'[^']+'|"[^"]+")|"""
    r"""(?P<no>false|null|nan|undefined|0|''|""|``)""",
    re.I,
)


def judge(text: str, plain: str) -> Judgement | None:
    """What a JavaScript server would make of `text`; `plain` has its constants joined."""
    return strongest((*_modules(plain), *_process(plain), _maker(text), _maker(plain), _loop(text)))


def _weighed(rule: str, score: int, text: str, match: re.Match[str]) -> Judgement:
    """Less for what a person only mentions, but not for what would work in the middle of text."""
    if score < 9 and site(text, match.start(), match.end()) == "prose":
        score = min(score, 4)
    return judgement(rule, score, text, match.start())


def _modules(text: str) -> Iterator[Judgement | None]:
    for match in islice(_MODULE.finditer(text), 8):
        runs = match[1].lower() == "child_process"
        reads = match[1].lower().startswith("fs")
        score = (
            (9 if match[2] else 7) if runs else 8 if match[2] and reads else 6 if match[2] else 3
        )
        if runs and match[2] and is_prose(text):
            score = 4 if "import" in text or "const" in text else 6
        yield _weighed("code.node_module", score, text, match)
    loader = _LOADER.search(text)
    if loader:
        yield _weighed("code.node_module", 7, text, loader)
    exports = _EXPORTS.search(text)
    if exports:
        alone = site(text, exports.start(), exports.end()) == "whole"
        yield _weighed("code.node_module", 5 if alone else 3, text, exports)
    files = _FILES.search(text)
    if files:
        yield _weighed("code.node_module", 6, text, files)


def _process(text: str) -> Iterator[Judgement | None]:
    match = _PROCESS.search(text)
    if not match:
        return
    mild = match[1] in _MILD
    score = 5 if mild else 7
    if mild and _RESPONSE.search(text):
        score = 7
    if mild and site(text, match.start(), match.end()) == "code" and score == 5:
        score = 4
    yield _weighed("code.node_process", score, text, match)


def _maker(text: str) -> Judgement | None:
    match = _MAKER.search(text)
    return _weighed("code.node_eval", 8, text, match) if match else None


def _loop(text: str) -> Judgement | None:
    match = _LOOP.search(text)
    if not match or not (match[1] is None or _is_true(match[1])):
        return None
    return _weighed("code.endless_loop", 6, text, match)


def _is_true(condition: str) -> bool:
    atom = _ATOM.search(condition)
    if not atom or condition.strip("!+-~() \t\n") not in (atom[0], ""):
        return False
    negations = condition.count("!", 0, atom.start())
    return (atom["yes"] is not None) == (negations % 2 == 0)
