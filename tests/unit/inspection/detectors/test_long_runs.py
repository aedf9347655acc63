"""What begins again and again like something and is nothing: it is read once, not from each start.

Every text here took minutes of a judge that read it quadratically.
"""

from __future__ import annotations

import pytest

from vallum.inspection.detectors.registry import DETECTORS
from vallum.inspection.model import Context

JUDGES = {detector.family: detector.judge for detector in DETECTORS}


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("deserialisation", '{"$type":"' + "System." * 30_000 + '"'),
        ("path", "https://" + "?" * 200_000 + "x"),
        ("code", "preg_replace('(" + "eza" * 60_000),
        ("shell", "/" + "[" * 200_000 + "/passwd"),
        ("xss", '<p style="' + "&{" * 100_000 + '">'),
        ("sql", "1 " + "/*!111111a" * 20_000),
    ],
)
def test_a_run_of_beginnings_is_read_once(family: str, text: str) -> None:
    assert JUDGES[family](text, Context("query", "q")) is None
