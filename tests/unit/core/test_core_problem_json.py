"""Problems as documents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vallum.core.problem_json import MOST_VIOLATIONS, render_problem
from vallum.core.problems import PROBLEMS, Violation


@pytest.mark.parametrize("slug", sorted(PROBLEMS))
def test_every_problem_is_a_document(slug: str) -> None:
    problem = PROBLEMS[slug]
    document = json.loads(render_problem(problem, status=problem.status, request_id="ab12"))
    assert document == {
        "type": f"urn:vallum:problem:{slug}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": "urn:vallum:request:ab12",
    }


def test_another_status_is_in_the_document_too() -> None:
    body = render_problem(PROBLEMS["upstream-failed"], status=504, request_id="a")
    assert json.loads(body)["status"] == 504


def test_violations_are_listed_up_to_a_bound() -> None:
    violations = [
        Violation("body", f"/{number}", "type", "must be a string") for number in range(50)
    ]
    body = render_problem(
        PROBLEMS["contract-violation"], status=400, request_id="a", violations=violations
    )
    errors = json.loads(body)["errors"]
    assert len(errors) == MOST_VIOLATIONS
    assert errors[3] == {
        "location": "body",
        "pointer": "/3",
        "code": "type",
        "detail": "must be a string",
    }


@given(st.text(), st.text())
def test_whatever_a_violation_names_the_document_is_inert(pointer: str, request_id: str) -> None:
    violation = Violation("query", pointer, "unknown", "is not declared")
    body = render_problem(
        PROBLEMS["contract-violation"], status=400, request_id=request_id, violations=[violation]
    )
    assert body.isascii()
    assert not set(body) & (set(range(0x20)) | set(b"<>"))
    document = json.loads(body)
    assert document["errors"][0]["pointer"] == pointer
    assert document["instance"] == f"urn:vallum:request:{request_id}"
