"""The contract of answers (IV-9, B-251, B-295): what it does not declare does not go out.

Types are taken from the contract's list. JSON is pruned to what its schema declares, or withheld,
as the policy says; whatever else breaks the contract is told in the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, Protocol

import orjson

from vallum.engine.exchange import Exchange
from vallum.engine.filter import AnswerBody, AnswerHead, Attachment, Ruling, withheld
from vallum.engine.phases import Phase
from vallum.inspection.model import Finding
from vallum.openapi.answers import AnswerContract, AnswerSchema, Content, declared_type
from vallum.openapi.model import Operation
from vallum.wire.json import MalformedJSON, read_grammar
from vallum.wire.json_exact import JSONLimits
from vallum.wire.json_rewrite import has_one_reading, read_verbatim, write_json
from vallum.wire.media_type import MediaType
from vallum.wire.records import is_word

AnswerMode = Literal["drop", "block", "monitor", "off"]

_LIMITS: Final = JSONLimits(depth=64)
_MOST_REMEMBERED: Final = 64
_MOST_FINDINGS: Final = 20
_DISPOSITION: Final = b"content-disposition"
"""RFC 6266: how an answer is to be shown."""
_ATTACHMENT: Final = _DISPOSITION + b": attachment\r\n"
_SCRIPTS: Final = frozenset(
    f"{kind}/{name}"
    for kind in ("text", "application")
    for name in ("javascript", "x-javascript", "ecmascript", "jscript")
)
_ACTIVE: Final = _SCRIPTS | {
    "text/html",
    "application/xhtml+xml",
    "image/svg+xml",
    "text/xml",
    "application/xml",
    "text/xsl",
    "application/xslt+xml",
    "text/css",
    "application/x-shockwave-flash",
}
"""Types that a browser runs, or styles a page with: never without being declared (B-295)."""
_SHOWN: Final = re.compile(
    r"text/.+|.+[/+]json|.+json-seq|.+ndjson|.+jsonl|.+[/+]xml|multipart/.+|audio/.+|video/.+"
    r"|image/(?:png|jpeg|gif|webp|avif|bmp|tiff|x-icon|vnd\.microsoft\.icon)"
    r"|application/(?:x-www-form-urlencoded|yaml|x-yaml|grpc.*|.*javascript|.*protobuf|cbor)"
)
"""Types that programs read or browsers show as they are; all others are files to be saved."""
_CALL: Final = re.compile(rb"\s*(?:/\*\*/)?\s*[\w$.\[\]'\"]{1,200}\s*\(")


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def answers(self) -> AnswerMode:
        """Take out what is undeclared, withhold the whole answer, only note, or do nothing."""
        ...


@dataclass(frozen=True, slots=True)
class _Decision:
    """What becomes of answers of one status and type."""

    ruling: Ruling
    schema: AnswerSchema | None = None
    is_empty: bool = False
    """Whether the head goes out without the body."""
    is_script: bool = False


class AnswerContractScreen:
    """Judges the answers of one operation."""

    __slots__ = ("_contract", "_decisions", "_is_silent", "_mode")

    def __init__(self, contract: AnswerContract, mode: AnswerMode) -> None:
        """
        Args:
            contract: what the operation declares.
            mode: any but `off`.
        """
        self._contract = contract
        self._mode = mode
        self._is_silent = not any(contract.contents())
        self._decisions: dict[tuple[int, str], _Decision] = {}

    def judge(self, head: AnswerHead) -> Ruling:
        """Whether such an answer is declared, and whether its body must be read."""
        ruling = self._decide(head.status, head.media_type).ruling
        if ruling.fields and any(name == _DISPOSITION for name, _ in head.fields):
            return ruling._replace(fields=b"")
        return ruling

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Prune or judge a body.

        Raises:
            Denied: it breaks the contract in a way that the policy does not let pass.
        """
        decision = self._decide(body.status, body.media_type)
        if decision.is_empty:
            body.content = b""
        elif decision.is_script:
            self._refuse_jsonp(exchange, body)
        elif body.is_record and is_word(body.content):
            return
        elif decision.schema is not None and body.is_whole:
            self._judge_json(exchange, body, decision.schema)

    # --- heads -----------------------------------------------------------------------------------

    def _decide(self, status: int, media_type: MediaType | None) -> _Decision:
        key = (status, "" if media_type is None else media_type.essence)
        known = self._decisions.get(key)
        if known is None:
            known = self._make_decision(status, media_type)
            if len(self._decisions) < _MOST_REMEMBERED:
                self._decisions[key] = known
        return known

    def _make_decision(self, status: int, media_type: MediaType | None) -> _Decision:
        content = self._contract.of(status)
        notes: tuple[str, ...] = ()
        if content is None and not self._is_silent and status // 100 != 3:
            if self._mode == "block":
                return _Decision(Ruling(withhold="answers.undeclared-status"))
            notes = ("answers.undeclared-status",)
        if content is None and status < 300:
            # A success that is not declared tells no more than the one that is.
            content = self._contract.success()
        if not content:
            if media_type is not None and media_type.essence in _ACTIVE:
                return self._wrong_type(status, "answers.media-type", notes)
            return _Decision(Ruling(notes=notes))
        if media_type is None:
            return self._wrong_type(status, "answers.no-media-type", notes)
        declared = declared_type(content, media_type)
        if declared is None or ("*" in declared and _is_beyond(media_type, content[declared])):
            return self._wrong_type(status, "answers.media-type", notes)
        schema = content[declared]
        if schema is not None and not media_type.is_json and schema.record is None:
            schema = None  # Neither JSON nor a stream whose records the contract knows.
        is_script = media_type.essence in _SCRIPTS
        reads = schema is not None or is_script
        return _Decision(
            Ruling(
                reads=reads,
                must_read=reads and self._mode != "monitor",
                fields=b"" if _SHOWN.fullmatch(media_type.essence) else _ATTACHMENT,
                notes=notes,
            ),
            schema=schema,
            is_script=is_script,
        )

    def _wrong_type(self, status: int, reason: str, notes: tuple[str, ...]) -> _Decision:
        if self._mode == "monitor":
            return _Decision(Ruling(notes=(*notes, reason)))
        if status // 100 == 3:
            # A redirect's page is for nobody: the fields say all.
            return _Decision(
                Ruling(reads=True, must_read=True, notes=(*notes, reason)), is_empty=True
            )
        return _Decision(Ruling(withhold=reason, notes=notes))

    # --- bodies ----------------------------------------------------------------------------------

    def _refuse_jsonp(self, exchange: Exchange, body: AnswerBody) -> None:
        """B-295: data in a call is for every page that names a function."""
        content = body.content
        match = _CALL.match(content)
        if match is None:
            return
        data = content[match.end() : content.rfind(b")")]
        try:
            orjson.loads(data)
        except orjson.JSONDecodeError:
            return
        self._refuse(exchange, "answers.jsonp")

    def _judge_json(self, exchange: Exchange, body: AnswerBody, schema: AnswerSchema) -> None:
        content = body.content
        try:
            value = body.value = read_grammar(content, _LIMITS)
        except MalformedJSON as error:
            self._refuse(exchange, f"answers.json-{error.code}")
            return
        if body.is_record:
            schema = _of_record(schema, value)
        if schema.fits(value):
            if not has_one_reading(value, content):
                body.content = write_json(read_verbatim(content, value))
            return
        exact = read_verbatim(content, value)
        left, dropped = schema.prune(exact)
        if dropped:
            _note(exchange, [(drop.code, drop.pointer) for drop in dropped])
            if self._mode == "block" or (self._mode == "drop" and not dropped[-1].pointer):
                raise withheld(f"answers.{dropped[0].code}")
            value = left if exact is value else orjson.loads(write_json(left))
        self._judge_rest(exchange, schema, value)
        if self._mode == "drop":
            body.value = value
            body.content = write_json(left)

    def _judge_rest(self, exchange: Exchange, schema: AnswerSchema, value: Any) -> None:
        """What breaks the contract besides undeclared parts."""
        if schema.fits(value):
            return
        found = schema.violations(value)
        _note(exchange, [(violation.code, violation.pointer) for violation in found])
        if self._mode == "block":
            raise withheld(f"answers.{found[0].code}")

    def _refuse(self, exchange: Exchange, reason: str) -> None:
        if self._mode != "monitor":
            raise withheld(reason)
        exchange.notes.append(reason)


