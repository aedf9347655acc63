"""Request targets: what each becomes, and what is refused with which reason (hostile cases D)."""

from __future__ import annotations

import pytest

from vallum.core.problems import Denied
from vallum.core.request import Target
from vallum.wire.target import RawTarget, canonical_target, split_target


def _target(raw: bytes) -> Target:
    return canonical_target(split_target(raw))


def _refusal(raw: bytes) -> Denied:
    with pytest.raises(Denied) as caught:
        _target(raw)
    assert caught.value.status == 400
    return caught.value


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/", RawTarget(None, None, b"/", b"")),
        (b"/a?b=c", RawTarget(None, None, b"/a", b"b=c")),
        (b"/a?b?c", RawTarget(None, None, b"/a", b"b?c")),
        (b"/a?", RawTarget(None, None, b"/a", b"")),
        (b"http://a.example/b?c", RawTarget("http", b"a.example", b"/b", b"c")),
        (b"HTTPS://a.example:8443", RawTarget("https", b"a.example:8443", b"/", b"")),
        (b"http://a.example?b", RawTarget("http", b"a.example", b"/", b"b")),
        (b"http://a.example//b", RawTarget("http", b"a.example", b"//b", b"")),
    ],
)
def test_a_target_is_taken_apart(raw: bytes, expected: RawTarget) -> None:
    assert split_target(raw) == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "target.form"),
        (b"*", "target.form"),
        (b"a", "target.form"),
        (b"a.example:443", "target.form"),
        (b"ftp://a/b", "target.form"),
        (b"http:/a", "target.form"),
        (b"http:a", "target.form"),
        (b"?a", "target.form"),
        (b"\\a", "target.form"),
        (b"http:///a", "target.authority"),
        (b"http://u@a/", "target.authority"),
        (b"http://u:p@a/", "target.authority"),
        (b"http://@a/", "target.authority"),
        (b"/a#b", "target.fragment"),
        (b"/public/x#/../admin", "target.fragment"),
        (b"/?a#", "target.fragment"),
    ],
)
def test_b063_b081_other_forms_are_refused_and_end_the_connection(raw: bytes, reason: str) -> None:
    denied = _refusal(raw)
    assert (denied.reason, denied.close) == (reason, True)


@pytest.mark.parametrize(
    ("raw", "path", "segments", "encoded"),
    [
        (b"/", "/", (), b"/"),
        (b"/a/b", "/a/b", ("a", "b"), b"/a/b"),
        (b"/a/", "/a/", ("a", ""), b"/a/"),
        (b"/%61dmin", "/admin", ("admin",), b"/admin"),
        (b"/%41pi", "/Api", ("Api",), b"/Api"),
        (b"/a%20b", "/a b", ("a b",), b"/a%20b"),
        (b"/a+b", "/a+b", ("a+b",), b"/a+b"),
        (b"/a%2bb", "/a+b", ("a+b",), b"/a+b"),
        (b"/health%3F/x", "/health?/x", ("health?", "x"), b"/health%3F/x"),
        (b"/health%23/x", "/health#/x", ("health#", "x"), b"/health%23/x"),
        (b"/a%3Bb", "/a;b", ("a;b",), b"/a%3Bb"),
        (b"/100%25", "/100%", ("100%",), b"/100%25"),
        (b"/%25/41", "/%/41", ("%", "41"), b"/%25/41"),
        (b"/%C3%a4", "/ä", ("ä",), b"/%C3%A4"),
        (b"/a|b", "/a|b", ("a|b",), b"/a%7Cb"),
        (b"/a[1]", "/a[1]", ("a[1]",), b"/a%5B1%5D"),
        (b"/...", "/...", ("...",), b"/..."),
        (b"/.a/b..", "/.a/b..", (".a", "b.."), b"/.a/b.."),
        (b"/~!$&'()*+,=:@-._", "/~!$&'()*+,=:@-._", ("~!$&'()*+,=:@-._",), b"/~!$&'()*+,=:@-._"),
    ],
)
def test_b079_b080_a_path_has_one_canonical_form(
    raw: bytes, path: str, segments: tuple[str, ...], encoded: bytes
) -> None:
    target = _target(raw)
    assert (target.path, target.segments, target.encoded_path) == (path, segments, encoded)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *(
            (raw, "target.dot-segment")
            for raw in (
                b"/%2e", b"/a/%2e%2e/b", b"/a/.%2E", b"/a/..%3Bx/b", b"/a/%2e%3B",
                b"/.", b"/..", b"/a/./b", b"/a/../b", b"/a/..",
            )
        ),
        (b"/a%2fb", "target.encoded-slash"),
        (b"/..%2f..%2fetc", "target.encoded-slash"),
        (b"/a%5cb", "target.encoded-slash"),
        (b"/%5c..", "target.encoded-slash"),
        (b"/%252e%252e%252f", "target.double-encoding"),
        (b"/%2525", "target.double-encoding"),
        (b"/%25%32%65", "target.double-encoding"),
        (b"/a//b", "target.empty-segment"),
        (b"//", "target.empty-segment"),
        (b"//a", "target.empty-segment"),
        (b"///", "target.empty-segment"),
        (b"/a;x=1/b", "target.path-byte"),
        (b"/;/a", "target.path-byte"),
        (b"/a\\b", "target.path-byte"),
        (b"/a b", "target.path-byte"),
        (b"/a\tb", "target.path-byte"),
        (b"/a\x00b", "target.path-byte"),
        (b"/a\nb", "target.path-byte"),
        (b"/a\x7f", "target.path-byte"),
        (b"/\xc3\xa4", "target.path-byte"),
        *((b"/a%cb" % char, "target.path-byte") for char in b'"<>^`{}'),
        (b"/a%00", "target.path-control"),
        (b"/a%0a", "target.path-control"),
        (b"/a%0D%0Ab", "target.path-control"),
        (b"/a%7f", "target.path-control"),
        (b"/%C2%85", "target.path-control"),
        (b"/%E2%80%A8", "target.path-control"),
        (b"/%", "target.path-escape"),
        (b"/%2", "target.path-escape"),
        (b"/%zz", "target.path-escape"),
        (b"/%u002e", "target.path-escape"),
        (b"/%2%65", "target.path-escape"),
        (b"/%c0%ae", "target.path-utf8"),
        (b"/%c0%af", "target.path-utf8"),
        (b"/%ff", "target.path-utf8"),
        (b"/%C3", "target.path-utf8"),
        (b"/%ED%A0%80", "target.path-utf8"),
        (b"/a%CC%88", "target.path-not-nfc"),
        (b"/%E2%84%AA", "target.path-not-nfc"),  # Kelvin sign
    ],
)  # fmt: skip
def test_b071_to_b085_a_path_that_others_read_differently_is_refused(
    raw: bytes, reason: str
) -> None:
    assert _refusal(raw).reason == reason
    with pytest.raises(Denied):
        _target(b"http://a.example" + raw)


