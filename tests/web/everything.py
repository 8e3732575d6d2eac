"""One record of every kind, and a link of every purpose, for tests that walk all pages."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from app.accounts import messages
from app.accounts.access import Viewer
from app.accounts.models import JoinInvitation, Organisation, Person, Role, RoleGrant, SignInLink
from app.core.signing import sign
from app.exchanges.models import Asked, Cause, ExchangeGuest, PeerSession, Registration
from app.exchanges.rules import put_on_list
from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import keep
from app.interests import queries, rules
from app.interests.models import Source, Status
from app.letters.models import Letter
from app.notifications.models import InboundMail, Message, Verdict
from app.notifications.signed import FIRST_NONCE, PURPOSE
from app.pilots.models import Visibility as Reader
from app.pilots.rules import Shown, add_evidence
from app.practices.rules import keep_document
from app.transfers import rules as imports
from app.transfers.models import Archive, Kind
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state
from tests.factories.calendars import make_never, make_override
from tests.factories.circulars import make_circular
from tests.factories.clocks import make_clock_change
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_draft, make_expression
from tests.factories.letters import about, make_signatory, prepare, received
from tests.factories.notifications import make_rehearsal
from tests.factories.pilots import make_milestone, make_pilot
from tests.factories.places import make_place_request
from tests.factories.polls import make_asked, make_poll
from tests.factories.practices import make_practice

LINKS = {
    "answer": "answer", "join": "join", "drafts": "draft", "confirmations": "confirm", "corrections": "correct",
    "questions": "question", "status": "status", "welcome": "welcome", "sign-in": "sign_in", "feeds": "feed",
    "milestone": "milestone", "mails": "mails", "stop": "stop", "poll": "poll", "places": "place",
}  # fmt: skip
"""First word of an address behind a link, and the name of its token here."""


def everything() -> dict[str, Any]:
    """Ids and tokens by the names that addresses use. Commits."""
    officer = make_person("Berg", given_name="Tomas", email="berg@pathways.example")
    state = make_state("Alvania", code="XA", zone="Africa/Dakar")
    ministry = make_ministry(state, "Ministry of the Interior")
    focal = make_person("Morrow", given_name="Adaeze", of=ministry, joined_at=NOW)
    guest = make_person("Okello", given_name="Sam", of=ministry)
    made = {"officer": officer.id, "state": state.id, "focal": focal.id, "guest": guest.id}
    made |= _accounts(officer, state, ministry, focal, guest)
    made |= _interests(officer, state)
    made |= _exchanges(state, guest)
    made |= _library(officer)
    made |= _pilots(db.session.get_one(Organisation, state.id), officer)
    made |= _transfers(officer, made["exchange_id"])
    made |= _letters(officer, made["session_id"])
    made |= _calendars(officer)
    made |= {"circular_id": make_circular(by=officer).id, "rehearsal_id": make_rehearsal(officer.id, NOW).id}
    db.session.commit()
    db.session.expunge_all()
    return made


def _accounts(officer: Person, state: Organisation, ministry: Organisation, focal: Person, guest: Person) -> dict[str, Any]:
    for person, role in ((officer, Role.ADMINISTRATOR), (officer, Role.SECRETARIAT), (guest, Role.PARTICIPANT)):
        db.session.add(RoleGrant(person_id=person.id, role=role, granted_at=NOW))
    make_designation(state, focal)
    waiting = make_designation(state, guest, verified=False)
    new = make_person("Newcomer", given_name="Nia")
    invitation = JoinInvitation(person_id=new.id, created_at=NOW, expires_at=NOW + timedelta(days=3))
    link = SignInLink(person_id=focal.id, browser_hash="-", code_hash="-", created_at=NOW, expires_at=NOW + timedelta(minutes=9))
    db.session.add_all([invitation, link])
    db.session.flush()
    return {
        "person_id": guest.id, "newcomer": new.id, "organisation_id": ministry.id, "designation_id": waiting.id,
        "membership_id": guest.memberships[0].id, "sign_in_id": uuid.uuid4(),
        "welcome": sign(messages.JOIN, invitation.id, invitation.nonce),
        "sign_in": sign(messages.SIGN_IN, link.id, link.nonce),
        "feed": sign("feed", guest.id, guest.feed_nonce),
        "mails": sign(PURPOSE, guest.id, FIRST_NONCE),
        "stop": sign("stop-news", guest.id, FIRST_NONCE),
    }  # fmt: skip


def _interests(officer: Person, state: Organisation) -> dict[str, Any]:
    call = make_call()
    draft, one = make_draft(call, state), make_expression(call, state)
    asked = make_expression(call, state, status=Status.UNDER_REVIEW)
    question = rules.ask(asked, "Which ministry leads?", by=officer, now=NOW)
    note = rules.note(asked, "Call them.", by=officer, now=NOW)
    make_person("Prado", given_name="Ines", roles=(Role.CO_LEAD,))  # can be asked for an opinion
    aside = make_person("Silva", given_name="Rui", roles=(Role.CO_LEAD,))
    rules.declare_conflict(one, aside, reason="A cousin.", now=NOW)
    entered = make_expression(call, state, entered_by=officer.id, source=Source.NOTE_VERBALE)
    return {
        "call_id": call.id, "expression_id": one.id, "asked": asked.id, "question_id": question.id,
        "draft": sign("draft", draft.id, draft.draft_nonce),
        "confirm": sign("confirm", one.id, one.confirm_nonce),
        "status": sign("status", one.id, one.status_nonce),
        "correct": sign("correct", entered.id, entered.status_nonce),
        "question": sign("question", question.id, question.nonce),
        "file_id": uuid.uuid4(), "row_id": note.id,
        "declaration_id": queries.voices_of(one).left_out[0].id,
    }  # fmt: skip


def _exchanges(state: Organisation, guest: Person) -> dict[str, Any]:
    row = make_session()
    invitation = make_invitation(row, guest, organisation=state)
    mail = InboundMail(
        id=uuid.uuid4(), received_at=NOW, source="command", sha256=uuid.uuid4().hex, raw=b"", subject="Accepted",
        body="ok", sender=guest.email, verdict=Verdict.UNCLEAR, reason="no-invitation",
    )  # fmt: skip
    db.session.add(mail)
    db.session.flush()
    message = db.session.scalars(select(Message).where(Message.kind == "session-invite")).first()
    assert message is not None
    change = make_clock_change(row, cause=Cause.PEOPLE)
    put_on_list(row.exchange, organisations=[state], people=[guest], by=None, now=NOW)
    poll = make_poll()
    asked = make_asked(poll, guest, organisation=state)
    row.registration = Registration.APPROVAL
    wish = make_place_request(row)
    waiting = make_place_request(row, Asked.UNCONFIRMED, email="nia@castle.example")
    return {
        "guest_id": db.session.scalars(select(ExchangeGuest.id).where(ExchangeGuest.person_id == guest.id)).one(),
        "poll_id": poll.id, "asked_id": asked.id, "slot_id": poll.slots[0].id, "poll": sign("poll", asked.id, asked.nonce),
        "session_id": row.id, "exchange_id": row.exchange_id, "invitation_id": invitation.id, "mail_id": mail.id,
        "message_id": message.id, "change_id": change.id, "request_id": wish.id,
        "place": sign("place", waiting.id, waiting.nonce),
        "answer": sign("answer", invitation.id, invitation.nonce),
        "join": sign("join", invitation.id, invitation.join_nonce),
    }  # fmt: skip


def _library(officer: Person) -> dict[str, Any]:
    practice = make_practice("Kinship", code="PR-77")
    stored = _pdf("practice", practice.id, officer)
    return {"record_id": practice.id, "document_id": keep_document(practice, stored, "en", note="", by=officer, now=NOW).id}


def _pdf(kind: str, record_id: uuid.UUID, officer: Person) -> StoredFile:
    return keep(b"%PDF-1.4 words", "words.pdf", "application/pdf", kind, kind, record_id, officer, NOW)


def _letters(officer: Person, session_id: uuid.UUID) -> dict[str, Any]:
    """One that came, and one that waits to be issued: pages of the register, of drafts and of who signs."""
    viewer = Viewer(person=officer, roles=frozenset({Role.SECRETARIAT}))
    signer = make_signatory(officer)
    waiting = prepare(viewer, about(viewer, db.session.get_one(PeerSession, session_id)), signer)
    draft = db.session.scalars(select(Letter).where(Letter.set_id == waiting.id)).first()
    assert draft is not None
    came = received(viewer, None)
    return {"letter_id": came.id, "draft_letter": draft.id, "set_id": waiting.id, "signatory_id": signer.id}


def _pilots(state: Organisation, officer: Person) -> dict[str, Any]:
    pilot = make_pilot(state)
    milestone = make_milestone(pilot, date(2026, 12, 18))
    shown = Shown("Minutes", Reader.STATE, stored=_pdf("milestone", milestone.id, officer))
    evidence = add_evidence(milestone, shown, by=officer, now=NOW)
    return {
        "pilot_id": pilot.id, "milestone_id": milestone.id, "evidence_id": evidence.id,
        "milestone": sign("milestone", milestone.id, milestone.owner_nonce),
    }  # fmt: skip


def _calendars(officer: Person) -> dict[str, Any]:
    """A correction of a calendar, and hours of the officer's own."""
    return {"override_id": make_override("XA").id, "state_id": uuid.uuid4(), "never": make_never(person=officer).id}


