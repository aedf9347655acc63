"""What a worker does with its memory before it serves."""

from __future__ import annotations

import ctypes
import gc


def settle() -> None:
    """Give back what compiling a policy has left over, and take the rest out of the collector.

    A large contract leaves tens of megabytes that the C library keeps for later. What is compiled
    lives as long as the policy, so the garbage collector need not look at it again.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    # Exchanges leave no cycles behind, so looking for some after every 700 objects is in vain.
    gc.set_threshold(10_000, 10, 10)
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except AttributeError:
        return  # Another C library than glibc; it returns memory by itself.
