"""Three of the bookshop's five holes; the others are `search_books` and `get_customer` in app.py.

Each is open unless the shop was started with `--careful`.
"""

from __future__ import annotations

import html
import subprocess
import xml.sax
from io import BytesIO
from xml.sax.handler import ContentHandler, feature_external_ges

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from rows import missing, query


def book_page(request: Request) -> Response:
    """A book with its reviews, for browsers. WEAK: what customers wrote is put in as it is."""
    isbn = request.path_params["isbn"]
    books = query(request, "SELECT title FROM books WHERE isbn = ?", isbn)
    if not books:
        return missing()
    rows = query(request, "SELECT text FROM reviews WHERE isbn = ? ORDER BY id", isbn)
    shown = html.escape if request.app.state.careful else str
    reviews = "".join(f"<li>{shown(row['text'])}</li>" for row in rows)
    title = html.escape(books[0]["title"])
    return HTMLResponse(f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{reviews}</ul>")


class _Titles(ContentHandler):
    """The text of each `title` element."""

    def __init__(self) -> None:
        super().__init__()
        self.titles: list[str] = []
        self._is_title = False

    def startElement(self, name: str, attrs: object) -> None:  # noqa: N802
        self._is_title = name == "title"
        if self._is_title:
            self.titles.append("")

    def characters(self, content: str) -> None:
        if self._is_title:
            self.titles[-1] += content

    def endElement(self, name: str) -> None:  # noqa: N802
        self._is_title = False


async def import_books(request: Request) -> Response:
    """Read a supplier's list. WEAK: entities may name files and addresses."""
    handler = _Titles()
    parser = xml.sax.make_parser()
    parser.setFeature(feature_external_ges, not request.app.state.careful)
    parser.setContentHandler(handler)
    parser.parse(BytesIO(await request.body()))
    return JSONResponse({"titles": handler.titles})


async def print_label(request: Request) -> Response:
    """A label for the warehouse's printer. WEAK: the text goes through a shell."""
    text = (await request.json())["text"]
    label = await run_in_threadpool(_folded, text, careful=request.app.state.careful)
    return JSONResponse({"label": label})


def _folded(text: str, *, careful: bool) -> str:
    command = ["fold", "-w", "20"] if careful else ["sh", "-c", f'echo "{text}" | fold -w 20']
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout
