"""Every family of attacks that is looked for."""

from __future__ import annotations

from typing import Final

from vallum.inspection.detectors import code, deserialisation, prototype, template
from vallum.inspection.model import Detector

DETECTORS: Final[tuple[Detector, ...]] = (
    code.DETECTOR,
    deserialisation.DETECTOR,
    prototype.DETECTOR,
    template.DETECTOR,
)

_MEANINGS: Final = {rule: text for each in DETECTORS for rule, text in each.rules.items()}


def meaning(rule: str) -> str:
    """What a rule stands for, in plain words; empty for one that is not known."""
    return _MEANINGS.get(rule, "")
