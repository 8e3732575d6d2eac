"""May this viewer see or change this of a pilot? Pure answers about loaded rows."""

from __future__ import annotations

from typing import Any, Protocol

from app.accounts.access import Permission, Viewer
from app.accounts.visibility import may_see
from app.pilots.models import Milestone, Visibility


class OfState(Protocol):
    """What is asked of a pilot here: its row, or as much of it as its page reads."""

    @property
    def state_id(self) -> Any:
        """The State that runs it."""

    @property
    def co_lead_id(self) -> Any:
        """Who leads it beside the State."""


def readable(viewer: Viewer, pilot: OfState, owns: bool) -> frozenset[Visibility]:
    """The classes of updates and evidence this viewer may read: everyone what is public, owners what is for the State."""
    plain = {Visibility.PUBLIC, Visibility.STATE} if owns else {Visibility.PUBLIC}
    return frozenset(plain | {v for v in Visibility if v not in plain and may_see(viewer, v.value, pilot.state_id)})


def sees_people(viewer: Viewer, pilot: OfState, owns: bool) -> bool:
    """May the viewer read names, notes and reasons? The public may not."""
    return viewer.in_office or viewer.can(Permission.SEE_ALL_PILOTS) or owns or is_of_the_state(viewer, pilot)


def is_of_the_state(viewer: Viewer, pilot: OfState) -> bool:
    """Has the viewer a verified designation of the pilot's State?"""
    return viewer.can(Permission.SEE_MY_STATE) and pilot.state_id in viewer.state_ids


def owns(viewer: Viewer, milestone: Milestone) -> bool:
    """Is the milestone the viewer's to reach?"""
    return viewer.person is not None and milestone.owner_id == viewer.person.id


def may_plan(viewer: Viewer) -> bool:
    """May the viewer make and edit pilots and milestones, publish, end?"""
    return viewer.can(Permission.MANAGE_PILOTS)


def may_write(viewer: Viewer, pilot: OfState, owns: bool) -> bool:
    """May the viewer write updates? The secretariat, the pilot's co-lead, the State's focal point, owners."""
    if viewer.person is None:
        return False
    is_co_lead = viewer.can(Permission.SEE_ALL_PILOTS) and pilot.co_lead_id == viewer.person.id
    return may_plan(viewer) or is_co_lead or is_of_the_state(viewer, pilot) or owns


def may_report(viewer: Viewer, milestone: Milestone) -> bool:
    """May the viewer move the milestone's date, say that it is done and add evidence?"""
    return may_write(viewer, milestone.pilot, owns(viewer, milestone))
