"""Serialised objects of languages whose readers make any object that the text names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.inspection.detectors.code_reading import judgement, site, strongest, words
from vallum.inspection.detectors.deserialisation_binary import find
from vallum.inspection.detectors.deserialisation_jdbc import TRIGGER as JDBC
from vallum.inspection.detectors.deserialisation_jdbc import judge as judge_jdbc
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    "deserialisation.java": "serialised Java object",
    "deserialisation.gadget": "class that is known for running code while it is being read",
    "deserialisation.php": "serialised PHP object",
    "deserialisation.python": "Python pickle",
    "deserialisation.dotnet": "serialised .NET object, or a type name of .NET in JSON",
    "deserialisation.ruby": "marshalled Ruby object",
    "deserialisation.yaml": "YAML tag that names a class of a programming language",
    "deserialisation.node": "function in a serialised JavaScript object",
    "deserialisation.xml": "Java object written in XML (XMLDecoder, XStream)",
    "deserialisation.json": "key or type name in JSON that a reader makes objects by",
    "deserialisation.jdbc": "address of a database whose properties run code or read files",
}

_GADGETS: Final = words(
    "clonetransformer invokertransformer instantiatetransformer constanttransformer "
    "chainedtransformer switchtransformer maptransformer forclosure whileclosure ifclosure "
    "doclosure chainedclosure instantiatefactory prototypeclonefactory "
    "prototypeserializationfactory templatesimpl jdbcrowsetimpl traxtemplates "
    "annotationinvocationhandler transformingcomparator lazymap tiedmapentry "
    "badattributevalueexpexception beancomparator methodclosure convertedclosure "
    "objectdataprovider rolebasedprincipal rolebasedclaimsprincipal typeconfusedelegate "
    "windowsidentity windowsclaimsidentity windowsprincipal jndireferenceindirector "
    "jndirefforwardingdatasource jndirefconnectiondatasource wrapperconnectionpooldatasource "
    "unicastref unicastserverref unicastremoteobject xsltransform propertypathfactorybean "
    "objectstateformatter losformatter sessionsecuritytoken axhost resourcedictionary "
    "assemblyinstaller dataviewmanager xmldecoder spelexpression simplejndibeanfactory "
    "jndiconfiguration jndirealmfactory jndidatasourcefactory jtatransactionconfig "
    "oraclemanagedconnectionfactory jndiconnectionsource jndiconverter ldapattribute "
    "elprocessor"
)
"""Names of classes, in lower case, that run code while they are read, or are given to such."""
_GADGET_NAMES: Final = "|".join(sorted(_GADGETS))
_TRIGGERS: Final = (
    JDBC,
    # Java: as it is, in hexadecimal, and in base64 at each of the three offsets
    (
        r"\xc2\xac\xc3\xad\x00\x05|\xef\xbf\xbd\x00\x05|aced0005|ac ed 00 05|ro0ab|kztaau|cs7qaf|"
        r"^h4si[a-z0-9+/]{12}"
    ),
    r"\b(?:" + _GADGET_NAMES + r")\b",
    r"^['\"]?(?:java|runtime)\.(?:\w+\.)*(?:" + _GADGET_NAMES + r"|runtime)\b",
    # PHP
    (
        r"(?:^|[\s;{|:='\"])[oc]:\+?\d+:\\?[\"'][\w\\]|^a:\d+:\{[sioabd]:|^(?:tzo|yto|"
        r"qzo)[0-9a-z+/]{7}|[;|][bisdaoc]:\d+(?::[\"'{]|;)"
    ),
    # Python
    (
        r"^\(?c[a-z_][\w.]*[\w.]\n\w*\w\n|\n\(?c[a-z_]*[a-z_]\n\w*\w\n|\(s'[^']*'\n(?:tr|i[a-z])|\(dp0\n|\(lp0\n|"
        r"\xc2\x80[\x02-\x05]|"
        r"\xef\xbf\xbd[\x02-\x05][\xefx}(\]c)]|(?:^|[=;\s])(?-i:gA[IJMNQSUW])[a-z0-9+/_-]{4}|^y(?:29zcn|"
        r"3bvc2l4cn|19fynvpbhrpbl9f|2j1awx0aw5zc|3n1ynbyb2nlc3mk|250cn)|^800[2-5]"
    ),
    # .NET
    (
        r"aaeaaad/////|aaeaaad_____|0001000000ffffffff|/wey[a-z0-9+/]{12}|"
        r"[\"']\$?_{0,2}type[\"']\s*:\s*[\"'][\w.+]+\s*[,:]|"
        r"^(?:system|microsoft)\.[\w.]+(?:[^,]*,\s*[a-z]|:#|$)|publickeytoken=|:#system\."
    ),
    r"^(?:os\.(?:system|popen|exec|spawn)|subprocess\.|posix\.|builtins\.|__builtin__\.|runpy\.)",
    # Ruby
    r"\x04\x08[o\[{ciuse:\"@]|(?:^|[=;\s])bah[a-z0-9+/]{4}|^0408[0-9a-f]",
    # YAML
    (
        r"!!?(?:python|javax?|com|org|ruby|sun|net|groovy|perl|php|js)[./][\w./:]|"
        r"tag:yaml\.org,2002:(?:python|java|js|ruby|perl|php)|^%tag\s|\[\s?\*\w+\s?,\s?\*\w"
    ),
    r"_\$\$nd_",
    (
        r"(?:^|[\"'])py/(?:object|reduce|type|function|newargs|state|repr|iterator)|"
        r"(?:^|[\"'])(?:json_class|__jsonclass__)(?:[\"']|$)|(?:^|[\"'])\^[oc#]\d{0,3}(?:[\"']|$)"
    ),
    # XML and JSON
    (
        r"java\.beans\.xmldecoder|<java\b[^>]*\sclass\s*=|<(?:object|void)\s[^>]*\b(?:class|"
        r"method)\s*=|"
        r"<(?:dynamic-proxy|object-stream>|groovy\.|org\.(?:springframework|apache)\.|java\.|tree-map>|sorted-set>|javax\.|org\.codehaus\.|jdk\.|com\.sun\.)|"
        r"clr-namespace:system\.|\btype\s*=\s*[\"']system\.(?:data\.serv|windows\.)|<\w{1,12}:serializable\b|"
        r"<handler\s+class\s*=|serialization\s*=\s*[\"']custom|resolves-to\s*="
    ),
    (
        r"[\"'](?:@|\$|_)?(?:type|class|javaclass|classname|"
        r"implementation)[\"']\s*:\s*[\"']l?(?:java|javax|"
        r"com|org|sun|groovy|ch|br|net|oracle|ognl|bsh)\.[\w.$]|"
        r"\[\s*[\"'](?:java|javax|com|org|sun|ch|net|oracle|br)\.[\w.$]+[\"']\s*,\s*[\[{\"]|"
        r"\$\$bcel\$\$"
    ),
)

_WORD = re.compile(r"\w+")
_DOTTED = re.compile(r"\w+(?:[.$/]\w+)+;?")
_PRECISE = re.compile(r"\bjava\.\w+\.(?:runtime|processbuilder)\b", re.I)
_JAVA_BASE64 = re.compile(r"(?:rO0AB|KztAAU|Cs7QAF)(?:[A-Za-z0-9+/_=-]|$)|\$\$BCEL\$\$")
_JAVA_HEX = re.compile(r"ac ?ed ?00 ?05", re.I)
_PHP = re.compile(
    r"(?P<object>(?:^|"
    r"[\s;{|:='\"])[oOC]:\+?\d{1,6}:\\?[\"'](?P<name>[\w\\]{1,100})\\?[\"']:\+?\d{1,6}:\{)|"
    r"^a:\d{1,6}:\{(?:[si]:[^{}]{1,80}){1,8}[;}]"
)
_PHP_PART = re.compile(
    r"[\"'];[sibdoaOC]:\d{1,6}(?::\\?[\"'{]|;)|^\w{1,40}+\|(?:[bi]:\d{1,20};|[saOC]:\d{1,6}:\\?[\"'{])"
)
"""The rest of an object that somebody's text is put into, or a session."""
_PICKLE = re.compile(
    r"(?:^|[\n\x80-\x95\ufffd])[(]?c(?:os|posix|nt|subprocess|builtins|__builtin__|commands|sys|pty|platform|timeit|"
    r"pickle|importlib|shutil|webbrowser|socket|runpy|code|pdb|bdb|idlelib\.\w+)\n\w+(?:\n|$)|"
    r"\(S'[^'\n]*'\n(?:tR|i(?:os|posix|nt|subprocess|builtins|__builtin__|commands|sys|pty|runpy)\n\w)"
)
_DOTNET_JSON = re.compile(
    r"[\"']\$?_{0,2}type[\"']\s{0,40}+:\s{0,40}+[\"'](?P<name>[\w.+]{1,200}+)[^\"',:]{0,80}+\s{0,40}+(?:,\s{0,40}+\w|:#)"
)
_DOTNET_NAME = re.compile(
    r"(?:System|Microsoft)\.[\w.+]{1,200}+(?:`\d)?(?:\[[^\]]{0,100}\]+)?\s{0,40}+,\s{0,40}+(?:System|"
    r"mscorlib|"
    r"Presentation|"
    r"Microsoft|WindowsBase)[\w.]*|"
    r"(?<![\w.+])[\w.+]{1,200}+,\s{0,40}+[\w.]{1,100}+,\s{0,40}+Version=[\d.]+,\s{0,40}+Culture=\w+,\s{0,40}+PublicKeyToken="
)
# Namespaces of .NET whose objects reach for files, processes, types or the network.
_DOTNET_TYPE = re.compile(
    r"(?:System\.(?:IO|Diagnostics|Windows|Data|Web|Security|Management|Configuration|Reflection|"
    r"Runtime|Net|CodeDom|Activities|Workflow|Resources|Xaml|IdentityModel|AddIn|Printing|Messaging|"
    r"AppDomain|Activator|Delegate)|Microsoft\.(?:VisualStudio|Build|Exchange|Web|PowerShell|CSharp))"
    r"(?:\.\w{1,80}){0,8}(?::#[\w.]{1,200}|,.{1,200})?|[\w.]{1,120}:#(?:System|Microsoft)\.[\w.]{1,120}"
)
_RUBY_YAML = re.compile(
    r"!!?(?:python/(?:object|module|name|tuple)|ruby/\w+|perl/\w+|php/\w+|js/\w+)(?:[:/]|\b)|"
    r"!!(?:javax?|com|org|sun|net|groovy)\.[\w.$]+|tag:yaml\.org,2002:(?:python|java|js|ruby|perl|"
    r"php)"
)
_RUNNING_TAG = re.compile(
    r"python/object|python/name|javax\.script|new:|apply:|ruby/object|js/function|com\.sun"
)
_YAML_PREFIX = re.compile(r"^%TAG\s{1,8}+!\w{0,20}!?\s{1,8}+tag:yaml\.org,2002:", re.M)
# Each anchor holds the one before several times: a few lines become a billion values.
_YAML_BOMB = re.compile(r"&\w{1,40}\s{1,8}+\[\s{0,8}+(\*\w{1,40})(?:\s{0,4}+,\s{0,4}+\1(?!\w)){2}")
_XML = re.compile(
    r"java\.beans\.XMLDecoder|<java\b[^>]{0,100}\sclass\s{0,4}=|"
    r"<(?:object|void)\s[^>]{0,60}\b(?:class|method)\s{0,4}=\s{0,4}[\"'](?:java|com\.|org\.|exec|"
    r"start|forName|\w+\.)|"
    r"<(?:dynamic-proxy|java\.util\.PriorityQueue|java\.lang\.ProcessBuilder|jdk\.nashorn|"
    r"javax\.imageio|"
    r"org\.codehaus\.groovy|com\.sun\.)[\w.$-]*|<(?:java|javax)\.[\w.$_-]+[\s>/]|"
    r"<object-stream>|<ObjectDataProvider\b[^<>]{0,200}\bMethodName\b|"
    r"<(?:groovy|org\.(?:springframework|apache\.(?:commons|xbean|catalina)))\.[\w.$-]{1,200}"
    r"(?:\s{0,4}/>|[^<>]{0,200}>[^<>]{0,400}<)|"
    r"<(?:tree-map|sorted-set)>\s{0,40}+<(?:dynamic|comparator|entry|string)|"
    r"<handler\s+class\s{0,4}=|"
    # A namespace of XAML that reaches for files, processes or types; a type of a snapshot of .NET's
    r"\bclr-namespace:System\.(?:Diagnostics|Reflection|IO|Runtime|Windows\.Data|Data\.Services|Activities)\b|"
    r"\btype\s{0,4}=\s{0,4}[\"'](?:System\.Data\.Services\.Internal\.|System\.Windows\.(?:Data|Markup)\.)[\w`\[.]|"
    # XML-RPC of Apache: the element holds a serialised object of Java's.
    r"<\w{1,12}:serializable\b[^<>]{0,200}>|"
    r"serialization\s{0,4}=\s{0,4}[\"']custom|resolves-to\s{0,4}=",
)
_XML_START = re.compile(
    r"\s{0,8}(?:<\?xml[^<>]{0,100}\?>\s{0,8})?"
    r"<(?:java\b|object[\s>-]|list>|(?:[a-z]{1,10}-)?(?:set|map)>|entry>|dynamic-proxy>|"
    r"(?:[a-z]{2,12}\.){1,4}[\w$.]{2,60})"
)
_JSON = re.compile(
    r"[\"'](?P<key>[@$_]?(?:type|class|javaClass|className|"
    r"implementation))[\"']\s{0,40}+:\s{0,40}+[\"']L?"
    r"(?P<name>(?:javax?|com|org|sun|groovy|ch|br|net|oracle|ognl|bsh)\.[\w.$]+)|"
    r"\[\s{0,40}+[\"'](?P<array>(?:javax?|com|org|sun|ch|net|oracle|"
    r"br)\.[\w.$]{4,120})[\"']\s{0,40}+,\s{0,40}+[\[{\"]"
)
_INNER_JAVA = re.compile(
    r"(?:javax?\.|sun\.|com\.sun\.|org\.apache\.|org\.springframework\.|org\.hibernate\.|"
    r"com\.mchange\.|"
    r"com\.zaxxer\.|ch\.qos\.|br\.com\.anteros|net\.sf\.ehcache|oracle\.|groovy\.|org\.codehaus)"
)
# Keys by which a reader of JSON makes objects: jsonpickle's of Python, json's and Oj's of Ruby.
_OBJECT_KEY = (
    r"(?:py/(?:object|reduce|type|function|newargs\w{0,2}|state|repr|iterator)(?:[/:][\w./:]{1,120})?|"
    r"json_class|__jsonclass__)"
)
_KEYED = re.compile(rf"[\"']{_OBJECT_KEY}[\"']\s{{0,8}}+:|[\"']\^[oc#]\d{{0,3}}[\"']\s{{0,8}}+:")
_IS_KEY = re.compile(rf"{_OBJECT_KEY}|\^[oc#]\d{{0,3}}")
_TYPE_NAMES: Final = frozenset(
    {"@type", "$type", "__type", "@class", "_class", "__class__", "javaclass", "@c"}
)
_PYTHON_NAME = re.compile(
    r"(?:os|posix|nt|subprocess|builtins|__builtin__|commands|importlib|pty|runpy|ctypes|shutil)\.\w{2,40}"
)


