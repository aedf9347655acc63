"""What is wrong with an OpenAPI document, and what is wrong with a request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from vallum.core.problems import Denied, Violation
from vallum.core.words import nearest

MAX_VIOLATIONS = 20
"""Violations that one answer lists."""


class ContractProblem(NamedTuple):
    """One thing in an OpenAPI document that is wrong or cannot be enforced."""

    pointer: str
    """JSON Pointer of the place, behind `file#` when it is not in the root document."""
    message: str
    hint: str = ""
    """How to mend it; may be empty."""
    severity: Literal["error", "warning"] = "error"


class ContractErrors(Exception):  # noqa: N818  (plural on purpose: all problems at once)
    """The document cannot be enforced. `problems` holds every error found, in document order."""

    def __init__(self, problems: Iterable[ContractProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(f"{problem.pointer or '/'}: {problem.message}" for problem in self.problems)
        )


class ContractViolation(Denied):
    """A request breaks the contract."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        first = violations[0]
        super().__init__(
            "contract-violation",
            f"contract.{first.location}.{first.code}",
            violations=violations[:MAX_VIOLATIONS],
        )


class Problems:
    """Collects problems while a document is read."""

    def __init__(self) -> None:
        # Keyed: a component that many operations use is reported once.
        self._found: dict[tuple[str, str], ContractProblem] = {}

    def error(self, pointer: str, message: str, hint: str = "") -> None:
        """Note what makes the document unusable."""
        self._found.setdefault((pointer, message), ContractProblem(pointer, message, hint))

    def warn(self, pointer: str, message: str, hint: str = "") -> None:
        """Note what is legal but not enforced as its author may expect."""
        self._found.setdefault(
            (pointer, message), ContractProblem(pointer, message, hint, "warning")
        )

    @property
    def errors(self) -> tuple[ContractProblem, ...]:
        """What was found wrong."""
        return tuple(p for p in self._found.values() if p.severity == "error")

    @property
    def warnings(self) -> tuple[ContractProblem, ...]:
        """What was found unwise."""
        return tuple(p for p in self._found.values() if p.severity == "warning")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that names the nearest valid name, or the empty string."""
    close = nearest(name, known)
    return f"did you mean `{close}`?" if close is not None else ""
