"""An expression of interest over a bad line: few bytes, and nothing that was typed is lost when the line is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import func, select

from app.extensions import db
from app.files.models import StoredFile
from app.interests.models import Expression, Status
from bench import walking
from bench.line import Line
from tests.browser.served import served
from tests.factories.accounts import make_state
from tests.factories.interests import make_call

pytestmark = pytest.mark.browser
MOST = 250_000
"""Bytes of the whole way, both directions, with the headers of every packet and the lost ones."""


@contextmanager
def over(app: Flask, chromium: Any, **line: float) -> Iterator[tuple[Any, Line, str]]:
    """A page of a new browser behind a line of its own, and the address of a call."""
    with app.app_context():
        make_state()
        call = make_call()
        db.session.commit()
        where = f"/en/calls/{call.id}"
        db.session.remove()
    with served(app) as base:
        behind = Line(int(base.rsplit(":", 1)[1]), **line)
        context = chromium.new_context(base_url=behind.url, locale="en-GB")
        context.set_default_timeout(25_000)
        try:
            yield context.new_page(), behind, where
        finally:
            context.close()
            behind.close()


@pytest.fixture
def drafts(app: Flask) -> Callable[[], list[Expression]]:
    """The expressions as they stand."""

    def read() -> list[Expression]:
        with app.app_context():
            rows = list(db.session.scalars(select(Expression)))
            db.session.expunge_all()
            return rows

    return read


def test_the_whole_way_fits_into_250_kilobytes_at_400_ms_and_5_per_cent_loss(app, chromium, drafts):
    with over(app, chromium, delay=0.4, loss=0.05) as (page, line, call):
        told = walking.apply(page, call)
        carried, lost = line.carried, line.lost
    assert "EOI-" in told and lost > 0
    assert [row.status for row in drafts()] == [Status.SUBMITTED]
    assert carried <= MOST, f"{carried:,} bytes"


def test_a_line_that_is_cut_in_the_middle_of_a_step_loses_nothing(app, chromium, drafts):
    with over(app, chromium) as (page, line, call):
        walking.begin(page, call)
        walking.who(page)
        line.cut()  # before the three seconds of autosave
        page.click("main form .btn >> nth=0")
        expect(page.locator("[data-saved]")).to_have_text("Not saved yet. Check your connection; we keep trying.")
        assert page.input_value("[name=organisation_unit]") == "Residence Department"  # the page stays as it was
        assert drafts()[0].organisation_unit == ""
        line.mend()
        page.wait_for_url("**/what")  # it goes on by itself once the line is back
    (row,) = drafts()
    assert (row.organisation_unit, row.contact_post, row.step) == ("Residence Department", "Director", 2)


def test_a_step_whose_sending_breaks_off_is_in_the_draft(app, chromium, drafts):
    """The words are kept before the step is sent, so a press that breaks off on its way has lost nothing either."""
    with over(app, chromium) as (page, line, call):
        walking.begin(page, call)
        walking.who(page)
        walking.go_on(page, "/what")
        walking.what(page)
        page.wait_for_timeout(3500)  # autosave
        address = page.url
        line.cut()
        page.click("main form .btn >> nth=0", no_wait_after=True)
        page.wait_for_timeout(500)
        page.close()
        line.mend()
        again = page.context.new_page()
        again.goto(address)
        assert again.input_value("[name=aim]") == walking.AIM
    (row,) = drafts()
    assert (row.aim, row.step, row.status) == (walking.AIM, 2, Status.DRAFT)


def test_a_line_that_is_cut_in_the_middle_of_an_upload_loses_nothing_and_the_file_is_sent_again(app, chromium, drafts):
    letter = walking.a_letter(400_000)
    with over(app, chromium) as (page, line, call):
        walking.begin(page, call)
        walking.who(page)
        walking.go_on(page, "/what")
        walking.what(page)
        walking.go_on(page, "/endorsement")
        address = page.url
        walking.endorsement(page, letter)
        line.cut_after(100_000)
        page.click("main form .btn >> nth=0", no_wait_after=True)
        page.wait_for_timeout(1500)
        assert kept_files(app) == 0  # half a file is no file
        line.mend()
        page.goto(address)
        walking.endorsement(page, letter)
        walking.go_on(page, "/check")
        told = page.inner_text("main")
        assert all(words in told for words in ("Ministry of the Interior", walking.AIM, "letter.pdf"))
        walking.go_on(page, "/status/")
    (row,) = drafts()
    assert (row.status, row.aim) == (Status.SUBMITTED, walking.AIM)
    assert kept_files(app) == 1


def kept_files(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(StoredFile)) or 0


def test_without_scripts_a_step_that_was_sent_is_kept(app, chromium, drafts):
    with over(app, chromium) as (page, line, call):
        context = page.context.browser.new_context(base_url=line.url, java_script_enabled=False)
        plain = context.new_page()
        walking.begin(plain, call)
        walking.who(plain)
        walking.go_on(plain, "/what")
        address = plain.url
        line.cut()
        plain.click("main form .btn >> nth=0", no_wait_after=True)
        plain.wait_for_timeout(1500)
        line.mend()
        plain.goto(address)
        plain.goto(address.replace("/what", "/who"))
        assert plain.input_value("[name=contact_post]") == "Director"
        context.close()
    assert drafts()[0].step == 2
