"""The raw requests of gunicorn's test suite (../shared/vectors/http1), through a real gateway.

A file is sent twice: as it is, and completed with what most of these files lack and we rightly
demand (Host, RFC 9112 §3.2; a Content-Type where there is a body, B-094), so that the file's own
subject is judged and not its missing Host. The tables say what each file must lead to, and why
where that is not what the name of its folder says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.arena import PROBLEM_TYPE, Arena
from tests.support.contract import document
from tests.support.gateway import PolicyText, start
from tests.support.raw import Closed, RawConnection
from tests.support.shared import shared_vectors
from tests.support.upstream import Received, RecordingUpstream

HOSTS = "[localhost, example.com, '[::1]:8080', '0.0.0.0:5000', 'example.com:8080', x, a]"
HOST_LINE = b"Host: localhost\r\n"
TYPE_LINE = b"Content-Type: text/plain\r\n"

NO_HOST = {400, 421}
"""HTTP/1.1 without Host is 400 (RFC 9112 §3.2); HTTP/1.0 without it names no host we serve."""
CODING = {400, 501}
"""A coding besides chunked: 501, or 400 where it comes in a line of its own."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file leads to: statuses as sent, the same completed, and why if that surprises."""

    as_sent: set[int]
    completed: set[int]
    answers: int = 1
    why: str = ""


PASSES = Expected({200}, {200})
WITHOUT_HOST = Expected(NO_HOST, {200})
WITHOUT_TYPE = Expected({415}, {200}, why="a body of no stated type is refused (B-094)")


def refused(*statuses: int, why: str) -> Expected:
    """Refused although the folder says valid."""
    return Expected(NO_HOST | set(statuses), set(statuses), why=why)


VALID: dict[str, Expected] = {
    "001": WITHOUT_HOST,
    "002": Expected({400, 421}, {200}, why="no host of that name can be served"),
    "003": Expected({400, 421}, {200}, why="no host of that name can be served"),
    "004": WITHOUT_HOST,
    "005": refused(400, why="`#` is no part of a request-target (B-081)"),
    "006": WITHOUT_HOST,
    "007": WITHOUT_HOST,
    "008": WITHOUT_HOST,
    "009": refused(400, why="fragment in the target, and Transfer-Encoding with Content-Length"),
    "010": WITHOUT_HOST,
    "011": WITHOUT_HOST,
    "012": refused(400, why="Content-Type has no place in a trailer (RFC 9110 §6.5.1)"),
    "013": WITHOUT_HOST,
    "014": refused(400, why='`"` is no character of a URI (RFC 3986 appendix A)'),
    "015": PASSES,
    "017": WITHOUT_HOST,
    "018": Expected({400}, {200}, answers=2),
    "019": WITHOUT_HOST,
    "020": WITHOUT_HOST,
    "021": WITHOUT_HOST,
    "022": Expected(NO_HOST, {200}, answers=2),
    "023": Expected({400}, {200}, answers=2),
    "024": WITHOUT_HOST,
    "025": refused(400, 501, why="only chunked is supported (B-006)"),
    "025_line": refused(501, why="only chunked is supported (B-006)"),
    "026": WITHOUT_HOST,
    "027": refused(400, why="raw bytes above 127 are no part of a URI (RFC 3986; B-085)"),
    "028": refused(400, why="whitespace before the colon MUST be refused (RFC 9112 §5.1)"),
    "029": refused(400, 501, why="only chunked is supported (B-006)"),
    "030": refused(400, 501, why="only chunked is supported (B-006)"),
    "031": refused(405, 501, why="a method that nobody declared"),
    "031compat": refused(405, 501, why="a method that nobody declared"),
    "031compat2": refused(405, 501, why="a method that nobody declared"),
    "040": refused(400, why="an underscore in a field name (B-026)"),
    "040_compat": refused(400, why="an underscore in a field name (B-026)"),
    "099": Expected({0, 400, 408}, {0, 400, 408}, why="its body is shorter than it says"),
    "100": refused(400, why="empty path segments (B-075)"),
    "compat_obs_fold": refused(400, why="obs-fold (RFC 9112 §5.2; B-022)"),
    "compat_obs_fold_huge": refused(400, why="obs-fold (RFC 9112 §5.2; B-022)"),
    "padding_01": PASSES,
    "pp_01": refused(400, why="PROXY protocol of an untrusted peer (B-051)"),
    "pp_02": refused(400, why="PROXY protocol of an untrusted peer (B-051)"),
    "pp_03": PASSES,
    "pp_04": refused(400, why="PROXY protocol of an untrusted peer (B-051)"),
    "pp_05": refused(400, why="PROXY protocol of an untrusted peer (B-051)"),
    "rfc9110_body_framing_get_cl_nonzero_01": WITHOUT_TYPE,
    "rfc9110_body_framing_get_cl_zero_01": PASSES,
    "rfc9110_body_framing_http10_cl_01": WITHOUT_TYPE,
    "rfc9110_field_name_special_chars_01": PASSES,
    "rfc9110_field_value_htab_trim_01": PASSES,
    "rfc9110_field_value_obs_text_01": PASSES,
    "rfc9112_chunked_ext_quoted_01": WITHOUT_TYPE,
    "rfc9112_chunked_size_leading_zeros_01": WITHOUT_TYPE,
    "rfc9112_chunked_size_uppercase_hex_01": WITHOUT_TYPE,
    "rfc9112_smuggle_gzip_chunked_01": refused(501, why="only chunked is supported (B-006)"),
    "rfc9112_smuggle_te_identity_chunked_01": refused(400, 501, why="only chunked (B-006)"),
    "rfc9112_target_absolute_01": PASSES,
    "rfc9112_target_absolute_https_01": refused(
        400, 421, why="https over plain HTTP MUST be rejected (RFC 9110 §7.4)"
    ),
    "rfc9112_target_absolute_ipv6_01": PASSES,
    "rfc9112_target_absolute_userinfo_01": refused(
        400, why="userinfo is to be treated as an error (RFC 9110 §4.2.4)"
    ),
    "rfc9112_target_asterisk_options_01": refused(404, 405, why="an operation nobody declared"),
    "rfc9112_target_authority_connect_01": refused(405, why="no tunnels (B-067)"),
    "rfc9112_target_authority_ipv6_01": refused(405, why="no tunnels (B-067)"),
}

