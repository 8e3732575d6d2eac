"""The browser of the figures and of the tests: where it is, and what one without windows leaves out."""

from __future__ import annotations

import os
import shutil
from typing import Any

# the first has no windows to draw: a quarter less work
PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def program() -> str | None:
    """The browser to start; ``CHROMIUM`` names another."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)


def icon_of(page: Any) -> str:
    """The address of the page's icon."""
    return str(page.evaluate("document.querySelector('link[rel=icon]').href"))


def ask_for_icon(page: Any) -> None:
    """Load the page's icon as readers' browsers do: one without windows shows none and does not ask for it."""
    page.evaluate(
        "address => new Promise(done => { const i = new Image(); i.onload = i.onerror = done; i.src = address; })", icon_of(page)
    )
