"""Java and its kin (Groovy, Scala, BeanShell), and .NET: classes that run, load or reflect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import judgement, site, strongest, words
from vallum.inspection.model import Context, Judgement

RULES: Final = {
    "code.java_class": "name of a class inside Java, as the whole value",
    "code.java_call": "Java that runs a command, makes an object or reflects",
    "code.java_binding": "property path to the class loader (data binding)",
    "code.groovy": "Groovy or Scala that runs a text as a command",
    "code.dotnet": ".NET that runs a command or loads code",
    "code.server_page": "code of a server page (JSP, ASP)",
}

_CLASS_NAME = re.compile(
    r"(?:java\.(?:lang|io|net|nio|util|rmi|beans|security|sql|awt|evil)?(?:\.\w+)*\.?\w*|"
    r"javax\.(?:script|naming|management|el|xml|imageio|swing|servlet)\.[\w.]+|"
    r"sun\.(?:misc|reflect|rmi|net|jndi)\.[\w.]+|com\.sun\.[\w.]+|org\.omg\.[\w.]+|"
    r"jdk\.[\w.]+\.[\w.]+|"
    r"org\.apache\.(?:commons|xalan|bcel|velocity|xbean|catalina|ibatis|shiro|tomcat)(?:\.[\w.]+)?|"
    r"com\.opensymphony\.[\w.]+|ognl\.\w+|bsh\.\w+|groovy\.(?:lang|util)\.\w+|freemarker\.[\w.]+|"
    r"org\.(?:springframework|codehaus\.groovy|mozilla\.javascript|python\.core|jboss|hibernate|"
    r"thymeleaf|mvel2)\.[\w.]+|com\.(?:mchange|caucho|rometools|mysql\.cj\.jdbc|zaxxer)\.[\w.]+|"
    r"com\.bea\.[\w.]+|ch\.qos\.[\w.]+|com\.tangosol\.[\w.]+|scala\.sys\.\w+)"
    r"(?:;|\[\])?"
)
_HARMLESS = re.compile(r"(?:exception|error|throwable|warning)$", re.I)
_POWERFUL: Final = words(
    "runtime processbuilder process processimpl unixprocess scriptenginemanager scriptengine "
    "classloader urlclassloader class system thread groovyshell groovyclassloader interpreter "
    "jdbcrowsetimpl templatesimpl initialcontext filesystemxmlapplicationcontext reflect unsafe "
    "classpathxmlapplicationcontext execute objectconstructor jythonruntime shell shellsession "
    "elprocessor beanutils ognlcontext ognlutil invokertransformer"
)
_CALLS = re.compile(
    r"\bRuntime\b\s*(?:\.|\))?\s*(?:\.\s*)?get_?Runtime\b(?P<exec>.{0,12}\)\s*\.\s*(?:exec|"
    r"load\w*|halt)\b)?|"
    r"\bgetRuntime\s*\(\s*\)\s*\.\s*(?P<exec2>exec)\b|"
    r"\b(?:new|New-Object)\s+(?:java\.\w+\.)?(?P<builder>ProcessBuilder)\b|"
    r"\bnew\s+(?P<made>(?:javax?|sun|org\.\w+|com\.sun|groovy|bsh|freemarker)\.[\w.]+)\s*[(\[{]|"
    r"\bClass\s*\.\s*forName\s*\(\s*(?P<named>['\"](?:java|sun|org|com|groovy|bsh))?|"
    r"\.\s*(?:getClass|class)\b\s*(?:\(\s*\))?\s*\.\s*(?P<reflect>forName|getClassLoader|"
    r"classLoader|"
    r"getMethod\w*|getDeclared\w+|protectionDomain|module|newInstance|getConstructor\w*)\b|"
    r"(?P<context>(?:FileSystem|ClassPath)XmlApplicationContext)\s*\(|"
    r"\bScriptEngineManager\b.{0,40}(?P<engine>getEngineBy\w+)|"
    r"\bProcessBuilder\b\s*\(.{0,200}?\.\s*(?P<started>start|inheritIO)\b|"
    r"\bjava\.lang\.(?P<power>Runtime|ProcessBuilder|System)\b\s*[.@)]|"
    r"\b(?P<shell>GroovyShell|GroovyClassLoader|SpelExpressionParser|bsh\.Interpreter)\b\s*\(|"
    r"\bSystem\s*\.\s*(?P<exit>exit|getProperty|getenv|setProperty|"
    r"load(?:Library)?)\s*\(\s*['\"0-9)]|"
    r"(?<![\w.])import\s+(?P<imported>groovy\.lang|java\.(?:io|lang\.reflect|net)|"
    r"sys\.process)\b[^;\n]{0,60};?",
    re.S,
)
_SCORES: Final = {
    "exec": 9,
    "exec2": 9,
    "builder": 8,
    "made": 7,
    "named": 8,
    "reflect": 7,
    "context": 9,
    "engine": 9,
    "started": 9,
    "power": 7,
    "shell": 7,
    "exit": 5,
    "imported": 3,
}
_BINDING = re.compile(
    r"(?:^|[.\[\s&?'\"])class\s*[.\[]['\"]?(?:module|classLoader|protectionDomain)\b"
    r"(?P<deep>\]?['\"]?\s*[.\[]['\"]?(?:classLoader|resources|parent|urls|URLs|jarPath|module))?",
    re.I,
)
_EXECUTE = re.compile(
    r"(?:['\"\]]\s*\)?\s*\.\s*execute\s*\(\s*(?:\[|null|\)))|@Grab(?:Config|Resolver)?\s*\(|"
    r"@(?:groovy\.transform\.)?"
    r"ASTTest\s*\(|\bsys\s*\.\s*process\s*\.\s*_|['\"]\s*\.\s*!!|"
    r"\bProcess\s*\(\s*['\"].{0,80}['\"]\s*\)\s*\.?\s*!"
)
_DOTNET = re.compile(
    r"\b(?:System\s*\.\s*)?Diagnostics\s*\.\s*Process\b|\bProcess\s*\.\s*Start\s*\(\s*[@$]?\"|"
    r"\bAssembly\s*\.\s*Load(?:From|File|WithPartialName)?\s*\(|"
    r"\bActivator\s*\.\s*CreateInstance\w*\s*\(|"
    r"\bType\s*\.\s*GetType\s*\(\s*\"System|\bSystem\s*\.\s*Reflection\s*\.\s*\w+\s*\.|"
    r"\bSystem\s*\.\s*IO\s*\.\s*File\s*\.\s*\w+\s*\(|\bGetType\s*\(\s*\)\s*\.\s*(?:Assembly|"
    r"Module|BaseType)\b|"
    r"\bServer\s*\.\s*CreateObject\s*\(|\bWScript\s*\.\s*(?:Shell|CreateObject)\b|"
    r"\beval\s*\(?\s*[Rr]equest\b\s*[(.]|\bexecute(?:global)?\s*\(?\s*request\s*[(.]|"
    r"\bdbms_\w+\.\w+\s*\("
)
_PAGE = re.compile(
    r"<%\s*[@!]|<%=?\s*(?:Runtime|new\s|System|Response|Request|eval|execute|out\.|java)|"
    r"<jsp:\w+\s|"
    r"<%.{0,200}\b(?:getRuntime|ProcessBuilder|CreateObject|Process\.Start|getParameter)\b",
    re.I | re.S,
)


def judge(text: str, plain: str, context: Context) -> Judgement | None:
    """What a Java or .NET server would make of `text`; `plain` has its constants joined."""
    return strongest(
        (
            _class_name(text),
            *_calls(plain),
            _binding(text, context),
            _simple(_EXECUTE, "code.groovy", 8, plain),
            _simple(_DOTNET, "code.dotnet", 8, plain),
            _simple(_PAGE, "code.server_page", 8, text),
        )
    )


def _class_name(text: str) -> Judgement | None:
    name = text.strip().strip("\"'")
    if not _CLASS_NAME.fullmatch(name) or _HARMLESS.search(name):
        return None
    last = name.rstrip(";[]").rpartition(".")[2].lower()
    if name.count(".") < 2 and last not in _POWERFUL:
        return None
    score = 7 if last in _POWERFUL else 5
    return judgement("code.java_class", score, name, 0)


def _calls(text: str) -> Iterator[Judgement | None]:
    for index, match in enumerate(_CALLS.finditer(text)):
        if index == 16:
            return
        # A call that ends in running something works in any surroundings; others may be mentioned.
        score = _SCORES[match.lastgroup] if match.lastgroup else 6
        if site(text, match.start(), match.end()) == "prose":
            score = 4
        elif index:
            score += 1
        yield judgement("code.java_call", score, text, match.start())


def _binding(text: str, context: Context) -> Judgement | None:
    match = _BINDING.search(text)
    if not match:
        return None
    is_name = context.is_name or text.partition("=")[0].strip().startswith("class")
    score = 8 if is_name or match["deep"] else 5
    if not context.is_name and site(text, match.start(), match.end()) == "prose":
        score = 4
    return judgement("code.java_binding", score, text, match.start())


def _simple(pattern: re.Pattern[str], rule: str, score: int, text: str) -> Judgement | None:
    match = pattern.search(text)
    if not match:
        return None
    if site(text, match.start(), match.end()) == "prose":
        score = 4
    return judgement(rule, score, text, match.start())