def judge(text: str, context: Context) -> Judgement | None:
    """Which reader of serialised objects would make something of `text`."""
    return strongest(
        (
            _binary(text, context),
            _matched(_JAVA_BASE64, "deserialisation.java", 7, text),
            _matched(_JAVA_HEX, "deserialisation.java", 8, text),
            _gadget(text, context),
            *_php(text),
            _matched(_PICKLE, "deserialisation.python", 9, text),
            _python_name(text, context),
            judge_jdbc(text),
            *_dotnet(text, context),
            _yaml(text),
            _matched(_YAML_PREFIX, "deserialisation.yaml", 7, text),
            _yaml_bomb(text),
            *_node(text),
            _xml(text),
            _json(text),
            _keyed(text, context),
        )
    )


def _binary(text: str, context: Context) -> Judgement | None:
    found = find(text, in_cookie=context.location == "cookie")
    if found is None:
        return None
    return judgement(f"deserialisation.{found.language}", found.score, text, found.start)


def _matched(pattern: re.Pattern[str], rule: str, score: int, text: str) -> Judgement | None:
    match = pattern.search(text)
    if not match:
        return None
    if score < 9 and site(text, match.start(), match.end()) == "prose":
        score = 4
    return judgement(rule, score, text, match.start())


def _xml(text: str) -> Judgement | None:
    # The texts of elements and comments may be words.
    if _XML_START.match(text) and (match := _XML.search(text)):
        return judgement("deserialisation.xml", 8, text, match.start())
    return _matched(_XML, "deserialisation.xml", 8, text)