@pytest.mark.parametrize(
    ("raw", "query", "encoded"),
    [
        (b"a=b", (("a", "b"),), b"a=b"),
        (b"a=b&a=c", (("a", "b"), ("a", "c")), b"a=b&a=c"),
        (b"a=/?:@", (("a", "/?:@"),), b"a=/%3F:@"),
        (b"a", (("a", ""),), b"a="),
        (b"a=", (("a", ""),), b"a="),
        (b"=b", (("", "b"),), b"=b"),
        (b"=", (("", ""),), b"="),
        (b"&&a=1&", (("a", "1"),), b"a=1"),
        (b"&", (), b""),
        (b"a=b=c", (("a", "b=c"),), b"a=b%3Dc"),
        (b"a+b=c+d", (("a b", "c d"),), b"a%20b=c%20d"),
        (b"a=%2B%26%3D%23", (("a", "+&=#"),), b"a=%2B%26%3D%23"),
        (b"a=1;b=2", (("a", "1;b=2"),), b"a=1%3Bb%3D2"),
        (b"a=%0d%0ab", (("a", "\r\nb"),), b"a=%0D%0Ab"),
        (b"a=%2541", (("a", "%41"),), b"a=%2541"),
        (b"%61[]=1", (("a[]", "1"),), b"a%5B%5D=1"),
        (b"a='\"<>\\^`{|}", (("a", "'\"<>\\^`{|}"),), b"a='%22%3C%3E%5C%5E%60%7B%7C%7D"),
        (b"a=%C3%A4", (("a", "ä"),), b"a=%C3%A4"),
    ],
)
def test_b106_a_query_is_decoded_once_and_encoded_again(
    raw: bytes, query: tuple[tuple[str, str], ...], encoded: bytes
) -> None:
    target = _target(b"/?" + raw)
    assert (target.query, target.encoded_query) == (query, encoded)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"a=%", "target.query-escape"),
        (b"%zz=1", "target.query-escape"),
        (b"a=%u0041", "target.query-escape"),
        (b"a=%ff", "target.query-utf8"),
        (b"%c0%ae=1", "target.query-utf8"),
        (b"a=%00", "target.query-nul"),
        (b"%00=1", "target.query-nul"),
        (b"a= b", "target.query-byte"),
        (b"a=\x00", "target.query-byte"),
        (b"a=\tb", "target.query-byte"),
        (b"a=b\n", "target.query-byte"),
        (b"a=\x7f", "target.query-byte"),
        (b"a=\xe4", "target.query-byte"),
    ],
)
def test_a_query_that_others_read_differently_is_refused(raw: bytes, reason: str) -> None:
    assert _refusal(b"/?" + raw).reason == reason


def test_b091_parameters_are_counted_before_they_are_read() -> None:
    raw = split_target(b"/?" + b"&".join(b"a=%d" % number for number in range(4)))
    assert len(canonical_target(raw, 4).query) == 4
    with pytest.raises(Denied) as caught:
        canonical_target(raw, 3)
    assert caught.value.reason == "target.too-many-parameters"


def test_long_targets_are_read_in_one_go() -> None:
    # Patterns that backtrack would not come back from these.
    assert _target(b"/" + b"a" * 8000).path == "/" + "a" * 8000
    assert _refusal(b"/" + b"a" * 8000 + b"\\").reason == "target.path-byte"
    assert _target(b"/?" + b"a=" * 4000).query == (("a", "a=" * 3999 + ""),)
    assert len(_target(b"/a" * 4000).segments) == 4000
