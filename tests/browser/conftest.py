"""A real browser: the system's Chromium, headless, loopback only. Without one the tests are skipped, visibly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from bench import chromium as browsers

# what a page's scripts do here is done once and ends with the page: optimising compilers cost a quarter and give nothing
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --host-resolver-rules=MAP\t*\t~NOTFOUND,EXCLUDE\t127.0.0.1"
    " --js-flags=--no-opt\t--no-maglev"
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of this test run. ``CHROMIUM`` names its program, ``CHROMIUM_REQUIRED=1`` forbids to skip."""
    program = browsers.program()
    if program is None:
        if os.environ.get("CHROMIUM_REQUIRED") == "1":
            pytest.fail("Chromium is not installed, and CHROMIUM_REQUIRED=1 lets no browser test be skipped.")
        pytest.skip("Chromium is not installed: browser tests are left out.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=[f.replace("\t", " ") for f in FLAGS.split(" ")])
        yield running
        running.close()
