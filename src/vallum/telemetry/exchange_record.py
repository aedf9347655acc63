"""One exchange as one line of JSON (MO-2).

What is recorded is listed here, field by field; nothing else of a message ever gets into a record,
so that no secret does (B-326). Lines are ASCII without control characters: whatever a client sends,
it can neither begin a line of its own nor reach a terminal (B-324), and no text is ever a format
(B-325).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from json.encoder import encode_basestring_ascii
from typing import Protocol, TypeVar

LONGEST_PATH = 1024
LONGEST_USER_AGENT = 256
LONGEST_TEXT = 512
MOST_QUERY_NAMES = 32
LONGEST_QUERY_NAME = 64
MOST_NOTES = 16
MOST_FINDINGS = 16
LONGEST_EVIDENCE = 160
_MOST_REMEMBERED = 4096

Scene = tuple[str, str, str, str]
"""Where: API name, operation id, canonical authority, and the revision of the policy."""

Caller = tuple[str, str, str, bytes | None]
"""Who: client address, `Principal.id`, `Principal.credential` (an identifier, never a secret), and
the value of the User-Agent field. Empty where there is none."""

_Outcome = tuple[str, int, str, str, int]
_Key = TypeVar("_Key")


class FindingFacts(Protocol):
    """What a record says about one finding of inspection."""

    @property
    def family(self) -> str:
        """Of attacks, or of leaks."""

    @property
    def rule(self) -> str:
        """`family.what`."""

    @property
    def score(self) -> int:
        """1 to 10."""

    @property
    def location(self) -> str:
        """`path`, `query`, `header`, `cookie`, `body` or `answer`."""

    @property
    def at(self) -> str:
        """JSON Pointer in a body, or the parameter's name."""

    @property
    def evidence(self) -> str:
        """The piece that decided, decoded. Never of a field that holds a secret."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The codings that it was hidden under, outermost first."""


class ExchangeFacts(Protocol):
    """What a record says about one exchange, besides scene and caller."""

    @property
    def request_id(self) -> str:
        """Ours, in hexadecimal."""

    @property
    def trace_id(self) -> str:
        """In hexadecimal."""

    @property
    def method(self) -> str:
        """As the client sent it."""

    @property
    def path(self) -> str:
        """Canonical path."""

    @property
    def query_names(self) -> tuple[str, ...]:
        """Names of query parameters; their values are never recorded."""

    @property
    def status(self) -> int:
        """Of the answer; 0 when there was none."""

    @property
    def decision(self) -> str:
        """`allow`, `deny`, `error` (gateway or upstream failed) or `aborted` (the client left)."""

    @property
    def reason(self) -> str:
        """Reason code, `control.what`; empty when all went well."""

    @property
    def upstream_status(self) -> int:
        """0 when the upstream was not asked or did not answer."""

    @property
    def request_bytes(self) -> int:
        """Size of the request."""

    @property
    def response_bytes(self) -> int:
        """Size of the answer's body."""

    @property
    def findings(self) -> Sequence[FindingFacts]:
        """What inspection found, refused or not."""

    @property
    def notes(self) -> Sequence[str]:
        """Reason codes of what controls in monitor mode would have refused."""


