"""Java and its kin (Groovy, Scala, BeanShell), and .NET: classes that run, load or reflect."""

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
    words,
)
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
    r"(?:java\.(?:lang|io|net|nio|util|rmi|beans|security|sql|awt|evil)?(?>(?:\.\w++)*)\.?\w*+|"
    r"javax\.(?:script|naming|management|el|xml|imageio|swing|servlet)\.[\w.]+|"
    r"sun\.(?:misc|reflect|rmi|net|jndi)\.[\w.]+|com\.sun\.[\w.]+|org\.omg\.[\w.]+|"
    r"jdk\.\w++\.[\w.]+|"
    r"org\.apache\.(?:commons|xalan|bcel|velocity|xbean|catalina|ibatis|shiro|tomcat)(?:\.[\w.]+)?|"
    r"com\.opensymphony\.[\w.]+|ognl\.\w+|bsh\.\w+|groovy\.(?:lang|util)\.\w+|freemarker\.[\w.]+|"
    r"org\.(?:springframework|codehaus\.groovy|mozilla\.javascript|python\.core|jboss|hibernate|"
    r"thymeleaf|mvel2)\.[\w.]+|com\.(?:mchange|caucho|rometools|mysql\.cj\.jdbc|zaxxer)\.[\w.]+|"
    r"com\.bea\.[\w.]+|ch\.qos\.[\w.]+|com\.tangosol\.[\w.]+|scala\.sys\.\w+)"
    r"(?:;|\[\])?"
)
# Failures, drivers of databases, and collections that hold values.
_HARMLESS = re.compile(
    r"(?:exception|error|throwable|warning|\.driver)$|^java\.util\.(?:(?:Array|Linked)?List|"
    r"(?:Linked)?(?:Hash|Tree)?(?:Map|Set)|Date|UUID|Locale|Optional|Currency)$",
    re.I,
)
_POWERFUL: Final = words(
    "runtime processbuilder process processimpl unixprocess scriptenginemanager scriptengine "
    "classloader urlclassloader class system thread groovyshell groovyclassloader interpreter "
    "jdbcrowsetimpl templatesimpl initialcontext filesystemxmlapplicationcontext reflect unsafe "
    "classpathxmlapplicationcontext execute objectconstructor jythonruntime shell shellsession "
    "elprocessor beanutils ognlcontext ognlutil invokertransformer"
)
_CALLS = Needle(
    "runtime getruntime get_runtime processbuilder java javax sun org com groovy bsh freemarker "
    "class "
    "getclass filesystemxmlapplicationcontext classpathxmlapplicationcontext scriptenginemanager "
    "groovyshell groovyclassloader spelexpressionparser exit getproperty "
    "getenv setproperty load loadlibrary",
    r"\bRuntime\b\s{0,40}+(?:\.|"
    r"\))?\s{0,40}+(?:\.\s{0,40}+)?get_?Runtime\b(?P<exec>.{0,12}\)\s{0,40}+\.\s{0,40}+(?:exec|"
    r"load\w*|halt)\b)?|"
    r"\bgetRuntime\s{0,40}+\(\s{0,40}+\)\s{0,40}+\.\s{0,40}+(?P<exec2>exec)\b|"
    r"\b(?:new|New-Object)\s+(?:java\.\w+\.)?(?P<builder>ProcessBuilder)\b|"
    r"\bnew\s+(?P<made>(?:javax?|sun|org\.\w+|com\.sun|groovy|bsh|"
    r"freemarker)\.[\w.]+)\s{0,40}+[(\[{]|"
    r"\bClass\s{0,40}+\.\s{0,40}+forName\s{0,40}+\(\s{0,40}+(?P<named>['\"](?:java|sun|org|com|"
    r"groovy|bsh))?|"
    r"\.\s{0,40}+(?:getClass|"
    r"class)\b\s{0,40}+(?:\(\s{0,40}+\))?\s{0,40}+\.\s{0,40}+(?P<reflect>forName|getClassLoader|"
    r"classLoader|"
    r"getMethod\w*|getDeclared\w+|protectionDomain|module|newInstance|getConstructor\w*)\b|"
    r"(?P<context>(?:FileSystem|ClassPath)XmlApplicationContext)"
    r"(?:\s{0,40}+\(|['\",\s]{1,8}(?:https?|ftp|file|jar):)|"
    r"\bScriptEngineManager\b.{0,40}(?P<engine>getEngineBy\w+)|"
    r"\bProcessBuilder\b\s{0,40}+\(.{0,200}?\.\s{0,40}+(?P<started>start|inheritIO)\b|"
    r"\bjava\.lang\.(?P<power>Runtime|Process(?:Builder|Impl|Environment)|UNIXProcess|Shutdown|System)\b\s{0,40}+[.@)]|"
    r"\b(?P<shell>GroovyShell|GroovyClassLoader|SpelExpressionParser|"
    r"bsh\.Interpreter)\b\s{0,40}+\(|"
    r"\bSystem\s{0,40}+\.\s{0,40}+(?P<exit>exit|getProperty|getenv|setProperty|"
    r"load(?:Library)?)\s{0,40}+\(\s{0,40}+['\"0-9)]",
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
}
_NOTHING_BEFORE = re.compile(
    r"\W{0,40}(?:\d{1,9}\W{0,8};\W{0,8})?(?:java\.lang\.|System\.|new\s{1,8}\w{1,40}\s{0,8}\(\s{0,8})?"
)
# Classes by their name, as scripts of Java, its expressions and its wiring in XML take them.
_POWERFUL_CLASS = (
    r"(?:java\.lang\.(?:ProcessBuilder|Runtime|Class|ClassLoader|System|Thread)|java\.net\.URLClassLoader|"
    r"java\.rmi\.[\w.]+|javax\.(?:script|naming|management)\.[\w.]+|com\.sun\.[\w.]+|sun\.[\w.]+|"
    r"(?:groovy|bsh|ognl|org\.mozilla\.javascript|org\.codehaus\.groovy)\.[\w.]+|"
    r"org\.springframework\.(?:context\.support|expression|scripting)\.[\w.]+|"
    r"[\w.]{1,80}MethodInvoking(?:Factory)?Bean)"
)
_NAMED = Needle(
    "importpackage importclass packages javaimporter nashorn new import type extend use",
    r"\bimport(?:Package|Class)\s{0,8}+\(\s{0,8}+(?:Packages\s?\.\s?)?(?:javax?|com|org|sun)\b|"
    r"\bPackages\s{0,8}+(?:\.\s{0,8}+|\[\s?['\"])(?:javax?|org\.\w|com\.\w|sun)\b|"
    r"\bJavaImporter\s{0,8}+\(\s{0,8}+(?:Packages\s?\.\s?)?(?:javax?|com|org|sun)\s?\.|"
    r"\bload\s{0,8}+\(\s{0,8}+['\"]nashorn:|"
    r"\bJava\s{0,8}+\.\s{0,8}+(?:type|extend)\s{0,8}+\(\s{0,8}+['\"](?:javax?|com|org|sun)\.\w|"
    r"(?<![\w.])new\s{0,8}+\(\s{0,8}+['\"](?:javax?|sun|com\.sun|org\.\w{1,20}|groovy|bsh|ognl)\.[\w.]+['\"]|"
    r"\bimport\s{1,8}['\"]java[\w.]+['\"]|\buse\s{0,4}\(\s{0,4}(?:Runtime|ProcessBuilder|System)\s{0,4}\)\s{0,4}\{",
)
_BEAN = re.compile(
    r"<(?:\w{1,12}:)?(?:bean|constant)\b[^<>]{0,300}?\b(?:(?:class|static-field)\s{0,4}=\s{0,4}['\"]\s?"
    rf"{_POWERFUL_CLASS}\s?['\"]|factory-method\s{{0,4}}=\s{{0,4}}['\"](?:exec|getRuntime|forName|"
    r"getEngineByName|loadClass|lookup)['\"])",
    re.IGNORECASE,
)
# H2 compiles what is behind `AS`, calls any static method by its name, and runs a script from afar.
_ALIAS = re.compile(
    r"\brunscript\s{1,8}from\s{1,8}['\"][\w/.~:]|\bcreate\s{1,8}(?:or\s{1,8}replace\s{1,8})?(?:force\s{1,8})?"
    r"(?:alias\s{1,8}(?:if\s{1,8}not\s{1,8}exists\s{1,8})?[\w.\"]{1,80}\s{1,8}(?:deterministic\s{1,8})?"
    r"(?:nobuffer\s{1,8})?(?:as\s{0,8}(?:'[^']{1,200}?\(|\$\$)|for\s{1,8}['\"]?(?:java|javax|com|org|net|io|sun)\.[\w.]+)|"
    r"trigger\s[^;]{1,120}?\sas\s{1,8}(?:'|\$\$)\s?//\s?(?:javascript|ruby)\b)",
    re.IGNORECASE,
)
# What says much only where it is all there is: honest programs have such lines.
_ALONE = Needle(
    "eval evaluate jenkins hudson thread url socket openstream openconnection getclass grab "
    "environment server gettype",
    r"\bEval\.(?:me|x|xy)\s{0,8}+\(|\b(?:this\.)?evaluate\(new\s|\b(?:jenkins|hudson)\.model\.[A-Z]\w{2,40}\.\w|"
    r"\bThread\.(?:currentThread\(\)\.)?sleep\s{0,8}+\(\s{0,8}+\d{4}|"
    r"\bnew\s+(?:java\.net\.)?URL\s{0,8}+\([^()]{1,200}\)\s{0,8}+\.\s{0,8}+(?:openStream|openConnection|"
    r"text|getText|getContent)\b|@groovy\.lang\.Grab\w{0,8}|"
    r"\A\W{0,6}(?:this\.)?getClass\(\)\s{0,4}\.\s{0,4}get|\bnew\s+Socket\s{0,4}\(\s{0,4}['\"][^()]{1,120},\s{0,4}\d|"
    r"(?:'\w{0,40}'|\"\w{0,40}\")\s{0,4}\)?\s{0,4}\.\s{0,4}getClass\s{0,4}\(\s{0,4}\)|"
    r"\bEnvironment\.(?:Exit|FailFast|GetEnvironmentVariables?|GetCommandLineArgs|"
    r"ExpandEnvironmentVariables)\s{0,8}+\(|\bServer\.(?:Execute|Transfer)\s{0,8}+\(|"
    r"(?:\A\W{0,8}|[(=,]\s{0,4})(?:\d{1,9}|it|['\"]{2}|\(\))\s{0,4}\.\s{0,4}GetType\s{0,4}\(\s{0,4}\)",
)
_BINDING = Needle(
    "module classloader protectiondomain",
    r"(?:^|[.\[\s&?'\"])class\s{0,40}+[.\[]['\"]?(?:module|classLoader|protectionDomain)\b"
    r"(?P<deep>\]?['\"]?\s{0,40}+[.\[]['\"]?(?:classLoader|resources|parent|urls|URLs|jarPath|"
    r"module))?",
    re.I,
)
_SET_FIRST = re.compile(r"\s{0,4}class[.\[][\w.\[\]'\"]{1,200}\s?=", re.I)
_EXECUTE = Needle(
    "execute grab grabconfig grabresolver asttest sys process scala exec id ls sh cmd bash",
    r"(?:['\"\]]\s{0,40}+\)?\s{0,40}+\.\s{0,40}+execute\s{0,40}+\(\s{0,40}+(?:\[|null|\)))|"
    r"@Grab(?:Config|Resolver)?\s{0,40}+\(|"
    r"@(?:groovy\.transform\.)?"
    r"ASTTest\s{0,40}+\(|\bsys\s{0,40}+\.\s{0,40}+process\s{0,40}+\.\s{0,40}+_|"
    r"['\"]\s{0,40}+\.\s{0,40}+!!|"
    r"\bProcess\s{0,40}+\(\s{0,40}+['\"].{0,80}['\"]\s{0,40}+\)\s{0,40}+\.?\s{0,40}+!",
)
_DOTNET = Needle(
    "diagnostics process assembly activator type reflection io gettype server wscript eval execute "
    "executeglobal",
    r"\b(?:System\s{0,40}+\.\s{0,40}+)?Diagnostics\s{0,40}+\.\s{0,40}+Process\b|"
    r"\bProcess\s{0,40}+\.\s{0,40}+Start\s{0,40}+\(\s{0,40}+[@$]?\"|"
    r"\bAssembly\s{0,40}+\.\s{0,40}+Load(?:From|File|WithPartialName)?\s{0,40}+\(|"
    r"\bActivator\s{0,40}+\.\s{0,40}+CreateInstance\w*\s{0,40}+\(|"
    r"\bType\s{0,40}+\.\s{0,40}+GetType\s{0,40}+\(\s{0,40}+\"System|"
    r"\bSystem\s{0,40}+\.\s{0,40}+Reflection\s{0,40}+\.\s{0,40}+\w+\s{0,40}+\.|"
    r"\bSystem\s{0,40}+\.\s{0,40}+IO\s{0,40}+\.\s{0,40}+File\s{0,40}+\.\s{0,40}+\w+\s{0,40}+\(|"
    r"\bGetType\s{0,40}+\(\s{0,40}+\)\s{0,40}+\.\s{0,40}+(?:Assembly|Module|BaseType|"
    r"Get(?:Method|Field|Constructor|Member)s?|InvokeMember)\b|"
    r"\bServer\s{0,40}+\.\s{0,40}+CreateObject\s{0,40}+\(|\bWScript\s{0,40}+\.\s{0,40}+(?:Shell|"
    r"CreateObject)\b|"
    r"\b(?:eval|execute(?:global)?)\s{0,40}+\(?\s{0,40}+[Rr]equest\s{0,40}+[(.]",
)
_PAGE = Needle(
    "page import include taglib new runtime system response request eval execute out java jsp "
    "string "
    "int server const public private scriptlet declaration expression forward usebean plugin "
    "setproperty getproperty param",
    r"<%\s{0,40}+[@!][^%]{0,80}|<%=?\s{0,40}+(?:Runtime|new\s|System|Response|Request|eval|"
    r"execute|out\.|"
    r"java)|"
    r"<jsp:\w+[\s>]|"
    r"\b(?:request\.getParameter|Server\.CreateObject|Response\.Write)\b.{0,400}%>",
    re.I | re.S,
)
# The library of tags of server pages.
_TAG = Needle(
    "c sql s ui x",
    r"<sql:(?:query|update|setDataSource|transaction)\b|<s:property\s[^<>]{0,80}?\bvalue\s{0,4}=|"
    r"<(?:ui:include|x:parse)\s[^<>]{0,80}?\b(?:src|doc)\s{0,4}=|<c:(?:import|redirect|url)\s{1,8}+[^<>]{0,80}?\b(?:url|value)\s{0,4}=|"
    r"<c:(?:out|set)\s{1,8}+[^<>]{0,80}?\bvalue\s{0,4}=\s{0,4}['\"][$#]\{",
)

