"""Markdown without its code, which is shown and never markup (CommonMark §4.5, §6.1)."""

from __future__ import annotations

import re
from typing import Final

_FENCE: Final = r"(?:\A|\n[ \t]*\n) {0,3}(?P<fence>```|~~~)[^\n`]*+(?=\n)"
# On one line: a heading or a list would end the paragraph, and the span with it. Without a bar,
# which ends a table's cell first; and not after a backslash, which makes the mark a letter.
_SPAN: Final = r"(?<![`\\])(?P<mark>`{1,3})(?!`)(?P<code>[^`|\n]++)(?P=mark)(?!`)"
# Elements whose text is raw, comments and instructions go on until they are closed.
_RAW: Final = r"<(?P<raw>!|\?|(?:script|style|pre|textarea)\b)"
_HTML: Final = r"(?P<html><[a-z/])"
_NEXT: Final = re.compile(f"{_FENCE}|{_SPAN}|{_RAW}|{_HTML}", re.IGNORECASE)
_BLANK_LINE: Final = re.compile(r"\n[ \t]*+(?=\n)")
_FENCE_LINE: Final = {
    mark: re.compile(rf"\n {{0,3}}{mark}{mark[0]}*+(?P<info>[^\n]*+)") for mark in ("```", "~~~")
}
_MOST_PIECES: Final = 200


def without_code(text: str) -> str:
    """`text` without fenced blocks and code spans; what is in doubt stays.

    Whichever begins first wins: between the marks of code there is no markup, but in an element
    and until the next blank line there is no code.
    """
    pieces: list[str] = []
    position = 0
    for _ in range(_MOST_PIECES):
        match = _NEXT.search(text, position)
        if match is None or match["raw"]:
            break
        end = match.end()
        if match["html"]:
            blank = _BLANK_LINE.search(text, end)
            if blank is None:
                break
            pieces.append(text[position : blank.start()])
            position = blank.start()
            continue
        if match["fence"]:
            # A line that only looks like the end of the block leaves in doubt where that is.
            close = _FENCE_LINE[match["fence"]].search(text, end)
            if close is None or close["info"].strip():
                break
            end = close.end()
        pieces.append(text[position : match.start()])
        position = end
    return "".join((*pieces, text[position:]))
