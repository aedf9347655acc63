"""Personal data, secrets and the words of a failing program in answers (IV-9, B-251)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal, Protocol

import orjson

from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody, AnswerHead, Attachment, Ruling, withheld
from vallum.engine.phases import Phase
from vallum.inspection.leaks.finder import Budget, Found, LeakFinder
from vallum.inspection.leaks.readings import (
    kind_of_answer,
    looks_like_text,
    other_readings,
)
from vallum.inspection.model import Finding
from vallum.openapi.model import UNREAD, Operation
from vallum.wire.json import MalformedJSON, read_grammar
from vallum.wire.json_exact import JSONLimits
from vallum.wire.json_rewrite import Spelled, has_one_reading, read_verbatim, write_json
from vallum.wire.media_type import MediaType
from vallum.wire.pointer import json_pointer, pointer_steps

LeakAction = Literal["off", "alert", "mask", "block"]

DEFAULT_ACTIONS: Final[Mapping[str, LeakAction]] = {
    "private_key": "block",
    "secret": "block",
    "token": "alert",
    "card": "mask",
    "iban": "alert",
    "national_id": "alert",
    "email": "off",
    "phone": "off",
    "stack_trace": "block",
    "sql_error": "block",
    "internal": "alert",
}
"""By kind. What an API may well mean to tell is only noted."""

_OF_FAILURE: Final = frozenset({"stack_trace", "sql_error", "internal"})
"""Kinds that say how a program failed. Elsewhere the same words are what somebody wrote about."""
_FAILURE: Final = re.compile(
    r"(?:^|[_.-])(?:err|errors?|exceptions?|fault|trace|traceback|stack|stack_?trace|debug|cause)"
    r"(?:$|[_.-])|error$|exception$"
    r"|^(?:err(?:or)?|exception|debug|developer)(?:s|code|messages?|msg|details?|info|text|type)$"
)
_NO_TEXT: Final = frozenset(
    b"age allow cache-control connection content-disposition content-encoding content-language"
    b" content-length content-location content-range content-type date etag expires last-modified"
    b" retry-after set-cookie trailer traceparent tracestate transfer-encoding vary"
    b" www-authenticate x-correlation-id x-request-id x-trace-id".split()
)
"""Fields of answers that say nothing in words, and cookies, which are secrets by their nature."""
_LIMITS: Final = JSONLimits(depth=64)
_PARTIAL: Final = 206
_PARTS: Final = "multipart/byteranges"
_MOST_FINDINGS: Final = 20
_SHORTEST: Final = 8
_LONGEST_NAME: Final = 128
"""Characters of a name's end that say what a text is for; it is read again with each item."""
_MOST_JUDGED: Final = 256 * 1024
"""Characters of suspicious text of one answer that are looked at closely."""
_LONGEST_EVIDENCE: Final = 60


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def leaks(self) -> Mapping[str, LeakAction] | Literal["off"]:
        """Actions by kind, in place of the defaults; `off` by JSON Pointer for single places."""
        ...


