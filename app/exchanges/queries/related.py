"""Sessions at the end of a link: how they are called, with the day they are held."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from app.accounts.access import Viewer
from app.accounts.reader import language, viewer_zone
from app.core.when import date_text
from app.exchanges.models import PeerSession
from app.exchanges.queries.sessions import visible_to
from app.extensions import db
from app.links.kinds import Shown


def describe(ids: Collection[uuid.UUID], viewer: Viewer) -> dict[uuid.UUID, Shown]:
    """Title and day, in the reader's zone."""
    rows = db.session.scalars(visible_to(viewer).where(PeerSession.id.in_(ids)).order_by(PeerSession.starts_at))
    return {
        row.id: Shown(
            row.titles,
            "exchanges.session_page",
            {"session_id": row.id},
            date_text(row.starts_at, language(), viewer_zone(), "long"),
        )
        for row in rows
    }
