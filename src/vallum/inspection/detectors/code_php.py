"""PHP: its tags, request variables, dangerous calls, and calls of a name that is computed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from vallum.inspection.detectors.code_reading import (
    GAP,
    Call,
    Reading,
    is_prose,
    judgement,
    site,
    strongest,
    words,
)
from vallum.inspection.model import Context, Judgement

EXECUTING: Final = words(
    "system exec shell_exec passthru popen proc_open pcntl_exec eval assert create_function "
    "call_user_func call_user_func_array register_shutdown_function phpinfo dl expect_popen "
    "readfile show_source highlight_file file_put_contents file_get_contents move_uploaded_file "
    "base64_decode gzinflate gzuncompress gzdecode bzdecompress str_rot13 convert_uudecode hex2bin "
    "pfsockopen fsockopen ini_set ini_restore putenv apache_setenv posix_getpwuid parse_ini_file "
    "get_defined_functions get_defined_vars extract parse_str unserialize symlink opendir scandir "
    "stream_socket_client socket_create curl_exec curl_init invokeargs ob_start "
    "array_map array_filter array_walk usort uasort uksort preg_replace_callback mb_ereg_replace "
    "ftp_connect mysql_connect mysqli_connect print_r var_dump sqlite_open"
)
"""Functions that run something, read something, or unpack what is to be run."""
_NAMES: Final = tuple(EXECUTING)
_DEADLY: Final = words(
    "system exec shell_exec passthru popen proc_open pcntl_exec eval assert create_function "
    "call_user_func call_user_func_array file_put_contents unserialize phpinfo"
)
_ENGLISH: Final = words(
    "file system exec eval assert link date time key end next current range count min max round "
    "copy rename mail header pack unpack print crypt touch dir glob stat extract pi chr ord sort "
    "join hash log die exit list each reset dl"
)
"""Functions whose name is a word, or a function of many languages."""
_BUILTIN: Final = re.compile(
    r"(?:array|assert|base64|bz|call_user|class|ctype|curl|date|debug|dns|error|exif|file|forward|"
    r"ftp|"
    r"func|"
    r"get|gmp|gz|hash|highlight|html|iconv|imagecreate|image|imap|ini|is|json|ldap|mb|mcrypt|"
    r"mysqli?|"
    r"ob|oci|odbc|openssl|parse|pcntl|pg|php|posix|preg|print|proc|readline|register|session|shell|"
    r"socket|sodium|sqlite|stream|str|sys|tidy|unregister|var|xml|zip|zlib)_?[a-z0-9]*_\w+|"
    r"substr\w*|str(?:len|pos|rev|tr|str|cmp)|\w{3,6}val|ucfirst|explode|implode|chr|ord|"
    r"f(?:open|read|write|gets|puts|close|eof|passthru|scanf|sockopen|putcsv|getcsv)|"
    r"file(?:group|owner|perms|size|inode|[acm]time|type)?|is(?:set|_\w+)|"
    r"(?:un)?(?:serialize|pack|link)|glob|chmod|chown|chgrp|mkdir|rmdir|tempnam|tmpfile|"
    r"get(?:cwd|env|hostname|hostbynamel?|hostbyaddr|lastmod|mypid|myuid|opt|rusage|servby\w+)|"
    r"gz(?:open|read|file|inflate|encode|deflate|compress)|bz(?:open|read|compress|decompress)|"
    r"php(?:info|version|credits)|phpversion|checkdate|crypt|md5|sha1|crc32|pi|symlink|readlink"
)

RULES: Final = {
    "code.php_tag": "PHP opening or closing tag, with code",
    "code.php_variable": "PHP variable of the request or the server (`$_GET`, `$GLOBALS`)",
    "code.php_call": "call of a PHP function that runs, reads or unpacks something",
    "code.php_computed_call": "call of a PHP function whose name is computed",
    "code.php_function_name": "the name of a PHP function that runs something, for a parameter",
    "code.php_name": "name of a parameter that sets a variable of PHP or what Drupal renders",
    "code.php_backdoor": "word by which a backdoor in PHP knows the code that it runs",
    "code.php_setting": "setting of php.ini",
    "code.php_include": "PHP takes in a file that an address or a stream names",
    "code.script_name": "file name that a web server would run as a script",
}

_TAG = re.compile(
    r"<\?(=|php(?![a-z0-9_])|xml(?!\s{1,8}+(?:version|encoding|standalone)\b|[-\w])|(?=\s)|(?=\$)|"
    r"$)|<%\s{0,40}+(?:php|eval)\b",
    re.I,
)
_MARKUP_TAG = re.compile(
    r"([\[{])([\\/]?)php[\]}](?=(\s{0,40}+(?:echo|print|system|exec|eval|passthru|include|\$|"
    r"[a-z_]+\())?)",
    re.I,
)
_SCRIPT_TAG = re.compile(r"<script[^>]{0,40}language\s{0,4}=\s{0,4}[\"']?php", re.I)
_SUPERGLOBAL = re.compile(
    r"\$\{?['\"]?(?:_(?:GET|POST|REQUEST|SERVER|COOKIE|FILES|ENV|SESSION)|GLOBALS|"
    r"HTTP_RAW_POST_DATA|"
    r"HTTP_(?:GET|POST|COOKIE|SERVER|ENV)_VARS|argv|php_errormsg)\b(\s{0,40}+(?:[\[{.)}=;]))?"
)
_COMPLEX = re.compile(r"\$\s{0,40}\{\s{0,40}(?:\$\w|['\"]\w{1,40}['\"]\s{0,40}+\})")
_PATTERN_E = re.compile(
    r"preg_replace\s{0,40}+\(\s{0,40}+(['\"])(\W).{0,80}?\2[a-z]{0,12}e[a-z]{0,12}\1", re.I
)
# A method of that name is another matter: `pattern.exec(line)`, `cursor.execute()`.
_OF_OBJECT = re.compile(r"(?<![\w$])(?:[A-Za-z_]\w{0,40}|\)|\])\s{0,4}(?:\.|->|::|\?\.)\s{0,4}$")
_TAINT = re.compile(r"\$_?[a-z{$]|base64_|gzinfl|str_rot|chr\(|php://", re.I)
_VARIABLE = rf"\$\s{{0,20}}(?:\{{[@$\s]*[\w.]+[^}}]{{0,20}}\}}|\$*[A-Za-z_@][\w$]*){GAP}"
_INDEX = rf"(?>(?:[\[{{][^\]}}\s]{{1,60}}[\]}}]{{1,3}}{GAP}){{0,4}})"
_VARIABLE_CALL = re.compile(rf"(?<![\w$]){_VARIABLE}{_INDEX}(?:(?:->|::)\s{{0,40}}+\$?\w+{GAP})?\(")
# Functions of JSONata, a language of queries: `$sum(Order.(Price * Quantity))`.
_JSONATA = re.compile(
    r"\$(?:sum|count|max|min|average|string|length|substring(?:Before|After)?|uppercase|lowercase|trim|"
    r"pad|contains|split|join|match|replace|number|floor|ceil|round|power|sqrt|random|boolean|not|"
    r"exists|append|sort|reverse|shuffle|distinct|zip|keys|lookup|spread|merge|sift|each|now|millis|"
    r"fromMillis|toMillis|map|filter|single|reduce|formatNumber|parseInteger|type)\("
)
# A text in the language of who reads (Vue): nobody gave the variable a value.
_TRANSLATED = re.compile(r"\$t[ce]?\(\s?['\"][\w. -]{1,80}['\"]")
_GIVEN_NAME = re.compile(r"\$t[ce]?\s{0,40}(?:[.?|]{1,2})?=(?!=)")
_WRAPPED = re.compile(r"\(\s{0,40}+@?\$\w{1,40}[^()]{0,40}\)\s{0,40}+\(")
# A constant or an array that holds a name, called with a text: `(x)('id');`.
_CONSTANT_CALL = re.compile(
    rf"(?:^|[;{{}}])\s{{0,8}}\(\s{{0,8}}[\w\[][^;()]{{0,60}}\)(?:\[\d\]){{0,4}}{GAP}\(\s{{0,8}}"
    r"(?:'[^']{0,200}'|\"[^\"]{0,200}\")\s{0,8}\)\s{0,8};"
)
_METHOD = re.compile(r"(?:->|::)\s{0,40}+[a-z_]\w*\s{0,40}+\($", re.I)
_CALLEE_END = re.compile(r"(?:[)\]}]|(?<=[\w\\])['\"])\s{0,8}+\(")
# A probe that runs: `print(md5(31337));`.
_SHOWN_CALL = re.compile(
    r"(?<![\w>$])(?<![\w)\]]\.)(?:die|print|echo|exit|print_r|var_dump|printf)\s?\(?\s?(?:md5|sha1|crc32|"
    r"base64_decode|phpversion|php_uname|getcwd|get_current_user|sys_get_temp_dir)\s?\(",
    re.I,
)
# What takes a function and is given the name of one that runs commands.
_CALLBACK = re.compile(
    r"\b(?:iterator_apply|set_(?:error|exception)_handler|spl_autoload_register|register_(?:shutdown|tick)_function|"
    r"forward_static_call(?:_array)?|header_register_callback|array_(?:walk_recursive|reduce|u?diff\w{0,12}|u?intersect\w{0,12}))"
    r"\s{0,4}\([^()]{0,80}['\"](?:system|exec|shell_exec|passthru|popen|proc_open|pcntl_exec|assert|eval|phpinfo)['\"]"
    r"|\w\s{0,4}\(\s{0,4}(?:getallheaders|apache_request_headers)\s{0,4}\(\s{0,4}\)\s{0,4}\)"
    r"|\b(?:copy|rename)\s{0,4}\(\s{0,4}['\"][^'\"]{1,200}['\"]\s{0,4},\s{0,4}['\"][^'\"]{1,100}\.ph(?:p\d?|tml|ar)['\"]",
    re.I,
)
# A line of PHP that only shows something: what is tried first.
_SHOWN = re.compile(
    r"\W{0,12}?(?:die|exit|print)\s{0,4}+\(\s{0,4}+(?:'[^']{0,200}'|\"[^\"]{0,200}\"|\d{1,12})\s{0,4}+\)"
    r"\s{0,4}+;[\s#/'\"?>)-]{0,12}",
    re.I,
)
_MADE = re.compile(
    r"\bnew\s+\\?(?:SoapClient|SplFileObject|SplFileInfo|DirectoryIterator|FilesystemIterator|"
    r"GlobIterator|ReflectionFunction|ReflectionMethod|SimpleXMLElement|ZipArchive|Phar(?:Data)?|FFI|"
    r"Imagick)\s{0,8}+\(",
    re.I,
)
# With the place in it no line of a program: what is read is the machine, or another site.
_READ_PLACE = re.compile(
    r"new\s+\\?(?:Spl\w{8,12}|\w{2,12}Iterator)\s{0,8}+\(\s{0,4}['\"](?:/(?:etc|proc|var|home|root)?['\"/]|"
    r"\.\./|glob:|php:|file:)|"
    r"new\s+\\?SimpleXMLElement\s{0,8}+\(\s{0,4}['\"][a-z]{2,8}:[^()]{0,200},\s{0,4}true",
    re.I,
)
# Names made of bytes that nobody can read: `(~'…')()`, `('…'^'…')()`.
_COMPLEMENT = re.compile(r"\(~[^0-9A-Za-z\s()][^()\s]{0,80}\)\s{0,8}+\(")
_EXCLUSIVE = re.compile(
    r"[(=.\[]\s{0,4}(?:'[^'\s]{1,40}'|\"[^\"\s]{1,40}\")\)?\^\(?(?:'[^'\s]{1,40}'|\"[^\"\s]{1,40}\")"
)
_MARK = re.compile(r"[^\w'\"^()~]|~")
_FUNCTION_NAMES = (
    r"(?:call_user_func(?:_array)?|system|phpinfo|passthru|shell_exec|assert|exec|eval|popen|"
    r"proc_open|file_put_contents|create_function|display_errors)"
)
# Frameworks that take the function to call from the query, or route to any method of any class.
_CALLED_BY_NAME = re.compile(
    rf"(?:^|[&?])(?:filter|func(?:tion)?|callback|method|vars|call|handler)\w{{0,20}}"
    rf"(?:\[\w{{0,20}}\]){{0,3}}={_FUNCTION_NAMES}(?:&|$)|"
    r"(?:^\\|[=/]\\?)\w{1,40}\\\w{1,40}(?:\\\w{1,40}){0,4}/(?:invoke\w{0,20}|__construct|display|input)\b",
    re.I,
)
_FUNCTION_NAME = re.compile(_FUNCTION_NAMES, re.I)
_TAKES_FUNCTION = re.compile(r"^(?:filter|func(?:tion)?|callback|vars|handler)\b|\[filter\]")
# `register_globals` and its kin make variables of such parameters.
_GLOBAL_NAME = re.compile(
    r"(?:GLOBALS|_(?:GET|POST|REQUEST|SERVER|COOKIE|FILES|ENV|SESSION)|HTTP_[A-Z]{3,6}_VARS)\[|GLOBALS\Z"
)
# Properties of what Drupal renders, as steps of a name.
_RENDERED = (
    r"#(?:post_render|pre_render|lazy_builder|access_callback|markup|type|theme|theme_wrappers|prefix|suffix|"
    r"process|after_build|element_validate|value_callback|value|validate|submit|attached|children|ajax|"
    r"default_value|cache|props|create_placeholder|printed|access|states|input|array_parents)"
)
_RENDERED_NAME = re.compile(rf"(?:\A|[&?])[\w\[\]-]{{0,80}}\[{_RENDERED}\]")
_RENDERED_VALUE = re.compile(r"#(?:post_render|pre_render|lazy_builder|access_callback)")
_PARENTS = re.compile(r"[\w-]{1,40}(?:/[\w-]{1,40}){0,6}/#\w{1,20}")
_BACKDOOR = re.compile(r"zerodium(?!'?s\b)[^\s.,!?:-](?=[^\n]{0,200}[(;`])")
_COMMENT = re.compile(r"/\*[^*]{0,80}+\*/")
_CAST = re.compile(r"\(\s{0,40}+(?:string|binary|int|object)\s{0,40}+\)", re.I)
_NOT_NAME = re.compile(r"[\s'\".(){}\[\]0-9@;]+")
_SETTING = re.compile(
    r"(?<![\w.])(?:allow_url_(?:include|fopen)|auto_(?:prepend|append)_file|disable_(?:functions|"
    r"classes)|"
    r"open_basedir|safe_mode\w*|suhosin\.\w+(?:\.\w+)*|include_path|extension_dir|sendmail_path|"
    r"(?:memory|post_max|upload_max)_(?:limit|size|filesize)|max_(?:execution_time|input_\w+|"
    r"file_uploads)|"
    r"display_(?:startup_)?errors|error_(?:log|reporting|prepend_string|append_string)|log_errors|"
    r"register_globals|magic_quotes_\w+|short_open_tag|enable_dl|user_ini\.\w+|zend\.\w+|"
    r"opcache\.\w+|"
    r"mbstring\.\w+|session\.(?:save_\w+|auto_\w+|use_\w+|cookie_\w+|gc_\w+|upload_\w+|"
    r"serialize_\w+|sid_\w+)|"
    r"mail\.(?:add_x_header|log|force_extra_parameters)|assert\.(?:active|bail|callback|exception|"
    r"warning)|"
    r"phar\.(?:readonly|require_hash|cache_list)|date\.timezone|cgi\.\w+|ffi\.\w+|"
    r"unserialize_(?:max_depth|callback_func)|output_(?:buffering|handler)|file_uploads|"
    r"variables_order|"
    r"soap\.wsdl_\w+|sql\.safe_mode|mysqli?\.\w+|pcre\.\w+|zlib\.\w+|xdebug\.\w+|"
    r"arg_separator\.\w+)"
    r"\s{0,8}+=\s{0,8}+(?:\"[^\"]{0,200}\"|[^\s=&,;]{1,200})",
    re.I,
)
_SCRIPT_NAME = re.compile(
    r"\.\s?(?:ph(?:p\d*|tml?|ar|ps|pt|t)|jspx?|jspf|aspx?|ashx|asmx|asa|cer|cfm|cgi)[.\s\d]*$", re.I
)
_INCLUDED = re.compile(
    r"(?<![\w.$])(?:include|require)(?:_once)?\s{0,8}+\(?\s{0,8}+['\"]"
    r"(?:https?|ftps?|data|php|expect|phar|zip|glob|file|compress\.\w{2,6}|ssh2\.\w{2,6}):",
    re.I,
)
_FILE_NAMES: Final = frozenset(
    {"filename", "x-filename", "x_filename", "x.filename", "x-file-name"}
)


def judge(reading: Reading, context: Context) -> Judgement | None:
    """What PHP would make of a text."""
    text, plain = reading.text, reading.plain
    return strongest(
        (
            *_tags(reading),
            _request_variable(text),
            *(_call(plain, call) for call in reading.calls(EXECUTING)),
            _builtin(plain),
            *_shown_call(text),
            *_made(text),
            _called_by_name(text, context),
            *_names(text, context),
            *_computed(text, plain),
            _setting(reading),
            _included(plain),
            _script_name(text, context),
        )
    )


def _tags(reading: Reading) -> Iterator[Judgement | None]:
    text = reading.text
    for tag in _first(_TAG, text) if "<" in text else ():
        score = _tag_score(reading, text[tag.end() : tag.end() + 200], tag[1])
        yield judgement("code.php_tag", score, text, tag.start())
    match = _SCRIPT_TAG.search(text) if "<" in text else None
    if match:
        yield judgement("code.php_tag", 8, text, match.start())
    match = _MARKUP_TAG.search(text) if "php" in reading.words else None
    if match and (match[3] or match[2] or match[1] == "{"):
        score = 7 if match[3] else 5
        yield judgement("code.php_tag", score - 3 * is_prose(text), text, match.start())


_STATEMENT = re.compile(
    r"\s{0,40}+(?:php\b|[@$:]|[a-z_]+\s{0,40}+\(|(?:echo|print|include|require|eval|die|exit)\b|"
    r"\d)",
    re.I,
)


_EMPTY = re.compile(r"\s{0,8}\?>")
_EMPTY_TAG = re.compile(r"<\?(?:php)?\s{0,8}\?>", re.I)
# A string behind it makes it no tag, nor the name of a constant: "`<?php` begins".
_NO_TAG = re.compile(r"['\"`]")

# What nobody shows who explains the tag: a command, a file elsewhere, a name that is computed.
_REACHING = re.compile(
    r"`[^`]{1,200}`|\b(?:include|require)(?:_once)?\b[\s(]{0,8}+(?:\$|['\"](?:/|\.\./|[a-z]{2,8}:))|"
    r"\$\w{1,40}\s{0,4}\(|\b(?:readfile|show_source|highlight_file|file_get_contents|scandir|opendir|"
    r"file|parse_ini_file|fopen|copy|unlink)\s{0,4}\(\s{0,4}['\"](?:/|\.\./|[a-z]{2,8}:)|"
    r"\b(?:move_uploaded_file|p?fsockopen|ini_set|putenv|str_rot13|gz(?:inflate|uncompress|decode)|"
    r"base64_decode|array_(?:map|filter|walk)|u[ak]?sort|ob_start|mb_ereg_replace|dl)\s{0,4}\(|"
    r"\bnew\s+Reflection",
    re.I,
)


def _tag_score(reading: Reading, inside: str, tag: str) -> int:
    if reading.calls(_DEADLY) or _SUPERGLOBAL.search(reading.plain):
        return 9
    if _REACHING.search(inside.partition("?>")[0]):
        return 8
    if is_prose(inside) or is_prose(reading.plain):
        return 4
    if _NO_TAG.match(inside) and tag.lower() == "php":
        return 4
    if _EMPTY.match(inside) and _has_name(_EMPTY_TAG.sub("", reading.text)):
        return 4
    if _STATEMENT.match(inside):
        return 8
    return 4 if not tag and inside[:1].isspace() and inside.strip() else 5


def _shown_call(text: str) -> Iterator[Judgement]:
    for pattern in (_SHOWN_CALL, _CALLBACK):
        match = pattern.search(text)
        if match:
            score = 4 if site(text, match.start(), match.end()) == "prose" else 6
            yield judgement("code.php_call", score, text, match.start())
    if _SHOWN.fullmatch(text):
        yield judgement("code.php_call", 5, text, 0)


def _made(text: str) -> Iterator[Judgement]:
    match = _MADE.search(text)
    if match:
        read = _READ_PLACE.match(text, match.start()) is not None
        whole = read or not _has_name(text[: match.start()])
        whole = whole and not is_prose(text[match.end() :])
        yield judgement("code.php_call", 6 if whole else 4, text, match.start())
    for pattern in (_COMPLEMENT, _EXCLUSIVE):
        match = pattern.search(text)
        # Letters alone are no disguise: `'a'^'b'`.
        hidden = match and _MARK.search(match[0]) is not None
        if match and hidden and site(text, match.start(), match.end()) != "prose":
            yield judgement("code.php_computed_call", 7, text, match.start())


def _has_name(text: str) -> bool:
    return any(map(str.isalnum, text))


def _called_by_name(text: str, context: Context) -> Judgement | None:
    match = _CALLED_BY_NAME.search(text)
    if not match and _TAKES_FUNCTION.search(context.name):
        match = _FUNCTION_NAME.fullmatch(text)
    return judgement("code.php_function_name", 7, text, match.start()) if match else None


def _names(text: str, context: Context) -> Iterator[Judgement]:
    if context.is_name and _GLOBAL_NAME.match(text):
        yield judgement("code.php_name", 7, text, 0)
    if "#" in text and (_RENDERED_NAME.match(text) or _RENDERED_VALUE.fullmatch(text)):
        yield judgement("code.php_name", 7, text, 0)
    if context.name == "element_parents" and _PARENTS.fullmatch(text):
        yield judgement("code.php_name", 7, text, 0)
    if _BACKDOOR.match(text):
        yield judgement("code.php_backdoor", 9, text, 0)


def _request_variable(text: str) -> Judgement | None:
    match = ("$" in text or None) and (_SUPERGLOBAL.search(text) or _COMPLEX.search(text))
    if not match:
        return None
    place = site(text, match.start(), match.end())
    if place == "prose":
        return judgement("code.php_variable", 4, text, match.start())
    return judgement(
        "code.php_variable", 7 if match.re is _SUPERGLOBAL and match[1] else 5, text, match.start()
    )


def _call(text: str, call: Call) -> Judgement | None:
    rule = "code.php_call"
    if _PATTERN_E.match(text, call.start):
        return judgement(rule, 9, text, call.start, call.close)
    if _OF_OBJECT.search(text, max(0, call.start - 60), call.start):
        return None
    if _is_named(text, call):
        return judgement(rule, 3, text, call.start, call.close)
    place = site(text, call.start, call.close)
    tainted = bool(_TAINT.search(call.arguments))
    deadly = call.name in _DEADLY
    if place == "prose":
        hidden = "/*" in call.gap and call.name not in _ENGLISH
        return judgement(
            rule, 5 if hidden or (deadly and tainted and ";" in text) else 4, text, call.start
        )
    if call.name == "assert" and not _argued(call):
        return judgement(rule, 3, text, call.start, call.close)
    spoken = is_prose(text) and not _STATEMENT_END.match(text, call.close)
    if not call.arguments.strip() and (spoken or _SPOKEN.match(text, call.close)):
        return judgement(rule, 4, text, call.start)
    if call.name in _ENGLISH and not call.arguments and not text.endswith(")", 0, call.close):
        return judgement(rule, 3, text, call.start)
    score = (8 if deadly else 6) + tainted
    if not call.arguments.strip() and call.name != "phpinfo":
        score -= 1 if place == "whole" else 3
    if place == "code" and not deadly:
        score -= 1
    if call.name not in _ENGLISH:
        score = max(score, 5)
    if call.name in _ENGLISH and call.gap and call.gap.isspace() and not _argued(call):
        score = 5 if "\n" in call.gap or "\t" in call.gap else 3
    return judgement(rule, score, text, call.start, call.close)


_SPOKEN = re.compile(r"\s{1,4}[^\W\d_]")
"""A word after a call: `eval() is evil`."""
_STATEMENT_END = re.compile(r"\s{0,4}(?:;|\?>|@end)")
_ARGUMENTS = re.compile(r"['\"`$@\\]|^\s{0,40}+\d+\s{0,40}+$|^\s{0,40}+$|\)\.")


def _argued(call: Call) -> bool:
    return bool(_ARGUMENTS.search(call.arguments))


# What may be left of a word whose start is a function: `exec(utive)`.
_RESTS: Final = {
    "system": words("s at atic atically ic ically"),
    "exec": words("s ute utes uted uting ution utions utive utives utable utables utor"),
    "eval": words("s uate uates uated uating uation uations uator uators ution"),
    "assert": words("s ed ing ion ions ive ively"),
    "phpinfo": words("s"),
    "extract": words("s ed ing ion ions or"),
    "dl": words("s"),
}
# What makes several of something, or somebody who does it: `file(s)`, `link(ed)`.
_ENDING = re.compile(r"s|es|d|ed|er|ers|ing|able", re.I)
# Words side by side behind a call end no statement: `eval(x) in old browsers`. A line may follow.
_SAID_AFTER = re.compile(
    r"[)'\"`]?,? {1,2}(?:(?:in|as|and|or|not|if|for) {1,2})?"
    r"(?P<one>[a-z]{2,20}) {1,2}(?P<two>[a-z]{2,20})(?:[ .,?!]|\Z)",
    re.I,
)
_OPERATORS: Final = words(
    "and or xor in as not if else elif for from import return echo print new instanceof unless "
    "while until rescue do then try catch finally with yield lambda end puts my our require "
    "include eval exec system assert use var let const delete typeof void await async def class "
    "function"
)
# A call without what is handed over makes a function of PHP, which nobody calls here.
_ELIDED = re.compile(r"\s{0,4}(?:\.{3}|…)\s{0,4}")
_CALLED_NO_MORE = re.compile(r"['\"`]?[.!?,]?(?:\s{1,4}+(?:[^\W\d_]|[`'\"]\w)|\s{0,4}\Z)")
_SAID_BEFORE = re.compile(r"(?:\A|[\w:.,!?] {1,2})['\"`]?\Z")


def _is_named(text: str, call: Call) -> bool:
    """Whether a call is the name of a function in a sentence, or a word with brackets in it."""
    after = None if call.start or call.gap else _SAID_AFTER.match(text, call.close)
    if after and not {after["one"].lower(), after["two"].lower()} & _OPERATORS:
        return True
    if call.arguments.lower() in _RESTS.get(call.name, ()):
        return True
    return (
        _ELIDED.fullmatch(call.arguments) is not None
        and _CALLED_NO_MORE.match(text, call.close) is not None
        and _SAID_BEFORE.search(text, max(0, call.start - 4), call.start) is not None
    )


# Names that SQL, C and others have too.
_SHARED = re.compile(
    r"substr|s?printf|chr|ord|str\w+|f\w+|date\w*|json_\w+|array_\w+|concat\w*|is\w*|md5|sha1"
)
_WHOLE_CALL = re.compile(rf"^[\W_]{{0,12}}?([a-z][a-z0-9_]+)({GAP})\(", re.I)


def _builtin(text: str) -> Judgement | None:
    """A text that is a call of some function of PHP and nothing else."""
    match = _WHOLE_CALL.match(text)
    if not match or not _BUILTIN.fullmatch(match[1].lower()):
        return None
    end = text.rstrip(" \t\r\n;'\"")
    if end[-1] not in "()" or is_prose(text[match.end() :]):
        return None
    if match[1].isalpha() and _ENDING.fullmatch(text[match.end() :].rstrip(")")):
        return None
    shared = _SHARED.fullmatch(match[1].lower()) and "," in text
    if shared or (match[1].lower() in _ENGLISH and match[2].isspace() and not end.endswith("()")):
        return judgement("code.php_call", 3, text, 0)
    return judgement("code.php_call", 5, text, 0)


def _computed(text: str, plain: str) -> Iterator[Judgement | None]:
    if "$" in text:
        for match in _first(_VARIABLE_CALL, text):
            if not _METHOD.search(match[0]):
                yield _variable_call(text, match)
        for match in _first(_WRAPPED, text):
            yield _variable_call(text, match)
    constant = _CONSTANT_CALL.search(text) if ";" in text else None
    if constant:
        yield judgement("code.php_computed_call", 6, text, constant.start())
    for match in _first(_CALLEE_END, plain):
        start = max(0, match.start() - 80)
        callee = plain[start : match.start() + 1]
        statement = max(callee.rfind(";"), callee.rfind("="), callee.rfind("{{")) + 1
        callee = _COMMENT.sub("", _CAST.sub("", callee[statement:]))
        name = _NOT_NAME.sub("", callee).lower()
        if name.endswith(_NAMES):
            exact = name in EXECUTING
            yield judgement("code.php_computed_call", 8 if exact else 6, plain, start + statement)


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for index, match in enumerate(pattern.finditer(text)):
        if index == 8:
            return
        yield match


_GIVEN = re.compile(r"\s{0,8}['\"`$]")
_STATEMENT_ENDS = re.compile(r"(?<!\\);|\)\s{0,4}==")
# What programs hand to a function of theirs, `$effect(() => …)`: another function.
_ARROW = re.compile(
    r"\s{0,8}+(?:[\w$.'\"/-]{1,60}+,\s{0,4})?(?:async\s{1,4})?(?:\([\w$,\s{}:]{0,80}\)|\$?\w{1,40})\s{0,4}=>"
)


def _variable_call(text: str, match: re.Match[str]) -> Judgement | None:
    place = site(text, match.start(), text.find(")", match.end()) + 1 or len(text))
    # `$f(x)$` is mathematics, `$HOME (there)` is a person's.
    closed = text.find(")", match.end()) + 1
    formula = (
        "$" in text[match.end() :]
        and (text.rstrip().endswith("$") or text[closed : closed + 1] in {"$", "="})
        and not _GIVEN.match(text, match.end())
        and not _STATEMENT_ENDS.search(text, match.end())
    )
    query = _JSONATA.match(text, match.start()) and ";" not in text
    shown = "{{" in text[: match.start()] and _TRANSLATED.match(text, match.start())
    query = query or (shown and not _GIVEN_NAME.search(text))
    if place == "prose" or formula or query or _ARROW.match(text, match.end()):
        return judgement("code.php_computed_call", 3, text, match.start())
    return judgement("code.php_computed_call", 6 if place == "whole" else 5, text, match.start())


def _setting(reading: Reading) -> Judgement | None:
    text = reading.text
    match = _SETTING.search(text) if "=" in text else None
    if not match:
        return None
    place = site(text, match.start(), match.end())
    score = 6 if place == "whole" else 4
    if re.match(r"allow_url_|auto_|disable_f|open_base", match[0], re.I) and "-d" in text:
        score = 8
    return judgement("code.php_setting", score, text, match.start(), match.end())


def _included(text: str) -> Judgement | None:
    match = _INCLUDED.search(text) if "inc" in text.lower() or "req" in text.lower() else None
    if not match:
        return None
    mention = site(text, match.start(), len(text)) == "prose"
    return judgement("code.php_include", 4 if mention else 7, text, match.start())


def _script_name(text: str, context: Context) -> Judgement | None:
    if context.name not in _FILE_NAMES or not _SCRIPT_NAME.search(text):
        return None
    return judgement("code.script_name", 7, text, max(0, len(text) - 60))
