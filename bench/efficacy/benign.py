"""Own benign requests: every text where such a text stands, and requests of many fields."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from efficacy.model import Sample, without_duplicates
from efficacy.places import (
    PLACES,
    Shape,
    get,
    placed,
    post_form,
    post_json,
    post_multipart,
    query,
)
from efficacy.texts import KINDS, Values, texts

COMPOSED: Final = 4_200
"""Requests of several fields that are drawn from all texts and values."""
_SEED: Final = 20261122
_EVERYWHERE: Final = ("query", "cookie", "form field", "JSON value", "JSON array item",
                      "nested JSON", "multipart field")  # fmt: skip
_ANNOTATED: Final = {
    "code": ("snippet",),
    "bugs": ("article",),
    "markdown": ("article",),
    "sql-lessons": ("lesson", "article"),
    "html": ("html",),
    "passwords": ("password",),
}
"""Texts that stand in fields whose purpose the contract states."""
_PLACES: Final[dict[str, tuple[str, ...]]] = {
    "names": ("path segment", *_EVERYWHERE),
    "files": ("path segment", "query", "form field", "JSON value", "JSON key"),
    "search": ("query", "path segment", "JSON value", "form field"),
    "emails": ("form field", "JSON value", "nested JSON", "multipart field"),
    "logs": ("form field", "JSON value", "JSON array item"),
    "json": ("form field", "JSON value", "nested JSON", "query"),
    "graphql": ("JSON value", "query"),
    "urls": ("query", "form field", "JSON value", "nested JSON", "header"),
    "paths": ("query", "JSON value", "JSON array item"),
    "chat": ("form field", "JSON value", "nested JSON", "JSON array item"),
    "titles": ("path segment", "header", "JSON key", *_EVERYWHERE),
}


def benign() -> list[Sample]:
    """All benign requests of our own; the same in every run."""
    chance = random.Random(_SEED)
    found = [sample for kind in KINDS for sample in _of_kind(kind)]
    found += [_composed(chance) for _ in range(COMPOSED)]
    return without_duplicates(found)


def _of_kind(kind: str) -> Iterator[Sample]:
    for text in texts(kind):
        if kind == "useragents":
            yield _sample(kind, text, "header", get("/search?q=tea", User_Agent=text))
            continue
        for name in _ANNOTATED.get(kind, ()):
            body = {name: text, "title": "A title", "id": 7}
            yield _sample(kind, text, "JSON value", post_json(body, "/documents"))
        if kind in _ANNOTATED:
            continue
        for place in _PLACES.get(kind, _EVERYWHERE):
            shape = PLACES[place](text)
            if shape is not None:
                yield _sample(kind, text, place, shape)
        if kind == "files":
            shape = post_multipart({"note": "as agreed"}, filename=_as_text(text))
            yield _sample(kind, text, "multipart field", shape)


def _sample(kind: str, text: str, place: str, shape: Shape) -> Sample:
    return placed(shape, place, text, is_attack=False, corpus="own benign", family=kind)


def _as_text(name: str) -> str:
    """The name of a text file: what a file holds must fit its name."""
    return name.rpartition(".")[0].partition(".")[0] + ".txt"


class _Draw:
    """Draws texts and values, and remembers which."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.values = Values(chance)
        self.drawn: list[str] = []

    def __call__(self, *kinds: str) -> str:
        text = self.chance.choice(_texts(self.chance.choice(kinds)))
        self.drawn.append(text)
        return text

    def value(self) -> str:
        text = self.values.any()
        self.drawn.append(text)
        return text


_texts = cache(texts)


def _composed(chance: random.Random) -> Sample:
    draw = _Draw(chance)
    make = chance.choice((_customer, _order, _ticket, _search, _webhook, _document, _form, _event))
    shape = make(draw)
    return _sample("composed", " | ".join(draw.drawn), make.__name__.strip("_"), shape)