FORWARDED_CLEAN: dict[str, str] = {
    "006": "a request line of 4 KiB; our cap is 8 KiB",
    "007": "a field of 8 KiB; our cap is 16 KiB",
    "008": "a field of 12 KiB; our cap is 16 KiB",
    "010": "more fields than that test's own limit of one",
    "011": "fields larger than that test's own limit",
    "012": "more fields than that test's own limit",
    "017": "a field of 8 KiB; our cap is 16 KiB",
    "019": "X-Forwarded fields that contradict each other: none is believed, all are dropped",
    "limit_header_default_01": "a field of 8 KiB; our cap is 16 KiB",
}
"""Invalid by that server's policy alone: once Host is there, they pass and arrive clean."""

INVALID = [
    *[f"{number:03}" for number in range(1, 25)],
    "003b",
    "003c",
    "040",
    "041",
    "042",
    *[f"chunked_{number:02}" for number in range(1, 15)],
    "invalid_field_value_01",
    "limit_header_default_01",
    *[f"nonascii_{number:02}" for number in range(1, 5)],
    "obs_fold_01",
    *[f"pp_{number:02}" for number in range(1, 4)],
    *[f"prefix_{number:02}" for number in range(1, 7)],
    "rfc9110_field_value_ctl_bel_01",
    "rfc9110_field_value_ctl_del_01",
    "rfc9110_trailer_forbidden_cl_01",
    "rfc9110_trailer_forbidden_host_01",
    "rfc9110_trailer_forbidden_te_01",
    "rfc9112_chunked_missing_final_crlf_01",
    "rfc9112_chunked_size_minus_sign_01",
    "rfc9112_chunked_size_plus_sign_01",
    "rfc9112_smuggle_cl_list_form_01",
    "rfc9112_smuggle_cl_te_chunked_01",
    "rfc9112_target_asterisk_non_options_01",
    "rfc9112_target_authority_non_connect_01",
    "rfc9112_target_relative_01",
    "version_01",
    "version_02",
]

_REQUEST_LINE = re.compile(rb"[A-Za-z-]+ (?:https?://[^/]*)?(/[^ ?#]*)[^ ]* HTTP/1\.[01]\r\n")
_ESCAPE = re.compile(rb"\\x([0-9A-Fa-f]{2})")


def load(path: Path) -> bytes:
    """A file of the suite: line ends are written as `\\r\\n` and real ones mean nothing."""
    raw = path.read_bytes().replace(b"\n", b"")
    for written, meant in ((b"\\r", b"\r"), (b"\\n", b"\n"), (b"\\0", b"\0"), (b"\\t", b"\t")):
        raw = raw.replace(written, meant)
    raw = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), raw)
    assert b"\\" not in raw, "an escape of the file format that is not known"
    return raw


