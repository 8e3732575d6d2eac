"""Drafts, far times and former colleagues: what pages and feeds must not show, break at, or let be changed."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock
from app.exchanges import rules
from app.exchanges.models import SessionStatus
from app.notifications.inbound import receive
from app.notifications.models import InboundMail
from tests.exchanges.conftest import Browser
from tests.factories.accounts import make_designation, make_person, make_state
from tests.factories.exchanges import NOW, make_invitation, make_session, minutes
from tests.notifications.replying import ics, reply_mail


@pytest.mark.line("K2", "K3")
def test_k3_a_draft_that_was_dropped_never_stands_in_the_public_feed(session, visitor):
    officer = make_person()
    draft = make_session(status=SessionStatus.DRAFT, titles={"en": "Nobody may know of this"})
    rules.cancel(draft, reason="", tell=True, version=draft.version, by=officer, now=NOW + minutes(1))
    session.commit()
    answer = visitor.get("/feeds/sessions.ics")
    assert (answer.status_code, b"Nobody may know" in answer.data, draft.uid.encode() in answer.data) == (200, False, False)
    for page in (f"/en/sessions/{draft.id}", f"/en/sessions/{draft.id}/add", f"/en/sessions/{draft.id}/calendar.ics"):
        assert visitor.get(page).status_code == 404, page
    assert "Nobody may know" not in visitor.get("/en/sessions").text


@pytest.mark.line("I1")
@pytest.mark.parametrize("start", ["00010101T000000Z", "99991231T235959Z"])
def test_i1_a_proposal_for_the_end_of_all_time_breaks_no_page(session, secretariat, start):
    invitation = make_invitation(make_session())
    session.commit()
    calendar = ics(method="COUNTER", uid=invitation.peer_session.uid, attendee=invitation.person.email)
    raw = reply_mail(calendar.replace("20300101T000000Z", start), sender=invitation.person.email, method="COUNTER")
    mail = receive(raw, "command", clock.now())
    session.commit()
    for page in ("/en/desk/replies", f"/en/desk/replies/{mail.id}", f"/en/desk/sessions/{invitation.peer_session_id}"):
        assert secretariat.get(page).status_code == 200, page
    assert session.scalars(select(InboundMail)).one().reason == "unreadable"


@pytest.mark.line("P7")
def test_p7_a_focal_point_corrects_nobody_who_left_the_state(session, sign_in):
    ours, theirs = make_state("Alvania"), make_state("Elmara")
    focal = make_person("Diallo", of=ours)
    make_designation(ours, focal)
    left = make_person("Sabri", of=ours, email_undeliverable_at=NOW)
    left.memberships[0].valid_to = date(2024, 1, 1)
    make_designation(theirs, left)
    refused = make_person("Named", of=theirs, email_undeliverable_at=NOW)
    make_designation(ours, refused, verified=False, refused_at=NOW, refused_reason="not theirs")
    session.commit()
    browser = Browser(sign_in(focal))
    for person in (left, refused):
        assert browser.get(f"/en/my-state/people/{person.id}/address").status_code == 404
