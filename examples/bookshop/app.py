"""A small bookshop API, as careless as real ones are: see README.md before you copy from it.

`python examples/bookshop/app.py --port 8000` serves it on loopback.
"""

from __future__ import annotations

import argparse
import tempfile
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import data
import holes
from rows import missing, one, query


def get_health(request: Request) -> Response:
    """Whether the database answers."""
    return JSONResponse(
        {"status": "ok", "books": query(request, "SELECT count(*) n FROM books")[0]["n"]}
    )


def list_books(request: Request) -> Response:
    """A page of the catalogue. WEAK: any `limit` is fine, and staff columns are shown."""
    limit = int(request.query_params.get("limit", "20"))
    offset = int(request.query_params.get("offset", "0"))
    sql, values = "SELECT * FROM books WHERE 1 = 1", []
    for column in ("genre", "format", "author"):
        if column in request.query_params:
            sql += f" AND {column} = ?"
            values.append(request.query_params[column])
    total = query(request, sql.replace("*", "count(*) n", 1), *values)[0]["n"]
    rows = query(request, sql + " ORDER BY isbn LIMIT ? OFFSET ?", *values, limit, offset)
    return JSONResponse({"items": rows, "total": total, "limit": limit, "offset": offset})


def get_book(request: Request) -> Response:
    """One book."""
    return one(request, "SELECT * FROM books WHERE isbn = ?", request.path_params["isbn"])


def search_books(request: Request) -> Response:
    """Titles and authors that contain `q`. WEAK: SQL by concatenation, unless `--careful`."""
    wanted = request.query_params["q"]
    if request.app.state.careful:
        like = f"%{wanted}%"
        sql = "SELECT isbn, title, author, price FROM books WHERE title LIKE ? OR author LIKE ?"
        rows = query(request, sql + " ORDER BY title", like, like)
        return JSONResponse({"items": rows, "total": len(rows)})
    rows = query(
        request,
        "SELECT isbn, title, author, price FROM books WHERE title LIKE '%" + wanted + "%'"
        " OR author LIKE '%" + wanted + "%' ORDER BY title",
    )
    return JSONResponse({"items": rows, "total": len(rows)})


def get_cover(request: Request) -> Response:
    """The cover image. WEAK: the media type is whatever the uploader said."""
    rows = query(request, "SELECT * FROM covers WHERE isbn = ?", request.path_params["isbn"])
    if not rows:
        return missing()
    return Response(rows[0]["image"], media_type=rows[0]["media_type"])


async def put_cover(request: Request) -> Response:
    """Store the cover image. WEAK: any size and any type, HTML too."""
    image = await request.body()
    media_type = request.headers.get("content-type", "application/octet-stream")
    query(
        request,
        "REPLACE INTO covers VALUES (?, ?, ?)",
        request.path_params["isbn"],
        media_type,
        image,
    )
    return Response(status_code=204)


def list_reviews(request: Request) -> Response:
    """What customers wrote."""
    rows = query(
        request, "SELECT * FROM reviews WHERE isbn = ? ORDER BY id", request.path_params["isbn"]
    )
    return JSONResponse({"items": rows, "total": len(rows)})


async def create_review(request: Request) -> Response:
    """Add a review. WEAK: in the name of whichever customer the body names; text kept as it is."""
    body = await request.json()
    query(
        request,
        "INSERT INTO reviews (isbn, customer_id, rating, text, created) VALUES (?, ?, ?, ?, ?)",
        request.path_params["isbn"],
        body["customer_id"],
        body["rating"],
        body["text"],
        "2026-02-01T12:00:00Z",
    )
    return JSONResponse(body, 201)


async def register_customer(request: Request) -> Response:
    """Open an account. WEAK: anyone may say `is_staff`, and the hash is fast and unsalted."""
    body = await request.json()
    customer = data.identifier("customer", _count(request, "customers"))
    query(
        request,
        "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, NULL)",
        customer,
        body["email"],
        body["name"],
        body.get("address"),
        data.password_hash(body["password"]),
        body.get("is_staff", 0),
    )
    return one(request, "SELECT * FROM customers WHERE id = ?", customer)


def get_customer(request: Request) -> Response:
    """An account. WEAK: to anyone; with the password hash and the notes, unless `--careful`."""
    columns = "id, email, name, address" if request.app.state.careful else "*"
    sql = f"SELECT {columns} FROM customers WHERE id = ?"
    return one(request, sql, request.path_params["customer_id"])


async def update_customer(request: Request) -> Response:
    """Change an account. WEAK: every column that the body names, `is_staff` too."""
    body = await request.json()
    columns = ", ".join(f"{column} = ?" for column in body)
    customer = request.path_params["customer_id"]
    query(request, f"UPDATE customers SET {columns} WHERE id = ?", *body.values(), customer)
    return one(request, "SELECT * FROM customers WHERE id = ?", customer)


def list_orders(request: Request) -> Response:
    """A customer's orders. WEAK: of the customer that the query names."""
    sql, values = (
        "SELECT * FROM orders WHERE customer_id = ?",
        [request.query_params["customer_id"]],
    )
    if "status" in request.query_params:
        sql += " AND status = ?"
        values.append(request.query_params["status"])
    rows = query(request, sql + " ORDER BY created", *values)
    return JSONResponse({"items": rows, "total": len(rows)})


