"""Every read of calls and expressions of interest. Lists begin at a ``visible_to(viewer)``."""

from app.interests.queries.calls import Phase, call_in_view, calls_page, public_calls
from app.interests.queries.duplicates import Duplicate
from app.interests.queries.expressions import (
    by_submission_key,
    expression_in_view,
    expression_to_show,
    files_of,
    history_of,
    notes_of,
    open_question,
    questions_of,
    visible_to,
)
from app.interests.queries.links import (
    behind_confirmation,
    behind_correction,
    behind_draft,
    behind_question,
    behind_status,
    page_by_code,
)
from app.interests.queries.opinions import (
    co_leads,
    declaration,
    is_left_out,
    open_request,
    opinion_of,
    opinions_awaited,
)
from app.interests.queries.queue import Filters, queue_page, staff
from app.interests.queries.record import beside
from app.interests.queries.voices import Asked, Said, Voices, asked, voices_of

__all__ = [
    "Asked", "Duplicate", "Filters", "Phase", "Said", "Voices", "asked", "behind_confirmation", "behind_correction",
    "behind_draft", "behind_question", "behind_status", "beside", "by_submission_key", "call_in_view", "calls_page", "co_leads",
    "declaration", "expression_in_view", "expression_to_show", "files_of", "history_of", "is_left_out",
    "notes_of", "open_question", "open_request", "opinion_of", "opinions_awaited", "page_by_code", "public_calls",
    "questions_of", "queue_page", "staff", "visible_to", "voices_of",
]  # fmt: skip
