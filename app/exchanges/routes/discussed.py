"""Which practices and tools a session discusses: shown on its pages, kept at the desk; also once it is over."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField

from app.accounts.access import Permission, me, requires, viewer
from app.accounts.reader import best
from app.core import clock
from app.core.forms import Form, SeveralField
from app.exchanges.models import PeerSession
from app.exchanges.routes.blueprint import blueprint, session_or_404
from app.extensions import db
from app.links.models import LinkType, Ref
from app.links.queries import Group, related_to
from app.practices import rules as practices
from app.practices.queries import discussable


def subject_choices() -> Iterable[tuple[str, str]]:
    """Practices and tools that a session can be about."""
    return [(f"{kind.value}:{row.id}", f"{row.code} {best(row.titles)}") for kind, row in discussable(viewer())]


class DiscussedForm(Form):
    """Practices and tools that a session discusses."""

    discussed = SeveralField(_l("Practices and tools it discusses"), choices=subject_choices)
    seen = HiddenField()


@blueprint.app_context_processor
def _on_pages() -> dict[str, object]:
    return {"session_related": session_related, "discussed_form": discussed_form}


def session_related(row: PeerSession) -> Sequence[Group]:
    """What a session is tied to, as this reader may see it."""
    return related_to("session", row.id, viewer())


def discussed_form(row: PeerSession) -> DiscussedForm:
    """The form with what is chosen now."""
    chosen = practices.subjects_of(Ref("session", row.id), LinkType.DISCUSSED)
    return DiscussedForm(formdata=None, data={"discussed": chosen, "seen": " ".join(chosen)})


@blueprint.post("/desk/sessions/<uuid:session_id>/discussed")
@requires(Permission.MANAGE_EXCHANGES)
def desk_discussed(session_id: uuid.UUID) -> ResponseReturnValue:
    """Keep what the session discusses. Nobody is written to about it."""
    row = session_or_404(session_id)
    form = DiscussedForm()
    if form.validate():
        start, seen = Ref("session", row.id), (form.seen.data or "").split()
        practices.set_subjects(start, LinkType.DISCUSSED, form.discussed.data or [], seen, viewer(), by=me(), now=clock.now())
        db.session.commit()
        flash(_("What the session discusses is saved."), "good")
    else:
        flash(_("Choose from the list only."), "bad")
    return redirect(f"{url_for('exchanges.desk_session', session_id=session_id)}#discussed", 303)
