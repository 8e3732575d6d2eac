"""One of everything that belongs to one State: rows to walk over, under whichever words a test wishes to plant."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.accounts.models import Organisation, Person
from app.audit.rules import record
from app.circulars.models import Audience
from app.circulars.rules import send as send_circular
from app.core.signing import sign
from app.core.tokens import fresh_nonce
from app.exchanges import rules
from app.exchanges.models import Answer, Cause, Decision, ExchangeGuest, PeerSession, Route, Touch, Visibility, Vote
from app.extensions import db
from app.files.models import StoredFile
from app.files.rules import keep
from app.interests.models import Note, Question, Status
from app.interests.opinion_models import LeftOut
from app.notifications.models import InboundMail, Message, Verdict
from app.pilots.models import Visibility as Reader
from app.pilots.rules import Shown, add_evidence, write_update
from app.practices.rules import keep_document
from app.transfers import rules as imports
from app.transfers.models import Archive, ArchiveState, Kind
from tests.factories.accounts import NOW, make_designation, make_ministry, make_person, make_state
from tests.factories.calendars import make_override
from tests.factories.circulars import make_circular
from tests.factories.clocks import make_clock_change, make_clock_move
from tests.factories.exchanges import make_invitation, make_session
from tests.factories.interests import make_call, make_draft, make_expression
from tests.factories.letters import issued, make_signatory, office
from tests.factories.notifications import make_rehearsal
from tests.factories.pilots import make_milestone, make_pilot
from tests.factories.places import make_place_request
from tests.factories.polls import make_asked, make_poll, say
from tests.factories.practices import make_practice

Ids = dict[str, uuid.UUID]


def _file(kind: str, row: uuid.UUID, name: str) -> StoredFile:
    return keep(b"%PDF-1.4 a letter", f"{name[:60]}.pdf", "application/pdf", "endorsement", kind, row, None, NOW)


def make_world(words: str, person: Person | None = None) -> tuple[Organisation, Person, Ids, dict[str, str]]:
    """A State, somebody of it, the ids of one row of each kind by the names addresses use, and addresses with tokens."""
    texts = {"en": words}
    state = make_state(names=texts, formal_names=texts)
    ministry = make_ministry(state, names=texts)
    if person is None:
        more = {"posts": texts, "honorifics": texts, "forms_of_address": texts, "phone": words}
        person = make_person(words, given_name=words, of=ministry, **more)
    designation = make_designation(state, make_person(words, of=state), verified=False, letter_number=words, signatory=words)
    designation.scan_id = _file("designation", designation.id, words).id
    hidden = make_call(titles=texts, texts=texts, published=False)
    typed = (
        "organisation_name", "organisation_unit", "contact_honorific", "contact_given_name", "contact_family_name",
        "contact_post", "contact_phone", "aim", "constraints",
    )  # fmt: skip
    said = dict.fromkeys(typed, words)
    open_call = make_call(titles=texts, texts=texts)
    expression = make_expression(
        open_call, state, contact_id=person.id, entered_by=person.id, source_number=words, decision_reason=words,
        status=Status.CLARIFICATION_ASKED, **said,
    )  # fmt: skip
    draft = make_draft(open_call, state, **said)
    stored = _file("expression", expression.id, words)
    expression.endorsement_file_id = stored.id
    question = Question(expression_id=expression.id, asked_by=person.id, asked_at=NOW, text=words)
    note = Note(expression_id=expression.id, author_id=person.id, at=NOW, text=words)
    aside = LeftOut(expression_id=expression.id, person_id=make_person(words).id, declared_at=NOW, reason=words)
    db.session.add_all([question, note, aside])
    session = make_session(
        titles=texts, purposes=texts, agendas=texts, dial_in=words, visibility=Visibility.INVITED, hosts=(state,)
    )  # fmt: skip
    session.exchange.visibility = Visibility.INVITED
    invitation = make_invitation(session, person, organisation=state)
    rules.respond(invitation, answer=Answer.YES, route=Route.PAGE, comment=words, by=person, now=NOW + timedelta(minutes=1))
    scan = _file("invitation", invitation.id, words)
    rules.put_on_list(session.exchange, organisations=[state], people=[person], by=person, now=NOW)
    guest = db.session.query(ExchangeGuest).where(ExchangeGuest.person_id == person.id).one()
    change = make_clock_change(session, cause=Cause.PEOPLE, decision=Decision.INSTANT)
    make_clock_move(change, invitation, Touch.OWN)
    poll = make_poll(exchange=session.exchange, titles=texts)
    asked = make_asked(poll, person, organisation=state)
    say(asked, Vote.YES, Vote.NO, Vote.NO, comment=words)
    wish = make_place_request(session, given_name=words, family_name=words, works_for=words, reason=words)
    mail = InboundMail(
        received_at=NOW, source="command", sha256=uuid.uuid4().hex, raw=b"x", sender=person.email, sender_name=words,
        subject=words, body=words, verdict=Verdict.UNCLEAR, reason="no_calendar_part", person_id=person.id,
    )  # fmt: skip
    db.session.add(mail)
    more = (
        _library(words)
        | _pilot(words, state)
        | _circular(words, person, state)
        | _letter(words, session)
        | _transfers(words, person, session)
    )
    record("person.changed", "person", person.id, by=person, now=NOW, changes={"post": (words, texts)}, note=words)
    db.session.flush()
    message = db.session.query(Message).where(Message.recipient_id == person.id).first()
    ids = {
        "call_id": hidden.id, "designation_id": designation.id, "exchange_id": session.exchange_id,
        "expression_id": expression.id, "question_id": question.id, "file_id": stored.id, "invitation_id": invitation.id,
        "message_id": message.id, "organisation_id": ministry.id, "person_id": person.id,
        "membership_id": person.memberships[0].id if person.memberships else uuid.uuid4(), "mail_id": mail.id,
        "session_id": session.id, "sign_in_id": uuid.uuid4(), "scan_id": scan.id, **more, "row_id": note.id,
        "declaration_id": aside.id, "change_id": change.id, "state_id": state.id, "guest_id": guest.id,
        "override_id": make_override(state.code or "XX", names=texts, source=words).id,
        "poll_id": poll.id, "asked_id": asked.id, "slot_id": poll.slots[0].id,
        "request_id": wish.id,
    }  # fmt: skip
    links = {
        "answer": f"/en/answer/{sign('answer', invitation.id, invitation.nonce)}",
        "poll": f"/en/poll/{sign('poll', asked.id, asked.nonce)}",
        "join": f"/en/join/{sign('join', invitation.id, invitation.join_nonce)}",
        "place": f"/en/places/{sign('place', wish.id, wish.nonce)}",
        "who": f"/en/drafts/{sign('draft', draft.id, draft.draft_nonce)}/who",
        "what": f"/en/drafts/{sign('draft', draft.id, draft.draft_nonce)}/what",
        "check": f"/en/drafts/{sign('draft', draft.id, draft.draft_nonce)}/check",
        "confirm": f"/en/confirmations/{sign('confirm', expression.id, expression.confirm_nonce)}",
        "status": f"/en/status/{sign('status', expression.id, expression.status_nonce)}",
        "correct": f"/en/corrections/{sign('correct', expression.id, expression.status_nonce)}",
        "question": f"/en/questions/{sign('question', question.id, question.nonce or fresh_nonce())}",
        "feed": f"/feeds/{sign('feed', person.id, person.feed_nonce)}.ics",
        "open_call": f"/en/calls/{open_call.id}",
    }
    return state, person, ids, links


def _transfers(words: str, person: Person, session: PeerSession) -> Ids:
    quoted = words.replace('"', '""')
    table = f'email,family_name\nnew@m.example,"{quoted}"\n'.encode()
    row = imports.begin(table, words, Kind.PEOPLE, options={}, language="en", by=person, now=NOW)
    imports.work(row.id, now=NOW)
    until = NOW + timedelta(days=9)
    archive = Archive(exchange_id=session.exchange_id, language="en", by_id=person.id, expires_at=until)
    archive.state, archive.file_id = ArchiveState.READY, _file("archive", None, words).id
    db.session.add(archive)
    db.session.flush()
    return {"import_id": row.id, "archive_id": archive.id, "rehearsal_id": make_rehearsal(person.id, NOW, words).id}


def _library(words: str) -> Ids:
    practice = make_practice(words, published=False)
    added = keep_document(practice, _file("practice", practice.id, words), "en", note=words, by=None, now=NOW)
    return {"record_id": practice.id, "document_id": added.id}


def _pilot(words: str, state: Organisation) -> Ids:
    texts = {"en": words}
    pilot = make_pilot(state, titles=texts, objectives=texts)
    milestone = make_milestone(pilot, NOW.date() + timedelta(days=30), titles=texts, post=words)
    stored = _file("milestone", milestone.id, words)
    evidence = add_evidence(milestone, Shown(words, Reader.STATE, stored=stored), by=None, now=NOW)
    write_update(pilot, words, visibility=Reader.STATE, by=make_person(words), now=NOW)
    return {"pilot_id": pilot.id, "milestone_id": milestone.id, "evidence_id": evidence.id}


def _circular(words: str, person: Person, state: Organisation) -> Ids:
    """One that was sent to this person alone."""
    row = make_session(visibility=Visibility.INVITED)
    make_invitation(row, person, organisation=state)
    circular = make_circular(
        Audience.EXCHANGE, exchange_id=row.exchange_id, chosen=("invited",), subjects={"en": words}, texts={"en": words}
    )
    send_circular(circular, by=make_person(words), now=NOW)
    return {"circular_id": circular.id}


def _letter(words: str, session: PeerSession) -> Ids:
    """An issued letter about the session, with who signs it."""
    viewer = office()
    signer = make_signatory(viewer.person, words)
    letter = issued(viewer, session, signer)[0]
    return {"letter_id": letter.id, "set_id": letter.set_id, "signatory_id": signer.id}


def filled(rule: str, ids: Ids) -> str:
    """A rule as an address of this world: each id by its name, the file of an invitation where one is meant."""
    address = (
        rule.replace("<lang:lang>", "en")
        .replace("<role>", "participant")
        .replace("scans/<uuid:file_id>", "scans/<uuid:scan_id>")
        .replace("<any(practice,tool,resource):kind>", "practice")
        .replace("<lang_code>", "fr")
        .replace("<string:kind>/<uuid:object_id>", "call/<uuid:call_id>")
        .replace("<any(people,organisations,participants,expressions,calendars):kind>", "people")
        .replace("<any(never,busy,address,choices):what>", "never")
        .replace("<any(never,busy,address):what>", "never")
        .replace("<any(pdf,docx,scan):which>", "pdf")
        .replace("<key>", "salutation")
        .replace("<int:number>", "1")
        .replace("<spoken>", "en")
    )
    for name, value in ids.items():
        address = address.replace(f"<uuid:{name}>", str(value))
    return address


def pages(app: object, ids: Ids, links: dict[str, str]) -> list[str]:
    """Every address that GET opens: lists, records of this world, pages behind its links."""
    found = list(links.values())
    for rule in app.url_map.iter_rules():  # type: ignore[attr-defined]
        address = filled(rule.rule, ids)
        if "GET" in rule.methods and "<" not in address and not address.endswith((".pdf", ".docx", "/table", "/template/people")):
            found.append(address)
    return sorted(found)


def lists(app: object, ids: Ids) -> list[str]:
    """Every list that leaves as a table."""
    every = (filled(rule.rule, ids) for rule in app.url_map.iter_rules())  # type: ignore[attr-defined]
    return sorted(address for address in every if address.endswith("/table") and "<" not in address)