class LeakScreen:
    """Looks for leaks in the answers of one operation."""

    __slots__ = ("_actions", "_declared", "_finder", "_is_strict", "_kinds", "_spared")

    def __init__(
        self,
        finder: LeakFinder,
        settings: Mapping[str, LeakAction],
        declared: frozenset[str] = frozenset(),
    ) -> None:
        """
        Args:
            finder: of all kinds.
            settings: what differs from the defaults, and places to be spared.
            declared: the media types that the contract names.
        """
        self._declared = declared
        self._finder = finder
        kinds = {kind: action for kind, action in settings.items() if kind[:1] != "/"}
        self._actions = {**DEFAULT_ACTIONS, **kinds}
        self._kinds = frozenset(kind for kind, act in self._actions.items() if act != "off")
        self._is_strict = not {"mask", "block"}.isdisjoint(self._actions.values())
        self._spared = tuple(pointer_steps(pointer) for pointer in settings if pointer[:1] == "/")

    def judge(self, head: AnswerHead) -> Ruling:
        """Text is read, as much of it as can be held; fields with what must not go out go."""
        notes, without = self._in_fields(head)
        return self._of_body(head)._replace(without=without, field_notes=notes)

    def _in_fields(self, head: AnswerHead) -> tuple[tuple[str, ...], frozenset[bytes]]:
        texts = [line for line in head.fields if line[0] not in _NO_TEXT]
        if not texts or not self._wakes(b"\n".join([b"%b\n%b" % line for line in texts])):
            return (), frozenset()
        notes: dict[str, None] = {}
        gone = set()
        budget = Budget(_MOST_JUDGED)
        for name, value in texts:
            said = name.decode("latin-1")
            is_failure = head.status >= 400 or _FAILURE.search(said) is not None
            for each, action in self.find(
                value.decode("utf-8", "replace"), said, budget, is_failure=is_failure
            ):
                notes[f"leak.{each.leak.kind}"] = None
                # What is masked in a field is of no use to its readers.
                if action != "alert":
                    gone.add(name)
        return tuple(notes), frozenset(gone)

    def _of_body(self, head: AnswerHead) -> Ruling:
        media_type = head.media_type
        kind = kind_of_answer(media_type, self._declared)
        must_undo = kind == "text" and self._is_strict
        if head.status == _PARTIAL and self._is_strict:
            # SECURITY: whoever asks for a text in parts would get whole what is looked for in it.
            is_parts = media_type is not None and media_type.essence == _PARTS
            must_read = kind == "text" or is_parts
            return Ruling(reads=must_read or kind == "opaque", must_read=must_read)
        return Ruling(reads=kind != "file", must_undo=must_undo)

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Mask or tell what is found.

        Raises:
            Denied: something was found that must not go out.
        """
        content = body.content
        kind = kind_of_answer(body.media_type, self._declared)
        if kind == "file":
            return
        if body.status == _PARTIAL and self._is_strict and looks_like_text(content):
            raise withheld("answers.partial")
        is_json = body.is_whole and body.is_json
        if is_json and (b"\\" in content or self._wakes(content)):
            # Escapes hide from a scan of the bytes what they spell.
            if self._json(exchange, body):
                return
        elif self._wakes(content):
            self._text(exchange, body)
        self._others(exchange, body)

    def _wakes(self, content: bytes) -> bool:
        woken = self._finder.scan(content)
        return bool(woken) and not self._kinds.isdisjoint(self._finder.kinds(woken))

    def _json(self, exchange: Exchange, body: AnswerBody) -> bool:
        """Judge a JSON text value by value; False where it cannot be read as one."""
        content = body.content
        value = body.value
        if value is UNREAD:
            try:
                value = read_grammar(content, _LIMITS)
            except MalformedJSON:
                self._text(exchange, body)
                return False
        walk = _Walk(self, exchange, body.status)
        exact = read_verbatim(content, value)
        left = walk.value(exact, "")
        self._finish(exchange, walk)
        # SECURITY: of a name that occurs twice, a reader may take the one that nobody judged.
        if left is not exact or not has_one_reading(value, content):
            body.content = write_json(left)
            body.value = orjson.loads(body.content)
        return True

    def _text(self, exchange: Exchange, body: AnswerBody) -> None:
        text = body.content.decode("utf-8", "surrogateescape")
        walk = _Walk(self, exchange, body.status)
        left = walk.text(text, "", text)
        self._finish(exchange, walk, must_end=looks_like_text(body.content))
        if left is not text and body.is_whole:
            body.content = left.encode("utf-8", "surrogateescape")

    def _others(self, exchange: Exchange, body: AnswerBody) -> None:
        """What the bytes say to who reads them otherwise; where it must be masked, it cannot be."""
        for text in other_readings(body.content, None if body.is_record else body.media_type):
            if not self._wakes(text.encode()):
                continue
            walk = _Walk(self, exchange, body.status, is_told=True)
            if walk.text(text, "", text) is not text:
                raise withheld("leak.hidden")
            self._finish(exchange, walk)

    def _finish(self, exchange: Exchange, walk: _Walk, *, must_end: bool = True) -> None:
        if walk.budget.left < 0:
            if self._is_strict and must_end:
                raise withheld("leak.too-many")
            exchange.notes.append("leak.too-many")

    def find(
        self, text: str, name: str, budget: Budget, *, is_failure: bool
    ) -> list[tuple[Found, LeakAction]]:
        """What is in a text and what is to be done about it."""
        found: list[tuple[Found, LeakAction]] = []
        for each in self._finder.find(text, name, self._kinds, budget):
            kind = each.leak.kind
            action = self._actions[kind]
            if kind in _OF_FAILURE and not is_failure:
                action = "off" if kind == "internal" or action == "off" else "alert"
            if action != "off":
                found.append((each, action))
        return found

    def is_spared(self, path: list[str | int]) -> bool:
        """Whether the policy says that a place may hold anything."""
        return any(
            len(place) <= len(path)
            and all(step in ("*", str(at)) for step, at in zip(place, path, strict=False))
            for place in self._spared
        )


class _Walk:
    """One pass over the texts of one answer."""

    __slots__ = ("_exchange", "_is_failure", "_is_told", "_path", "_screen", "budget")

    def __init__(
        self, screen: LeakScreen, exchange: Exchange, status: int, *, is_told: bool = False
    ) -> None:
        self._screen = screen
        self._is_told = is_told
        self._exchange = exchange
        self._is_failure = status >= 400
        self._path: list[str | int] = []
        self.budget = Budget(_MOST_JUDGED)

    def value(self, value: Any, name: str) -> Any:
        """What goes out in place of a value: itself where nothing is masked."""
        kind = type(value)
        if kind is str:
            return self.text(value, name, value) if len(value) >= _SHORTEST else value
        if kind is dict:
            return self._object(value)
        if kind is list:
            return self._array(value, name)
        if kind is int and not -9_999_999 <= value <= 9_999_999:
            return self.text(str(value), name, value)
        if kind is Spelled:
            return self.text(str(value), name, value)
        return value

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        left = value
        is_failure = self._is_failure
        for name, child in value.items():
            self._path.append(name)
            said = name[-_LONGEST_NAME:].lower()
            if type(child) is dict or type(child) is list:
                # What an error consists of says how the program failed, however it is called.
                self._is_failure = is_failure or _FAILURE.search(said) is not None
            kept = self.value(child, said)
            self._is_failure = is_failure
            if kept is not child:
                left = dict(left) if left is value else left
                left[name] = kept
            if len(name) >= _SHORTEST and self.text(name, "", None) is not None:
                # A name cannot be masked without making another property of it.
                raise withheld("leak.in-name")
            self._path.pop()
        return left

    def _array(self, value: list[Any], name: str) -> list[Any]:
        left = value
        for index, child in enumerate(value):
            self._path.append(index)
            kept = self.value(child, name)
            if kept is not child:
                left = list(left) if left is value else left
                left[index] = kept
            self._path.pop()
        return left

    def text(self, text: str, name: str, original: Any) -> Any:
        """What goes out in place of `original`, which `text` spells."""
        is_failure = self._is_failure or bool(name and _FAILURE.search(name))
        found = self._screen.find(text, name, self.budget, is_failure=is_failure)
        if not found or self._screen.is_spared(self._path):
            return original
        pieces: list[str] = []
        position = 0
        for each, action in found:
            self._tell(each, text)
            if action == "block":
                raise withheld(f"leak.{each.leak.kind}")
            if action == "mask":
                pieces += (text[position : each.start], each.leak.mask(text[each.start : each.end]))
                position = each.end
        masked = "".join((*pieces, text[position:]))
        return original if masked == text else masked

    def _tell(self, found: Found, text: str) -> None:
        exchange, leak = self._exchange, found.leak
        note = f"leak.{leak.kind}"
        if note not in exchange.notes:
            exchange.notes.append(note)
        elif self._is_told:
            return  # The same as it was found in the bytes, most likely.
        if len(exchange.findings) < _MOST_FINDINGS:
            piece = text[found.start : found.end]
            # SECURITY: a record must not hold what an answer may not (B-326).
            shown = piece if leak.kind in _OF_FAILURE else leak.mask(piece)
            exchange.findings.append(
                Finding(
                    "leak",
                    found.rule,
                    10,
                    "answer",
                    json_pointer(self._path),
                    shown[:_LONGEST_EVIDENCE],
                    (),
                    is_name=False,
                )
            )


class LeaksFilter:
    """Attaches the search for leaks."""

    name: ClassVar[str] = "leaks"
    phase: ClassVar[Phase] = Phase.SCREEN

    def __init__(self, finder: LeakFinder) -> None:
        """
        Args:
            finder: of all kinds.
        """
        self._finder = finder

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile the operation's actions; None where the policy switches them off."""
        leaks = settings.leaks
        if leaks == "off":
            return None
        contents = operation.answers.contents()
        declared = frozenset(essence for content in contents for essence in content)
        return Attachment(
            summary=f"{len(leaks)} changed" if leaks else "default",
            body_screen=LeakScreen(self._finder, leaks, declared),
            withholds=_withheld(declared),
        )


def _withheld(declared: frozenset[str]) -> frozenset[bytes]:
    """What an upstream must not be asked for: texts in a form that cannot be read here."""
    kinds = {
        "opaque" if "*" in essence else kind_of_answer(MediaType(essence), declared)
        for essence in declared
    }
    if kinds == {"file"}:
        return frozenset()
    if kinds == {"text"}:
        return frozenset((b"accept-encoding", b"range", b"if-range"))
    return frozenset((b"accept-encoding",))
