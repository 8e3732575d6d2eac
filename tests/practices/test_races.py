"""Many at once: numbers without doubles, one record of one form, one version of one upload each."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.practices import rules
from app.practices.models import CatalogueEntry, Document, Kind, Level, Measure, Practice, PracticeType, Tool
from tests.conftest import NOW
from tests.factories.accounts import make_person
from tests.factories.practices import make_practice, make_tool
from tests.files import samples
from tests.interests.test_races import together

FIELDS = {
    "titles": {"en": "Kinship"}, "summaries": {"en": "Letters."}, "type": PracticeType.POLICY, "level": Level.NATIONAL,
    "measure": Measure.STAY,
}  # fmt: skip


@pytest.fixture
def officer(committed_app):
    with committed_app.app_context():
        found = make_person("Berg")
        db.session.commit()
        db.session.expunge_all()
    return found


def write(key=None):
    rules.create(Kind.PRACTICE, FIELDS, source="en", by=None, now=NOW, submission_key=key)


def test_eight_who_write_at_once_get_eight_numbers(committed_app):
    assert together(committed_app, [write] * 8) == []
    with committed_app.app_context():
        assert sorted(db.session.scalars(select(Practice.code))) == [f"PR-{n:02d}" for n in range(1, 9)]
        kept = select(CatalogueEntry.object_id).where(CatalogueEntry.kind == Kind.PRACTICE)
        assert len(set(db.session.scalars(kept))) == 8


def test_one_form_sent_eight_times_at_once_makes_one_record(committed_app):
    key = "6f2a0c1e-6a55-4f6e-9c40-1d2f3a4b5c6d"
    assert together(committed_app, [lambda: write(key)] * 8) == []
    with committed_app.app_context():
        assert len(db.session.scalars(select(Practice)).all()) == 1


def test_of_two_editors_at_once_one_is_told(committed_app, officer):
    with committed_app.app_context():
        row = make_practice("Before")
        db.session.commit()
        row_id, version = row.id, row.version

    def edit(title):
        def run():
            here = db.session.get(Practice, row_id)
            fields = {"titles": {"en": title}, "summaries": here.summaries}
            rules.change(here, fields, version=version, source="en", by=officer, now=NOW)

        return run

    refused = together(committed_app, [edit("One"), edit("Two")])
    assert len(refused) == 1 and [name for name, _theirs, _yours in refused[0].changes] == ["titles"]
    with committed_app.app_context():
        assert db.session.get(Practice, row_id).version == version + 1


def test_uploads_at_once_get_versions_of_their_own(committed_app, officer):
    with committed_app.app_context():
        tool_id = make_tool("Sheet", code="tool_race").id
        db.session.commit()

    def add(number):
        def run():
            data = samples.PDF.replace(b"%PDF-1.4", f"%PDF-1.{number}".encode())
            row = db.session.get(Tool, tool_id)
            rules.add_document(row, FileStorage(io.BytesIO(data), "sheet.pdf"), "en", by=officer, now=NOW)

        return run

    try:
        assert together(committed_app, [add(n) for n in range(4)]) == []
        with committed_app.app_context():
            assert sorted(db.session.scalars(select(Document.version))) == [1, 2, 3, 4]
    finally:  # tools outlive a test with real commits
        with committed_app.app_context():
            db.session.execute(Document.__table__.delete())
            db.session.delete(db.session.get(Tool, tool_id))
            db.session.commit()
            db.session.execute(CatalogueEntry.__table__.delete().where(CatalogueEntry.object_id == tool_id))
            db.session.commit()
