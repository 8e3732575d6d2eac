"""May this viewer see or answer this session? Pure answers about loaded rows."""

from __future__ import annotations

from app.accounts.access import Permission, Viewer
from app.exchanges.models import Invitation


def may_answer(viewer: Viewer, invitation: Invitation) -> bool:
    """One's own invitation; a focal point for the State it went to; the secretariat on behalf."""
    if viewer.person is None:
        return False
    return (
        viewer.person.id == invitation.person_id
        or may_answer_for_state(viewer, invitation)
        or viewer.can(Permission.MANAGE_EXCHANGES)
    )


def may_answer_for_state(viewer: Viewer, invitation: Invitation) -> bool:
    """Has the viewer a verified designation for the State this invitation went to?"""
    return viewer.can(Permission.ANSWER_FOR_STATE) and invitation.organisation_id in viewer.state_ids