def _transfers(officer: Person, exchange_id: uuid.UUID) -> dict[str, Any]:
    table = b"email,family_name\nada@m.example,Lovelace\n"
    uploaded = imports.begin(table, "people.csv", Kind.PEOPLE, options={}, language="en", by=officer, now=NOW)
    imports.work(uploaded.id, now=NOW)
    archive = Archive(exchange_id=exchange_id, language="en", by_id=officer.id, expires_at=NOW + timedelta(days=9))
    db.session.add(archive)
    db.session.flush()
    return {"import_id": uploaded.id, "archive_id": archive.id}


def address_of(rule: Any, made: dict[str, Any], lang: str = "en") -> str:
    """The address of a page, filled with what was made."""
    path = str(rule.rule).replace("<lang:lang>", lang)
    first = path.removeprefix(f"/{lang}/").strip("/").split("/")[0]
    path = path.replace("<token>", str(made.get(LINKS.get(first, ""), "a" * 54)))
    path = (
        path.replace("<any(practice,tool,resource):kind>", "practice")
        .replace("<lang_code>", "fr")
        .replace("<string:kind>/<uuid:object_id>", "call/<uuid:call_id>")
        .replace("<any(people,organisations,participants,expressions,calendars):kind>", "people")
    )
    path = path.replace("<any(never,busy,address,choices):what>", "busy").replace("<any(never,busy,address):what>", "never")
    path = path.replace("<any(pdf,docx,scan):which>", "pdf").replace("<key>", "salutation").replace("<spoken>", "en")
    path = path.replace("<string:code>", "PR-77" if "tools" not in path and "resources" not in path else "gap_checklist")
    path = path.replace("letters/drafts/<uuid:letter_id>", f"letters/drafts/{made['draft_letter']}")
    path = path.replace("<any(who, what):step>", "who").replace("<topic>", "news").replace("<role>", "participant")
    return re.sub(r"<uuid:(\w+)>", lambda found: str(made[found[1]]), path)