# A page prints what stands around its tags: words there keep none from taking in what it names.
_TAKEN_IN = re.compile(
    r"<(?:c:(?:import|redirect|url)|jsp:(?:include|forward)|ui:include|x:parse|%@\s{0,4}include)\s[^<>]{0,80}?"
    r"\b(?:url|value|page|src|doc|file)\s{0,4}=\s{0,4}['\"]\s?(?:(?:file|https?|ftp|jar|netdoc|classpath):|//|"
    r"(?:\.?/)?(?:\.\./|WEB-INF|META-INF|(?:etc|proc|var|home|root|usr)/)|[$#]\{)",
    re.I,
)


def judge(reading: Reading, context: Context) -> Judgement | None:
    """What a Java or .NET server would make of a text."""
    text, plain, among = reading.text, reading.plain, reading.words
    return strongest(
        (
            _class_name(text),
            *_calls(plain, among),
            judged(_NAMED, "code.java_call", 8, plain, among),
            _alias(text),
            _bean(text),
            _binding(text, context, among),
            judged(_EXECUTE, "code.groovy", 8, plain, among),
            judged(_DOTNET, "code.dotnet", 8, plain, among),
            judged(_PAGE, "code.server_page", 8, text, among),
            judged(_TAG, "code.server_page", 7, text, among),
            _taken_in(text),
            _alone(plain, among),
        )
    )


