"""Shared fixtures."""

from __future__ import annotations

from tests.support.fixtures import _arena, arena

__all__ = ["_arena", "arena"]
