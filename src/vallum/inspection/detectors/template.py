"""Expressions of template engines, of Java's expression languages, and of logging libraries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.inspection.detectors.code_reading import is_prose, judgement, site, strongest
from vallum.inspection.detectors.template_blocks import Block, blocks
from vallum.inspection.detectors.template_dialects import TRIGGERS as DIALECTS
from vallum.inspection.detectors.template_dialects import judge as judge_dialects
from vallum.inspection.detectors.template_expression import is_reaching, reaches, sense
from vallum.inspection.detectors.template_lookup import resolve
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "template.jndi": "lookup that loads code from a server (JNDI), plain or hidden in other "
    "lookups",
    "template.lookup": "lookup that hides letters, reads the environment or runs a script",
    "template.danger": "template expression that reaches for classes, commands or files",
    "template.constant": "template expression that computes with constants: a probe",
    "template.call": "template expression that calls a function or a member of a constant",
    "template.context": "template expression that shows an object of the engine or the server",
    "template.placeholder": "template expression that shows a variable",
    "template.ognl": "OGNL or SpEL outside of a block",
    "template.directive": "directive of Velocity, Freemarker, Smarty, Razor, Blade or TAL",
    "template.probe": "nothing but template that loads another, or walks an object of the engine",
}

_TRIGGERS: Final = (
    *DIALECTS,
    r"\{\{|\{%|\$!?\s*\{|[#*%~@]\{|<%|\[%|\[=|@\(\s*[\w'\"]",
    r"<[#@](?:assign|list|if|include|import|macro|function|attempt|setting|visit|recurse)\b",
    r"\[#(?:assign|list|include|import|macro|function|attempt|setting)\s",
    (
        r"\{\s?(?:\$\w|\d+\s?[*+/-]\s?\d|/?literal\}|php\}|(?:system|exec|passthru|shell_exec|"
        r"eval|fetch|"
        r"include|extends\s+file|insert\s+name|function\s+name|math|smarty_\w+|phpinfo|readfile|file_get_contents|popen|if\s)\b)"
    ),
    (
        r"\bt\s*\(\s*(?:java|org|com|sun)[.x]|_memberaccess|@java\.|@ognl\.|@org\.|ognlcontext|"
        r"ognlutil|servletactioncontext|\\u0023\w|"
        r"#(?:root|this|context|application|session|request|parameters|attr|vars)\.(?:get)?class\b|"
        r"#(?:root|this|context)\.[a-z]\w{0,40}\(|['\"]\s?\+\s?#[a-z]|^\(?#(?:root|this|context|application|session|request|parameters|attr)\b|#(?:context|session|application|parameters|request|"
        r"attr)\s?[\[.=]|"
        r"\(#\w+\s?="
    ),
    (
        r"#(?:set|foreach|evaluate|include|parse|define|macro)\s*\(|\$[a-z]\w{0,20}\.(?:class|"
        r"getclass|inspect)\b"
    ),
    r"^\s*(?:redirect|redirectaction|action|method):\s*[$%#]",
    r"\{=\s?\{?\d|['\"\w]\s?\|\s?@?(?:system|exec|passthru|shell_exec|print_r|var_dump)\s?[:}@]",
    r"@using\s+system|@datetime\.(?:now|utc|today)",
    r"@(?:system|directory|file|environment|model|html|viewbag|using|functions|inject)\b[.({]",
    r"\bdata-(?:th|bind)-|\bth:(?:text|utext|each|with|attr|inline)\s*=",
)

_OGNL = re.compile(
    r"#_memberAccess|_memberAccess\b|@java(?:x?\.\w+)+@\w+|@ognl\.\w+@|@org\.apache[\w.]+@|"
    r"\bOgnl(?:Context|Util)\b|"
    r"\bServletActionContext\b|\(#\w{1,40}\s?=|#context\s{0,40}+\[|#(?:session|application|"
    r"parameters|"
    r"request|attr)"
    r"\s?(?:\[|\.\w+\s?[\[(])|"
    r"\bT\s{0,40}+\(\s{0,40}+(?:javax?|org|com|sun)\.[\w.]+\s{0,40}+\)",
)
_ROOTS: Final = r"#(?:root|this|context|application|session|request|parameters|attr)"
# The objects that an expression of OGNL or SpEL starts from; CSS and people call others so.
_ROOT = re.compile(
    rf"{_ROOTS}\s?\.\s?getClass\b|#(?:root|this|context)\.[a-z]\w{{0,40}}\(|"
    rf"{_ROOTS}\.\w{{1,40}}\s?=(?!=)\s?['\"\w@#]|\A\s{{0,4}}\({_ROOTS}\)\s?[.(\[]|"
    rf"['\"]\s?\+\s?{_ROOTS}\b(?!-)|\\u0023(?:_memberAccess|root|this|context|application|session|request|"
    r"parameters|attr|\w{1,20}\s?=)"
)
_ROOT_ALONE = re.compile(rf"{_ROOTS}\.class(?:\.\w[\w.()]{{0,80}})?")
_ROOT_NAME = re.compile(rf"\(?{_ROOTS}\)?(?:[.\[(].{{0,200}})?", re.S)
_ACTION = re.compile(
    r"^\s{0,40}+(?:redirect|redirectAction|action|method):\s{0,40}+(?:[$%#]\{|#)", re.I
)
_VELOCITY = re.compile(
    r"#(?:macro|define)\s{0,40}+\([^()]{0,100}\)[^#]{0,200}#end|#set\s{0,40}+\(\s{0,40}+\$\w+\s{0,40}+=|#(?:evaluate|include|"
    r"parse)\s{0,40}+\(\s{0,40}+['\"$]|#foreach\s{0,40}+\(\s{0,40}+\$\w+\s+in\b|"
    r"\$[a-z]\w{0,20}\.(?:class\.inspect|class\.forName|getClass\(\)|inspect\()|"
    r"\$[a-z]\w{0,20}\.class\b",
    re.I,
)
_RAZOR = re.compile(
    r"@(?:System|Directory|File|Environment|System\.\w+)\s?\.\s?\w+|@(?:functions|"
    r"using)\s{0,40}+[{(]|@using\s+System\b|@DateTime\.(?:Now|UtcNow|Today)\b|"
    r"@Html\.(?:Raw|Partial|RenderPartial|Action|RenderAction)\s{0,40}+\(|@inject\s"
)
_FREEMARKER = re.compile(
    r"<[#@](?:assign|list|include|import|macro|function|attempt|setting|visit|recurse)\b[^>]{0,200}|"
    r"<#if\s+(?:true|false|\d{1,9})\b|"
    r"\[#(?:list\s+\S{1,80}\s+as\b|(?:assign|include|import|macro|function|attempt|setting)\s)[^\]]{0,200}",
    re.I,
)
# What only a logger looks up, and variables of the environment that are worth asking for.
_SERVER_LOOKUP = re.compile(
    r"\$\{\s{0,8}+(?:sys|java|k8s|docker|spring|web|log4j|ctx|main|event|map|jvmrunargs|bundle|marker|sd|base64(?:de|en)coder|"
    r"url(?:de|en)coder|resourcebundle|localhost|env:(?:path|user(?:name)?|hostname|java_\w{1,20}|aws_\w{1,40}|"
    r"\w{0,40}(?:secret|password|passwd|private|token|credential|access_key|api_?key)\w{0,40})\s{0,8}\})",
    re.I,
)
_ALONE = re.compile(
    r"\W{0,8}\$\{(?:[^{}]{1,200}|[^{}]{1,60}\$\{[^{}]{1,100}\}[^{}]{0,60})\}\W{0,8}"
)
# Who only writes of such lookups has no server for them; DNS takes a name without slashes.
_NAMED_SERVER = re.compile(r"//|jndi:[\s\0]{0,4}[a-z]{2,9}:\s{0,4}[\w/\\$.]", re.I)
# Marks of several engines with nothing between: whichever it is, it will stumble.
_POLYGLOT = re.compile(r"(?:[$#@*%~]\{|\{[{%#]|<%|\[%){3}")
_OPENERS = re.compile(r"(?:(?:[$#@*%~]\{|\{[{%#]|<%|\[%)[^\w\s]{0,4}){3,8}")
_OPENER = re.compile(r"[$#@*%~]\{|\{[{%#]|<%|\[%")
_SEVERAL: Final = 3
_EVALUATED: Final = frozenset({"{{", "${", "$!{", "#{", "*{", "%{", "~{", "@{", "<%", "[=", "@("})


def judge(text: str, context: Context) -> Judgement | None:
    """The strongest of what a template engine or an expression language would do with `text`."""
    return strongest(
        (
            *_lookups(text, context),
            *_blocks(text),
            *_bare(text),
            _root(text, context),
            *judge_dialects(text),
        )
    )


def _lookups(text: str, context: Context) -> Iterator[Judgement]:
    at = text.find("${")
    if at < 0:
        return
    found = resolve(text)
    if found.jndi:
        score = 10 if ":" in found.resolved else 8
        if is_prose(text) and text.count("${") == 1 and not _NAMED_SERVER.search(found.resolved):
            score = 4
        yield judgement("template.jndi", score, text, at)
    if found.running:
        yield judgement("template.lookup", 9, text, at)
    if found.spelled:
        yield judgement("template.lookup", 8, text, at)
    if found.environment:
        odd = context.location == "header"
        # Configuration has them too, and is sent in bodies.
        alone = _ALONE.fullmatch(text) is not None
        if context.location == "body":
            alone = alone and _SERVER_LOOKUP.search(text) is not None
        yield judgement("template.lookup", 6 if odd else 5 if alone else 4, text, at)


def _blocks(text: str) -> Iterator[Judgement]:
    for block in blocks(text):
        found = _block(text, block)
        if found is not None:
            yield found


def _block(text: str, block: Block) -> Judgement | None:
    if block.opener == "{":
        return _single_brace(text, block)
    if not block.opener:
        danger = reaches(block.inside)
        return judgement("template.danger", 7, text, block.start + danger) if danger >= 0 else None
    kind, at = sense(block.inside, block.opener)
    start = block.start
    if at > 80:
        start = block.start + at
    prose = is_prose(text)
    if kind == "danger":
        return judgement("template.danger", 9 if block.closed else 7, text, start, block.end)
    if not block.closed and block.opener != "{{":
        return None
    if kind == "constant":
        exotic = block.opener in {"*{", "%{", "~{", "@{", "@(", "[="}
        score = (7 if block.opener != "{%" else 6) - (prose and exotic)
        return judgement("template.constant", score, text, start, block.end)
    if kind in {"call", "literal"} and block.opener in _EVALUATED:
        score = 7 if kind == "literal" or not prose else 4
        return judgement("template.call", score, text, start, block.end)
    if kind == "context" and block.opener in _EVALUATED:
        alone = not any(map(str.isalnum, text[: block.start] + text[block.end :]))
        return judgement("template.context", 5 if alone else 4, text, start, block.end)
    return judgement("template.placeholder", 2, text, start, block.end)


_SMARTY = re.compile(
    r"^(?:php\b|\$smarty\.|literal\}|math\s+equation|fetch\s+file|include\s+file\s{0,40}+=|self::|"
    r"Smarty_Internal|"
    r"(?:system|exec|passthru|shell_exec|eval|phpinfo|readfile|file_get_contents|popen)\s{0,40}+\(|"
    r"if\s+(?:system|exec|passthru|phpinfo|readfile|shell_exec|popen|eval)\s{0,40}+\(|"
    r"(?:eval|extends|include|include_php|insert|function|config_load)\s+(?:var|file|name|script)"
    r"\s{0,4}=\s{0,4}['\"$]|"
    r"(?:\$[\w.>-]{1,40}|['\"][^'\"{}]{0,60}['\"])\s{0,4}\|\s{0,4}@?(?:system|exec|passthru|shell_exec|"
    r"print_r|var_dump|phpinfo|readfile|file_get_contents)\b|"
    r"\$\w+[.|](?:_|template_object|smarty))"
)
_SMARTY_CONSTANT = re.compile(
    r"^(?:if\s+\d{1,9}\s{0,4}[=!<>]{1,3}\s{0,4}\d|\$\w{1,40}\s{0,4}=\s{0,4}\d{1,9}\s{0,4}[*+-]|"
    r"(?:'[^'{}]{0,40}'|\"[^\"{}]{0,40}\")\s?\|\s?@?[a-z_]\w{2,20}(?::.{0,40})?$)"
)
_SUM = re.compile(
    r"^=?\s?\{?\d{1,8}\s?[*]\s?\d{1,8}\s?\}?(?:\s?\|\s?[a-z]\w{1,20})?$|^['\"]\w*['\"]\s?\*\s?\d+$"
)


def _single_brace(text: str, block: Block) -> Judgement | None:
    if _SMARTY.match(block.inside):
        return judgement("template.directive", 8, text, block.start, block.end)
    if block.closed and _SMARTY_CONSTANT.match(block.inside):
        return judgement("template.constant", 6, text, block.start, block.end)
    alone = not any(map(str.isalnum, text[: block.start] + text[block.end :]))
    if block.closed and alone and _SUM.match(block.inside):
        return judgement("template.constant", 6, text, block.start, block.end)
    return None


def _root(text: str, context: Context) -> Judgement | None:
    if "#" not in text and "u0023" not in text:
        return None
    if context.is_name and _ROOT_NAME.fullmatch(text):
        return judgement("template.ognl", 7, text, 0)
    match = _ROOT.search(text)
    if match:
        mention = site(text, match.start(), match.end()) == "prose"
        return judgement("template.ognl", 4 if mention else 6, text, match.start())
    return judgement("template.ognl", 5, text, 0) if _ROOT_ALONE.fullmatch(text) else None


def _bare(text: str) -> Iterator[Judgement]:
    match = _OGNL.search(text)
    if match:
        mention = site(text, match.start(), match.end()) == "prose"
        yield judgement("template.ognl", 5 if mention else 9, text, match.start())
    match = _POLYGLOT.search(text) or _OPENERS.search(text)
    if match and (match.re is _POLYGLOT or len(set(_OPENER.findall(match[0]))) >= _SEVERAL):
        yield judgement("template.constant", 7, text, match.start())
    match = _ACTION.match(text)
    if match:
        yield judgement("template.ognl", 8, text, match.start())
    for pattern in (_VELOCITY, _RAZOR, _FREEMARKER):
        match = pattern.search(text)
        if match:
            # An engine prints the words around a directive, and runs it all the same.
            mention = site(text, match.start(), match.end()) == "prose"
            mention = mention and not is_reaching(text, match)
            yield judgement("template.directive", 4 if mention else 7, text, match.start())


DETECTOR: Final = Detector(family="template", triggers=_TRIGGERS, judge=judge, rules=RULES)
