"""Property rights (AZ-6, API3): which roles may read and write which property.

Two attachments of one key of the policy file, `properties`: what a request may write is decided
before the API hears of it (B-252), what an answer may show on its way out (B-251).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Protocol

from vallum.authz.roles import RoleTable
from vallum.core.fields import FieldLine
from vallum.core.problems import Denied, Violation
from vallum.engine.exchange import Exchange
from vallum.engine.filter import Answer, AnswerBody, AnswerHead, Attachment, Ruling, withheld
from vallum.engine.phases import Phase
from vallum.inspection.leaks.model import mask_all, mask_but_last_four, mask_email
from vallum.openapi.answers import AnswerSchema, Content, declared_type
from vallum.openapi.bodies import kind_of
from vallum.openapi.model import UNREAD, Operation
from vallum.openapi.rights import (
    Mask,
    Right,
    Rights,
    below,
    below_any_case,
    rights_of_places,
)
from vallum.wire.json import MalformedJSON, parse_json, read_grammar
from vallum.wire.json_exact import JSONLimits
from vallum.wire.json_rewrite import has_one_reading, read_verbatim, write_json
from vallum.wire.media_type import MediaType, best_range, parse_media_type
from vallum.wire.pointer import json_pointer, pointer_steps
from vallum.wire.records import format_of, is_word
from vallum.wire.spelled import place_in, places_of_field

_LIMITS: Final = JSONLimits(depth=64)
_NOBODY: Final[frozenset[str]] = frozenset()
_MASKS: Final[Mapping[Mask, Callable[[str], str]]] = {
    "full": mask_all,
    "last4": mask_but_last_four,
    "email": mask_email,
}
_PATCH: Final = "application/json-patch+json"
_INDEX: Final = re.compile(r"-|0|[1-9][0-9]*")
_MOST_STEPS: Final = 100
"""To a place that something may hold for: more than anybody nests."""
_GONE: Final = object()
_Seen = set[tuple[int, frozenset[int]]]
"""Values, and what was asked to hold for them."""
_BYTES: Final = "application/octet-stream"
_FILES: Final = re.compile(
    r"(?:image|audio|video|font)/.+|application/(?:pdf|zip|gzip|octet-stream)"
)
"""Types of answers without properties."""

_FOR_ALL: Final = re.compile(rb"(?i:public|s-maxage *=.*)")
_FOR_OTHER_CACHES: Final = re.compile(rb"(?:[a-z-]+-cache|surrogate|edge)-control")
"""RFC 9213 §2, and what was there before it."""

Places = Mapping[str, Right]
"""By JSON Pointer; `*` is any name or index."""


class Settings(Protocol):
    """What this control reads of an operation's settings."""

    @property
    def properties(self) -> Places:
        """Rights beside those of the contract."""
        ...