async def create_order(request: Request) -> Response:
    """Order books. WEAK: a `total` in the body is believed."""
    body = await request.json()
    order_id = data.identifier("order", _count(request, "orders"))
    total = body.get("total", 0.0)
    for line in body["lines"]:
        price = query(request, "SELECT price FROM books WHERE isbn = ?", line["isbn"])[0]["price"]
        total += 0 if "total" in body else price * line["quantity"]
        query(
            request, "INSERT INTO lines VALUES (?, ?, ?)", order_id, line["isbn"], line["quantity"]
        )
    query(
        request,
        "INSERT INTO orders VALUES (?, ?, 'pending', ?, '2026-02-01T12:00:00Z', ?)",
        order_id,
        body["customer_id"],
        total,
        body.get("note"),
    )
    return JSONResponse(query(request, "SELECT * FROM orders WHERE id = ?", order_id)[0], 201)


def get_order(request: Request) -> Response:
    """One order. WEAK: anybody's."""
    order_id = request.path_params["order_id"]
    rows = query(request, "SELECT * FROM orders WHERE id = ?", order_id)
    if not rows:
        return missing()
    lines = query(request, "SELECT isbn, quantity FROM lines WHERE order_id = ?", order_id)
    return JSONResponse(rows[0] | {"lines": lines})


def cancel_order(request: Request) -> Response:
    """Cancel an order. WEAK: anybody's, also one that was shipped."""
    order_id = request.path_params["order_id"]
    query(request, "UPDATE orders SET status = 'cancelled' WHERE id = ?", order_id)
    return one(request, "SELECT * FROM orders WHERE id = ?", order_id)


async def create_book(request: Request) -> Response:
    """Add a book to the catalogue."""
    body = await request.json()
    _save_book(request, body["isbn"], body)
    return JSONResponse(query(request, "SELECT * FROM books WHERE isbn = ?", body["isbn"])[0], 201)


async def update_book(request: Request) -> Response:
    """Replace a book's entry."""
    isbn = request.path_params["isbn"]
    _save_book(request, isbn, await request.json())
    return one(request, "SELECT * FROM books WHERE isbn = ?", isbn)


def _count(request: Request, table: str) -> int:
    count: int = query(request, f"SELECT count(*) AS n FROM {table}")[0]["n"]
    return count


def _save_book(request: Request, isbn: str, body: dict[str, Any]) -> None:
    names = ("title", "author", "genre", "format", "price", "published", "stock")
    values = [body[name] for name in names]
    extra = (body.get("summary", ""), body.get("supplier_cost", 0))
    query(
        request, "REPLACE INTO books VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", isbn, *values, *extra
    )


def delete_book(request: Request) -> Response:
    """Take a book out of the catalogue."""
    query(request, "DELETE FROM books WHERE isbn = ?", request.path_params["isbn"])
    return Response(status_code=204)


def list_all_orders(request: Request) -> Response:
    """Every customer's orders. WEAK: there is no check that an administrator asks."""
    since = request.query_params.get("since", "0000")
    limit = int(request.query_params.get("limit", "20"))
    rows = query(
        request, "SELECT * FROM orders WHERE created >= ? ORDER BY created LIMIT ?", since, limit
    )
    return JSONResponse({"items": rows, "total": len(rows)})


def get_stats(request: Request) -> Response:
    """Sales figures."""
    return one(request, "SELECT count(*) AS orders, sum(total) AS revenue FROM orders")


async def debug_echo(request: Request) -> Response:
    """WEAK: a forgotten route that the contract does not have; sends back what it received."""
    body = (await request.body()).decode("utf-8", "replace")
    head = {"method": request.method, "path": request.url.path, "headers": request.headers.items()}
    return JSONResponse(head | {"body": body})


def failed(request: Request, error: Exception) -> Response:
    """WEAK: tells the caller everything about an error."""
    trace = "".join(traceback.format_exception(error))
    return JSONResponse({"error": str(error), "traceback": trace}, 500)


ROUTES = [
    Route("/health", get_health),
    Route("/books", list_books),
    Route("/books/{isbn}", get_book),
    Route("/books/{isbn}/cover", get_cover),
    Route("/books/{isbn}/cover", put_cover, methods=["PUT"]),
    Route("/books/{isbn}/reviews", list_reviews),
    Route("/books/{isbn}/reviews", create_review, methods=["POST"]),
    Route("/books/{isbn}/page", holes.book_page),
    Route("/search", search_books),
    Route("/customers", register_customer, methods=["POST"]),
    Route("/customers/{customer_id}", get_customer),
    Route("/customers/{customer_id}", update_customer, methods=["PATCH"]),
    Route("/orders", list_orders),
    Route("/orders", create_order, methods=["POST"]),
    Route("/orders/{order_id}", get_order),
    Route("/orders/{order_id}/cancel", cancel_order, methods=["POST"]),
    Route("/admin/books", create_book, methods=["POST"]),
    Route("/admin/imports", holes.import_books, methods=["POST"]),
    Route("/admin/labels", holes.print_label, methods=["POST"]),
    Route("/admin/books/{isbn}", update_book, methods=["PUT"]),
    Route("/admin/books/{isbn}", delete_book, methods=["DELETE"]),
    Route("/admin/orders", list_all_orders),
    Route("/admin/stats", get_stats),
    Route("/debug/echo", debug_echo, methods=["GET", "POST"]),
]


@asynccontextmanager
async def lifespan(application: Starlette) -> AsyncIterator[None]:
    """Fresh data for each run."""
    with tempfile.TemporaryDirectory(prefix="bookshop-") as directory:
        application.state.database = Path(directory) / "bookshop.db"
        data.create(application.state.database)
        yield


app = Starlette(routes=ROUTES, lifespan=lifespan, exception_handlers={Exception: failed})
app.state.careful = False


def main() -> None:
    """Serve it."""
    parser = argparse.ArgumentParser(description="A careless bookshop API, on loopback only.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--careful", action="store_true", help="close the five holes of README.md")
    arguments = parser.parse_args()
    app.state.careful = arguments.careful
    uvicorn.run(app, host="127.0.0.1", port=arguments.port, log_level="warning")


if __name__ == "__main__":
    main()
