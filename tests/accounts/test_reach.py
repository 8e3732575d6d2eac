"""P7: mail came back from somebody's address: their State is told, corrects it, and what is to come goes there."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Capacity, Role
from app.accounts.queries import letter_for
from app.accounts.rules import people, reach
from app.audit.models import AuditEntry
from app.core.errors import RuleBroken
from app.exchanges.models import Invitation
from app.notifications import bounces, choices, outbox
from app.notifications.kinds import Mode, Topic
from app.notifications.models import Message, State
from tests.exchanges.conftest import Browser
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state
from tests.factories.exchanges import make_invitation, make_session, mark_sent

pytestmark = pytest.mark.line("P7")


@pytest.fixture
def state(session):
    return make_state("Alvania")


@pytest.fixture
def focal(session, state):
    person = make_person("Diallo", of=state)
    make_designation(state, person)
    return person


@pytest.fixture
def lost(session, state, focal):
    """Somebody of a ministry, invited to a session, whose address does not work."""
    person = make_person("Morrow", of=make_ministry(state), email="Morrow@alvania.example")
    make_invitation(make_session(), person, organisation=state)
    mark_sent()
    bounces.mark_by_hand(session.scalars(select(Message)).one(), now=NOW)
    session.flush()
    return person


@contextmanager
def refused(words):
    with pytest.raises(RuleBroken) as told:
        yield
    assert words in str(told.value.message)


def mails(session, kind):
    return session.scalars(select(Message).where(Message.kind == kind).order_by(Message.id)).all()


def test_p7_the_focal_point_learns_who_cannot_be_reached_and_others_do_not(session, lost, focal):
    make_designation(make_state("Elmara"), make_person("Other"))
    assert lost.email_undeliverable_at is not None
    told = mails(session, "address-failed")
    assert [(m.recipient_id, m.facts["person"], m.facts["address"]) for m in told] == [(focal.id, "Ada Morrow", lost.email)]
    assert told[0].facts["links"]["correct"].endswith(f"/en/my-state/people/{lost.id}/address")
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == lost.id)).all()[-1] == "person.unreachable"


def test_p7_of_a_focal_point_the_alternate_is_told_and_of_somebody_unknown_nobody(session, state, focal):
    alternate = make_person("Sabri", of=state)
    make_designation(state, alternate, capacity=Capacity.ALTERNATE)
    assert reach.mark_unreachable(focal.email, now=NOW) is focal
    assert [m.recipient_id for m in mails(session, "address-failed")] == [alternate.id]
    assert reach.mark_unreachable("nobody@x.example", now=NOW) is None
    assert reach.mark_unreachable(focal.email, now=NOW) is None  # it was said before
    assert len(mails(session, "address-failed")) == 1


def test_p7_correcting_the_address_lifts_the_mark_and_what_is_to_come_goes_there(session, lost, focal):
    reach.correct_address(lost, "a.morrow@alvania.example", by=focal, now=NOW)
    assert (lost.email, lost.email_undeliverable_at) == ("a.morrow@alvania.example", None)
    again = [m for m in mails(session, "session-invite") if m.address == lost.email]
    assert [(m.state, m.ical_method) for m in again] == [(State.QUEUED, "REQUEST")]
    nonce = session.scalars(select(Invitation.nonce)).one()
    assert nonce not in str(mails(session, "session-invite")[0].facts)  # the link that went astray opens nothing
    with refused("corrected the address already"):
        reach.correct_address(lost, "b@alvania.example", by=focal, now=NOW)


def test_p7_the_same_address_again_somebody_with_an_account_and_the_office_are_not_corrected_by_a_focal_point(session, lost, focal):
    with refused("Enter another one"):
        reach.correct_address(lost, "MORROW@alvania.example", by=focal, now=NOW)
    lost.joined_at = NOW
    with refused("has an account"):
        reach.correct_address(lost, "mine@x.example", by=focal, now=NOW)
    lost.joined_at = None
    people.grant(lost, Role.SECRETARIAT, by=None, now=NOW)
    with refused("administrator"):
        reach.correct_address(lost, "mine@x.example", by=focal, now=NOW)
    assert lost.email == "Morrow@alvania.example"


def test_p7_the_office_says_that_it_works_and_what_was_held_leaves(session, lost):
    officer, row = make_person("Berg"), make_session()
    make_invitation(row, lost)
    held = session.scalars(select(Message).where(Message.subject_id == row.id)).one()
    assert (held.state, held.suppressed_reason) == (State.SUPPRESSED, "undeliverable")
    assert reach.works_again(lost, by=officer, now=NOW) == 1
    again = session.scalars(select(Message).where(Message.resend_of == held.id)).one()
    assert (again.state, again.address, again.ical_uid) == (State.QUEUED, lost.email, row.uid)
    assert lost.email_undeliverable_at is None
    assert reach.works_again(lost, by=officer, now=NOW) == 0


def test_p7_what_was_held_leaves_as_its_reader_chose(session, lost):
    officer, back = make_person("Berg"), NOW.date() + timedelta(days=3)
    choices.choose(lost.id, {Topic.TASKS: Mode.NONE}, back, zone=lost.zone, by=lost, now=NOW)
    kinds = ("pilot-due", "circular", "session-reminder", "session-invite")
    outbox.queue([letter_for(lost, kind=kind, key=kind, facts={}) for kind in kinds], now=NOW)
    assert {m.suppressed_reason for m in session.scalars(select(Message).where(Message.key.in_(kinds)))} == {"undeliverable"}
    assert reach.works_again(lost, by=officer, now=NOW) == 4
    again = session.scalars(select(Message).where(Message.key.like("%:again-1"), Message.kind.in_(kinds)))
    rows = {m.kind: (m.state, m.suppressed_reason, m.waits, m.due_at > NOW) for m in again}
    assert rows == {
        "pilot-due": (State.SUPPRESSED, "chosen", None, False), "circular": (State.QUEUED, None, "away", True),
        "session-reminder": (State.QUEUED, None, "later", True), "session-invite": (State.QUEUED, None, None, False),
    }  # fmt: skip
    make_invitation(make_session(), lost)
    assert session.scalars(select(Message.state).order_by(Message.id.desc())).first() is State.QUEUED


def test_p7_the_page_of_the_focal_point_and_the_button_of_the_desk(app, session, sign_in, lost, focal):
    stranger = make_person("Stranger", of=make_state(), email_undeliverable_at=NOW)
    officer = make_person("Berg")
    session.commit()
    lost_id, path = lost.id, f"/en/my-state/people/{lost.id}/address"
    browser = Browser(sign_in(focal))
    page = browser.get(path)
    assert (page.status_code, "Morrow@alvania.example" in page.text) == (200, True)
    assert browser.get(f"/en/my-state/people/{stranger.id}/address").status_code == 404
    assert browser.post(path, {"email": "no address"}).status_code == 422
    assert browser.post(path, {"email": "new@alvania.example"}).status_code == 303
    assert browser.get(path).status_code == 302  # an old mail, opened again
    office = Browser(sign_in(officer, Role.SECRETARIAT))
    record = f"/en/desk/people/{stranger.id}"
    assert "Mail does not arrive" in office.get(record).text
    assert office.post(f"{record}/address-works", page=record).status_code == 303
    assert "Mail does not arrive" not in office.get(record).text
    session.expire_all()
    assert session.get(type(lost), lost_id).email == "new@alvania.example"
