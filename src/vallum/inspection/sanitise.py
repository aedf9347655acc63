"""Cleans rich text."""

from __future__ import annotations

import nh3


def sanitise_html(text: str) -> str:
    """Only harmless markup is left."""
    return nh3.clean(text)
