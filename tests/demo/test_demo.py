"""The demonstration: loaded once, on whatever day, complete in six languages, and quiet about its past."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.holdings import held_by
from app.accounts.models import (
    CallOutcome,
    Designation,
    HandOver,
    Organisation,
    OrganisationKind,
    Person,
    PhoneCall,
    Role,
    RoleGrant,
)
from app.accounts.passwords import fits
from app.circulars.models import Circular, CircularRecipient
from app.circulars.rules import send
from app.core import clock
from app.core.errors import RuleBroken
from app.core.languages import LANGUAGES
from app.demo import sign_ins
from app.demo.advance import NotASpan, move_to, span, stops
from app.demo.calendar import ANCHOR, calendar_for
from app.demo.data_files import HERE, read
from app.demo.load import load_demo
from app.exchanges.models import Invitation, PeerSession, Seat, SessionStatus
from app.extensions import db
from app.files.rules import path_of
from app.interests.models import Call, Expression, Status
from app.interests.opinion_models import OpinionRequest, View
from app.interests.queries import opinions_awaited
from app.letters.models import Letter
from app.letters.models import Status as LetterStatus
from app.links.models import LinkType, Ref
from app.links.queries import ends_of
from app.notifications.models import InboundMail, Message, State, Verdict
from app.pilots.deadlines import progress, today_in, whole
from app.pilots.models import DueChange, Evidence, Milestone, Pilot
from app.practices.models import Practice
from app.texts.queries import standings_of
from app.texts.states import State as TextState
from tests.conftest import NOW, _bound_to


@pytest.fixture(scope="module")
def loaded(base_app):
    """The demonstration, loaded once at NOW for all tests of this file, and rolled back."""
    with base_app.app_context():
        engine = db.engine
    with engine.connect() as connection, connection.begin() as outer:
        with _bound_to(base_app, connection), base_app.test_request_context("/"):
            assert load_demo(NOW)
            db.session.commit()
            yield db.session
        outer.rollback()


@pytest.mark.parametrize("days", range(-400, 400, 37))
def test_the_anchor_falls_within_three_days_of_the_load_and_weekdays_stay(days):
    load = datetime.combine(ANCHOR + timedelta(days=days), datetime.min.time(), UTC) + timedelta(hours=15)
    moved = calendar_for(load).day(ANCHOR.isoformat())
    assert abs((moved - load.date()).days) <= 3
    assert moved.weekday() == ANCHOR.weekday() == 0
    assert calendar_for(load).wall("2026-12-03", "13:00").weekday() == 3


def test_on_the_anchor_itself_nothing_moves():
    assert calendar_for(datetime(2026, 11, 23, 9, tzinfo=UTC)).day("2026-12-03") == date(2026, 12, 3)


def test_the_network_is_there(loaded):
    assert loaded.scalar(select(func.count()).where(Organisation.illustrative, Organisation.kind == OrganisationKind.STATE)) == 8
    speakers = loaded.scalars(select(Designation)).all()
    assert Counter(d.verified_at is not None for d in speakers) == {True: 10, False: 1}
    roles = {g.role for g in loaded.scalars(select(RoleGrant))}
    assert {Role.SECRETARIAT, Role.ADMINISTRATOR, Role.AUDITOR, Role.CO_LEAD, Role.PARTICIPANT, Role.OBSERVER} <= roles


def test_every_address_is_one_where_no_mail_can_go(loaded):
    addresses = [e for e in loaded.scalars(select(Person.email)) if e]
    assert len(addresses) == 31
    assert all(address.endswith(".example") for address in addresses)
    assert all(m.address.endswith(".example") for m in loaded.scalars(select(Message)) if m.address)


def test_ministers_and_ambassadors_are_addressed_in_six_languages_and_one_person_has_no_known_form(loaded):
    people = {p.family_name: p for p in loaded.scalars(select(Person))}
    assert people["Sarr"].salutation("fr") == "Madame la Ministre"
    assert people["Rahmani"].salutation("ar") == "سعادة السفير"
    assert [people["Lenkov"].salutation(lang) for lang in LANGUAGES] == [""] * 6
    for name in ("Sarr", "Rahmani", "Wongsa"):
        assert set(people[name].forms_of_address) == set(LANGUAGES)
    assert all(set(p.posts) == set(LANGUAGES) for p in people.values())


def test_expressions_stand_in_their_stages_and_the_call_is_open(loaded, now):
    found = Counter(e.status for e in loaded.scalars(select(Expression)))
    assert found == {Status.ACCEPTED: 3, Status.UNDER_REVIEW: 2, Status.SUBMITTED: 2, Status.CLARIFICATION_ASKED: 1}
    call = loaded.scalars(select(Call)).one()
    assert call.is_open(now) and set(call.titles) == set(call.texts) == set(LANGUAGES)
    assert all(e.submitted_at < now - timedelta(days=4) for e in loaded.scalars(select(Expression)))


def test_sessions_are_past_coming_full_cancelled_and_planned(loaded, now):
    rows = {s.titles["en"]: s for s in loaded.scalars(select(PeerSession))}
    assert Counter(s.status for s in rows.values()) == {
        SessionStatus.SCHEDULED: 12, SessionStatus.CANCELLED: 1, SessionStatus.DRAFT: 1,
    }  # fmt: skip
    coming = [s for s in rows.values() if s.status is SessionStatus.SCHEDULED and s.starts_at > now]
    assert len(coming) == 10 and all(set(s.titles) == set(s.purposes) == set(s.agendas) == set(LANGUAGES) for s in coming)
    full = rows["Human rights grounds: how decisions are reasoned"]
    seats = Counter(i.seat for i in loaded.scalars(select(Invitation).filter_by(peer_session_id=full.id)))
    assert seats[Seat.HELD] == full.capacity == 4 and seats[Seat.WAITING] == 2


def test_history_is_never_sent_and_a_few_invitations_go_out_today(loaded, now):
    messages = loaded.scalars(select(Message)).all()
    leaving = [m for m in messages if m.state is State.QUEUED]
    assert 8 <= len(leaving) <= 20
    assert {m.kind for m in leaving} <= {"session-invite", "session-copy"}
    assert len({m.locale for m in leaving}) >= 4
    history = [m for m in messages if m.suppressed_reason == "history"]
    assert len(history) > 30 and all(m.state is State.SUPPRESSED for m in history)


def test_the_desk_has_a_failed_mail_and_an_answer_nobody_understood(loaded):
    failed = loaded.scalars(select(Message).where(Message.state == State.FAILED)).one()
    assert failed.recipient_name == "Viktor Grau" and failed.error_class == "refused"
    mail = loaded.scalars(select(InboundMail)).one()
    assert (mail.verdict, mail.reason) == (Verdict.UNCLEAR, "sender_differs")


def test_letters_came_were_issued_and_wait_to_be_issued(loaded, now):
    letters = loaded.scalars(select(Letter)).all()
    assert Counter(letter.status for letter in letters if letter.status is not LetterStatus.DRAFT) == {
        LetterStatus.ISSUED: 1, LetterStatus.RECEIVED: 1,
    }  # fmt: skip
    issued = next(letter for letter in letters if letter.status is LetterStatus.ISSUED)
    assert (issued.language, issued.state.code, issued.set.signatory.name) == ("es", "XN", "Tomas Berg")
    assert path_of(issued.pdf_id).read_bytes().startswith(b"%PDF") and path_of(issued.docx_id).read_bytes().startswith(b"PK")
    came = next(letter for letter in letters if letter.status is LetterStatus.RECEIVED)
    assert came.state.code == "XQ" and came.answer_due > now.date() and came.answered_on is None
    drafts = [letter for letter in letters if letter.is_draft]
    assert len(drafts) == 8 and {letter.language for letter in drafts} == {"en", "fr", "es", "ar", "ru"}
    assert [s.state for s in loaded.scalars(select(Message).where(Message.kind == "letter-sent"))] == [State.SUPPRESSED]


def test_a_circular_was_sent_and_one_waits_for_its_translations(loaded, now):
    sent, draft = loaded.scalars(select(Circular).order_by(Circular.created_at)).all()
    assert sent.is_out(now) and set(sent.subjects) == set(sent.texts) == set(LANGUAGES)
    mails = loaded.scalars(select(Message).where(Message.kind == "circular")).all()
    people = loaded.scalars(select(CircularRecipient).where(CircularRecipient.circular_id == sent.id)).all()
    assert len(mails) == len([p for p in people if p.trouble is None]) > 8
    assert draft.is_draft and draft.not_before > now and set(draft.texts) == {"en", "fr", "ar"} < set(draft.subjects)
    states = {s.language: s.state for s in standings_of("circular", draft.id, {"subjects": draft.subjects, "texts": draft.texts})}
    assert (states["fr"], states["ar"]) == (TextState.REVIEWED, TextState.DRAFT)
    with pytest.raises(RuleBroken) as refused:
        send(draft, by=loaded.get(Person, draft.made_by), now=now)
    assert str(refused.value.message) == "Español: subject and text are needed, or neither."


def test_one_co_lead_has_answered_and_one_is_still_asked(loaded, now):
    request = loaded.scalars(select(OpinionRequest)).one()
    assert request.closed_at is None and request.due_on > now.date() and request.expression.status is Status.UNDER_REVIEW
    assert {o.person.family_name: o.view for o in request.opinions} == {"Petrov": View.SUPPORT, "Prado": None}
    awaited = {o.person.family_name: opinions_awaited(o.person) for o in request.opinions}
    assert [o.request.id for o in awaited["Prado"]] == [request.id] and awaited["Petrov"] == []


def test_a_focal_point_took_over_and_a_minister_was_phoned(loaded):
    done = loaded.scalars(select(HandOver)).one()
    former, successor = (loaded.get(Person, i) for i in (done.from_id, done.to_id))
    assert (former.family_name, former.active, successor.family_name, done.closed) == ("Diallo", False, "Kandé", True)
    assert held_by(former, NOW) == []
    call = loaded.scalars(select(PhoneCall)).one()
    called = loaded.get(Person, call.person_id).family_name
    assert (called, call.outcome, call.subject_kind) == ("Sarr", CallOutcome.TOLD, "session")


def test_loading_again_changes_nothing(loaded, now):
    def rows():
        return [loaded.scalar(select(func.count()).select_from(m)) for m in (Person, Organisation, Message, Invitation)]

    before = rows()
    assert not load_demo(now + timedelta(days=30))
    assert rows() == before


def test_four_sign_ins_work_with_a_passphrase_only_this_user_can_read(loaded):
    phrase = sign_ins.passphrase()
    assert len(phrase) >= 15
    assert sign_ins._file().stat().st_mode & 0o777 == 0o600
    people = {p.email: p for p in loaded.scalars(select(Person))}
    for address in sign_ins.ADDRESSES.values():
        assert fits(people[address].password_hash, phrase), address
        assert address in sign_ins.told()
    assert sum(1 for p in people.values() if p.password_hash) == 4


@pytest.mark.parametrize(("words", "hours"), [("7d", 168), ("36h", 36), ("90m", 1.5), ("1w2d", 216), (" 2 H ", 2)])
def test_a_span_is_read(words, hours):
    assert span(words) == timedelta(hours=hours)


@pytest.mark.parametrize("words", ["", "7", "d", "-7d", "7x", "0d", "400d", "7d!", "1e3d", "٧d"])
def test_a_span_that_is_none_is_refused(words):
    with pytest.raises(NotASpan):
        span(words)


@pytest.mark.parametrize("file", sorted(HERE.glob("*.json")), ids=lambda p: p.name)
def test_every_text_of_the_data_is_in_six_languages_or_in_one_on_purpose(file):
    per_language = ("names", "titles", "subjects", "themes", "purposes", "agendas", "texts", "posts")

    def walk(value):
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in per_language and inner:
                    assert set(inner) == set(LANGUAGES) and all(inner.values()), (file.name, key)
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(json.loads(file.read_text(encoding="utf-8")))


def test_who_is_named_exists():
    people = {p["key"] for p in read("people")}
    named = {i["person"] for x in read("exchanges") for s in x["sessions"] for i in s["invitations"]}
    named |= {d["person"] for d in read("designations")} | {e["contact"] for e in read("expressions")}
    assert named <= people


def test_commands_refuse_outside_the_demonstration(base_app):
    for command in (["demo", "load"], ["demo", "sign-ins"], ["demo", "advance", "7d"]):
        answer = base_app.test_cli_runner().invoke(args=command)
        assert answer.exit_code == 1 and "not a demonstration" in answer.output


def test_the_clock_stops_wherever_a_reminder_falls_due(loaded, now):
    coming = loaded.scalars(
        select(PeerSession).where(PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > now)
    ).all()
    moments = list(stops(now, timedelta(days=14)))
    first = min(s.starts_at for s in coming)
    assert moments[-1] == now + timedelta(days=14) and moments == sorted(moments)
    for before in (timedelta(days=1), timedelta(hours=1)):
        assert first - before + timedelta(seconds=1) in moments


def test_advancing_moves_all_clocks_and_says_every_reminder(loaded, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW + clock.shift())

    def kinds():
        return Counter(k for k in loaded.scalars(select(Message.kind).where(Message.state == State.QUEUED)))

    before, start = kinds(), clock.now()
    try:
        for moment in list(stops(start, timedelta(days=14))):
            move_to(moment)
        after = kinds()
        assert clock.now() == start + timedelta(days=14)
        assert after["session-reminder"] - before["session-reminder"] >= 10
    finally:
        clock.advance(-clock.shift())
    assert clock.now() == start


def test_the_pilot_has_the_weights_and_slips_its_data_says(loaded, now):
    row = next(r for r in read("pilots") if r["key"] == "PL-01")
    expected = row["expected"]
    pilot = loaded.scalars(select(Pilot).where(Pilot.titles["en"].astext == row["titles"]["en"])).one()
    milestones = loaded.scalars(select(Milestone).where(Milestone.pilot_id == pilot.id).order_by(Milestone.baseline_on)).all()
    done = progress(milestones)
    assert (done.total, done.done) == (expected["weight_total"], expected["completed_weight"])
    slips = {f"M{n}": m.slip_days for n, m in enumerate(milestones, 1)}
    assert {k: slips[k] for k in expected["slip_days"]} == expected["slip_days"]
    assert slips["M1"] == expected["M1_slip_days"]
    assert [slips[f"M{n}"] for n in range(5, 9)] == [None] * 4
    changes = loaded.scalars(select(DueChange).where(DueChange.milestone_id.in_([m.id for m in milestones]))).all()
    assert len(changes) == sum(len(m["moves"]) for m in row["milestones"]) == 7
    assert {c.by_name for c in changes} == {"Adaeze Morrow", "Tomas Berg"}
    inspired = loaded.scalars(
        select(Practice.code).where(Practice.id.in_(ends_of(Ref("pilot", pilot.id), LinkType.INSPIRED_BY, "practice")))
    )
    assert set(inspired) == {"PR-10", "PR-13"}
    assert pilot.expression.status is Status.ACCEPTED and pilot.state.code == "XL"


def test_pilots_of_the_demonstration_stand_differently_and_their_files_open(loaded, now):
    found = {}
    for pilot in loaded.scalars(select(Pilot)):
        rows = loaded.scalars(select(Milestone).where(Milestone.pilot_id == pilot.id)).all()
        found[pilot.code] = whole(pilot, rows, today_in(pilot.state.zone, now))
        assert pilot.state.illustrative and set(pilot.titles) == set(LANGUAGES)
    assert sorted(found.values()) == ["done", "on_track", "overdue"]
    evidence = loaded.scalars(select(Evidence)).all()
    assert len(evidence) == 8 and {e.visibility for e in evidence} == {"secretariat", "state", "public"}
    assert all(path_of(e.file_id).read_bytes().startswith(b"PK") and e.file.visibility == e.visibility for e in evidence)
