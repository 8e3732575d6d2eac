"""Every read of pilots. Lists begin at ``visible_to(viewer)``."""

from app.pilots.queries.choices import co_leads, owners_for, partner_choices
from app.pilots.queries.edges import describe_pilots, tell_edges
from app.pilots.queries.exporting import MilestoneLine, all_milestones, all_pilots, tools_in_use
from app.pilots.queries.listing import Filters, Listed, choices, pilots_page
from app.pilots.queries.pilots import (
    behind_link,
    by_submission_key,
    changes_of,
    evidence_in_view,
    evidence_of,
    milestone_by_code,
    milestone_in_view,
    milestones_of,
    owns_any,
    pilot_in_view,
    pilots_of_expression,
    visible_to,
)
from app.pilots.queries.reminding import SUBJECT, Candidate, candidates, feed_due, feed_milestones, present_versions
from app.pilots.queries.shown import ShownEvidence, ShownMilestone, ShownPilot, beside, pilot_to_show

__all__ = [
    "SUBJECT", "Candidate", "Filters", "Listed", "MilestoneLine", "ShownEvidence",
    "ShownMilestone", "ShownPilot", "all_milestones", "all_pilots", "behind_link", "beside",
    "by_submission_key",
    "candidates", "changes_of", "choices", "co_leads", "describe_pilots",
    "evidence_in_view", "evidence_of", "feed_due", "feed_milestones", "milestone_by_code",
    "milestone_in_view", "milestones_of", "owners_for", "owns_any",
    "partner_choices", "pilot_in_view", "pilot_to_show", "pilots_of_expression", "pilots_page", "present_versions",
    "tell_edges", "tools_in_use", "visible_to",
]  # fmt: skip
