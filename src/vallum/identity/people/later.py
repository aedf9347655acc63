"""Work after the answer: mail is slow, and its time must not tell what it is about (B-221)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.background import BackgroundTasks
from starlette.responses import Response


def later(response: Response, work: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Do something once the answer is out; answers may carry several such things."""
    if response.background is None:
        response.background = BackgroundTasks()
    tasks = response.background
    assert isinstance(tasks, BackgroundTasks)  # noqa: S101  (nobody else sets any)
    tasks.add_task(work, *args)
