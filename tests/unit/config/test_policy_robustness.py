"""No text makes the reader of policies fail in another way than with its findings."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.policies import POLICY, write_policy

from vallum.config.codes import CODES
from vallum.config.load import inspect_policy

_PIECES = st.sampled_from(
    (
        *("{", "}", "[", "]", ":", "- ", "\n", "  ", "*a", "&a ", "!!str ", "null", "~", "-1"),
        *("1e999", "true", '"', "'", "#", "|\n", "<<: ", "none", "off", "\u2028", "\x00"),
        *("é", "{env: HOME}"),
    )
)


@st.composite
def _damaged(draw: st.DrawFn) -> str:
    text = POLICY
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 20))
        text = text[:start] + draw(_PIECES) + text[start + length :]
    return text


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_damaged())
def test_damaged_policies_are_reported(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_policy(Path(folder), text)
        policy, found = inspect_policy(path)

    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    assert (policy is None) == bool(errors)
    lines = text.count("\n") + text.count("\u2028") + 2
    for diagnostic in found:
        assert diagnostic.code in CODES
        assert diagnostic.message
        if diagnostic.file == path:
            assert 1 <= diagnostic.line <= lines
