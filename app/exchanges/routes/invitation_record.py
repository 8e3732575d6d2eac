"""The record of one invitation: how it was answered and by what way, and the scans that answers and delegates came with."""

from __future__ import annotations

import uuid
from datetime import date

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from app.accounts.access import Permission, requires, viewer
from app.accounts.queries.people import names_of
from app.accounts.queries.phoning import calls_about
from app.exchanges import queries
from app.exchanges.routes.blueprint import blueprint, invitation_or_404
from app.files import rules as files


@blueprint.get("/desk/invitations/<uuid:invitation_id>")
@requires(Permission.SEE_ALL_EXCHANGES, Permission.SEE_PEOPLE)
def desk_invitation(invitation_id: uuid.UUID) -> ResponseReturnValue:
    """One invitation with every answer it got."""
    invitation = invitation_or_404(invitation_id)
    answers, scans = queries.answers_of(invitation), queries.scans_of(invitation, viewer())
    told = {str((kept.source or {}).get("scan_id")) for kept in answers}
    return render_template(
        "exchanges/desk_invitation.html", invitation=invitation, row=invitation.peer_session, answers=answers,
        days={kept.id: date.fromisoformat(on) for kept in answers if (on := (kept.source or {}).get("date"))},
        scans={str(key): scan for key, scan in scans.items()},
        others=[scan for key, scan in scans.items() if str(key) not in told],
        calls=calls_about(invitation.person_id, queries.SUBJECT, invitation.peer_session_id),
        former=queries.invitation(invitation.delegate_of) if invitation.delegate_of else None,
        names=names_of({invitation.invited_by, *(kept.entered_by for kept in answers), *(s.uploaded_by for s in scans.values())}),
    )  # fmt: skip


@blueprint.get("/desk/invitations/<uuid:invitation_id>/scans/<uuid:file_id>")
@requires(Permission.SEE_ALL_EXCHANGES, Permission.SEE_PEOPLE)
def desk_scan(invitation_id: uuid.UUID, file_id: uuid.UUID) -> ResponseReturnValue:
    """A scan of this invitation, as a download; another record's file is not found here."""
    stored = queries.scans_of(invitation_or_404(invitation_id), viewer()).get(file_id)
    return files.response(stored) if stored else abort(404)
