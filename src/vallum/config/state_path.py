"""Where a policy keeps its state, also when the policy cannot be used yet.

The authority that `vallum ca init` makes is one of the files that the policy needs.
"""

from __future__ import annotations

import os
from pathlib import Path

from vallum.config.diagnostics import PolicyErrors, Report
from vallum.config.kinds import INVALID, Context
from vallum.config.kinds_files import NewPath
from vallum.config.load import read_policy
from vallum.config.model import DEFAULT_STATE
from vallum.config.source import SourceError


def state_path(policy: Path) -> Path:
    """The state file that a policy names; nothing else of the policy is judged.

    Raises:
        PolicyErrors: the file cannot be read, or names none.
    """
    report = Report(policy)
    context = Context(report, policy.parent, os.environ)
    try:
        _, root, _ = read_policy(policy)
    except SourceError as err:
        report.add_source_error(err, policy)
        raise PolicyErrors(report.in_order()) from None
    said = root.value.get("state") if isinstance(root.value, dict) else None
    if said is None:
        return policy.parent / DEFAULT_STATE
    found = NewPath("a path").read(said, context)
    if found is INVALID:
        raise PolicyErrors(report.in_order())
    path: Path = found
    return path
