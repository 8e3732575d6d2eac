"""Every change of a pilot, as a verb."""

from app.pilots.rules.editing import edit, end, hide, publish, resume
from app.pilots.rules.evidence import Shown, add_evidence, remove_evidence
from app.pilots.rules.milestones import MilestonePlan, add_milestone, drop, edit_milestone, finish, move, reopen
from app.pilots.rules.starting import PilotPlan, start, take_template
from app.pilots.rules.updates import write_update

__all__ = [
    "MilestonePlan", "PilotPlan", "Shown", "add_evidence", "add_milestone", "drop", "edit", "edit_milestone", "end", "finish",
    "hide", "move", "publish", "remove_evidence", "reopen", "resume", "start", "take_template", "write_update",
]  # fmt: skip