def complete(raw: bytes) -> bytes:
    """The same with a Host that is served and, where there is a body, its type."""
    raw = raw.replace(b"Host: 0.0.0.0=5000\r\n", b"")
    line_end = raw.find(b"\r\n") + 2
    head, body = raw[line_end:].lower(), raw.partition(b"\r\n\r\n")[2]
    more = b"" if b"host:" in head else HOST_LINE
    if body and b"content-type:" not in head:
        more += TYPE_LINE
    raw = raw[:line_end] + more + raw[line_end:]
    # A second request that follows the first: the line is no body of a Content-Length message.
    if b"content-length" not in head:
        second = b"GET /second HTTP/1.1\r\n"
        raw = raw.replace(second, second + HOST_LINE)
    return raw


def contract(raws: list[bytes]) -> dict[str, Any]:
    """A contract with every path of the files that a contract can have, for every usual method."""
    paths: dict[str, Any] = {}
    found = {match[1] for raw in raws for match in _REQUEST_LINE.finditer(raw)}
    for path in sorted(found):
        if not re.fullmatch(rb"(?:/[A-Za-z0-9._=-]+)+|/", path):
            continue
        text = path.decode()
        paths[text] = {
            method: {
                "operationId": f"op{len(paths)}{method}",
                "responses": {"200": {"description": "done"}},
                "requestBody": {"content": {"*/*": {}}},
                "parameters": [
                    {"name": name, "in": "query", "schema": {"type": "string"}}
                    for name in ("foo", "page", "q", "search")
                ],
            }
            for method in ("get", "put", "post")
        }
    return document(paths)


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """A gateway whose contract declares every path of the files."""
    folder = shared_vectors() / "http1"
    made = contract([load(path) for path in sorted(folder.rglob("*.http"))])
    names = [item["operationId"] for path in made["paths"].values() for item in path.values()]
    with RecordingUpstream() as upstream:
        policy = PolicyText(
            upstream=upstream.url,
            contract=made,
            hosts=HOSTS,
            operations=dict.fromkeys(names, "public: true, body_on_get: true, inspect: off"),
        )
        with start(tmp_path_factory.mktemp("vectors"), policy) as gateway:
            yield Arena(gateway, upstream)
        assert upstream.faults == []


def send(arena: Arena, raw: bytes) -> tuple[list[int], list[Received]]:
    """The statuses answered (0: cut off without an answer), and what reached the upstream."""
    mark = arena.upstream.mark()
    with RawConnection(arena.gateway.port) as connection:
        connection.send(raw)
        connection.end_of_sending()
        try:
            replies = connection.read_all("HEAD" if raw.startswith(b"HEAD") else "GET")
        except Closed:
            replies = []
    for reply in replies:
        if reply.status != 200:
            assert reply.json()["type"].startswith(PROBLEM_TYPE)
    arena.gateway.assert_healthy()
    return [reply.status for reply in replies] or [0], arena.upstream.requests_since(mark)


def assert_clean(received: list[Received]) -> None:
    """What arrived is one well-formed message each; h11 read it, and the framing is ours."""
    for request in received:
        assert request.version == b"1.1"
        assert len(request.all("host")) == 1
        framing = [*request.all("content-length"), *request.all("transfer-encoding")]
        assert len(framing) <= 1
        assert not [name for name in request.names() if "_" in name]


@pytest.mark.parametrize("folder", ["valid", "invalid"])
def test_every_file_has_a_verdict(folder: str) -> None:
    files = {path.stem for path in (shared_vectors() / "http1" / folder).glob("*.http")}
    assert files == set(VALID if folder == "valid" else INVALID)


@pytest.mark.parametrize("is_completed", [False, True], ids=["as_sent", "completed"])
@pytest.mark.parametrize("name", VALID)
def test_valid(vectors: Arena, name: str, is_completed: bool) -> None:
    expected = VALID[name]
    raw = load(shared_vectors() / "http1" / "valid" / f"{name}.http")
    statuses, received = send(vectors, complete(raw) if is_completed else raw)
    allowed = expected.completed if is_completed else expected.as_sent
    assert set(statuses) <= allowed, (statuses, expected.why)
    if allowed == {200}:
        assert len(statuses) == len(received) == expected.answers
        assert_clean(received)
    else:
        assert received == []


@pytest.mark.parametrize("is_completed", [False, True], ids=["as_sent", "completed"])
@pytest.mark.parametrize("name", INVALID)
def test_invalid(vectors: Arena, name: str, is_completed: bool) -> None:
    raw = load(shared_vectors() / "http1" / "invalid" / f"{name}.http")
    statuses, received = send(vectors, complete(raw) if is_completed else raw)
    if is_completed and name in FORWARDED_CLEAN:
        assert statuses == [200], FORWARDED_CLEAN[name]
        assert_clean(received)
        return
    assert received == []
    assert len(statuses) == 1, statuses
    assert statuses[0] == 0 or 400 <= statuses[0] < 600
