"""Values that leave a string of an XPath expression, and paths that read it all."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.xpath import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("' or '1'='1", "xpath.tautology"),
        ('" or "a"="a', "xpath.tautology"),
        ("') or ('1'='1", "xpath.tautology"),
        ("x' or name()='x", "xpath.probe"),
        ("' and string-length(//user[1]/password)=5 or '", "xpath.probe"),
        ("' or //user or 'a'='b", "xpath.probe"),
        ("' or .='' or '", "xpath.probe"),
        ("'] | //user/*[contains(*,'", "xpath.predicate"),
        ("x']/../*", "xpath.predicate"),
        ("count(//user)", "xpath.count"),
        ("//a/ancestor::*", "xpath.axis"),
        ("doc('http://evil.example/x')", "xpath.document"),
        ("collection('file:///etc')", "xpath.document"),
    ],
)
def test_paths_are_stopped(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]


@pytest.mark.parametrize(
    "text",
    [
        "choose 'yes' or 'no'",
        "'foo' and 'bar' = 'baz'",
        "It's 5 o'clock and all is well",
        "//div[@id='main']",
        "std::string::npos",
        "self::create() and parent::method()",
        "//TODO: count(items) / 2",
        "a[b['c']]/d",
        'doc("readme")',
        "document('x')",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


def test_a_path_in_a_sentence_is_a_trace() -> None:
    text = "To see how many users there are in the whole document we ask for count(//user) first."
    assert 0 < SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "' or 'a' eq 'a",
        "' or 1 div 0 or '",
        "'or true() or '",
        "' or * or '",
        "' or .. or '",
        "' or user[1] or '",
        "' or base-uri()='x",
        "' or generate-id(/*) or '",
        "' or file:list('/') or '",
        "' or some $x in //user satisfies $x/p='a' or '",
        "' let $x := //user return $x",
        "for $u in doc('users.xml')//user return $u",
        "' return $u union //user where '1'='1",
        "' union //user or '",
        "'|/|'",
        "1 | //user",
        "string-join(//user/name,',')",
        "http:send-request(<http:request method='get'/>)",
        "1] or //a[1",
        "x]\tor\tnot(//a[1",
        "a']/*['",
        "7 or //a",
        "(-1 and //*)",
        "a'(: :)or(: :)'1'='1",
        "a' (:b:c:) or (:'d:) 'e'='e",
        "if (//a) then 1 else 0",
        "generate-id(//a)='b'",
    ],
)
def test_operators_loops_and_modules_of_xquery_are_stopped(text: str) -> None:
    assert max((each.score for _, each in SUSPECTS.judge(text)), default=0) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "for $x in the cart we pay twice",
        "name eq 'Milk' or price lt 2",
        "1 | // a comment | 2",
        "'left' or * for all",
        "unions ('labour' union /local 42/)",
        "if ($kind === 'a') return $x;",
        "file: list (see annex)",
        "a[1] or /b, whichever is shorter",
        "hi (: how are you :) or not",
        "'a' (: or 'b' (: I smile twice",
        "5 or //a.example, as you like",
        "if (/* nothing */) then",
        "if (// is it a comment?) then",
    ],
)
def test_words_that_xquery_has_too_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


def test_a_sentence_that_quotes_a_condition_passes() -> None:
    assert SUSPECTS.score("The classic is ' OR 1=1 which makes the condition always true") < STOPS
    assert SUSPECTS.score("x' OR 1=1 or user or pass and true and more or less or '") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        'role eq "guest" and not (groups co "staff")',
        "not (nick sw \"x\") and not(mail ew 'y')",
        "contains(title,'sea') and contains(author,'Mel')",
        "lang = 'de' or not (hidden = 'yes')",
        "the 'fresh' and not (tinned) tomatoes",
        'phones[type eq "home" and value sw "+49"] and not (title pr)',
    ],
)
def test_filters_of_an_api_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize("text", ["a eq \"' or //user or \"'", "x' and not(count(//user)=1) or '"])
def test_a_string_left_within_a_filter_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "//account[@id=1]/secret",
        "/shop/customer[2]/passwd/text()",
        "//*[name()='apikey']",
        "//@*",
        "//node()",
        ".. | //account",
        "php:functionString('phpinfo')",
        "dyn:evaluate('//a')",
        "xquery version '3.1'; 1",
        "declare namespace x = 'y'; 1",
    ],
)
def test_whole_paths_to_secrets_and_what_processors_add_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "//h1/text()",
        "//*[@id='content']",
        "//tr[position()>1]/td[2]",
        "//input[@type='password']",
        "/run/secrets/db_password",
        "/*",
        "declare namespaces first",
        "version of xquery",
    ],
)
def test_paths_into_pages_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "//form[contains(@id,'login') or not(@hidden)]",
        "(//tr[@class='odd' and position()>2])[3]",
        "//a[@href='/cart' and not(@aria-disabled)]",
        "xpath=//section[@id='top' and @role='main']",
        "//td[text()='Sum']/following-sibling::td",
        ".//ul[@role='menu' and count(.//li)=4]",
        "//p[contains(text(),'Rights and duties') and @lang]",
    ],
)
def test_paths_of_tests_into_pages_pass(text: str) -> None:
    assert SUSPECTS.score(text) < STOPS


@pytest.mark.parametrize(
    "text",
    [
        "//form[@id='] or not(@hidden) or '",
        "//form[@id=' or @admin or 'x']",
        "//form[@id='a'] or not(@hidden) or ('b'",
        "//form[@id='|//user/secret|' and @x]",
        "//form[@id=\"a' or not(@hidden) or 'b\" and @c]",
        "' or //form[contains(@id,'login') and not(@hidden)] or '",
        "//td[text()='Sum']/following-sibling::*",
        "//form[count(//user)=4]",
    ],
)
def test_a_path_that_leaves_the_one_it_stands_in_is_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= STOPS
