"""A browser in a few words of ours: what it calls itself is text of whoever wrote it (B-331)."""

from __future__ import annotations

from typing import Final

# The first that is found counts: most browsers claim to be others too.
_BROWSERS: Final = (
    ("edg", "Edge"),
    ("opr/", "Opera"),
    ("samsungbrowser", "Samsung Internet"),
    ("firefox", "Firefox"),
    ("fxios", "Firefox"),
    ("crios", "Chrome"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
    ("curl", "curl"),
)
_SYSTEMS: Final = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("windows", "Windows"),
    ("cros", "ChromeOS"),
    ("mac os", "macOS"),
    ("linux", "Linux"),
)


def browser_in_words(agent: str) -> str:
    """Such as `Firefox on Linux`."""
    lower = agent.lower()
    browser = next((name for mark, name in _BROWSERS if mark in lower), "An unknown browser")
    system = next((name for mark, name in _SYSTEMS if mark in lower), None)
    return browser if system is None else f"{browser} on {system}"
