"""What owners and co-leads are told: a date comes near, a date has passed. The date is said as a date, which stays true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, update

from app.accounts.models import Person
from app.accounts.queries import letter_for
from app.core import codes, when
from app.core.db import Json, Texts
from app.core.signing import external_url, mark, settings, standing_code
from app.core.text import best
from app.extensions import db
from app.notifications.outbox import Letter
from app.pilots.models import Milestone
from app.pilots.queries import SUBJECT


def due(milestone: Milestone, to: Person, *, key: str, expires_at: datetime) -> Letter:
    """To the owner, before the date."""
    return _letter("pilot-due", milestone, to, key, expires_at)


def overdue(milestone: Milestone, to: Person, *, key: str, expires_at: datetime) -> Letter:
    """To the owner, once, when the date has passed."""
    return _letter("pilot-overdue", milestone, to, key, expires_at)


def long_overdue(milestone: Milestone, to: Person, *, key: str, expires_at: datetime) -> Letter:
    """To the co-lead, when two weeks have passed since."""
    return _letter("pilot-overdue-lead", milestone, to, key, expires_at)


def _letter(kind: str, milestone: Milestone, to: Person, key: str, expires_at: datetime) -> Letter:
    return letter_for(
        to,
        kind=kind,
        key=key,
        facts=_facts(milestone, to),
        thread=f"milestone:{milestone.id}:{to.id}",
        subject_kind=SUBJECT,
        subject_id=milestone.id,
        subject_revision=milestone.due_version,
        expires_at=expires_at,
    )


def _page(milestone: Milestone, to: Person) -> Json:
    """The milestone's page; an owner without an account gets an address and a code of their own, until the owner changes."""
    if to.id != milestone.owner_id or to.joined_at is not None:
        page = external_url("pilots.milestone", to.language, pilot_id=milestone.pilot_id, milestone_id=milestone.id)
        return {"links": {"page": page}}
    token = mark("milestone", milestone.id, milestone.owner_nonce)
    page = external_url("pilots.milestone_by_link", to.language, token=token)
    return {"links": {"page": page}, "codes": {"page": codes.mark(token, _digest(milestone))}}


def _digest(milestone: Milestone) -> str:
    """Under what the owner's short code is found."""
    return standing_code("milestone", milestone.id, milestone.owner_nonce, milestone.owner_code_digest)


def keep_codes(milestones: Iterable[Milestone]) -> None:
    """Keep what finds the codes in letters to the owners of these, in one statement. An editor has no change to look at."""
    new = [{"of": m.id, "digest": _digest(m)} for m in milestones if m.owner_code_digest != _digest(m)]
    if new:
        db.session.execute(_KEEP, new)


_TABLE = Milestone.metadata.tables[Milestone.__tablename__]
_KEEP = update(_TABLE).where(_TABLE.c.id == bindparam("of")).values(owner_code_digest=bindparam("digest"))


def _facts(milestone: Milestone, to: Person) -> Json:
    pilot, language = milestone.pilot, to.language
    return {
        "code": pilot.code,
        "pilot": _one(pilot.titles, language),
        "state": _one(pilot.state.names, language),
        "milestone": _one(milestone.titles, language),
        "evidence": _one(milestone.evidence_asked, language),
        "due": when.date_text(milestone.due_on, language),
        "due_day": when.date_text(milestone.due_on, language, style="day"),
        "owner": ", ".join(w for w in (milestone.post, milestone.owner.full_name if milestone.owner else "") if w),
        **_page(milestone, to),
    }


def _one(texts: Texts, language: str) -> Texts:
    """The best there is of a text for this language, still with the language it is in."""
    found = best(texts, language, settings().language_order)
    return {found.lang: found.text} if found else {}