def _first_gadget(text: str) -> re.Match[str] | None:
    if _GADGETS.isdisjoint(_WORD.findall(text.lower())):
        return None
    return next(match for match in _WORD.finditer(text) if match[0].lower() in _GADGETS)


def _gadget(text: str, context: Context) -> Judgement | None:
    match = _first_gadget(text) or _PRECISE.search(text)
    if not match:
        return None
    name = text.strip(" \t\r\n\"'").removeprefix("[")  # fastjson takes `[` for an array of it
    # A person writes of such classes in sentences; a value that is only the name is to be read.
    alone = bool(_DOTTED.fullmatch(name))
    if alone:
        return judgement("deserialisation.gadget", 8 if context.name in _TYPE_NAMES else 7, name, 0)
    # Windows of WPF have their resources in an element of that name.
    tag = text.endswith("<", 0, match.start()) and match[0] != "ResourceDictionary"
    quoted = tag or text[match.end() : match.end() + 1] in {'"', "'", "<", ";", "("}
    score = 6 if quoted and site(text, match.start(), match.end()) != "prose" else 4
    return judgement("deserialisation.gadget", score, text, max(0, match.start() - 40))


def _php(text: str) -> Iterator[Judgement | None]:
    match = _PHP.search(text)
    if match:
        score = 8 if match["object"] else 5
        yield judgement("deserialisation.php", score, text, match.start())
    yield _matched(_PHP_PART, "deserialisation.php", 6, text)


