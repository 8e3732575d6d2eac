"""Take the pictures of the README from a running demonstration: make run, then .venv/bin/python scripts/pictures.py."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

BASE = os.environ.get("BASE_URL", "http://127.0.0.1:8000")
OUT = Path(__file__).resolve().parent.parent / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
SECRETS = Path(os.environ.get("PATHWAYS_DATA", "var")) / "demo-sign-ins"


def shoot(browser: Browser, name: str, address: str, *, width: int = 1280, height: int = 900, state: str | None = None) -> None:
    """One picture of one page."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(BASE + address, wait_until="networkidle")
    page.screenshot(path=OUT / f"{name}.png", full_page=False)
    page.close()


def main() -> None:
    """All pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=FLAGS)
        shoot(browser, "home.en", "/en/")
        browser.close()


if __name__ == "__main__":
    main()