def _alias(text: str) -> Judgement | None:
    match = _ALIAS.search(text)
    return judgement("code.java_call", 8, text, match.start()) if match else None


def _bean(text: str) -> Judgement | None:
    match = _BEAN.search(text) if "<" in text else None
    if not match:
        return None
    # Words in a document keep nothing from being made.
    mention = text.lstrip()[:1] != "<" and site(text, match.start(), match.end()) == "prose"
    return judgement("code.java_call", 4 if mention else 8, text, match.start())


def _taken_in(text: str) -> Judgement | None:
    match = _TAKEN_IN.search(text) if "<" in text else None
    return judgement("code.server_page", 7, text, match.start()) if match else None


def _alone(text: str, among: frozenset[str]) -> Judgement | None:
    match = _ALONE.search(text, among)
    if not match:
        return None
    alone = _NOTHING_BEFORE.fullmatch(text, 0, match.start()) is not None
    alone = alone and site(text, match.start(), match.end()) != "prose"
    return judgement("code.java_call", 6 if alone else 4, text, match.start())


def _class_name(text: str) -> Judgement | None:
    name = text.strip().strip("\"'")
    if not _CLASS_NAME.fullmatch(name) or _HARMLESS.search(name):
        return None
    last = name.rstrip(";[]").rpartition(".")[2].lower()
    if name.count(".") < 2 and last not in _POWERFUL:
        return None
    score = 7 if last in _POWERFUL else 5
    return judgement("code.java_class", score, name, 0)


def _calls(text: str, among: frozenset[str]) -> Iterator[Judgement | None]:
    for index, match in enumerate(_CALLS.first(text, among)):
        # A call that ends in running something works in any surroundings; others may be mentioned.
        score = _SCORES[match.lastgroup] if match.lastgroup else 6
        if site(text, match.start(), match.end()) == "prose":
            score = 4
        elif index:
            score += 1
        yield judgement("code.java_call", score, text, match.start())


def _binding(text: str, context: Context, among: frozenset[str]) -> Judgement | None:
    match = _BINDING.search(text, among)
    if not match:
        return None
    is_name = context.is_name or text.partition("=")[0].strip().startswith("class")
    score = 8 if is_name or match["deep"] else 5
    # Any words may be what a property is set to.
    told = not context.is_name and site(text, match.start(), match.end()) == "prose"
    if told and not _SET_FIRST.match(text):
        score = 4
    return judgement("code.java_binding", score, text, match.start())
