"""The shared vectors, where they are beside the project: real traffic, known attacks."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote_plus

import yaml

from efficacy.model import Sample, digest, half_of, without_duplicates
from efficacy.places import PLACES, placed

VECTORS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"
INSTALLED_RULES: Final = Path("/usr/share/modsecurity-crs/rules")
_FRAMING: Final = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_HARMLESS: Final = "norm"
_STRING_PLACES: Final = ("query", "form field", "JSON value", "cookie")


def are_there() -> bool:
    """Whether this machine has the vectors."""
    return VECTORS.is_dir()


def recorded(name: str, corpus: str) -> list[Sample]:
    """Benign requests of a `benign/NAME.jsonl`."""
    found = []
    for line in (VECTORS / "benign" / f"{name}.jsonl").read_text().splitlines():
        entry = json.loads(line)
        head, _, body = base64.b64decode(entry["raw"]).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        pairs = tuple((n, v.strip()) for n, _, v in (line.partition(":") for line in lines))
        sample = Sample(
            is_attack=False,
            corpus=corpus,
            family=entry["class"],
            half=half_of(entry["id"]),
            text=entry["id"],
            method=method,
            target=target,
            fields=tuple(pair for pair in pairs if pair[0].lower() not in _FRAMING),
            body=body,
        )
        found.append(sample)
    return without_duplicates(found)


def pygithub() -> list[Sample]:
    """Requests that a client library's tests recorded from a real API."""
    return recorded("pygithub", "pygithub")


def look_alikes() -> list[Sample]:
    """Texts that look like attacks, each in a query and in JSON."""
    return recorded("libinj_fp", "look-alikes")


def strings(family: str) -> Iterator[str]:
    """libinjection's attack strings of `sqli` or `xss`."""
    for path in sorted((VECTORS / "attacks" / "libinjection").glob(f"*{family}-*.txt")):
        for line in path.read_text(errors="replace").splitlines():
            if line and not line.startswith("#"):
                yield unquote_plus(line) if "%" in line else line


def libinjection(most: int) -> list[Sample]:
    """libinjection's strings, by hash in a query, a form, JSON or a cookie."""
    found = []
    for kind, family in (("sqli", "sql"), ("xss", "xss")):
        texts = sorted(set(strings(kind)), key=lambda text: digest("take", text))
        found += [_placed("libinjection", family, text) for text in texts[:most]]
    return found


def httpparams() -> tuple[list[Sample], list[Sample]]:
    """Attacks and benign values of HttpParamsDataset."""
    families = {"sqli": "sql", "xss": "xss", "cmdi": "shell", "path-traversal": "path"}
    found: dict[bool, list[Sample]] = {True: [], False: []}
    for kind, text in _parameters():
        is_attack = kind != _HARMLESS
        family = families.get(kind, kind)
        found[is_attack].append(_placed("httpparams", family, text, is_attack=is_attack))
    return found[True], found[False]


def free_texts() -> list[str]:
    """Harmless values of HttpParamsDataset that are no plain words or numbers."""
    return [text for kind, text in _parameters() if kind == _HARMLESS and not text.isalnum()]


def _parameters() -> Iterator[tuple[str, str]]:
    """The kind and the value of each row of HttpParamsDataset."""
    with (VECTORS / "attacks" / "httpparams_train.csv").open(errors="replace") as lines:
        for row in csv.DictReader(lines):
            yield row["attack_type"], row["payload"]


def _placed(corpus: str, family: str, text: str, *, is_attack: bool = True) -> Sample:
    place = _STRING_PLACES[digest("place", text) % len(_STRING_PLACES)]
    shape = PLACES[place](text)
    if shape is None:
        raise ValueError(f"nothing can stand in a {place}")
    return placed(shape, place, text, is_attack=is_attack, corpus=corpus, family=family)


def levels() -> dict[int, str]:
    """Paranoia levels by rule id, read from the tags of the installed Core Rule Set."""
    found = {}
    for path in INSTALLED_RULES.glob("REQUEST-*.conf"):
        text = path.read_text(errors="replace")
        for match in re.finditer(r"\bid:(\d{6})(.*?)(?=\bid:\d{6}|\Z)", text, re.S):
            level = re.search(r"paranoia-level/(\d)", match[2])
            if level:
                found[int(match[1])] = level[1]
    return found


def rule_set_positives() -> list[Sample]:
    """Requests of the Core Rule Set's own tests that some rule must find."""
    known = levels()
    found = []
    folder = VECTORS / "attacks" / "crs-regression"
    for path in sorted(folder.glob("REQUEST-*/*.y*ml")):
        document = yaml.safe_load(path.read_text())
        for test in (document or {}).get("tests", ()):
            for entry in test["stages"]:
                stage = entry.get("stage", entry)
                expected = _expected(stage.get("output", {}))
                if not expected:
                    continue
                level = min(known.get(rule, "unknown") for rule in expected)
                sample = _of_stage(stage["input"], path.parent.name, level, path.stem)
                if sample is not None:
                    found.append(sample)
    return without_duplicates(found)


def _expected(output: dict[str, Any]) -> list[int]:
    log = output.get("log") or {}
    ids = [int(each) for each in log.get("expect_ids", ())]
    old = re.findall(r"id \W*(\d{6})", str(output.get("log_contains", "")))
    return ids or [int(each) for each in old]


def _of_stage(given: dict[str, Any], folder: str, level: str, rule: str) -> Sample | None:
    if given.get("encoded_request"):
        return None  # A raw message about HTTP's own grammar, not about content.
    fields = {str(n): str(v) for n, v in (given.get("headers") or {}).items()}
    pairs = [(n, v) for n, v in fields.items() if n.lower() not in _FRAMING]
    body = str(given.get("data") or "").encode("utf-8", "surrogateescape")
    if body and "content-type" not in {name.lower() for name, _ in pairs}:
        pairs.append(("Content-Type", "application/x-www-form-urlencoded"))
    target = str(given.get("uri", "/"))
    if not target.startswith("/") or any(c in "\r\n" for n, v in pairs for c in n + v):
        return None
    family = re.sub(r"REQUEST-\d+-(APPLICATION-ATTACK-)?", "", folder).lower()
    return Sample(
        is_attack=True,
        corpus="rule set",
        family=family,
        level=level,
        half=half_of(target + body.decode("utf-8", "replace")),
        text=f"{rule}: {target} {body.decode('utf-8', 'replace')}",
        method=str(given.get("method", "GET")),
        target=target,
        fields=tuple(pairs),
        body=body,
    )
