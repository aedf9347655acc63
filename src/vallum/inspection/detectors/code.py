"""Code of the languages that servers run: PHP, Python, JavaScript, Java, Ruby, .NET and others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from vallum.inspection.detectors import (
    code_java,
    code_node,
    code_other,
    code_php,
    code_python,
    code_ruby,
)
from vallum.inspection.detectors.code_reading import Reading, strongest
from vallum.inspection.model import Context, Detector, Judgement

RULES: Final[Mapping[str, str]] = {
    **code_php.RULES,
    **code_python.RULES,
    **code_node.RULES,
    **code_java.RULES,
    **code_ruby.RULES,
    **code_other.RULES,
}

# What may stand before a parenthesis; the judge reads comments to their end.
_CALLED: Final = (
    r"\b(?:system|s?hell_exec|exec|passthru|popen[23]?|proc_open|pcntl_exec|eval|assert|"
    r"create_function|call_user_func|phpinfo|base64_decode|execfile|compile|getattr|"
    r"import_module|__import__|check_output|check_call|getoutput|capture[23]e?|spawn\w{0,2}|"
    r"const_get|execv\w{0,2}|execl\w{0,2})"
)
_PYTHON: Final = "(?:os|posix|subprocess|pty|commands)"
_PYTHON_CALLED: Final = (
    "(?:system|popen|exec|spawn|posix_spawn|run|call|check|getoutput|getstatus|listdir|dup2|walk)"
)
_RUBY: Final = "(?:kernel|io|open3|process|pty|marshal|yaml|psych|object)"
_RUBY_CALLED: Final = (
    "(?:system|exec|spawn|popen|capture|load|unsafe_load|const_get|eval|binread|read)"
)
_GAP = r"\s*(?:/[/*]|#[^{}]|\()"
_TRIGGERS: Final = (
    *code_other.TRIGGERS,
    # Lines that say much where they are alone
    (
        r"\btime\.sleep\(|\bos\.(?:_exit|kill|remove|unlink|rmdir|fork|abort|uname|get(?:login|cwdb?|pid|uid)|scandir)\(|"
        r"\bshutil\.\w|\btimeit\.timeit|%\((?:[\w.]{1,40}\.)?__\w|(?:globals|locals|vars)\(\)\s?(?:\[|\.\s?(?:items|keys|values|get|pop)\()|"
        r"\basyncio\.create_subprocess_|\burllib\d?(?:\.request)?\.urlopen\(\s?['\"]|\bsocket\.socket\([^()]{0,60}\)\.connect|"
        r"^[^\w\s]*(?:while\s?(?:true|1)\s?:\s?(?:pass|continue|\.\.\.)|\d{1,9}\*\*\d{1,9}\*\*\d)|"
        r"^import\s[\w\s,]{2,60}\b(?:subprocess|pty|socket)\b|"
        r"\bimport\s[\w\s,]{0,60}\b(?:os|subprocess|pty|socket)\b[\w\s,]{0,60};"
    ),
    r"\barguments\s?\.\s?callee\s?\.\s?caller",
    r"\b(?:global|globalthis|root|process|constructor)['\"]?\]?\s?\[\s?['\"`]\w{1,12}['\"`]\s?\+\s?['\"`]",
    r"\bres\.(?:end|send|write)\(\d|(?:json\.stringify|object\.\w{4,7})\(process\.",
    (
        r"\benv\.(?:to_|inspect|each|map|keys|values)|\bobjectspace\.|"
        r"\bopen\s?\(\s?\w{1,20}\s?,\s?['\"][^'\"]{1,60}\|['\"]"
    ),
    r"getclass\(\)\.get|\bnew\ssocket\s?\(|currentthread\(\)\.sleep",
    r"<sql:\w|<s:property\s|<ui:include\s|<x:parse\s",
    # PHP
    r"<\?(?:=|php|xml\s*[^\sa-z-]|\s|\$|$)",
    r"[\[{][\\/]?php[\]}]",
    (
        r"\$\{?['\"]?(?:_(?:get|post|request|server|cookie|files|env|session)|globals|"
        r"http_\w{3,6}_vars)\b"
    ),
    (r"\$\s*[$a-z_{@]\S*[\]}]\s*(?:\(|/[/*]|#)|\$\s*\{[^}]*\}\s*\(|\$[$a-z_{@][$\w@.}'\"]*" + _GAP),
    r"\)(?:\[\d\])*\s*(?:/\*[^*]*\*/)?\s*\(\s*['\"]",
    r"->\s*\$\w+\s*\(|\(\s*@?\$\w+[^()]*\)\s*\(|\$\s*\{\s*(?:\$|['\"]\w+['\"]\s*\})",
    # What is called may be any value; but `](https://…` is a link, and words stand in parentheses
    # behind others.
    r"(?:[)}]|\w['\"])\(\s*[\w'\"`$@)]|\]\((?:\s*['\"`$@)]|\s*\w[\w.]*[^\w.:/-])",
    r"(?:[)\]}]|\w['\"])\s+\(\s*[\d'\"`$@)]",
    r"[}\]]\s+\(\s*\w+\s*\)",
    r"\.\s?(?:ph(?:p\d*|tml|ar|ps|pt|t)|jspx?|jspf|aspx?|ashx|asmx|asa|cer|cfm|cgi)[.\s\d]*$",
    (
        r"\b(?:allow_url_|auto_(?:pre|ap)pend_file|disable_functions|open_basedir|safe_mode|"
        r"suhosin\.|"
        r"include_path|extension_dir|sendmail_path|memory_limit|(?:post|upload)_max_|"
        r"max_execution_time|"
        r"max_input_|max_file_uploads|display_\w*errors|error_(?:log|rep|pre|app)|log_errors|"
        r"register_globals|magic_quotes|"
        r"short_open_tag|enable_dl|user_ini\.|zend\.|opcache\.|mbstring\.|session\.\w|mail\.\w|"
        r"assert\.\w|phar\.\w|"
        r"date\.timezone|cgi\.\w|ffi\.\w|unserialize_\w|output_(?:buf|han)|file_uploads|"
        r"variables_order|"
        r"soap\.\w|sql\.safe|mysqli?\.\w|pcre\.\w|zlib\.\w|xdebug\.\w|arg_separator)\w*[\w.]*\s*="
    ),
    # Names of parameters, and the signature of a backdoor
    (
        r"^(?:globals|_(?:get|post|request|server|cookie|files|env|session)|http_\w{3,6}_vars)\[|"
        r"^globals$|\[#[a-z_]{2,24}\]|^#(?:post_render|pre_render|lazy_builder|access_callback)$|"
        r"/#value$|^zerodium\S"
    ),
    # Calls by name
    _CALLED + _GAP,
    _CALLED + r" \(",
    r"\w\s*/\*[^*]*\*/\s*\(",
    r"^[^\w\s]*[a-z][a-z0-9]*_[a-z0-9_]+" + _GAP,
    r"^[^\w\s]*(?:substr|str(?:len|pos|rev|tr|cmp)|\w{3,6}val|ucfirst|explode|implode|chr|ord|"
    r"file\w{0,7}|"
    r"f(?:open|read|write|gets|puts|close|eof|passthru|scanf|sockopen)|isset|(?:un)?(?:serialize|"
    r"pack|"
    r"link)|s?printf|chmod|chown|chgrp|mkdir|rmdir|tempnam|tmpfile|get\w{3,12}|gz\w{4,10}|"
    r"bz\w{4,10}|"
    r"php\w{4,7}|checkdate|crypt|md5|sha1|crc32|pi|symlink|readlink|extract|readfile|opendir|"
    r"scandir|"
    r"hex2bin|dl|usort|array\w+|gzinflate|pfsockopen|ini\w+)" + _GAP,
    (
        r"\b(?:include|require)(?:_once)?\s*\(?\s*(?:\$|['\"](?:https?|ftps?|data|php|"
        r"expect|phar|zip|glob|file|compress\.\w{2,6}|ssh2\.\w{2,6}):)"
    ),
    (
        r"\b(?:preg_replace|readfile|gzinflate|str_rot13|file_[gp]et_contents|file_put_contents|"
        r"fsockopen|"
        r"pfsockopen|move_uploaded_file|unserialize|ini_set|show_source|highlight_file)\s*\("
    ),
    r"chr\s?\(\s?\d{2,3}\s?\)\s?\.",
    (
        r"\((?:getallheaders|apache_request_headers)\s?\(\s?\)|"
        r"\b(?:copy|rename)\s?\(\s?['\"][^'\"]{1,200}['\"]\s?,\s?['\"][^'\"]{1,100}\.ph(?:p|tml|ar)|"
        r"\b(?:iterator_apply|set_(?:error|exception)_handler|spl_autoload_register|forward_static_call\w{0,6}|"
        r"register_(?:shutdown|tick)_function|header_register_callback|array_(?:walk|reduce|u?diff|u?inter)\w{0,12})\s?\([^()]{0,80}"
        r"['\"](?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|assert|eval|phpinfo)['\"]"
    ),
    # Names made of bytes that are turned over, `(~'…')()`, or of two strings: `'…'^'…'`.
    r"\(~[^0-9a-z\s()][^()\s]{0,80}\)\s?\(|['\"]\)?\^\(?['\"]",
    r"^[^\w\s]*(?:die|exit|print|putenv|glob)\s?\(\s?['\"\d]",
    (
        r"\bnew\s\\?(?:soapclient|splfileobject|splfileinfo|directoryiterator|filesystemiterator|"
        r"globiterator|reflectionfunction|reflectionmethod|simplexmlelement|ziparchive|phar(?:data)?|"
        r"ffi|imagick)\s?\("
    ),
    (
        r"\b(?:die|print|echo|exit|print_r|var_dump|printf)\s?\(?\s?(?:md5|sha1|crc32|phpversion|"
        r"php_uname|getcwd|get_current_user|sys_get_temp_dir)\s?\("
    ),
    r"(?:^|[=/])\\?\w+\\\w[\w\\]*/(?:invoke|__construct|display|input)|=call_user_func",
    r"\w(?:\[\w*\])*=(?:system|passthru|shell_exec|phpinfo|assert|exec)(?:&|$)",
    r"^(?:call_user_func\w*|system|phpinfo|passthru|shell_exec|assert)$",
    # Python
    (
        r"__(?:subclasses|mro|bases?|globals|builtins|getattribute|code|import|reduce\w*|loader|"
        r"closure|self|"
        r"subclasshook)__|\b(?:gi_frame|f_globals|f_builtins|tb_frame|func_globals)\b"
    ),
    r"\.\s*__(?:class|init|dict)__\s*(?:[.|\[(}]|$)|[(=,\[:]\s?(?:\(\)|''|\"\"|\[\]|\{\}|\d)\s?\.\s?__(?:class|init|dict)__",
    r"^[^\w\s]*(?:breakpoint|globals|locals|vars|(?:p?print|str|repr|list|dict)\((?:globals|locals|vars))\(\)|\bsys\.(?:modules\s?\[|exit\s?\(|_getframe)|\bos\.environ\b",
    # Spelled as one word; with blanks there is a clue, but for `os. system`.
    rf"\b{_PYTHON}\. ?{_PYTHON_CALLED}|\b(?:c?pickle|marshal|dill)\.loads",
    rf"\b{_PYTHON}\s{{0,2}}\.\s{{0,2}}{_PYTHON_CALLED}",
    rf"\bfrom\s{_PYTHON}\simport[\s*]",
    r"\bopen\s*\(\s*['\"][^'\"]+['\"][^)]*\)\s*\.\s*(?:read|write)",
    # JavaScript
    r"\barguments\s?\[|\bresponse\s?\.\s?(?:write|end|send)\s?\(\s?['\"\d]|console\.\w{3,5}\(process",
    r"^[^\w\s]*console\s*[.\[]\s*['\"`]?\w+['\"`\]]*\s*[.(][^)]{0,12}(?:\d|this|global|globalthis|process|module|require)\s*[,)]",
    (
        r"child_process|\brequire\s*[\[(.]|\bmodule\s*\.\s*(?:exports\s*=|constructor)|_load\s*\(|"
        r"=\s*require\s*[;,]|getbuiltinmodule|\bimport\s*\("
    ),
    (
        r"\bprocess\s*(?:\.\s*|\[\s?['\"`])(?:mainmodule|binding|dlopen|_linked|getbuiltin|kill|"
        r"exit|"
        r"abort|chdir|env|argv|cwd|pid|version|exec|title|stdout)\b|\bprocess\s*\[\s*[a-z]|"
        r"(?:mainmodule|binding|dlopen|builtinmodule)\b[^{}]{0,60}\}\s?=\s?process\b|"
        r"\bthis\s?;?\s?[)}]{1,2}\s?\(\s?\)\s?\)?\s?[.\[]"
    ),
    (
        r"\b(?:global|globalthis|root)\s*(?:\.|\[['\"])\s*(?:process|require|eval|function|"
        r"constructor)\b|\breturn\s+(?:this\s?\.\s?)?process\b"
    ),
    (
        r"constructor['\"`\s\])]{0,4}[.\[(]|\bnew\s+(?:async)?(?:generator)?function\s*\(|"
        r"\bfunction\s*\(\s*['\"`]|fromcharcode|nd_func|__js_function|\bvm\s*\.\s*(?:run|script)|"
        r"\breflect\s*\."
    ),
    (
        r"\b(?:readfilesync|readdirsync|writefilesync|createreadstream|unlinksync|appendfilesync|"
        r"execsync|"
        r"execfilesync|spawnsync|execfile)\s*\("
    ),
    (
        r"\bwhile\s*\([\s!+~(\[{'\"`-]*(?:true|this|infinity|null|nan|undefined|false|string|"
        r"object|array|date|new\s|\d|"
        r"['\"`\])}])|"
        r"\bfor\s*\(\s*;\s*(?:true|1)?\s*;\s*\)"
    ),
    # Java and .NET
    (
        r"^\s*['\"]?(?:javax?|sun|com\.(?:sun|opensymphony|mchange|caucho|rometools|mysql|zaxxer|"
        r"bea|tangosol)|ch\.qos|"
        r"org\.(?:apache|omg|springframework|codehaus|mozilla|python|jboss|hibernate|thymeleaf|"
        r"mvel2)|jdk|"
        r"ognl|bsh|groovy|freemarker|scala\.sys)\.[\w.]+[;\[\]'\"\s]{0,3}$"
    ),
    (
        r"getruntime|\bprocessbuilder\b|\bclass\s*\.\s*forname|\bnew\s+(?:javax?|sun|groovy|bsh|"
        r"freemarker|"
        r"org\.\w+|com\.sun)\.|xmlapplicationcontext\s*(?:\(|['\",\s]{1,8}(?:https?|ftp|file|jar):)|scriptenginemanager|"
        r"java\.lang\.(?:runtime|process\w*|unixprocess|shutdown|"
        r"system)\b|groovyshell|groovyclassloader|spelexpressionparser|bsh\.interpreter"
    ),
    r"\bsystem\s*\.\s*(?:exit|getproperty|getenv|setproperty|load\w*)\s*\(",
    (
        r"\.\s*(?:getclass|class)\b\s*(?:\(\s*\))?\s*\.\s*(?:forname|getclassloader|classloader|"
        r"getmethod|"
        r"getdeclared|protectiondomain|module|newinstance|getconstructor)"
    ),
    r"\bclass\s*[.\[]['\"]?(?:module|classloader|protectiondomain)\b",
    (
        r"\beval\.(?:me|x|xy)\s?\(|\bevaluate\(new\s|jenkins\.model\.|hudson\.model\.|\bthread\.sleep\s?\(|"
        r"\.openstream\s?\(|\.openconnection\s?\(|\bnew\s(?:java\.net\.)?url\s?\([^()]{1,200}\)\s?\.\s?(?:text|get)|@groovy\.lang\.|['\"]\s?\)?\.getclass\s?\(|"
        r"(?:\d|\bit|['\")])\.gettype\(\)|\benvironment\.(?:exit|failfast|getenv|getcommand|expandenv)|\bserver\.(?:execute|transfer)\s?\("
    ),
    (
        r"['\"\])]\s*\.\s*execute\s*\(|@grab|@(?:groovy\.transform\.)?asttest|sys\.process|"
        r"['\"]\s*\.\s*!!"
    ),
    (
        r"diagnostics\s*\.\s*process|\bprocess\s*\.\s*start\s*\(|\bassembly\s*\.\s*load|"
        r"activator\s*\.\s*createinstance|\btype\s*\.\s*gettype\s*\(|system\s*\.\s*reflection|"
        r"system\s*\.\s*io\s*\.\s*file\s*\.|gettype\s*\(\s*\)\s*\.|createobject\s*\(|wscript\s*\.|"
        r"eval\s*\(?\s*request\s*[(.]|execute(?:global)?\s*\(?\s*request"
    ),
    # Classes by their name
    (
        r"\bimport(?:package|class)\s?\(|\bpackages\s?(?:\.\s?|\[['\"])(?:javax?|org|com|sun)\b|"
        r"\bjavaimporter\s?\(|['\"]nashorn:|\bjava\s?\.\s?(?:type|extend)\s?\(|"
        r"\bnew\s?\(\s?['\"](?:javax?|sun|com|org|groovy|bsh|ognl)\.|\bimport\s{1,8}['\"]java|"
        r"\buse\s?\(\s?(?:runtime|processbuilder|system)\s?\)|"
        r"class\s?=\s?['\"]\s?(?:javax?|sun|com\.sun|groovy|bsh|ognl|org\.\w{1,20}\.\w|[\w.]+methodinvoking)"
    ),
    (
        r"\bcreate\s{1,8}(?:or\s{1,8}replace\s{1,8})?(?:force\s{1,8})?alias\s|"
        r"\brunscript\s{1,8}from\s|(?:static-field|factory-method)\s?=\s?['\"]|"
        r"\sas\s{1,8}(?:'|\$\$)\s?//\s?(?:javascript|ruby)\b"
    ),
    r"<%|<jsp:\w|<c:(?:import|out|set|url|redirect)\s",
    # Ruby and Perl
    rf"\b{_RUBY}\. ?{_RUBY_CALLED}",
    rf"\b{_RUBY}\s{{0,2}}\.\s{{0,2}}{_RUBY_CALLED}",
    r"\b(?:file|dir|io)\s*\.\s*(?:read\w*|open|binread|entries|glob)\s*\(\s*['\"]",
    (
        r"\.\s*(?:(?:send|__send__|public_send|method)\s*\(?\s*(?::\w|['\"](?:system|exec|eval|"
        r"spawn|open|`))|"
        r"(?:instance|class|module)_eval\s*\(?\s*['\"])"
    ),
    (
        r"\bsend\s?\(?\s?:(?:system|exec|eval|spawn|open|instance_|class_|`)|\bdir\s?\[\s?['\"]|"
        r"^[^\w\s]*env\s?\[\s?['\"]|\bkernel\.(?:fork|exit|abort|sleep|eval|open|load|send)|"
        r"^[^\w\s]*(?:instance|class|module)_eval\b|^[^\w\s]*(?:print|puts|say)\s*\(?\s*`"
    ),
    r"%x\s?[({\[<|!/]|\bqx\s*[({\[<|!/']|\berb\s*\.\s*new",
    r"\brequire\s*\(?\s*['\"](?:open3|socket|pty|open-uri|erb|shell)\b",
    r"\b(?:system|exec|popen|eval|spawn)\s+(?:['\"]|%[qw]?[({\[])",
    r"[@$]\s*\{\s*[\[\\]",
    (
        r"\bopen\s*\(?\s*(?:my\s+)?\$?\w+\s*,\s*['\"]\s*[-+]?\||(?:^|;)\s*use\s+(?:socket|posix|"
        r"io::|"
        r"lwp)"
    ),
)


_GIVEN: Final = r"(?:'[^'\n]{0,24}'|Object\([\w\\]{1,80}\)|Array|NULL|true|false|-?[\d.]{1,20})"
# Where a program was when it failed: `(Runtime.java:314)` is what no language calls with, and PHP
# reads what follows `#0 ` as a comment.
_FRAME = re.compile(
    rf"(?<!\S)#\d{{1,3}} (?:[\w./\\:-]{{1,200}}\(\d{{1,6}}\)|\[internal function\]): "
    rf"[\w\\]{{1,100}}(?:(?:->|::)\w{{1,60}})?\((?:{_GIVEN}(?:, {_GIVEN}){{0,9}})?\)(?=\s|\Z)|"
    r"(?<!\S)at [ ]?(?:[\w.$@-]{1,80}/{1,2}){0,2}(?:async |new )?[\w.$]{1,200}"
    r"(?:<(?:cl)?init>|<anonymous>)?(?: \[as [\w.]{1,60}\])? ?"
    r"\((?:\w{1,80}\.(?:java|kt|scala|groovy):\d{1,6}|Native Method|Unknown Source|"
    r"(?:node:)?[\w./\\@-]{1,200}:\d{1,6}:\d{1,6})\)(?=\s|\Z)"
)


def judge(text: str, context: Context) -> Judgement | None:
    """The strongest of what the languages make of `text`."""
    reading = Reading(_FRAME.sub(" ", text) if "at " in text or "#" in text else text)
    return strongest(
        (
            code_php.judge(reading, context),
            code_python.judge(reading),
            code_node.judge(reading),
            code_java.judge(reading, context),
            code_ruby.judge(reading),
            code_other.judge(reading),
        )
    )


DETECTOR: Final = Detector(family="code", triggers=_TRIGGERS, judge=judge, rules=RULES)