class PropertyScreen:
    """Takes out of answers, or masks, what the caller may not read."""

    __slots__ = ("_answers", "_every", "_own", "_table")

    def __init__(self, operation: Operation, own: Rights | None, table: RoleTable) -> None:
        """
        Args:
            operation: with what its contract says.
            own: what the policy says.
            table: the policy's roles.
        """
        self._answers = operation.answers
        self._own = [] if own is None else [own]
        contents = self._answers.contents()
        self._every = _limiting(
            self._own + _rights_of(schema for each in contents for schema in each.values())
        )
        self._table = table

    @property
    def count(self) -> int:
        """How many rights limit who may read."""
        return sum(_limits_reading(right) for right in _all(self._every))

    def judge(self, head: AnswerHead) -> Ruling:
        """Every answer that has such properties must be read."""
        reads = bool(self._rights(head.status, head.media_type))
        return Ruling(reads=reads, must_read=reads)

    def screen(self, exchange: Exchange, body: AnswerBody) -> None:
        """Take out what the caller may not read.

        Raises:
            Denied: the answer cannot be read.
        """
        rights = self._rights(body.status, body.media_type)
        if not rights:
            return
        if body.is_record and is_word(body.content):
            return
        if not body.is_json:
            self._judge_form(exchange, body, rights)
            return
        content, value = body.content, body.value
        if value is UNREAD:
            try:
                value = read_grammar(content, _LIMITS)
            except MalformedJSON:
                if body.is_record and self._sees_all(exchange, rights):
                    return
                raise withheld("properties.json") from None
        schema = None if body.is_record else self._schema(body.status, body.media_type)
        if schema is not None and schema.fits(value):
            rights = self._own + _rights_of([schema])
        exact = read_verbatim(content, value)
        left = _shown(exact, rights, self._held(exchange))
        if left is _GONE:
            raise withheld("properties.read")
        # SECURITY: of a name that occurs twice, a reader may take the one that nobody judged.
        if left is not exact or not has_one_reading(value, content):
            body.content = write_json(left)
            body.value = read_grammar(body.content, _LIMITS)

    def _judge_form(self, exchange: Exchange, body: AnswerBody, rights: list[Rights]) -> None:
        """What has properties, and is not written as JSON, is for those who may see all of it."""
        if self._sees_all(exchange, rights):
            return
        if body.status // 100 != 3:
            raise withheld("properties.media-type")
        # A redirect's page is for nobody: the fields say all.
        exchange.notes.append("properties.media-type")
        body.content = b""

    def _sees_all(self, exchange: Exchange, rights: list[Rights]) -> bool:
        held = self._held(exchange)
        return all(_may_see(right, held) for each in rights for right in each.every())

    def _held(self, exchange: Exchange) -> frozenset[str]:
        principal = exchange.principal
        return _NOBODY if principal is None else self._table.grants(principal.roles).roles

    def _rights(self, status: int, media_type: MediaType | None) -> list[Rights]:
        """What may hold for such an answer; empty where everybody may see all of it."""
        if media_type is None or media_type.is_json:
            # SECURITY: what is not as it is declared may be any of what is: the same object with
            # another status, or under another name.
            return self._every
        content = self._content(status)
        essence = declared_type(content, media_type)
        if _FILES.fullmatch(media_type.essence) and not _is_any(media_type, essence):
            return []
        if essence is None:
            found = self._every
        elif status < 300:
            # SECURITY: the same in another form, which a client may ask for, holds the same.
            found = self._own + _rights_of(content.values())
        else:
            found = _rights_of([content[essence]])
        if format_of(media_type) is not None:
            # A record may be what the contract describes, or an item of it.
            found = found + [item for each in found for item in each.others]
        return _limiting(found)

    def _schema(self, status: int, media_type: MediaType | None) -> AnswerSchema | None:
        """What the contract says of such JSON."""
        if media_type is None:
            return None
        content = self._content(status)
        essence = declared_type(content, media_type)
        return None if essence is None else content[essence]

    def _content(self, status: int) -> Content:
        content = self._answers.of(status)
        if content is None and status < 300:
            content = self._answers.success()
        return content or {}


def _is_any(media_type: MediaType, declared: str | None) -> bool:
    """Whether a type says no more than that there are bytes, and the contract does not name it."""
    return media_type.essence == _BYTES and declared != _BYTES


def _limiting(every: Iterable[Rights]) -> list[Rights]:
    return [each for each in every if any(map(_limits_reading, each.every()))]


def _rights_of(schemas: Iterable[AnswerSchema | None]) -> list[Rights]:
    rights = [each.rights for each in schemas if each is not None and each.rights is not None]
    return list({id(each): each for each in rights}.values())


def _may_see(right: Right, held: frozenset[str]) -> bool:
    return not _limits_reading(right) or (
        right.read is not None and not right.read.isdisjoint(held)
    )


def _shown(value: Any, rights: Iterable[Rights], held: frozenset[str]) -> Any:
    """What of a value its reader may see: itself, another, or `_GONE`."""
    for each in rights:
        for right in each.own:
            if _may_see(right, held):
                continue
            if right.mask is None or isinstance(value, dict | list):
                return _GONE
            return None if value is None else _MASKS[right.mask](str(value))
    if type(value) is dict:
        return _shown_object(value, rights, held)
    return _shown_array(value, rights, held) if type(value) is list else value


def _shown_object(value: dict[str, Any], rights: Iterable[Rights], held: frozenset[str]) -> Any:
    left = value
    for name, child in value.items():
        inner = below(rights, name)
        kept = _shown(child, inner, held) if inner else child
        if kept is child:
            continue
        left = dict(left) if left is value else left
        if kept is _GONE:
            del left[name]
        else:
            left[name] = kept
    return left


def _shown_array(value: list[Any], rights: Iterable[Rights], held: frozenset[str]) -> Any:
    kept = []
    for index, child in enumerate(value):
        inner = below(rights, str(index))
        kept.append(_shown(child, inner, held) if inner else child)
    if all(one is other for one, other in zip(kept, value, strict=True)):
        return value
    return [child for child in kept if child is not _GONE]


def _keep_private(exchange: Exchange, answer: Answer) -> None:
    """What one caller may see is kept for nobody else, whatever the API says of its answers."""
    fields: list[FieldLine] = []
    for name, value in answer.fields:
        if name == b"cache-control":
            said = [each.strip() for each in value.split(b",")]
            left = [each for each in said if not _FOR_ALL.fullmatch(each)]
            # RFC 9111 §5.2.2.7: not for shared caches.
            fields.append((name, b", ".join([*filter(None, left), b"private"])))
        elif not _FOR_OTHER_CACHES.fullmatch(name):
            fields.append((name, value))
    answer.fields = fields