def _python_name(text: str, context: Context) -> Judgement | None:
    if context.name not in _TYPE_NAMES or not _PYTHON_NAME.fullmatch(text):
        return None
    return judgement("deserialisation.python", 7, text, 0)


def _dotnet(text: str, context: Context) -> Iterator[Judgement | None]:
    match = _DOTNET_JSON.search(text)
    if match:
        inner = match["name"].startswith(("System.", "Microsoft."))
        yield judgement("deserialisation.dotnet", 8 if inner else 4, text, match.start())
    if context.name in _TYPE_NAMES and _DOTNET_TYPE.fullmatch(text):
        yield judgement("deserialisation.dotnet", 7, text, 0)
    match = _DOTNET_NAME.search(text)
    if match:
        score = 8 if context.name in _TYPE_NAMES else 6
        if site(text, match.start(), match.end()) == "prose":
            score = 4
        yield judgement("deserialisation.dotnet", score, text, match.start())


def _yaml(text: str) -> Judgement | None:
    match = _RUBY_YAML.search(text)
    if not match:
        return None
    running = _RUNNING_TAG.search(text, match.start(), match.end() + 40)
    score = 8 if running else 6
    if site(text, match.start(), match.end()) == "prose" and not text[match.end() :].strip():
        score = 4
    return judgement("deserialisation.yaml", score, text, match.start())


def _yaml_bomb(text: str) -> Judgement | None:
    match = _YAML_BOMB.search(text)
    return judgement("deserialisation.yaml", 7, text, match.start()) if match else None


def _node(text: str) -> Iterator[Judgement | None]:
    at = text.upper().find("_$$ND_")
    if at >= 0:
        yield judgement("deserialisation.node", 9 if "FUNC" in text.upper() else 6, text, at)


def _keyed(text: str, context: Context) -> Judgement | None:
    if context.is_name and _IS_KEY.fullmatch(text):
        return judgement("deserialisation.json", 7, text, 0)
    return _matched(_KEYED, "deserialisation.json", 7, text)


def _json(text: str) -> Judgement | None:
    match = _JSON.search(text)
    if not match:
        return None
    name = match["name"] or match["array"]
    if not _INNER_JAVA.match(name):
        return judgement("deserialisation.json", 4, text, match.start())
    explicit = match["key"] is None or match["key"][0] in "@$_"
    return judgement("deserialisation.json", 8 if explicit else 6, text, match.start())


DETECTOR: Final = Detector(family="deserialisation", triggers=_TRIGGERS, judge=judge, rules=RULES)
