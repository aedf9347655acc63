"""Shared fixtures."""

from __future__ import annotations

from tests.support.content import _content_arena, content
from tests.support.fixtures import _arena, arena
from tests.support.patience import _quick, quick

__all__ = ["_arena", "_content_arena", "_quick", "arena", "content", "quick"]
