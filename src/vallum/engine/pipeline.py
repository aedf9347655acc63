"""Sorts, checks and freezes the chain of controls of each operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vallum.engine.filter import AnyFilter, Attachment, Check, Screen
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
    controls: tuple[Control, ...]
    head_checks: tuple[Check, ...]
    """ADMIT to METER, in order."""
    body_checks: tuple[Check, ...]
    """READ and OWN, in order."""
    screens: tuple[Screen, ...]
    reply_fields: bytes
    """Field lines that every answer carries."""
    reads_body: bool
    """Whether a body must be held whole before it may go on."""
    body_limit: int
    is_public: bool
    forward_token: bool
    identity: bool
    body_on_get: bool


def attach_controls(
    operation: Operation, filters: Iterable[tuple[AnyFilter, object]]
) -> tuple[Control, ...]:
    """Attach every filter that the settings ask for, sorted by phase.

    The order of filters within one phase is the order given.

    Raises:
        ValueError: a filter refuses its settings, or needs a body before the READ phase.
    """
    controls = []
    for control_filter, settings in filters:
        attachment = control_filter.attach(operation, settings)
        if attachment is None:
            continue
        if attachment.needs_body and control_filter.phase < Phase.READ:
            raise ValueError(f"control `{control_filter.name}` reads the body before it is read")
        controls.append(
            Control(name=control_filter.name, phase=control_filter.phase, attachment=attachment)
        )
    return tuple(sorted(controls, key=lambda control: control.phase))


def checks_between(controls: Sequence[Control], first: Phase, last: Phase) -> tuple[Check, ...]:
    """The checks of the controls in phases `first` to `last`, in order."""
    return tuple(
        control.attachment.check
        for control in controls
        if first <= control.phase <= last and control.attachment.check is not None
    )
