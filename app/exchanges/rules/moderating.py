"""What the desk, or a focal point, decides about a mail that was not certain: each reason has a yes and a no."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.models import Person
from app.accounts.queries import person_by_email
from app.accounts.queries.reach import person_behind, states_of
from app.accounts.rules import find_or_make_contact
from app.audit.rules import record
from app.core.errors import RuleBroken
from app.core.signing import settings
from app.core.text import is_address
from app.exchanges import messages
from app.exchanges.models import Invitation, PeerSession
from app.exchanges.queries import SUBJECT, own_invitation
from app.exchanges.rules.delegating import name_delegate
from app.exchanges.rules.identity import lock, refuse_unless_open, stamp
from app.exchanges.rules.inviting import Guest, invite
from app.exchanges.rules.replying import decide, still_open
from app.extensions import db
from app.notifications import bounces, outbox
from app.notifications.models import InboundMail, Message, Verdict

NOT_UNDERSTOOD = _l("This cannot be decided with one button. Read the mail, and record what it says.")


NOT_FROM_THEM = _l("The mail did not come from the address it answers for. Invite the person on the session's page.")


def accept(mail: InboundMail, *, by: Person, now: datetime) -> None:
    """Do what the mail asks for, as its reason has it."""
    still_open(mail)
    match mail.reason:
        case "delegated" | "delegate_answers":
            _accept_delegate(mail, by, now, of_own_state=None)
        case "unknown_replier":
            _invite_replier(mail, by, now)
        case "delivery_report":
            _mark_address(mail, by, now)
        case _:
            raise RuleBroken(NOT_UNDERSTOOD)
    decide(mail, by, now)


def refuse(mail: InboundMail, *, by: Person, now: datetime) -> None:
    """Say no to what the mail asks for; whoever wrote it hears so."""
    still_open(mail)
    match mail.reason:
        case "delegated":
            _refuse_delegate(mail, by, now)
        case "unknown_replier" | "delegate_answers":
            _not_invited(mail, by, now)
        case "counter":
            _decline_proposal(mail, by, now)
        case _:
            raise RuleBroken(NOT_UNDERSTOOD)
    decide(mail, by, now)


def decide_for_state(mail: InboundMail, state_id: UUID | None, *, accepted: bool, by: Person, now: datetime) -> None:
    """A focal point answers a proposal to send somebody else of the own State."""
    still_open(mail)
    if accepted:
        _accept_delegate(mail, by, now, of_own_state=state_id)
    else:
        _refuse_delegate(mail, by, now)
    decide(mail, by, now)


def can_be_told(mail: InboundMail) -> bool:
    """May anything be written back? Never to a machine (RFC 3834), and not to an address that the mail merely names."""
    return _is_from_whom_it_names(mail) and not (mail.reply or {}).get("automatic")


def _is_from_whom_it_names(mail: InboundMail) -> bool:
    """Does the mail come from the address it answers for, as far as our mail server can tell?"""
    told = mail.reply or {}
    same = mail.sender.casefold() == str(told.get("attendee") or "").casefold()
    return same and told.get("authentic") is not False


def delegate_of(mail: InboundMail) -> tuple[str, str]:
    """Address and name of whom somebody wants to send."""
    told = mail.reply or {}
    if mail.reason == "delegate_answers":
        return str(told.get("attendee") or ""), mail.sender_name
    return str(told.get("delegated_to") or ""), str(told.get("delegate_name") or "")


def invitation_behind(mail: InboundMail) -> Invitation:
    """Whose invitation the mail is about."""
    query = select(Invitation).where(Invitation.peer_session_id == mail.subject_id, Invitation.person_id == mail.person_id)
    found = db.session.scalar(query)
    if found is None or found.uninvited_at is not None:
        raise RuleBroken(_l("This invitation was taken back already. Choose another person of the State."))
    return found


def _accept_delegate(mail: InboundMail, by: Person, now: datetime, *, of_own_state: UUID | None) -> None:
    """The delegate is invited and whoever sends them is told; the seat stays with the State."""
    invitation = invitation_behind(mail)
    if mail.reason == "delegate_answers" and not _is_from_whom_it_names(mail):
        raise RuleBroken(NOT_FROM_THEM)
    address, name = delegate_of(mail)
    if not is_address(address):
        raise RuleBroken(_l("The mail does not say who is to be sent. Ask the person, then name the delegate."))
    known = person_behind(address)
    if of_own_state is not None and known is not None:
        _refuse_strangers(known, of_own_state, now)
    given, _space, family = name.rpartition(" ")
    person = known or find_or_make_contact(
        email=address, given_name=given, family_name=family or address.partition("@")[0], language=invitation.person.language,
        zone=invitation.organisation.zone if invitation.organisation else invitation.person.zone,
        organisation_id=invitation.organisation_id, by=by, now=now,
    )  # fmt: skip
    name_delegate(invitation, person, replace=True, by=by, now=now)
    _record("reply.delegate_accepted", mail, by, now, {"delegate": (invitation.person.full_name, person.full_name)})


def _refuse_strangers(person: Person, state_id: UUID, now: datetime) -> None:
    """A focal point sends people of the own State; somebody of another delegation is the secretariat's business."""
    theirs = states_of(person, now.date())
    if theirs and state_id not in theirs:
        raise RuleBroken(_l("This address belongs to somebody outside your delegation. Write to the secretariat."))


