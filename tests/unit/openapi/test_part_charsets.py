"""What a file says in its charset is what inspection reads: nothing that hides ASCII is taken."""

from __future__ import annotations

import pytest
from tests.support.contracts import Found, body_operation, judge_body

FORM = body_operation({"type": "object"}, media_type="multipart/form-data")


def judge(charset: str, disposition: str) -> Found:
    body = (
        f'--x\r\nContent-Disposition: form-data; name="f"{disposition}\r\n'
        f"Content-Type: text/csv; charset={charset}\r\n\r\n+ADw-script+AD4-\r\n--x--\r\n"
    )
    return judge_body(FORM, body, "multipart/form-data; boundary=x")


@pytest.mark.parametrize(
    "charset", ["utf-16", "UTF-16LE", "utf-32", "utf-7", "cp037", "iso-2022-jp", "shift_jis", "x"]
)
def test_a_file_in_a_charset_that_hides_text_is_refused(charset: str) -> None:
    assert judge(charset, '; filename="a.csv"') == [("/f", "type")]


@pytest.mark.parametrize(
    "charset", ["utf-8", "UTF8", "us-ascii", "ISO-8859-1", "iso-8859-15", "windows-1252"]
)
def test_a_file_in_a_charset_that_holds_ascii_is_taken(charset: str) -> None:
    assert judge(charset, '; filename="a.csv"') == []
