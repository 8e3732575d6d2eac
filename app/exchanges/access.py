"""May this viewer see or answer this session? Pure answers about loaded rows."""

from __future__ import annotations

from app.accounts.access import Permission, Viewer
from app.exchanges.models import Invitation, PeerSession


def may_answer_for_state(viewer: Viewer, invitation: Invitation) -> bool:
    """Has the viewer a verified designation for the State this invitation went to?"""
    return viewer.can(Permission.ANSWER_FOR_STATE) and invitation.organisation_id in viewer.state_ids


def may_decide_places(viewer: Viewer, row: PeerSession, rules: PeerSession) -> bool:
    """May the viewer say who gets a place? The secretariat, and where the session says so those who speak for a host."""
    if viewer.can(Permission.MANAGE_EXCHANGES):
        return True
    hosts = {host.id for host in row.exchange.hosts}
    return rules.hosts_approve and viewer.can(Permission.ANSWER_FOR_STATE) and bool(hosts & viewer.state_ids)
