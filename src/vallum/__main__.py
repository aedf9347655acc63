"""The `vallum` command, also as `python -m vallum`."""

from __future__ import annotations

import sys
from importlib import import_module


def run() -> None:
    """Run the command; whoever interrupts it while it is still being loaded gets no traceback."""
    try:
        import_module("vallum.cli.main").main()
    except KeyboardInterrupt:
        sys.exit(130)  # As shells say that SIGINT ended a command.


if __name__ == "__main__":
    run()
