"""May this viewer see or answer this session? Pure answers about loaded rows."""

from __future__ import annotations

from app.accounts.access import Permission, Viewer
from app.exchanges.models import Invitation


def may_answer_for_state(viewer: Viewer, invitation: Invitation) -> bool:
    """Has the viewer a verified designation for the State this invitation went to?"""
    return viewer.can(Permission.ANSWER_FOR_STATE) and invitation.organisation_id in viewer.state_ids
