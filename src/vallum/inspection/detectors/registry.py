"""Every family of attacks that is looked for."""

from __future__ import annotations

from typing import Final

from vallum.inspection.model import Detector

DETECTORS: Final[tuple[Detector, ...]] = ()
