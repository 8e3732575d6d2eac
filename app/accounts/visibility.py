"""Who may see a note, an answer, a file, an opinion or an update: four labels, and the one function that decides.

Each label lets in those of the one before it. Every page, mail, export, feed and search asks ``may_see`` about a row,
or puts ``seen_by`` into its statement; neither is answered anywhere else.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, and_, false, or_

from app.accounts.access import Permission, Viewer
from app.accounts.models import Role


class Label(StrEnum):
    """Who may see it, from few to many. Columns hold the text, so that another class needs no lock on a large table."""

    SECRETARIAT = "secretariat"
    UN_CO_LEADS = "un_co_leads"
    ALL_CO_LEADS = "all_co_leads"
    STATE = "state"


WORDS: dict[Label, Any] = {
    Label.SECRETARIAT: _l("The secretariat only"),
    Label.UN_CO_LEADS: _l("The secretariat and the co-leads of UN entities"),
    Label.ALL_CO_LEADS: _l("The secretariat and all co-leads"),
    Label.STATE: _l("The secretariat, all co-leads and the focal points of the State"),
}
"""Each label as the plain sentence of who will see it."""
AMONG_US = (Label.SECRETARIAT, Label.UN_CO_LEADS, Label.ALL_CO_LEADS)
"""For what is never for the State it is about."""


def labels_of(viewer: Viewer) -> frozenset[Label]:
    """The labels whose rows this viewer sees whatever State they are about."""
    if viewer.in_office:
        return frozenset(Label)
    if Role.CO_LEAD not in viewer.roles:
        return frozenset()
    seen = {Label.ALL_CO_LEADS, Label.STATE}
    return frozenset(seen | {Label.UN_CO_LEADS} if viewer.of_un_entity else seen)


def may_see(viewer: Viewer, label: str, state_id: uuid.UUID | None) -> bool:
    """May this viewer see a row with this label that is about this State? A label nobody knows is the secretariat's."""
    known = Label(label) if label in set(Label) else Label.SECRETARIAT
    if known in labels_of(viewer):
        return True
    speaks = viewer.can(Permission.SEE_MY_STATE) and state_id is not None and state_id in viewer.state_ids
    return known is Label.STATE and speaks


def seen_by(viewer: Viewer, label: ColumnElement[str] | Any, state: ColumnElement[Any] | Any) -> ColumnElement[bool]:
    """The same as a part of a statement, over the columns that hold label and State."""
    if viewer.in_office:
        return label.is_not(None)  # type: ignore[no-any-return]
    everywhere = label.in_([one.value for one in sorted(labels_of(viewer))]) if labels_of(viewer) else false()
    if not viewer.can(Permission.SEE_MY_STATE) or not viewer.state_ids:
        return everywhere
    return or_(everywhere, and_(label == Label.STATE.value, state.in_(viewer.state_ids)))


def without_co_lead(viewer: Viewer) -> Viewer:
    """The same person without the role: how a co-lead who declared a conflict of interest sees that one record."""
    return replace(viewer, roles=viewer.roles - {Role.CO_LEAD})


def choices(offered: Iterable[Label] = Label) -> list[tuple[str, Any]]:
    """For forms: the narrowest first, which is also what is chosen when nobody chooses."""
    return [(label.value, WORDS[label]) for label in offered]
