"""The one place that reports an exception nobody expected."""

from __future__ import annotations

import sys
import traceback

from vallum.core.problems import Denied


def report_exception(where: str) -> None:
    """Print the exception being handled to standard error, with its traceback.

    An exchange that meets one is refused; the line tells the operator why (ER-3).
    """
    sys.stderr.write(f"vallum: unexpected exception {where}; the exchange was refused\n")
    traceback.print_exc()


def failed_control(where: str) -> Denied:
    """GW-3: a control that raises denies. Called while its exception is handled."""
    report_exception(where)
    return Denied("internal-error", "gateway.exception")
