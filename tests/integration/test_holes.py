"""The bookshop's holes: open to whoever reaches the shop, shut behind the gateway.

Each text of `tests/support/holes.py` is tried past the gateway first, where it must work, so that
what the gateway stops is known to be real. Stored scripts are in `tests/browser`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.support import holes
from tests.support.bookshop import Answer, Ask, Shops, Way
from tests.support.gateway import Record
from tests.support.waiting import eventually

CANARY = "canary-7d1f"
SECRET_PROPERTIES = ("password_hash", "is_staff", "notes", "supplier_cost")


def search(text: str) -> Ask:
    return Ask(method="GET", path=f"/search?q={quote(text)}")


def label(text: str) -> Ask:
    return Ask(method="POST", path="/admin/labels", body=json.dumps({"text": text}).encode())


def supplier_list(content: bytes) -> Ask:
    return Ask(method="POST", path="/admin/imports", body=content, media_type="application/xml")


def assert_refused(answer: Answer, evidence: str) -> None:
    """Refused for its content, and told nothing about why."""
    assert answer.status == 403, (evidence, answer)
    assert answer.fields["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "urn:vallum:problem:content-refused"
    assert problem.keys() == {"type", "title", "status", "detail", "instance"}


def assert_recorded(record: Record, family: str, location: str, at: str, sent: str) -> None:
    """The record of an exchange that only was watched holds what was found."""
    assert record["decision"] == "allow"
    assert f"inspect.{family}" in record["notes"]
    found = [each for each in record["findings"] if each["family"] == family]
    assert found, (sent, record)
    finding = found[0]
    assert (finding["location"], finding["at"]) == (location, at)
    assert finding["rule"].startswith(f"{family}.")
    assert 5 <= finding["score"] <= 10
    assert finding["evidence"].strip()


# --- SQL -----------------------------------------------------------------------------------------


def hashes(shops: Shops) -> list[str]:
    found = [row[4] for row in shops.careless.rows()["customers"]]
    assert len(found) >= 4
    return found


def steals(shops: Shops, way: Way, text: str) -> bool:
    answer = way(search(text))
    return any(each in answer.text for each in hashes(shops))


def widens(way: Way, text: str) -> bool:
    answer = way(search(text))
    return answer.status == 200 and bool(answer.json()["total"] == 12)


@pytest.mark.parametrize("text", holes.SQL_STEALS)
def test_sql_shows_hashes_to_all_but_through_the_gateway(shops: Shops, text: str) -> None:
    assert steals(shops, shops.careless.ask, text)
    before = shops.careless.rows()
    answer = shops.way("blocking")(search(text))
    assert_refused(answer, text)
    assert shops.careless.rows() == before
    assert steals(shops, shops.way("watching"), text)
    assert_recorded(shops.last_record(), "sql", "query", "q", text)
    assert not steals(shops, shops.way("relaxed"), text)


@pytest.mark.parametrize("text", holes.SQL_WIDENS)
def test_sql_changes_the_question_but_through_the_gateway(shops: Shops, text: str) -> None:
    assert widens(shops.careless.ask, text)
    assert_refused(shops.way("blocking")(search(text)), text)
    assert widens(shops.way("watching"), text)
    assert_recorded(shops.last_record(), "sql", "query", "q", text)
    assert shops.way("relaxed")(search(text)).json()["total"] == 0


# --- a shell -------------------------------------------------------------------------------------


def runs(folder: Path, way: Way, text: str, name: str) -> Answer:
    """Print a label; the file it makes is gone before."""
    (folder / name).unlink(missing_ok=True)
    return way(label(text.format(name=name)))


@pytest.mark.parametrize("text", holes.SHELL)
def test_the_shell_obeys_all_but_the_gateways_callers(shops: Shops, text: str) -> None:
    folder, name = shops.careless.folder, "owned"
    canary = folder / name
    runs(folder, shops.careless.ask, text, name)
    eventually(canary.exists, f"made by {text}")
    answer = runs(folder, shops.way("blocking"), text, name)
    assert_refused(answer, text)
    assert not canary.exists()
    runs(folder, shops.way("watching"), text, name)
    eventually(canary.exists, f"made by {text} while the gateway watches")
    assert_recorded(shops.last_record(), "shell", "body", "/text", text)
    careful = shops.careful.folder
    assert runs(careful, shops.way("relaxed"), text, name).status == 200
    assert not (careful / name).exists()


# --- external entities ---------------------------------------------------------------------------


def documents(text: str, canary: Path) -> Iterator[bytes]:
    coded = str(canary).replace("a", "%61")
    document = text.format(path=canary, coded=coded, list=holes.XML_LIST)
    for encoding in holes.XML_ENCODINGS:
        mark = "\ufeff" if encoding == "utf-16-be" else ""
        yield f"{mark}{document}".encode(encoding)


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that no client may read."""
    path = tmp_path / "canary"
    path.write_text(CANARY)
    return path


