"""What every page must hold in a browser: no axe finding, no sideways scrolling, large targets, a light first visit."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from bench.chromium import ask_for_icon, icon_of

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_RUN = """axe.run(document, {
        runOnly: rules,
        resultTypes: ['violations'], preload: false, selectors: false, iframes: false,
    }).then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html.slice(0, 160)))"""
# no rule asked for reads style sheets or media again (preload); the frames of mails run no scripts, so axe only waits for them
WIDTHS = (1280, 360)
BUDGETS = {"ar": 70_000, "zh": 35_000, "en": 45_000, "fr": 45_000, "ru": 60_000, "es": 45_000}
REQUESTS = 8


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")


SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = """[...document.querySelectorAll('a, button, input, select, textarea, summary')].filter(e => {
        const box = e.getBoundingClientRect();
        const small = box.width > 1 && box.height > 1 && box.height < 24;
        return small && !e.closest('.vh, .skip, .pot, p, dd, label, td, th, main li');
    }).map(e => e.outerHTML.slice(0, 120))"""
REST = f"({SMALL}), ({SIDEWAYS})"
EVERYTHING = {True: f"rules => {AXE_RUN}.then(found => [found, {REST}])", False: f"() => [[], {REST}]"}


def findings(page: Any) -> list[str]:
    """Every axe finding of the page as it stands: rule and the first element it names."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    return list(page.evaluate(f"rules => {AXE_RUN}", RULES))


def sideways(page: Any) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate(SIDEWAYS))


def small_targets(page: Any) -> list[str]:
    """Controls less than 24 pixels high that are not part of a sentence or inside a larger label."""
    return list(page.evaluate(SMALL))


def everything(page: Any, *, axe: bool) -> tuple[list[str], list[str], int]:
    """The three of a page that axe was put into, by one question to the browser; without ``axe`` the other two."""
    found, small, over = page.evaluate(EVERYTHING[axe], RULES)
    return found, small, int(over)


def weigh(context: Any, url: str) -> dict[str, int]:
    """The bytes over the wire of a first visit, address by address."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    asked: dict[str, str] = {}
    bytes_of: dict[str, int] = {}

    def finished(event: Any) -> None:
        bytes_of[asked.get(event["requestId"], "?")] = int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", lambda e: asked.setdefault(e["requestId"], e["request"]["url"]))
    session.on("Network.loadingFinished", finished)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    if icon_of(page) not in asked.values():
        ask_for_icon(page)
    page.close()
    return {where: size for where, size in bytes_of.items() if not where.startswith("data:")}
