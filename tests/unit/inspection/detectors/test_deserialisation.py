"""Serialised objects in their many forms, and what only looks like one."""

from __future__ import annotations

import base64
import gzip
import os
import pickle

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.deserialisation import DETECTOR, RULES

SUSPECTS = Suspects(DETECTOR)
JAVA = b"\xac\xed\x00\x05sr\x00\x11java.util.HashMap\x05\x07"


class _Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("id",)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "text", [JAVA.decode("latin-1"), JAVA.decode("utf-8", "replace"), JAVA.hex(), _base64(JAVA)]
)
def test_java_streams_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text) >= 8


def test_compressed_java_streams_are_stopped() -> None:
    assert SUSPECTS.score(_base64(gzip.compress(JAVA + bytes(99), mtime=1))) >= 8


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_that_run_something_are_stopped(protocol: int) -> None:
    data = pickle.dumps(_Runs(), protocol)
    assert SUSPECTS.score(_base64(data)) >= 9
    assert SUSPECTS.score(base64.urlsafe_b64encode(data).decode().rstrip("=")) >= 9
    assert SUSPECTS.score(data.decode("latin-1")) >= 9


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_plain_values_are_more_likely_an_attack_than_not(protocol: int) -> None:
    assert STOPS <= SUSPECTS.score(_base64(pickle.dumps({"a": [1, "x"]}, protocol))) <= 6


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("AAEAAAD/////AQAAAAAAAAAMAgAAAE", "deserialisation.dotnet"),
        ("AAEAAAD/////AQAAAAAAAAA=", "deserialisation.dotnet"),
        (
            '{"__type":"System.Windows.Data.ObjectDataProvider, PresentationFramework"}',
            "deserialisation.dotnet",
        ),
        ("com.sun.rowset.JdbcRowSetImpl", "deserialisation.gadget"),
        ("org.apache.xbean.propertyeditor.JndiConverter", "deserialisation.gadget"),
        ("org.apache.commons.collections.functors.InvokerTransformer", "deserialisation.gadget"),
        ("ch.qos.logback.core.db.JNDIConnectionSource", "deserialisation.gadget"),
        ("rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH", "deserialisation.java"),
        ("aced0005737200116a6176612e7574696c2e486173684d61700507", "deserialisation.java"),
        ("$$BCEL$$$l$8b$I$A", "deserialisation.java"),
        (
            "H4sIAFaMAmsC/1vzloG1uIhBMCuxLFGvtCQzR88jsTjDN7GAlb2CZAAA8l9TsU0AAAA=",
            "deserialisation.java",
        ),
        ('["com.sun.rowset.JdbcRowSetImpl",{"dataSourceName":"ldap://x"}]', "deserialisation.json"),
        (
            '{"@type":"com.sun.rowset.JdbcRowSetImpl","dataSourceName":"rmi://x","autoCommit":true}',
            "deserialisation.json",
        ),
        (
            '["org.springframework.context.support.ClassPathXmlApplicationContext","http://x"]',
            "deserialisation.json",
        ),
        ('{"@type":"org.apache.tomcat.dbcp.dbcp2.BasicDataSource"}', "deserialisation.json"),
        ('{"@type":"Lcom.sun.rowset.JdbcRowSetImpl;"}', "deserialisation.json"),
        (
            "{\"rce\":\"_$$ND_FUNC$$_function(){require('child_process').exec('id')}()\"}",
            "deserialisation.node",
        ),
        ('O:4:"User":1:{s:4:"name";s:5:"admin";}', "deserialisation.php"),
        ('O:+8:"stdClass":0:{}', "deserialisation.php"),
        ('a:2:{i:0;O:4:"Evil":0:{}i:1;i:1;}', "deserialisation.php"),
        ('C:11:"ArrayObject":37:{x:i:0;a:0:{};m:a:0:{}}', "deserialisation.php"),
        ('x|O:4:"Evil":0:{}', "deserialisation.php"),
        ("Tzo0OiJVc2VyIjoxOntzOjc6IgAqAG5hbWUiO3M6MToieCI7fQ==", "deserialisation.php"),
        ("Y3Bvc2l4CnN5c3RlbQpwMAooVmlkCnAxCnRwMgpScDMKLg==", "deserialisation.python"),
        ("Y3Bvc2l4CnN5c3RlbQpxAChYAgAAAGlkcQF0cQJScQMu", "deserialisation.python"),
        ("gAJjcG9zaXgKc3lzdGVtCnEAWAIAAABpZHEBhXECUnEDLg==", "deserialisation.python"),
        ("gANjcG9zaXgKc3lzdGVtCnEAWAIAAABpZHEBhXECUnEDLg==", "deserialisation.python"),
        ("gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOUjAJpZJSFlFKULg==", "deserialisation.python"),
        ("BAhvOgtPYmplY3QA", "deserialisation.ruby"),
        ("04086f3a0b4f626a65637400", "deserialisation.ruby"),
        ("BAhbB2MVR2VtOjpTcGVjRmV0Y2hlcmM=", "deserialisation.ruby"),
        ('<object class="java.lang.Runtime" method="getRuntime"/>', "deserialisation.xml"),
        ('<java.util.PriorityQueue serialization="custom">', "deserialisation.xml"),
        ("<map><entry><jdk.nashorn.internal.objects.NativeString>", "deserialisation.xml"),
        ("<tree-map><entry><string>a</string>", "deserialisation.xml"),
        ("/wEyxBEAAQAAAP////8BAAAAAAAAAAwCAAAASVN5", "deserialisation.dotnet"),
        ("/wEyFAABAAAA/////wEAAAAAAAAADAIAAABe", "deserialisation.dotnet"),
        ('!!python/object/apply:os.system ["id"]', "deserialisation.yaml"),
        ("!!python/object/new:os.system [id]", "deserialisation.yaml"),
        ("!!python/name:os.system", "deserialisation.yaml"),
        ("--- !ruby/object:Gem::Requirement", "deserialisation.yaml"),
        ("!!com.sun.rowset.JdbcRowSetImpl {dataSourceName: x}", "deserialisation.yaml"),
        (
            '<x:T xmlns:x="clr-namespace:System.Diagnostics;assembly=System"/>',
            "deserialisation.xml",
        ),
        (
            '<item key="a" type="System.Data.Services.Internal.ExpandedWrapper`2[[b]]"/>',
            "deserialisation.xml",
        ),
        ('<a:serializable xmlns:a="http://b.example">QQ==</a:serializable>', "deserialisation.xml"),
    ],
)
def test_the_rule_is_named_and_explained(text: str, rule: str) -> None:
    assert rule in [each.rule for _, each in SUSPECTS.judge(text) if each.score >= STOPS]
    assert RULES[rule]


