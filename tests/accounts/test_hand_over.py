"""Somebody leaves who holds three roles: focal point of a State, owner of milestones, participant with a seat and contact
of an expression of interest. Everything moves at once, nothing is left with them, no mail goes to them, history names them."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from app.accounts import holdings, sessions
from app.accounts.access import P
from app.accounts.models import Designation, HandOver, JoinInvitation, Role, SignIn
from app.accounts.rules import designations, digests, joining
from app.accounts.rules import people as people_rules
from app.accounts.rules.handover import Letter, from_letter, hand_over
from app.audit.models import AuditEntry
from app.circulars import rules as circulars
from app.circulars.models import Audience, CircularRecipient, Trouble
from app.core.errors import RuleBroken
from app.core.signing import opened
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, AnswerRecord, Capacity, Route, Seat
from app.extensions import db
from app.interests import rules as interests
from app.interests.models import Expression
from app.letters import rules as letters
from app.notifications import choices
from app.notifications.kinds import Mode, Topic
from app.notifications.models import Message, State
from app.notifications.rendering import job_of
from app.pilots.models import Milestone, Pilot
from tests.accounts.leaving import LATER, LETTER, rows
from tests.factories.accounts import NOW, make_designation, make_person, make_state
from tests.factories.circulars import make_circular
from tests.factories.exchanges import invitation_of, make_invitation, mark_sent, minutes


@contextmanager
def refusing(words):
    with pytest.raises(RuleBroken) as refused:
        yield refused
    assert words in str(refused.value.message)


def test_the_preview_counts_what_is_held(leaving):
    counted = {held.name: held.count for held in holdings.held_by(leaving.ada, LATER)}
    assert counted == {
        "designations": 1, "roles": 1, "memberships": 1, "mails": counted["mails"], "drafts": 1, "expressions": 2,
        "invitations": 2, "seats": 1, "notes": 1, "milestones": 1, "letters": 1, "circulars": 1,
    }  # fmt: skip
    assert counted["mails"] > 0


def test_everything_moves_in_one_step_and_nothing_is_left(leaving):
    done = leaving.leave()
    assert (done.from_id, done.to_id, done.state_id) == (leaving.ada.id, leaving.ben.id, leaving.state.id)
    assert holdings.held_by(leaving.ada, LATER) == []
    # rights
    assert not leaving.ada.active and sessions.viewer_of(leaving.ada, LATER).permissions == frozenset()
    viewer = sessions.viewer_of(leaving.ben, LATER)
    assert viewer.state_ids == {leaving.state.id} and viewer.can(P.ANSWER_FOR_STATE) and Role.PARTICIPANT in viewer.roles
    assert leaving.ministry.id in viewer.organisation_ids
    [new] = rows(Designation, Designation.person_id == leaving.ben.id)
    assert new.replaces_id == leaving.designation.id and new.verified_by == leaving.officer.id
    # expressions, drafts
    for expression in (leaving.draft, leaving.sent, leaving.declined):
        db.session.refresh(expression)
        assert (expression.contact_email, expression.contact_name, expression.language) == (leaving.ben.email, "Ben Otieno", "fr")
    assert leaving.sent.contact_id == leaving.ben.id and leaving.sent.contact_post == "Directeur"
    # the seat stays the State's, with its answer; whoever waits in line still waits
    mine = invitation_of(leaving.session, leaving.ben)
    assert (mine.answer, mine.seat, mine.comment, mine.wants_notes) == (Answer.YES, Seat.HELD, "With a colleague", True)
    assert mine.organisation_id == leaving.state.id and mine.delegate_of == leaving.place.id
    assert invitation_of(leaving.session, leaving.ada).uninvited_at == LATER
    db.session.refresh(leaving.waiting)
    assert leaving.waiting.seat is Seat.WAITING
    notes = invitation_of(leaving.past, leaving.ben)
    assert notes.wants_notes and notes.capacity is Capacity.INFORMATION
    assert not invitation_of(leaving.past, leaving.ada).wants_notes
    # milestones to come, not those that were reached
    assert {m.id: m.owner_id for m in rows(Milestone)} == {leaving.open.id: leaving.ben.id, leaving.done.id: leaving.ada.id}


def test_no_mail_goes_to_the_former_and_the_successor_gets_theirs(leaving):
    leaving.leave()
    new = leaving.new_mails()
    assert new and {m.recipient_name for m in new} == {"Ben Otieno"} and {m.address for m in new} == {leaving.ben.email}
    assert sorted(m.kind for m in new) == [
        "circular", "expression-links", "expression-links", "expression-question", "handed-over", "letter-sent",
        "session-invite", "session-invite",
    ]  # fmt: skip
    assert {m.locale for m in new} == {"fr"} and {m.ical_method for m in new} == {None, "REQUEST"}
    to_ada = rows(Message, Message.recipient_id == leaving.ada.id) + [
        m for m in rows(Message, Message.recipient_id.is_(None)) if m.address.lower() == leaving.ada.email
    ]
    assert to_ada and {m.state for m in to_ada} == {State.CANCELLED}
    from app.exchanges import reminders as of_sessions
    from app.pilots import reminders as of_milestones

    known = {m.id for m in rows(Message)}
    for hour in range(0, 24 * 20, 3):
        of_sessions.queue_due(LATER + timedelta(hours=hour))
        of_milestones.queue_due(LATER + timedelta(hours=hour))
    later = [m for m in rows(Message) if m.id not in known]
    assert later and leaving.ada.id not in {m.recipient_id for m in later}
    assert {"session-reminder", "pilot-due"} <= {m.kind for m in later if m.recipient_id == leaving.ben.id}


def test_what_a_digest_says_that_has_not_left_goes_to_the_successor_too(leaving):
    choices.choose(leaving.ada.id, {Topic.NEWS: Mode.DAILY}, None, zone=leaving.ada.zone, by=leaving.ada, now=NOW)
    another = make_circular(Audience.EXCHANGE, by=leaving.officer, exchange_id=leaving.session.exchange_id, chosen=("invited",))
    circulars.send(another, by=leaving.officer, now=NOW)
    [gathered] = rows(Message, Message.subject_id == another.id, Message.recipient_id == leaving.ada.id)
    assert gathered.waits == "daily" and digests.write(leaving.ada.id, gathered.due_at)  # and the relay is away
    leaving.leave()
    [digest] = rows(Message, Message.kind == "digest")
    assert digest.state is State.CANCELLED
    [theirs] = rows(Message, Message.subject_id == another.id, Message.recipient_id == leaving.ben.id)
    assert (theirs.state, theirs.address) == (State.QUEUED, leaving.ben.email)


def test_a_letter_and_a_circular_on_their_way_go_to_the_successor_once_and_at_their_hour(leaving):
    leaving.leave()
    [letter] = rows(Message, Message.kind == "letter-sent", Message.state == State.QUEUED)
    [former] = rows(Message, Message.kind == "letter-sent", Message.state == State.CANCELLED)
    assert (letter.address, letter.locale, letter.subject_id) == (leaving.ben.email, "fr", leaving.letter.id)
    assert letter.facts == former.facts and job_of(letter).common == job_of(former).common
    mine = {r.person_id: r for r in rows(CircularRecipient, CircularRecipient.circular_id == leaving.circular.id)}
    assert set(mine) == {leaving.ada.id, leaving.ben.id, leaving.waiting.person_id}
    made = mine[leaving.ben.id]
    assert (made.because, made.language, made.sent_in, made.organisation_id) == ("invited", "fr", "fr", leaving.state.id)
    [circular] = rows(Message, Message.kind == "circular", Message.recipient_id == leaving.ben.id)
    assert (circular.state, circular.due_at) == (State.QUEUED, datetime(2026, 11, 26, 9, tzinfo=UTC))
    assert job_of(circular).common["texts"] == {"fr": leaving.circular.texts["fr"]}
    lines = {
        line.action: line.changes for line in rows(AuditEntry) if line.action in ("letter.handed_over", "circular.handed_over")
    }
    assert lines == {key: {"contact": ["Ada Morrow", "Ben Otieno"]} for key in ("letter.handed_over", "circular.handed_over")}


def test_what_was_taken_back_or_cancelled_does_not_go_to_the_successor(leaving):
    circulars.take_back(leaving.circular, by=leaving.officer, now=NOW)
    letters.cancel(leaving.letter, reason="The wrong hour", by=leaving.officer, now=NOW)
    leaving.leave()
    assert {m.kind for m in leaving.new_mails()} & {"letter-sent", "circular"} == set()
    assert rows(CircularRecipient, CircularRecipient.person_id == leaving.ben.id) == []


def test_a_letter_to_a_successor_without_an_address_waits_to_be_printed(leaving):
    leaving.ben.email = None
    db.session.flush()
    leaving.leave()
    db.session.refresh(leaving.letter)
    assert (leaving.letter.means, leaving.letter.sent_on) == (None, None)
    [made] = rows(CircularRecipient, CircularRecipient.person_id == leaving.ben.id)
    assert made.trouble is Trouble.NO_ADDRESS and {m.recipient_id for m in leaving.new_mails()} <= {leaving.ben.id}


def test_who_is_written_to_already_gets_each_once(leaving):
    make_invitation(leaving.session, leaving.ben, organisation=leaving.state)
    again = make_circular(
        Audience.EXCHANGE, by=leaving.officer, not_before=datetime(2026, 11, 26, 9), zone="UTC",
        exchange_id=leaving.session.exchange_id, chosen=("invited",),
    )  # fmt: skip
    circulars.send(again, by=leaving.officer, now=NOW)
    leaving.leave()
    theirs = rows(Message, Message.kind == "circular", Message.recipient_id == leaving.ben.id, Message.subject_id == again.id)
    assert [m.state for m in theirs] == [State.QUEUED]


def test_a_mail_in_a_senders_hands_is_marked_as_taken_back(leaving):
    import uuid

    [one, *_] = rows(Message, Message.recipient_id == leaving.ada.id, Message.state == State.QUEUED)
    one.state, one.lease_token, one.lease_until = State.SENDING, uuid.uuid4(), LATER
    db.session.flush()
    leaving.leave()
    db.session.refresh(one)
    assert one.state is State.SENDING and one.withdrawn_at == LATER


def test_history_still_names_the_former(leaving):
    leaving.leave()
    lines = rows(AuditEntry)
    assert {
        "person.handed_over",
        "person.took_over",
        "session.handed_over",
        "expression.handed_over",
        "designation.handed_over",
    } & {line.action for line in lines} >= {
        "person.handed_over",
        "person.took_over",
        "session.handed_over",
        "expression.handed_over",
    }
    said = str([(line.action, line.changes) for line in lines if line.action.endswith("handed_over")])
    assert "Ada Morrow" in said and "Ben Otieno" in said
    answers = rows(AnswerRecord, AnswerRecord.invitation_id == leaving.place.id)
    assert [(a.answer, a.route) for a in answers] == [(Answer.YES, Route.PAGE)]
    db.session.refresh(leaving.done)
    assert leaving.done.done_by == leaving.ada.id
    assert [line.actor_name for line in lines if line.action == "pilot.milestone_done"] == ["Ada Morrow"]


def test_pressed_twice_it_is_done_once(leaving):
    first = leaving.leave()
    told = len(rows(Message))
    again = leaving.leave()
    assert again.id == first.id and len(rows(HandOver)) == 1
    assert len(rows(Message)) == told and len(rows(Designation)) == 2


def test_to_oneself_in_a_circle_to_somebody_closed_or_without_the_letter_is_refused(leaving):
    officer, ada, ben = leaving.officer, leaving.ada, leaving.ben
    with refusing("themselves"):
        hand_over(ada, ada, by=officer, now=LATER)
    with refusing("designated by Alvania"):
        hand_over(ada, ben, by=officer, now=LATER)
    with refusing("not active"):
        hand_over(ada, make_person("Gone", active=False), by=officer, now=LATER)
    with refusing("to you"):
        hand_over(ada, officer, by=officer, now=LATER)
    with refusing("nothing"):
        hand_over(make_person("Empty"), ben, by=officer, now=LATER)
    other = make_designation(make_state("Borania"), ben)
    with refusing("designated by Alvania"):
        hand_over(ada, ben, designation=other, by=officer, now=LATER)
    assert ada.active and rows(HandOver) == []


def test_a_circle_needs_a_new_letter_of_the_state(leaving):
    leaving.leave()
    cyr = make_person("Cyr", zone="Africa/Nairobi")
    then = LATER + timedelta(days=2)
    [bens] = rows(Designation, Designation.person_id == leaving.ben.id)
    from_letter(leaving.ben, cyr, bens, LETTER, close=True, by=leaving.officer, now=then)
    people_rules.reactivate(leaving.ada, by=leaving.officer, now=then)
    [cyrs] = rows(Designation, Designation.person_id == cyr.id)
    later = then + timedelta(days=2)
    with refusing("circle"):
        from_letter(cyr, leaving.ada, cyrs, LETTER, close=True, by=leaving.officer, now=later)
    db.session.rollback()


def test_back_by_a_younger_letter_is_no_circle(leaving):
    leaving.leave()
    people_rules.reactivate(leaving.ada, by=leaving.officer, now=LATER)
    [bens] = rows(Designation, Designation.person_id == leaving.ben.id)
    then = LATER + timedelta(days=40)
    letter = Letter("NV/90", (LATER + timedelta(days=30)).date(), "Minister of the Interior")
    from_letter(leaving.ben, leaving.ada, bens, letter, close=True, by=leaving.officer, now=then)
    assert sessions.viewer_of(leaving.ada, then).state_ids == {leaving.state.id}


def test_from_a_verified_designation_that_replaced_the_former_one(leaving):
    new = make_designation(
        leaving.state, leaving.ben, verified=False, replaces_id=leaving.designation.id, valid_from=LATER.date(), letter_date=date(2026, 11, 20)
    )  # fmt: skip
    with refusing("not in force yet"):
        hand_over(leaving.ada, leaving.ben, designation=new, by=leaving.officer, now=LATER)
    designations.verify(new, by=leaving.officer, now=LATER)
    hand_over(leaving.ada, leaving.ben, designation=new, by=leaving.officer, now=LATER)
    assert holdings.held_by(leaving.ada, LATER) == []


def test_roles_that_an_administrator_gives_are_moved_by_an_administrator_alone(leaving):
    officer, co_lead, heir = leaving.officer, make_person("Prado", roles=(Role.CO_LEAD,)), make_person("Silva")
    leaving.pilot.co_lead_id = co_lead.id
    leaving.sent.email_confirmed_at = NOW
    db.session.flush()
    [opinion] = interests.ask_opinions(leaving.sent, date(2026, 12, 3), by=officer, now=NOW).opinions
    with refusing("administrator"):
        hand_over(co_lead, heir, by=officer, now=LATER)
    administrator = make_person("Admin", roles=(Role.ADMINISTRATOR,))
    hand_over(co_lead, heir, by=administrator, now=LATER)
    assert Role.CO_LEAD in sessions.viewer_of(heir, LATER).roles and sessions.viewer_of(co_lead, LATER).roles == frozenset()
    db.session.refresh(opinion)
    assert opinion.person_id == heir.id and rows(Pilot)[0].co_lead_id == heir.id
    assert {m.recipient_id: m.state for m in rows(Message, Message.kind == "opinion-asked")} == {
        co_lead.id: State.CANCELLED, heir.id: State.QUEUED,
    }  # fmt: skip


def test_who_was_invited_already_keeps_their_own_answer_and_gets_the_seat_only_with_a_yes(leaving):
    own = make_invitation(leaving.session, leaving.ben)
    exchanges.respond(own, answer=Answer.NO, route=Route.PAGE, now=NOW + minutes(5))
    leaving.leave()
    mine = invitation_of(leaving.session, leaving.ben)
    assert (mine.id, mine.answer, mine.seat) == (own.id, Answer.NO, Seat.NONE)
    db.session.refresh(leaving.waiting)
    assert leaving.waiting.seat is Seat.HELD  # the freed seat went to the first in line


def test_links_sessions_and_the_calendar_of_the_former_end(app, leaving):
    leaving.leave(close=False)
    links, token, ada = leaving.links, leaving.token, leaving.ada.id
    invited = rows(JoinInvitation)
    assert all(i.expires_at <= LATER for i in invited)
    assert all(s.ended_at is not None for s in rows(SignIn, SignIn.person_id == ada))
    db.session.commit()
    db.session.remove()
    browser = app.test_client()
    codes = {name: browser.get(address).status_code for name, address in links.items()}
    assert codes == {
        "answer": 410, "join": 410, "unanswered": 410, "draft": 404, "status": 404, "question": 404, "feed": 404, "circular": 404, "milestone": 404,
        "mails": 404,
    }  # fmt: skip
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
    assert browser.get("/en/profile").status_code == 401


def test_a_corrected_address_renews_the_links_and_what_waits_goes_to_the_new_one(app, leaving):
    mark_sent()
    former = leaving.ada.email
    fields = {"email": "right@ministry.example"}
    people_rules.change(leaving.ada, fields, version=leaving.ada.version, by=leaving.officer, now=LATER)
    new = leaving.new_mails()
    assert {m.address for m in new} == {"right@ministry.example"}
    assert sorted(m.kind for m in new) == [
        "expression-links", "expression-links", "expression-question", "session-confirmation", "session-invite",
    ]  # fmt: skip
    fresh = [opened(link) for m in new for link in m.facts["links"].values()]
    links = dict(leaving.links)
    db.session.commit()
    db.session.remove()
    browser = app.test_client()
    assert {browser.get(address).status_code for address in links.values()} == {404}
    base = "http://127.0.0.1:8000"
    assert {browser.get(link.removeprefix(base)).status_code for link in fresh} <= {200, 302, 303}
    assert former not in {m.address for m in new}


def test_unsent_mail_of_a_corrected_address_goes_to_the_new_one_without_dead_links(leaving):
    people_rules.change(
        leaving.ada, {"email": "right@ministry.example"}, version=leaving.ada.version, by=leaving.officer, now=LATER
    )
    waiting = rows(Message, Message.recipient_id == leaving.ada.id, Message.state == State.QUEUED)
    assert waiting and {m.address for m in waiting} == {"right@ministry.example"}
    said = opened(str([m.facts for m in waiting]))
    assert leaving.links["answer"] not in said and leaving.links["unanswered"] not in said


@pytest.mark.parametrize("take_back", [False, True])
def test_closing_a_record_takes_back_mail_and_asks_what_becomes_of_the_places(leaving, take_back):
    people_rules.deactivate(leaving.ada, by=leaving.officer, now=LATER, uninvite=take_back)
    assert {m.state for m in rows(Message, Message.recipient_id == leaving.ada.id)} == {State.CANCELLED}
    assert leaving.new_mails() == [] or {m.recipient_id for m in leaving.new_mails()} == {leaving.waiting.person_id}
    place = invitation_of(leaving.session, leaving.ada)
    db.session.refresh(leaving.waiting)
    assert (place.uninvited_at is not None, leaving.waiting.seat is Seat.HELD) == (take_back, take_back)


def test_what_is_said_later_to_somebody_whose_record_is_closed_is_kept_and_not_sent(leaving):
    people_rules.deactivate(leaving.ada, by=leaving.officer, now=LATER)
    exchanges.cancel(leaving.session, reason="", tell=True, version=leaving.session.version, by=leaving.officer, now=LATER)
    interests.decline(leaving.sent, reason="Not now", by=leaving.officer, now=LATER)
    new = [m for m in leaving.new_mails() if m.recipient_id == leaving.ada.id]
    assert {(m.state, m.suppressed_reason) for m in new} == {(State.SUPPRESSED, "closed")}


def test_a_membership_that_begins_today_is_not_left_behind(leaving):
    from app.accounts.models import Membership

    leaving.ada.memberships.append(Membership(organisation_id=make_state("Other").id, valid_from=LATER.date()))
    db.session.flush()
    leaving.leave()
    assert holdings.held_by(leaving.ada, LATER) == []


def test_an_invitation_to_join_of_the_former_works_no_more(leaving):
    guest = make_person("Guest", of=leaving.ministry)
    invitation = joining.invite(guest, None, by=leaving.officer, now=NOW)
    hand_over(guest, leaving.ben, by=leaving.officer, now=LATER)
    db.session.refresh(invitation)
    assert invitation.expires_at == LATER
    assert {m.state for m in rows(Message, Message.kind == "join-invitation")} == {State.CANCELLED}
    assert rows(Expression, Expression.contact_id == guest.id) == []