@pytest.mark.parametrize("text", holes.XML)
def test_entities_read_files_for_all_but_the_gateways_callers(
    shops: Shops, canary: Path, text: str
) -> None:
    for document in documents(text, canary):
        assert CANARY in shops.careless.ask(supplier_list(document)).text
        answer = shops.way("blocking")(supplier_list(document))
        assert CANARY not in answer.text
        assert answer.status in (400, 403), answer
        assert answer.fields["content-type"] == "application/problem+json"
        assert str(canary) not in answer.text
        assert CANARY not in shops.way("relaxed")(supplier_list(document)).text


def test_a_watched_entity_is_recorded(shops: Shops, canary: Path) -> None:
    document = next(documents(holes.XML[0], canary))
    assert CANARY in shops.way("watching")(supplier_list(document)).text
    assert_recorded(shops.last_record(), "xml", "body", "", holes.XML[0])


# --- properties ----------------------------------------------------------------------------------


def requests_for_accounts(shops: Shops) -> list[Ask]:
    customers = [row[0] for row in shops.careless.rows()["customers"]][:4]
    one = f"/customers/{customers[0]}"
    person = {"email": "eve@mail.example", "name": "Eve", "password": "correct horse"}
    change = json.dumps({"name": "Ada Quill"}).encode()
    return [
        *(Ask(method="GET", path=f"/customers/{each}") for each in customers),
        Ask(method="GET", path=one.upper().replace("CUSTOMERS", "customers")),
        Ask(method="GET", path=one, fields={"Accept": "text/html"}),
        Ask(method="GET", path=one, fields={"Accept-Encoding": "gzip, br, zstd"}),
        Ask(method="GET", path=one, fields={"Range": "bytes=0-400"}),
        Ask(method="GET", path=one, fields={"If-None-Match": '"x"', "Accept": "*/*"}),
        Ask(method="PATCH", path=one, body=change),
        Ask(method="POST", path="/customers", body=json.dumps(person).encode()),
        Ask(method="GET", path="/books?limit=100"),
        Ask(method="GET", path="/books/9790000000018"),
    ]


def test_no_undeclared_property_arrives(shops: Shops) -> None:
    answered = 0
    for ask in requests_for_accounts(shops):
        answer = shops.way("blocking")(ask)
        answered += answer.status == 200
        assert not any(name in answer.text for name in SECRET_PROPERTIES), (ask, answer)
        assert not any(each in answer.text for each in hashes(shops))
    assert answered >= 10


def test_the_shop_itself_and_a_watching_gateway_show_the_hash(shops: Shops) -> None:
    # One of the accounts has a note of the staff.
    customer = next(row[0] for row in shops.careless.rows()["customers"] if row[6])
    ask = Ask(method="GET", path=f"/customers/{customer}")
    for way in (shops.careless.ask, shops.way("watching")):
        account = way(ask).json()
        assert account["password_hash"] in hashes(shops)
        assert account["notes"] == "pays late"
    found = {each["at"]: each for each in shops.last_record()["findings"]}
    for name in ("password_hash", "is_staff", "notes"):
        finding = found[f"/{name}"]
        assert (finding["family"], finding["location"]) == ("answers", "answer")
        assert finding["rule"].startswith("answers.")
        assert finding["score"] >= 5
    assert shops.way("relaxed")(ask).json().keys() == {"id", "email", "name", "address"}


# --- what is no attack ---------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["O'Brien", "rock 'n' roll", "select works of J. Union", "C--"])
def test_good_searches_pass(shops: Shops, text: str) -> None:
    assert shops.way("careful")(search(text)).status == 200


@pytest.mark.parametrize(
    "text",
    [
        "Tom & Jerry; the best of",
        "50 % off | today only",
        "$5 (paperback)",
        "Dogs > cats, `really`",
    ],
)
def test_good_labels_pass(shops: Shops, text: str) -> None:
    answer = shops.way("careful")(label(text))
    assert answer.status == 200, answer
    assert answer.json()["label"].replace("\n", "") == text


def test_good_lists_pass(shops: Shops) -> None:
    document = "<list><book><title>Müller &amp; Söhne &#60;3</title></book></list>"
    for face in ("careful", "blocking"):
        answer = shops.way(face)(supplier_list(document.encode()))
        assert answer.json() == {"titles": ["Müller & Söhne <3"]}