@pytest.mark.parametrize("name", ["@type", "$type"])
def test_a_class_in_the_place_of_a_type_is_stopped(name: str) -> None:
    assert SUSPECTS.score("com.sun.rowset.JdbcRowSetImpl", "body", name=name) >= 8


@pytest.mark.parametrize(
    "text",
    [
        "rO0A begins every Java object in base64",
        "The hex string aced0005 begins each stream of Java objects",
        "YAML tags like !!str and !!int are fine, but python tags are not",
        "!!! important !!!",
        "!Sub arn:aws:s3:::bucket",
        "Bahnhofstrasse 12",
        "BAHAMAS2024",
        "/wEPDwUKMTY3ODE0MzE5OWRkVGhlIHN0YXRlIG9mIGEgcGFnZQ==",
        "/weybridge/station",
        "gAMMA rays",
        "a:1:b:2",
        "O:rdering",
        "LazyMap is a data structure in Java that many libraries have",
        "Windows Identity Foundation",
        '{"$type":"MyApp.Models.Order, MyApp","id":1}',
        '{"type":"com.example.events.OrderCreated","id":1}',
        '{"@type":"Person","name":"Jane"}',
        '{"@context":"https://schema.org","@type":"Product"}',
        "H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==",
        "BAh7B0kiD3Nlc3Npb25faWQGOgZFVA==--0123456789abcdef0123456789abcdef01234567",
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "800255512 is my telephone number",
        '<Window xmlns:a="clr-namespace:Shop.Views" xmlns:s="clr-namespace:System;assembly=x">',
        '<item type="System.String">System.Data.Services is a namespace</item>',
        "clr-namespace:System.IO is how XAML names a namespace of .NET",
        "<serializable>yes</serializable>",
    ],
)
def test_what_only_looks_like_one_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
