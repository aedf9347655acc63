"""What engines have of their own, and values that are nothing but template."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.template import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[[9*9]]", "template.constant"),
        ("[( 12 + 30 )]", "template.constant"),
        ("{!! 8*8 !!}", "template.probe"),
        ("{!! system('whoami') !!}", "template.danger"),
        ("$session.getAttribute('user')", "template.directive"),
        ("$!request.servletPath", "template.directive"),
        ("$math.mul(7, 6)", "template.directive"),
        ('$esc.html("<b>")', "template.directive"),
        ('<b tal:replace="here/password">x</b>', "template.directive"),
        ('<py:for each="i in range(9)">$i</py:for>', "template.directive"),
        ("<?python import sys ?>", "template.directive"),
        ('<esi:include src="http://evil.example/"/>', "template.directive"),
        ("<!--esi <esi:vars>$(HTTP_COOKIE)</esi:vars> -->", "template.directive"),
        ("{var $a = 5}", "template.directive"),
        ("{assign var=total value=3}", "template.directive"),
        ('{="whoami"|system}', "template.directive"),
        ("@if(2 > 1) yes @endif", "template.directive"),
        ("@include('admin.panel')", "template.directive"),
        ("@foreach($users as $u) {{ $u }} @endforeach", "template.directive"),
        ('@Html.Partial("_Admin")', "template.directive"),
        ("T(Thread).sleep(9000)", "template.directive"),
        ('{{ .Server.Exec "whoami" }}', "template.danger"),
        ("{{ lookup('pipe', 'whoami') }}", "template.danger"),
        ("{{ lookup('file', '/etc/hosts') }}", "template.probe"),
        ('{% extends "admin/base" %}', "template.probe"),
        ("{% import 'macros' as m %}", "template.probe"),
        ("{% for k, v in settings %}{{ k }}{% endfor %}", "template.probe"),
        ("{% set c = config %}{{ c }}", "template.probe"),
        ("{% assign n = 12 %}{{ n }}", "template.probe"),
        ("{{#with this}}{{a}}{{/with}}", "template.probe"),
        ("{{#each @root}}{{this}}{{/each}}", "template.probe"),
        ('{{define "A"}}b{{end}}{{template "A"}}', "template.probe"),
        ("{{range .}}{{.}}{{end}}", "template.probe"),
        ("{{ .Account.Password }}", "template.probe"),
        ("{{ env('DB_PASSWORD') }}", "template.probe"),
        ("{{ $a->b }}", "template.probe"),
        ("{{ request.user.user_permissions }}", "template.probe"),
        ("{{ [3,4]|join }}", "template.probe"),
        ("{{9-9}}", "template.probe"),
        ("${a.b.class}", "template.probe"),
        ("${sessionScope.user}", "template.probe"),
        ("#{request.parameterMap}", "template.probe"),
        ("[% INCLUDE secret %]", "template.probe"),
        ("{{ $v := 3 }}{{ $v }}", "template.probe"),
        ("${cookie.session.value}", "template.probe"),
        ("<TMPL_INCLUDE NAME=x>", "template.directive"),
        ("{pboot:if(1)}a{/pboot:if}", "template.directive"),
        ("{if 3==3}a{/if}", "template.constant"),
        ("{'abc'|md5}", "template.constant"),
        ("{{ mul 6 7 }}", "template.constant"),
        ("{{#if true}}a{{/if}}", "template.constant"),
        ("${9?string}", "template.constant"),
        ("{{ (9)|abs }}", "template.call"),
        ("<%= Rails.env %>", "template.context"),
    ],
)
def test_a_probe_of_one_engine_is_stopped(text: str, rule: str) -> None:
    found = SUSPECTS.judge(text, "body")
    assert max(each.score for _, each in found) >= STOPS
    assert rule in {each.rule for _, each in found}


@pytest.mark.parametrize(
    "text",
    [
        "[[1, 2], [3, 4]]",
        "[[2024-01-01]]",
        "{{3/4}}",
        "{!! $html !!}",
        "${header[0]}",
        "#{request.method} #{request.path}",
        "{{ .User.PasswordResetURL }}",
        "@extends('layouts.app')",
        "see [[Main Page]] and [[File:Cat.jpg|thumb]]",
        "5 * [(2 + 4) * 5] = 150",
        "$request.body#/callbackUrl",
        "$session.params.name",
        "the variables $math and $date are unset",
        "Read the chapter on tal:content in the manual of Zope, please",
        "@if (user) { <p>Hello</p> } @else { <p>Bye</p> }",
        "@include breakpoint('md') { color: red }",
        "@dump please send me the file",
        "T(n) = 2T(n/2) + n",
        "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}",
        '{{ template "slack.default.title" . }}',
        '{{- define "app.name" -}}{{ .Chart.Name }}{{- end -}}',
        '{{ include "app.labels" . | nindent 4 }}',
        '{{ $node["Webhook"].json["body"] }}',
        "{% for user in users %}{{ user.name }}{% endfor %}",
        "{% if user.is_authenticated %}x{% endif %}",
        "{% csrf_token %}",
        "{'a' | 'b'} is a union",
        "{{#if name}}{{name}}{{else}}there{{/if}}",
        "{{- $name := .Values.name -}}",
        "{if you like: come}",
        "<%= params %> shows nothing in my view",
        "{% include 'header.html' %}",
        "{% include 'snippets/card' with product %}",
        "{% render 'icon-cart' %}",
        '{{ "now" | date: "%Y" }}',
        "<ul>{{#each rows}}{{#each this}}<li>{{this}}</li>{{/each}}{{/each}}</ul>",
        "In Laravel I wrote {{ $user->name }} and it shows nothing",
        "path: {{ lookup('env', 'HOME') }}/.config/app",
        "${item.name} costs ${item.price}",
        "${project.version}",
        "${{ secrets.GITHUB_TOKEN }}",
    ],
)
def test_templates_that_people_write_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize("text", ["${sys:os.name}", "${java:vm}", "${env:AWS_SECRET_ACCESS_KEY}"])
def test_what_only_a_logger_looks_up_counts_in_documents_too(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS
    assert SUSPECTS.score(f"path = {text}/bin", "body") < STOPS
