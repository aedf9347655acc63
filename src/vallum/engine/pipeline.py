"""Sorts, checks and freezes the chain of controls of each operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vallum.engine.filter import AnyFilter, Attachment, BodyScreen, Check, Screen
from vallum.engine.phases import Phase
from vallum.openapi.model import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One attached control, with where it came from; for the start-up table and `explain`."""

    name: str
    phase: Phase
    attachment: Attachment


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route:
    """An operation with its frozen chain of controls."""

    api: str
    operation: Operation
    is_own: bool = False
    """Whether Vallum's own provider answers: it may redirect to any address and say what its pages
    may do, because it judges each itself."""
    controls: tuple[Control, ...] = ()
    head_checks: tuple[Check, ...] = ()
    """What decides on the head alone: ADMIT to METER, then READ without the body."""
    body_checks: tuple[Check, ...] = ()
    """What needs the body: READ and OWN."""
    screens: tuple[Screen, ...] = ()
    screens_from: int = 600
    """The lowest status of an answer that a screen wants to see."""
    body_screens: tuple[BodyScreen, ...] = ()
    """What looks into answers; where empty, they are relayed as they come."""
    answer_limit: int = 1024 * 1024
    """Bytes of an answer that may be held for the screens."""
    reply_fields: bytes = b""
    """Field lines that every answer carries."""
    body_limit: int = 0
    """Bytes; 0 where the operation takes no body."""
    body_on_get: bool = False
    withheld: frozenset[bytes] = frozenset()
    """Request fields (lower case) that the upstream must not see, such as credentials."""
    identity: bool = False
    """Whether the upstream gets a signed statement of who is calling."""
    query_names: frozenset[str] = frozenset()
    """Names of the declared query parameters; no others are recorded."""
    unicode_path: bool = False
    """Whether the path may hold characters beyond ASCII (B-085)."""


def attach_controls(
    operation: Operation, filters: Iterable[tuple[AnyFilter, object]]
) -> tuple[Control, ...]:
    """Attach every filter that the settings ask for, sorted by phase.

    The order of filters within one phase is the order given.

    Raises:
        ValueError: a filter refuses its settings, needs a body before the READ phase, or checks
            the request when it has been answered already.
    """
    controls = []
    for control_filter, settings in filters:
        attachment = control_filter.attach(operation, settings)
        if attachment is None:
            continue
        if attachment.needs_body and control_filter.phase < Phase.READ:
            raise ValueError(f"control `{control_filter.name}` reads the body before it is read")
        if attachment.check is not None and control_filter.phase > Phase.OWN:
            raise ValueError(
                f"control `{control_filter.name}` checks after the last phase of checks"
            )
        controls.append(
            Control(name=control_filter.name, phase=control_filter.phase, attachment=attachment)
        )
    return tuple(sorted(controls, key=lambda control: control.phase))


def head_controls(controls: Sequence[Control]) -> tuple[Control, ...]:
    """The controls that run before the body is read, in order."""
    return tuple(
        control
        for control in controls
        if control.attachment.check is not None
        and control.phase <= Phase.READ
        and not control.attachment.needs_body
    )


def body_controls(controls: Sequence[Control]) -> tuple[Control, ...]:
    """The controls that run once the body is there, in order."""
    return tuple(
        control
        for control in controls
        if control.attachment.check is not None
        and (control.attachment.needs_body or control.phase == Phase.OWN)
    )
