"""Reading imports and archives. Both are the office's: whoever may begin one may see all."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import Select, false, or_, select, tuple_
from sqlalchemy.orm import joinedload

from app.accounts.access import P, Viewer
from app.core.paging import Page, page_of
from app.exchanges.models import Exchange, PeerSession, SessionStatus
from app.extensions import db
from app.transfers.models import BUSY, Archive, ArchiveState, Import

OFFICE = (P.MANAGE_PEOPLE, P.MANAGE_EXCHANGES, P.REVIEW_EXPRESSIONS)
SILENT = timedelta(minutes=2)
"""Whoever works on an import shows a sign of life far more often; after so long they are gone."""


def visible_to(viewer: Viewer) -> Select[Import]:
    """Every import for those who may import, none for others."""
    query = select(Import).options(joinedload(Import.by))
    return query if viewer.can(*OFFICE) else query.where(false())


def imports_page(viewer: Viewer, after: tuple[datetime, uuid.UUID] | None = None, size: int = 30) -> Page[Import]:
    """One page of imports, newest first."""
    query = visible_to(viewer)
    if after is not None:
        query = query.where(tuple_(Import.created_at, Import.id) < tuple_(*after))
    found = db.session.scalars(query.order_by(Import.created_at.desc(), Import.id.desc()).limit(size + 1)).all()
    return page_of(found, size, lambda i: (i.created_at.isoformat(), i.id))


def import_in_view(viewer: Viewer, import_id: uuid.UUID) -> Import | None:
    """This import, if the viewer may see it."""
    return db.session.scalar(visible_to(viewer).where(Import.id == import_id))


def left_lying(now: datetime) -> list[uuid.UUID]:
    """Imports that somebody should be working on, and nobody is."""
    gone = or_(Import.run.is_(None), Import.alive_at < now - SILENT)
    return list(db.session.scalars(select(Import.id).where(Import.state.in_(BUSY), gone).order_by(Import.created_at, Import.id)))


def sessions_to_fill(viewer: Viewer, now: datetime) -> list[PeerSession]:
    """Sessions to which people can be invited, soonest first."""
    if not viewer.can(P.MANAGE_EXCHANGES):
        return []
    query = select(PeerSession).where(PeerSession.status == SessionStatus.SCHEDULED, PeerSession.starts_at > now)
    return list(db.session.scalars(query.order_by(PeerSession.starts_at, PeerSession.id).limit(200)))


def is_over(exchange: Exchange, now: datetime) -> bool:
    """Is nothing of this exchange to come? A draft is still to come; one with no session has not begun."""
    held = [s for s in exchange.sessions if s.status is not SessionStatus.CANCELLED]
    return bool(exchange.sessions) and all(s.status is SessionStatus.SCHEDULED and s.is_over(now) for s in held)


def archives_of(exchange_id: uuid.UUID, now: datetime) -> list[Archive]:
    """The archives of an exchange that can still be fetched, newest first."""
    query = select(Archive).options(joinedload(Archive.file))
    query = query.where(Archive.exchange_id == exchange_id, Archive.expires_at > now)
    return list(db.session.scalars(query.order_by(Archive.created_at.desc(), Archive.id).limit(20)))


def archive(archive_id: uuid.UUID, now: datetime) -> Archive | None:
    """An archive that can still be fetched."""
    query = select(Archive).options(joinedload(Archive.exchange)).where(Archive.id == archive_id, Archive.expires_at > now)
    return db.session.scalar(query)


def archives_to_make(now: datetime) -> list[uuid.UUID]:
    """Archives that were asked for some minutes ago, and that nobody has made."""
    asked = (Archive.state == ArchiveState.ASKED, Archive.created_at < now - SILENT, Archive.expires_at > now)
    return list(db.session.scalars(select(Archive.id).where(*asked).order_by(Archive.created_at)))
