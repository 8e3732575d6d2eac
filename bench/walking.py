"""The whole expression of interest in a real browser: from the call to the reference, as somebody fills it in."""

from __future__ import annotations

import os
from typing import Any

from bench.chromium import ask_for_icon

AIM = "We seek experience with family reunification when papers are missing, and offer ours with residence permits."


def apply(page: Any, call: str, *, letter: bytes | None = None) -> str:
    """Fill in and send; answers what the last page says."""
    begin(page, call)
    ask_for_icon(page)
    who(page)
    go_on(page, "/what")
    what(page)
    go_on(page, "/endorsement")
    endorsement(page, letter)
    go_on(page, "/check")
    go_on(page, "/status/")
    return str(page.inner_text("main"))


def begin(page: Any, call: str) -> None:
    """From the call to the first step."""
    page.goto(call)
    go_on(page, "/who")


def who(page: Any) -> None:
    """Step 1."""
    page.select_option("select[name=organisation_kind]", "ministry")
    page.select_option("select[name=state_id]", index=1)
    typed = {
        "organisation_name": "Ministry of the Interior",
        "organisation_unit": "Residence Department",
        "contact_given_name": "Adaeze",
        "contact_family_name": "Morrow",
        "contact_post": "Director",
        "contact_email": "adaeze.morrow@interior.alvania.example",
    }
    for name, words in typed.items():
        page.fill(f"[name={name}]", words)


def what(page: Any) -> None:
    """Step 2."""
    page.check("input[name=mode] >> nth=0")
    page.check("input[name=asks] >> nth=0")
    page.check("input[name=grounds] >> nth=0")
    page.check("input[name=languages][value=en]")
    page.fill("[name=aim]", AIM)


def endorsement(page: Any, letter: bytes | None) -> None:
    """Step 3: the letter now, or later by mail."""
    if letter is None:
        page.check("input[name=endorsement][value=later]")
        return
    page.check("input[name=endorsement][value=uploaded]")
    choose(page, letter)


def choose(page: Any, letter: bytes) -> None:
    """Choose the letter's file."""
    page.set_input_files("input[name=file]", {"name": "letter.pdf", "mimeType": "application/pdf", "buffer": letter})


def go_on(page: Any, where: str) -> None:
    """Press the page's main button and arrive."""
    page.click("main form .btn >> nth=0")
    page.wait_for_url(f"**{where}**", timeout=60_000)


def a_letter(size: int) -> bytes:
    """A PDF of about this size."""
    return b"%PDF-1.7\n%" + os.urandom(size // 2).hex().encode() + b"\nstartxref\n9\n%%EOF\n"
