"""Somebody who leaves with all they hold, and who comes after them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from app.accounts import sessions
from app.accounts.access import Viewer
from app.accounts.models import Role
from app.accounts.rules.handover import Letter, from_letter
from app.circulars import rules as circulars
from app.circulars.models import Audience, CircularRecipient
from app.circulars.queries import PURPOSE
from app.core.signing import mark, sign
from app.exchanges import rules as exchanges
from app.exchanges.models import Answer, Invitation, Route
from app.extensions import db
from app.interests import rules as interests
from app.interests.models import Status
from app.notifications.models import Message
from app.notifications.signed import FIRST_NONCE
from app.notifications.signed import PURPOSE as CHOICES
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state
from tests.factories.circulars import make_circular
from tests.factories.exchanges import make_invitation, make_session, minutes
from tests.factories.interests import make_call, make_draft, make_expression
from tests.factories.letters import issued, make_signatory
from tests.factories.pilots import finished, make_milestone, make_pilot

LATER = NOW + timedelta(days=1)
LETTER = Letter("NV/44", date(2026, 11, 20), "Minister of the Interior")


def rows(kind, *where):
    return list(db.session.scalars(select(kind).where(*where).execution_options(populate_existing=True)))


class Leaving:
    """Ada Morrow leaves, Ben Otieno comes; everything Ada holds."""

    def __init__(self):
        self.officer = make_person("Berg", roles=(Role.SECRETARIAT,))
        self.state = make_state("Alvania", zone="Africa/Nairobi", weekend=["6", "7"])
        self.ministry = make_ministry(self.state)
        self.ada = make_person("Morrow", of=self.ministry, roles=(Role.PARTICIPANT,), zone="Africa/Nairobi", joined_at=NOW)
        self.ben = make_person("Otieno", given_name="Ben", zone="Africa/Nairobi", language="fr", posts={"fr": "Directeur"})
        self.designation = make_designation(self.state, self.ada)
        call = make_call()
        theirs = {"contact_email": self.ada.email.upper(), "contact_family_name": "Morrow", "contact_given_name": "Ada"}
        self.draft = make_draft(call, self.state, **theirs)
        self.sent = make_expression(call, self.state, email_confirmed_at=NOW, contact_id=self.ada.id, **theirs)
        self.declined = make_expression(call, self.state, status=Status.DECLINED, contact_id=self.ada.id, **theirs)
        self.question = interests.ask(self.sent, "In which districts?", by=self.officer, now=NOW)
        self.session = make_session(capacity=1)
        self.place = make_invitation(self.session, self.ada, organisation=self.state, because="state")
        self.waiting = make_invitation(self.session, make_person("Waits"))
        exchanges.respond(
            self.place, answer=Answer.YES, route=Route.PAGE, comment="With a colleague", wants_notes=True, now=NOW + minutes(1)
        )
        exchanges.respond(self.waiting, answer=Answer.YES, route=Route.PAGE, now=NOW + minutes(2))
        self.unanswered = make_invitation(make_session(local_start=self.session.local_start + timedelta(days=2)), self.ada)
        past = make_session(local_start=self.session.local_start - timedelta(days=30), may_be_past=True)
        db.session.add(Invitation(peer_session_id=past.id, person_id=self.ada.id, invited_at=NOW, wants_notes=True))
        self.past = past
        self.pilot = make_pilot(self.state)
        self.open = make_milestone(self.pilot, date(2026, 12, 4), owner_id=self.ada.id)
        self.done = finished(make_milestone(self.pilot, date(2026, 9, 15), owner_id=self.ada.id), date(2026, 9, 15), by=self.ada)
        self._writing()
        self.token = sessions.begin(self.ada, "password", NOW)
        db.session.flush()
        self.links = {
            "answer": f"/en/answer/{sign('answer', self.place.id, self.place.nonce)}",
            "join": f"/en/join/{sign('join', self.place.id, self.place.join_nonce)}",
            "unanswered": f"/en/answer/{sign('answer', self.unanswered.id, self.unanswered.nonce)}",
            "draft": f"/en/drafts/{sign('draft', self.draft.id, self.draft.draft_nonce)}",
            "status": f"/en/status/{sign('status', self.sent.id, self.sent.status_nonce)}",
            "question": f"/en/questions/{sign('question', self.question.id, self.question.nonce)}",
            "feed": f"/feeds/{sign('feed', self.ada.id, self.ada.feed_nonce)}.ics",
            "circular": f"/en/circulars/read/{mark(PURPOSE, self.reader.id, self.reader.nonce)}",
            "mails": f"/en/mails/{sign(CHOICES, self.ada.id, FIRST_NONCE)}",
            "milestone": f"/en/milestone/{sign('milestone', self.open.id, self.open.owner_nonce)}",
        }
        self.written = {m.id for m in rows(Message)}

    def _writing(self):
        """A letter to the State whose mail has not left, and a circular that waits for its hour."""
        viewer = Viewer(person=self.officer, roles=frozenset({Role.SECRETARIAT}))
        [self.letter] = issued(viewer, self.session, make_signatory(self.officer))
        hour = datetime(2026, 11, 26, 9)
        audience = {"exchange_id": self.session.exchange_id, "chosen": ("invited",)}
        self.circular = make_circular(Audience.EXCHANGE, by=self.officer, not_before=hour, zone="UTC", **audience)
        circulars.send(self.circular, by=self.officer, now=NOW)
        [self.reader] = rows(CircularRecipient, CircularRecipient.person_id == self.ada.id)

    def leave(self, **more):
        return from_letter(self.ada, self.ben, self.designation, LETTER, close=more.pop("close", True), by=self.officer, now=LATER)

    def new_mails(self):
        return [m for m in rows(Message) if m.id not in self.written]
