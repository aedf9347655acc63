"""How the room says no."""

from __future__ import annotations


class KeysUnavailable(Exception):  # noqa: N818  (a state of the world, not a mistake)
    """There are no keys of an issuer that are recent enough to trust."""


class IntrospectionFailed(Exception):  # noqa: N818  (a state of the world, not a mistake)
    """An issuer did not say whether a token is good."""


class StateUnusable(Exception):  # noqa: N818
    """The state file or a secret beside it cannot be used; the message says what to do."""


class UnknownKey(LookupError):  # noqa: N818
    """No API key has this name or id."""


class KeyNameTaken(ValueError):  # noqa: N818
    """An active API key has this name already."""
