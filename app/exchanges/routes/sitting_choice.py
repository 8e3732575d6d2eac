"""Which of two sittings: the choice beside an answer, in the reader's own hours, and what was chosen."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.accounts.reader import language, viewer_zone
from app.core import clock
from app.core.when import date_text, time_text
from app.exchanges import queries
from app.exchanges.models import Invitation, PeerSession
from app.exchanges.queries import places


def offer_sittings(form: Any, row: PeerSession) -> None:
    """Fill in both hours, where there are two to choose from. The one that ``row`` is stands chosen unless another was."""
    others = places.other_sittings(row, clock.now())
    if not others:
        return
    both = sorted([row, *others], key=lambda one: (one.starts_at, one.id))
    held = queries.seats_by_session(one.id for one in both)
    form.sitting.choices = [(str(one.id), _hour(one, one.id != row.id and held.get(one.id, 0) >= one.capacity)) for one in both]
    if form.sitting.data not in dict(form.sitting.choices):
        form.sitting.data = str(row.id)


def _hour(row: PeerSession, full: bool) -> str:
    zone = viewer_zone()
    told: dict[str, str] = {
        "date": date_text(row.starts_at, language(), zone), "start": time_text(row.starts_at, zone),
        "end": time_text(row.ends_at, zone),
    }  # fmt: skip
    if full:
        return str(_("%(date)s, %(start)s to %(end)s: all seats are taken", **told))
    return str(_("%(date)s, %(start)s to %(end)s", **told))


def chosen_sitting(form: Any, invitation: Invitation) -> PeerSession | None:
    """The sitting that was chosen; ``None`` where there is nothing to choose."""
    row = invitation.peer_session
    return chosen_of(form, row) if row.twice else None


def chosen_of(form: Any, row: PeerSession) -> PeerSession:
    """The same for a session as such: what is no sitting of it is the one that was opened."""
    return next((one for one in places.sittings_of(row) if str(one.id) == form.sitting.data), row)
