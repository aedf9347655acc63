"""Where the test material lies that is shared by several projects and not part of this one."""

from __future__ import annotations

from pathlib import Path

import pytest

_VECTORS = Path(__file__).resolve().parents[2].parent / "shared" / "vectors"


def shared_vectors() -> Path:
    """The folder of the shared vectors; skips the calling test, with the reason, without it."""
    if not _VECTORS.is_dir():
        pytest.skip("the shared test vectors are not beside this project (../shared/vectors)")
    return _VECTORS