def _dressed(draw: _Draw, shape: Shape) -> Shape:
    """With the header fields of a real client."""
    chance = draw.chance
    fields = [(name, text) for name, text in shape.fields if name != "User-Agent"]
    fields.insert(0, ("User-Agent", draw("useragents")))
    if chance.random() < 0.4:
        fields.append(("Accept-Language", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7"))
        fields.append(("Referer", f"https://shop.example/list?page={chance.randrange(99)}&q=tea"))
    if chance.random() < 0.3:
        fields.append(("If-None-Match", f'W/"{draw.values.hash()[:16]}"'))
    if chance.random() < 0.3:
        session = f"session={draw.values.uuid()}; theme=dark; _ga=GA1.2.{chance.randrange(10**9)}.1"
        fields.append(("Cookie", session))
    if chance.random() < 0.2:
        fields.append(("X-Request-Id", draw.values.uuid()))
    return Shape(shape.method, shape.target, tuple(fields), shape.body)


def _person(draw: _Draw) -> dict[str, Any]:
    return {
        "name": draw("names"),
        "email": draw.values.email(),
        "phone": draw.values.phone(),
        "address": {"street": draw("addresses"), "country": "IE", "note": draw("prose")},
    }


def _customer(draw: _Draw) -> Shape:
    body = _person(draw) | {"iban": draw.values.iban(), "since": draw.values.date()}
    return _dressed(draw, post_json(body, "/customers"))


def _order(draw: _Draw) -> Shape:
    lines = [
        {"sku": draw.values.key()[:12], "title": draw("titles"), "price": draw.values.amount()}
        for _ in range(draw.chance.randrange(1, 5))
    ]
    body = {"id": draw.values.uuid(), "lines": lines, "gift_note": draw("prose", "chat", "maths")}
    return _dressed(draw, post_json(body, "/orders"))


def _ticket(draw: _Draw) -> Shape:
    body = {
        "subject": draw("titles", "search", "prose"),
        "body": draw("emails", "prose", "logs", "chat"),
        "tags": [draw("search"), draw("names")],
        "attachments": [{"name": draw("files"), "sha256": draw.values.hash()}],
    }
    shape = post_json(body, f"/tickets/{draw.chance.randrange(10**6)}")
    return _dressed(draw, Shape("PATCH", shape.target, shape.fields, shape.body))


def _search(draw: _Draw) -> Shape:
    pairs = {"q": draw("search", "titles", "names"), "sort": "-date,+name", "page": "2"}
    if draw.chance.random() < 0.5:
        pairs["filter"] = draw("search", "maths")
    if draw.chance.random() < 0.3:
        pairs["cursor"] = draw.values.cursor()
    return _dressed(draw, get(query(pairs, draw.chance.choice(("/search", "/v1/items", "/books")))))


def _webhook(draw: _Draw) -> Shape:
    body = {
        "url": draw("urls"),
        "events": ["order.created", "user.select"],
        "secret": draw.values.key(),
        "description": draw("prose"),
        "headers": {"X-Trace": draw.values.uuid(), "X-Name": draw("names")},
    }
    return _dressed(draw, post_json(body, "/hooks"))


def _document(draw: _Draw) -> Shape:
    body = {
        "snippet": draw("code"),
        "article": draw("markdown", "bugs"),
        "lesson": draw("sql-lessons", "prose"),
        "html": draw("html"),
        "password": draw("passwords"),
        "title": draw("titles"),
        "cover": draw.values.image(),
        "payload": draw("json", "graphql"),
    }
    return _dressed(draw, post_json(body, "/documents"))


def _form(draw: _Draw) -> Shape:
    pairs = {"name": draw("names"), "street": draw("addresses"), "comment": draw("prose", "chat")}
    if draw.chance.random() < 0.4:
        return _dressed(draw, post_multipart(pairs, "/profile", filename=_as_text(draw("files"))))
    return _dressed(draw, post_form(pairs | {"token": draw.values.jwt()}, "/profile"))


def _event(draw: _Draw) -> Shape:
    body = {
        "type": "log",
        "values": [draw.value() for _ in range(draw.chance.randrange(1, 6))],
        "message": draw("logs", "prose"),
        "path": draw("paths", "files"),
        "pattern": draw("regexes"),
        draw("titles")[:20]: draw.value(),
    }
    return _dressed(draw, post_json(body, f"/events/{quote(draw.values.uuid())}"))
