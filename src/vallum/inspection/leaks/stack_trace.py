"""Traces of calls, by the languages that print them."""

from __future__ import annotations

import re
from typing import Final

from vallum.inspection.leaks.model import Form, Leak, first_and_rest, mask_all


def _shape(rule: str, words: str, trigger: str, form: str) -> Form:
    return Form(f"stack_trace.{rule}", words, (trigger,), first_and_rest(re.compile(form)))


_PLACE: Final = r":[0-9]{1,6}:[0-9]{1,6}"
_PYTHON: Final = (
    r"(?:(?:Attribute|ModuleNotFound|Recursion|UnboundLocal|ZeroDivision|UnicodeDecode"
    r"|UnicodeEncode|NotImplemented|FileNotFound|JSONDecode)Error: |KeyError: ['(0-9]"
    r"|NameError: name '|IndexError: [a-z ]{3,20} index out|ImportError: (?:cannot|No module))"
)

# Without the name of an exception, as APIs pass them on.
_PYTHON_WORDS: Final = (
    r"'NoneType' object is not |\blist index out of range\b|invalid literal for int\(\) with base"
    r"|got an unexpected keyword argument '|string indices must be integers"
    r"|is not JSON serializable"
    r"|(?:not enough|too many) values to unpack|maximum recursion depth exceeded"
    r"|could not convert string to float: |\[Errno -?[0-9]{1,3}\] |matching query does not exist\."
    r"|you have <code>DEBUG = True"
)
_JAVA_WORDS: Final = (
    r"Index -?[0-9]{1,9} out of bounds for length |Cannot invoke \"[^\"\n]{3,200}\" because "
    r"|Failed to convert value of type '|Cannot deserialize (?:value|instance) of type `"
    r"|Error creating bean with name '|No enum constant [a-z]\w{0,60}\.|HikariPool-[0-9]"
    r"|nested exception is [a-z]\w{1,60}\."
)
_DOTNET_WORDS: Final = (
    r"Value cannot be null\.\s{1,4}\(?Parameter|Sequence contains no (?:matching )?element"
    r"|Index was outside the bounds of the array|Nullable object must have a value"
    r"|Input string '?[^\n']{0,60}'? ?was not in a correct format|Could not load file or assembly '"
    r"|The given key '[^'\n]{0,100}' was not present in the dictionary"
)
_PHP_WORDS: Final = (
    r"Undefined (?:(?:index|offset): \w|variable:? \$\w|array key [\"0-9]|property: \w)"
    r"|Trying to access array offset on|Allowed memory size of [0-9]{1,12} bytes exhausted"
    r"|Maximum execution time of [0-9]{1,5} seconds? exceeded"
    r"|must be of type [\w\\|?]{1,80}, [\w\\]{1,80} given"
    r"|Uncaught (?:PHP )?(?:Exception|Error|TypeError|[A-Z]\w{0,60}Exception)\b"
    r"|Class [\"'][A-Z]\w{0,60}\\[\w\\]{1,120}[\"'] (?:not found|does not exist)"
)
_NODE_WORDS: Final = (
    r"\b(?:connect|getaddrinfo|read|write|listen|spawn)(?: [\w./-]{1,100})? "
    r"E(?:CONNREFUSED|CONNRESET|NOTFOUND|TIMEDOUT|AI_AGAIN|ADDRINUSE|HOSTUNREACH|NOENT|PIPE)\b"
    r"|\bE(?:NOENT: no such file|ACCES: permission denied|MFILE: too many open)"
    r"|Converting circular structure to JSON|Maximum call stack size exceeded"
    r"|Assignment to constant variable\."
)
_RUBY_WORDS: Final = (
    r"wrong number of arguments \(given [0-9]|no implicit conversion of [A-Za-z]{2,40} into [A-Z]"
    r"|Couldn't find [A-Z][\w:]{1,80} with(?:out an ID| '?\w{1,40}'?=)|for nil:NilClass"
)