class RecordBuilder:
    """Builds the lines of one worker. Remembers what repeats, already in JSON."""

    __slots__ = (
        "_callers",
        "_millisecond",
        "_outcomes",
        "_scenes",
        "_second",
        "_second_text",
        "_sequence",
        "_time",
        "_worker",
    )

    def __init__(self, worker: str) -> None:
        """
        Args:
            worker: names the process; with `seq` it orders the records of one (B-334).
        """
        self._worker = quoted(worker)
        self._sequence = 0
        self._millisecond = -1
        self._time = ""
        self._second = -1
        self._second_text = ""
        self._scenes: dict[Scene, str] = {}
        self._callers: dict[Caller, str] = {}
        self._outcomes: dict[_Outcome, str] = {}

    def build(
        self,
        facts: ExchangeFacts,
        now: float,
        duration_us: int,
        upstream_us: int,
        scene: Scene,
        caller: Caller,
        client_request_id: str = "",
    ) -> bytes:
        """One record, with its line feed.

        Args:
            facts: the exchange, finished.
            now: Unix seconds at its end.
            duration_us: microseconds from the first byte of the request to the end of the answer.
            upstream_us: microseconds of it that the upstream took.
            scene: where.
            caller: who.
            client_request_id: what `trace.client_request_id` left of the client's own.
        """
        self._sequence = sequence = self._sequence + 1
        where = self._scenes.get(scene) or self._describe_scene(scene)
        who = self._callers.get(caller) or self._describe_caller(caller)
        outcome = (facts.method, facts.status, facts.decision, facts.reason, facts.upstream_status)
        what = self._outcomes.get(outcome) or self._describe_outcome(outcome)
        names, notes, findings = facts.query_names, facts.notes, facts.findings
        millisecond = int(now * 1000)
        is_same = millisecond == self._millisecond
        moment = self._time if is_same else self._make_time(millisecond)
        return (
            f'{{"time":"{moment}","seq":{sequence},"worker":{self._worker},'
            f'"request_id":"{facts.request_id}","trace_id":"{facts.trace_id}",'
            f'"client_request_id":"{client_request_id}",{who},{where},{what},'
            f'"path":{quoted(facts.path[:LONGEST_PATH])},'
            f'"query":{_names(names) if names else "[]"},'
            f'"request_bytes":{facts.request_bytes},"response_bytes":{facts.response_bytes},'
            f'"duration_us":{duration_us},"upstream_us":{upstream_us},'
            f'"notes":{_notes(notes) if notes else "[]"},'
            f'"findings":{_findings(findings) if findings else "[]"}}}\n'
        ).encode("ascii")

    def event(self, name: str, now: float, count: int) -> bytes:
        """A line about the records themselves, such as `records.lost`."""
        self._sequence = sequence = self._sequence + 1
        return (
            f'{{"time":"{self.time_text(now)}","seq":{sequence},"worker":{self._worker},'
            f'"event":{quoted(name)},"count":{count}}}\n'
        ).encode("ascii")

    def time_text(self, now: float) -> str:
        """RFC 3339 in UTC with milliseconds."""
        millisecond = int(now * 1000)
        return self._time if millisecond == self._millisecond else self._make_time(millisecond)

    def _make_time(self, millisecond: int) -> str:
        second, rest = divmod(millisecond, 1000)
        if second != self._second:
            self._second = second
            self._second_text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second))
        self._millisecond = millisecond
        self._time = f"{self._second_text}{rest:03d}Z"
        return self._time

    def _describe_scene(self, scene: Scene) -> str:
        api, operation, host, policy = (quoted(text[:LONGEST_TEXT]) for text in scene)
        text = f'"api":{api},"operation":{operation},"host":{host},"policy":{policy}'
        _remember(self._scenes, scene, text)
        return text

    def _describe_caller(self, caller: Caller) -> str:
        client, principal, credential = (quoted(text[:LONGEST_TEXT]) for text in caller[:3])
        agent = (caller[3] or b"")[:LONGEST_USER_AGENT].decode("utf-8", "backslashreplace")
        text = (
            f'"client":{client},"principal":{principal},"credential":{credential},'
            f'"user_agent":{quoted(agent)}'
        )
        # Long ones are not worth the memory, and a client could make many of them.
        if sum(map(len, filter(None, caller))) <= 2 * LONGEST_TEXT:
            _remember(self._callers, caller, text)
        return text

    def _describe_outcome(self, outcome: _Outcome) -> str:
        method, status, decision, reason, upstream_status = outcome
        text = (
            f'"method":{quoted(method[:LONGEST_TEXT])},"status":{status},"decision":"{decision}",'
            f'"reason":{quoted(reason[:LONGEST_TEXT])},"upstream_status":{upstream_status}'
        )
        if len(method) + len(reason) <= LONGEST_TEXT:
            _remember(self._outcomes, outcome, text)
        return text


def quoted(text: str) -> str:
    """`text` as a JSON string of printable ASCII, with its quotes."""
    if not text.isascii():
        # A lone surrogate is no character: strict readers refuse a line with its escape.
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = encode_basestring_ascii(text)
    # RFC 8259 §7 leaves DEL as it is; terminals do not.
    return text.replace("\x7f", "\\u007f") if "\x7f" in text else text


def _names(names: Sequence[str]) -> str:
    cut = [quoted(name[:LONGEST_QUERY_NAME]) for name in names[:MOST_QUERY_NAMES]]
    return f"[{','.join(cut)}]"


def _notes(notes: Sequence[str]) -> str:
    cut = [quoted(note[:LONGEST_TEXT]) for note in notes[:MOST_NOTES]]
    return f"[{','.join(cut)}]"


def _findings(findings: Sequence[FindingFacts]) -> str:
    return f"[{','.join([_finding(finding) for finding in findings[:MOST_FINDINGS]])}]"


def _finding(finding: FindingFacts) -> str:
    layers = ",".join([quoted(layer) for layer in finding.layers])
    return (
        f'{{"family":{quoted(finding.family)},"rule":{quoted(finding.rule)},'
        f'"score":{finding.score},"location":{quoted(finding.location)},'
        f'"at":{quoted(finding.at[:LONGEST_TEXT])},'
        f'"evidence":{quoted(finding.evidence[:LONGEST_EVIDENCE])},"layers":[{layers}]}}'
    )


def _remember(memory: dict[_Key, str], key: _Key, text: str) -> None:
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[key] = text
