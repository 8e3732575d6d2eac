"""Machine words of this room in the reader's words, and what the audit log calls its changes."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from app.accounts.visibility import WORDS, Label
from app.audit.words import register, register_values
from app.pilots.deadlines import Standing
from app.pilots.models import Visibility

STANDINGS: dict[Standing, tuple[Any, str, str]] = {
    Standing.OVERDUE: (_l("Overdue"), "bad", "warning"),
    Standing.DUE_SOON: (_l("Due soon"), "warn", "clock"),
    Standing.ON_TRACK: (_l("On track"), "good", "dot"),
    Standing.DONE: (_l("Done"), "good", "check"),
    Standing.DROPPED: (_l("Dropped"), "line", "close"),
    Standing.ENDED: (_l("Ended early"), "line", "close"),
    Standing.EMPTY: (_l("No milestones yet"), "line", "flag"),
}
"""How a milestone or a pilot stands: word, tone, icon."""

VISIBILITIES: dict[Visibility, Any] = {
    Visibility.SECRETARIAT: WORDS[Label.SECRETARIAT],
    Visibility.UN_CO_LEADS: WORDS[Label.UN_CO_LEADS],
    Visibility.ALL_CO_LEADS: WORDS[Label.ALL_CO_LEADS],
    Visibility.STATE: _l("Those of the pilot: its State and owners, the co-leads, the secretariat"),
    Visibility.PUBLIC: _l("Everyone, once the pilot is published"),
}
SHORT_VISIBILITIES: dict[Visibility, Any] = {
    Visibility.SECRETARIAT: _l("secretariat"),
    Visibility.UN_CO_LEADS: _l("UN co-leads"),
    Visibility.ALL_CO_LEADS: _l("co-leads"),
    Visibility.STATE: _l("those of the pilot"),
    Visibility.PUBLIC: _l("public"),
}

FIELDS: dict[str, Any] = {
    "titles": _l("Title"),
    "objectives": _l("Objective"),
    "state_id": _l("Pilot State"),
    "lead_id": _l("Lead ministry"),
    "lead_name": _l("Lead ministry, if it is not in the list"),
    "partners": _l("Partners"),
    "co_lead_id": _l("Co-lead"),
    "tools": _l("Tools"),
    "grounds": _l("Grounds of admission and stay"),
    "starts_on": _l("First day"),
    "ends_on": _l("Last day"),
    "published": _l("Published"),
    "ended_on": _l("Ended on"),
    "baseline_on": _l("Baseline date"),
    "due_on": _l("Present date"),
    "weight": _l("Weight"),
    "post": _l("Post that owns it"),
    "owner_id": _l("Person in this post"),
    "evidence_asked": _l("Evidence asked for"),
    "done_on": _l("Done on"),
    "done_note": _l("What was reached"),
    "reason": _l("Reason"),
    "evidence": _l("Evidence"),
    "visibility": _l("Who may see it"),
    "code": _l("Code"),
    "expression": _l("Expression of interest"),
}
"""Labels of fields: forms, pages and the audit log use the same."""

_SHARED = frozenset({"titles", "grounds", "reason", "published", "visibility"})
"""Labels that the log has from the rooms below."""

register(
    {
        "pilot.started": _l("Pilot started"),
        "pilot.changed": _l("Pilot changed"),
        "pilot.published": _l("Pilot published"),
        "pilot.hidden": _l("Pilot taken off the public pages"),
        "pilot.ended": _l("Pilot ended"),
        "pilot.resumed": _l("Pilot resumed"),
        "pilot.milestone_added": _l("Milestone added"),
        "pilot.milestone_changed": _l("Milestone changed"),
        "pilot.milestone_moved": _l("Date of a milestone moved"),
        "pilot.milestone_done": _l("Milestone done"),
        "pilot.milestone_reopened": _l("Milestone opened again"),
        "pilot.milestone_dropped": _l("Milestone dropped"),
        "pilot.evidence_added": _l("Evidence added"),
        "pilot.evidence_removed": _l("Evidence removed"),
        "pilot.update_written": _l("Update written"),
    },
    fields={name: label for name, label in FIELDS.items() if name not in _SHARED},
    kinds={"pilot": _l("Pilot")},
)
register_values({"pilot.visibility": VISIBILITIES})
