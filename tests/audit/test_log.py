"""The audit log: written with the change, read in words, every recorded word among the registered ones."""

import re
import uuid
from datetime import timedelta
from pathlib import Path

from flask_babel import force_locale

from app.accounts.models import Capacity
from app.audit import queries, words
from app.audit.rules import differences, record
from tests.factories.accounts import NOW, make_designation, make_person, make_state

APP = Path(__file__).resolve().parents[2] / "app"


def test_every_action_that_is_recorded_has_words(base_app):
    recorded = set()
    for path in APP.rglob("*.py"):
        recorded |= set(re.findall(r"""\brecord\(\s*["']([a-z_.]+)["']""", path.read_text(encoding="utf-8")))
    assert recorded
    assert recorded - set(words.known_actions()) == set()


def test_a_line_says_who_what_and_from_what_to_what(session):
    person = make_person("Morrow")
    record(
        "person.changed", "person", person.id, by=person, now=NOW, note="by phone", on_behalf_of="The Mission",
        changes={"phone": (None, "+1"), "posts": ({"en": "A"}, {"en": "B", "fr": "C"}), "active": (True, False)},
    )  # fmt: skip
    session.flush()
    (line,) = queries.lines_about("person", person.id)
    assert (str(line.said), line.who, line.on_behalf_of, line.note) == ("Person changed", "Ada Morrow", "The Mission", "by phone")
    assert [(str(c.label), c.before, c.after) for c in line.changes] == [
        ("Phone", "–", "+1"),
        ("Post (English)", "A", "B"),
        ("Post (Français)", "–", "C"),
        ("Active", "Yes", "No"),
    ]


def test_machine_words_ids_and_instants_are_said_in_words(session, statements):
    state, person = make_state("Astoria"), make_person("Point")
    designation = make_designation(state, person)
    changes = {
        "state": (None, state.id), "person": (None, person.id), "replaces": (None, designation.id), "verified_at": (None, NOW),
        "capacity": (None, Capacity.FOCAL_POINT), "letter_date": (None, NOW.date()),
    }  # fmt: skip
    record("designation.recorded", "designation", designation.id, by=person, now=NOW, changes=changes)
    record(
        "session.answered", "session", designation.id, by=person, now=NOW, note="page",
        changes={"answer": (None, "yes"), "seat": ("none", "held"), "languages": ([], ["en", "fr"]), "hosts": ([], [state.id])},
    )  # fmt: skip
    record("session.invited", "session", designation.id, by=person, now=NOW + timedelta(minutes=1), note="by_hand, state")
    session.flush()
    (line,) = queries.lines_about("designation", designation.id)
    assert {str(c.label): c.after for c in line.changes} == {
        "State": "Astoria", "Person": "Ada Point", "Replaces": "Ada Point",
        "Verified": f"{NOW:%Y-%m-%d %H:%M} UTC", "Capacity": "Focal point", "Date of the letter": f"{NOW:%Y-%m-%d}",
    }  # fmt: skip
    statements.clear()
    invited, answered = queries.lines_about("session", designation.id)
    assert len(statements) == 2  # the lines, and the names of the hosts
    assert invited.note == "Invited by name, Invited for the State" and answered.note == "on the page"
    assert {(c.before, c.after) for c in answered.changes} == {
        ("–", "Yes"), ("No seat", "Seat held"), ("–", "English, Français"), ("–", "Astoria"),
    }  # fmt: skip
    (row,) = [x for x in queries.all_lines(kind="designation") if x.object_id == designation.id]
    assert row.changes == line.changes


def test_a_field_is_called_as_in_its_own_room(session):
    person = make_person()
    for kind in ("expression", "session"):
        record(f"{kind}.changed", kind, person.id, by=person, now=NOW, changes={"status": (None, "submitted")})
    session.flush()
    labels = {kind: str(queries.lines_about(kind, person.id)[0].changes[0].label) for kind in ("expression", "session")}
    assert labels == {"expression": "Status", "session": "State of the session"}


def test_words_that_nobody_registered_and_ids_of_rows_that_are_gone_stay_as_they_are(session):
    person, gone = make_person(), uuid.uuid4()
    record(
        "person.changed",
        "person",
        person.id,
        by=person,
        now=NOW,
        note="page",
        changes={"state": (gone, None), "phone": ("yes", "x")},
    )
    session.flush()
    (line,) = queries.lines_about("person", person.id)
    assert [(c.before, c.after) for c in line.changes] == [("yes", "x"), (str(gone), "–")] and line.note == "page"


def test_the_platform_is_nobody(session):
    person = make_person()
    record("person.created", "person", person.id, by=None, now=NOW)
    session.flush()
    assert [line.who for line in queries.lines_about("person", person.id)] == [""]


def test_a_line_keeps_the_name_of_then(session):
    person = make_person("Before")
    record("person.changed", "person", person.id, by=person, now=NOW)
    session.flush()
    person.family_name = "After"
    session.flush()
    assert [line.who for line in queries.lines_about("person", person.id)] == ["Ada Before"]


def test_the_change_and_its_line_are_saved_or_lost_together(app):
    from app.extensions import db

    with app.app_context():
        person = make_person()
        record("person.created", "person", person.id, by=None, now=NOW)
        db.session.flush()
        db.session.rollback()
        assert queries.lines_about("person", person.id) == []
        db.session.remove()


def test_pages_of_the_log_show_each_line_once(session):
    person = make_person()
    for n in range(7):
        record("person.changed", "person", person.id, by=person, now=NOW, note=str(n))
    session.flush()
    seen, after = [], None
    from datetime import datetime
    from uuid import UUID

    from app.core import paging

    while True:
        page = queries.page(kind="person", actor_id=person.id, after=after, size=3)
        seen += [line.note for line in page.rows]
        if page.after is None:
            break
        after = tuple(paging.key_of(page.after, (datetime.fromisoformat, UUID)))
    assert sorted(seen) == [str(n) for n in range(7)]
    assert len(seen) == 7


def test_words_are_in_the_readers_language(base_app):
    with base_app.test_request_context("/en/"), force_locale("en"):
        assert str(words.action("person.created")) == "Person added"
        assert str(words.action("nobody.registered")) == "nobody.registered"
        assert str(words.field("forms_of_address")) == "Form of address"


def test_differences_are_of_fields_that_change(session):
    person = make_person("Morrow", phone="+1")
    assert differences(person, {"phone": "+1", "family_name": "Berg"}) == {"family_name": ("Morrow", "Berg")}
