"""May this viewer see or change this of a pilot? Pure answers about loaded rows."""

from __future__ import annotations

from app.accounts.access import Permission, Viewer
from app.pilots.models import Milestone, Pilot, Visibility

CHOICES: dict[Visibility, frozenset[Visibility]] = {
    Visibility.SECRETARIAT: frozenset(Visibility),
    Visibility.CO_LEADS: frozenset({Visibility.CO_LEADS, Visibility.STATE, Visibility.PUBLIC}),
    Visibility.STATE: frozenset({Visibility.STATE, Visibility.PUBLIC}),
    Visibility.PUBLIC: frozenset({Visibility.PUBLIC}),
}
"""Which classes somebody reads, by how near they stand. Each reader reads what is theirs and what is for more people."""


def nearness(viewer: Viewer, pilot: Pilot, owns: bool) -> Visibility:
    """As what somebody reads a pilot: from the secretariat down to the public."""
    if viewer.in_office:
        return Visibility.SECRETARIAT
    if viewer.can(Permission.SEE_ALL_PILOTS):
        return Visibility.CO_LEADS
    if owns or is_of_the_state(viewer, pilot):
        return Visibility.STATE
    return Visibility.PUBLIC


def readable(viewer: Viewer, pilot: Pilot, owns: bool) -> frozenset[Visibility]:
    """The classes of updates and evidence this viewer may read. Every page and file asks here."""
    return CHOICES[nearness(viewer, pilot, owns)]


def sees_people(viewer: Viewer, pilot: Pilot, owns: bool) -> bool:
    """May the viewer read names, notes and reasons? The public may not."""
    return nearness(viewer, pilot, owns) is not Visibility.PUBLIC


def is_of_the_state(viewer: Viewer, pilot: Pilot) -> bool:
    """Has the viewer a verified designation of the pilot's State?"""
    return viewer.can(Permission.SEE_MY_STATE) and pilot.state_id in viewer.state_ids


def owns(viewer: Viewer, milestone: Milestone) -> bool:
    """Is the milestone the viewer's to reach?"""
    return viewer.person is not None and milestone.owner_id == viewer.person.id


def may_plan(viewer: Viewer) -> bool:
    """May the viewer make and edit pilots and milestones, publish, end?"""
    return viewer.can(Permission.MANAGE_PILOTS)


def may_write(viewer: Viewer, pilot: Pilot, owns: bool) -> bool:
    """May the viewer write updates? The secretariat, the pilot's co-lead, the State's focal point, owners."""
    if viewer.person is None:
        return False
    is_co_lead = viewer.can(Permission.SEE_ALL_PILOTS) and pilot.co_lead_id == viewer.person.id
    return may_plan(viewer) or is_co_lead or is_of_the_state(viewer, pilot) or owns


def may_report(viewer: Viewer, milestone: Milestone) -> bool:
    """May the viewer move the milestone's date, say that it is done and add evidence?"""
    return may_write(viewer, milestone.pilot, owns(viewer, milestone))
