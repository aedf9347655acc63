"""What an expression in a template would do: show a value, count, call, or reach for the server."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from vallum.inspection.detectors.code_reading import Needle, spelled_out
from vallum.inspection.detectors.template_words import (
    FORMATTING,
    OF_STEP,
    ON_CONSTANTS,
    SERVER_OWNED,
    SHOWN_WHOLE,
)

Kind = Literal["plain", "constant", "call", "literal", "danger", "context"]
"""`plain` shows a variable; `constant` computes with constants (how attackers ask whether an engine
evaluates); `call` calls something; `literal` takes a member of a constant; `danger` reaches for
classes, commands or files; `context` shows an object of the engine or the server."""


class Sense(NamedTuple):
    """What an expression is."""

    kind: Kind
    at: int
    """Where in the expression it shows."""


_DANGER = Needle(
    "__class__ __mro__ __base__ __bases__ __subclasses__ __globals__ __builtins__ __import__ "
    "__init__ __dict__ __getattribute__ __self__ __code__ __getitem__ getruntime getclass forname "
    "processbuilder scriptenginemanager classloader getclassloader getdeclaredmethod "
    "getdeclaredmethods getmethod getmethods newinstance getenginebyname getprotectiondomain "
    "template objectconstructor jythonruntime classutils propertyutils streamutils _memberaccess "
    "memberaccess ognlcontext ognlutil servletactioncontext getsystemproperty popen subprocess "
    "shell_exec passthru proc_open system execsync child_process mainmodule _getfilter "
    "registerundefinedfiltercallback registerundefinedfunctioncallback getfilter readfile "
    "file_get_contents file_excerpt writefile smarty_internal_write_file getstreamvariable "
    "template_object template_class phpinfo lookupmethod cycler joiner lipsum url_for "
    "get_flashed_messages undefined inputstreamreader bufferedreader urlclassloader "
    "fileinputstream fileutils ioutils eval execute instance_eval const_get io file dir kernel "
    "objectspace process activator addclasspath defineclass loadclass inspect t new java javax org "
    "ognl api interpret constructor __proto__ require global globalthis import from smarty request "
    "_self _context app self handler systemproperties systemenvironment settings config",
    r"__(?:class|mro|bases?|subclasses|globals|builtins|import|init|dict|getattribute|self|code|"
    r"getitem)__|"
    r"\b(?:getRuntime|getClass|forName|ProcessBuilder|ScriptEngineManager|classLoader|"
    r"getClassLoader|"
    r"getDeclaredMethods?|getMethods?|newInstance|getEngineByName|getProtectionDomain|"
    r"freemarker\.template|ObjectConstructor|JythonRuntime|ClassUtils|PropertyUtils|StreamUtils|"
    r"_memberAccess|memberAccess|OgnlContext|OgnlUtil|ServletActionContext|getSystemProperty|"
    r"popen|subprocess|shell_exec|passthru|proc_open|system|execSync|child_process|mainModule|"
    r"_getFilter|registerUndefinedFilterCallback|registerUndefinedFunctionCallback|"
    r"getFilter|readfile|file_get_contents|file_excerpt|writeFile|Smarty_Internal_Write_File|"
    r"self::getStreamVariable|template_object|template_class|phpinfo|lookupMethod|"
    r"cycler|joiner|lipsum|url_for\s{0,40}+\.|get_flashed_messages\s{0,40}+\.|"
    r"undefined\s{0,40}+\.\s{0,40}+__|"
    r"InputStreamReader|BufferedReader|URLClassLoader|FileInputStream|FileUtils|IOUtils|"
    r"eval|execute|Execute|instance_eval|const_get|IO\.popen|File\.(?:open|read)|Dir\.entries|"
    r"Kernel|ObjectSpace|Process\.(?:Start|spawn)|System\.(?:Diagnostics|IO|Reflection)|Activator|"
    r"addClassPath|defineClass|loadClass|inspect\s{0,40}+\(\s{0,40}+['\"]java)\b|"
    r"\bT\s{0,40}+\(\s{0,40}+(?:java|org|com|javax|sun|ognl|groovy|String\b|Runtime|System|Thread)|"
    r"\bnew\s+(?:javax?|org|com|sun|groovy|freemarker|ognl)\s{0,40}+\.|"
    r"\bjavax?\s{0,40}+\.\s{0,40}+(?:lang|util|io|net|naming|script|nio)\b|@java[.\w]*@|@ognl|"
    r"@org\.|"
    r"\?\s{0,40}+(?:new|api|interpret|eval)\b|\bconstructor\s{0,40}+(?:\.|\()|\.constructor\b|"
    r"['\"]constructor['\"]|\b__proto__\b|"
    r"\brequire\s{0,40}+\(|\bprocess\s{0,40}+\.\s{0,40}+(?:env|exit|binding|mainModule)|"
    r"\bglobal\s{0,40}+\.|\bglobalThis\b|"
    r"\bimport\s+(?:os|sys|subprocess|java)\b|\bfrom\s+(?:os|subprocess)\s+import\b|"
    r"\bsmarty\s{0,40}+\.\s{0,40}+(?:version|template|server|env|const|get|post|request)|"
    r"\brequest\s{0,40}+\.\s{0,40}+(?:application|args|cookies|headers|values|form|environ|__|"
    r"getClass|files|"
    r"data|"
    r"session|getSession|getServletContext|getParameter)|"
    r"\b_self\s{0,40}+\.\s{0,40}+env|\b_context\b|\bapp\s{0,40}+\.\s{0,40}+request\b|"
    r"\bapp\s{0,40}+\.\s{0,40}+(?:__|config|"
    r"environment)|"
    r"\bself\s{0,40}+\.\s{0,40}+(?:_|__|module|template|environment)|"
    r"\bhandler\s{0,40}+\.\s{0,40}+(?:settings|application)|"
    r"\bsystemProperties\b|\bsystemEnvironment\b|\bsettings\s{0,40}+\.\s{0,40}+(?:SECRET|"
    r"DATABASES)|"
    r"\bconfig\s{0,40}+(?:\.\s{0,40}+(?:items|__|from_|update|SECRET|root)|\[|"
    r"\.\s{0,40}+iteritems)",
)
_WORD = re.compile(r"\w+")
_FILTER = re.compile(
    r"\|\s{0,40}+(?:attr|map|filter|reduce|sort|passthru|system|exec|shell_exec|call|eval|"
    r"file_excerpt|"
    r"debug|pprint|include|import|popen|constant|"
    r"nl2br_exec)\s{0,40}+\(?\s{0,40}+(?P<argument>['\"(]|\w)"
)
_HARMLESS_ARGUMENT = re.compile(
    r"\|\s{0,40}+(?:map|sort|filter|reduce|call|include|import|constant|debug|"
    r"pprint)\s{0,40}+(?::|$|"
    r"\(?\s{0,40}+(?:attribute|reverse|by|"
    r"['\"](?!system|exec|passthru|popen|shell|eval|phpinfo|assert|file)))"
)
_BACKTICKS = re.compile(r"`[^`]{1,200}`")
_LITERAL = re.compile(
    r"(?:(?<![\w\])])(?:''|\"\"|\(\)|\[\]|\{\}|'[^']{1,40}'|\"[^\"]{1,40}\"|\(\d+\)|"
    r"\[\d*\])\s{0,4}(?:(?:(?<!\s)\.|\.(?![A-Z]))\s{0,4}[A-Za-z_]\w+|"
    r"\|\s{0,4}attr|\[\s{0,4}['\"])|(?<![\w.])\d+\s?\.\s?[a-z_]\w+)"
)
_NUMBER = r"(?:0x[0-9a-f]{1,16}|\d{1,20}(?:\.\d{1,10})?|'[^'{}]{0,24}'|\"[^\"{}]{0,24}\")"
_ARITHMETIC = re.compile(
    rf"(?:^|[\s(=,\[:;?%#&!{{~-]){_NUMBER}\s{{0,4}}(?:\*\*?|[-+/%~^&|]|<<|//|==|!=|>=?|<=?|\b(?:mod|"
    rf"div|eq|and|or)\b)"
    rf"\s{{0,4}}\(?[-+]?\s{{0,2}}{_NUMBER}",
    re.I,
)
# Constants that a condition, a filter or a function of the engine is asked about.
_ASKED = re.compile(
    r"^[-{\s]*(?:not\s+(?:true|false|\d)|(?:true|false|\d{1,9})\s?\?\s?['\"\d]|"
    r"['\"\w]{1,40}\s+if\s+(?:true|false|\d)\b|(?:'\w{1,40}'|\"\w{1,40}\"|\d{1,9})\s+(?:not\s+)?in\s+[\['\"(]|"
    r"(?:(?:else\s+)?if\s+)?(?:and|or|eq|ne|lt|le|gt|ge|add|sub|mul|div|mod|max|min)"
    r"(?:\s+(?:\"[^\"]{0,40}\"|-?\d{1,9})){2,4}\s*$|#?(?:if|unless)\s+(?:true|false|\d{1,9}|\"[^\"]{0,20}\")\s*$|"
    r"(?:\d{1,9}|\"[^\"]{0,40}\")\?[a-z]|"
    r"var\s+\w{1,40}\s?=|=\S{1,8}\s\S{1,8}=\s*$|#with\s+['\"]|"
    r"(?:print|printf|println|len|slice|html|js|urlquery)(?:\s+(?:\"[^\"]{0,60}\"|\d{1,9}|\.))+\s*$)"
)
_FILTERED = re.compile(
    r"^[-{\s]*(?:(?:\(?-?\d{1,12}\)?|\[[\d\s,.'\"]{0,60}\])\s{0,4}\|\s{0,4}(?P<name>[a-z_]\w{1,20})|"
    r"(?:'[^']{0,60}'|\"[^\"]{0,60}\")\s{0,4}\|\s{0,4}(?:upper|upcase|lower|downcase|reverse|length|"
    r"count|size|append|prepend|b64\w{0,5}|base64\w{0,8}|md5|sha\d{0,3}|list|first|last|batch|string|int|"
    r"url_?encode|hmac\w{0,8}|title|center|wordcount|repeat|capitalize|e|escape|safe|trim|add|"
    r"truncate\w{0,6}|split|replace|slice|sort|select|reject|random|abs|sum|min|max|rot13|crypt)\b)"
)
# A division by nothing, or of whole numbers, is no date: `1/0`, `7//2`.
_DATE = re.compile(
    r"(?!\s{0,8}\d{1,9}\s{0,4}(?:/\s{0,4}0\s{0,8}\Z|//))"
    r"(?:\s{0,40}+\d{1,4}([-/.])\d{1,2}\1\d{1,4}\s{0,40}+$|"
    r"\s{0,40}+['\"]?[\d\s.:/-]+['\"]?\s{0,40}+$)"
)
_TIMES = re.compile(r"[*+%^&|=<>~]|(?<=\d)\s?//?\s?(?=\d)")
_CALL = re.compile(r"(?<![\w$])[A-Za-z_]\w{0,40}\(")
# How a model of dbt is set up.
_SETTING = re.compile(r"config\(\s{0,4}\w{1,40}\s?=(?!=)")
_CONTEXT = re.compile(
    r"^[\s=]{0,40}+(?:config|current_app(?:\.\w{1,40}){0,3}|"
    r"(?:app|config)\.\w{0,40}(?:secret|SECRET|KEY|PASSW|TOKEN|DATABASE)\w{0,40}|get_flashed_messages|g\.\w+|ENV(?:\s?\[.{0,40}\])?|global_variables|"
    r"local_variables|instance_variables|self\.(?:inspect|methods|class)|@\w+\.(?:class|methods)|"
    r"self|settings|request|_self|_context|app|environment|globals|joiner|"
    r"cycler|"
    r"namespace|"
    r"dump|debug|this|locals|lipsum|Model|handler|applicationScope|sessionScope|requestScope|"
    r"pageContext(?:\.\w+)*|facesContext(?:\.\w+)*|\.data_model|\.globals|\.main|\.vars|\.now|"
    r"\.version|"
    r"\.template_name|\$smarty\.\w+|\$class|\$request|_keys|@root|\.|params?\.\w+|header\.\w+|"
    r"cookie\.\w+|"
    r"initParam(?:\.\w+)?|#?ctx|root|execution|"
    r"#(?:root|this|context|session|application|request|parameters|attr)(?:\.\w{1,40}){0,4}|"
    r"beans?|@environment|@\w+\.\w+)\s{0,40}+"
    # Put through a filter, it is still the object.
    r"(?:\|\s{0,4}(?:string|list|safe|e|escape|tojson|json_encode|json|raw|length|items|join|keys|first|"
    r"last|urlencode|upper|lower|b64encode|dictsort)\s{0,4}){0,4}$"
)
_ERB = re.compile(
    r"^=\s{0,8}+(?:params|session|cookies|request|controller|binding|flash|Rails\.\w[\w.]{0,80}|"
    r"ENV(?:\.\w{1,20})?|__\w{1,20}__|\$\w{1,20})\s{0,8}+$"
)
_STATEMENT = re.compile(
    r"^[-+~\s]*(?:if\s+(?:true|false|not\s|\d|'|\")|"
    r"assign\s+\w+\s{0,40}+=\s{0,40}+\d+\s{0,40}+\||"
    r"set\s+\w+\s{0,40}+=\s{0,40}+(?:\d+\s{0,40}+[*+]|cycler|.*__)|"
    r"import\s+['\"]?\w+['\"]?\s{0,40}+$|debug\s{0,40}+$|print\s|python|php|eval|exec|do\s|"
    r"include\s+['\"]?(?:/|\.\./|\\)|for\s+\w+\s+in\s+(?:\(|\[|'|\"|range\s{0,40}+\(|\w+\.__)|"
    r"apply\s|"
    r"sandbox|"
    r"load\s+(?:log|module)|get_|extends\s+['\"]?/|macro\s)",
    re.I,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def reaches(text: str) -> int:
    """Where `text` reaches for classes, commands or files, or -1."""
    match = _DANGER.search(text, _words(text))
    return match.start() if match else -1


# A file of the system, or an address, that is handed to something which reads it.
_PLACE: Final = (
    r"['\"]?(?:/(?:etc|proc|sys|var|home|root|usr|opt|run)/|[\w-]{0,40}/?\.\./\.\./|/?WEB-INF/|"
    r"(?:file|php|phar|expect|data|jar|netdoc):)"
)
# Programs and settings, which no template takes in.
_KEPT_FILE: Final = (
    r"(?:include|source|render|import)\s{0,4}\(\s{0,4}['\"][\w./-]{0,80}"
    r"\.(?:php\d?|py|rb|jsp|env|ini|conf|cfg|log|sql|bak|pem|key)['\"]"
)
_READS = re.compile(
    rf"\w\s{{0,4}}\(\s{{0,4}}{_PLACE}|\b{_KEPT_FILE}|\.signer\s{{0,4}}\.\s{{0,4}}key\b", re.I
)
# Template Toolkit: a program of Perl, or a file by its path.
_TOOLKIT = re.compile(
    rf"[-+=~]?\s{{0,4}}(?:(?:RAW)?PERL\s{{0,4}}[-+=~]?\Z|(?:INSERT|INCLUDE|PROCESS)\s{{1,4}}{_PLACE})"
)
_READS_BY_TAG = re.compile(rf"(?:include|import|parse|evaluate)[\s(]{{1,8}}{_PLACE}", re.I)
# What Exim runs or reads where it expands a text.
_EXIM = re.compile(
    r"\s{0,4}(?:run(?:,\w{1,20})?|(?:readfile|readsocket|perl|dlfunc|lookup|acl|certextract|filter)"
    r"(?:\s{1,4}[\w\"$]{1,40}){0,2})\s{0,4}\{"
)
# The rest of a directive or call, up to the blank that ends it.
_REST = re.compile(r"(?:[^\s]|(?<=[=,(+])\s|\s(?=[=,)+])){1,300}")


def is_reaching(text: str, match: re.Match[str]) -> bool:
    """Whether what begins with `match` reaches for classes, commands or files."""
    rest = _REST.match(text, match.start())
    end = max(match.end(), rest.end() if rest else 0)
    directive = text[match.start() : end]
    return reaches(directive) >= 0 or _READS_BY_TAG.search(directive) is not None


def sense(inside: str, opener: str) -> Sense:
    """What the expression `inside` would do in an engine whose blocks begin with `opener`."""
    inside = inside.strip("{}") if opener == "${" else inside
    plain = spelled_out(inside)
    match = _DANGER.search(plain, _words(plain))
    if match and not (match[0] in {"system", "execute", "eval"} and _is_word(plain)):
        return Sense("danger", match.start())
    if opener in {"<%", "#{", "%{"} and _BACKTICKS.search(inside):
        return Sense("danger", inside.index("`"))
    if opener == "${" and _EXIM.match(inside):
        return Sense("danger", 0)
    match = _READS.search(plain) or (_TOOLKIT.match(inside) if opener == "[%" else None)
    if match:
        return Sense("danger", match.start())
    match = _FILTER.search(plain)
    if match and not _HARMLESS_ARGUMENT.match(plain, match.start()):
        return Sense("danger", match.start())
    match = _LITERAL.search(OF_STEP.sub("step", inside) if opener == "{{" else inside)
    if match:
        return Sense("literal", match.start())
    if opener in {"{%", "<%"} and _STATEMENT.match(inside.lstrip("=-")):
        return Sense("constant", 0)
    arithmetic = _ARITHMETIC.search(inside)
    if arithmetic and _TIMES.search(arithmetic[0]) and not _DATE.match(inside):
        return Sense("constant", arithmetic.start())
    if _ASKED.match(inside):
        return Sense("constant", 0)
    filtered = _FILTERED.match(inside)
    if filtered and filtered["name"] not in ON_CONSTANTS:
        return Sense("call", 0)
    for call in _CALL.finditer(inside):
        start = call.start()
        shows = call[0].rstrip("( ").lower() in FORMATTING or _SETTING.match(inside, start)
        if not shows or SERVER_OWNED.search(inside, max(0, start - 120), start):
            return Sense("call", start)
        if SHOWN_WHOLE.match(inside, call.end() - 1):
            return Sense("call", start)
    if _CONTEXT.match(inside) or (opener == "<%" and _ERB.match(inside)):
        return Sense("context", 0)
    return Sense("plain", 0)


def _is_word(plain: str) -> bool:
    """Whether it is the name of a variable only, as in `{{ system }}` or `{{ system.name }}`."""
    return bool(re.fullmatch(r"[\s\w.$-]*", plain))