def _of_record(schema: AnswerSchema, value: Any) -> AnswerSchema:
    """What a record is judged by: one that is an array may be several at once."""
    record = schema.record
    if record is None or (type(value) is list and "array" not in record.types):
        return schema
    return record


def _is_beyond(media_type: MediaType, schema: AnswerSchema | None) -> bool:
    """Whether a type is not meant by a range, though it is in it."""
    if media_type.essence in _ACTIVE:
        return True
    # SECURITY: an object that a client asks for as YAML, CBOR or CSV is pruned by nobody.
    return schema is not None and schema.has_parts and not media_type.is_json


def _note(exchange: Exchange, found: Iterable[tuple[str, str]]) -> None:
    """Tell the record what was found, and where; never a value."""
    for code, pointer in found:
        rule = f"answers.{code}"
        if rule not in exchange.notes:
            exchange.notes.append(rule)
        if len(exchange.findings) < _MOST_FINDINGS:
            exchange.findings.append(
                Finding("answers", rule, 5, "answer", pointer, "", (), is_name=False)
            )


class AnswersFilter:
    """Attaches the contract of answers."""

    name: ClassVar[str] = "answers"
    phase: ClassVar[Phase] = Phase.SCREEN

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile the operation's answers; None where the policy switches them off."""
        mode = settings.answers
        if mode == "off":
            return None
        contract = operation.answers
        contents = contract.contents()
        parts = {"drop": "contract", "block": "contract or nothing", "monitor": "monitor only"}
        return Attachment(
            summary=parts[mode],
            body_screen=AnswerContractScreen(contract, mode),
            # A part of a file is a file; a part of a JSON text is nothing.
            withholds=_withheld(contents),
        )


def _withheld(contents: Iterable[Content]) -> frozenset[bytes]:
    """What an upstream must not be asked for: answers in a form that cannot be read here."""
    declared = [pair for content in contents for pair in content.items()]
    if all(schema is None for _, schema in declared):
        return frozenset()
    if all("*" not in essence and MediaType(essence).is_json for essence, _ in declared):
        # A part of a file is a file; a part of a JSON text is nothing.
        return frozenset((b"accept-encoding", b"range", b"if-range"))
    return frozenset((b"accept-encoding",))