class ReadProperties:
    """Attaches the screen of what may be read."""

    name: ClassVar[str] = "properties"
    phase: ClassVar[Phase] = Phase.SCREEN

    def __init__(self, table: RoleTable) -> None:
        """
        Args:
            table: the policy's roles.
        """
        self._table = table

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile what may be read; None where everything may."""
        own = _own(settings.properties)
        screen = PropertyScreen(operation, own, self._table)
        if not screen.count:
            return None
        return Attachment(
            summary=f"{screen.count} to read",
            screen=_keep_private,
            body_screen=screen,
            withholds=frozenset((b"accept-encoding", b"range", b"if-range")),
        )


def has_unreadable_forms(operation: Operation, places: Places) -> bool:
    """Whether some declared success is for those alone who may see all of it."""
    answers = operation.answers
    if not PropertyScreen(operation, _own(places), RoleTable({})).count:
        return False
    contents = [content for status, content in answers.by_status.items() if status < 300]
    contents += [answers.by_class[2]] if 2 in answers.by_class else []
    types = [MediaType(essence) for each in contents for essence in each if "*" not in essence]
    return any(
        not (each.is_json or format_of(each) or _FILES.fullmatch(each.essence)) for each in types
    )


class WriteProperties:
    """Refuses requests that write what the caller may not write."""

    name: ClassVar[str] = "properties_write"
    phase: ClassVar[Phase] = Phase.OWN

    def __init__(self, table: RoleTable) -> None:
        """
        Args:
            table: the policy's roles.
        """
        self._table = table

    def attach(self, operation: Operation, settings: Settings) -> Attachment | None:
        """Compile what may be written; None where everything may."""
        own = _own(settings.properties)
        every = [own, *operation.body_rights.values()]
        count = sum(right.write is not None for right in _all(every))
        if not count:
            return None
        return Attachment(
            summary=f"{count} to write",
            check=_write_check(operation, own, self._table),
            explain=lambda _: "every property that is sent may be written",
            needs_body=True,
        )


def _write_check(
    operation: Operation, own: Rights | None, table: RoleTable
) -> Callable[[Exchange], None]:
    declared = operation.body_rights

    def check(exchange: Exchange) -> None:
        if not exchange.body:
            return
        media_type = _media_type(exchange)
        rights = [] if own is None else [own]
        covering = best_range(media_type, declared)
        if media_type.essence == _PATCH or best_range(media_type, operation.bodies) is None:
            # A patch is no document of its own: what it names is the resource's. What nobody has
            # declared, and `validate` lets pass, an upstream may read as anything that is.
            rights += declared.values()
        elif covering is not None:
            rights.append(declared[covering])
        if not rights:
            return
        principal = exchange.principal
        held = _NOBODY if principal is None else table.grants(principal.roles).roles
        value = _value(exchange, media_type)
        if media_type.essence == _PATCH:
            refused = _patched(value, rights, held)
        else:
            refused = _written(value, rights, held, ())
            if refused is None and kind_of(media_type) in ("form", "multipart"):
                refused = _spelled(value, rights, held)
        if refused is not None:
            detail = "the caller may not write this"
            raise Denied(
                "forbidden",
                "properties.write",
                violations=[Violation("body", json_pointer(refused), "forbidden", detail)],
            )

    return check


def _media_type(exchange: Exchange) -> MediaType:
    try:
        return parse_media_type(exchange.request.fields.get(b"content-type") or b"")
    except ValueError:
        raise Denied("unsupported-media-type", "properties.media-type") from None


def _value(exchange: Exchange, media_type: MediaType) -> Any:
    """What the body says.

    Raises:
        Denied: nobody has read it, and it cannot be read here.
    """
    if exchange.value is not UNREAD:
        return exchange.value
    try:
        if media_type.is_json:
            return parse_json(exchange.body)
    except MalformedJSON:
        pass
    raise Denied("forbidden", "properties.unreadable")


def _written(
    value: Any,
    rights: list[Rights],
    held: frozenset[str],
    path: tuple[str, ...],
    seen: _Seen | None = None,
) -> tuple[str, ...] | None:
    """The place of the first thing in a value that its sender may not write."""
    for each in rights:
        for right in each.own:
            if right.write is not None and right.write.isdisjoint(held):
                return path
    seen = set() if seen is None else seen
    if isinstance(value, dict):
        return _members_written(value, rights, held, path, seen)
    for index, child in enumerate(value if isinstance(value, list) else ()):
        inner = below_any_case(rights, str(index))
        refused = _written(child, inner, held, (*path, str(index)), seen) if inner else None
        if refused is not None:
            return refused
    return None


def _members_written(
    value: dict[str, Any],
    rights: list[Rights],
    held: frozenset[str],
    path: tuple[str, ...],
    seen: _Seen,
) -> tuple[str, ...] | None:
    for name, child in value.items():
        # `@role` is an attribute of XML that nobody declared: a property to many readers.
        names = (name, name[1:]) if name[:1] == "@" else (name,)
        inner = below_any_case(rights, *names)
        # `{"owner.role": …}`: what goes on into a database's update may be a place there.
        place = None if _is_declared(name, rights) else place_in(name)
        if place is None:
            refused = _written(child, inner, held, (*path, name), seen) if inner else None
        else:
            found = _at_place(rights, place, held)
            if found is None:
                return (*path, name)
            refused = _written_as(child, (inner, found), held, (*path, name), seen)
        if refused is not None:
            return refused
    return None


def _written_as(
    value: Any,
    readings: Iterable[list[Rights]],
    held: frozenset[str],
    path: tuple[str, ...],
    seen: _Seen,
) -> tuple[str, ...] | None:
    """As `_written`, for a value that may be several things."""
    for rights in readings:
        # SECURITY: each once, or every level of such names would double what there is to look at.
        key = (id(value), frozenset(map(id, rights)))
        if rights and key not in seen:
            seen.add(key)
            refused = _written(value, rights, held, path, seen)
            if refused is not None:
                return refused
    return None


def _spelled(form: Any, rights: list[Rights], held: frozenset[str]) -> tuple[str, ...] | None:
    """The first field of a form whose name spells a guarded place: `owner[role]`, `role[]`."""
    for name in form if isinstance(form, dict) else ():
        # What is declared is what it says, but for a name that is a place to most readers.
        for steps in places_of_field(name, is_declared=_is_declared(name, rights)):
            found = _at_place(rights, steps, held)
            if found is None or _hides(found, held):
                return (name,)
    return None


def _is_declared(name: str, rights: list[Rights]) -> bool:
    return any(name in each.names for each in rights)


def _patched(patch: Any, rights: list[Rights], held: frozenset[str]) -> tuple[str, ...] | None:
    """The place of the first operation of a JSON Patch (RFC 6902) that writes what it may not."""
    for index, said in enumerate(patch if isinstance(patch, list) else [patch]):
        if not isinstance(said, dict):
            return (str(index),)
        # Some readers do not mind case, here as in a resource.
        change = {name.casefold(): value for name, value in said.items()}
        if len(change) < len(said):
            return (str(index),)
        kind = change.get("op")
        if kind == "test":
            continue
        for key in ("path", "from"):
            pointer = change.get(key)
            # Copying reads its source; everything else removes or replaces it.
            if key == "from" and (pointer is None or kind == "copy"):
                continue
            # RFC 6901 §3: a pointer is empty or begins with `/`, which some readers add.
            if not isinstance(pointer, str) or pointer[:1] not in ("", "/"):
                return (str(index), key)
            steps = pointer_steps(pointer)
            found = _at_place(rights, steps, held)
            if found is None:
                return (str(index), key)
            # RFC 6902 §4.1: what is added to an array is a new item; what is added to an object
            # takes the place of what has that name.
            is_item = kind == "add" and _INDEX.fullmatch(steps[-1] if steps else "") is not None
            if is_item and not _is_map(_at_place(rights, steps[:-1], held)):
                if _written(change.get("value"), found, held, ()) is not None:
                    return (str(index), key)
            elif _hides(found, held):  # What is moved, removed or replaced goes with all in it.
                return (str(index), key)
    return None


def _is_map(rights: list[Rights] | None) -> bool:
    return rights is not None and any(each.is_map or each.names for each in rights)


def _at_place(
    rights: list[Rights], steps: Iterable[str], held: frozenset[str]
) -> list[Rights] | None:
    """What holds at the end of these steps; None where one on the way may not be written."""
    for count, name in enumerate(steps):
        if not rights:
            return rights
        if count == _MOST_STEPS:
            return None
        inner = below_any_case(rights, name)
        # `[]` is an item where there are items; in what has names it is nothing to many readers.
        rights = inner if name else inner + [each for each in rights if each.names]
        if _written(None, rights, held, ()) is not None:
            return None
    return rights


def _hides(rights: list[Rights], held: frozenset[str]) -> bool:
    """Whether something at or below a place may not be written."""
    return any(each.isdisjoint(held) for found in rights for each in found.writers())


def _own(places: Places) -> Rights | None:
    if not places:
        return None
    return rights_of_places((pointer_steps(pointer), right) for pointer, right in places.items())


def _all(every: Iterable[Rights | None]) -> list[Right]:
    return [right for rights in every if rights is not None for right in rights.every()]


def _limits_reading(right: Right) -> bool:
    return right.read is not None or right.mask is not None
