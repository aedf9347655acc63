"""Dialects of templates: what each engine has of its own, and texts that are nothing but template.

Much of it stands in templates that honest people write, store and send. Among other text it is a
trace; a value that holds nothing else is somebody's question whether an engine is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import is_prose, judgement, site
from vallum.inspection.detectors.template_expression import is_reaching
from vallum.inspection.model import Judgement

TRIGGERS: Final = (
    # Thymeleaf in brackets, Velocity's tools, and engines that take attributes and tags.
    r"\[[\[(]\s?\d{1,9}\s?[*+%]\s?\d",
    (
        r"\$!?\{?(?:request|session|application|response|servletcontext)\.(?:get|set|servlet|is)\w|"
        r"\$!?\{?(?:esc|math|number|date|sorter|import|render|field|class|text|link|xml|json|alternator)"
        r"\.\w{2,20}\("
    ),
    r"\b(?:tal|metal|py):\w{2,10}\s?[=>]|<(?:tal|metal|py):\w|<\?py",
    r"<!--esi\b|<esi:|\{!!",
    (
        r"\{\s?(?:var|capture|embed|sandbox|contenttype|templatetype)\s[^{}]{0,40}=|\{=\s?['\"]|"
        r"\{assign\s|['\"]\s?\|\s?@?[a-z_]\w{0,20}[:}]|"
        r"\{(?:pboot|dede|eyou|zzz|maccms)[:_]\w|\{if:|\{exp:\w|<tmpl_(?:include|var|loop|if)"
    ),
    r"@(?:if|while|switch|elseif)\s?\(\s?['\"\d]|@(?:include|extends|each|component|dump|dd|yield)\w{0,6}\(\s?['\"$\d]|@end(?:foreach|forelse|if|php|section|while|for)\b",
    r"xwork\.methodaccessor|\bt\(\s?(?:runtime|system|thread|processbuilder|class)\s?\)",
)

# No minus and no slash: notes of a day are linked to so, `[[2024-01-01]]`.
_OPERATION: Final = r"\d{1,9}\s{0,2}[*+%]\s{0,2}\d{1,9}(?:\s{0,2}[*+%/-]\s{0,2}\d{1,9}){0,4}"
_BRACKETS = re.compile(
    rf"\[\[\s{{0,4}}+{_OPERATION}\s{{0,4}}\]\]|\[\(\s{{0,4}}+{_OPERATION}\s{{0,4}}\)\]"
)
_TOOL = re.compile(
    r"\$!?\{?(?:(?:request|session|application|response|servletContext)\.(?:(?:get|set|is)[A-Z]\w{0,40}\(|"
    r"servlet\w{1,20})|"
    r"esc\.(?:java|javascript|html|xml|sql|url|unicode|propertyKey)\(|"
    r"math\.(?:add|sub|mul|div|mod|pow|random|round|ceil|floor|max|min|abs|toNumber|toInteger)\(|"
    r"number\.format\(|date\.(?:get|format|toDate)\w{0,20}\(|sorter\.sort\(|import\.read\(|"
    r"render\.(?:eval|recurse)\(|field\.(?:in|get)\(|class\.(?:inspect|forName)\(|"
    r"xml\.(?:read|parse|fetch)\(|json\.(?:read|parse|fetch)\(|alternator\.(?:auto|make)\()"
)
_ATTRIBUTE = re.compile(
    r"<(?:(?:tal|metal):[a-z]{1,20}|py:(?:if|for|def|match|choose|when|otherwise|with|replace|strip|attrs|"
    r"content|block))\b|"
    r"\btal:(?:content|replace|define|condition|repeat|attributes|omit-tag|on-error|switch)\s{0,4}=|"
    r"\bmetal:(?:use-macro|define-macro|fill-slot|define-slot|extend-macro)\s{0,4}=|"
    r"\bpy:(?:content|replace|if|for|def|match|choose|when|with|strip|attrs)\s{0,4}=|"
    r"<\?py(?:thon)?\s",
    re.I,
)
_RUN = re.compile(r"<\?py|[^<>]{0,200}?[\"'](?:structure\s{1,4})?python\s{0,4}:")
_EDGE = re.compile(r"<!--esi\b|<esi:(?:include|vars|assign|eval|inline|try|choose|debug)\b", re.I)
_BRACED = re.compile(
    r"<TMPL_(?:INCLUDE|VAR|LOOP|IF)\b|\{\s?(?:(?:var|default|capture|embed|sandbox)\s+\$\w{1,40}\s{0,4}=|"
    r"assign\s+(?:var\s{0,4}=|['\"$]?\w{1,40}['\"]?\s+value\s{0,4}=)|(?:contentType|templateType)\s+\w|"
    r"capture\s+(?:name|assign)\s{0,4}=|assign\s+['\"]\w{1,40}['\"]\s+['\"\d$]|"
    r"(?:pboot|dede|eyou|zzz|maccms)[:_]\w{1,20}|if:[^{}\s\"'][^{}]{0,80}[(=<>]|if:\(|exp:(?:query|channel)\b|"
    r"=\s?(?:'[^'{}]{0,60}'|\"[^\"{}]{0,60}\")\s{0,4}\|\s{0,4}\w)"
)
_AT = re.compile(
    r"@(?:if|elseif|while|switch)\s?\(\s?(?:\d{1,9}|'[^']{0,20}'|\"[^\"]{0,20}\")\s{0,4}(?:[=!<>]{1,3}\s{0,4}"
    r"(?:\d{1,9}|'[^']{0,20}'|\"[^\"]{0,20}\")\s{0,4})?\)"
)
_BLADE = re.compile(
    r"\W{0,12}?@(?:include(?:If|When|Unless|First)?|each|dump|dd|inject)"
    r"\(\s?['\"$\d][^()]{0,100}\)\W{0,12}|"
    r"\W{0,12}?@(foreach|forelse|if|php|section|while|for)\b[^@]{0,200}@end\1\W{0,12}"
)
_EXPRESSION = re.compile(
    r"\bxwork\.MethodAccessor\b|\bT\(\s?(?:Runtime|System|Thread|ProcessBuilder|Class)\s?\)"
)

_BLOCK = re.compile(
    r"\[%[^%\[\]]{0,200}%\]|\{\{[^{}]{0,200}\}\}|\{%[^{}]{0,200}%\}|\{!![^{}]{0,200}!!\}|[$#]!?\{[^{}]{0,200}\}"
)
_MOST_OUTSIDE: Final = 3
"""Letters and digits that a probe puts between its marks: `{% if x %}yes{% endif %}`."""
_OBJECTS: Final = (
    r"(?:config|settings|request|session|g|self|globals|locals|app|application|environment|_context|"
    r"_self|hostvars|ansible_\w{1,20})"
)
_WORTH_ASKING: Final = r"\w{0,40}(?:SECRET|PASSW|_KEY|TOKEN|CREDENTIAL)"
_LOOKUP: Final = (
    r"(?:lookup|query|q)\s{0,4}\(\s{0,4}['\"](?:ansible\.builtin\.)?(?:env|file|fileglob|lines|pipe|url|"
    r"password|template|unvault|csvfile|ini|vars|first_found|redis|\w{0,20}vault)['\"]"
)
_PROBES = re.compile(
    # Statements of Jinja, Twig, Django and Liquid that load something, or walk an object.
    r"\{%[-+~]?\s{0,4}+(?:(?:extends|include|import|embed|use|ssi)\s+(?![^%]{0,80}\bwith\b)"
    r"(?!['\"]?[\w/.-]{1,60}\.(?:html?|md|liquid|txt|css|svg|js)\b)['\"]?[\w./:-]{1,80}|"
    r"from\s+['\"]?[\w./-]{1,80}['\"]?\s+import\s|(?:filter|apply)\s+\w{1,20}|now\s+['\"]|"
    rf"url\s+['\"]admin:|(?:assign|set)\s+\w{{1,20}}\s{{0,4}}=\s{{0,4}}(?:\d|{_OBJECTS}\b)|"
    rf"with\s+\w{{1,20}}\s{{0,4}}=\s{{0,4}}{_OBJECTS}\b|for\s+\w{{1,20}}(?:\s{{0,4}},\s{{0,4}}\w{{1,20}})?\s+in\s+{_OBJECTS}\b|"
    r"(?:if|unless|elsif)\s+(?:request|config|settings|self|session)\.|"
    r"(?:widthratio|firstof|lorem)\b)|"
    # Handlebars, and Liquid
    r"\{\{[#~]?\s{0,4}+(?:#?(?:each|with)\s+(?:this|@root|\.\.?)(?![\w/])|@root\b|"
    r"lookup\s+(?:this|\.|@root))|"
    # Go
    r"\{\{-?\s{0,4}+(?:define\s+\"[^{}]{0,40}\}\}[^{}]{0,4}\{\{-?\s{0,4}+end|range\s+[.$]\s{0,4}-?\}\}|"
    r"with\s+\.\w{0,40}\s{0,4}-?\}\}\{\{-?\s?\.\s?-?\}\}|call\s+[.$]|"
    r"(?:getenv|readFile|readDir|shell|exec|cmd|httpGet)\s+[\"`]|\$\w{0,20}\s{0,4}:=\s{0,4}(?:\d|\")|"
    rf"env\s+[\"`]{_WORTH_ASKING}|\.Env\.{_WORTH_ASKING}|"
    r"\.\w{1,40}(?:\.\w{1,40}){0,4}\.(?:Password|Passwd|Secret|PrivateKey)(?:Hash|Key|Value)?\s{0,4}\})|"
    # Laravel, Symfony, Ansible
    rf"\{{\{{\s{{0,4}}+(?:\$\w{{1,40}}(?:->|::)\w|env\s{{0,4}}\(\s{{0,4}}['\"]{_WORTH_ASKING}|{_LOOKUP}|hostvars\b|"
    r"ansible_(?:env|facts|user|ssh_pass\w{0,8}|become_pass\w{0,8}|password)\b)|"
    # Django
    r"\{\{\s{0,4}+(?:messages\.storages|request\.user\.(?:_|groups|user_permissions|password|is_\w|backend)|"
    r"[\w.]{0,80}\.(?:_meta|signer\.key|user_permissions)\b)|"
    r"\{\{\s{0,4}+(?:\[[\d\s,.'\"]{0,60}\]\s{0,4}\||(?:(\d{1,6})\s?[-/]\s?\1|\d{2,6}\s?[-/]\s?\d{2,6})\s{0,4}\}\})|"
    # Expression languages
    r"\$\{\s{0,4}+(?:_\.(?:VERSION|template)|\w{1,40}(?:\.\w{1,40}){0,4}\.class\b|"
    r"(?:application|session|request|page)Scope\.)|#\{\s{0,4}+(?:(?:session|application)\.\w|"
    r"request\.(?:parameter|header|cookie|session|servlet|attribute))|"
    r"\$\{\s{0,4}+(?:header(?:Values)?|cookie|initParam|paramValues)(?:\.|\[['\"])|"
    # Template Toolkit
    r"\[%-?\s{0,4}+(?:RAWPERL|PERL|INCLUDE|PROCESS|INSERT|USE|WRAPPER|FILTER|CALL|TRY)\b|"
    # Blade without escapes
    r"\{!!\s{0,4}+(?:\d|['\"])"
)
_DANGEROUS = re.compile(
    r"\{\{-?\s{0,4}+(?:(?:lookup|query|q)\s{0,4}\(\s{0,4}['\"](?:ansible\.builtin\.)?(?:pipe|lines)['\"]|"
    r"\.(?:\w{1,40}\.){0,6}(?:System|Exec\w{0,10}|Command|Run\w{0,10}|Shell\w{0,10}|ReadFile|OpenFile|"
    r"WriteFile|Eval|Getenv)\s+[\"`])|"
    r"\{!!\s{0,4}+(?:system|exec|shell_exec|passthru|phpinfo|eval)\s{0,4}\("
)
_LEAST_OPENED: Final = ("{{", "{%", "${", "#{", "{!!", "[%")


def judge(text: str) -> Iterator[Judgement]:
    """What is a probe of one engine, or nothing but template."""
    yield from _own(text)
    if not any(opener in text for opener in _LEAST_OPENED):
        return
    match = _DANGEROUS.search(text)
    if match:
        score = 8 if _only_template(text) else 4 if _is_document(text) else 6
        yield judgement("template.danger", score, text, match.start())
    match = _PROBES.search(text)
    if match and _only_template(text):
        yield judgement("template.probe", 5, text, match.start())


def _own(text: str) -> Iterator[Judgement]:
    match = _BRACKETS.search(text)
    if match:
        alone = not any(map(str.isalnum, text[: match.start()] + text[match.end() :]))
        yield judgement("template.constant", 6 if alone else 4, text, match.start())
    for pattern, score, mentioned in (
        (_TOOL, 6, 4),
        (_BRACED, 7, 4),
        (_AT, 6, 4),
        (_EXPRESSION, 7, 4),
    ):
        match = pattern.search(text)
        if match:
            mention = site(text, match.start(), match.end()) == "prose"
            mention = mention and not is_reaching(text, match)
            yield judgement(
                "template.directive", mentioned if mention else score, text, match.start()
            )
    for pattern in (_EDGE, _ATTRIBUTE):
        match = pattern.search(text)
        if match:
            mention = is_prose(text) and not _RUN.match(text, match.start())
            yield judgement("template.directive", 4 if mention else 7, text, match.start())
    if text.lstrip(" \t\"')}>;")[:1] == "@" and _BLADE.fullmatch(text):
        yield judgement("template.directive", 6, text, 0)


_MEMBER = re.compile(r"^\s{0,40}(?:-\s{1,4})?[A-Za-z_][\w.-]{0,60}:(?:\s|$)", re.M)


def _is_document(text: str) -> bool:
    """Whether it has the lines of a document of YAML, as playbooks do."""
    return sum(1 for _ in _MEMBER.finditer(text)) > _MOST_OUTSIDE


def _only_template(text: str) -> bool:
    """Whether hardly anything is left of `text` without its blocks."""
    rest = _BLOCK.sub("", text)
    return "<" not in rest and sum(map(str.isalnum, rest)) <= _MOST_OUTSIDE
