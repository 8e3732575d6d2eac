"""Somebody who was not invited asks for a place: by a button in a mail, or signed in; somebody decides, or a seat is free."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import and_, delete, or_, select

from app.accounts.models import Organisation, Person, fold_address
from app.accounts.queries import person_by_email
from app.accounts.queries.reach import focal_points_of, states_of
from app.accounts.rules import find_or_make_contact
from app.audit.rules import record
from app.core.db import uuid7
from app.core.errors import RuleBroken
from app.core.tokens import fresh_nonce
from app.core.zones import to_wall
from app.exchanges import messages
from app.exchanges.models import Answer, Asked, Capacity, Invitation, PeerSession, PlaceRequest, Registration, Route
from app.exchanges.queries import places
from app.exchanges.rules.answering import respond
from app.exchanges.rules.identity import lock
from app.exchanges.rules.inviting import Guest, invite
from app.extensions import db
from app.notifications import outbox
from app.notifications.models import Message, State

UNCONFIRMED_KEPT = timedelta(days=3)
DECIDED_KEPT = timedelta(days=365)
LONGEST_SENTENCE = 500


@dataclass(frozen=True)
class Wish:
    """Who wants to come, in their own words."""

    given_name: str
    family_name: str
    email: str
    language: str
    zone: str
    organisation_id: uuid.UUID | None = None
    works_for: str = ""
    reason: str = ""


def may_ask(row: PeerSession, now: datetime) -> bool:
    """Does this sitting take wishes for places now?"""
    return places.governing(row).registration is not Registration.INVITATION and row.is_open and row.starts_at > now


def _refuse_if_closed(row: PeerSession, now: datetime) -> None:
    if places.governing(row).registration is Registration.INVITATION:
        raise RuleBroken(_l("Places in this session are by invitation only."))
    if not may_ask(row, now):
        raise RuleBroken(_l("This session takes no more wishes for a place."))


def ask(row: PeerSession, wish: Wish, *, now: datetime) -> PlaceRequest:
    """Without an account: a mail with a button goes to the address, whoever is behind it and whatever they asked before."""
    row = lock(row.id)
    _refuse_if_closed(row, now)
    request = places.pending_request(row, fold_address(wish.email) or "")
    if request is None:
        request = _kept(row, wish, now)
    elif request.state is Asked.UNCONFIRMED:  # the last form is the one that is meant
        request.peer_session_id, request.nonce, request.code_digest = row.id, fresh_nonce(), None
        _fill(request, wish)
    request.mailed_at = request.updated_at = now
    db.session.flush()
    outbox.queue([messages.confirm_place(request, now=now)], now=now)
    return request


def _kept(row: PeerSession, wish: Wish, now: datetime) -> PlaceRequest:
    request = PlaceRequest(
        id=uuid7(), peer_session_id=row.id, state=Asked.UNCONFIRMED, nonce=fresh_nonce(), mailed_at=now, created_at=now,
        updated_at=now, sentence="",
    )  # fmt: skip
    request.peer_session = row
    _fill(request, wish)
    db.session.add(request)
    return request


def _fill(request: PlaceRequest, wish: Wish) -> None:
    for name in ("given_name", "family_name", "email", "language", "zone", "organisation_id", "works_for", "reason"):
        setattr(request, name, getattr(wish, name))
    request.email_folded = fold_address(wish.email) or ""


def confirm(request: PlaceRequest, *, now: datetime) -> Invitation | None:
    """The button was pressed: it is their address. Answers the invitation that came of it; pressed twice, the same."""
    row = lock(request.peer_session_id)
    db.session.refresh(request, ["state", "invitation_id"])  # as it is now that the session is locked
    if request.state is not Asked.UNCONFIRMED:
        return db.session.get(Invitation, request.invitation_id) if request.invitation_id else None
    _refuse_if_closed(row, now)
    request.confirmed_at = request.updated_at = now
    return _settle(row, request, person_by_email(request.email), now)


def ask_signed_in(row: PeerSession, wish: Wish, *, by: Person, for_other: bool = False, now: datetime) -> PlaceRequest:
    """Somebody who is signed in asks for themselves; or a verified focal point for a colleague of their State."""
    row = lock(row.id)
    _refuse_if_closed(row, now)
    person = person_by_email(wish.email) if for_other else by
    if person is not None and places.own_of_meeting(row, person.id) is not None:
        raise RuleBroken(_l("This person is invited already."), field="email")
    request = places.pending_request(row, fold_address(wish.email) or "")
    if request is not None and request.state is Asked.WAITING:
        raise RuleBroken(_l("This was asked before, and a decision is awaited."), field="email")
    if request is None:
        request = _kept(row, wish, now)
    else:
        request.peer_session_id = row.id
        _fill(request, wish)
    request.person, request.asked_by = None if for_other else by, by.id if for_other else None
    request.confirmed_at = request.mailed_at = request.updated_at = now
    db.session.flush()
    _settle(row, request, person, now)
    return request


def _settle(row: PeerSession, request: PlaceRequest, person: Person | None, now: datetime) -> Invitation | None:
    """A place at once, a decision to wait for, or the invitation that person has already."""
    standing = places.own_of_meeting(row, person.id) if person is not None else None
    if standing is not None:
        request.state, request.person, request.invitation_id = Asked.APPROVED, person, standing.id
        return standing
    if _known_enough(row, request, person, now):
        return _give(row, request, by=None, now=now)
    request.state, request.person = Asked.WAITING, person
    _record("session.place_asked", row, request, by=person, now=now)
    db.session.flush()
    outbox.queue([messages.place_asked(request), *_to_hosts(row, request, now)], now=now)
    return None


def _known_enough(row: PeerSession, request: PlaceRequest, person: Person | None, now: datetime) -> bool:
    """An open session gives a seat at once. Where seats of a State are counted, only to those whose State is known."""
    rules = places.governing(row)
    if rules.registration is not Registration.OPEN or (person is not None and not person.active):
        return False
    if rules.quota is None or request.asked_by is not None:
        return True
    return person is not None and bool(states_of(person, to_wall(now, person.zone).date()))


def _to_hosts(row: PeerSession, request: PlaceRequest, now: datetime) -> list[outbox.Letter]:
    """Where hosts decide too, those who speak for them hear of it; the secretariat has it on its desk."""
    if not places.governing(row).hosts_approve:
        return []
    hosts = {host.id for host in row.exchange.hosts if host.is_state}
    return [messages.place_to_decide(request, one) for one in focal_points_of(hosts, to_wall(now, row.zone).date())]


def approve(
    request: PlaceRequest, *, organisation_id: uuid.UUID | None, sentence: str = "", by: Person, now: datetime
) -> Invitation | None:
    """They may come: a seat, or a place in line, and the mail that goes with it. The State is what the approver says it is."""
    row = _open_request(request)
    _refuse_if_over(row, now)
    request.organisation_id = organisation_id
    db.session.flush()
    return _give(row, request, by=by, now=now, sentence=sentence)


def decline(request: PlaceRequest, *, sentence: str, by: Person, now: datetime) -> None:
    """They cannot come: the sentence says why."""
    row = _open_request(request)
    said = sentence.strip()[:LONGEST_SENTENCE]
    if not said:
        raise RuleBroken(_l("Write a sentence that says why. The person reads it."), field="sentence")
    _decide(request, Asked.DECLINED, by=by, now=now, sentence=said)
    _record("session.place_declined", row, request, by=by, now=now)
    outbox.queue([messages.place_declined(request)], now=now)


def _open_request(request: PlaceRequest) -> PeerSession:
    row = lock(request.peer_session_id)
    db.session.refresh(request, ["state", "invitation_id"])  # as it is now that the session is locked
    if request.state is not Asked.WAITING:
        raise RuleBroken(_l("Somebody decided about this already."))
    return row


def _refuse_if_over(row: PeerSession, now: datetime) -> None:
    if not row.is_open or row.is_over(now):
        raise RuleBroken(_l("This session is over or cancelled. Nobody can be given a place."))


def _decide(request: PlaceRequest, state: Asked, *, by: Person | None, now: datetime, sentence: str) -> None:
    request.state, request.sentence = state, sentence
    request.decided_at = request.updated_at = now
    request.decided_by = by.id if by else None
    db.session.flush()


def _give(row: PeerSession, request: PlaceRequest, *, by: Person | None, now: datetime, sentence: str = "") -> Invitation:
    """The person is invited and has said Yes by asking: seat, quota and line are decided as for everybody."""
    vouched = request.organisation_id if by is not None or request.asked_by is not None else None
    person = request.person or find_or_make_contact(
        email=request.email, given_name=request.given_name, family_name=request.family_name, language=request.language,
        zone=request.zone, organisation_id=vouched, by=by or request.asker, now=now,
        posts={request.language: request.works_for} if request.works_for else None,
    )  # fmt: skip
    if not person.active:
        raise RuleBroken(_l("This person is not active. Activate the record first."), field="email")
    guest = Guest(person, _organisation(request, person, vouched, now), Capacity.PARTICIPANT, "asked")
    invite(row, [guest], by=by, now=now, telling=False)
    made = places.own_of_meeting(row, person.id)
    assert made is not None
    request.person, request.invitation_id = person, made.id
    _decide(request, Asked.APPROVED, by=by, now=now, sentence=sentence.strip()[:LONGEST_SENTENCE])
    _record("session.place_approved", row, request, by=by or person, now=now)
    if made.answer is None:
        asker = request.asker
        respond(made, answer=Answer.YES, route=Route.STATE if asker else Route.PAGE, by=asker or person, now=now)
    return made


def _organisation(request: PlaceRequest, person: Person, vouched: uuid.UUID | None, now: datetime) -> Organisation | None:
    """Their State: as somebody who may says, else as it is known. What a stranger writes of themselves counts for nobody."""
    if vouched is not None:
        return db.session.get(Organisation, vouched)
    known = states_of(person, to_wall(now, person.zone).date())
    chosen = request.organisation_id if request.organisation_id in known else min(known, default=None)
    return db.session.get(Organisation, chosen) if chosen else None


def _record(action: str, row: PeerSession, request: PlaceRequest, *, by: Person | None, now: datetime) -> None:
    changes: dict[str, tuple[object, object]] = {"invitation": (None, request.full_name)}
    record(action, "session", row.id, by=by, now=now, changes=changes, note=request.sentence or None)


def tidy(now: datetime, most: int = 500) -> int:
    """Forget what was never confirmed after three days, and a year after the session who asked for it; with the mails about it."""
    over = select(PeerSession.id).where(PeerSession.starts_at < now - DECIDED_KEPT)
    unconfirmed = and_(PlaceRequest.state == Asked.UNCONFIRMED, PlaceRequest.mailed_at < now - UNCONFIRMED_KEPT)
    old = select(PlaceRequest.id).where(or_(unconfirmed, PlaceRequest.peer_session_id.in_(over))).order_by(PlaceRequest.id)
    ids = list(db.session.scalars(old.limit(most).with_for_update(skip_locked=True)))
    if ids:
        under_way = Message.state.in_((State.QUEUED, State.SENDING))
        db.session.execute(delete(Message).where(Message.thread.in_([f"place:{one}" for one in ids]), ~under_way))
        db.session.execute(delete(PlaceRequest).where(PlaceRequest.id.in_(ids)))
    return len(ids)
