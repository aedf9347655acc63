"""Own attacks: payload files by family, each payload in many codings and places."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from efficacy.encodings import ENCODINGS
from efficacy.model import Sample, digest, without_duplicates
from efficacy.places import PLACES, Shape, get, placed, post_form, post_json, query

HERE = Path(__file__).parent / "attacks"
FAMILIES: Final = tuple(sorted(path.stem for path in HERE.glob("*.txt")))
PLACES_PER_ENCODING: Final = 2
"""Of the places where a coded payload can stand, as many are taken, by hash."""
_CONTROLS = str.maketrans({"␍": "\r", "␊": "\n", "␀": "\0", "␉": "\t"})


@dataclass(frozen=True, slots=True)
class Payload:
    """One line of a payload file."""

    family: str
    kind: str
    """Heading of its section: `json` is a value, `name` a parameter's name, `user-agent` a field's
    value; everything else is text."""
    text: str


def payloads(family: str) -> list[Payload]:
    """The payloads of a family. `;; kind` begins a section; `␍␊␀␉` stand for controls."""
    found = []
    kind = "text"
    for line in (HERE / f"{family}.txt").read_text().splitlines():
        if line.startswith(";; "):
            kind = line.removeprefix(";; ").strip()
        elif line:
            found.append(Payload(family, kind, line.translate(_CONTROLS)))
    return found


def attacks(family: str) -> list[Sample]:
    """The requests of a family."""
    return without_duplicates(
        [sample for payload in payloads(family) for sample in _requests(payload)]
    )


def _requests(payload: Payload) -> list[Sample]:
    match payload.kind:
        case "json":
            return _of_value(payload)
        case "name":
            return _of_name(payload)
        case "user-agent":
            shape = get("/search?q=tea", User_Agent=payload.text)
            return [_sample(payload, "plain", "header", shape)]
    found = []
    for encoding, code in ENCODINGS.items():
        text = code(payload.text, payload.family)
        if text is None:
            continue
        places = sorted(PLACES, key=lambda place: digest(payload.text, encoding, place))
        shapes = ((place, PLACES[place](text)) for place in places)
        possible = ((place, shape) for place, shape in shapes if shape is not None)
        found += [
            _sample(payload, encoding, place, shape)
            for place, shape in islice(possible, PLACES_PER_ENCODING)
        ]
    return found


def _of_value(payload: Payload) -> list[Sample]:
    value = json.loads(payload.text)
    bodies = {
        "JSON value": {"login": "anna", "note": value},
        "JSON key": value,
        "JSON array item": {"tags": ["a", value]},
        "nested JSON": {"order": {"lines": [{"comment": value}]}},
    }
    return [
        _sample(payload, encoding, place, post_json(body, escaped=encoding == "escapes"))
        for place, body in bodies.items()
        for encoding in ("plain", "escapes")
    ]


def _of_name(payload: Payload) -> list[Sample]:
    found = []
    for encoding in ("plain", "URL"):
        code = ENCODINGS[encoding]
        name = code(payload.text, payload.family) or payload.text
        found += [
            _sample(payload, encoding, "query", get(query({"id": "7", name: "1"}))),
            _sample(payload, encoding, "form field", post_form({"id": "7", name: "1"})),
        ]
    return found


def _sample(payload: Payload, encoding: str, place: str, shape: Shape) -> Sample:
    return placed(
        shape,
        place,
        payload.text,
        is_attack=True,
        corpus="own attacks",
        family=payload.family,
        encoding=encoding,
    )
