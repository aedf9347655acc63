"""The bookshop's tables and the rows it starts with: the same ones every time."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

SCHEMA = """
CREATE TABLE books (
  isbn TEXT PRIMARY KEY, title TEXT NOT NULL, author TEXT NOT NULL, genre TEXT NOT NULL,
  format TEXT NOT NULL, price REAL NOT NULL, published TEXT NOT NULL, stock INTEGER NOT NULL,
  summary TEXT NOT NULL DEFAULT '', supplier_cost REAL NOT NULL DEFAULT 0
);
CREATE TABLE covers (isbn TEXT PRIMARY KEY, media_type TEXT NOT NULL, image BLOB NOT NULL);
CREATE TABLE reviews (
  id INTEGER PRIMARY KEY, isbn TEXT NOT NULL, customer_id TEXT NOT NULL,
  rating INTEGER NOT NULL, text TEXT NOT NULL, created TEXT NOT NULL
);
CREATE TABLE customers (
  id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL, address TEXT,
  password_hash TEXT NOT NULL, is_staff INTEGER NOT NULL DEFAULT 0, notes TEXT
);
CREATE TABLE orders (
  id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, status TEXT NOT NULL, total REAL NOT NULL,
  created TEXT NOT NULL, note TEXT
);
CREATE TABLE lines (order_id TEXT NOT NULL, isbn TEXT NOT NULL, quantity INTEGER NOT NULL);
"""

TITLES = (
    ("The Lamplighter's Ledger", "Ida Marsh", "fiction"),
    ("Walls and Gates of the Old North", "Piet Aldersey", "history"),
    ("A Short Course in Bees", "Noor Haddad", "science"),
    ("Cooking on One Flame", "Tomas Reyes", "cookery"),
    ("The Salt Road", "Ida Marsh", "fiction"),
    ("Tides: a Field Guide", "Wen Li", "science"),
    ("Nine Winters", "Oksana Bilyk", "fiction"),
    ("The Cartographer's Error", "Piet Aldersey", "history"),
    ("Bread, Slowly", "Tomas Reyes", "cookery"),
    ("The Blue Kite", "Amara Okafor", "children"),
    ("Where Rivers Sleep", "Amara Okafor", "children"),
    ("Small Engines", "Wen Li", "science"),
)
FORMATS = ("hardcover", "paperback", "ebook")
NAMES = ("Ada Quill", "Ben Ferro", "Chloe Rook", "Dario Venn")
STATUSES = ("pending", "paid", "shipped", "cancelled")
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def isbn13(number: int) -> str:
    """A valid ISBN-13 in the 979-0 range, which no book uses."""
    digits = f"9790{number:08d}"
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return digits + str(-weighted % 10)


def identifier(kind: str, number: int) -> str:
    """The UUID of a row."""
    return str(uuid5(NAMESPACE_URL, f"https://bookshop.example/{kind}/{number}"))


def password_hash(password: str) -> str:
    """WEAK: fast and without salt."""
    return hashlib.md5(password.encode()).hexdigest()


def connect(database: Path) -> sqlite3.Connection:
    """A connection of its own for each request."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    return connection


def create(database: Path) -> None:
    """Make the tables and fill them."""
    with connect(database) as connection:
        connection.executescript(SCHEMA)
        _insert_books(connection)
        _insert_customers(connection)
        _insert_orders(connection)
    connection.close()


def _insert_books(connection: sqlite3.Connection) -> None:
    for number, (title, author, genre) in enumerate(TITLES):
        row = {
            "isbn": isbn13(number),
            "title": title,
            "author": author,
            "genre": genre,
            "format": FORMATS[number % 3],
            "price": 7.5 + number,
            "published": (START - timedelta(days=400 * number)).date().isoformat(),
            "stock": (number * 7) % 20,
            "summary": f"{title} is one of {author}'s best.",
            "supplier_cost": 3.25 + number / 2,
        }
        connection.execute(
            "INSERT INTO books VALUES (:isbn, :title, :author, :genre, :format, :price,"
            " :published, :stock, :summary, :supplier_cost)",
            row,
        )
        connection.execute(
            "INSERT INTO reviews (isbn, customer_id, rating, text, created) VALUES (?, ?, ?, ?, ?)",
            (
                row["isbn"],
                identifier("customer", number % 4),
                1 + number % 5,
                "Read it twice.",
                _at(number),
            ),
        )


def _insert_customers(connection: sqlite3.Connection) -> None:
    for number, name in enumerate(NAMES):
        email = name.lower().replace(" ", ".") + "@mail.example"
        connection.execute(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                identifier("customer", number),
                email,
                name,
                f"{number + 1} Harbour Lane",
                password_hash(f"password{number}"),
                number == 3,
                "pays late" if number == 1 else None,
            ),
        )


def _insert_orders(connection: sqlite3.Connection) -> None:
    for number in range(12):
        order_id = identifier("order", number)
        customer = identifier("customer", number % len(NAMES))
        connection.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            (order_id, customer, STATUSES[number % 4], 15.0 + number, _at(number), None),
        )
        connection.execute(
            "INSERT INTO lines VALUES (?, ?, ?)", (order_id, isbn13(number), 1 + number % 3)
        )


def _at(number: int) -> str:
    return (START + timedelta(hours=31 * number)).isoformat().replace("+00:00", "Z")
