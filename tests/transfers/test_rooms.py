"""Participants and expressions of interest from tables: through the rooms' rules, with what the rules say and send."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import OrganisationKind, Person, Role
from app.audit.models import AuditEntry
from app.core.db import own_transaction
from app.exchanges.models import Capacity, Invitation
from app.extensions import db
from app.interests.models import Expression, Source, Status
from app.notifications.models import State
from app.transfers import rules
from app.transfers.models import Import, ImportState, Kind
from app.transfers.queries import left_lying
from tests.conftest import NOW
from tests.factories.accounts import make_ministry, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call
from tests.interests.pages import form_of as page_form
from tests.transfers.conftest import confirm, text_of, upload, workbook


@pytest.fixture
def ids(within):
    with within():
        state = make_state("Astoria", code="XA")
        ministry = make_ministry(state, "Ministry of Interior")
        session = make_session()
        make_invitation(session, make_person("Before", email="before@m.example"))
        make_person("Known", email="known@m.example", of=ministry)
        return {"session": str(session.id), "call": str(make_call().id), "state": state.id}


def test_participants_are_invited_when_their_number_is_confirmed(app, office, ids, outbox):
    table = "email;family_name;state;Capacity\nknown@m.example;;;\nnew@m.example;New;XA;Observer\nbefore@m.example;;;\n"
    sent = len(outbox("session-invite"))
    page, location = upload(office, "participants", table, session_id=ids["session"])
    assert "2 people are invited to the session when you confirm." in text_of(page)
    assert "Invite 2 people" in text_of(page) and len(outbox("session-invite")) == sent
    confirm(office, page, location)
    with app.app_context():
        query = select(Person.email, Invitation.capacity, Invitation.organisation_id).join(
            Person, Person.id == Invitation.person_id
        )
        found = {row[0]: row[1:] for row in db.session.execute(query)}
    assert found["known@m.example"] == (Capacity.PARTICIPANT, ids["state"])
    assert found["new@m.example"] == (Capacity.OBSERVER, ids["state"])
    assert len(found) == 3 and len(outbox("session-invite")) == sent + 2
    again, _ = upload(office, "participants", table, session_id=ids["session"])
    assert "There is nothing to do" in text_of(again)


def test_a_table_that_writes_to_many_shows_the_mails_before_it_is_worked_on(app, office, ids, outbox):
    table = "email;family_name;state\n" + "".join(f"p{n}@m.example;Guest{n};XA\n" for n in range(25))
    page, location = upload(office, "participants", table, session_id=ids["session"])
    sent = len(outbox("session-invite"))
    asked = confirm(office, page, location)
    assert "25 mails leave when you confirm." in text_of(asked) and len(outbox("session-invite")) == sent
    with app.app_context():
        assert db.session.scalars(select(Import.state)).all() == [ImportState.CHECKED]
        assert db.session.scalar(select(Person.id).where(Person.email == "p3@m.example")) is None  # it was only tried out
    form = page_form(asked.get_data(as_text=True), "rehearsed")
    done = office.post(form.action, data=form.filled())
    assert done.status_code == 303 and done.location.endswith(location)
    assert len(outbox("session-invite")) == sent + 25
    with app.app_context():
        assert db.session.scalars(select(Import.state)).all() == [ImportState.DONE]
        lines = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_kind == "rehearsal").order_by(AuditEntry.at)).all()
    assert sorted(lines) == ["mails.confirmed", "mails.rehearsed"]
    again = office.post(form.action, data=form.filled())
    assert "/desk/rehearsals/" in again.location and len(outbox("session-invite")) == sent + 25


def test_a_participant_nobody_knows_needs_a_name(office, ids):
    page, _ = upload(office, "participants", "email\nnobody@m.example\n", session_id=ids["session"])
    assert "Nobody with this address is known. Enter the family name." in text_of(page) or "This column is missing" in text_of(page)


def test_expressions_are_entered_once_with_their_source(app, office, ids, outbox):
    head = ["How it came", "Number of the letter", "Date of the letter or call", "Kind of organisation", "Code of the State",
            "Ministry or organisation", "Family name", "E-mail address", "Grounds of admission and stay", "Languages you can work in"]  # fmt: skip
    with app.app_context():
        from app.topics.queries import grounds

        code, ground = next(iter(grounds().items()))
    rows = [
        head,
        [
            "Note verbale",
            "NV 7/2026",
            date(2026, 11, 2),
            "ministry",
            "XA",
            "Ministry of Interior",
            "Ada",
            "ada@m.example",
            code,
            "en; fr",
        ],
        ["phone", "", "2026-11-03", "Permanent Mission", "Astoria", "Ministry of Labour", "Bo", "", ground.labels["fr"], ""],
    ]
    wrong, _ = upload(
        office,
        "expressions",
        workbook([*rows, ["email", "", "3/11/2026", "ministry", "XA", "M", "", "", code]]),
        "e.xlsx",
        call_id=ids["call"],
    )
    assert "4 Date of the letter or call Write the date as 2027-03-11." in text_of(wrong)
    page, location = upload(office, "expressions", workbook(rows), "e.xlsx", call_id=ids["call"])
    assert "2 expressions of interest are entered when you confirm." in text_of(page), text_of(page)[-900:]
    confirm(office, page, location)
    with app.app_context():
        found = list(db.session.scalars(select(Expression).order_by(Expression.reference)))
        assert [
            (e.source, e.source_number, e.received_on, e.organisation_kind, e.status, e.grounds, e.languages) for e in found
        ] == [
            (
                Source.NOTE_VERBALE,
                "NV 7/2026",
                date(2026, 11, 2),
                OrganisationKind.MINISTRY,
                Status.SUBMITTED,
                [code],
                ["en", "fr"],
            ),
            (Source.PHONE, None, date(2026, 11, 3), OrganisationKind.MISSION, Status.SUBMITTED, [code], []),
        ]
        assert found[0].entered_by is not None and found[0].state_id == ids["state"]
    assert sorted(m.state for m in outbox("expression-copy")) == [State.QUEUED, State.SUPPRESSED], "one has no address"
    again, _ = upload(office, "expressions", workbook(rows), "e.xlsx", call_id=ids["call"])
    assert "There is nothing to do" in text_of(again)


def big(count=700):
    return "email,given_name,family_name\n" + "".join(f"p{n}@m.example,P,N{n}\n" for n in range(count))


def latest():
    return db.session.scalar(select(Import).order_by(Import.id.desc()).limit(1))


def test_a_large_table_waits_for_the_worker_and_shows_how_far_it_is(app, office, within):
    page, location = upload(office, "people", big())
    assert "The table waits for its turn." in text_of(page) and "Look again" in text_of(page)
    with within():
        row = latest()
        assert left_lying(NOW) == [row.id]
        assert rules.work(row.id, now=NOW)
    page = office.get(location)
    assert "The first 300 of 700 rows." in text_of(page)
    again = confirm(office, page, location)
    assert "0 of 700 rows are done." in text_of(again)
    with within():
        assert rules.work(latest().id, now=NOW)
        assert not rules.work(latest().id, now=NOW), "done is done"
    with app.app_context():
        assert latest().state is ImportState.DONE and latest().rows_done == 700
        assert db.session.scalar(select(db.func.count()).select_from(Person)) == 701


def begun(app, count):
    """A large table, checked and confirmed, on the real database."""
    with app.app_context():
        desk = make_person("Desk", email="desk@office.example", roles=(Role.SECRETARIAT,))
        made = rules.begin(big(count).encode(), "t.csv", Kind.PEOPLE, options={}, language="en", by=desk, now=NOW).id
        db.session.commit()
        rules.work(made, now=NOW)
        db.session.commit()
        rules.confirm(latest(), rules.figures(latest()), by=desk, now=NOW)
        db.session.commit()
    return made


def test_a_stop_in_the_middle_leaves_nothing_behind(committed_app, monkeypatch):
    made = begun(committed_app, 300)
    alive, seen = rules._alive, []

    def watched(import_id, run, done, total):
        seen.append(done)
        if done == 100:
            with own_transaction() as beside:
                there = beside.get(Import, made)
                assert (there.state, there.rows_done, there.rows) == (ImportState.RUNNING, 50, 300), "others see how far it is"
                there.stop_asked_at = NOW
        alive(import_id, run, done, total)

    monkeypatch.setattr(rules, "_alive", watched)
    with committed_app.app_context():
        assert rules.work(made, now=NOW)
        db.session.commit()
    with committed_app.app_context():
        assert seen[-1] == 100 and latest().state is ImportState.STOPPED and latest().run is None
        assert db.session.scalar(select(db.func.count()).select_from(Person)) == 1


def test_two_workers_do_an_import_once(committed_app):
    made = begun(committed_app, 300)
    did = []

    def working():
        with committed_app.app_context():
            did.append(rules.work(made, now=NOW))
            db.session.commit()

    threads = [threading.Thread(target=working) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with committed_app.app_context():
        assert sorted(did) == [False, False, True] and latest().state is ImportState.DONE
        assert db.session.scalar(select(db.func.count()).select_from(Person)) == 301


def test_what_a_dead_process_left_is_taken_up_again(app, office, within):
    upload(office, "people", big())
    with within():
        row = latest()
        row.run, row.alive_at = row.file_id, NOW - timedelta(seconds=30)
    with within():
        assert left_lying(NOW) == [] and not rules.work(latest().id, now=NOW)
        assert left_lying(NOW + timedelta(minutes=3)) == [latest().id]
        assert rules.work(latest().id, now=NOW + timedelta(minutes=3))
    with app.app_context():
        assert latest().state is ImportState.CHECKED


def test_a_rule_that_refuses_in_the_middle_undoes_all(app, office, within, monkeypatch):
    page, location = upload(office, "people", big(60))
    from app.accounts.rules import people
    from app.core.errors import RuleBroken

    create = people.create

    def refusing(fields, **told):
        if fields["email"] == "p50@m.example":
            raise RuleBroken("Not this one.")
        return create(fields, **told)

    monkeypatch.setattr(people, "create", refusing)
    done = confirm(office, page, location)
    assert "52 – Not this one." in text_of(done)
    with app.app_context():
        assert latest().state is ImportState.REFUSED
        assert db.session.scalar(select(db.func.count()).select_from(Person)) == 1


def test_only_the_office_imports(app, client, sign_in, within):
    with within():
        guest = make_person("Guest")
    for address in ("/en/desk/imports", "/en/desk/imports/new/people", "/en/desk/imports/template/people"):
        assert client.get(address).status_code == 401
        assert sign_in(guest).get(address).status_code == 404


def test_the_command_says_the_same_and_changes_nothing_on_a_dry_run(app, office, tmp_path):
    file = tmp_path / "people.csv"
    file.write_text("email,family_name\nada@m.example,Lovelace\nbad,Bo\n")
    run = app.test_cli_runner().invoke
    done = run(args=["import", "people", str(file), "--by", "desk@office.example"])
    assert done.exit_code == 1 and "row 3 E-mail address: Enter an e-mail address" in done.output
    file.write_text("email,family_name\nada@m.example,Lovelace\n")
    done = run(args=["import", "people", str(file), "--by", "desk@office.example", "--dry-run"])
    assert (done.exit_code, done.output) == (0, "new 1, updated 0, left 0, wrong 0\ndry run: nothing was changed\n")
    with app.app_context():
        assert db.session.scalar(select(db.func.count()).select_from(Person)) == 1
    done = run(args=["import", "people", str(file), "--by", "desk@office.example"])
    assert (done.exit_code, done.output) == (0, "new 1, updated 0, left 0, wrong 0\ndone\n")
    refused = run(args=["import", "people", str(file), "--by", "nobody@office.example"])
    assert refused.exit_code == 1 and "Nobody with this address may import." in refused.output
    assert datetime(2026, 11, 23, 9, tzinfo=UTC) == NOW
