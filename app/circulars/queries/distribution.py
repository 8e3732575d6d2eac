"""How a circular reaches everyone it is for: who gets a mail, who cannot, and where it goes in their place."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.accounts.models import MailRoute, Person
from app.accounts.queries import routes_for
from app.circulars.models import Circular, Trouble
from app.circulars.queries.audience import Member, identity, members_of, states_behind
from app.core.zones import offset, to_wall


@dataclass(frozen=True)
class Mail:
    """One mail: to whom, and in whose place where it is not theirs by right."""

    to: Member
    instead_of: Member | None = None


@dataclass(frozen=True)
class Unreached:
    """Somebody without a mail of their own. ``through`` are those who get it in their place, none where nobody can."""

    who: Member
    route: MailRoute | None = None
    fell_back: bool = False
    through: tuple[Person, ...] = ()


@dataclass(frozen=True)
class Distribution:
    """Everyone a circular is for, as it stands at this moment."""

    mails: tuple[Mail, ...] = ()
    unreached: tuple[Unreached, ...] = ()
    languages: Counter[str] = field(default_factory=Counter)  # as people read
    zones: tuple[tuple[str, int], ...] = ()  # the largest groups first, then from west to east

    @property
    def people(self) -> int:
        """How many people it is for, those without a mail among them, not those who stand in for them."""
        return sum(1 for mail in self.mails if mail.instead_of is None) + len(self.unreached)


def distribution_of(circular: Circular, now: datetime) -> Distribution:
    """Who gets it, and how. One mail a person, even where they belong twice or stand in for another besides."""
    members = members_of(circular, now)
    mails = {identity(m): Mail(m) for m in members if m.trouble is None}
    unreached = []
    for found in _routed([m for m in members if m.trouble is not None], now):
        unreached.append(found)
        for person in found.through:
            mails.setdefault(person.id, Mail(_in_place(person, found.who), found.who))
    sent = tuple(mails.values())
    return Distribution(sent, tuple(unreached), Counter(m.to.language for m in sent), _zones(sent, now))


def _routed(troubled: list[Member], now: datetime) -> list[Unreached]:
    """Where the mail of those goes whom none reaches. An address nobody confirmed is nobody's yet, so it goes nowhere."""
    can = [m for m in troubled if m.trouble is not Trouble.UNCONFIRMED]
    today = to_wall(now, "UTC").date()
    behind = states_behind(can, today) if can else {}
    routes = routes_for({state.id: state for state in behind.values()}.values(), today) if behind else {}
    found = []
    for member in troubled:
        state = behind.get(identity(member)) if member.trouble is not Trouble.UNCONFIRMED else None
        if state is None:
            found.append(Unreached(member))
            continue
        routing = routes[state.id]
        through = tuple(p for p in routing.people if identity(member) != p.id)
        found.append(Unreached(replace(member, organisation=state), state.mail_route, routing.fell_back, through))
    return found


def _in_place(person: Person, of: Member) -> Member:
    return Member(person.full_name, person.language, person.zone, "in_place", person, of.organisation)


def _zones(mails: tuple[Mail, ...], now: datetime) -> tuple[tuple[str, int], ...]:
    counted = Counter(m.to.zone for m in mails)
    return tuple(sorted(counted.items(), key=lambda pair: (-pair[1], offset(now, pair[0]), pair[0])))


def key_of(person_id: uuid.UUID, circular_id: uuid.UUID) -> str:
    """The unique key of the mail of a circular to one person."""
    return f"circular:{circular_id}:{person_id}"
