"""Names that reach far: classes of Java, parameters of PHP and Drupal, roots of expressions."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors import code, http, template

CODE = Suspects(code.DETECTOR)
TEMPLATE = Suspects(template.DETECTOR)
HTTP = Suspects(http.DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "importClass(java.net.URLClassLoader)",
        "with (new JavaImporter(java.io, java.net)) {}",
        "Packages.java.io.File",
        "var P = Java.type('java.lang.ProcessBuilder')",
        "new('java.net.URL', 'x')",
        'import "java.lang.Runtime"; 1',
        '<b:bean id="a" class="javax.naming.InitialContext">',
        (
            "<beans><description>What we make here for all of you</description>"
            '<bean class="java.lang.ProcessBuilder" init-method="start"/></beans>'
        ),
        'create alias if not exists RUN for "java.lang.System.setProperty"',
        "CREATE ALIAS RUN AS $$ String run(String a) { return a; } $$",
        "RUNSCRIPT FROM 'https://shop.example/a.sql'",
        '<util:constant static-field="java.lang.Runtime"/>',
        '<bean factory-bean="a" factory-method="getRuntime"/>',
        "process.env.JWT_KEY",
        "globalThis['proc'+'ess'].mainModule",
        "zerodiumpassthru('uptime');",
        "zerodiumecho 3*3;",
    ],
)
def test_classes_variables_and_backdoors_are_stopped(text: str) -> None:
    assert CODE.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        '<bean id="cart" class="com.shop.CartService"/>',
        "Import packages (three of them) tomorrow",
        "please create alias sales as 'team'",
        "Set process.env.TZ before the first call",
        "Zerodium pays for such things",
        "zerodium's list (new)",
        '<bean factory-bean="carts" factory-method="create"/>',
        "use (System) as the theme",
        "new ('item')",
    ],
)
def test_other_classes_and_words_pass(text: str) -> None:
    assert CODE.score(text) < STOPS


@pytest.mark.parametrize(
    "name",
    ["_SESSION[role]", "GLOBALS[a][b]", "GLOBALS", "field[0][#lazy_builder][]", "mail[#theme]"],
)
def test_names_that_set_variables_or_what_is_rendered_are_stopped(name: str) -> None:
    assert CODE.score(name, is_name=True) >= STOPS


@pytest.mark.parametrize(
    "name", ["_session", "session[id]", "_method", "globals", "tags[#a]", "#1"]
)
def test_ordinary_names_pass(name: str) -> None:
    assert CODE.score(name, is_name=True) < STOPS
    assert TEMPLATE.score(name, is_name=True) < STOPS


def test_a_property_that_drupal_renders_is_stopped_as_a_value_where_it_is_one() -> None:
    assert CODE.score("#post_render") >= STOPS
    assert CODE.score("user/name/#value", name="element_parents") >= STOPS
    assert CODE.score("user/name/#value", name="path") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "#this.getClass()",
        "#root.class",
        "x' + #request + '",
        "\\u0023session.x",
        "%{#attr.y}",
        "#session.role='admin'",
        "(#context).y",
        "${lookup mysql{select 1}}",
        "${run{/usr/bin/uptime}}",
        "a${readsocket{inet:host:25}{x}}b@shop.example",
    ],
)
def test_roots_of_expressions_and_what_exim_runs_are_stopped(text: str) -> None:
    assert TEMPLATE.score(text) >= STOPS


@pytest.mark.parametrize("name", ["#context", "(#root)", "#application.a", "(#session)['b']"])
def test_roots_are_stopped_as_names(name: str) -> None:
    assert TEMPLATE.score(name, is_name=True) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "#root",
        "#session notes",
        "#root { margin: 0 }",
        "'a' + #b",
        "${filters{a}}",
        "(#root)",
        "${run}",
        "#context-menu",
    ],
)
def test_selectors_and_marks_pass(text: str) -> None:
    assert TEMPLATE.score(text) < STOPS


@pytest.mark.parametrize(
    "text", ["middleware:middleware", "src/middleware", "pages/shop/_middleware"]
)
def test_a_field_that_leaves_checks_out_is_stopped(text: str) -> None:
    assert HTTP.score(text, "header", name="x-middleware-subrequest") >= STOPS
    assert HTTP.score(text, "header", name="x-path") < STOPS
    assert HTTP.score(text) < STOPS
