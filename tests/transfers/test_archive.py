"""An exchange that is over, in one file: what there was of it, and nothing that opens anything."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime, timedelta

import pytest
from flask import g

from app.core.errors import RuleBroken
from app.exchanges.models import Exchange, SessionStatus
from app.exchanges.rules import put_on_list
from app.extensions import db
from app.files import rules as files
from app.files.models import StoredFile
from app.transfers import archiving
from app.transfers.models import Archive, ArchiveState
from tests.accounts.conftest import form_of
from tests.conftest import NOW
from tests.factories.accounts import make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.transfers.conftest import text_of

BEFORE = NOW - timedelta(days=30)


@pytest.fixture
def exchange(within):
    with within():
        session = make_session(
            now=NOW - timedelta(days=60),
            local_start=datetime(2026, 11, 10, 16),
            titles={"en": "Family <b>reunification</b>", "fr": "Le regroupement"},
        )
        put_on_list(session.exchange, organisations=[make_state("Alvania", code="XA")], by=None, now=NOW - timedelta(days=55))
        session.exchange.languages = ["en", "fr"]
        invitation = make_invitation(
            session, make_person("Guest", given_name="=Ada", email="guest@m.example"), now=NOW - timedelta(days=50)
        )
        files.keep(b"%PDF-1.7 scan", "note verbale.pdf", "application/pdf", "source-scan", "invitation", invitation.id, None, NOW)
        return {"id": session.exchange_id, "nonces": (invitation.nonce, invitation.join_nonce), "join": session.join_url}


def made(app, exchange, language="en"):
    with app.test_request_context(f"/{language}/"):
        g.lang = language
        row = archiving.ask(db.session.get(Exchange, exchange["id"]), language=language, by=make_person("Desk"), now=NOW)
        assert archiving.make(row.id, now=NOW) and not archiving.make(row.id, now=NOW)
        data = files.path_of(row.file_id).read_bytes()
        db.session.commit()
        return row.id, zipfile.ZipFile(io.BytesIO(data))


def test_an_archive_holds_pages_files_calendar_and_mails(app, exchange):
    _, archive = made(app, exchange)
    names = set(archive.namelist())
    assert names == {
        "index.html",
        "session-1.html",
        "session-1.csv",
        "calendar.ics",
        "mails.csv",
        "invited.csv",
        "files/001-note verbale.pdf",
    }
    index, page = archive.read("index.html").decode(), archive.read("session-1.html").decode()
    assert '<html lang="en" dir="ltr">' in index and 'href="session-1.html"' in index
    assert "Family &lt;b&gt;reunification&lt;/b&gt;" in page and "=Ada Guest" in page
    assert "Alvania" in index and "Français" in index
    assert [line.split(",")[:3] for line in archive.read("invited.csv").decode("utf-8-sig").splitlines()[1:]] == [
        ["Alvania", "XA", "Participant"]
    ]
    assert archive.read("files/001-note verbale.pdf") == b"%PDF-1.7 scan"
    assert archive.read("calendar.ics").count(b"BEGIN:VEVENT") == 1
    mails = archive.read("mails.csv").decode("utf-8-sig").splitlines()
    assert len(mails) == 2 and "guest@m.example" in mails[1] and "session-invite" in mails[1]
    assert "'=Ada" in archive.read("session-1.csv").decode("utf-8-sig")


def test_nothing_in_it_opens_anything(app, exchange):
    _, archive = made(app, exchange, "ar")
    assert b'lang="ar" dir="rtl"' in archive.read("index.html")
    for name in archive.namelist():
        content = archive.read(name).decode("utf-8", "replace")
        assert not re.search(r"/(answer|join|status|drafts|confirmations|sign-in)/", content), name
        assert exchange["join"] not in content and "meet.example" not in content, name
        assert not any(nonce in content for nonce in exchange["nonces"]), name


def test_an_exchange_that_is_not_over_is_not_archived(app, exchange, within):
    with within():
        with pytest.raises(RuleBroken):
            archiving.ask(db.session.get(Exchange, exchange["id"]), language="en", by=make_person("Desk"), now=BEFORE)
        draft = make_session(status=SessionStatus.DRAFT)
        with pytest.raises(RuleBroken):
            archiving.ask(draft.exchange, language="en", by=make_person("Desk"), now=NOW)


def test_the_office_asks_fetches_and_after_two_weeks_it_is_gone(app, exchange, office, within, client):
    address = f"/en/desk/exchanges/{exchange['id']}/archives"
    page = office.get(address)
    answer = office.post(address, data=form_of(page, ""))
    assert answer.status_code == 303
    assert "Being made" in text_of(office.get(address))
    with within():
        row = db.session.scalar(db.select(Archive))
        archive_id = row.id
    with app.test_request_context("/en/"):
        g.lang = "en"
        archiving.make(archive_id, now=NOW)
        db.session.commit()
    fetch = f"/en/desk/archives/{archive_id}/file"
    assert fetch in office.get(address).get_data(as_text=True)
    with office.get(fetch) as got:
        assert got.mimetype == "application/zip" and got.headers["Content-Disposition"].startswith("attachment;")
    assert client.get(fetch).status_code == 401
    with within():
        assert archiving.clear_what_is_over(NOW + timedelta(days=15)) == 1
    with app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(StoredFile).where(StoredFile.purpose == "archive")) == 0
    assert office.get(fetch).status_code == 404


def test_one_that_cannot_be_made_says_so(app, exchange, within):
    with within():
        row = archiving.ask(db.session.get(Exchange, exchange["id"]), language="en", by=make_person("Desk"), now=NOW)
        archiving.failed(row.id)
        assert row.state is ArchiveState.FAILED
