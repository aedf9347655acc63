"""How controls become the frozen chain of an operation."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import pytest
from tests.support.routes import make_operation, make_route

from vallum.engine.exchange import Exchange
from vallum.engine.filter import Answer, AnyFilter, Attachment
from vallum.engine.phases import Phase
from vallum.engine.pipeline import Control, attach_controls, body_controls, head_controls
from vallum.openapi.model import Operation


def _check(exchange: Exchange) -> None:
    """Has nothing against any exchange."""


def _screen(exchange: Exchange, answer: Answer) -> None:
    """Changes nothing."""


class _Control:
    """A control that attaches what it is given as its settings."""

    name: ClassVar[str] = "unnamed"
    phase: ClassVar[Phase] = Phase.ADMIT

    def attach(self, operation: Operation, settings: Attachment | None) -> Attachment | None:
        if settings is not None and settings.summary == "wrong":
            raise ValueError(f"{operation.id}: {settings.summary}")
        return settings


def _control(control_name: str, control_phase: Phase) -> AnyFilter:
    class Named(_Control):
        name = control_name
        phase = control_phase

    return Named()


def _names(controls: tuple[Control, ...]) -> list[str]:
    return [control.name for control in controls]


_PLAIN = Attachment(summary="checks", check=_check)
_WITH_BODY = Attachment(summary="reads", check=_check, needs_body=True)
_SCREENS = Attachment(summary="screens", screen=_screen)


def test_controls_run_in_the_order_of_phases_then_as_given() -> None:
    controls = attach_controls(
        make_operation(),
        [
            (_control("own", Phase.OWN), _WITH_BODY),
            (_control("read", Phase.READ), _PLAIN),
            (_control("meter", Phase.METER), _PLAIN),
            (_control("admit two", Phase.ADMIT), _PLAIN),
            (_control("know", Phase.KNOW), _PLAIN),
            (_control("admit one", Phase.ADMIT), _PLAIN),
            (_control("screen", Phase.SCREEN), _SCREENS),
            (_control("permit", Phase.PERMIT), _PLAIN),
        ],
    )
    assert _names(controls) == [
        "admit two", "admit one", "know", "permit", "meter", "read", "own", "screen",
    ]  # fmt: skip


def test_a_control_that_is_switched_off_is_not_in_the_chain() -> None:
    filters = [(_control("off", Phase.KNOW), None), (_control("on", Phase.KNOW), _PLAIN)]
    assert _names(attach_controls(make_operation(), filters)) == ["on"]


def test_every_check_runs_exactly_once_before_or_after_the_body() -> None:
    controls = attach_controls(
        make_operation(),
        [
            *((_control(phase.name, phase), _PLAIN) for phase in Phase if phase < Phase.SCREEN),
            (_control("body", Phase.READ), _WITH_BODY),
            (_control("owner", Phase.OWN), _WITH_BODY),
            (_control("says", Phase.READ), Attachment(summary="", reply_fields=b"a: b\r\n")),
            (_control("screens", Phase.SCREEN), _SCREENS),
        ],
    )
    head, body = _names(head_controls(controls)), _names(body_controls(controls))
    assert head == ["ADMIT", "KNOW", "PERMIT", "METER", "READ"]
    assert body == ["body", "OWN", "owner"]
    with_check = [control.name for control in controls if control.attachment.check is not None]
    assert sorted(head + body) == sorted(with_check)


@pytest.mark.parametrize("phase", [Phase.ADMIT, Phase.KNOW, Phase.PERMIT, Phase.METER])
def test_no_control_reads_the_body_before_the_caller_is_judged(phase: Phase) -> None:
    with pytest.raises(ValueError, match="control `early` reads the body before it is read"):
        attach_controls(make_operation(), [(_control("early", phase), _WITH_BODY)])


@pytest.mark.parametrize("attachment", [_PLAIN, _WITH_BODY])
def test_no_check_comes_when_the_request_has_been_forwarded(attachment: Attachment) -> None:
    # It would never run, or before the phase that it claims.
    with pytest.raises(ValueError, match="control `late` checks after the last phase of checks"):
        attach_controls(make_operation(), [(_control("late", Phase.SCREEN), attachment)])


def test_a_control_that_refuses_its_settings_stops_the_start() -> None:
    wrong = Attachment(summary="wrong")
    with pytest.raises(ValueError, match="GET /: wrong"):
        attach_controls(make_operation(), [(_control("strict", Phase.KNOW), wrong)])


def test_a_route_and_its_controls_are_frozen() -> None:
    route = make_route(body_limit=1)
    control = Control(name="a", phase=Phase.KNOW, attachment=_PLAIN)
    for value, field in ((route, "body_limit"), (control, "name"), (_PLAIN, "check")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field, None)


def test_phases_are_in_the_order_of_safety() -> None:
    # Authentication before limits of the caller, both before the body, the object last.
    assert [phase.name for phase in sorted(Phase)] == [
        "ADMIT", "KNOW", "PERMIT", "METER", "READ", "OWN", "SCREEN",
    ]  # fmt: skip
