"""Whose key it is, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.support.exchanges import ManualClock, make_exchange, make_operation, make_user

from vallum.core.ports import KeptAnswer
from vallum.core.principal import Principal
from vallum.core.problems import Denied
from vallum.engine.exchange import Exchange
from vallum.filters.idempotency import Idempotency, IdempotencyFilter
from vallum.store.idempotency import Runs

ANSWER = KeptAnswer(201, b"", b"made")
ANN = make_user("ann")


@dataclass(frozen=True)
class Settings:
    """Of one operation."""

    idempotency: Idempotency | None = Idempotency()  # noqa: RUF009  (frozen)


@dataclass
class Desk:
    """Sends requests through the control."""

    runs: Runs
    clock: ManualClock
    operation: str = "createOrder"
    api: str = "shop"

    def exchange(
        self, key: bytes | None = b"k", *, caller: Principal | None = ANN, body: bytes = b"{}"
    ) -> Exchange:
        """A request that has passed the control."""
        lines = [] if key is None else [(b"idempotency-key", key)]
        exchange = make_exchange(*lines, method="POST", principal=caller)
        exchange.body = body
        control = IdempotencyFilter(self.runs, self.clock, api=self.api)
        attachment = control.attach(make_operation(self.operation, "POST"), Settings())
        assert attachment is not None
        assert attachment.check is not None
        assert attachment.check(exchange) is None
        return exchange

    def begin(self, key: bytes = b"k", **more: object) -> KeptAnswer | None:
        """What comes of the request where it would be forwarded."""
        once = self.exchange(key, **more).once  # type: ignore[arg-type]
        assert once is not None
        return once.begin()

    def slug(self, key: bytes = b"k", **more: object) -> str:
        """The problem that the request ends in."""
        with pytest.raises(Denied) as refused:
            self.begin(key, **more)
        return refused.value.problem.slug


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    runs = Runs(tmp_path / "runs")
    yield Desk(runs, ManualClock())
    runs.close()


def test_off_and_safe_methods_have_no_control(desk: Desk) -> None:
    control = IdempotencyFilter(desk.runs, desk.clock, api="shop")
    assert control.attach(make_operation(method="POST"), Settings(None)) is None
    assert control.attach(make_operation(method="GET"), Settings()) is None


def test_without_a_key_a_request_runs_as_ever(desk: Desk) -> None:
    assert desk.exchange(None).once is None


def test_the_answer_comes_again(desk: Desk) -> None:
    once = desk.exchange().once
    assert once is not None
    assert once.begin() is None
    assert desk.slug() == "idempotency-in-progress"
    once.answered(ANSWER)
    assert desk.begin() == ANSWER


@pytest.mark.parametrize("status", [425, 429])
def test_not_now_and_not_reached_leave_the_key_free(desk: Desk, status: int) -> None:
    for _ in range(2):
        once = desk.exchange().once
        assert once is not None
        assert once.begin() is None
        once.answered(KeptAnswer(status, b"", b""))
    assert desk.begin() is None


def test_b126_another_body_is_another_request(desk: Desk) -> None:
    assert desk.begin(body=b"1") is None
    assert desk.slug(body=b"2") == "idempotency-mismatch"


def test_b126_an_answer_is_for_the_roles_that_it_was_made_for(desk: Desk) -> None:
    """Properties were taken out of it, or left in it, for those."""
    admin = replace(ANN, roles=frozenset({"admin", "staff"}))
    once = desk.exchange(caller=admin).once
    assert once is not None
    assert once.begin() is None
    once.answered(ANSWER)
    assert desk.slug(caller=ANN) == "idempotency-mismatch"
    assert desk.slug(caller=replace(ANN, roles=frozenset({"staff"}))) == "idempotency-mismatch"
    assert desk.begin(caller=replace(admin, credential="anew")) == ANSWER


def test_b126_a_key_belongs_to_one_caller_tenant_operation_and_api(desk: Desk) -> None:
    others = [
        make_user("eve"),
        make_user("ann", issuer="https://other.example"),
        replace(ANN, kind="client"),
        replace(ANN, claims={"tenant": "a"}),
        replace(ANN, claims={"tid": "a"}),
    ]
    assert desk.begin() is None
    for caller in others:
        assert desk.begin(caller=caller) is None
        assert desk.slug(caller=caller) == "idempotency-in-progress"
    assert replace(desk, operation="cancelOrder").begin() is None
    assert replace(desk, api="other").begin() is None


def test_b126_after_its_time_a_key_runs_anew(desk: Desk) -> None:
    assert desk.begin() is None
    desk.clock.now += 86_399
    assert desk.slug() == "idempotency-in-progress"
    desk.clock.now += 1
    assert desk.begin() is None


@pytest.mark.parametrize("key", [b"", b"a b", b"k" * 129, b"k" * 10_240, b"\xc3\xa9", b"a\tb"])
def test_b126_a_key_is_short_and_visible(desk: Desk, key: bytes) -> None:
    assert desk.slug(key) == "contract-violation"


def test_b126_strangers_cannot_be_told_apart(desk: Desk) -> None:
    assert desk.slug(caller=None) == "contract-violation"


def test_what_cannot_be_kept_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    desk = Desk(Runs(tmp_path / "runs"), ManualClock())
    assert desk.slug() == "internal-error"
