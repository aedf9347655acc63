"""Reviews that are scripts, and a real browser that opens the page which shows them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from tests.support import holes
from tests.support.bookshop import Ask, Shops, chromium

CUSTOMER = "74a8e23e-3b4c-5d9a-9b64-0d1b9a1f2c3d"
REVIEWS = [holes.script(number, text) for number, text in enumerate(holes.SCRIPTS)]
MARKS = [mark for _, mark in REVIEWS]
GOOD = ("<3 this book", "Tom & Jerry, 5 > 4", 'She said "no script"; I said <yes>.')

pytestmark = pytest.mark.skipif(chromium() is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def _browser() -> Iterator[Browser]:
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium(), args=flags) as browser,
    ):
        yield browser


@pytest.fixture
def page(_browser: Browser) -> Iterator[Page]:
    """An empty page of Chromium."""
    with _browser.new_page() as page:
        yield page


def review(isbn: str, text: str) -> Ask:
    body = {"customer_id": CUSTOMER, "rating": 5, "text": text}
    return Ask(method="POST", path=f"/books/{isbn}/reviews", body=json.dumps(body).encode())


def book(shops: Shops, number: int) -> str:
    """One that no other test writes reviews of."""
    isbns: list[str] = sorted(row[0] for row in shops.careless.rows()["books"])
    return isbns[number]


def page_of(isbn: str) -> str:
    return f"/books/{isbn}/page"


def open_page(page: Page, url: str, *, runs: bool) -> list[str]:
    """The marks that scripts left in the title of a page, once none is waited for any more."""
    answer = page.goto(url, wait_until="load" if runs else "networkidle")
    assert answer is not None
    assert answer.status == 200
    if runs:
        page.wait_for_function("marks => marks.every(m => document.title.includes(m))", arg=MARKS)
    title = page.title()
    return [mark for mark in MARKS if mark in title]


def test_scripts_run_in_the_shops_page_and_the_gateways_headers_stop_them(
    shops: Shops, page: Page
) -> None:
    isbn = book(shops, 1)
    for text, _ in REVIEWS:
        assert shops.careless.ask(review(isbn, text)).status == 201
    shop = f"http://127.0.0.1:{shops.careless.port}"
    assert open_page(page, shop + page_of(isbn), runs=True) == MARKS
    # They are stored already: without its headers the gateway shows the page as it is.
    assert open_page(page, shops.url("blocking", page_of(isbn)), runs=True) == MARKS
    assert open_page(page, shops.url("headers", page_of(isbn)), runs=False) == []
    assert "A fine book" in page.content()


def test_no_script_is_stored_through_the_gateway(shops: Shops, page: Page) -> None:
    isbn, before = book(shops, 2), shops.careless.rows()["reviews"]
    for text, _ in REVIEWS:
        answer = shops.way("blocking")(review(isbn, text))
        assert answer.status == 403, text
        assert answer.fields["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"] == "urn:vallum:problem:content-refused"
        assert problem.keys() == {"type", "title", "status", "detail", "instance"}
    assert shops.careless.rows()["reviews"] == before
    assert open_page(page, shops.url("blocking", page_of(isbn)), runs=False) == []


def test_watched_scripts_run_and_are_recorded(shops: Shops, page: Page) -> None:
    isbn = book(shops, 3)
    for text, _ in REVIEWS:
        assert shops.way("watching")(review(isbn, text)).status == 201
        record = shops.last_record()
        found = [each for each in record["findings"] if each["family"] == "xss"]
        assert found, text
        assert "inspect.xss" in record["notes"]
        assert (found[0]["location"], found[0]["at"]) == ("body", "/text")
        assert found[0]["rule"].startswith("xss.")
        assert found[0]["score"] >= 5
        assert found[0]["evidence"].strip()
    assert open_page(page, shops.url("watching", page_of(isbn)), runs=True) == MARKS


def test_the_careful_shop_shows_scripts_as_text(shops: Shops, page: Page) -> None:
    isbn = book(shops, 4)
    for text, _ in REVIEWS:
        assert shops.way("relaxed")(review(isbn, text)).status == 201
    assert open_page(page, shops.url("relaxed", page_of(isbn)), runs=False) == []
    assert page.locator("li").count() == len(REVIEWS) + 1
    assert page.locator("script").count() == 0


def test_good_reviews_arrive_as_written(shops: Shops, page: Page) -> None:
    isbn = book(shops, 5)
    for text in GOOD:
        assert shops.way("careful")(review(isbn, text)).status == 201, text
    assert open_page(page, shops.url("careful", page_of(isbn)), runs=False) == []
    assert page.locator("li").all_text_contents()[1:] == list(GOOD)
