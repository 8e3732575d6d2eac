"""Exchanges, sessions, invitations and answers not understood as tables. No way to join a session is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.reader import best, name_of
from app.accounts.tables import EMAIL, FAMILY, GIVEN, STATE_CODE, own_text
from app.exchanges import words
from app.exchanges.models import Exchange, ExchangeGuest, Invitation, PeerSession
from app.notifications.models import InboundMail
from app.tables.writing import Column, listed, word
from app.topics.queries import grounds

SessionRow = tuple[PeerSession, int]


def _grounds() -> Mapping[str, Any]:
    return {code: best(ground.labels) for code, ground in grounds().items()}


EXCHANGES: Sequence[Column[Exchange]] = (
    Column("theme", words.FIELDS["themes"], lambda e: str(best(e.themes))),
    Column("purpose", words.FIELDS["purposes"], lambda e: str(best(e.purposes))),
    Column("hosts", words.FIELDS["hosts"], lambda e: "; ".join(name_of(h) for h in e.hosts)),
    listed("grounds", words.FIELDS["grounds"], lambda e: e.grounds, _grounds),
    Column("languages", words.FIELDS["languages"], lambda e: "; ".join(e.languages)),
    word("visibility", words.FIELDS["visibility"], lambda e: e.visibility, words.VISIBILITIES),
    Column("created_at", _l("Written (UTC)"), lambda e: e.created_at),
    Column("id", _l("Number of the record"), lambda e: str(e.id)),
)


def _guest(guest: ExchangeGuest) -> str | None:
    if guest.person is not None:
        return guest.person.full_name
    return name_of(guest.organisation) if guest.organisation is not None else None


GUESTS: Sequence[Column[ExchangeGuest]] = (
    Column("guest", words.GUESTS, _guest),
    Column("state", STATE_CODE, lambda g: g.organisation.code if g.organisation else None),
    word("capacity", _l("Capacity"), lambda g: g.capacity, words.CAPACITIES),
    Column("added_at", _l("Put on the list (UTC)"), lambda g: g.added_at),
)


def _local(row: SessionRow) -> datetime:
    return row[0].local_start


SESSIONS: Sequence[Column[SessionRow]] = (
    Column("title", words.FIELDS["titles"], lambda r: str(best(r[0].titles))),
    Column("theme", words.FIELDS["themes"], lambda r: str(best(r[0].exchange.themes))),
    word("status", words.FIELDS["status"], lambda r: r[0].status, words.STATUSES),
    Column("starts_at", _l("Start (UTC)"), lambda r: r[0].starts_at),
    Column("local_start", _l("Start on the clocks there"), lambda r: _local(r).strftime("%Y-%m-%d %H:%M")),
    Column("zone", words.FIELDS["zone"], lambda r: r[0].zone),
    Column("minutes", words.FIELDS["minutes"], lambda r: r[0].minutes),
    Column("capacity", words.FIELDS["capacity"], lambda r: r[0].capacity),
    Column("held", _l("Seats held"), lambda r: r[1]),
    Column("languages", words.FIELDS["languages"], lambda r: "; ".join(r[0].languages)),
    listed("grounds", words.FIELDS["grounds"], lambda r: r[0].grounds, _grounds),
    word("visibility", words.FIELDS["visibility"], lambda r: r[0].visibility, words.VISIBILITIES),
    Column("id", _l("Number of the record"), lambda r: str(r[0].id)),
)


def _because(invitation: Invitation) -> str:
    return str(words.BECAUSE.get(invitation.invited_because, invitation.invited_because))


def invitations(*, addresses: bool) -> Sequence[Column[Invitation]]:
    """Who is invited; addresses and posts for those who may see people."""
    known: tuple[Column[Invitation], ...] = (
        Column("email", EMAIL, lambda i: i.person.email),
        Column("post", _l("Post"), lambda i: own_text(i.person.posts, i.person.language)),
    )
    return (
        Column("given_name", GIVEN, lambda i: i.person.given_name),
        Column("family_name", FAMILY, lambda i: i.person.family_name),
        *(known if addresses else ()),
        Column("organisation", _l("Organisation"), lambda i: name_of(i.organisation) if i.organisation else None),
        Column("state", STATE_CODE, lambda i: i.organisation.code if i.organisation else None),
        word("capacity", _l("Capacity"), lambda i: i.capacity, words.CAPACITIES),
        Column("because", _l("Why invited"), _because, lambda i: i.invited_because),
        Column("invited_at", _l("Invited (UTC)"), lambda i: i.invited_at),
        word("answer", _l("Answer"), lambda i: i.answer, words.ANSWERS),
        Column("answered_at", _l("Answered (UTC)"), lambda i: i.answered_at),
        word("seat", _l("Seat"), lambda i: i.seat, words.SEATS),
        Column("wants_notes", _l("Wants the notes"), lambda i: i.wants_notes),
        Column("comment", _l("Comment"), lambda i: i.comment),
        Column("uninvited_at", _l("Taken back (UTC)"), lambda i: i.uninvited_at),
    )


def _unclear(mail: InboundMail) -> str:
    return str(words.UNCLEAR.get(mail.reason or "", mail.reason or ""))


REPLIES: Sequence[Column[InboundMail]] = (
    Column("received_at", _l("Received (UTC)"), lambda m: m.received_at),
    Column("sender_name", _l("Name"), lambda m: m.sender_name),
    Column("sender", EMAIL, lambda m: m.sender),
    Column("subject", _l("Subject"), lambda m: m.subject),
    Column("reason", _l("Why it was not understood"), _unclear, lambda m: m.reason),
    Column("id", _l("Number of the record"), lambda m: str(m.id)),
)
