"""Judging a page as it is shown: axe-core in light and dark, and no width that makes it scroll."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page
from tests.support.npm import node_packages

_RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations", "incomplete"]});
  const brief = (each) => `${each.impact} ${each.id}: ${each.help}: ` +
    each.nodes.map((node) => node.html.slice(0, 160)).join(" | ");
  return {violations: found.violations.map(brief), passes: found.passes.length};
}"""
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_HEADINGS = "() => document.querySelectorAll('h1').length"


@cache
def axe_source() -> str:
    """The script of axe-core; skips the calling test where npm cannot install it."""
    return (node_packages("axe-core@4.14.1") / "axe-core/axe.min.js").read_text()


def judge(page: Page, name: str) -> None:
    """Every finding on the page that is open now, in all schemes and widths, is a failure.

    Args:
        page: with a page of the provider.
        name: of the state that it is in, for the message.
    """
    found: list[str] = []
    assert page.evaluate(_HEADINGS) == 1, f"{name}: one first heading"
    for width in (320, 420, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        if (wider := page.evaluate(_WIDER)) > 0:
            found.append(f"{width} px: {wider} px too wide")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"dark, wide: {each}" for each in _violations(page)]
    page.set_viewport_size({"width": 320, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found += [f"light, narrow: {each}" for each in _violations(page)]
    assert not found, "\n".join([name, page.url, *found])


def _violations(page: Page) -> list[str]:
    # Scripts of the test run beside the page's policy, which allows none that are written into it.
    if not page.evaluate("() => typeof axe === 'object'"):
        # Its value would be all of it, sent back.
        page.evaluate(f"{axe_source()};\nundefined")
    answer: dict[str, Any] = page.evaluate(_RUN)
    assert answer["passes"] > 10
    violations: list[str] = answer["violations"]
    return violations