def _refuse_delegate(mail: InboundMail, by: Person, now: datetime) -> None:
    invitation = invitation_behind(mail)
    row = lock(invitation.peer_session_id)
    address, name = delegate_of(mail)
    if row.is_open and not row.is_over(now) and can_be_told(mail):
        to = messages.recipient(invitation)
        db.session.flush()
        outbox.queue([messages.delegate_refused(row, to, delegate=name or address, word=str(mail.id))], now=now)
    _record("reply.delegate_refused", mail, by, now, {"delegate": (name or address, None)})


def _invite_replier(mail: InboundMail, by: Person, now: datetime) -> None:
    """Somebody who was not asked wants to come, and may: the invitation goes to the address they wrote from."""
    if not can_be_told(mail):
        raise RuleBroken(NOT_FROM_THEM)
    row = db.session.get_one(PeerSession, mail.subject_id)
    given, _space, family = mail.sender_name.rpartition(" ")
    person = find_or_make_contact(
        email=mail.sender, given_name=given, family_name=family, language=settings().default_language,
        zone=settings().default_zone, by=by, now=now,
    )  # fmt: skip
    invite(row, [Guest(person)], by=by, now=now)
    mail.person_id = person.id
    _record("reply.replier_invited", mail, by, now, {"invitation": (None, person.full_name)})


def _not_invited(mail: InboundMail, by: Person, now: datetime) -> None:
    """Somebody who was not asked cannot come: the entry is taken out of their calendar."""
    row = lock(db.session.get_one(PeerSession, mail.subject_id).id)
    theirs = person_behind(mail.sender)
    if theirs is not None and own_invitation(row.id, theirs.id) is not None:
        raise RuleBroken(_l("This person is invited already."))  # what takes the entry out would take out theirs
    if row.is_open and not row.is_over(now) and can_be_told(mail):
        person = person_by_email(mail.sender)
        letter = messages.not_invited(row, mail.sender, mail.sender_name, person=person, word=str(mail.id), now=now)
        outbox.queue([letter], now=now)
    _record("reply.replier_refused", mail, by, now, {"invitation": (mail.sender_name or mail.sender, None)})


def _decline_proposal(mail: InboundMail, by: Person, now: datetime) -> None:
    """Another time was proposed, and the session stays at its own: DECLINECOUNTER, with the SEQUENCE the proposal named."""
    invitation = invitation_behind(mail)
    row = lock(invitation.peer_session_id)
    sentences = (_l("This session is a draft."), _l("This session was cancelled."), _l("This session is over."))
    refuse_unless_open(row, now, sentences)
    if not (mail.reply or {}).get("automatic"):
        kept = invitation.sequence
        stamp(row, invitation, now)
        to = messages.recipient(invitation)
        invitation.sequence = kept  # the answer to a proposal moves nothing
        db.session.flush()
        told = mail.reply or {}
        outbox.queue(
            [messages.proposal_declined(row, to, sequence=int(told.get("sequence") or 0), starts_at=proposed_start(mail))], now=now
        )
    _record("reply.proposal_declined", mail, by, now, {"starts_at": (proposed_start(mail), row.starts_at)})


def proposed_start(mail: InboundMail) -> datetime:
    """The time a mail proposes."""
    return datetime.fromisoformat(str((mail.reply or {})["starts_at"])).astimezone(UTC)


def take_proposals(row: PeerSession, *, by: Person, now: datetime) -> None:
    """The session moved to a time that somebody had proposed: the proposal is answered by the move itself."""
    waiting = select(InboundMail).where(
        InboundMail.verdict == Verdict.UNCLEAR, InboundMail.reason == "counter", InboundMail.subject_kind == SUBJECT,
        InboundMail.subject_id == row.id,
    )  # fmt: skip
    for mail in db.session.scalars(waiting.order_by(InboundMail.id).with_for_update(skip_locked=True)):
        if proposed_start(mail) == row.starts_at:
            decide(mail, by, now)
            _record("reply.proposal_taken", mail, by, now, {"starts_at": (None, row.starts_at)})


def _mark_address(mail: InboundMail, by: Person, now: datetime) -> None:
    """Somebody read the report, and says that the address does not work."""
    told = (mail.reply or {}).get("message_id")
    message = db.session.get(Message, UUID(str(told))) if told else None
    if message is None:
        raise RuleBroken(_l("The report does not say which mail of ours came back. Correct the address on the person's page."))
    bounces.mark_by_hand(message, now=now)
    _record("reply.address_marked", mail, by, now, {"address": (message.address, None)})


def _record(action: str, mail: InboundMail, by: Person, now: datetime, changes: dict[str, tuple[Any, Any]]) -> None:
    record(action, "inbound_mail", mail.id, by=by, now=now, changes=changes, note=mail.reason)
