"""What fewer servers run: Lua, Erlang, OCaml, Deno, Go, Rust, ColdFusion, Lisp, TeX."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import (
    Needle,
    Reading,
    judged,
    judgement,
    site,
    strongest,
)
from vallum.inspection.model import Judgement

RULES: Final = {
    "code.lua": "Lua that loads code from a string, or runs a command",
    "code.erlang": "Erlang or Elixir that runs a command, evaluates or stops the machine",
    "code.ocaml": "OCaml that runs a command",
    "code.deno": "Deno or Bun that runs a command or reads files",
    "code.coldfusion": "tag or variable of ColdFusion",
    "code.compiled": "Go or Rust that runs a command",
    "code.clojure": "Clojure or another Lisp that runs a command, evaluates or stops the machine",
    "code.tex": "TeX that runs a command, or reads and writes files",
    "code.postscript": "PostScript that runs a command",
}

TRIGGERS: Final = (
    (r"\bload(?:string|file)\s?\(|\bdofile\s?\(|\bpackage\.loadlib|\bos\.(?:execute|exit)\s?\("),
    (
        r"\b(?:os:cmd|erlang:\w|init:(?:stop|reboot|restart)|file:(?:read_file|consult|script|"
        r"eval|delete|write_file)|code:(?:load|purge)\w*|httpc:request|rpc:call)\s?\(?|"
        r"\bsystem\.(?:cmd|shell|halt)\s?\(|\bcode\.(?:eval|compile)_\w{3,8}|\bport\.open\s?\("
    ),
    r"\bsys\.command\b|\bunix\.(?:system|exec|open_process|fork)",
    (
        r"\bdeno\s?\.\s?(?:run|command|read|write|env|exit|open|remove|kill)|"
        r"\bbun\s?\.\s?(?:spawn|file|write|\$)"
    ),
    (
        r"<cf(?:set|output|execute|file|http|query|include|script|mail|directory|registry|object|"
        r"invoke|dump|param|module|import|content|cookie|ldap|ftp|thread|wddx)\b|"
        r"#(?:server|application|session|cgi|variables|request|cookie)\.\w|"
        r"#(?:createobject|evaluate|fileread|expandpath|directorylist)\s?\("
    ),
    (
        r"\\(?:immediate|write18|shellescape|openout|openin|newread|newwrite|catcode|directlua|"
        r"luaexec|lstinputlisting|verbatiminput|input\s?\||read\\|write\\|csname|expandafter|"
        r"inputminted|pdffiledump|special\s?\{|def\\|loop\b|read\s?\d)"
    ),
    (
        r"\bclojure\.java\.|\((?:load-(?:file|string)|slurp)\s|\((?:system/(?:exit|get)|runtime/getr)|"
        r"\((?:uiop:|sb-ext:|ext:)?(?:run-(?:shell-)?(?:program|command)|shell-command[a-z-]{0,12}|shell|system)\s{1,4}\"|"
        r"#=\(\s?[a-z]"
    ),
    (
        r"\bexec\.command(?:context)?\s?\(|\bsyscall\.(?:exec|forkexec|kill)\s?\(|\bos\.startprocess\s?\(|"
        r"\bcommand::new\s?\(|\bprocess::(?:command|exit|abort)\b"
    ),
    r"%pipe%",
)

_LUA = Needle(
    "loadstring loadfile dofile loadlib os",
    r"\bload(?:string|file)\s{0,8}+\(\s{0,8}+(?:['\"\[]|\w+\s{0,4}+[(.])|"
    r"\bdofile\s{0,8}+\(\s{0,8}+['\"]|\bpackage\s{0,8}+\.\s{0,8}+loadlib\b|"
    r"\bos\s{0,8}+\.\s{0,8}+(?:execute|exit)\s{0,8}+\(\s{0,8}+(?:['\"\d)]|true\b|\[\[)",
)
_ERLANG = Needle(
    "os erlang init file code httpc rpc system port",
    r"\bos:cmd\s{0,8}+\(|\berlang:(?:halt|open_port|apply|binary_to_term|spawn\w{0,12}|get_cookie|"
    r"list_to_atom|system_info)\s{0,8}+\(|\binit:(?:stop|reboot|restart)\s{0,8}+\(|"
    r"\bfile:(?:read_file|consult|script|eval|delete|write_file)\s{0,8}+\(|"
    r"\bcode:(?:load|purge)\w{0,12}\s{0,8}+\(|\bhttpc:request\s{0,8}+\(|\brpc:call\s{0,8}+\(|"
    r"\bSystem\.(?:cmd|shell|halt)\s{0,8}+\(\s{0,8}+[\"'\d~)]|"
    r"\bCode\.(?:eval|compile)_(?:string|file|quoted)\b|\bPort\.open\s{0,8}+\(",
)
_OCAML = Needle(
    "sys unix",
    r"\bSys\.command\s{0,8}+[\"(]|\bUnix\.(?:system|exec\w{0,4}|open_process\w{0,8}|fork)\s{0,8}+[\"(]",
)
_DENO = Needle(
    "deno bun",
    r"\bDeno\s{0,8}+\.\s{0,8}+(?:run|Command|read\w{1,20}|write\w{1,20}|env|exit|open\w{0,12}|"
    r"remove\w{0,8}|kill)\b\s{0,8}+[(.]|\bBun\s{0,8}+\.\s{0,8}+(?:spawn\w{0,8}|file|write|\$)\s{0,8}+[(`]",
)
_COLD_TAG = re.compile(
    r"<cf(?P<runs>execute|file|http|query|include|script|mail|directory|registry|object|invoke|dump|"
    r"module|import|content|ldap|ftp|thread|wddx)\b[\s>/]|<cf(?:set|output|param|cookie)\b[\s>]",
    re.I,
)
_COLD_GIVEN = re.compile(
    r"\s[^<>]{0,200}?\b(?:name|url|file|template|arguments|action|command|datasource|script|class)\s{0,4}="
    r"\s{0,4}[\"']?[^\s\"'<>]",
    re.I,
)
_COLD_VARIABLE = re.compile(
    r"#(?:server\.(?:coldfusion|os|system|lucee)|application\.\w{1,40}|session\.\w{1,40}|"
    r"cgi\.(?:script|path|remote|http|server|query|request|auth|cf)_\w{1,40}|variables\.\w{1,40}|request\.\w{1,40}|cookie\.\w{1,40})(?:\.\w{1,40}){0,4}#",
    re.I,
)
_COLD_CALL = re.compile(
    r"#(?:createObject|evaluate|fileRead|expandPath|directoryList)\s{0,4}\([^#]{1,200}\)[^#]{0,80}#",
    re.I,
)
_LISP = Needle(
    "clojure load slurp system runtime run shell eval java",
    r"\(\s{0,4}clojure\.java\.(?:shell|io)/\w|\bclojure\.java\.shell/sh\s+\"|"
    r"\((?:load-(?:file|string)|slurp)\s+\"|\((?:System/(?:exit|get(?:env|Property))|Runtime/getRuntime)\b|"
    r"\((?:uiop:|sb-ext:|ext:)?(?:run-(?:shell-)?(?:program|command)|shell-command(?:-to-string)?|shell|system)\s+\"|"
    # What the reader of Clojure evaluates
    r"#=\(\s{0,4}(?:eval|load|slurp|java\.|System/|Runtime)",
)
_COMPILED = Needle(
    "exec syscall startprocess command process",
    r"\bexec\.Command(?:Context)?\s{0,4}+\(\s{0,4}+(?:\w{1,20},\s{0,4}+)?[\"`]|\bsyscall\.(?:Exec|ForkExec)\s{0,4}+\(|"
    r"\bos\.StartProcess\s{0,4}+\(|\bCommand::new\s{0,4}+\(\s{0,4}+\"|\bprocess::(?:exit|abort)\s{0,4}+\(",
)
_TEX_RUNS = re.compile(
    r"\\write18\b|\\ShellEscape\b|\\input\s{0,4}+\|\s{0,4}+[\"\w]|\\pdffiledump\b|"
    r"\\(?:directlua|luaexec)\s{0,4}+\{[^{}]{0,200}\b(?:os|io|require|dofile|loadstring|popen)\b",
)
# With a command or a file: people who write of it name it alone.
_TEX_GIVEN = re.compile(
    r"\\(?:write18|ShellEscape|directlua|luaexec|pdffiledump)\s{0,4}+\{\s{0,4}\w|\\input\s{0,4}+\|"
)
_TEX_FILES = re.compile(
    r"(?<![\w:])\\open(?:out|in)\s{0,4}+(?:\d|\\\w{1,40})\s{0,4}+=?|(?<![\w:])\\new(?:read|write)\s{0,4}+\\\w{1,40}|"
    r"\\(?:lstinputlisting|verbatiminput|inputminted)\b[^{}]{0,80}\{\s{0,4}+(?:[/~|]|\.\./|[a-z]:)",
)
_TEX_SYNTAX = re.compile(
    r"\A\s{0,8}+(?:\\(?:immediate|read\s{0,4}+(?:\d{1,2}|\\\w{1,40})\s{0,4}+to|write\\\w{1,40}|catcode\s{0,4}+[`'\"\d])|"
    r"\\csname\s{0,4}+\w{1,40}\\endcsname)|"
    # A macro that holds itself, or a loop whose condition is always true, has no end.
    r"\\def\\([A-Za-z]{1,40})[^{}]{0,20}\{[^{}]{0,80}\\\1(?![A-Za-z])|\\loop\s{0,8}+\\iftrue\b"
)
_LONGEST_PROBE: Final = 300


def judge(reading: Reading) -> Judgement | None:
    """What one of these languages would make of a text."""
    plain, among = reading.plain, reading.words
    return strongest(
        (
            _weighed(_LUA, "code.lua", plain, among),
            _weighed(_ERLANG, "code.erlang", plain, among),
            judged(_OCAML, "code.ocaml", 7, plain, among),
            judged(_DENO, "code.deno", 7, plain, among),
            *_coldfusion(reading.text),
            _weighed(_COMPILED, "code.compiled", plain, among),
            _lisp(plain, among),
            *_tex(reading.text),
            _postscript(reading.text),
        )
    )


def _weighed(needle: Needle, rule: str, text: str, among: frozenset[str]) -> Judgement | None:
    """More for a text that is nothing else: these are lines of honest programs too."""
    match = needle.search(text, among)
    if not match:
        return None
    place = site(text, match.start(), match.end())
    return judgement(rule, 4 if place == "prose" else 7, text, match.start())


def _coldfusion(text: str) -> Iterator[Judgement]:
    match = _COLD_TAG.search(text) if "<" in text else None
    if match:
        # A page prints what stands around its tags; who names one gives it nothing to do.
        idle = _COLD_GIVEN.match(text, match.end() - 1) is None
        mention = idle and site(text, match.start(), match.end()) == "prose"
        score = 4 if mention else 7 if match["runs"] else 6
        yield judgement("code.coldfusion", score, text, match.start())
    match = _COLD_CALL.search(text) if "#" in text else None
    if match:
        yield judgement("code.coldfusion", 7, text, match.start())
    match = _COLD_VARIABLE.search(text) if "#" in text else None
    if match:
        alone = not any(map(str.isalnum, text[: match.start()] + text[match.end() :]))
        yield judgement("code.coldfusion", 6 if alone else 4, text, match.start())


def _lisp(text: str, among: frozenset[str]) -> Judgement | None:
    match = _LISP.search(text, among)
    if match is None:
        return None
    # Words in brackets around it are calls.
    mention = text.lstrip()[:1] != "(" and site(text, match.start(), match.end()) == "prose"
    return judgement("code.clojure", 4 if mention else 7, text, match.start())


def _tex(text: str) -> Iterator[Judgement]:
    if "\\" not in text:
        return
    match = _TEX_RUNS.search(text)
    if match:
        mention = site(text, match.start(), match.end()) == "prose"
        given = _TEX_GIVEN.match(text, match.start()) is not None
        yield judgement("code.tex", (6 if given else 4) if mention else 9, text, match.start())
    for pattern, score in ((_TEX_FILES, 7), (_TEX_SYNTAX, 6)):
        match = pattern.search(text)
        if match:
            # Packages do this, and so do papers of many lines.
            long = len(text) > _LONGEST_PROBE or "\\documentclass" in text
            yield judgement("code.tex", 4 if long else score, text, match.start())


def _postscript(text: str) -> Judgement | None:
    at = text.find("%pipe%")
    if at < 0:
        return None
    opened = text.endswith("(", 0, at) or text.startswith("%!")
    return judgement("code.postscript", 9 if opened else 4, text, max(0, at - 8))