_SHAPES: Final = (
    _shape(
        "java",
        "frames of a Java virtual machine",
        r"\.(?:java|kt|scala|groovy|clj):[0-9]+\)|\(Native Method\)|Exception in thread \"",
        r"\bat [\w$.<>/-]{3,200}\((?:[\w$]{1,100}\.(?:java|kt|scala|gr"
        r"oovy|clj):[0-9]|Native Method)"
        r"|Exception in thread \"[^\"\n]{1,100}\" [\w$.]{5,200}",
    ),
    _shape(
        "java-exception",
        "an exception of a Java virtual machine by its full name, or its words",
        r"[a-z0-9_]\.[a-z0-9_]+\.[a-z0-9_$]*(?:Exception|Error)\b|\b(?:kotlin|scala)\.[a-z]+E[rx]"
        r"|clojure\.lang\.ExceptionInfo|Cannot construct instance of `|lazily initialize a collect",
        r"\b(?:[a-z][a-z0-9_]{0,40}\.){2,8}[A-Z][\w$]{0,80}(?:Exception|Error)\b"
        r"|\b(?:kotlin|scala)\.[A-Z]\w{0,80}(?:Exception|Error)\b|clojure\.lang\.ExceptionInfo"
        r"|Cannot construct instance of `[\w.$]{3,200}`|failed to lazily initialize a collection",
    ),
    _shape(
        "python",
        "a traceback of Python",
        r"Traceback \(most recent call last\)|\", line [0-9]+, in ",
        r"Traceback \(most recent call last\):"
        r"|File \"[^\"\n]{1,200}\", line [0-9]{1,6}, in [\w<>]{1,100}",
    ),
    _shape(
        "python-exception",
        "an exception of Python",
        rf"\b{_PYTHON}|\bpydantic_core\.|required positional arg|unsupported operand type"
        r"|object has no attribute '|\b[a-z_]+\.exceptions\.[a-z]|\b[a-z0-9_]+\.DoesNotExist\b",
        rf"\b{_PYTHON}|\bpydantic_core\._?[a-z]|missing [0-9]{{1,2}} required positional argument"
        r"|unsupported operand type\(s\) for |'\w{1,64}' object has no attribute '"
        r"|\b[a-z][a-z0-9_]{1,40}\.exceptions\.[A-Z]\w{2,80}"
        r"|\b[a-z_]{1,40}\.models\.\w{1,64}\.DoesNotExist\b",
    ),
    _shape(
        "python-words",
        "what Python says of a value",
        _PYTHON_WORDS,
        _PYTHON_WORDS,
    ),
    _shape(
        "java-words",
        "what Java and its libraries say of a value",
        _JAVA_WORDS,
        _JAVA_WORDS,
    ),
    _shape(
        "dotnet-words",
        "what .NET says of a value",
        _DOTNET_WORDS,
        _DOTNET_WORDS,
    ),
    _shape(
        "php-words",
        "what PHP and its frameworks say of a value",
        _PHP_WORDS,
        _PHP_WORDS,
    ),
    _shape(
        "node-words",
        "what Node.js says of a value or a call of the system",
        _NODE_WORDS,
        _NODE_WORDS,
    ),
    _shape(
        "ruby-words",
        "what Ruby and Rails say of a value",
        _RUBY_WORDS,
        _RUBY_WORDS,
    ),
    _shape(
        "node",
        "frames of Node.js",
        r"\s{4}at [a-z/<]",
        rf"\s{{4}}at (?:[^\n()]{{1,100}}\()?(?:/|[A-Za-z]:\\|node:|file:|webpack-internal:|ext:)"
        rf"[^\s]{{1,200}}?{_PLACE}",
    ),
    _shape(
        "node-error",
        "an error of JavaScript",
        r"Cannot read propert|^(?:Type|Reference)Error: |[\"':]\s?(?:Type|Reference)Error: "
        r"|Cannot find module '|node_modules/",
        r"Cannot read propert(?:y '\w{1,100}' of|ies of) (?:undefined|null)"
        r"|\bTypeError: [\w.$()\[\]'\"]{1,200} is not (?:a function|iterable|a constructor)"
        r"|\bReferenceError: [\w$]{1,100} is not defined|Cannot access '\w{1,100}' before init"
        r"|Cannot find module '|/node_modules/[@\w.-]{1,100}/",
    ),
    _shape(
        "php",
        "an error of PHP",
        r"\.php(?:</b>)? on line |\.php\([0-9]+\)|/vendor/[a-z0-9_-]+/|to a member function "
        r"|to undefined (?:function|method) |No query results for model \[|Target class \[",
        r"\bin (?:<b>)?[^\s<]{1,200}\.php(?:</b>)? on line |\.php\([0-9]{1,6}\): [\w\\>:{(-]"
        r"|/vendor/[\w-]{1,60}/[\w./-]{1,200}\.php\b|Call to a member function \w{1,100}\(\) on "
        r"|Call to undefined (?:function|method) [\w\\:]{1,200}\(\)"
        r"|No query results for model \[[A-Z][\w\\]{1,200}\]"
        r"|Target class \[[\w\\]{1,200}\] does not",
    ),
    _shape(
        "dotnet",
        "frames or an exception of .NET",
        r":line [0-9]|\bSystem\.[a-z.]*Exception\b|Object reference not set to an instance"
        r"|End of stack trace from previous|\bMicrosoft\.[a-z.]+Exception: "
        r"|Unable to resolve service f"
        r"|<title>Runtime Error</title>|Server Error in '/|\b[a-z]+\.[a-z.]+Exception: ",
        r"\s{3}at [\w.<>`+\[\],]{3,200}\([^\n)]{0,200}\) in [^\n]{1,200}:line [0-9]{1,6}"
        r"|\bSystem\.[A-Za-z.]{0,60}Exception\b"
        r"|Object reference not set to an instance of an object"
        r"|--- End of stack trace from previous|Unable to resolve service for type '"
        r"|\b[A-Z][A-Za-z0-9]{1,40}(?:\.[A-Z][A-Za-z0-9]{1,60}){1,6}Exception: "
        r"|Server Error in '/[^'\n]{0,100}' Application",
    ),
    _shape(
        "ruby",
        "frames of Ruby",
        r"\.rb:[0-9]+:|Action(?:View|Controller|Dispatch)::|undefined (?:local|method)|NoMethodErr"
        r"|uninitialized constant ",
        r"\w\.rb:[0-9]{1,6}:|\bAction(?:View|Controller|Dispatch)::[A-Z]\w{2,60}"
        r"|\bNoMethodError\b|undefined (?:local variable or )?method [`'][\w?!]{1,80}'"
        r"|uninitialized constant [A-Z][\w:]{1,200}",
    ),
    _shape(
        "go",
        "a panic or an error of Go",
        r"goroutine [0-9]+ \[|panic: runtime error:|runtime error: (?:inv|ind|sli)|panic recovered:"
        r"|cannot unmarshal [a-z]+ into Go|interface conversion: |\bdial (?:tcp|udp|unix)[46]?:? ",
        r"goroutine [0-9]{1,9} \[[a-z, 0-9]{1,60}\]:|panic: runtime error: |panic recovered:"
        r"|runtime error: (?:invalid memory address|index out of range|slice bounds|integer divide)"
        r"|cannot unmarshal [a-z]{1,20} into Go (?:value|struct field)"
        r"|interface conversion: interface \{|\bdial (?:tcp|udp)[46]? [\w.:-]{3,100}: "
        r"|dial tcp: lookup ",
    ),
    _shape(
        "rust",
        "a panic of Rust",
        r"' panicked at |called `(?:Option|Result)::|\brust_begin_unwind|RUST_BACKTRACE=",
        r"thread '[^'\n]{1,60}' panicked at |called `(?:Option|Result)::[a-z_]{1,40}\(\)` on an? "
        r"|\brust_begin_unwind\b|RUST_BACKTRACE=",
    ),
    _shape(
        "beam",
        "an exception of Elixir or Erlang",
        r"\*\* \([a-z.]+Error\) |\.exs?:[0-9]+: |Error in process <0\.|\[\{file,\"",
        r"\*\* \([A-Z][\w.]{2,100}Error\) |\w\.exs?:[0-9]{1,6}: [A-Z(]"
        r"|Error in process <0\.|\{[a-z_]{1,100},[0-9]{1,3},\[\{file,\""
        r"|init terminating in do_boot",
    ),
    _shape(
        "perl",
        "an error of Perl",
        r" at [^ \n]+\.p[lm] line [0-9]",
        r" at [^\s]{1,200}\.p[lm] line [0-9]{1,6}",
    ),
    _shape(
        "lua",
        "an error of Lua",
        r"\.lua:[0-9]+: |lua entry thread aborted|\(a nil value\)|_by_lua",
        r"\.lua:[0-9]{1,6}: |lua entry thread aborted"
        r"|attempt to [a-z ]{3,30} '\w{1,60}' \(a nil val",
    ),
    _shape(
        "native",
        "a crash of a program in C, C++ or Swift",
        r"terminate called after throwing|AddressSanitizer: |: Assertion `|\.swift:[0-9]+: "
        r"|Unexpectedly found nil|\bfrom /lib/|core dumped\)|#[0-9]+  0x[0-9a-f]{8}"
        r"|wasm (?:trap|back)",
        r"terminate called after throwing an instance|==ERROR: AddressSanitizer: "
        r"|: Assertion `[^\n]{1,200}' failed|\.swift:[0-9]{1,6}: (?:Fatal|Assertion|Precond)"
        r"|Unexpectedly found nil while|\(core dumped\)|#[0-9]{1,3}  0x[0-9a-f]{8,16} in \w"
        r"|wasm (?:trap: |backtrace:)",
    ),
    _shape(
        "functional",
        "an error of Haskell, OCaml, Julia, Nim, Crystal or Dart",
        r"CallStack \(from HasCall|Called from [a-z]|\bLoadError: |\.nim\([0-9]"
        r"|\.cr:[0-9]+:[0-9]+ in"
        r"|\(dart:[a-z]|\.dart:[0-9]+:[0-9]+\)|exception Not_found|\bNoSuchMethodError: ",
        r"CallStack \(from HasCallStack\)|Called from [\w.]{3,200} in file \"|ERROR: LoadError: "
        r"|\.nim\([0-9]{1,6}\) |\.cr:[0-9]{1,6}:[0-9]{1,6} in '|\(dart:[a-z-]{2,40}/"
        r"|\.dart:[0-9]{1,6}:[0-9]{1,6}\)|\bNoSuchMethodError: |Fatal error: exception \w",
    ),
    _shape(
        "page",
        "an error page of ColdFusion, ASP, ABAP or a template engine",
        r"coldfusion\.runtime\.|\.cfm: line |VBScript runtime error|ABAP Short dump"
        r"|FreeMarker template"
        r"|Werkzeug Debugger|Lucee [0-9.]+ Error",
        r"coldfusion\.runtime\.|\.cfm: line [0-9]|VBScript runtime error '|ABAP Short dump"
        r"|FreeMarker template error|// Werkzeug Debugger|Lucee [0-9.]{1,20} Error",
    ),
)

LEAK: Final = Leak(kind="stack_trace", forms=_SHAPES, mask=mask_all)
