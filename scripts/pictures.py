"""Take the pictures of the README and the guides: a platform of its own, with the demonstration, on the demonstration's day."""

from __future__ import annotations

import email
import email.policy
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # the day around which the demonstration is written
MOST = 200_000  # bytes of one picture
PATIENCE = 120  # seconds for the platform to come up, and for its mails to leave
OFFICE, PARTICIPANT = "tomas.berg@network.example", "nora.sabri@civil.elmara.example"


def free_ports(count: int) -> list[str]:
    """Ports nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    for sock in sockets:
        sock.bind(("127.0.0.1", 0))
    found = [str(sock.getsockname()[1]) for sock in sockets]
    for sock in sockets:
        sock.close()
    return found


@contextmanager
def platform(folder: Path) -> Iterator[str]:
    """The whole platform with its data in this folder, its clock set to the moment; answers its address."""
    folder.parent.chmod(0o711)  # started by root, the databases run as another user who has to get there
    clock, told = folder.with_suffix(".clock"), folder.with_suffix(".log")
    clock.write_text(str(int((MOMENT - datetime.now(UTC)).total_seconds())))
    web, mail, mail_web = free_ports(3)
    ours = {"PATHWAYS_DATA": str(folder), "CLOCK_FILE": str(clock), "PORT": web, "MAIL_PORT": mail, "MAIL_WEB_PORT": mail_web}
    with told.open("wb") as log:
        running = subprocess.Popen([sys.executable, "-m", "embedded"], env={**os.environ, **ours}, cwd=ROOT, stdout=log, stderr=log)
    base = f"http://127.0.0.1:{web}"
    try:
        end = time.monotonic() + PATIENCE
        while running.poll() is None and time.monotonic() < end:
            with suppress(OSError), urlopen(f"{base}/ready", timeout=2):
                break
            time.sleep(0.2)
        else:
            sys.exit(told.read_text(encoding="utf-8"))
        yield base
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def signed_in(browser: Browser, base: str, folder: Path, address: str, language: str = "en") -> Page:
    """A browser in which this person is signed in."""
    page = browser.new_page(base_url=base, viewport={"width": 1280, "height": 860})
    page.goto(f"/{language}/sign-in")
    page.fill("main form [name=email] >> nth=0", address)
    page.fill("[name=password]", (folder / "demo-passphrase").read_text(encoding="utf-8").strip())
    page.click("main form button >> nth=0")
    page.wait_for_url(lambda url: "sign-in" not in url)
    return page


def answer_link(folder: Path, language: str) -> str:
    """The way to the answer page, from the first invitation in this language that arrived."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for file in sorted((folder / "mail").glob("*.eml")):
            body = email.message_from_bytes(file.read_bytes(), policy=email.policy.default).get_body(("plain",))
            found = re.search(rf"/{language}/answer/[\w-]+", body.get_content()) if body else None
            if found:
                return found[0]
        time.sleep(0.5)
    sys.exit(f"No invitation in {language} arrived.")


def take(page: Page, name: str, address: str, *, width: int = 1280, height: int = 860) -> None:
    """One picture of one page."""
    page.set_viewport_size({"width": width, "height": height})
    page.goto(address, wait_until="networkidle")
    page.evaluate("document.fonts.ready")
    file = OUT / f"{name}.png"
    page.screenshot(path=file, animations="disabled")
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}  {size // 1000} kB", flush=True)
    if size > MOST:
        sys.exit(f"{file.name} has more than {MOST // 1000} kB: take a smaller part of the page.")


def all_pictures(browser: Browser, base: str, folder: Path) -> None:
    """Every picture, as the person who sees the page."""
    reader = browser.new_page(base_url=base, locale="en")
    take(reader, "home.en", "/en/", height=900)
    phone = browser.new_page(base_url=base, locale="fr")
    take(phone, "answer.fr", f"{answer_link(folder, 'fr')}?answer=yes#rsvp", width=360, height=900)
    participant = signed_in(browser, base, folder, PARTICIPANT, "ar")
    participant.goto("/ar/my-sessions")
    session = participant.locator("main a[href*='/ar/sessions/']").first.get_attribute("href")
    take(participant, "session.ar", str(session), height=900)
    office = signed_in(browser, base, folder, OFFICE)
    take(office, "desk.en", "/en/desk", height=900)
    take(office, "queue.en", "/en/desk/expressions", height=760)
    take(office, "outbox.en", "/en/desk/outbox", height=760)


def main() -> None:
    """Start, take the pictures, stop."""
    OUT.mkdir(parents=True, exist_ok=True)
    known = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, known)), None)
    if program is None:
        sys.exit("Chromium is not installed. CHROMIUM names its program.")
    with (
        tempfile.TemporaryDirectory(prefix="pathways-pictures-") as name,
        platform(folder := Path(name, "data")) as base,
        sync_playwright() as play,
    ):
        browser = play.chromium.launch(executable_path=program, args=FLAGS)
        try:
            all_pictures(browser, base, folder)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
