"""JSON Pointers, read, written and shown."""

from __future__ import annotations

from vallum.wire.pointer import escape_step, json_pointer, pointer_steps


def test_rfc_6901_4_steps_are_read() -> None:
    assert pointer_steps("") == ()
    assert pointer_steps("/") == ("",)
    assert pointer_steps("/a~1b/m~0n/0/~01/~10/") == ("a/b", "m~n", "0", "~1", "/0", "")


def test_rfc_6901_3_what_is_written_is_read_again() -> None:
    for name in ("", "a", "a/b", "m~n", "~1", "~01", "/0", "~~//"):
        assert pointer_steps("/" + escape_step(name)) == (name,)


def test_rfc_6901_escapes() -> None:
    assert json_pointer(()) == ""
    assert json_pointer(("a/b", "m~n", 0, "")) == "/a~1b/m~0n/0/"


def test_names_from_the_client_cannot_break_a_log_line() -> None:
    assert json_pointer(("a\r\nb\x1b[31m\u2028\u202e",)) == "/a??b?[31m??"


def test_names_from_the_client_are_cut() -> None:
    assert json_pointer(("x" * 1000,)) == "/" + "x" * 64
    assert len(json_pointer(["x" * 60] * 50)) == 256
