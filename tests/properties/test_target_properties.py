"""A canonical target means one thing, to us and to whoever reads it next (hostile cases D)."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from hypothesis import example, given, settings
from hypothesis import strategies as st

from vallum.core.problems import Denied
from vallum.core.request import Target
from vallum.wire.target import canonical_target, split_target

_SETTINGS = settings(max_examples=400, deadline=None)
_URI_PATH = re.compile(rb"/(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-F]{2})*")
_URI_QUERY = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,=:@/-]|%[0-9A-F]{2})*")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_PIECES = st.sampled_from(
    [
        b"/", b"/", b"//", b".", b"..", b"...", b"/./", b"/../", b"%2e", b"%2E%2e", b"%2f", b"%5c",
        b"%252e", b"%25", b"%", b"%zz", b"%00", b"%0a", b"%7f", b"%c0%ae", b"%ff", b"%C3%A4",
        b"a%CC%88", b"%EF%BC%8F", b"%E2%80%A8", b"%3B", b";", b"\\", b"a", b"B", b"%61", b"admin",
        b"1", b"-", b"_", b"~", b"!", b"$", b"&", b"'", b"(", b")", b"*", b"+", b",", b"=", b":",
        b"@", b"|", b"[", b"]", b"{", b'"', b"<", b"^", b"`", b" ", b"\t", b"\r", b"\n", b"\0",
        b"\x7f", b"\x80", b"\xc3\xa4", b"%20", b"%23", b"%3F", b"%26", b"%3D", b"%2B", b"#",
    ]
)  # fmt: skip
_PARTS = st.lists(_PIECES, max_size=8).map(b"".join)
_RAW_TARGETS = st.builds(
    lambda path, mark, query: b"/" + path + mark + query,
    _PARTS,
    st.sampled_from([b"", b"?", b"?", b"??"]),
    _PARTS | st.binary(max_size=6),
)


def _canonical(raw: bytes) -> Target | None:
    try:
        return canonical_target(split_target(raw))
    except Denied:
        return None


def _encoded(target: Target) -> bytes:
    return target.encoded_path + (b"?" + target.encoded_query if target.encoded_query else b"")


@_SETTINGS
@given(raw=_RAW_TARGETS)
@example(raw=b"/a%7Cb/%25/41?+=%2B&&x&=;")
@example(raw=b"/%C3%A4%3B%23%3F/?a=%26&b==%3D")
@example(raw=b"/?&&")
def test_the_canonical_form_reads_back_as_itself(raw: bytes) -> None:
    target = _canonical(raw)
    if target is not None:
        again = _canonical(_encoded(target))
        assert again is not None
        # What was sent stays as it was; everything that rules read is the same.
        assert again._replace(sent_path=b"", sent_query=b"") == target._replace(
            sent_path=b"", sent_query=b""
        )


@_SETTINGS
@given(raw=_RAW_TARGETS)
@example(raw=b"/a/%2e%2E;x/b")
@example(raw=b"/a/..%3Bx/b")
@example(raw=b"/a%2fb")
@example(raw=b"/a%5Cb")
def test_an_accepted_path_holds_nothing_that_others_read_differently(raw: bytes) -> None:
    target = _canonical(raw)
    if target is None:
        return
    assert target.path.startswith("/")
    assert _CONTROLS.search(target.path) is None
    assert "\\" not in target.path
    assert target.segments == (() if target.path == "/" else tuple(target.path[1:].split("/")))
    for segment in target.segments:
        assert segment.partition(";")[0] not in (".", "..")
        assert "/" not in segment
        assert unquote(segment) == segment, "a second decoding would find something else"
    assert "" not in target.segments[:-1]
    assert _URI_PATH.fullmatch(target.encoded_path)
    assert _URI_QUERY.fullmatch(target.encoded_query)


@_SETTINGS
@given(raw=_RAW_TARGETS)
def test_other_readers_find_the_same_path_and_query(raw: bytes) -> None:
    target = _canonical(raw)
    if target is None:
        return
    text = _encoded(target).decode("ascii")
    parts = urlsplit("http://upstream.example" + text)
    assert parts.netloc == "upstream.example"
    assert parts.path == target.encoded_path.decode("ascii")
    assert parts.query == target.encoded_query.decode("ascii")
    assert parts.fragment == ""
    assert unquote(parts.path, errors="strict") == target.path
    assert parse_qsl(parts.query, keep_blank_values=True, errors="strict") == list(target.query)


@_SETTINGS
@given(raw=_RAW_TARGETS)
def test_normalising_an_accepted_path_changes_nothing(raw: bytes) -> None:
    target = _canonical(raw)
    if target is None:
        return
    for path in (target.encoded_path.decode("ascii"), target.path):
        # Only a final slash is lost: `/a/` is not `/a` to us, and is matched as what it is (B-078).
        assert posixpath.normpath(path) == (path.rstrip("/") or "/")
    path = target.encoded_path.decode("ascii")
    assert urljoin("http://upstream.example/base/x", path) == "http://upstream.example" + path


@_SETTINGS
@given(segments=st.lists(st.text(max_size=6), max_size=4))
def test_only_the_path_of_its_segments_is_accepted(segments: list[str]) -> None:
    raw = "/" + "/".join(segments)
    try:
        escaped = b"/" + b"/".join(_escape_all(segment) for segment in segments)
    except UnicodeEncodeError:
        return
    target = _canonical(escaped)
    if target is not None:
        assert target.path == raw


def _escape_all(segment: str) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in segment.encode("utf-8"))


@_SETTINGS
@given(pairs=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=5))
def test_query_data_stays_data(pairs: list[tuple[str, str]]) -> None:
    try:
        raw = b"&".join(_escape_all(name) + b"=" + _escape_all(value) for name, value in pairs)
    except UnicodeEncodeError:
        return
    target = _canonical(b"/?" + raw)
    if any("\0" in name or "\0" in value for name, value in pairs):
        assert target is None
        return
    assert target is not None
    assert target.query == tuple(pairs)
    encoded = target.encoded_query.decode("ascii")
    assert tuple(parse_qsl(encoded, keep_blank_values=True)) == target.query


@_SETTINGS
@given(raw=st.binary(max_size=30))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    # Nothing but a target or `Denied` comes out, whatever goes in.
    target = _canonical(raw)
    assert target is None or target.path.startswith("/")
